/* segments.h - a run of files read as one: the parts of a completed upload, for an answer that is
 * read piece by piece and for an image import. One thread at a time; opens one file at a time. */
#pragma once

#include "dos/bodies.h"

#include <stdint.h>
#include <sys/types.h>

struct dos_segments;

/* `bodies` outlives it. Byte 0 of the answer is byte `offset` of the object. */
struct dos_segments *dos_segments_new(const struct dos_bodies *bodies, int64_t offset);
/* In ascending order, without gaps. */
void dos_segments_add(struct dos_segments *s, const char *ref, int64_t start, int64_t size_bytes);
/* Bytes at `at` of the answer; -1 when a file is gone or short. */
ssize_t dos_segments_read(void *segments, uint64_t at, char *to, size_t max);
void dos_segments_free(void *segments);
