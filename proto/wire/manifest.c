/* manifest.c - the codec of image manifests. Called by dos (writes) and by hosts (read). */
#include "proto/wire/manifest.h"

#include "base/check.h"
#include "base/str.h"
#include "proto/wire/load.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { SECTOR = 512 };

static size_t chunk_count(uint64_t size_bytes, uint64_t chunk_size)
{
    return (size_t)((size_bytes + chunk_size - 1) / chunk_size);
}

void manifest_init(struct manifest *m, uint64_t size_bytes)
{
    PRE(size_bytes > 0 && size_bytes <= MANIFEST_MAX_SIZE && size_bytes % SECTOR == 0);
    *m = (struct manifest){.size_bytes = size_bytes,
                           .chunk_size_bytes = MANIFEST_CHUNK_SIZE,
                           .len = chunk_count(size_bytes, MANIFEST_CHUNK_SIZE)};
    m->chunks = check_alloc(m->len * sizeof *m->chunks);
    memset(m->chunks, 0, m->len * sizeof *m->chunks);
    for (size_t i = 0; i < m->len; i++)
        m->chunks[i].is_hole = true;
}

void manifest_fini(struct manifest *m)
{
    free(m->chunks);
    *m = (struct manifest){0};
}

size_t manifest_chunk_len(const struct manifest *m, size_t index)
{
    PRE(index < m->len);
    uint64_t from = (uint64_t)index * m->chunk_size_bytes;
    uint64_t left = m->size_bytes - from;
    return (size_t)(left < m->chunk_size_bytes ? left : m->chunk_size_bytes);
}

void manifest_encode(struct buf *out, const struct manifest *m)
{
    PRE(m->len == chunk_count(m->size_bytes, m->chunk_size_bytes));
    buf_printf(out,
               "{\"version\":1,\"hash\":\"sha256\",\"size\":%llu,\"chunk_size\":%u,\"chunks\":[",
               (unsigned long long)m->size_bytes, m->chunk_size_bytes);
    for (size_t i = 0; i < m->len; i++) {
        char hex[2 * MANIFEST_HASH_SIZE + 1] = "";
        if (!m->chunks[i].is_hole)
            str_hex(hex, m->chunks[i].hash, MANIFEST_HASH_SIZE);
        buf_printf(out, "%s\"%s\"", i > 0 ? "," : "", hex);
    }
    buf_text(out, "]}");
}

static bool is_int(const json_t *json, json_int_t min, json_int_t max)
{
    return json_is_integer(json) && json_integer_value(json) >= min &&
           json_integer_value(json) <= max;
}

static bool is_head_valid(const json_t *json)
{
    const json_t *size = json_object_get(json, "size");
    const char *hash = json_string_value(json_object_get(json, "hash"));
    return hash != NULL && str_eq(hash, "sha256") &&
           is_int(json_object_get(json, "version"), 1, 1) &&
           is_int(json_object_get(json, "chunk_size"), MANIFEST_CHUNK_SIZE, MANIFEST_CHUNK_SIZE) &&
           is_int(size, SECTOR, (json_int_t)MANIFEST_MAX_SIZE) &&
           json_integer_value(size) % SECTOR == 0;
}

static bool decode_chunk(struct manifest_chunk *chunk, const json_t *json)
{
    if (!json_is_string(json))
        return false;
    chunk->is_hole = json_string_length(json) == 0;
    return chunk->is_hole || str_unhex(chunk->hash, MANIFEST_HASH_SIZE, json_string_value(json));
}

/* Room is made for as many chunks as are there, never for as many as it says. */
static enum err_code decode_chunks(struct manifest *m, uint64_t size_bytes, const json_t *chunks,
                                   struct err *err)
{
    if (!json_is_array(chunks) ||
        json_array_size(chunks) != chunk_count(size_bytes, MANIFEST_CHUNK_SIZE))
        return err_set(err, ERR_IMAGE_INVALID, "manifest: its chunks do not make up its size");
    manifest_init(m, size_bytes);
    for (size_t i = 0; i < m->len; i++)
        if (!decode_chunk(&m->chunks[i], json_array_get(chunks, i)))
            return err_set(err, ERR_IMAGE_INVALID, "manifest: chunk %zu is not a SHA-256", i);
    return ERR_OK;
}

enum err_code manifest_decode(struct manifest *m, const char *text, size_t len, struct err *err)
{
    PRE(m != NULL && text != NULL);
    *m = (struct manifest){0};
    json_error_t why;
    json_t *json = wire_load(text, len, 0, &why);
    if (!json_is_object(json) || !is_head_valid(json)) {
        json_decref(json);
        return err_set(err, ERR_IMAGE_INVALID, "manifest: not a manifest of version 1");
    }
    uint64_t size_bytes = (uint64_t)json_integer_value(json_object_get(json, "size"));
    enum err_code code = decode_chunks(m, size_bytes, json_object_get(json, "chunks"), err);
    json_decref(json);
    if (code != ERR_OK)
        manifest_fini(m);
    return code;
}
