/* vfs.c - the methods that sqlite calls, on disk.h. It promises what sqlite's own VFS for Linux
 * promises: a write tears nothing beside it (POWERSAFE_OVERWRITE), and the first sync of a new
 * journal is one of its folder too. One process has a store open: locks always succeed. */
#include "tests/sim/vfs.h"

#include "base/check.h"
#include "base/str.h"
#include "tests/sim/disk.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum { SHM_REGIONS = 16, PATH_SIZE = 64 };

struct open_file {
    sqlite3_file base;
    struct sim_file *file;
    struct sim_disk *disk;
    void *shm[SHM_REGIONS]; /* the index of the WAL: of this process, and gone with it */
};

static struct open_file *mine(sqlite3_file *f)
{
    return (struct open_file *)f;
}

static int code_of(enum sim_disk_fault fate, int io_error)
{
    switch (fate) {
    case SIM_DISK_WELL:
        return SQLITE_OK;
    case SIM_DISK_FULL:
        return SQLITE_FULL;
    case SIM_DISK_IO_ERROR:
    case SIM_DISK_DEATH:
        return io_error;
    }
    IMPOSSIBLE("fate");
}

static int on_shm_unmap(sqlite3_file *f, int is_deleted)
{
    (void)is_deleted;
    for (size_t i = 0; i < SHM_REGIONS; i++) {
        free(mine(f)->shm[i]);
        mine(f)->shm[i] = NULL;
    }
    return SQLITE_OK;
}

static int on_close(sqlite3_file *f)
{
    return on_shm_unmap(f, 1);
}

static int on_read(sqlite3_file *f, void *out, int len, sqlite3_int64 at)
{
    if (sim_disk_is_dead(mine(f)->disk))
        return SQLITE_IOERR_READ;
    return sim_file_read(mine(f)->file, at, out, (size_t)len) == (size_t)len
               ? SQLITE_OK
               : SQLITE_IOERR_SHORT_READ;
}

static int on_write(sqlite3_file *f, const void *data, int len, sqlite3_int64 at)
{
    return code_of(sim_file_write(mine(f)->file, at, data, (size_t)len), SQLITE_IOERR_WRITE);
}

static int on_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    return code_of(sim_file_truncate(mine(f)->file, size), SQLITE_IOERR_TRUNCATE);
}

static int on_sync(sqlite3_file *f, int flags)
{
    (void)flags;
    return code_of(sim_file_sync(mine(f)->file), SQLITE_IOERR_FSYNC);
}

static int on_size(sqlite3_file *f, sqlite3_int64 *size)
{
    *size = sim_file_size(mine(f)->file);
    return SQLITE_OK;
}

static int on_lock(sqlite3_file *f, int how)
{
    (void)f, (void)how;
    return SQLITE_OK;
}

static int on_is_reserved(sqlite3_file *f, int *is_reserved)
{
    (void)f;
    *is_reserved = 0;
    return SQLITE_OK;
}

static int on_control(sqlite3_file *f, int op, void *arg)
{
    (void)f, (void)op, (void)arg;
    return SQLITE_NOTFOUND;
}

static int on_sector(sqlite3_file *f)
{
    (void)f;
    return 4096;
}

static int on_character(sqlite3_file *f)
{
    (void)f;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int on_shm_map(sqlite3_file *f, int region, int size, int is_made, void volatile **out)
{
    INV(region >= 0 && region < SHM_REGIONS);
    void **shm = &mine(f)->shm[region];
    if (*shm == NULL && is_made != 0)
        *shm = check_alloc((unsigned long)size);
    *out = *shm;
    return SQLITE_OK;
}

static int on_shm_lock(sqlite3_file *f, int at, int len, int flags)
{
    (void)f, (void)at, (void)len, (void)flags;
    return SQLITE_OK;
}

static void on_shm_barrier(sqlite3_file *f)
{
    (void)f;
}

static const sqlite3_io_methods methods = {.iVersion = 2,
                                           .xClose = on_close,
                                           .xRead = on_read,
                                           .xWrite = on_write,
                                           .xTruncate = on_truncate,
                                           .xSync = on_sync,
                                           .xFileSize = on_size,
                                           .xLock = on_lock,
                                           .xUnlock = on_lock,
                                           .xCheckReservedLock = on_is_reserved,
                                           .xFileControl = on_control,
                                           .xSectorSize = on_sector,
                                           .xDeviceCharacteristics = on_character,
                                           .xShmMap = on_shm_map,
                                           .xShmLock = on_shm_lock,
                                           .xShmBarrier = on_shm_barrier,
                                           .xShmUnmap = on_shm_unmap};

static int on_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *f, int flags, int *flags_out)
{
    (void)vfs;
    const char *name = NULL;
    struct sim_disk *d = sim_disk_of_path(path, &name);
    f->pMethods = NULL;
    if (d == NULL || sim_disk_is_dead(d))
        return SQLITE_CANTOPEN;
    struct sim_file *file = sim_disk_find(d, name);
    if (file == NULL && (flags & SQLITE_OPEN_CREATE) == 0)
        return SQLITE_CANTOPEN;
    if (file == NULL)
        file = sim_disk_create(d, name);
    *mine(f) = (struct open_file){.base = {&methods}, .file = file, .disk = d};
    if (flags_out != NULL)
        *flags_out = flags;
    return SQLITE_OK;
}

static int on_delete(sqlite3_vfs *vfs, const char *path, int syncs)
{
    (void)vfs, (void)syncs;
    const char *name = NULL;
    struct sim_disk *d = sim_disk_of_path(path, &name);
    if (d == NULL)
        return SQLITE_IOERR_DELETE_NOENT;
    return code_of(sim_disk_unlink(d, name), SQLITE_IOERR_DELETE);
}

static int on_access(sqlite3_vfs *vfs, const char *path, int flags, int *out)
{
    (void)vfs, (void)flags;
    const char *name = NULL;
    struct sim_disk *d = sim_disk_of_path(path, &name);
    *out = d != NULL && sim_disk_find(d, name) != NULL;
    return SQLITE_OK;
}

static int on_full_path(sqlite3_vfs *vfs, const char *path, int size, char *out)
{
    (void)vfs;
    str_copy(out, (size_t)size, path);
    return SQLITE_OK;
}

/* Salts of WALs: another one each time is all that they have to be. */
static int on_random(sqlite3_vfs *vfs, int len, char *out)
{
    (void)vfs;
    for (int i = 0; i < len; i++)
        out[i] = (char)(i * 37 + 11);
    return len;
}

static int on_sleep(sqlite3_vfs *vfs, int us)
{
    (void)vfs;
    return us;
}

/* Nothing in a store asks sqlite for the time. */
static int on_time(sqlite3_vfs *vfs, double *days)
{
    (void)vfs;
    *days = 2461000.5;
    return SQLITE_OK;
}

static int on_last_error(sqlite3_vfs *vfs, int len, char *out)
{
    (void)vfs, (void)len, (void)out;
    return 0;
}

void sim_vfs_register(void)
{
    static sqlite3_vfs vfs = {.iVersion = 1,
                              .szOsFile = sizeof(struct open_file),
                              .mxPathname = PATH_SIZE,
                              .zName = "simulator",
                              .xOpen = on_open,
                              .xDelete = on_delete,
                              .xAccess = on_access,
                              .xFullPathname = on_full_path,
                              .xRandomness = on_random,
                              .xSleep = on_sleep,
                              .xCurrentTime = on_time,
                              .xGetLastError = on_last_error};
    if (sqlite3_vfs_find(vfs.zName) == NULL)
        INV(sqlite3_vfs_register(&vfs, 1) == SQLITE_OK);
}
