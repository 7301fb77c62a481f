/* group.c - which security groups a host is told of: those of its instances' ports, and those that
 * their rules name; each with its rules as one item and its members by pages (kind "members").
 *
 * An item that comes goes to the hosts that need its group. Triggers note where a host may have
 * come to need one, or to need it no more; at the end of the step only that is looked at. */
#include "base/str.h"
#include "cluster-manager/cluster.h"
#include "cluster-manager/store/group.h"

#include <string.h>

enum { NO_PEPOCH = 0 };

/* An item of the cloud's, as it came. */
struct item {
    const char *id, *body;
    int64_t generation;
};

static void tell(struct cluster_core *c, const char *host, const char *kind, const struct item *i)
{
    /* Compared by body: after a merge an older one may stand under a generation that was raised. */
    if (!store_has(c->store,
                   "SELECT 1 FROM wish WHERE node=? AND kind=? AND id=? AND pepoch=0 AND gone=''"
                   " AND generation=? AND body=?",
                   "sssis", host, kind, i->id, i->generation, i->body))
        sync_parent_want(&c->down, host, kind, i->id, i->generation, NO_PEPOCH, i->body);
}

static struct item item_of(const struct wire_item *wish)
{
    return (struct item){wish->id, wish->body, wish->generation};
}

/* ---- where it is needed -------------------------------------------------------------------- */

static void tell_rules(struct cluster_core *c, const struct cluster_need *need, struct arena *arena)
{
    struct query q;
    query_open(&q, c->store,
               "SELECT generation, body FROM got WHERE kind='group' AND id=? AND gone=''", "s",
               need->group);
    if (!query_next(&q)) {
        sync_parent_drop(&c->down, need->host, "group", need->group);
        return;
    }
    struct item rules = {need->group, arena_strdup(arena, query_text(&q, 1)), query_i64(&q, 0)};
    query_close(&q);
    tell(c, need->host, "group", &rules);
}

/* '0' follows '/'. */
#define PAGES_OF " AND id>?1||'/' AND id<?1||'0' AND gone=''"

static void tell_pages(struct cluster_core *c, const struct cluster_need *need, struct arena *arena)
{
    struct query q;
    STORE_EACH (c->store, q,
                "SELECT id, generation, body FROM got WHERE kind='members'" PAGES_OF " ORDER BY id",
                "s", need->group) {
        struct item page = {arena_strdup(arena, query_text(&q, 0)),
                            arena_strdup(arena, query_text(&q, 2)), query_i64(&q, 1)};
        tell(c, need->host, "members", &page);
    }
    STORE_EACH (c->store, q,
                "SELECT id FROM wish w WHERE node=?2 AND kind='members'" PAGES_OF
                " AND NOT EXISTS (SELECT 1 FROM got g WHERE g.kind='members' AND g.id=w.id"
                " AND g.gone='') ORDER BY id",
                "ss", need->group, need->host)
        sync_parent_drop(&c->down, need->host, "members", query_text(&q, 0));
}

static void settle(struct cluster_core *c, const struct cluster_need *need, struct arena *arena)
{
    if (cluster_group_is_needed(c->store, need->group, need->host)) {
        tell_rules(c, need, arena);
        tell_pages(c, need, arena);
    } else {
        sync_parent_drop(&c->down, need->host, "group", need->group);
        sync_parent_drop_under(&c->down, need->host, "members", need->group);
    }
}

void cluster_group_settle(struct cluster_core *c)
{
    struct arena arena = {0};
    size_t len;
    if (sync_parent_in_recovery(&c->down))
        return; /* what is marked stays marked */
    const struct cluster_need *needs = cluster_group_take_changed(c->store, &arena, &len);
    for (size_t i = 0; i < len; i++)
        settle(c, &needs[i], &arena);
    arena_fini(&arena);
}

/* ---- what the cloud wishes ----------------------------------------------------------------- */

static void end_at_all(struct cluster_core *c, const struct wire_item *wish, struct arena *arena,
                       const struct event *ev)
{
    for (const char **host = sync_parent_told(&c->down, wish->kind, wish->id, arena); *host != NULL;
         host++)
        sync_parent_drop(&c->down, *host, wish->kind, wish->id);
    sync_child_gone(&c->up, wish->kind, wish->id, wish->generation, wish->pepoch, ev);
}

static void tell_all(struct cluster_core *c, const struct wire_item *wish, const char *group,
                     struct arena *arena)
{
    struct item item = item_of(wish);
    for (const char **host = cluster_group_hosts(c->store, group, arena); *host != NULL; host++)
        tell(c, *host, wish->kind, &item);
}

enum err_code cluster_group_take(struct cluster_core *c, const struct wire_item *wish,
                                 struct arena *arena, const struct event *ev, struct err *err)
{
    struct wire_group body;
    if (*wish->gone != '\0') {
        cluster_group_refer(c->store, wish->id, NULL);
        end_at_all(c, wish, arena, ev);
        return ERR_OK;
    }
    if (wire_decode(&wire_group_type, wish->body, strlen(wish->body), arena, &body, err) != ERR_OK)
        return err->code;
    cluster_group_refer(c->store, wish->id, &body);
    tell_all(c, wish, wish->id, arena);
    return ERR_OK;
}

/* Handed on as it came, to the hosts of the group that it names. */
enum err_code cluster_group_take_page(struct cluster_core *c, const struct wire_item *wish,
                                      struct arena *arena, const struct event *ev, struct err *err)
{
    struct wire_members body;
    if (*wish->gone != '\0') {
        end_at_all(c, wish, arena, ev);
        return ERR_OK;
    }
    if (wire_decode(&wire_members_type, wish->body, strlen(wish->body), arena, &body, err) !=
        ERR_OK)
        return err->code;
    if (!str_has_prefix(wish->id, arena_printf(arena, "%s/", body.group)))
        return err_set(err, ERR_MALFORMED_JSON, "a page of another group");
    tell_all(c, wish, body.group, arena);
    return ERR_OK;
}
