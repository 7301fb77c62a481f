/* evict.c - bases that nobody uses any more; see image.h. */
#include "computer-manager/effect/image.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/map.h"
#include "base/str.h"
#include "computer-manager/effect/layout.h"
#include "computer-manager/effect/qcow2.h"
#include "computer-manager/model/cache.h"

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

enum { HOST_CACHE_MAX = 4096, NAME_SIZE = 80 };

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static enum err_code medium_of(const char *path, char out[HOST_QCOW2_BACKING_SIZE], struct err *err)
{
    ssize_t len = readlink(path, out, HOST_QCOW2_BACKING_SIZE - 1);
    out[len > 0 ? len : 0] = '\0';
    return len > 0 ? ERR_OK : err_set(err, ERR_IO, "what %s is cannot be read", path);
}

/* Adds what the root disks of one instance stand on, and what lies in its drive. */
static enum err_code add_used(struct map *used, const char *state_dir, const char *instance,
                              struct err *err)
{
    char dir_path[HOST_PATH_SIZE], path[HOST_PATH_SIZE], backing[HOST_QCOW2_BACKING_SIZE];
    enum err_code code = ERR_OK;
    host_layout_instance(dir_path, state_dir, instance);
    DIR *dir = opendir(dir_path);
    if (dir == NULL)
        return errno == ENOENT ? ERR_OK : err_set(err, ERR_IO, "%s: %s", dir_path, strerror(errno));
    for (struct dirent *e; code == ERR_OK && (e = readdir(dir)) != NULL;) {
        int64_t root = host_layout_root_pepoch(e->d_name);
        int64_t medium = host_layout_medium_pepoch(e->d_name);
        backing[0] = '\0';
        if (root < 0 && medium < 0)
            continue;
        if (root >= 0)
            host_layout_root(path, state_dir, instance, root);
        else
            host_layout_medium(path, state_dir, instance, medium);
        code = root >= 0 ? host_qcow2_backing(path, backing, err) : medium_of(path, backing, err);
        if (code == ERR_OK && *backing != '\0')
            map_put(used, file_name(backing), used);
    }
    closedir(dir);
    return code;
}

static enum err_code find_used(struct map *used, const char *state_dir, struct err *err)
{
    enum err_code code = ERR_OK;
    DIR *dir = opendir(state_dir);
    if (dir == NULL)
        return err_set(err, ERR_IO, "%s: %s", state_dir, strerror(errno));
    for (struct dirent *e; code == ERR_OK && (e = readdir(dir)) != NULL;)
        if (id_is(e->d_name, "i"))
            code = add_used(used, state_dir, e->d_name, err);
    closedir(dir);
    return code;
}

/* ---- what is there ----------------------------------------------------------------------- */

struct cache {
    const struct host_image_eviction *e;
    const struct map *used; /* file names of bases that disks stand on */
    int dir;
    struct host_cached items[HOST_CACHE_MAX];
    char names[HOST_CACHE_MAX][NAME_SIZE];
    size_t len;
    int64_t cached_bytes;
};

/* "HASH.raw", or ".HASH.part" of a fetch that was cut short or goes on. */
static bool is_cached(const char *name, const char **hash)
{
    bool is_part = name[0] == '.';
    *hash = name + is_part;
    return strspn(*hash, "0123456789abcdef") == HOST_HASH_SIZE - 1 &&
           str_eq(*hash + HOST_HASH_SIZE - 1, is_part ? ".part" : ".raw");
}

static int64_t wall_ms(void)
{
    struct clock clock = clock_system();
    return clock.read(clock.self).wall_ms;
}

static bool is_pinned(const struct cache *c, const char *name, const char *hash, int64_t used_ms)
{
    const struct host_disk_evict *spec = c->e->spec;
    if (map_get(c->used, name) != NULL || wall_ms() - used_ms < spec->idle_ms)
        return true;
    for (int64_t i = 0; i < spec->pins_len; i++)
        if (strncmp(spec->pins[i], hash, HOST_HASH_SIZE - 1) == 0)
            return true;
    return false;
}

static void take(struct cache *c, const char *name)
{
    struct stat st;
    const char *hash;
    if (!is_cached(name, &hash) || fstatat(c->dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(st.st_mode))
        return;
    int64_t used_ms = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
    int64_t size_bytes = (int64_t)st.st_blocks * 512;
    c->cached_bytes += size_bytes;
    if (c->len == HOST_CACHE_MAX) /* the others come next time */
        return;
    str_copy(c->names[c->len], NAME_SIZE, name);
    c->items[c->len] = (struct host_cached){.used_ms = used_ms,
                                            .size_bytes = size_bytes,
                                            .is_pinned = is_pinned(c, name, hash, used_ms),
                                            .number = c->len};
    c->len++;
}

static enum err_code take_all(struct cache *c, const char *images_dir, struct err *err)
{
    DIR *dir = opendir(images_dir);
    if (dir == NULL)
        return err_set(err, ERR_IO, "%s: %s", images_dir, strerror(errno));
    c->dir = dirfd(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;)
        take(c, e->d_name);
    c->dir = dup(c->dir);
    closedir(dir);
    return c->dir >= 0 ? ERR_OK : err_set(err, ERR_IO, "%s: %s", images_dir, strerror(errno));
}

/* ---- what goes --------------------------------------------------------------------------- */

/* Is somebody fetching it? Its part file is locked then. */
static bool is_being_fetched(const struct cache *c, const char *name)
{
    int fd = openat(c->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool locked = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0;
    if (fd >= 0)
        close(fd);
    return locked;
}

static void remove_chosen(struct cache *c, struct host_disk_evicted *out)
{
    struct host_cache_bounds bounds = {.cache_bytes = c->e->spec->cache_bytes,
                                       .free_percent = c->e->spec->free_percent};
    struct statvfs fs;
    if (fstatvfs(c->dir, &fs) != 0)
        return;
    bounds.total_bytes = (int64_t)fs.f_blocks * (int64_t)fs.f_frsize;
    bounds.free_bytes = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
    for (size_t i = 0; i < c->len; i++)
        if (c->names[i][0] == '.' && is_being_fetched(c, c->names[i]))
            c->items[i].is_pinned = true;
    host_cache_choose(c->items, c->len, &bounds);
    for (size_t i = 0; i < c->len; i++) {
        const char *name = c->names[c->items[i].number];
        if (!c->items[i].goes || unlinkat(c->dir, name, 0) != 0)
            continue;
        log_info("image.evicted", "file", name, NULL);
        out->bases++;
        out->freed_bytes += c->items[i].size_bytes;
    }
}

static bool is_in(int dir, const char *before, const char *hash, const char *after)
{
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "%s%s%s", before, hash, after);
    return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Manifests of which there is neither a base nor a part of one. A part becomes the base, so it is
 * looked for before. One of a fetch that begins right now may go too: then this host cannot give it
 * to others, and nothing else. */
static void remove_orphans(const struct cache *c, const char *images_dir)
{
    char hash[LAYOUT_HASH_SIZE];
    DIR *dir = opendir(images_dir);
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
        const char *name = e->d_name;
        if (host_layout_is_manifest(name + (name[0] == '.'), hash) &&
            !is_in(c->dir, ".", hash, ".part") && !is_in(c->dir, "", hash, ".raw"))
            unlinkat(c->dir, name, 0);
    }
    if (dir != NULL)
        closedir(dir);
}

enum err_code host_image_evict(const struct host_image_eviction *e, struct host_disk_evicted *out,
                               struct err *err)
{
    struct map used = {0};
    struct cache *c = check_alloc(sizeof *c);
    *c = (struct cache){.e = e, .used = &used};
    enum err_code code = find_used(&used, e->state_dir, err);
    if (code == ERR_OK && (code = take_all(c, e->images_dir, err)) == ERR_OK) {
        remove_chosen(c, out);
        remove_orphans(c, e->images_dir);
        close(c->dir);
    }
    map_fini(&used);
    free(c);
    return code;
}

static void note_base(struct host_disk_list *out, const char *hash, int64_t size_bytes)
{
    memcpy(out->bases[out->bases_len].manifest, hash, HOST_HASH_SIZE - 1);
    out->bases[out->bases_len++].size_bytes = size_bytes;
}

enum err_code host_image_measure(const char *images_dir, struct host_disk_list *out,
                                 struct err *err)
{
    struct statvfs fs;
    struct stat st;
    const char *hash;
    DIR *dir = opendir(images_dir);
    if (dir == NULL || fstatvfs(dirfd(dir), &fs) != 0) {
        err_set(err, ERR_IO, "%s: %s", images_dir, strerror(errno));
        if (dir != NULL)
            closedir(dir);
        return err->code;
    }
    out->images_total_bytes = (int64_t)fs.f_blocks * (int64_t)fs.f_frsize;
    out->images_free_bytes = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        if (!is_cached(e->d_name, &hash) ||
            fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        out->cached_bytes += (int64_t)st.st_blocks * 512;
        if (hash == e->d_name && S_ISREG(st.st_mode) && out->bases_len < HOST_PINS_MAX)
            note_base(out, hash, (int64_t)st.st_blocks * 512);
    }
    closedir(dir);
    return ERR_OK;
}
