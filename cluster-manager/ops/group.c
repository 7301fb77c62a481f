/* group.c - which security groups a host is told of: those of its instances' ports, and those that
 * their rules name; each with its rules as one item and its members by pages (kind "members").
 *
 * A group is a topic, whose items are what the cloud wishes of it. Triggers note where a host may
 * have come to need one, or to need it no more; at the end of the step only that is looked at. */
#include "base/str.h"
#include "cluster-manager/cluster.h"
#include "cluster-manager/store/group.h"

#include <string.h>

static const char *topic_of(const char *group, struct arena *arena)
{
    return arena_printf(arena, "group/%s", group);
}

void cluster_group_settle(struct cluster_core *c)
{
    struct arena arena = {0};
    size_t len;
    if (sync_parent_in_recovery(&c->down))
        return; /* what is marked stays marked */
    const struct cluster_need *needs = cluster_group_take_changed(c->store, &arena, &len);
    for (size_t i = 0; i < len; i++) {
        const char *topic = topic_of(needs[i].group, &arena);
        if (cluster_group_is_needed(c->store, needs[i].group, needs[i].host))
            sync_parent_follow(&c->down, needs[i].host, topic);
        else
            sync_parent_unfollow(&c->down, needs[i].host, topic);
    }
    arena_fini(&arena);
}

static void share(struct cluster_core *c, const struct wire_item *wish, const char *group,
                  struct arena *arena)
{
    sync_parent_share(&c->down, topic_of(group, arena), wish->kind, wish->id, wish->generation,
                      wish->body);
}

static void end(struct cluster_core *c, const struct wire_item *wish, const struct event *ev)
{
    sync_parent_unshare(&c->down, wish->kind, wish->id);
    sync_child_gone(&c->up, wish->kind, wish->id, wish->generation, wish->pepoch, ev);
}

enum err_code cluster_group_take(struct cluster_core *c, const struct wire_item *wish,
                                 struct arena *arena, const struct event *ev, struct err *err)
{
    struct wire_group body;
    if (*wish->gone != '\0') {
        cluster_group_refer(c->store, wish->id, NULL);
        end(c, wish, ev);
        return ERR_OK;
    }
    if (wire_decode(&wire_group_type, wish->body, strlen(wish->body), arena, &body, err) != ERR_OK)
        return err->code;
    cluster_group_refer(c->store, wish->id, &body);
    share(c, wish, wish->id, arena);
    return ERR_OK;
}

/* Handed on as it came, to the hosts of the group that it names. */
enum err_code cluster_group_take_page(struct cluster_core *c, const struct wire_item *wish,
                                      struct arena *arena, const struct event *ev, struct err *err)
{
    struct wire_members body;
    if (*wish->gone != '\0') {
        end(c, wish, ev);
        return ERR_OK;
    }
    if (wire_decode(&wire_members_type, wish->body, strlen(wish->body), arena, &body, err) !=
        ERR_OK)
        return err->code;
    if (!str_has_prefix(wish->id, arena_printf(arena, "%s/", body.group)))
        return err_set(err, ERR_MALFORMED_JSON, "a page of another group");
    share(c, wish, body.group, arena);
    return ERR_OK;
}
