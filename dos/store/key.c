/* key.c - the tables of access keys and secrets. Called by ops/wishes (write) and by the directory
 * of the data threads (read); never unseals. */
#include "dos/store/key.h"

void dos_key_put(struct store *st, const char *id, const char *account, const char *sealed)
{
    store_run(st,
              "INSERT INTO access_key VALUES(?,?,?) ON CONFLICT(id) DO UPDATE SET"
              " account=excluded.account, sealed=excluded.sealed",
              "sss", id, account, sealed);
}

void dos_key_delete(struct store *st, const char *id)
{
    store_run(st, "DELETE FROM access_key WHERE id=?", "s", id);
}

void dos_key_query(struct store *st, struct query *q)
{
    query_open(q, st, "SELECT id, account, sealed FROM access_key ORDER BY id", "");
}

void dos_secret_put(struct store *st, const char *name, const char *sealed)
{
    store_run(st,
              "INSERT INTO secret VALUES(?,?) ON CONFLICT(name) DO UPDATE SET"
              " sealed=excluded.sealed",
              "ss", name, sealed);
}

void dos_secret_delete(struct store *st, const char *name)
{
    store_run(st, "DELETE FROM secret WHERE name=?", "s", name);
}

void dos_secret_query(struct store *st, struct query *q)
{
    query_open(q, st, "SELECT name, sealed FROM secret ORDER BY name", "");
}
