/* files.h - dos's data folder: the real implementation of bodies.h, and what the sweep does to it.
 *
 *   DATA/objects/ab/REF  DATA/chunks/ab/HASH  DATA/tmp/RANDOM
 *
 * Called by main, data threads and jobs, from any thread: holds descriptors only. */
#pragma once

#include "base/err.h"
#include "base/rng.h"
#include "dos/bodies.h"

#include <stdint.h>

struct dos_files;

/* Makes what is missing below `path` (which exists) and empties tmp: what is there was cut off.
 * `reserve_bytes` of the file system stay free. ERR_CONFIG: another process has it open. */
enum err_code dos_files_open(struct dos_files **out, const char *path, int64_t reserve_bytes,
                             const struct rng *rng, struct err *err);
void dos_files_close(struct dos_files *f);
struct dos_bodies dos_files_bodies(struct dos_files *f);
/* Descriptor of DATA/tmp; borrowed. */
int dos_files_tmp(const struct dos_files *f);

/* A chunk: nothing is done when the file is there. The folder is not synced before
 * dos_files_sync_chunks. */
enum err_code dos_files_put_chunk(struct dos_files *f, const char *hash, const void *data,
                                  size_t len, struct err *err);
/* Makes all chunks that were put so far durable by name. */
enum err_code dos_files_sync_chunks(struct dos_files *f, struct err *err);

/* Unlinks "objects/REF" or "chunks/HASH"; true when it is gone now. */
bool dos_files_unlink(struct dos_files *f, const char *name);
/* Calls `each` with the names ("objects/REF") of files in one shard last written before
 * `before_s` (wall clock), at most `max`. */
void dos_files_scan(struct dos_files *f, enum dos_folder folder, unsigned shard, int64_t before_s,
                    size_t max, void (*each)(void *arg, const char *name), void *arg);
/* Unlinks what was last written in tmp before `before_s`; gives their number. */
size_t dos_files_clean_tmp(struct dos_files *f, int64_t before_s, size_t max);
