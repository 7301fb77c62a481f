/* jobs.h - what the core asks to be done outside, and what comes back.
 *
 * Specs and results are packed (pack.h); each comment gives the order of the fields. */
#pragma once

#include "dos/pack.h"

#include <stdint.h>

enum dos_job {
    /* Told, not asked: no completion. The directory of the data threads follows committed rows. */
    DOS_JOB_BUCKETS, /* each: text name, text account ("" = gone); at the start, all */
    DOS_JOB_KEYS, /* i64 number of keys, each: text id, text account, text sealed; then the shared
                     secrets, each: text name, text sealed. Always all. */

    /* Spec: texts, names as in store/garbage.h. Result: those that are gone now, durably. */
    DOS_JOB_UNLINK,
    /* Spec: text folder ("objects", "chunks", "tmp"), i64 shard 0..255.
     * Result: texts, names of files old enough that a row would stand by now (ops look). Old files
     * in tmp belong to nobody and are unlinked by the job itself. */
    DOS_JOB_SCAN,
    /* Spec: i64 limit, i64 size, i64 kind (enum dos_body_kind), then blob bytes (inline), or in
     * order: text ref, i64 size. Result: text hash, blob manifest, i64 is it a CD-ROM's medium? */
    DOS_JOB_IMPORT,
};

enum {
    DOS_UNLINK_MAX = 256, /* names of one job */
    DOS_SCAN_MAX = 512,
    DOS_SHARDS = 256,
};
