/* stores.c - a pool per schema. */
#include "tests/sim/stores.h"

#include "base/check.h"

#include <stdlib.h>

enum { SCHEMAS_MAX = 8, IDLE_MAX = 32 };

static struct pool {
    const struct store_schema *schema;
    void *pristine; /* dump of a store that was only migrated */
    size_t pristine_len;
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

void sim_stores_fini(void)
{
    for (size_t i = 0; i < SCHEMAS_MAX; i++) {
        while (pools[i].idle_len > 0)
            store_close(pools[i].idle[--pools[i].idle_len]);
        free(pools[i].pristine);
        pools[i] = (struct pool){0};
    }
}
