/* groups.c - the members of security groups: wishes of kind "members", a page each, told to
 * computer-network as model/group.h plans it. Rules go with the ports (wish.c).
 *
 * A page that ends is called gone at once: nobody waits for that, and after a restart each group
 * that a rule may name is told anew, whatever its pages. */
#include "base/check.h"
#include "base/id.h"
#include "base/log.h"
#include "base/str.h"
#include "computer-manager/api/port.h"
#include "computer-manager/host.h"
#include "computer-manager/model/group.h"

#include <stdlib.h>
#include <string.h>

/* A wish as it was taken: a tombstone does not say what it ends. */
struct host_page {
    char group[HOST_ID_SIZE];
    uint32_t base;
};

static struct host_group *group_of(struct host_core *c, const char *id, int64_t vni)
{
    struct host_group *g = map_get(&c->groups, id);
    if (g == NULL) {
        g = host_group_new(id, vni);
        map_put(&c->groups, id, g);
    }
    c->groups_differ = true;
    return g;
}

/* ---- wishes -------------------------------------------------------------------------------- */

static void drop_page(struct host_core *c, const char *id)
{
    struct host_page *page = map_remove(&c->pages, id);
    struct host_group *g = page != NULL ? map_get(&c->groups, page->group) : NULL;
    if (g != NULL)
        host_group_drop(g, page->base);
    free(page);
    c->groups_differ = true;
}

static enum err_code want_page(struct host_core *c, const char *id, const char *json,
                               struct arena *arena, struct err *err)
{
    struct wire_members body;
    struct host_net_page page;
    const struct host_page *before = map_get(&c->pages, id);
    if (wire_decode(&wire_members_type, json, strlen(json), arena, &body, err) != ERR_OK ||
        host_page_from(&body, &page, err) != ERR_OK)
        return err->code;
    if (!id_is(body.group, "sg") || strlen(body.group) >= HOST_ID_SIZE ||
        !str_has_prefix(id, arena_printf(arena, "%s/", body.group)))
        return err_set(err, ERR_MALFORMED_JSON, "a page of no group, or of another one");
    if (before != NULL && before->base != page.base)
        drop_page(c, id);
    if (!host_group_set(group_of(c, body.group, body.vni), &page))
        return err_set(err, ERR_MALFORMED_JSON, "%s has more pages than a network", body.group);
    struct host_page *kept = check_alloc(sizeof *kept);
    str_copy(kept->group, sizeof kept->group, body.group);
    kept->base = page.base;
    free(map_put(&c->pages, id, kept));
    return ERR_OK;
}

enum err_code host_groups_take_page(struct host_core *c, const struct wire_item *wish,
                                    struct arena *arena, const struct event *ev, struct err *err)
{
    if (*wish->gone == '\0')
        return want_page(c, wish->id, wish->body, arena, err);
    drop_page(c, wish->id);
    sync_child_gone(&c->up, "members", wish->id, wish->generation, wish->pepoch, ev);
    return ERR_OK;
}

static enum err_code want_rules(struct host_core *c, const char *id, const char *json,
                                struct arena *arena, struct err *err)
{
    struct wire_group body;
    if (wire_decode(&wire_group_type, json, strlen(json), arena, &body, err) != ERR_OK)
        return err->code;
    if (!id_is(id, "sg") || strlen(id) >= HOST_ID_SIZE)
        return err_set(err, ERR_MALFORMED_JSON, "'%.64s' is no group", id);
    size_t len;
    struct err why;
    struct host_rule *rules = check_alloc((body.rules_len + 1) * sizeof *rules);
    if (host_group_rules(&body, rules, &len, &why) != ERR_OK)
        log_warn("group.rules", "group", id, "why", why.text, NULL);
    host_group_set_rules(group_of(c, id, body.vni), rules, len);
    host_mark_group(c, id);
    return ERR_OK;
}

enum err_code host_groups_take(struct host_core *c, const struct wire_item *wish,
                               struct arena *arena, const struct event *ev, struct err *err)
{
    struct host_group *g = map_get(&c->groups, wish->id);
    if (*wish->gone == '\0')
        return want_rules(c, wish->id, wish->body, arena, err);
    if (g != NULL)
        host_group_set_rules(g, NULL, 0);
    c->groups_differ = true;
    host_mark_group(c, wish->id);
    sync_child_gone(&c->up, "group", wish->id, wish->generation, wish->pepoch, ev);
    return ERR_OK;
}

void host_groups_load(struct host_core *c)
{
    struct arena arena = {0};
    struct query q;
    struct err err; /* or refused when it came */
    c->groups_differ = true;
    STORE_EACH (c->store, q, "SELECT id, body FROM got WHERE kind='group' AND gone='' ORDER BY id",
                "")
        want_rules(c, query_text(&q, 0), query_text(&q, 1), &arena, &err);
    STORE_EACH (c->store, q,
                "SELECT id, body FROM got WHERE kind='members' AND gone='' ORDER BY id", "")
        want_page(c, query_text(&q, 0), query_text(&q, 1), &arena, &err);
    arena_fini(&arena);
}

void host_groups_free(struct host_core *c)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&c->groups, &at)) != NULL;)
        host_group_free(e->value);
    at = 0;
    for (struct map_entry *e; (e = map_next(&c->pages, &at)) != NULL;)
        free(e->value);
    map_fini(&c->groups);
    map_fini(&c->pages);
}

/* ---- jobs ---------------------------------------------------------------------------------- */

/* A network is here with its first port, and may be until its last one is known to be gone. */
enum here { ABSENT, UNKNOWN, PRESENT };

static enum here is_here(const struct host_core *c, int64_t vni)
{
    enum here here = ABSENT;
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&c->records, &at)) != NULL;) {
        const struct host_record *r = e->value;
        if (r->has_port && r->vni == vni && r->port_sum != 0)
            return PRESENT;
        if (r->has_port && r->vni == vni)
            here = UNKNOWN;
    }
    return here;
}

static void order(struct host_core *c, struct host_group *g)
{
    struct host_net_group *spec = check_alloc(sizeof *spec);
    size_t size = host_group_order(g, spec);
    g->job_id = host_job(c, HOST_JOB_NET_GROUP, spec, size);
    free(spec);
}

/* A group of which nothing is left goes when that was told, or its network is not here: the sets of
 * a network go with it. */
static void act_group(struct host_core *c, struct host_group *g)
{
    enum here here = is_here(c, g->wished.vni);
    if (host_group_is_empty(g) && (here == ABSENT || host_group_is_settled(g)))
        host_group_free(map_remove(&c->groups, g->wished.group));
    else if (here == PRESENT && !host_group_is_settled(g) && c->at.now_ms >= g->next_ms)
        order(c, g);
}

static bool is_to_do(const struct host_group *g)
{
    return g->job_id == 0 && (!host_group_is_settled(g) || host_group_is_empty(g));
}

void host_groups_act(struct host_core *c)
{
    size_t at = 0;
    if (!c->groups_differ && c->at.now_ms < c->groups_due_ms)
        return;
    c->groups_differ = false;
    c->groups_due_ms = INT64_MAX;
    for (struct map_entry *e; (e = map_next(&c->groups, &at)) != NULL;) {
        struct host_group *g = e->value;
        if (g->next_ms > c->at.now_ms && g->next_ms < c->groups_due_ms)
            c->groups_due_ms = g->next_ms;
        if (is_to_do(g))
            act_group(c, g);
    }
}

void host_groups_forget(struct host_core *c, int64_t vni)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&c->groups, &at)) != NULL;) {
        struct host_group *g = e->value;
        if (g->wished.vni == vni)
            host_group_forget(g);
    }
    c->groups_differ = true;
}

static struct host_group *find_job(const struct host_core *c, uint64_t job_id)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&c->groups, &at)) != NULL;)
        if (((struct host_group *)e->value)->job_id == job_id)
            return e->value;
    return NULL;
}

void host_groups_done(struct host_core *c, const struct job_done *done)
{
    struct host_group *g = find_job(c, done->job_id);
    if (g == NULL)
        return;
    bool is_well = done->code == ERR_OK;
    host_group_done(g, is_well);
    c->groups_differ = true;
    g->attempt = is_well ? 0 : g->attempt + 1;
    g->next_ms = is_well ? 0 : c->at.now_ms + host_backoff_ms(g->attempt);
    if (!is_well)
        log_warn("group.failed", "group", g->wished.group, "code", err_row(done->code)->name, "why",
                 done->text, NULL);
}
