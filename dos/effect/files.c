/* files.c - bodies as files. Every path is relative to an open folder and made of names that we
 * drew or hashed ourselves: nothing a tenant sends reaches a path. */
#include "dos/effect/files.h"

#include "base/check.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { SHARDS = 256, PATH_SIZE = 112, FLUSH_BYTES = 8 << 20 };

static const char *const folder_names[] = {"objects", "chunks"};

struct dos_files {
    int root, tmp;
    int shards[2][SHARDS]; /* open folders: to sync, and to name files in */
    int64_t reserve_bytes;
    const struct rng *rng;
};

static enum err_code failed(struct err *err, const char *what)
{
    return err_set(err, errno == ENOSPC || errno == EDQUOT ? ERR_NO_SPACE : ERR_IO,
                   "data folder: %s: %s", what, strerror(errno));
}

static int open_folder(int at, const char *name)
{
    if (mkdirat(at, name, 0700) != 0 && errno != EEXIST)
        return -1;
    return openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool open_shards(struct dos_files *f, int folder)
{
    int parent = open_folder(f->root, folder_names[folder]);
    for (unsigned i = 0; parent >= 0 && i < SHARDS; i++) {
        char name[3];
        snprintf(name, sizeof name, "%02x", i);
        f->shards[folder][i] = open_folder(parent, name);
        if (f->shards[folder][i] < 0)
            break;
    }
    bool fine = parent >= 0 && f->shards[folder][SHARDS - 1] >= 0 && fsync(parent) == 0;
    if (parent >= 0)
        close(parent);
    return fine;
}

static bool open_folders(struct dos_files *f)
{
    f->tmp = open_folder(f->root, "tmp");
    return f->tmp >= 0 && open_shards(f, DOS_FOLDER_OBJECTS) && open_shards(f, DOS_FOLDER_CHUNKS) &&
           fsync(f->root) == 0;
}

enum err_code dos_files_open(struct dos_files **out, const char *path, int64_t reserve_bytes,
                             const struct rng *rng, struct err *err)
{
    struct dos_files *f = check_alloc(sizeof *f);
    memset(f, 0xff, sizeof *f); /* every descriptor -1 */
    f->reserve_bytes = reserve_bytes;
    f->rng = rng;
    f->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum err_code code = ERR_OK;
    if (f->root >= 0 && flock(f->root, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        code = err_set(err, ERR_CONFIG, "%s is in use by another tercet-dos", path);
    else if (f->root < 0 || !open_folders(f))
        code = failed(err, path);
    if (code != ERR_OK) {
        dos_files_close(f);
        return code;
    }
    dos_files_clean_tmp(f, INT64_MAX, SIZE_MAX);
    *out = f;
    return ERR_OK;
}

static void close_if(int fd)
{
    if (fd >= 0)
        close(fd);
}

void dos_files_close(struct dos_files *f)
{
    if (f == NULL)
        return;
    for (unsigned i = 0; i < SHARDS; i++) {
        close_if(f->shards[0][i]);
        close_if(f->shards[1][i]);
    }
    close_if(f->tmp);
    close_if(f->root);
    free(f);
}

int dos_files_tmp(const struct dos_files *f)
{
    return f->tmp;
}

/* The folder that holds `name`, by its first two hex digits. */
static int shard_of(const struct dos_files *f, enum dos_folder folder, const char *name)
{
    unsigned char first;
    char two[3] = {name[0], name[0] != '\0' ? name[1] : '\0', '\0'};
    PRE(strchr(name, '/') == NULL && str_unhex(&first, 1, two));
    return f->shards[folder][first];
}

static enum err_code files_room(void *self, int64_t bytes, struct err *err)
{
    struct dos_files *f = self;
    struct statvfs vfs;
    if (fstatvfs(f->root, &vfs) != 0)
        return failed(err, "statvfs");
    int64_t free_bytes = (int64_t)(vfs.f_bavail * vfs.f_frsize);
    if (bytes > free_bytes - f->reserve_bytes)
        return err_set(err, ERR_NO_SPACE, "there is no room for %lld bytes", (long long)bytes);
    return ERR_OK;
}

static enum err_code files_begin(void *self, struct dos_temporary *t, struct err *err)
{
    struct dos_files *f = self;
    unsigned char random[16];
    PRE(!t->is_open);
    f->rng->fill(f->rng->self, random, sizeof random);
    str_hex(t->name, random, sizeof random);
    t->fd = openat(f->tmp, t->name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (t->fd < 0)
        return failed(err, "cannot create");
    t->is_open = true;
    t->size_bytes = t->flushed_bytes = 0;
    return ERR_OK;
}

static enum err_code files_write(void *self, struct dos_temporary *t, const void *data, size_t len,
                                 struct err *err)
{
    (void)self;
    PRE(t->is_open);
    const char *at = data;
    while (len > 0) {
        ssize_t n = write(t->fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return failed(err, "cannot write");
        at += n;
        len -= (size_t)n;
        t->size_bytes += n;
    }
    /* The disk works while the rest still comes, so that the sync at the end finds little to do. */
    if (t->size_bytes - t->flushed_bytes >= FLUSH_BYTES) {
        sync_file_range(t->fd, t->flushed_bytes, t->size_bytes - t->flushed_bytes,
                        SYNC_FILE_RANGE_WRITE);
        t->flushed_bytes = t->size_bytes;
    }
    return ERR_OK;
}

static void files_drop(void *self, struct dos_temporary *t)
{
    struct dos_files *f = self;
    if (!t->is_open)
        return;
    close(t->fd);
    unlinkat(f->tmp, t->name, 0);
    t->is_open = false;
}

static enum err_code rename_into(struct dos_files *f, struct dos_temporary *t, int shard,
                                 const char *name, struct err *err)
{
    if (fdatasync(t->fd) != 0 || renameat(f->tmp, t->name, shard, name) != 0) {
        failed(err, "cannot keep");
        files_drop(f, t);
        return err->code;
    }
    close(t->fd);
    t->is_open = false;
    return ERR_OK;
}

static enum err_code files_keep(void *self, struct dos_temporary *t, enum dos_folder folder,
                                const char *name, struct err *err)
{
    struct dos_files *f = self;
    PRE(t->is_open);
    int shard = shard_of(f, folder, name);
    if (rename_into(f, t, shard, name, err) != ERR_OK)
        return err->code;
    return fsync(shard) == 0 ? ERR_OK : failed(err, "cannot sync a folder");
}

static void files_remove(void *self, enum dos_folder folder, const char *name)
{
    unlinkat(shard_of(self, folder, name), name, 0);
}

static int files_open(void *self, enum dos_folder folder, const char *name)
{
    struct dos_files *f = self;
    return openat(shard_of(f, folder, name), name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

struct dos_bodies dos_files_bodies(struct dos_files *f)
{
    return (struct dos_bodies){.self = f,
                               .room = files_room,
                               .begin = files_begin,
                               .write = files_write,
                               .keep = files_keep,
                               .drop = files_drop,
                               .remove = files_remove,
                               .open = files_open};
}

enum err_code dos_files_put_chunk(struct dos_files *f, const char *hash, const void *data,
                                  size_t len, struct err *err)
{
    struct dos_temporary t = {0};
    struct stat st;
    int shard = shard_of(f, DOS_FOLDER_CHUNKS, hash);
    if (fstatat(shard, hash, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_size == (off_t)len)
        return ERR_OK;
    if (files_begin(f, &t, err) != ERR_OK)
        return err->code;
    if (files_write(f, &t, data, len, err) != ERR_OK) {
        files_drop(f, &t);
        return err->code;
    }
    return rename_into(f, &t, shard, hash, err);
}

enum err_code dos_files_sync_chunks(struct dos_files *f, struct err *err)
{
    for (unsigned i = 0; i < SHARDS; i++)
        if (fsync(f->shards[DOS_FOLDER_CHUNKS][i]) != 0)
            return failed(err, "cannot sync a folder");
    return ERR_OK;
}

static bool split(const char *name, enum dos_folder *folder, const char **file)
{
    const char *slash = strchr(name, '/');
    if (slash == NULL || strlen(slash) < 3)
        return false;
    *folder = str_has_prefix(name, "chunks/") ? DOS_FOLDER_CHUNKS : DOS_FOLDER_OBJECTS;
    *file = slash + 1;
    return str_has_prefix(name, folder_names[*folder]);
}

bool dos_files_unlink(struct dos_files *f, const char *name)
{
    enum dos_folder folder;
    const char *file;
    if (!split(name, &folder, &file))
        return true; /* no file can be called so */
    return unlinkat(shard_of(f, folder, file), file, 0) == 0 || errno == ENOENT;
}

/* Walks a folder; the stream has a descriptor of its own. */
static DIR *walk(int folder)
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (dir == NULL)
        close_if(fd);
    return dir;
}

static bool is_old(int folder, const char *name, int64_t before_s)
{
    struct stat st;
    return name[0] != '.' && fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(st.st_mode) && st.st_mtim.tv_sec < before_s;
}

void dos_files_scan(struct dos_files *f, enum dos_folder folder, unsigned shard, int64_t before_s,
                    size_t max, void (*each)(void *arg, const char *name), void *arg)
{
    PRE(shard < SHARDS);
    int at = f->shards[folder][shard];
    DIR *dir = walk(at);
    struct dirent *entry;
    while (dir != NULL && max > 0 && (entry = readdir(dir)) != NULL) {
        char name[PATH_SIZE];
        if (strlen(entry->d_name) > 64 || !is_old(at, entry->d_name, before_s))
            continue;
        snprintf(name, sizeof name, "%s/%.64s", folder_names[folder], entry->d_name);
        each(arg, name);
        max--;
    }
    if (dir != NULL)
        closedir(dir);
}

size_t dos_files_clean_tmp(struct dos_files *f, int64_t before_s, size_t max)
{
    DIR *dir = walk(f->tmp);
    struct dirent *entry;
    size_t count = 0;
    while (dir != NULL && count < max && (entry = readdir(dir)) != NULL)
        if (is_old(f->tmp, entry->d_name, before_s) && unlinkat(f->tmp, entry->d_name, 0) == 0)
            count++;
    if (dir != NULL)
        closedir(dir);
    return count;
}
