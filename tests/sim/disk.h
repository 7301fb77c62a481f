/* disk.h - the disk under a node's store (level B): files in memory, each in two images, what was
 * written and what would be there after a power cut.
 *
 * sqlite reaches it through a VFS of ours (vfs.c), the product through its own store_open. kill -9
 * loses nothing of what was written. A power cut loses, keeps or tears each write that was not
 * synced, sector by sector, and undoes the newest changes of the folder that were not synced. A
 * disk may fail: the N-th write or sync of a turn finds no room, an I/O error, or a process that
 * dies in it. After a failed sync the system takes what it could not write for written, as Linux
 * does: a later sync does not try it again. */
#pragma once

#include "base/rng.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sim_disk_fault { SIM_DISK_WELL, SIM_DISK_IO_ERROR, SIM_DISK_FULL, SIM_DISK_DEATH };

struct sim_disk;
struct sim_file;

struct sim_disk *sim_disk_new(void);
void sim_disk_free(struct sim_disk *d);
/* What store_open is given. */
const char *sim_disk_path(const struct sim_disk *d);
/* NULL where the path is on no disk; its name within the disk begins at *name. */
struct sim_disk *sim_disk_of_path(const char *path, const char **name);

/* Whoever has the store open is dead: nothing that he still tries comes to anything, until revive.
 * Between the two his handles are closed. */
void sim_disk_kill(struct sim_disk *d);
void sim_disk_revive(struct sim_disk *d);
/* The power goes; what is durable is all that is left. Dead until revive. */
void sim_disk_cut(struct sim_disk *d, const struct rng *rng);
/* The next fault: at the `nth` write or sync from now on, or the nth sync where `is_sync`. Fates of
 * the bytes under way are drawn from `rng`, which stays valid until disarmed. */
void sim_disk_arm(struct sim_disk *d, enum sim_disk_fault how, uint64_t nth, bool is_sync,
                  const struct rng *rng);
/* Gives what has happened since it was armed. */
enum sim_disk_fault sim_disk_disarm(struct sim_disk *d);

/* For the VFS. ERR-free: each gives what happened to it. */
struct sim_file *sim_disk_find(struct sim_disk *d, const char *name);
struct sim_file *sim_disk_create(struct sim_disk *d, const char *name);
enum sim_disk_fault sim_disk_unlink(struct sim_disk *d, const char *name);
bool sim_disk_is_dead(const struct sim_disk *d);
int64_t sim_file_size(const struct sim_file *f);
/* Bytes read; the rest of the buffer is zeros. */
size_t sim_file_read(const struct sim_file *f, int64_t at, void *out, size_t len);
enum sim_disk_fault sim_file_write(struct sim_file *f, int64_t at, const void *data, size_t len);
enum sim_disk_fault sim_file_truncate(struct sim_file *f, int64_t size);
/* Of the file; and of the folder, where that is new in it (what sqlite's own VFS does). */
enum sim_disk_fault sim_file_sync(struct sim_file *f);
/* A file that is there and durable, as an installation leaves it. */
void sim_disk_install(struct sim_disk *d, const char *name, const void *bytes, size_t len);
