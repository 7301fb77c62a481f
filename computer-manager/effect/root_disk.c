/* root_disk.c - makes, removes and lists root disks; see root_disk.h. */
#include "computer-manager/effect/root_disk.h"

#include "base/id.h"
#include "base/str.h"
#include "computer-manager/effect/durable.h"
#include "computer-manager/effect/layout.h"
#include "computer-manager/effect/qcow2.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Linked to `base` as it is seen from `dir`, or empty where that is NULL. */
static enum err_code make_disk(const char *dir, const char *base, const char *out,
                               int64_t size_bytes, struct err *err)
{
    char relative[HOST_PATH_SIZE];
    if (base != NULL)
        host_layout_relative(relative, dir, base);
    return host_qcow2_make(out, base != NULL ? relative : NULL, size_bytes, err);
}

static enum err_code publish(const char *temporary, const char *path, const char *dir,
                             struct err *err)
{
    int fd = open(temporary, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return err_set(err, ERR_IO, "%s: %s", temporary, strerror(errno));
    enum err_code code = host_durable_publish(fd, temporary, path, dir, err);
    close(fd);
    return code;
}

static enum err_code check_base(const char *base, const struct host_disk_root *spec,
                                struct err *err)
{
    struct stat st;
    if (stat(base, &st) != 0)
        return err_set(err, ERR_PRECONDITION, "the image's base is not on this host");
    if (spec->size_bytes < 1 || spec->size_bytes > HOST_QCOW2_BYTES_MAX)
        return err_set(err, ERR_INVALID_PARAMETER, "a disk has 1 byte to 64 TiB");
    if (spec->is_cdrom == 0 && (int64_t)st.st_size > spec->size_bytes)
        return err_set(err, ERR_INVALID_PARAMETER, "the disk is smaller than its image");
    return ERR_OK;
}

/* Before the disk: where there is a disk, it is there too. */
static enum err_code link_medium(const char *state_dir, const char *dir, const char *base,
                                 const struct host_disk_root *spec, struct err *err)
{
    char relative[HOST_PATH_SIZE], path[HOST_PATH_SIZE];
    host_layout_medium(path, state_dir, spec->instance, spec->pepoch);
    host_layout_relative(relative, dir, base);
    if (symlink(relative, path) == 0 || errno == EEXIST)
        return ERR_OK;
    return err_set(err, errno == ENOSPC ? ERR_NO_SPACE : ERR_IO, "%s: %s", path, strerror(errno));
}

enum err_code host_root_disk_make(const char *state_dir, const char *images_dir,
                                  const struct host_disk_root *spec, struct err *err)
{
    char dir[HOST_PATH_SIZE], path[HOST_PATH_SIZE], base[HOST_PATH_SIZE];
    char temporary[HOST_PATH_SIZE + 32];
    host_layout_instance(dir, state_dir, spec->instance);
    host_layout_root(path, state_dir, spec->instance, spec->pepoch);
    host_layout_base(base, images_dir, spec->manifest);
    if (access(path, F_OK) == 0)
        return ERR_OK;
    if (check_base(base, spec, err) != ERR_OK)
        return err->code;
    /* others may pass through, to the disk that the hypervisor service owns, but not look */
    if (mkdir(dir, 0771) != 0 && errno != EEXIST)
        return err_set(err, errno == ENOSPC ? ERR_NO_SPACE : ERR_IO, "%s: %s", dir,
                       strerror(errno));
    snprintf(temporary, sizeof temporary, "%s/.new-%d", dir, (int)gettid());
    unlink(temporary);
    if (spec->is_cdrom && link_medium(state_dir, dir, base, spec, err) != ERR_OK)
        return err->code;
    enum err_code code = make_disk(dir, spec->is_cdrom ? NULL : base, temporary, spec->size_bytes,
                                   err);
    if (code == ERR_OK)
        code = publish(temporary, path, dir, err);
    if (code != ERR_OK)
        unlink(temporary);
    return code == ERR_OK ? host_durable_dir(state_dir, err) : code;
}

static enum err_code remove_in(DIR *dir, const char *name, struct err *err)
{
    if (unlinkat(dirfd(dir), name, 0) == 0 || errno == ENOENT)
        return ERR_OK;
    return err_set(err, ERR_IO, "%s was not removed: %s", name, strerror(errno));
}

/* A later root disk is there: what else lies in the directory is its. */
static bool has_later(DIR *dir, int64_t pepoch)
{
    bool found = false;
    rewinddir(dir);
    for (struct dirent *e; !found && (e = readdir(dir)) != NULL;)
        found = host_layout_root_pepoch(e->d_name) > pepoch;
    return found;
}

/* Root disks last, so that a directory with anything in it is still told by a listing. */
static enum err_code remove_files(DIR *dir, int64_t pepoch, bool roots, struct err *err)
{
    enum err_code code = ERR_OK;
    rewinddir(dir);
    for (struct dirent *e; code == ERR_OK && (e = readdir(dir)) != NULL;) {
        int64_t of = host_layout_root_pepoch(e->d_name);
        if (str_eq(e->d_name, ".") || str_eq(e->d_name, "..") || (of >= 0) != roots || of > pepoch)
            continue;
        code = remove_in(dir, e->d_name, err);
    }
    return code;
}

enum err_code host_root_disk_erase(const char *state_dir, const struct host_disk_target *spec,
                                   struct err *err)
{
    char path[HOST_PATH_SIZE];
    host_layout_instance(path, state_dir, spec->instance);
    DIR *dir = opendir(path);
    if (dir == NULL)
        return errno == ENOENT ? ERR_OK : err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    bool later = has_later(dir, spec->pepoch);
    enum err_code code = later ? ERR_OK : remove_files(dir, spec->pepoch, false, err);
    if (code == ERR_OK)
        code = remove_files(dir, spec->pepoch, true, err);
    closedir(dir);
    if (code == ERR_OK && !later && rmdir(path) != 0 && errno != ENOENT)
        code = err_set(err, ERR_IO, "%s was not removed: %s", path, strerror(errno));
    return code == ERR_OK ? host_durable_dir(state_dir, err) : code;
}

static enum err_code add(struct host_disk_list *out, const char *instance, int64_t pepoch,
                         struct err *err)
{
    if (out->len == HOST_DOMAINS_MAX)
        return err_set(err, ERR_TOO_LARGE, "more than %d root disks", (int)HOST_DOMAINS_MAX);
    str_copy(out->roots[out->len].instance, sizeof out->roots[0].instance, instance);
    out->roots[out->len++].pepoch = pepoch;
    return ERR_OK;
}

static enum err_code list_instance(const char *state_dir, const char *instance,
                                   struct host_disk_list *out, struct err *err)
{
    char path[HOST_PATH_SIZE];
    int64_t before = out->len;
    enum err_code code = ERR_OK;
    host_layout_instance(path, state_dir, instance);
    DIR *dir = opendir(path);
    if (dir == NULL)
        return errno == ENOENT ? ERR_OK : err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    for (struct dirent *e; code == ERR_OK && (e = readdir(dir)) != NULL;) {
        int64_t pepoch = host_layout_root_pepoch(e->d_name);
        if (pepoch >= 0)
            code = add(out, instance, pepoch, err);
    }
    closedir(dir);
    if (code == ERR_OK && out->len == before)
        code = add(out, instance, 0, err);
    return code;
}

enum err_code host_root_disk_list(const char *state_dir, struct host_disk_list *out,
                                  struct err *err)
{
    struct statvfs fs;
    enum err_code code = ERR_OK;
    *out = (struct host_disk_list){0};
    if (statvfs(state_dir, &fs) != 0)
        return err_set(err, ERR_IO, "statvfs: %s", strerror(errno));
    out->total_bytes = (int64_t)fs.f_blocks * (int64_t)fs.f_frsize;
    out->free_bytes = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
    DIR *dir = opendir(state_dir);
    if (dir == NULL)
        return err_set(err, ERR_IO, "%s: %s", state_dir, strerror(errno));
    for (struct dirent *e; code == ERR_OK && (e = readdir(dir)) != NULL;)
        if (id_is(e->d_name, "i"))
            code = list_instance(state_dir, e->d_name, out, err);
    closedir(dir);
    return code;
}
