/* image.c - assembles bases out of chunks; see image.h. */
#include "computer-manager/effect/image.h"

#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "computer-manager/effect/durable.h"
#include "computer-manager/effect/layout.h"
#include "proto/wire/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* What must stay free on the file system of the images beyond the image itself. */
#define SPARE_BYTES ((uint64_t)64 * 1024 * 1024)

struct assembly {
    const struct host_image_job *job;
    int fd; /* of the part file, locked */
    struct manifest manifest;
    size_t *missing; /* indices of chunks, ordered by hash, so that equal ones stand together */
    bool *is_got;    /* of each of them, at the first of a run of equal ones */
    size_t missing_len, at;
    char folder[HOST_HASH_SIZE + 16]; /* of the image's chunks at another host */
    bool is_near;                     /* it is fetched from another host now */
    int64_t came_bytes, near_bytes;   /* that were fetched; of them from other hosts */
    int64_t done_bytes;
};

static void progress(const struct assembly *a)
{
    const struct host_disk_config *c = a->job->config;
    if (c->progress != NULL)
        c->progress(c->self, a->job->manifest, a->done_bytes, (int64_t)a->manifest.size_bytes);
}

static off_t offset_of(const struct assembly *a, size_t index)
{
    return (off_t)index * (off_t)a->manifest.chunk_size_bytes;
}

/* ---- the manifest ---------------------------------------------------------------------- */

struct manifest_feed {
    struct assembly *assembly;
    bool is_asked;
};

static bool manifest_next(void *self, struct host_fetch_item *item)
{
    struct manifest_feed *f = self;
    if (f->is_asked)
        return false;
    const struct host_image_job *job = f->assembly->job;
    uint64_t chunks = (uint64_t)job->size_bytes / MANIFEST_CHUNK_SIZE + 1;
    f->is_asked = true;
    *item = (struct host_fetch_item){.path = "/v1/manifests/", .size_max = chunks * 67 + 256};
    bool is_hex = str_unhex(item->hash, sizeof item->hash, job->manifest);
    PRE(is_hex);
    return true;
}

static enum err_code manifest_got(void *self, const struct host_fetch_item *item,
                                  const struct buf *body, struct err *err)
{
    (void)item;
    struct manifest_feed *f = self;
    struct manifest *m = &f->assembly->manifest;
    if (manifest_decode(m, buf_str(body), body->len, err) != ERR_OK)
        return err->code;
    if (m->size_bytes > (uint64_t)f->assembly->job->size_bytes)
        return err_set(err, ERR_IMAGE_INVALID, "the image is larger than was said");
    return ERR_OK;
}

/* ---- what is there already --------------------------------------------------------------- */

static bool is_chunk(const struct assembly *a, size_t index, unsigned char *room)
{
    size_t len = manifest_chunk_len(&a->manifest, index);
    unsigned char sum[32];
    unsigned sum_len = sizeof sum;
    if (pread(a->fd, room, len, offset_of(a, index)) != (ssize_t)len)
        return false;
    int done = EVP_Digest(room, len, sum, &sum_len, EVP_sha256(), NULL);
    POST(done == 1);
    return memcmp(sum, a->manifest.chunks[index].hash, sizeof sum) == 0;
}

static int by_hash(const void *x, const void *y, void *self)
{
    const struct assembly *a = self;
    const size_t *i = x, *j = y;
    int order = memcmp(a->manifest.chunks[*i].hash, a->manifest.chunks[*j].hash,
                       MANIFEST_HASH_SIZE);
    return order != 0 ? order : (*i > *j) - (*i < *j);
}

static void survey(struct assembly *a, bool is_resumed)
{
    unsigned char *room = check_alloc(a->manifest.chunk_size_bytes);
    a->missing = check_alloc(a->manifest.len * sizeof *a->missing);
    a->is_got = check_alloc(a->manifest.len * sizeof *a->is_got);
    snprintf(a->folder, sizeof a->folder, "/v1/bases/%s/", a->job->manifest);
    for (size_t i = 0; i < a->manifest.len; i++) {
        if (a->manifest.chunks[i].is_hole || (is_resumed && is_chunk(a, i, room)))
            a->done_bytes += (int64_t)manifest_chunk_len(&a->manifest, i);
        else
            a->missing[a->missing_len++] = i;
    }
    free(room);
    qsort_r(a->missing, a->missing_len, sizeof *a->missing, by_hash, a);
}

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

/* ---- the chunks ------------------------------------------------------------------------ */

/* Index in `missing` after the run of equal hashes that begins at `from`. */
static size_t run_end(const struct assembly *a, size_t from)
{
    size_t to = from + 1;
    while (to < a->missing_len &&
           memcmp(a->manifest.chunks[a->missing[from]].hash,
                  a->manifest.chunks[a->missing[to]].hash, MANIFEST_HASH_SIZE) == 0)
        to++;
    return to;
}

static bool chunk_next(void *self, struct host_fetch_item *item)
{
    struct assembly *a = self;
    while (a->at < a->missing_len && a->is_got[a->at])
        a->at = run_end(a, a->at);
    if (a->at == a->missing_len)
        return false;
    size_t index = a->missing[a->at], len = manifest_chunk_len(&a->manifest, index);
    *item = (struct host_fetch_item){.path = a->is_near ? a->folder : "/v1/chunks/",
                                     .size = len,
                                     .size_max = len,
                                     .index = a->at,
                                     .is_numbered = a->is_near,
                                     .number = index};
    memcpy(item->hash, a->manifest.chunks[index].hash, sizeof item->hash);
    a->at = run_end(a, a->at);
    return true;
}

static enum err_code write_chunk(const struct assembly *a, size_t index, const struct buf *body,
                                 struct err *err)
{
    size_t len = 0;
    if (manifest_chunk_len(&a->manifest, index) != body->len)
        return err_set(err, ERR_IMAGE_INVALID, "the manifest gives one hash two lengths");
    while (len < body->len) {
        ssize_t n = pwrite(a->fd, body->data + len, body->len - len,
                           offset_of(a, index) + (off_t)len);
        if (n < 0 && errno != EINTR)
            return err_set(err, errno == ENOSPC ? ERR_NO_SPACE : ERR_IO, "write: %s",
                           strerror(errno));
        len += n > 0 ? (size_t)n : 0;
    }
    return ERR_OK;
}

static enum err_code chunk_got(void *self, const struct host_fetch_item *item,
                               const struct buf *body, struct err *err)
{
    struct assembly *a = self;
    size_t to = run_end(a, item->index);
    a->is_got[item->index] = true;
    a->came_bytes += (int64_t)body->len;
    a->near_bytes += a->is_near ? (int64_t)body->len : 0;
    for (size_t i = item->index; i < to; i++) {
        if (write_chunk(a, a->missing[i], body, err) != ERR_OK)
            return err->code;
        a->done_bytes += (int64_t)body->len;
    }
    progress(a);
    return ERR_OK;
}

/* ---- the whole ------------------------------------------------------------------------- */

/* One after the other, for as long as nothing about it is in doubt. What is wrong with one is worth
 * a word and no more: dos has all of it. */
static void ask_neighbours(struct assembly *a)
{
    struct host_fetch_feed feed = {a, chunk_next, chunk_got};
    a->is_near = true;
    for (size_t i = 0; i < a->job->sources_len; i++) {
        struct err why = {0};
        a->at = 0;
        if (host_fetch_run(&a->job->sources[i], &feed, &why) == ERR_OK)
            break;
        log_info("image.neighbour_left", "manifest", a->job->manifest, "host",
                 a->job->sources[i].name, "why", why.text, NULL);
    }
    a->is_near = false;
    a->at = 0;
}

static void say_sources(const struct assembly *a)
{
    char near[24], all[24];
    snprintf(near, sizeof near, "%lld", (long long)(a->near_bytes >> 10));
    snprintf(all, sizeof all, "%lld", (long long)(a->came_bytes >> 10));
    log_info("image.fetched", "manifest", a->job->manifest, "kib", all, "kib_from_neighbours", near,
             NULL);
}

static enum err_code assemble(struct assembly *a, struct err *err)
{
    struct stat st;
    struct manifest_feed of_manifest = {.assembly = a};
    struct host_fetch_feed first = {&of_manifest, manifest_next, manifest_got};
    struct host_fetch_feed rest = {a, chunk_next, chunk_got};
    if (host_fetch_run(&a->job->peer, &first, err) != ERR_OK)
        return err_wrap(err, "manifest");
    if (fstat(a->fd, &st) != 0 || ftruncate(a->fd, (off_t)a->manifest.size_bytes) != 0)
        return err_set(err, ERR_IO, "part file: %s", strerror(errno));
    survey(a, st.st_size > 0);
    if (check_room(a, err) != ERR_OK)
        return err->code;
    progress(a);
    ask_neighbours(a);
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
    manifest_fini(&a.manifest);
    free(a.missing);
    free(a.is_got);
    return code;
}

enum err_code host_image_ensure(const struct host_image_job *job, struct err *err)
{
    char path[HOST_PATH_SIZE], part[HOST_PATH_SIZE];
    host_layout_base(path, job->images_dir, job->manifest);
    snprintf(part, sizeof part, "%s/.%s.part", job->images_dir, job->manifest);
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
