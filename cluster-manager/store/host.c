/* host.c - the host_use, drained and host_changed tables. */
#include "cluster-manager/store/host.h"

#include "base/check.h"

struct cluster_host_rows cluster_host_load(struct store *st, const char *host)
{
    struct query q;
    query_open(&q, st,
               "SELECT ifnull(u.memory_mib, 0), ifnull(u.vcpus, 0), ifnull(u.disk_bytes, 0),"
               " ifnull(u.instances, 0), EXISTS(SELECT 1 FROM drained WHERE host=?1)"
               " FROM (SELECT 1) LEFT JOIN host_use u ON u.host=?1",
               "s", host);
    bool there = query_next(&q);
    INV(there);
    struct cluster_host_rows rows = {.used = {query_i64(&q, 0), query_i64(&q, 1), query_i64(&q, 2)},
                                     .instances = query_i64(&q, 3),
                                     .is_drained = query_i64(&q, 4) != 0};
    query_close(&q);
    return rows;
}

bool cluster_host_any_changed(struct store *st)
{
    return store_has(st, "SELECT 1 FROM host_changed LIMIT 1", "");
}

void cluster_host_forget_changed(struct store *st)
{
    store_run(st, "DELETE FROM host_changed", "");
}
