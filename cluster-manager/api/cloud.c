/* cloud.c - what the cloud-manager wishes of this zone: decoded, recorded, passed on. */
#include "base/log.h"
#include "base/str.h"
#include "cluster-manager/cluster.h"
#include "cluster-manager/ops/decision.h"
#include "cluster-manager/ops/drain.h"
#include "cluster-manager/ops/grant.h"
#include "cluster-manager/ops/resize.h"
#include "cluster-manager/ops/roster.h"
#include "cluster-manager/ops/seed.h"
#include "cluster-manager/ops/share.h"
#include "cluster-manager/store/instance.h"

#include <string.h>

static enum err_code take_instance(struct cluster_core *c, const struct wire_item *wish,
                                   struct arena *arena, const struct event *ev, struct err *err)
{
    struct wire_instance body;
    if (wire_decode(&wire_instance_type, wish->body, strlen(wish->body), arena, &body, err) !=
        ERR_OK)
        return err->code;
    if (body.vcpus < 1 || body.memory_mib < 1 || body.port == NULL)
        return err_set(err, ERR_MALFORMED_JSON, "an instance without size or port");
    const struct wire_instance wished = body;
    bool is_cut = cluster_resize_cut(c, wish->id, &body, arena);
    cluster_instance_save(c->store, wish, &body, ev->now_ms);
    struct cluster_instance i;
    if (!cluster_instance_load(c->store, wish->id, arena, &i) || *i.host == '\0') {
        c->has_come = true;
        return ERR_OK; /* placed at the end of the step, with its whole reservation */
    }
    if (is_cut && str_eq(body.want, "running")) {
        cluster_resize_refuse(c, &i, &wished);
        return ERR_OK;
    }
    sync_parent_want(&c->down, i.host, "instance", i.id, i.generation, i.pepoch,
                     cluster_grant_body(c, i.id, i.host, is_cut ? &body : NULL, arena, ev));
    cluster_hear_again(c, i.host, i.id, i.pepoch, ev);
    return ERR_OK;
}

static enum err_code take_shape(struct cluster_core *c, const struct wire_item *wish,
                                struct arena *arena, const struct event *ev, struct err *err)
{
    struct wire_shape body;
    cluster_roster_doubt(c); /* which counts how many would start */
    store_run(c->store, "DELETE FROM shape WHERE type=?", "s", wish->id);
    if (*wish->gone != '\0') {
        sync_child_gone(&c->up, "type", wish->id, wish->generation, wish->pepoch, ev);
        return ERR_OK;
    }
    if (wire_decode(&wire_shape_type, wish->body, strlen(wish->body), arena, &body, err) != ERR_OK)
        return err->code;
    store_run(c->store, "INSERT INTO shape VALUES(?, ?, ?)", "sii", wish->id, body.vcpus,
              body.memory_mib);
    return ERR_OK;
}

static enum err_code take_secret(struct cluster_core *c, const struct wire_item *wish,
                                 struct arena *arena, const struct event *ev, struct err *err)
{
    struct wire_secret body;
    if (*wish->gone != '\0') {
        store_run(c->store, "DELETE FROM secret WHERE name=?", "s", wish->id);
        sync_child_gone(&c->up, "secret", wish->id, wish->generation, wish->pepoch, ev);
        return ERR_OK;
    }
    if (wire_decode(&wire_secret_type, wish->body, strlen(wish->body), arena, &body, err) != ERR_OK)
        return err->code;
    store_run(c->store, "INSERT INTO secret VALUES(?1, ?2) ON CONFLICT DO UPDATE SET sealed=?2",
              "ss", wish->id, body.sealed);
    cluster_share_forward_all(c);
    return ERR_OK;
}

static enum err_code on_wish(void *core, const struct wire_item *wish, const struct event *ev,
                             struct err *err)
{
    struct cluster_core *c = core;
    struct arena arena = {0};
    enum err_code code = ERR_OK;
    if (str_eq(wish->kind, "instance") && *wish->gone != '\0')
        cluster_end(c, wish->id, wish->generation, ev);
    else if (str_eq(wish->kind, "instance"))
        code = take_instance(c, wish, &arena, ev, err);
    else if (str_eq(wish->kind, "group"))
        code = cluster_group_take(c, wish, &arena, ev, err);
    else if (str_eq(wish->kind, "members"))
        code = cluster_group_take_page(c, wish, &arena, ev, err);
    else if (str_eq(wish->kind, "type"))
        code = take_shape(c, wish, &arena, ev, err);
    else if (str_eq(wish->kind, "drain"))
        cluster_drain(c, wish, ev);
    else if (str_eq(wish->kind, "seed"))
        cluster_seed_take(c, wish, ev);
    else if (str_eq(wish->kind, "secret"))
        code = take_secret(c, wish, &arena, ev, err);
    else
        code = err_set(err, ERR_UNSUPPORTED, "wishes of kind '%s' are not known here", wish->kind);
    arena_fini(&arena);
    return code;
}

static void on_ask(void *core, const struct wire_note *note, const struct event *ev)
{
    struct cluster_core *c = core;
    struct arena arena = {0};
    struct cluster_instance i;
    (void)ev;
    if (str_eq(note->kind, "placement"))
        cluster_decision_tell(c, note->id, &arena);
    else if (cluster_instance_load(c->store, note->id, &arena, &i) && *i.host != '\0')
        sync_parent_ask(&c->down, i.host, note->kind, note->id);
    arena_fini(&arena);
}

static void on_capacity(void *core, struct buf *capacity_json, struct buf *health)
{
    (void)health;
    cluster_capacity_encode(core, capacity_json);
}

struct sync_child_hooks cluster_cloud_hooks(struct cluster_core *c)
{
    static const char *const loose[] = {"group", "members", "drain", "seed", "type", NULL};
    return (struct sync_child_hooks){.core = c,
                                     .on_wish = on_wish,
                                     .loose = loose,
                                     .on_ask = on_ask,
                                     .on_capacity = on_capacity};
}
