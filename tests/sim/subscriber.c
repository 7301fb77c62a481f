/* subscriber.c - draws the next order. */
#include "tests/sim/subscriber.h"

#include "base/check.h"
#include "base/str.h"

#include <stdio.h>

/* Orders come within PACE_MS. After the faults what is open is asked for again, and the rest is
 * watched: at first closely, then from time to time. */
enum { PACE_MS = 700, WATCH_MS = 2000, CALM_MS = 20000, WATCHED_MS = 60 * 1000 };

const char *sim_verb_name(enum sim_verb verb)
{
    static const char *const names[] = {"run",       "stop",   "start", "reboot",
                                        "terminate", "resize", "lock"};
    return names[verb];
}

static struct sim_order *order_of(struct sim_subscriber *s, struct sim_guest *g)
{
    return &s->orders[g - s->shadow->guests];
}

static void send(struct sim_subscriber *s, struct sim_order *o)
{
    o->is_sent = true;
    SIM_TRACE(s->world, "subscriber", sim_verb_name(o->verb), o->guest->id, "%s", o->token);
    for (size_t i = 0; i < o->count; i++)
        sim_shadow_ask(s->shadow, o->guest + i, o->verb);
    s->send(s, o);
}

static void open_order(struct sim_subscriber *s, struct sim_guest *g, size_t count,
                       enum sim_verb verb)
{
    struct sim_order *o = order_of(s, g);
    *o = (struct sim_order){
        .subscriber = s, .guest = g, .count = count, .verb = verb, .is_open = true};
    if (verb == SIM_RUN)
        str_copy(o->token, sizeof o->token, g->token);
    else
        snprintf(o->token, sizeof o->token, "order-%lu", (unsigned long)++s->tokens);
    send(s, o);
}

/* They were never made and never will be. */
static void refuse(struct sim_order *o)
{
    for (size_t i = 0; i < o->count; i++)
        o->guest[i].is_refused = true;
}

/* What has no name was not given. */
static void take_ids(struct sim_order *o, const char *const *ids, size_t len)
{
    refuse(o);
    for (size_t i = 0; i < o->count && i < len; i++) {
        if (ids[i] == NULL)
            continue;
        o->guest[i].is_refused = false;
        sim_shadow_tell(o->subscriber->shadow, o->guest + i, o->verb, ids[i]);
    }
}

void sim_order_answered(struct sim_order *o, enum sim_answer answer, const char *const *ids,
                        size_t len)
{
    struct sim_subscriber *s = o->subscriber;
    static const char *const words[] = {"done", "never", "unknown"};
    SIM_TRACE(s->world, "subscriber", "answer", len > 0 && ids[0] != NULL ? ids[0] : o->guest->id,
              "%s %s: %s", sim_verb_name(o->verb), o->token, words[answer]);
    o->is_sent = false;
    if (answer == SIM_DONE) {
        o->is_open = false;
        take_ids(o, ids, len);
    } else if (answer == SIM_NEVER && o->verb == SIM_RUN) {
        refuse(o); /* a double of the request may still come: asked again */
        o->is_open = !s->world->is_plain;
    } else if (answer == SIM_NEVER) {
        o->is_open = false;
        sim_shadow_untell(s->shadow, o->guest, o->verb);
    }
}

/* ---- what comes next ------------------------------------------------------------------------ */

static size_t count_living(const struct sim_subscriber *s)
{
    size_t len = 0;
    for (size_t i = 0; i < s->shadow->guests_len; i++)
        len += s->shadow->guests[i].seen != SIM_STATE_TERMINATED &&
               !s->shadow->guests[i].is_refused;
    return len;
}

/* Most ask for one, some for a few at once. */
static void run_new(struct sim_subscriber *s)
{
    char token[SIM_TOKEN_SIZE];
    size_t first = s->shadow->guests_len, count = 1;
    if (s->count_max > 1 && sim_world_draw(s->world, 4) == 0)
        count = 2 + sim_world_draw(s->world, s->count_max - 1);
    if (first + count > s->guests_max)
        count = 1;
    snprintf(token, sizeof token, "token-%zu", first + 1);
    for (size_t i = 0; i < count; i++)
        sim_shadow_new_guest(s->shadow, token, (int64_t)i);
    open_order(s, &s->shadow->guests[first], count, SIM_RUN);
}

/* Once in its life: a double of an earlier one would undo a later. */
static void resize(struct sim_subscriber *s, struct sim_guest *g)
{
    g->size_mib = s->size_mib(s, g);
    open_order(s, g, 1, SIM_RESIZE);
}

static void change(struct sim_subscriber *s, struct sim_guest *g)
{
    uint64_t draw = sim_world_draw(s->world, 100);
    if (g->told[SIM_RUN] != SIM_TOLD || g->told[SIM_TERMINATE] == SIM_TOLD)
        return;
    if (draw < 20)
        open_order(s, g, 1, SIM_TERMINATE);
    else if (s->world->is_plain)
        return;
    else if (g->seen == SIM_STATE_RUNNING && draw < 30 && s->can_lock &&
             g->told[SIM_LOCK] == SIM_NOTHING)
        open_order(s, g, 1, SIM_LOCK);
    else if (g->seen == SIM_STATE_RUNNING && draw < 60)
        open_order(s, g, 1, SIM_STOP);
    else if (g->seen == SIM_STATE_RUNNING && draw < 80)
        open_order(s, g, 1, SIM_REBOOT);
    else if (g->seen == SIM_STATE_STOPPED && draw < 40 && g->told[SIM_RESIZE] == SIM_NOTHING &&
             s->size_mib != NULL)
        resize(s, g);
    else if (g->seen == SIM_STATE_STOPPED && draw < 90)
        open_order(s, g, 1, SIM_START);
}

/* Something for one guest: first what is open. */
static void act(struct sim_subscriber *s, struct sim_guest *g)
{
    struct sim_order *o = order_of(s, g);
    if (o->is_open && !o->is_sent)
        send(s, o);
    else if (!o->is_open && s->world->faults.on && s->is_ready)
        change(s, g);
}

static void work(struct sim_subscriber *s)
{
    struct sim_shadow *shadow = s->shadow;
    uint64_t draw = sim_world_draw(s->world, 10);
    bool may_run = s->is_ready && !s->world->is_idle && count_living(s) < s->living_max &&
                   shadow->guests_len < s->guests_max;
    if (draw < 3)
        s->look(s);
    else if (draw < 5 && may_run)
        run_new(s);
    else if (shadow->guests_len > 0)
        act(s, &shadow->guests[sim_world_draw(s->world, shadow->guests_len)]);
}

static void make_room(struct sim_subscriber *s)
{
    for (size_t i = 0; i < s->shadow->guests_len; i++) {
        struct sim_guest *g = &s->shadow->guests[i];
        if (g->seen == SIM_STATE_RUNNING && !order_of(s, g)->is_open &&
            g->told[SIM_TERMINATE] == SIM_NOTHING && sim_world_draw(s->world, 2) == 0)
            open_order(s, g, 1, SIM_TERMINATE);
    }
}

/* The live core is given something to do as well, when it had time to miss the others. */
static void work_core(struct sim_subscriber *s)
{
    enum { RUNS = 3 };
    bool is_missed = s->world->now_ms >= s->world->heal_ms + SIM_MISSED_MS;
    if (!s->world->is_damaged || !is_missed || !s->is_ready || s->world->is_idle)
        return;
    if (s->core_len == 0)
        make_room(s);
    if (s->core_len < RUNS && s->shadow->guests_len < s->guests_max)
        run_new(s);
    s->core_len++;
}

static void settle(struct sim_subscriber *s)
{
    work_core(s);
    for (size_t i = 0; i < s->shadow->guests_len; i++)
        act(s, &s->shadow->guests[i]);
    s->look(s);
}

static void fire(struct sim_world *w, const struct sim_due *due)
{
    struct sim_subscriber *s = due->what;
    int64_t pace = w->faults.on                          ? PACE_MS
                   : w->now_ms < w->heal_ms + WATCHED_MS ? WATCH_MS
                                                         : CALM_MS;
    if (w->faults.on)
        work(s);
    else
        settle(s);
    sim_world_after(w, 1 + (int64_t)sim_world_draw(w, (uint64_t)pace), fire, s, 0);
}

void sim_subscriber_begin(struct sim_subscriber *s)
{
    PRE(s->send != NULL && s->look != NULL && s->guests_max <= SIM_GUESTS_MAX);
    sim_world_after(s->world, 0, fire, s, 0);
}
