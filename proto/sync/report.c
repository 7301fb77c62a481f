/* report.c - what both ends of a link have to say of it. Writes nothing. */
#include "proto/sync/link.h"

#include "proto/sync/child.h"

#define FAMILY(id, name, type, help) \
    static const struct report_family id = {name, REPORT_##type, help};
#include "proto/sync/metrics.def"
#undef FAMILY

enum { CHILDREN_NAMED = 64, COUNTED = 1000 };

static const char *const states[] = {[SYNC_CHILD_UNKNOWN] = "unknown",
                                     [SYNC_CHILD_UP] = "up",
                                     [SYNC_CHILD_SUSPECT] = "suspect",
                                     [SYNC_CHILD_DOWN] = "down"};
enum { STATES = sizeof states / sizeof *states };

static void tell_child(const struct sync_parent *p, const struct sync_link *l,
                       enum sync_child_state state, struct report *r)
{
    int64_t behind = store_i64(
        p->store, 0,
        "SELECT count(*) FROM (SELECT 1 FROM wish WHERE node=? AND visible AND rev>? LIMIT ?)",
        "sii", l->node, l->idle_applied > l->busy_applied ? l->idle_applied : l->busy_applied,
        (int64_t)COUNTED);
    report_number(r, &child_up, state == SYNC_CHILD_UP, "child", l->node, NULL);
    report_number(r, &child_behind, behind, "child", l->node, NULL);
}

void sync_parent_report(const struct sync_parent *p, const struct instant *now, struct report *r)
{
    int64_t len[STATES] = {0}, all = 0;
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&p->children, &at)) != NULL; all++) {
        const struct sync_link *l = e->value;
        len[sync_parent_child_state(p, l->node, now->mono_ms)]++;
    }
    for (size_t i = 0; i < STATES; i++)
        report_number(r, &children, len[i], "state", states[i], NULL);
    at = 0;
    for (struct map_entry *e; all <= CHILDREN_NAMED && (e = map_next(&p->children, &at)) != NULL;) {
        const struct sync_link *l = e->value;
        tell_child(p, l, sync_parent_child_state(p, l->node, now->mono_ms), r);
    }
    bool is_recovering = store_i64(p->store, 0, "SELECT recovery FROM parent_self", "") != 0;
    report_number(r, &recovering, is_recovering, NULL);
    report_check(r, "recovery",
                 is_recovering ? "its store was restored: not all children have "
                                 "returned what they hold"
                               : "");
}

void sync_child_report(const struct sync_child *c, const struct instant *now, struct report *r)
{
    int64_t len = store_i64(c->store, 0,
                            "SELECT count(*) FROM (SELECT 1 FROM said WHERE number>? LIMIT ?)",
                            "ii", c->seen_ack, (int64_t)COUNTED);
    bool has_lease = sync_child_has_lease(c, now->boot_ms);
    report_number(r, &unheard, len, NULL);
    report_number(r, &lease, has_lease, NULL);
    report_check(r, "parent",
                 has_lease ? "" : "it was not heard for a while: is it up, and can it be reached?");
}
