/* assembly.c - the part file of a base; see assembly.h. */
#include "computer-manager/effect/assembly.h"

#include "base/check.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static off_t offset_of(const struct assembly *a, size_t index)
{
    return (off_t)index * (off_t)a->manifest.chunk_size_bytes;
}

void assembly_progress(const struct assembly *a)
{
    const struct host_disk_config *c = a->job->config;
    if (c->progress != NULL)
        c->progress(c->self, a->job->manifest, a->done_bytes, (int64_t)a->manifest.size_bytes);
}

/* ---- what is missing --------------------------------------------------------------------- */

static bool is_chunk(const struct assembly *a, size_t index, unsigned char *room)
{
    size_t len = manifest_chunk_len(&a->manifest, index);
    unsigned char sum[MANIFEST_HASH_SIZE];
    unsigned sum_len = sizeof sum;
    if (pread(a->fd, room, len, offset_of(a, index)) != (ssize_t)len)
        return false;
    int done = EVP_Digest(room, len, sum, &sum_len, EVP_sha256(), NULL);
    POST(done == 1);
    return memcmp(sum, a->manifest.chunks[index].hash, sizeof sum) == 0;
}

static const unsigned char *hash_at(const struct assembly *a, size_t at)
{
    return a->manifest.chunks[a->missing[at]].hash;
}

static int by_hash(const void *x, const void *y, void *self)
{
    const struct assembly *a = self;
    const size_t *i = x, *j = y;
    int order = memcmp(a->manifest.chunks[*i].hash, a->manifest.chunks[*j].hash,
                       MANIFEST_HASH_SIZE);
    return order != 0 ? order : (*i > *j) - (*i < *j);
}

void assembly_survey(struct assembly *a, bool is_resumed)
{
    unsigned char *room = check_alloc(a->manifest.chunk_size_bytes);
    a->missing = check_alloc(a->manifest.len * sizeof *a->missing);
    a->is_got = check_alloc(a->manifest.len * sizeof *a->is_got);
    for (size_t i = 0; i < a->manifest.len; i++) {
        if (a->manifest.chunks[i].is_hole || (is_resumed && is_chunk(a, i, room)))
            a->done_bytes += (int64_t)manifest_chunk_len(&a->manifest, i);
        else
            a->missing[a->missing_len++] = i;
    }
    free(room);
    qsort_r(a->missing, a->missing_len, sizeof *a->missing, by_hash, a);
    for (size_t at = 0; at < a->missing_len; at = assembly_run_end(a, at))
        a->left++;
}

void assembly_fini(struct assembly *a)
{
    manifest_fini(&a->manifest);
    free(a->missing);
    free(a->is_got);
}

size_t assembly_run_end(const struct assembly *a, size_t from)
{
    size_t to = from + 1;
    while (to < a->missing_len && memcmp(hash_at(a, from), hash_at(a, to), MANIFEST_HASH_SIZE) == 0)
        to++;
    return to;
}

size_t assembly_next(const struct assembly *a, size_t from)
{
    while (from < a->missing_len && a->is_got[from])
        from = assembly_run_end(a, from);
    return from;
}

size_t assembly_find(const struct assembly *a, const unsigned char hash[MANIFEST_HASH_SIZE])
{
    size_t low = 0, high = a->missing_len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(hash_at(a, middle), hash, MANIFEST_HASH_SIZE) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool is_found = low < a->missing_len && !a->is_got[low] &&
                    memcmp(hash_at(a, low), hash, MANIFEST_HASH_SIZE) == 0;
    return is_found ? low : a->missing_len;
}

/* ---- what comes -------------------------------------------------------------------------- */

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

static void count(struct assembly *a, size_t at, size_t len, enum assembly_origin from)
{
    a->is_got[at] = true;
    a->left--;
    a->came_bytes[from] += (int64_t)len;
    a->done_bytes += (int64_t)(len * (assembly_run_end(a, at) - at));
    assembly_progress(a);
}

enum err_code assembly_take(struct assembly *a, size_t at, const struct buf *body,
                            enum assembly_origin from, struct err *err)
{
    PRE(at < a->missing_len && !a->is_got[at]);
    size_t to = assembly_run_end(a, at);
    for (size_t i = at; i < to; i++)
        if (write_chunk(a, a->missing[i], body, err) != ERR_OK)
            return err->code;
    count(a, at, body->len, from);
    return ERR_OK;
}

static bool copy_chunk(const struct assembly *a, size_t index, int from_fd, off_t from,
                       unsigned char *room)
{
    off_t to = offset_of(a, index);
    for (size_t left = manifest_chunk_len(&a->manifest, index); left > 0;) {
        ssize_t n = copy_file_range(from_fd, &from, a->fd, &to, left, 0);
        if (n == 0 || (n < 0 && errno != EINTR))
            return false;
        left -= n > 0 ? (size_t)n : 0;
    }
    return is_chunk(a, index, room);
}

void assembly_copy(struct assembly *a, size_t at, int from_fd, off_t from_offset)
{
    PRE(at < a->missing_len && !a->is_got[at]);
    unsigned char *room = check_alloc(a->manifest.chunk_size_bytes);
    size_t to = assembly_run_end(a, at);
    bool is_right = true;
    for (size_t i = at; i < to && is_right; i++)
        is_right = copy_chunk(a, a->missing[i], from_fd, from_offset, room);
    if (is_right)
        count(a, at, manifest_chunk_len(&a->manifest, a->missing[at]), ASSEMBLY_HERE);
    free(room);
}
