/* log.c - key=value lines on stderr. */
#include "base/log.h"

#include "base/buf.h"
#include "base/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *log_daemon = "tercet";
static enum log_level log_least = LOG_INFO;
static _Thread_local char log_request_id[64];

void log_init(const char *daemon, enum log_level least)
{
    log_daemon = daemon;
    log_least = least;
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

void log_line(enum log_level level, const char *event, ...)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    if (level < log_least)
        return;
    CLEANUP(buf_fini) struct buf line = {0};
    append_time(&line);
    buf_printf(&line, " %s %s %s", names[level], log_daemon, event);
    if (log_request_id[0] != '\0') {
        buf_text(&line, " request=");
        append_value(&line, log_request_id);
    }
    va_list args;
    va_start(args, event);
    for (const char *key; (key = va_arg(args, const char *)) != NULL;) {
        const char *value = va_arg(args, const char *);
        buf_printf(&line, " %s=", key);
        append_value(&line, value != NULL ? value : "-");
    }
    va_end(args);
    buf_char(&line, '\n');
    /* One write a line, so that lines of several processes never mix. */
    ssize_t ignored = write(STDERR_FILENO, line.data, line.len);
    (void)ignored;
}
