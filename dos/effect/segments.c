/* segments.c - parts read as one run of bytes. Called by pool threads and jobs. */
#include "dos/segments.h"

#include "base/check.h"
#include "base/str.h"
#include "dos/op.h"

#include <stdlib.h>
#include <unistd.h>

struct segment {
    char ref[DOS_REF_SIZE];
    int64_t start, size_bytes;
};

struct dos_segments {
    const struct dos_bodies *bodies;
    int64_t offset;
    struct segment *list; /* owned */
    size_t len, cap;
    size_t at; /* the one that is open */
    int fd;    /* -1 = none */
};

struct dos_segments *dos_segments_new(const struct dos_bodies *bodies, int64_t offset)
{
    struct dos_segments *s = check_alloc(sizeof *s);
    *s = (struct dos_segments){.bodies = bodies, .offset = offset, .fd = -1};
    return s;
}

void dos_segments_add(struct dos_segments *s, const char *ref, int64_t start, int64_t size_bytes)
{
    PRE(s->len == 0 || s->list[s->len - 1].start + s->list[s->len - 1].size_bytes == start);
    if (s->len == s->cap) {
        s->cap = s->cap == 0 ? 16 : s->cap * 2;
        s->list = check_realloc(s->list, s->cap * sizeof *s->list);
    }
    struct segment *one = &s->list[s->len++];
    *one = (struct segment){.start = start, .size_bytes = size_bytes};
    INV(str_copy(one->ref, sizeof one->ref, ref));
}

static bool holds(const struct segment *one, int64_t at)
{
    return at >= one->start && at < one->start + one->size_bytes;
}

/* Opens the part that holds byte `at` of the object; reads go forward. */
static bool seek(struct dos_segments *s, int64_t at)
{
    if (s->fd >= 0 && holds(&s->list[s->at], at))
        return true;
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    for (s->at = 0; s->at < s->len && !holds(&s->list[s->at], at);)
        s->at++;
    if (s->at < s->len)
        s->fd = s->bodies->open(s->bodies->self, DOS_FOLDER_OBJECTS, s->list[s->at].ref);
    return s->fd >= 0;
}

ssize_t dos_segments_read(void *segments, uint64_t at, char *to, size_t max)
{
    struct dos_segments *s = segments;
    int64_t from = s->offset + (int64_t)at;
    if (!seek(s, from))
        return -1;
    const struct segment *one = &s->list[s->at];
    int64_t left = one->start + one->size_bytes - from;
    size_t len = (int64_t)max < left ? max : (size_t)left;
    ssize_t n = pread(s->fd, to, len, (off_t)(from - one->start));
    return n > 0 ? n : -1;
}

void dos_segments_free(void *segments)
{
    struct dos_segments *s = segments;
    if (s->fd >= 0)
        close(s->fd);
    free(s->list);
    free(s);
}
