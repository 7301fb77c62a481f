/* turn_bare.c - see turn_bare.h. */
#include "bench/turn_bare.h"

#include "base/check.h"
#include "base/store.h"

#include <string.h>
#include <time.h>

enum { BARE_BYTES = 600 };

int64_t turn_cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void turn_bare(const char *path, int64_t *ns, size_t count)
{
    static const char *const tables[] = {"CREATE TABLE row(id INTEGER PRIMARY KEY, body TEXT)"};
    const struct store_schema schema = {tables, 1};
    char body[BARE_BYTES + 1];
    struct err err = {0};
    struct store *store;
    memset(body, 'x', BARE_BYTES);
    body[BARE_BYTES] = '\0';
    enum err_code code = store_open(&store, path, &schema, &err);
    INV(code == ERR_OK);
    for (size_t i = 0; i < count; i++) {
        int64_t began_ns = turn_cpu_ns();
        store_begin(store);
        store_run(store, "INSERT INTO row(body) VALUES(?)", "s", body);
        code = store_commit(store, &err);
        INV(code == ERR_OK);
        ns[i] = turn_cpu_ns() - began_ns;
    }
    store_close(store);
}
