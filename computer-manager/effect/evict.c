/* evict.c - bases that nobody uses any more; see image.h. */
#include "computer-manager/effect/image.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/map.h"
#include "base/str.h"
#include "computer-manager/effect/layout.h"

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { QCOW2_HEAD = 20, BACKING_MAX = 1023 };

/* The backing file's name out of a root disk that our own qemu-img made (qcow2 specification:
 * magic, version, 8 bytes of offset, 4 of length, big endian). */
static enum err_code backing_of(const char *path, char out[BACKING_MAX + 1], struct err *err)
{
    unsigned char head[QCOW2_HEAD];
    uint64_t offset;
    uint32_t len;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool is_read = fd >= 0 && pread(fd, head, sizeof head, 0) == (ssize_t)sizeof head &&
                   memcmp(head, "QFI\xfb", 4) == 0;
    if (is_read) {
        memcpy(&offset, head + 8, sizeof offset);
        memcpy(&len, head + 16, sizeof len);
        len = be32toh(len);
        is_read = len > 0 && len <= BACKING_MAX &&
                  pread(fd, out, len, (off_t)be64toh(offset)) == (ssize_t)len;
        out[is_read ? len : 0] = '\0';
    }
    if (fd >= 0)
        close(fd);
    return is_read ? ERR_OK : err_set(err, ERR_IO, "what %s stands on cannot be read", path);
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* Adds what the root disks of one instance stand on. */
static enum err_code add_used(struct map *used, const char *state_dir, const char *instance,
                              struct err *err)
{
    char dir_path[HOST_PATH_SIZE], path[HOST_PATH_SIZE], backing[BACKING_MAX + 1];
    enum err_code code = ERR_OK;
    host_layout_instance(dir_path, state_dir, instance);
    DIR *dir = opendir(dir_path);
    if (dir == NULL)
        return errno == ENOENT ? ERR_OK : err_set(err, ERR_IO, "%s: %s", dir_path, strerror(errno));
    for (struct dirent *e; code == ERR_OK && (e = readdir(dir)) != NULL;) {
        int64_t pepoch = host_layout_root_pepoch(e->d_name);
        if (pepoch < 0)
            continue;
        host_layout_root(path, state_dir, instance, pepoch);
        code = backing_of(path, backing, err);
        if (code == ERR_OK)
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

static bool is_base(const char *name)
{
    return strspn(name, "0123456789abcdef") == HOST_HASH_SIZE - 1 &&
           str_eq(name + HOST_HASH_SIZE - 1, ".raw");
}

static bool is_idle(const struct stat *st, int64_t idle_ms)
{
    struct clock clock = clock_system();
    int64_t used_ms = (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
    return clock.read(clock.self).wall_ms - used_ms >= idle_ms;
}

static void remove_idle(DIR *dir, const struct map *used, int64_t idle_ms, int64_t *freed_bytes)
{
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        struct stat st;
        if (!is_base(e->d_name) || map_get(used, e->d_name) != NULL ||
            fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !is_idle(&st, idle_ms))
            continue;
        if (unlinkat(dirfd(dir), e->d_name, 0) == 0)
            *freed_bytes += (int64_t)st.st_blocks * 512;
    }
}

enum err_code host_image_evict(const char *state_dir, const char *images_dir, int64_t idle_ms,
                               int64_t *freed_bytes, struct err *err)
{
    struct map used = {0};
    enum err_code code = find_used(&used, state_dir, err);
    DIR *dir = code == ERR_OK ? opendir(images_dir) : NULL;
    if (code == ERR_OK && dir == NULL)
        code = err_set(err, ERR_IO, "%s: %s", images_dir, strerror(errno));
    if (dir != NULL) {
        remove_idle(dir, &used, idle_ms, freed_bytes);
        closedir(dir);
    }
    map_fini(&used);
    return code;
}
