/* fault.h - what went wrong, as people read it: what, cause, what to try, request id; and the exit
 * status that scripts read.
 *
 * Every part of the CLI returns enum cli_exit (CLI_OK = fine) and takes `struct cli_fault *` last;
 * main prints the fault once. Texts may quote a server or a file, never a secret. */
#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <stdio.h>

enum cli_exit {
#define EXIT(id, status, help) CLI_##id = status,
#include "cli/exits.def"
#undef EXIT
};

struct cli_fault {
    enum cli_exit exit;
    char what[256];
    char cause[1024]; /* "" = none to add, as the others */
    char hint[512];
    char request_id[80];
    char code[80]; /* of the API: "InvalidInstanceID.NotFound" */
};

/* Sets what and exit, clears the rest; returns `exit`. */
enum cli_exit cli_fault_set(struct cli_fault *f, enum cli_exit exit, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Add a line; return the exit that is there. */
enum cli_exit cli_fault_cause(struct cli_fault *f, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
enum cli_exit cli_fault_try(struct cli_fault *f, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* From an API's error: exit and hint by its code (faults.def). `doing` is the command:
 * "instance start". Missing texts are "". */
enum cli_exit cli_fault_api(struct cli_fault *f, const char *doing, const char *code,
                            const char *message, const char *request_id);

/* What went wrong, in one line without its end: "no answer from .."; appends. */
void cli_fault_line(const struct cli_fault *f, struct buf *out);
/* "error: ..", "cause: ..", "try: ..", "request-id: .."; what is not there is left out, and
 * control characters of a server do not reach the terminal. The words before the colons may be
 * coloured. */
void cli_fault_print(const struct cli_fault *f, bool is_coloured, FILE *to);
