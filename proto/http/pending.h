/* pending.h - bytes that the far side has not taken yet. For relay.c alone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Starts as zeros: none. */
struct pending {
    char *data;
    size_t at, len;
};

/* Keeps a copy; there are none yet. */
void pending_keep(struct pending *p, const char *data, size_t len);
void pending_drop(struct pending *p);

/* Sends what a socket takes at once; true when all of it went, or the other end has closed: what
 * comes is dropped then, and reading will say the rest. */
bool pending_send(int fd, const char *data, size_t len, size_t *sent);
