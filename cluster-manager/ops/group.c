/* group.c - which security groups a host needs: those of its instances' ports, and those that
 * their rules name (for the addresses of their members). */
#include "base/str.h"
#include "cluster-manager/cluster.h"

#define NEEDED                                                                        \
    "SELECT ig.grp AS grp FROM instance_group ig JOIN instance i ON i.id=ig.instance" \
    " WHERE i.host=?1 UNION SELECT r.ref FROM instance_group ig JOIN instance i"      \
    " ON i.id=ig.instance JOIN group_ref r ON r.grp=ig.grp WHERE i.host=?1"

void cluster_group_forward(struct cluster_core *c, const char *host)
{
    struct arena arena = {0};
    struct query q;
    STORE_EACH (c->store, q,
                "SELECT g.id, g.generation, g.body FROM got g WHERE g.kind='group' AND g.gone=''"
                " AND g.id IN (" NEEDED ") AND NOT EXISTS (SELECT 1 FROM wish w WHERE w.node=?1"
                " AND w.kind='group' AND w.id=g.id AND w.gone='' AND w.generation=g.generation"
                /* after a merge an older body may stand under a generation that was raised */
                " AND w.body=g.body)"
                " ORDER BY g.id",
                "s", host)
        sync_parent_want(&c->down, host, "group", arena_strdup(&arena, query_text(&q, 0)),
                         query_i64(&q, 1), 0, arena_strdup(&arena, query_text(&q, 2)));
    STORE_EACH (c->store, q,
                "SELECT w.id FROM wish w WHERE w.node=?1 AND w.kind='group' AND w.gone=''"
                " AND w.id NOT IN (" NEEDED ") ORDER BY w.id",
                "s", host)
        sync_parent_drop(&c->down, host, "group", arena_strdup(&arena, query_text(&q, 0)));
    arena_fini(&arena);
}
