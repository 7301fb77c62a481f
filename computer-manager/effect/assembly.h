/* assembly.h - a base that is being put together out of chunks: which are missing, and where what
 * has come belongs. Each chunk counts by its hash alone, wherever it is from. */
#pragma once

#include "base/buf.h"
#include "computer-manager/effect/image.h"
#include "proto/wire/manifest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Where bytes came from. */
enum assembly_origin { ASSEMBLY_DOS, ASSEMBLY_NEIGHBOUR, ASSEMBLY_HERE, ASSEMBLY_ORIGIN_COUNT };

struct assembly {
    const struct host_image_job *job;
    int fd; /* of the part file, locked */
    struct manifest manifest;
    size_t *missing; /* indices of chunks, ordered by hash, so that equal ones stand together */
    bool *is_got;    /* of each of them, at the first of a run of equal ones */
    size_t missing_len;
    size_t left; /* runs that are still missing */
    int64_t came_bytes[ASSEMBLY_ORIGIN_COUNT];
    int64_t done_bytes;
};

/* Once the manifest is known: `is_resumed` where the part file may have some of it already. */
void assembly_survey(struct assembly *a, bool is_resumed);
void assembly_fini(struct assembly *a);
/* Index in `missing` after the run of equal hashes that begins at `from`. */
size_t assembly_run_end(const struct assembly *a, size_t from);
/* The first run that begins at `from` or later and is still missing; missing_len: none. */
size_t assembly_next(const struct assembly *a, size_t from);
/* The run with that hash, if it is still missing; missing_len: none. */
size_t assembly_find(const struct assembly *a, const unsigned char hash[MANIFEST_HASH_SIZE]);
/* The bytes of the run at `at` have come, and are right. */
enum err_code assembly_take(struct assembly *a, size_t at, const struct buf *body,
                            enum assembly_origin from, struct err *err);
/* The same bytes stand in another file here: shared where the file system can, and looked at
 * afterwards. What is not right stays missing. */
void assembly_copy(struct assembly *a, size_t at, int from_fd, off_t from_offset);
void assembly_progress(const struct assembly *a);
