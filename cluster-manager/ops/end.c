/* end.c - the end of an instance, wished from above and confirmed from below (R6): the zone says
 * `gone` when no host has anything of it left, and never in RECOVERY. */
#include "base/log.h"
#include "cluster-manager/cluster.h"
#include "cluster-manager/store/instance.h"

static void say_gone(struct cluster_core *c, const char *id, int64_t generation,
                     const struct event *ev)
{
    cluster_instance_delete(c->store, id);
    sync_child_gone(&c->up, "instance", id, generation, 1, ev);
    log_info("instance.gone", "id", id, NULL);
}

/* A domain of it that a host runs without any wish (R13) ends by the same word. */
static void end_quarantined(struct cluster_core *c, const char *id, int64_t generation,
                            struct arena *arena)
{
    struct query q;
    STORE_EACH (c->store, q,
                "SELECT node, pepoch FROM heard WHERE kind='stray' AND id=? AND number>0"
                " ORDER BY node, pepoch",
                "s", id)
        sync_parent_end(&c->down, arena_strdup(arena, query_text(&q, 0)), "instance", id,
                        generation, query_i64(&q, 1), "deleted");
}

void cluster_end(struct cluster_core *c, const char *id, int64_t generation, const struct event *ev)
{
    struct arena arena = {0};
    struct cluster_instance i;
    if (sync_parent_in_recovery(&c->down))
        return; /* recorded; looked at again when all hosts have returned what they hold */
    bool known = cluster_instance_load(c->store, id, &arena, &i);
    if (known)
        cluster_instance_end(c->store, id, generation);
    end_quarantined(c, id, generation, &arena);
    if (known && *i.host != '\0')
        sync_parent_end(&c->down, i.host, "instance", id, generation, i.pepoch, "deleted");
    else if (!sync_parent_holds(&c->down, "instance", id))
        say_gone(c, id, generation, ev); /* no host has heard of it */
    arena_fini(&arena);
}

/* The generation of an end that the cloud wishes and has not been told of; -1 = none. */
static int64_t wished_end(struct cluster_core *c, const char *id)
{
    return store_i64(c->store, -1,
                     "SELECT generation FROM got WHERE kind='instance' AND id=? AND gone<>''"
                     " AND gone_ms=0",
                     "s", id);
}

void cluster_end_confirmed(struct cluster_core *c, const char *id, const struct event *ev)
{
    int64_t generation = wished_end(c, id);
    if (generation >= 0 && !sync_parent_holds(&c->down, "instance", id))
        say_gone(c, id, generation, ev);
}

void cluster_end_wished(struct cluster_core *c, const struct event *ev)
{
    struct arena arena = {0};
    struct query q;
    size_t len = 0;
    int64_t count = store_i64(
        c->store, 0, "SELECT count(*) FROM got WHERE kind='instance' AND gone<>'' AND gone_ms=0",
        "");
    const char **ids = arena_alloc(&arena, (size_t)(count + 1) * sizeof *ids);
    STORE_EACH (c->store, q,
                "SELECT id FROM got WHERE kind='instance' AND gone<>'' AND gone_ms=0 ORDER BY id",
                "")
        ids[len++] = arena_strdup(&arena, query_text(&q, 0));
    for (size_t i = 0; i < len; i++)
        cluster_end(c, ids[i], wished_end(c, ids[i]), ev);
    arena_fini(&arena);
}
