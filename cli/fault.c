/* fault.c - see fault.h. */
#include "cli/fault.h"

#include "base/check.h"
#include "base/str.h"
#include "cli/code.h"
#include "cli/safe.h"

#include <stdarg.h>
#include <string.h>

enum cli_exit cli_fault_set(struct cli_fault *f, enum cli_exit exit, const char *fmt, ...)
{
    va_list args;
    PRE(exit != CLI_OK);
    memset(f, 0, sizeof *f);
    f->exit = exit;
    va_start(args, fmt);
    vsnprintf(f->what, sizeof f->what, fmt, args);
    va_end(args);
    return exit;
}

enum cli_exit cli_fault_cause(struct cli_fault *f, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(f->cause, sizeof f->cause, fmt, args);
    va_end(args);
    return f->exit;
}

enum cli_exit cli_fault_try(struct cli_fault *f, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(f->hint, sizeof f->hint, fmt, args);
    va_end(args);
    return f->exit;
}

static const char *word_of(enum cli_exit exit)
{
    switch (exit) {
    case CLI_OK:
    case CLI_FAILED:
        return "failed";
    case CLI_USAGE:
        return "a parameter is wrong";
    case CLI_NOT_FOUND:
        return "not found";
    case CLI_DENIED:
        return "denied";
    case CLI_CONFLICT:
        return "not possible as things are";
    case CLI_NO_ROOM:
        return "no room";
    case CLI_UNREACHABLE:
        return "the cloud is busy";
    case CLI_PARTIAL:
        return "failed in part";
    case CLI_INTERRUPTED:
        return "interrupted";
    }
    return "failed";
}

enum cli_exit cli_fault_api(struct cli_fault *f, const char *doing, const char *code,
                            const char *message, const char *request_id)
{
    const struct cli_code *row = cli_code_match(code);
    cli_fault_set(f, row->exit, "%.100s: %s (%.60s)", doing, word_of(row->exit), code);
    cli_fault_cause(f, "%s", message);
    cli_fault_try(f, "%s", row->hint);
    str_copy(f->code, sizeof f->code, code);
    str_copy(f->request_id, sizeof f->request_id, request_id);
    return f->exit;
}

void cli_fault_line(const struct cli_fault *f, struct buf *out)
{
    cli_safe_text(out, f->what);
}

static void print_line(FILE *to, const char *colour, const char *word, const char *text)
{
    CLEANUP(buf_fini) struct buf safe = {0};
    if (*text == '\0')
        return;
    cli_safe_text(&safe, text);
    fprintf(to, "%s%s:%s %s\n", colour, word, *colour != '\0' ? "\x1b[0m" : "", buf_str(&safe));
}

void cli_fault_print(const struct cli_fault *f, bool is_coloured, FILE *to)
{
    const char *bad = is_coloured ? "\x1b[1;31m" : "", *good = is_coloured ? "\x1b[1m" : "";
    print_line(to, bad, "error", f->what);
    print_line(to, good, "cause", f->cause);
    print_line(to, good, "try", f->hint);
    print_line(to, good, "request-id", f->request_id);
}
