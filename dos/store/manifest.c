/* manifest.c - the tables of manifests and chunks. Called by ops; decides nothing. */
#include "dos/store/manifest.h"

void dos_manifest_insert(struct store *st, const char *hash, const struct buf *text,
                         const struct manifest *m)
{
    if (!store_try(st, "INSERT INTO manifest(hash, size, text) VALUES(?,?,?)", "sib", hash,
                   (int64_t)m->size_bytes, text->data, text->len))
        return;
    int64_t id = store_i64(st, 0, "SELECT id FROM manifest WHERE hash=?", "s", hash);
    for (size_t i = 0; i < m->len; i++)
        if (!m->chunks[i].is_hole)
            store_run(st, "INSERT OR IGNORE INTO manifest_chunk VALUES(?,?,?)", "ibi", id,
                      m->chunks[i].hash, (size_t)MANIFEST_HASH_SIZE,
                      (int64_t)manifest_chunk_len(m, i));
}

void dos_manifest_drop_unused(struct store *st, const char *hash)
{
    int64_t id = store_i64(st, 0,
                           "SELECT id FROM manifest WHERE hash=?1 AND NOT EXISTS"
                           " (SELECT 1 FROM import WHERE manifest=?1 AND manifest<>'')",
                           "s", hash);
    if (id == 0)
        return;
    store_run(st, "DELETE FROM manifest_chunk WHERE manifest=?", "i", id);
    store_run(st, "DELETE FROM manifest WHERE id=?", "i", id);
}

bool dos_manifest_text(struct store *st, const char *hash, struct buf *out)
{
    struct query q;
    query_open(&q, st, "SELECT text FROM manifest WHERE hash=?", "s", hash);
    bool found = query_next(&q);
    if (found) {
        size_t len;
        const void *text = query_blob(&q, 0, &len);
        buf_append(out, text, len);
    }
    query_close(&q);
    return found;
}

int64_t dos_manifest_chunk(struct store *st, const char *hash,
                           const unsigned char chunk[MANIFEST_HASH_SIZE])
{
    return store_i64(st, -1,
                     "SELECT c.size FROM manifest_chunk c JOIN manifest m ON m.id=c.manifest"
                     " WHERE m.hash=? AND c.hash=?",
                     "sb", hash, chunk, (size_t)MANIFEST_HASH_SIZE);
}

bool dos_chunk_has(struct store *st, const unsigned char chunk[MANIFEST_HASH_SIZE])
{
    return store_has(st, "SELECT 1 FROM chunk WHERE hash=?", "b", chunk,
                     (size_t)MANIFEST_HASH_SIZE);
}
