/* arena.c - a list of blocks, the newest first; only the newest is filled. */
#include "base/arena.h"

#include "base/check.h"

#include <stdarg.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 16 * 1024, PRINTED_MOSTLY = 128 };

struct arena_block {
    struct arena_block *next;
    size_t cap, used;
    alignas(max_align_t) char data[];
};

static struct arena_block *block_new(size_t cap, struct arena_block *next)
{
    struct arena_block *b = malloc(sizeof *b + cap);
    INV(b != NULL);
    *b = (struct arena_block){.next = next, .cap = cap};
    return b;
}

/* Not cleared. */
static void *take(struct arena *a, size_t size_bytes)
{
    size_t size = (size_bytes + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (a->head == NULL || a->head->cap - a->head->used < size)
        a->head = block_new(size > BLOCK_BYTES ? size : BLOCK_BYTES, a->head);
    void *p = a->head->data + a->head->used;
    a->head->used += size;
    return p;
}

void *arena_alloc(struct arena *a, size_t size_bytes)
{
    return memset(take(a, size_bytes), 0, size_bytes);
}

void *arena_memdup(struct arena *a, const void *data, size_t size_bytes)
{
    void *p = take(a, size_bytes > 0 ? size_bytes : 1);
    if (size_bytes > 0)
        memcpy(p, data, size_bytes);
    return p;
}

char *arena_strndup(struct arena *a, const char *text, size_t len)
{
    char *p = take(a, len + 1);
    if (len > 0)
        memcpy(p, text, len);
    p[len] = '\0';
    return p;
}

char *arena_strdup(struct arena *a, const char *text)
{
    return arena_strndup(a, text, strlen(text));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    char text[PRINTED_MOSTLY];
    int len = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    INV(len >= 0);
    char *p = take(a, (size_t)len + 1);
    if ((size_t)len < sizeof text)
        memcpy(p, text, (size_t)len + 1);
    else
        vsnprintf(p, (size_t)len + 1, fmt, again);
    va_end(again);
    return p;
}

void arena_reset(struct arena *a)
{
    if (a->head == NULL)
        return;
    struct arena_block *keep = a->head, *b = keep->next;
    while (b != NULL) {
        struct arena_block *next = b->next;
        free(b);
        b = next;
    }
    keep->next = NULL;
    keep->used = 0;
}

void arena_fini(struct arena *a)
{
    arena_reset(a);
    free(a->head);
    a->head = NULL;
}
