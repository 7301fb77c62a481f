/* safe.h - text of others on a terminal: names, tags, errors and consoles are written by whoever
 * likes to, and a terminal obeys control characters. Nothing of them gets there as it is. */
#pragma once

#include "base/buf.h"

#include <stddef.h>

/* Control characters (C0, DEL, C1) and those that turn the direction of writing become \x1b or
 * \u202e, visible; bytes that are no UTF-8 become \xff. Appends. */
void cli_safe_text(struct buf *out, const char *text);
/* The same of a whole JSON document, which stays one: within its strings they become \u009b. */
void cli_safe_json(struct buf *out, const char *json, size_t len);

/* A stream of a terminal without what commands the terminal: whole escape sequences go, all control
 * characters but line feed and tab, the marks of direction, and bytes that are no UTF-8: of two
 * halves with a sequence between them a terminal would make one character. Zeroed at the start;
 * pieces may end anywhere. */
struct cli_plain {
    enum cli_plain_state {
        CLI_PLAIN_TEXT,
        CLI_PLAIN_ESCAPE,     /* behind ESC */
        CLI_PLAIN_CONTROL,    /* in ESC [ .. */
        CLI_PLAIN_STRING,     /* in ESC ] .. or ESC P .., until BEL or ESC \ */
        CLI_PLAIN_STRING_END, /* ESC in such a string */
    } state;
    char held[4]; /* the beginning of a character */
    size_t held_len;
};
void cli_plain_take(struct cli_plain *p, struct buf *out, const char *data, size_t len);
