/* stores.c - a pool per schema. */
#include "tests/sim/stores.h"

#include "base/check.h"
#include "tests/sim/vfs.h"

#include <stdlib.h>

enum { SCHEMAS_MAX = 8, IDLE_MAX = 32 };

static struct pool {
    const struct store_schema *schema;
    void *pristine; /* dump of a store that was only migrated */
    size_t pristine_len;
    void *file; /* the file of such a store, closed */
    size_t file_len;
    struct store *idle[IDLE_MAX];
    size_t idle_len;
} pools[SCHEMAS_MAX];

static struct pool *pool_of(const struct store_schema *schema)
{
    for (size_t i = 0; i < SCHEMAS_MAX; i++) {
        if (pools[i].schema == schema)
            return &pools[i];
        if (pools[i].schema == NULL) {
            pools[i].schema = schema;
            return &pools[i];
        }
    }
    IMPOSSIBLE("more schemas than SCHEMAS_MAX");
}

struct store *sim_stores_take(const struct store_schema *schema)
{
    struct pool *p = pool_of(schema);
    struct store *st = NULL;
    if (p->idle_len > 0) {
        st = p->idle[--p->idle_len];
        store_load(st, p->pristine, p->pristine_len);
        return st;
    }
    struct err err = {0};
    enum err_code code = store_open(&st, ":memory:", schema, &err);
    INV(code == ERR_OK);
    if (p->pristine == NULL)
        p->pristine = store_dump(st, &p->pristine_len);
    return st;
}

void sim_stores_give(const struct store_schema *schema, struct store *st)
{
    struct pool *p = pool_of(schema);
    if (p->idle_len < IDLE_MAX)
        p->idle[p->idle_len++] = st;
    else
        store_close(st);
}

void sim_stores_reset(const struct store_schema *schema, struct store *st)
{
    struct pool *p = pool_of(schema);
    store_load(st, p->pristine, p->pristine_len);
}

/* ---- level B -------------------------------------------------------------------------------- */

static struct store *try_open(const struct store_schema *schema, struct sim_disk *d,
                              struct err *err)
{
    struct store *st = NULL;
    sim_vfs_register();
    return store_open(&st, sim_disk_path(d), schema, err) == ERR_OK ? st : NULL;
}

struct store *sim_stores_try_open(const struct store_schema *schema, struct sim_disk *d)
{
    struct err err = {0};
    return try_open(schema, d, &err);
}

struct store *sim_stores_open(const struct store_schema *schema, struct sim_disk *d)
{
    struct err err = {0};
    struct store *st = try_open(schema, d, &err);
    if (st == NULL)
        check_failed("RECOVERY", err.text, __FILE__, __LINE__, __func__);
    return st;
}

static void make_file(struct pool *p)
{
    struct sim_disk *d = sim_disk_new();
    store_close(sim_stores_open(p->schema, d));
    const struct sim_file *f = sim_disk_find(d, "store");
    INV(f != NULL && sim_disk_find(d, "store-wal") == NULL);
    p->file_len = (size_t)sim_file_size(f);
    p->file = check_alloc(p->file_len);
    INV(sim_file_read(f, 0, p->file, p->file_len) == p->file_len);
    sim_disk_free(d);
}

void sim_stores_install(const struct store_schema *schema, struct sim_disk *d)
{
    struct pool *p = pool_of(schema);
    if (p->file == NULL)
        make_file(p);
    sim_disk_install(d, "store", p->file, p->file_len);
}

void sim_stores_fini(void)
{
    for (size_t i = 0; i < SCHEMAS_MAX; i++) {
        while (pools[i].idle_len > 0)
            store_close(pools[i].idle[--pools[i].idle_len]);
        free(pools[i].pristine);
        free(pools[i].file);
        pools[i] = (struct pool){0};
    }
}
