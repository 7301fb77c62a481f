/* planned.c - was anything forgotten? For the simulator: plans every record as if it were marked,
 * with its wish as the store has it, and changes nothing. */
#include "base/check.h"
#include "base/str.h"
#include "computer-manager/api/port.h"
#include "computer-manager/host.h"

#include <stdio.h>
#include <string.h>

/* As host_wish_of would give it after a restart. */
static struct host_wish *read_anew(struct host_core *c, const struct host_record *r)
{
    struct arena arena = {0};
    struct wire_instance body;
    struct err err;
    struct host_wish *w = NULL;
    if (r->want != HOST_WANT_GONE && host_wish_body(c, r, &arena, &body))
        w = host_wish_new(c, r->id, &body, &err);
    if (w != NULL) {
        host_wish_port(c, w, c->port);
        w->port_sum = host_port_sum(c->port, host_port_size(c->port));
    }
    arena_fini(&arena);
    return w;
}

/* Nothing is to be done, or nothing can be: its image is on its way, others start. */
static bool is_done(const struct host_core *c, const struct host_record *r, enum host_action action)
{
    const struct host_base *base = map_get(&c->bases, r->manifest);
    return action == HOST_ACT_NONE || (action == HOST_ACT_QUEUE && r->is_queued) ||
           (action == HOST_ACT_BASE && base != NULL && !host_cache_may_fetch(c, base));
}

static bool check(struct host_core *c, const struct host_record *r, const struct host_wish *w,
                  char *why, size_t size)
{
    struct host_view view = host_act_view(c, r, w);
    enum host_action action = host_plan(r, &view);
    enum instance_step step = w != NULL ? host_plan_step(r, &view) : STEP_NONE;
    if (w == NULL && r->want != HOST_WANT_GONE)
        return true;
    snprintf(why, size, "%s: to do: %s, told: %s, so it is: %s", r->id, host_action_name(action),
             instance_step_text(r->step), instance_step_text(step));
    return is_done(c, r, action) &&
           host_steps_are_told(c, r, step, map_get(&c->bases, r->manifest));
}

bool host_core_is_planned(struct host_core *c, char *why, size_t size)
{
    size_t at = 0;
    bool is_planned = true;
    for (struct map_entry *e; is_planned && (e = map_next(&c->records, &at)) != NULL;) {
        const struct host_record *r = e->value;
        if (!list_is_empty(&r->mark))
            continue; /* it will be */
        struct host_wish *w = read_anew(c, r);
        is_planned = check(c, r, w, why, size);
        host_wish_free(w);
    }
    if (is_planned && list_is_empty(&c->marked) && host_starts_next(c) != NULL) {
        snprintf(why, size, "%s waits, and may start", host_starts_next(c)->id);
        return false;
    }
    return is_planned;
}
