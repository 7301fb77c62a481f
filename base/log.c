/* log.c - key=value lines on stderr, or entries with fields where stderr is the journal's. */
#include "base/log.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/journal.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *log_daemon = "tercet";
static enum log_level log_least = LOG_INFO;
static int log_journal_fd = -1; /* -1 = lines */
static _Thread_local char log_request_id[64];

void log_init(const char *daemon, enum log_level least)
{
    log_daemon = daemon;
    log_least = least;
    log_journal(JOURNAL_SOCKET);
}

void log_journal(const char *path)
{
    if (log_journal_fd >= 0)
        close(log_journal_fd);
    log_journal_fd = journal_has_stderr() ? journal_open(path) : -1;
}

void log_request(const char *request_id)
{
    snprintf(log_request_id, sizeof log_request_id, "%s", request_id != NULL ? request_id : "");
}

static int is_plain(const char *value)
{
    if (*value == '\0')
        return 0;
    for (const char *p = value; *p != '\0'; p++)
        if ((unsigned char)*p <= ' ' || *p == '"' || *p == '=' || *p == '\\' || *p == 0x7f)
            return 0;
    return 1;
}

static void append_value(struct buf *line, const char *value)
{
    if (is_plain(value)) {
        buf_text(line, value);
        return;
    }
    buf_char(line, '"');
    for (const char *p = value; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\')
            buf_char(line, '\\');
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            buf_printf(line, "\\x%02x", (unsigned char)*p);
        else
            buf_char(line, *p);
    }
    buf_char(line, '"');
}

static void append_time(struct buf *line)
{
    struct timespec now;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    char text[32];
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    buf_printf(line, "%s.%03ldZ", text, now.tv_nsec / 1000000);
}

/* What happened and to what: the same words in a line and in an entry's MESSAGE. */
static void append_story(struct buf *line, const char *event, va_list args)
{
    buf_text(line, event);
    if (log_request_id[0] != '\0') {
        buf_text(line, " request=");
        append_value(line, log_request_id);
    }
    for (const char *key; (key = va_arg(args, const char *)) != NULL;) {
        const char *value = va_arg(args, const char *);
        buf_printf(line, " %s=", key);
        append_value(line, value != NULL ? value : "-");
    }
}

static void append_fields(struct buf *entry, const char *event, va_list args)
{
    journal_field(entry, "TERCET_", "EVENT", event);
    if (log_request_id[0] != '\0')
        journal_field(entry, "TERCET_", "REQUEST", log_request_id);
    for (const char *key; (key = va_arg(args, const char *)) != NULL;) {
        const char *value = va_arg(args, const char *);
        journal_field(entry, "TERCET_", key, value != NULL ? value : "-");
    }
}

static bool send_entry(enum log_level level, const char *event, va_list args)
{
    static const char *const priorities[] = {"7", "6", "4", "3"}; /* of syslog(3) */
    CLEANUP(buf_fini) struct buf story = {0}, entry = {0};
    va_list again;
    va_copy(again, args);
    append_story(&story, event, again);
    va_end(again);
    journal_field(&entry, "", "MESSAGE", buf_str(&story));
    journal_field(&entry, "", "PRIORITY", priorities[level]);
    journal_field(&entry, "", "SYSLOG_IDENTIFIER", log_daemon);
    append_fields(&entry, event, args);
    return journal_send(log_journal_fd, &entry);
}

static void write_line(enum log_level level, const char *event, va_list args)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    CLEANUP(buf_fini) struct buf line = {0};
    append_time(&line);
    buf_printf(&line, " %s %s ", names[level], log_daemon);
    append_story(&line, event, args);
    buf_char(&line, '\n');
    /* One write a line, so that lines of several processes never mix. */
    ssize_t ignored = write(STDERR_FILENO, line.data, line.len);
    (void)ignored;
}

void log_line(enum log_level level, const char *event, ...)
{
    va_list args, again;
    if (level < log_least)
        return;
    va_start(args, event);
    va_copy(again, args);
    /* What the journal's socket does not take may still pass through its stream. */
    if (log_journal_fd < 0 || !send_entry(level, event, args))
        write_line(level, event, again);
    va_end(again);
    va_end(args);
}
