/* arena.h - memory that is freed all at once: everything temporary of one turn.
 *
 * Nothing in an arena is freed by itself. Whoever runs the turn resets it. */
#pragma once

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *head; /* newest block; owned */
};

/* Zeroed memory, aligned for any type. */
void *arena_alloc(struct arena *a, size_t size_bytes);
void *arena_memdup(struct arena *a, const void *data, size_t size_bytes);
char *arena_strdup(struct arena *a, const char *text);
/* `len` bytes of `text` and a NUL. */
char *arena_strndup(struct arena *a, const char *text, size_t len);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Forgets everything, keeps one block. */
void arena_reset(struct arena *a);
void arena_fini(struct arena *a);
