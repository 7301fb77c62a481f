/* schema.c - numbered migrations. Never change one that was released: add the next. */
#include "dos/store/schema.h"

#include "proto/sync/child.h"

/* chunk, and what becomes of it, is kept by triggers alone: a chunk's row lives exactly as long as
 * a manifest names it, and in the transaction that drops the last name its file becomes garbage
 * (and stops being garbage when it is named again). */
static const char first[] =
    "CREATE TABLE bucket(name TEXT PRIMARY KEY, account TEXT NOT NULL, created_ms INTEGER NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE INDEX bucket_account ON bucket(account, name);"

    "CREATE TABLE inline_body(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);"
    "CREATE TABLE object(bucket TEXT NOT NULL REFERENCES bucket(name), key TEXT NOT NULL,"
    " kind INTEGER NOT NULL CHECK(kind IN (0,1,2)), inline_id INTEGER NOT NULL, ref TEXT NOT NULL,"
    " size INTEGER NOT NULL CHECK(size>=0), etag TEXT NOT NULL, modified_ms INTEGER NOT NULL,"
    " headers TEXT NOT NULL, PRIMARY KEY(bucket, key)) WITHOUT ROWID;"
    "CREATE INDEX object_ref ON object(ref) WHERE ref<>'';"

    "CREATE TABLE upload(id TEXT PRIMARY KEY, bucket TEXT NOT NULL REFERENCES bucket(name),"
    " key TEXT NOT NULL, headers TEXT NOT NULL, created_ms INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX upload_bucket ON upload(bucket, id);"
    "CREATE TABLE part(upload TEXT NOT NULL, number INTEGER NOT NULL, ref TEXT NOT NULL UNIQUE,"
    " size INTEGER NOT NULL, etag TEXT NOT NULL, modified_ms INTEGER NOT NULL,"
    " start INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(upload, number)) WITHOUT ROWID;"

    "CREATE TABLE garbage(name TEXT PRIMARY KEY, since_ms INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX garbage_since ON garbage(since_ms);"

    "CREATE TABLE access_key(id TEXT PRIMARY KEY, account TEXT NOT NULL, sealed TEXT NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE secret(name TEXT PRIMARY KEY, sealed TEXT NOT NULL) WITHOUT ROWID;"

    "CREATE TABLE manifest(id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE,"
    " size INTEGER NOT NULL, text BLOB NOT NULL);"
    "CREATE TABLE chunk(hash BLOB PRIMARY KEY, size INTEGER NOT NULL,"
    " refs INTEGER NOT NULL CHECK(refs>=0)) WITHOUT ROWID;"
    "CREATE TABLE manifest_chunk(manifest INTEGER NOT NULL REFERENCES manifest(id),"
    " hash BLOB NOT NULL, size INTEGER NOT NULL, PRIMARY KEY(manifest, hash)) WITHOUT ROWID;"
    "CREATE TRIGGER manifest_chunk_named AFTER INSERT ON manifest_chunk BEGIN"
    " INSERT INTO chunk VALUES(NEW.hash, NEW.size, 1)"
    "  ON CONFLICT(hash) DO UPDATE SET refs=refs+1;"
    " DELETE FROM garbage WHERE name='chunks/'||lower(hex(NEW.hash)); END;"
    "CREATE TRIGGER manifest_chunk_dropped AFTER DELETE ON manifest_chunk BEGIN"
    " UPDATE chunk SET refs=refs-1 WHERE hash=OLD.hash;"
    " INSERT OR IGNORE INTO garbage SELECT 'chunks/'||lower(hex(hash)), 0 FROM chunk"
    "  WHERE hash=OLD.hash AND refs=0;"
    " DELETE FROM chunk WHERE hash=OLD.hash AND refs=0; END;"

    "CREATE TABLE import(id TEXT PRIMARY KEY, account TEXT NOT NULL, bucket TEXT NOT NULL,"
    " key TEXT NOT NULL, generation INTEGER NOT NULL, state INTEGER NOT NULL,"
    " attempt INTEGER NOT NULL, next_ms INTEGER NOT NULL, manifest TEXT NOT NULL,"
    " size INTEGER NOT NULL, reason TEXT NOT NULL, pepoch INTEGER NOT NULL,"
    " is_cdrom INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX import_state ON import(state, next_ms);"
    "CREATE INDEX import_manifest ON import(manifest) WHERE manifest<>'';";

const struct store_schema *dos_schema(void)
{
    static const char *const migrations[] = {sync_child_schema, first};
    static const struct store_schema schema = {.migrations = migrations, .len = 2};
    return &schema;
}
