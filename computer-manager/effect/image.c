/* image.c - assembles bases out of chunks; see image.h. */
#include "computer-manager/effect/image.h"

#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "computer-manager/effect/assembly.h"
#include "computer-manager/effect/durable.h"
#include "computer-manager/effect/kin.h"
#include "computer-manager/effect/layout.h"
#include "computer-manager/effect/manifest_file.h"
#include "computer-manager/effect/near.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* What must stay free on the file system of the images beyond the image itself. */
#define SPARE_BYTES ((uint64_t)64 * 1024 * 1024)

/* ---- the manifest ---------------------------------------------------------------------- */

struct manifest_feed {
    const struct host_image_job *job;
    const char *path, *leaf;
    struct manifest *out;
    bool is_asked;
};

static enum host_fetch_next manifest_next(void *self, struct host_fetch_item *item)
{
    struct manifest_feed *f = self;
    if (f->is_asked)
        return HOST_FETCH_END;
    f->is_asked = true;
    *item = (struct host_fetch_item){.path = f->path,
                                     .size_max = host_manifest_text_max(f->job->size_bytes)};
    str_copy(item->leaf, sizeof item->leaf, f->leaf);
    bool is_hex = str_unhex(item->hash, sizeof item->hash, f->job->manifest);
    PRE(is_hex);
    return HOST_FETCH_ITEM;
}

static enum err_code manifest_got(void *self, const struct host_fetch_item *item,
                                  const struct buf *body, struct err *err)
{
    (void)item;
    struct manifest_feed *f = self;
    if (manifest_decode(f->out, buf_str(body), body->len, err) != ERR_OK)
        return err->code;
    return host_manifest_keep(f->job->images_dir, f->job->manifest, body, err);
}

static void leave(const struct host_image_job *job, size_t source, const char *why)
{
    log_info("image.neighbour_left", "manifest", job->manifest, "host", job->sources[source].name,
             "why", why, NULL);
}

/* One that does not answer, or lies, is not asked for chunks any more: its bit in `left`. */
static bool ask_neighbours(const struct host_image_job *job, struct manifest *out, unsigned *left)
{
    char folder[NEAR_FOLDER_SIZE];
    host_near_folder(folder, job->manifest);
    for (size_t i = 0; i < job->sources_len; i++) {
        struct manifest_feed near = {.job = job, .path = folder, .leaf = "manifest", .out = out};
        struct host_fetch_feed feed = {&near, manifest_next, manifest_got};
        struct err why = {0};
        enum err_code code = host_fetch_run(&job->sources[i], &feed, &why);
        if (code == ERR_OK)
            return true;
        manifest_fini(out);
        if (code != ERR_IMAGE_UNAVAILABLE) { /* it may have begun later than this host */
            *left |= 1u << i;
            leave(job, i, why.text);
        }
    }
    return false;
}

static enum err_code get_manifest(struct assembly *a, unsigned *left, struct err *err)
{
    const struct host_image_job *job = a->job;
    struct manifest_feed of_dos = {
        .job = job, .path = "/v1/manifests/", .leaf = "", .out = &a->manifest};
    struct host_fetch_feed feed = {&of_dos, manifest_next, manifest_got};
    bool is_got = host_manifest_load(&a->manifest, job->images_dir, job->manifest,
                                     host_manifest_text_max(job->size_bytes)) ||
                  ask_neighbours(job, &a->manifest, left);
    if (!is_got && host_fetch_run(&job->peer, &feed, err) != ERR_OK)
        return err_wrap(err, "manifest");
    if (a->manifest.size_bytes > (uint64_t)job->size_bytes)
        return err_set(err, ERR_IMAGE_INVALID, "the image is larger than was said");
    return ERR_OK;
}

/* ---- the chunks ------------------------------------------------------------------------ */

static enum err_code check_room(const struct assembly *a, struct err *err)
{
    struct statvfs fs;
    uint64_t needed = (uint64_t)a->missing_len * a->manifest.chunk_size_bytes;
    if (fstatvfs(a->fd, &fs) != 0)
        return err_set(err, ERR_IO, "statvfs: %s", strerror(errno));
    if ((uint64_t)fs.f_bavail * fs.f_frsize < needed + SPARE_BYTES)
        return err_set(err, ERR_NO_SPACE, "the image needs %llu MiB more than there are",
                       (unsigned long long)((needed + SPARE_BYTES) >> 20));
    return ERR_OK;
}

struct dos_feed {
    struct assembly *assembly;
    size_t at;
};

static enum host_fetch_next chunk_next(void *self, struct host_fetch_item *item)
{
    struct dos_feed *f = self;
    const struct assembly *a = f->assembly;
    f->at = assembly_next(a, f->at);
    if (f->at == a->missing_len)
        return HOST_FETCH_END;
    size_t index = a->missing[f->at], len = manifest_chunk_len(&a->manifest, index);
    *item = (struct host_fetch_item){
        .path = "/v1/chunks/", .size = len, .size_max = len, .index = f->at};
    memcpy(item->hash, a->manifest.chunks[index].hash, sizeof item->hash);
    f->at = assembly_run_end(a, f->at);
    return HOST_FETCH_ITEM;
}

static enum err_code chunk_got(void *self, const struct host_fetch_item *item,
                               const struct buf *body, struct err *err)
{
    struct dos_feed *f = self;
    return assembly_take(f->assembly, item->index, body, ASSEMBLY_DOS, err);
}

/* One after the other, for as long as nothing about it is in doubt. What is wrong with one is worth
 * a word and no more: dos has all of it. */
static void follow_neighbours(struct assembly *a, unsigned left)
{
    for (size_t i = 0; i < a->job->sources_len && a->left > 0; i++) {
        struct err why = {0};
        if ((left >> i & 1) == 0 && host_near_follow(a, &a->job->sources[i], &why) != ERR_OK)
            leave(a->job, i, why.text);
    }
}

static void say_sources(const struct assembly *a)
{
    char kib[ASSEMBLY_ORIGIN_COUNT][24], fetched[24];
    for (int i = 0; i < ASSEMBLY_ORIGIN_COUNT; i++)
        snprintf(kib[i], sizeof kib[i], "%lld", (long long)(a->came_bytes[i] >> 10));
    snprintf(fetched, sizeof fetched, "%lld",
             (long long)((a->came_bytes[ASSEMBLY_DOS] + a->came_bytes[ASSEMBLY_NEIGHBOUR]) >> 10));
    log_info("image.fetched", "manifest", a->job->manifest, "kib", fetched, "kib_from_neighbours",
             kib[ASSEMBLY_NEIGHBOUR], "kib_from_here", kib[ASSEMBLY_HERE], NULL);
}

/* From the nearest place to the farthest: this host, other hosts, dos. */
static enum err_code assemble(struct assembly *a, struct err *err)
{
    struct stat st;
    unsigned left = 0;
    struct dos_feed of_dos = {.assembly = a};
    struct host_fetch_feed rest = {&of_dos, chunk_next, chunk_got};
    if (get_manifest(a, &left, err) != ERR_OK)
        return err->code;
    if (fstat(a->fd, &st) != 0 || ftruncate(a->fd, (off_t)a->manifest.size_bytes) != 0)
        return err_set(err, ERR_IO, "part file: %s", strerror(errno));
    assembly_survey(a, st.st_size > 0);
    if (check_room(a, err) != ERR_OK)
        return err->code;
    assembly_progress(a);
    host_kin_copy(a);
    follow_neighbours(a, left);
    if (host_fetch_run(&a->job->peer, &rest, err) == ERR_OK)
        say_sources(a);
    return err->code;
}

static bool is_there(const char *path)
{
    /* the time of the last use: what host_image_evict goes by */
    return utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW) == 0 || access(path, F_OK) == 0;
}

static enum err_code make(const struct host_image_job *job, const char *part, const char *path,
                          int fd, struct err *err)
{
    struct assembly a = {.job = job, .fd = fd};
    enum err_code code = assemble(&a, err);
    if (code == ERR_OK && fchmod(fd, 0444) != 0)
        code = err_set(err, ERR_IO, "chmod: %s", strerror(errno));
    if (code == ERR_OK)
        code = host_durable_publish(fd, part, path, job->images_dir, err);
    assembly_fini(&a);
    return code;
}

enum err_code host_image_ensure(const struct host_image_job *job, struct err *err)
{
    char path[HOST_PATH_SIZE], part[HOST_PATH_SIZE];
    host_layout_base(path, job->images_dir, job->manifest);
    host_layout_part(part, job->images_dir, job->manifest);
    if (is_there(path))
        return ERR_OK;
    int fd = open(part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || flock(fd, LOCK_EX) != 0) {
        err_set(err, ERR_IO, "%s: %s", part, strerror(errno));
        if (fd >= 0)
            close(fd);
        return err->code;
    }
    /* Whoever held the lock before may have finished: then `fd` is the base itself, or is no
     * name's any more. */
    enum err_code code = is_there(path) ? ERR_OK : make(job, part, path, fd, err);
    close(fd);
    return code;
}
