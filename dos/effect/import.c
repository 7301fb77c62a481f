/* import.c - from an object to a manifest: look at its header, convert it in the jail if it is a
 * qcow2 (raw and ISO need no converter), cut it into chunks. On a worker thread; what it leaves
 * when it is killed lies in tmp, or is a chunk without a row: the sweep's. */
#include "dos/effect/import.h"

#include "base/check.h"
#include "base/str.h"
#include "dos/jobs.h"
#include "dos/model/image.h"
#include "dos/op.h"
#include "dos/segments.h"
#include "proto/auth/digest.h"
#include "proto/wire/manifest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The object's bytes: in memory, or in files. */
struct source {
    const char *bytes;             /* borrowed from the spec; or NULL */
    struct dos_segments *segments; /* or these */
    uint64_t size_bytes;
};

/* One import under way. */
struct import {
    const struct dos_importer *importer;
    struct dos_bodies bodies;
    struct source source;
    struct dos_image image;
    struct dos_temporary input, output; /* of the converter */
    unsigned char *buffer;              /* MANIFEST_CHUNK_SIZE bytes */
    struct err *err;
};

static bool read_source(const struct source *s, uint64_t at, void *to, size_t len)
{
    if (s->bytes != NULL) {
        memcpy(to, s->bytes + at, len);
        return true;
    }
    for (char *out = to; len > 0;) {
        ssize_t n = dos_segments_read(s->segments, at, out, len);
        if (n <= 0)
            return false;
        out += n;
        at += (uint64_t)n;
        len -= (size_t)n;
    }
    return true;
}

static enum err_code unreadable(struct import *i)
{
    return err_set(i->err, ERR_IO, "the object's bytes could not be read");
}

static void open_source(struct import *i, struct dos_unpack *spec, enum dos_body_kind kind)
{
    size_t len;
    if (kind == DOS_BODY_INLINE) {
        i->source.bytes = dos_unpack_blob(spec, &len);
        INV(len == i->source.size_bytes);
        return;
    }
    i->source.segments = dos_segments_new(&i->bodies, 0);
    for (int64_t start = 0; dos_unpack_more(spec);) {
        const char *ref = dos_unpack_text(spec);
        int64_t size = dos_unpack_i64(spec);
        dos_segments_add(i->source.segments, ref, start, size);
        start += size;
    }
}

static enum err_code look_at_header(struct import *i, uint64_t limit)
{
    uint64_t size = i->source.size_bytes;
    size_t len = size < DOS_IMAGE_PREFIX_SIZE ? (size_t)size : DOS_IMAGE_PREFIX_SIZE;
    unsigned char *prefix = check_alloc(len + 1);
    enum err_code code = read_source(&i->source, 0, prefix, len)
                             ? dos_image_check(&i->image, prefix, len, size, limit, i->err)
                             : unreadable(i);
    free(prefix);
    return code;
}

/* All of the disk, though holes will take none: a bomb is refused before it is unpacked. */
static enum err_code check_room(struct import *i)
{
    uint64_t copy = i->image.format == DOS_IMAGE_QCOW2 ? i->source.size_bytes : 0;
    if (i->bodies.room(i->bodies.self, (int64_t)(copy + i->image.size_bytes), i->err) == ERR_OK)
        return ERR_OK;
    return err_set(i->err, ERR_NO_SPACE, "there is no room for a disk of %llu bytes",
                   (unsigned long long)i->image.size_bytes);
}

static enum err_code copy_input(struct import *i)
{
    uint64_t size = i->source.size_bytes;
    for (uint64_t at = 0; at < size; at += MANIFEST_CHUNK_SIZE) {
        size_t len = size - at < MANIFEST_CHUNK_SIZE ? (size_t)(size - at) : MANIFEST_CHUNK_SIZE;
        if (!read_source(&i->source, at, i->buffer, len))
            return unreadable(i);
        if (i->bodies.write(i->bodies.self, &i->input, i->buffer, len, i->err) != ERR_OK)
            return i->err->code;
    }
    return ERR_OK;
}

static enum err_code convert(struct import *i)
{
    void *self = i->bodies.self;
    if (i->bodies.begin(self, &i->input, i->err) != ERR_OK ||
        i->bodies.begin(self, &i->output, i->err) != ERR_OK || copy_input(i) != ERR_OK)
        return i->err->code;
    enum err_code code = dos_converter_run(&i->importer->converter, i->input.fd, i->output.fd,
                                           i->image.size_bytes, i->err);
    i->bodies.drop(self, &i->input);
    if (code == ERR_OK && ftruncate(i->output.fd, (off_t)i->image.size_bytes) != 0)
        return err_set(i->err, ERR_IO, "ftruncate: %s", strerror(errno));
    return code;
}

/* Is everything from `at` on, up to the end of the chunk, a hole of the file? Then nothing needs to
 * be read. */
static bool is_hole(const struct import *i, uint64_t at, size_t len)
{
    if (!i->output.is_open)
        return false;
    off_t data = lseek(i->output.fd, (off_t)at, SEEK_DATA);
    return data < 0 ? errno == ENXIO : (uint64_t)data >= at + len;
}

/* Bytes of the raw image into the buffer; a raw object that ends within a sector is padded. */
static bool read_chunk(struct import *i, uint64_t at, size_t len)
{
    if (i->output.is_open)
        return pread(i->output.fd, i->buffer, len, (off_t)at) == (ssize_t)len;
    uint64_t left = i->source.size_bytes - at;
    size_t have = left < len ? (size_t)left : len;
    memset(i->buffer + have, 0, len - have);
    return read_source(&i->source, at, i->buffer, have);
}

static bool is_zero(const unsigned char *bytes, size_t len)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0;
}

static enum err_code store_chunk(struct import *i, struct manifest *m, size_t index)
{
    uint64_t at = (uint64_t)index * MANIFEST_CHUNK_SIZE;
    size_t len = manifest_chunk_len(m, index);
    char hex[DIGEST_SHA256_HEX_SIZE];
    if (is_hole(i, at, len))
        return ERR_OK;
    if (!read_chunk(i, at, len))
        return unreadable(i);
    if (is_zero(i->buffer, len))
        return ERR_OK;
    m->chunks[index].is_hole = false;
    digest_sha256(m->chunks[index].hash, i->buffer, len);
    str_hex(hex, m->chunks[index].hash, MANIFEST_HASH_SIZE);
    return dos_files_put_chunk(i->importer->files, hex, i->buffer, len, i->err);
}

static enum err_code cut(struct import *i, struct buf *result)
{
    struct manifest m;
    CLEANUP(buf_fini) struct buf text = {0};
    char hash[DIGEST_SHA256_HEX_SIZE];
    enum err_code code = ERR_OK;
    manifest_init(&m, i->image.size_bytes);
    for (size_t at = 0; at < m.len && code == ERR_OK; at++)
        code = store_chunk(i, &m, at);
    if (code == ERR_OK)
        code = dos_files_sync_chunks(i->importer->files, i->err);
    if (code == ERR_OK) {
        manifest_encode(&text, &m);
        digest_sha256_hex(hash, text.data, text.len);
        dos_pack_text(result, hash);
        dos_pack_blob(result, text.data, text.len);
        dos_pack_i64(result, i->image.format == DOS_IMAGE_ISO);
    }
    manifest_fini(&m);
    return code;
}

enum err_code dos_import_run(void *ctx, const void *spec, size_t spec_size, struct buf *result,
                             struct err *err)
{
    struct dos_unpack fields = {.at = spec, .end = (const char *)spec + spec_size};
    struct import i = {.importer = ctx, .err = err};
    i.bodies = dos_files_bodies(i.importer->files);
    uint64_t limit = (uint64_t)dos_unpack_i64(&fields);
    i.source.size_bytes = (uint64_t)dos_unpack_i64(&fields);
    open_source(&i, &fields, (enum dos_body_kind)dos_unpack_i64(&fields));
    i.buffer = check_alloc(MANIFEST_CHUNK_SIZE);
    enum err_code code = look_at_header(&i, limit);
    if (code == ERR_OK)
        code = check_room(&i);
    if (code == ERR_OK && i.image.format == DOS_IMAGE_QCOW2)
        code = convert(&i);
    if (code == ERR_OK)
        code = cut(&i, result);
    i.bodies.drop(i.bodies.self, &i.input);
    i.bodies.drop(i.bodies.self, &i.output);
    if (i.source.segments != NULL)
        dos_segments_free(i.source.segments);
    free(i.buffer);
    return code;
}
