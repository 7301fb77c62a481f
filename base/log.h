/* log.h - one line a thing: level, daemon, event and key=value pairs.
 *
 * Lines go to stderr, for a file to keep. Where stderr is the journal's, each is an entry there,
 * whose fields can be searched: TERCET_EVENT, TERCET_REQUEST, TERCET_ and the key in capitals. A
 * value with a blank or a control byte is quoted and escaped, so a line stays a line whatever a
 * tenant sends. Never pass a secret.
 *
 *   log_info("instance.placed", "id", id, "host", host, NULL);
 */
#pragma once

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* `daemon` is borrowed for the life of the process. */
void log_init(const char *daemon, enum log_level least);
/* Part of log_init: looks again whether stderr is the journal's, which listens at `path`. */
void log_journal(const char *path);
/* The request id that every line carries until the next call; NULL or "" for none. */
void log_request(const char *request_id);

/* Pairs of const char *, ended by NULL. */
void log_line(enum log_level level, const char *event, ...) __attribute__((sentinel));
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
#define log_info(...)  log_line(LOG_INFO, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
