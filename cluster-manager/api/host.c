/* host.c - what hosts say: facts go up, refusals are placed again, ends free the room. */
#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "cluster-manager/cluster.h"
#include "cluster-manager/ops/roster.h"
#include "cluster-manager/ops/seed.h"
#include "cluster-manager/ops/share.h"
#include "cluster-manager/store/instance.h"
#include "proto/wire/states.h"

#include <stdlib.h>
#include <string.h>

/* Nobody here wishes what the host says that it has, for example because this store was restored
 * from before it was ended and that has been forgotten: it is ended. */
static void take_unknown(struct cluster_core *c, const char *node, const struct wire_item *fact)
{
    if (sync_parent_holds(&c->down, "instance", fact->id))
        return;
    log_warn("host.unknown_instance", "host", node, "id", fact->id, NULL);
    sync_parent_end(&c->down, node, "instance", fact->id, fact->generation, fact->pepoch,
                    "deleted");
}

/* It is on its way to another host, which has said nothing yet; what the first one still has of it
 * stays said. */
static void say_waiting(struct cluster_core *c, const struct wire_item *fact,
                        const struct wire_instance_seen *refusal)
{
    CLEANUP(buf_fini) struct buf body = {0};
    struct wire_instance_seen seen = *refusal;
    seen.state = seen_state_text(SEEN_PENDING);
    seen.step = instance_step_text(STEP_HOST);
    seen.reason = seen.detail = "";
    wire_encode(&body, &wire_instance_seen_type, &seen);
    sync_child_say(&c->up, "instance", fact->id, fact->generation, 1, body.data);
}

/* A fact of an earlier placement changes nothing (I18), and none from before a refusal of ours
 * stands in its place. */
static void take_seen(struct cluster_core *c, const char *node, const struct wire_item *fact,
                      const struct event *ev)
{
    struct arena arena = {0};
    struct cluster_instance i;
    struct wire_instance_seen seen;
    struct err err;
    bool known = cluster_instance_load(c->store, fact->id, &arena, &i);
    bool current = known && str_eq(i.host, node) && i.pepoch == fact->pepoch;
    if (!known)
        take_unknown(c, node, fact);
    if (current && wire_decode(&wire_instance_seen_type, fact->body, strlen(fact->body), &arena,
                               &seen, &err) != ERR_OK) {
        log_warn("fact.malformed", "host", node, "id", fact->id, "why", err.text, NULL);
        current = false;
    }
    bool refused = current && str_eq(seen.state, "refused") && !seen.ever_ran && !i.is_ending &&
                   fact->generation == i.generation;
    bool is_older = current && i.is_refused && fact->generation < i.generation;
    if (refused && !is_older && cluster_place_again(c, i.id, seen.detail, ev))
        say_waiting(c, fact, &seen);
    else if (current && !is_older)
        sync_child_say(&c->up, "instance", i.id, fact->generation, 1, fact->body);
    arena_fini(&arena);
}

void cluster_hear_again(struct cluster_core *c, const char *host, const char *id, int64_t pepoch,
                        const struct event *ev)
{
    struct arena arena = {0};
    struct wire_item fact = {
        .kind = "instance", .id = id, .pepoch = pepoch, .gone = "", .error = ""};
    struct query q;
    query_open(&q, c->store,
               "SELECT generation, body FROM heard WHERE node=? AND kind='instance' AND id=? AND"
               " pepoch=? AND error=''",
               "ssi", host, id, pepoch);
    bool is_heard = query_next(&q);
    if (is_heard) {
        fact.generation = query_i64(&q, 0);
        fact.body = arena_strdup(&arena, query_text(&q, 1));
        query_close(&q);
        take_seen(c, host, &fact, ev);
    }
    arena_fini(&arena);
}

static void on_fact(void *core, const char *node, const struct wire_item *fact,
                    const struct event *ev)
{
    struct cluster_core *c = core;
    if (str_eq(fact->kind, "seed"))
        cluster_seed_hear(c, node, fact, ev);
    if (*fact->error != '\0')
        log_error("host.refused_wish", "host", node, "kind", fact->kind, "id", fact->id, "why",
                  fact->error, NULL);
    else if (str_eq(fact->kind, "instance") && *fact->gone != '\0')
        cluster_end_confirmed(c, fact->id, ev);
    else if (str_eq(fact->kind, "instance"))
        take_seen(c, node, fact, ev);
    else if (str_eq(fact->kind, "base"))
        cluster_share_hear(c, node, fact);
    else if (str_eq(fact->kind, "tunnel"))
        cluster_underlay_hear(c, node, fact);
    else if (str_eq(fact->kind, "stray"))
        log_error("host.stray_domain", "host", node, "id", fact->id, NULL);
}

static struct cluster_host *host_of(struct cluster_core *c, const char *node)
{
    struct cluster_host *h = map_get(&c->rooms, node);
    if (h == NULL) {
        h = check_alloc(sizeof *h);
        str_copy(h->node, sizeof h->node, node);
        list_init(&h->noted);
        map_put(&c->rooms, node, h);
    }
    return h;
}

static int64_t class_total(const struct wire_capacity *capacity, const char *class)
{
    for (size_t i = 0; i < capacity->room_len; i++)
        if (str_eq(capacity->room[i].class, class))
            return capacity->room[i].total;
    return 0;
}

/* What a host says with every sync is read when it differs from the last; NULL: it is malformed. */
static struct cluster_host *take_room(struct cluster_core *c, const char *node, const char *json)
{
    struct arena arena = {0};
    struct wire_capacity capacity;
    struct err err;
    struct cluster_host *h = NULL;
    if (wire_decode(&wire_capacity_type, json, strlen(json), &arena, &capacity, &err) == ERR_OK) {
        const struct cluster_config *config = c->config;
        h = host_of(c, node);
        h->total.memory_mib = class_total(&capacity, "memory_mib");
        h->total.vcpus = class_total(&capacity, "vcpu") * config->vcpu_overcommit_pct / 100;
        h->total.disk_bytes =
            (class_total(&capacity, "disk_gib") * config->disk_overcommit_pct / 100) << 30;
        buf_clear(&h->said);
        buf_text(&h->said, json);
    }
    arena_fini(&arena);
    return h;
}

static void on_capacity(void *core, const char *node, const char *capacity_json, const char *health,
                        const struct event *ev)
{
    struct cluster_core *c = core;
    struct cluster_host *h = map_get(&c->rooms, node);
    if (h == NULL || !str_eq(buf_str(&h->said), capacity_json))
        h = take_room(c, node, capacity_json);
    if (h != NULL) {
        str_copy(h->health, sizeof h->health, health);
        cluster_roster_note(c, h);
    }
    cluster_share_forward_new(c, node);
    cluster_seed_forward(c, node, ev); /* it may be new here, or its grant grow old */
}

static void on_tell(void *core, const char *node, const struct wire_note *note,
                    const struct event *ev)
{
    struct cluster_core *c = core;
    (void)node;
    (void)ev;
    sync_child_tell(&c->up, note->kind, note->id, note->body);
}

struct sync_parent_hooks cluster_host_hooks(struct cluster_core *c)
{
    return (struct sync_parent_hooks){.core = c,
                                      .on_fact = on_fact,
                                      .on_capacity = on_capacity,
                                      .on_tell = on_tell,
                                      .on_recovered = cluster_recover};
}
