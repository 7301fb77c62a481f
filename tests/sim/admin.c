/* admin.c - orders about seeds, and whether hosts came to have what was ordered. */
#include "tests/sim/admin.h"

#include "base/check.h"
#include "base/str.h"
#include "tests/sim/dos.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PACE_MS = 4000,
    ANSWER_MS = 8000,
    REPEAT_MS = 20 * 1000, /* after the faults: what a late double or a restore took back */
    CALM_MS = 240 * 1000,  /* after the faults: then nothing that fits is let go any more */
    LOOK_MS = 60 * 1000,   /* before the end: what is said then is final */
};

static const char *const zones[SIM_ZONES] = {"sima", "simb"};

static void send(struct sim_admin *a, const char *query,
                 void (*done)(void *self, int status, const char *body, size_t body_len))
{
    struct sim_ec2 r = {0};
    sim_ec2_sign(&r, a->key, sim_ec2_wall_ms(a->world), sim_ec2_now_ms(a->world), query);
    a->is_sent = true;
    sim_ec2_send(&r, a->cloud, ANSWER_MS, a, done);
}

/* ---- orders ------------------------------------------------------------------------------- */

static void ordered(void *self, int status, const char *body, size_t body_len)
{
    struct sim_admin *a = self;
    struct sim_seed *s = &a->seeds[a->at];
    (void)body, (void)body_len;
    a->is_sent = false;
    if (status != 200)
        return; /* again, until it is heard: its zone may not be there yet */
    s->is_ordered = ++s->zone < SIM_ZONES;
}

static void send_order(struct sim_admin *a, size_t at)
{
    const struct sim_seed *s = &a->seeds[at];
    char query[160];
    a->at = at;
    snprintf(query, sizeof query, "Action=%s&AvailabilityZone=%s&ImageId=%s",
             s->is_wished ? "SeedImage" : "UnseedImage", zones[s->zone], s->image);
    SIM_TRACE(a->world, "admin", s->is_wished ? "seed" : "unseed", s->image, "%s", zones[s->zone]);
    send(a, query, ordered);
}

static void order(struct sim_seed *s, bool is_wished)
{
    s->is_wished = is_wished;
    s->is_ordered = true;
    s->zone = 0;
}

/* ---- looking ------------------------------------------------------------------------------ */

static void looked(void *self, int status, const char *body, size_t body_len)
{
    struct sim_admin *a = self;
    const char *at = body;
    char hosts[16], whole[16];
    (void)body_len;
    a->is_sent = false;
    if (status != 200)
        return;
    a->told_ms = a->world->now_ms;
    a->told_hosts = a->told_whole = 0;
    while (sim_ec2_text(&at, NULL, "hosts", hosts, sizeof hosts) &&
           sim_ec2_text(&at, NULL, "wholeHosts", whole, sizeof whole)) {
        a->told_hosts += strtoll(hosts, NULL, 10);
        a->told_whole += strtoll(whole, NULL, 10);
    }
}

/* ---- what comes next ---------------------------------------------------------------------- */

static void work(struct sim_admin *a)
{
    if (rng_below(&a->rng, 4) == 0) {
        struct sim_seed *s = &a->seeds[rng_below(&a->rng, a->seeds_len)];
        order(s, !s->is_wished);
    }
}

static void settle(struct sim_admin *a)
{
    if (a->has_repeated || a->world->now_ms < a->world->heal_ms + REPEAT_MS)
        return;
    a->has_repeated = true;
    for (size_t i = 0; i < a->seeds_len; i++)
        order(&a->seeds[i], a->seeds[i].is_wished);
}

static void act(struct sim_admin *a)
{
    for (size_t i = 0; i < a->seeds_len; i++) {
        if (!a->seeds[i].is_ordered)
            continue;
        send_order(a, i);
        return;
    }
    if (!a->world->faults.on)
        send(a, "Action=DescribeImageSeeds", looked);
}

static void fire(struct sim_world *w, const struct sim_due *due)
{
    struct sim_admin *a = due->what;
    if (a->seeds_len > 0 && !w->is_idle && w->faults.on)
        work(a);
    else if (!w->faults.on)
        settle(a);
    if (a->seeds_len > 0 && !w->is_idle && !a->is_sent)
        act(a);
    sim_world_after(w, 1 + (int64_t)rng_below(&a->rng, PACE_MS), fire, a, 0);
}

void sim_admin_begin(struct sim_admin *a)
{
    a->mind = (struct rng_seeded){.state = a->world->seed ^ 0x5eed};
    a->rng = rng_seeded(&a->mind);
    sim_world_after(a->world, 0, fire, a, 0);
}

/* ---- when all is quiet -------------------------------------------------------------------- */

static bool is_used(const struct sim_machine *m, const char *manifest)
{
    for (size_t i = 0; i < SIM_ROOTS_MAX; i++)
        if (m->roots[i].is_there && str_eq(m->roots[i].spec.manifest, manifest))
            return true;
    return false;
}

static bool is_wished(const struct sim_admin *a, const char *manifest)
{
    char of_image[SIM_MANIFEST_SIZE];
    for (size_t i = 0; i < a->seeds_len; i++) {
        sim_dos_manifest(a->seeds[i].image, of_image);
        if (a->seeds[i].is_wished && str_eq(of_image, manifest))
            return true;
    }
    return false;
}

/* The bases of a machine against what is wished: how many of those are there. */
static int64_t check_bases(const struct sim_admin *a, const struct sim_machine *m)
{
    int64_t seeds = 0, used = 0, others = 0;
    for (size_t i = 0; i < SIM_BASES_MAX; i++) {
        const struct sim_base *base = &m->bases[i];
        bool is_used_here = is_used(m, base->manifest), is_seed = is_wished(a, base->manifest);
        if (is_seed && base->evicted_ms > a->world->heal_ms + CALM_MS)
            sim_world_fail(a->world, "SEED", m->node->name, "let go of %s, which it was to keep",
                           base->manifest);
        if (base->is_there && !is_seed && !is_used_here)
            sim_world_fail(a->world, "SEED", m->node->name, "keeps %s, which nobody wishes",
                           base->manifest);
        seeds += base->is_there && is_seed;
        used += base->is_there && is_used_here;
        others += base->is_there && is_used_here && !is_seed;
    }
    if (seeds + others > SIM_CACHE_BASES && seeds + others > used)
        sim_world_fail(a->world, "SEED", m->node->name, "keeps %ld images of %d that may be",
                       (long)(seeds + others), SIM_CACHE_BASES);
    int64_t wished = 0;
    for (size_t i = 0; i < a->seeds_len; i++)
        wished += a->seeds[i].is_wished;
    if (seeds < wished && seeds + others < SIM_CACHE_BASES)
        sim_world_fail(a->world, "SEED", m->node->name, "has %ld images of the %ld it was to have",
                       (long)seeds, (long)wished);
    return seeds;
}

void sim_admin_finish(struct sim_admin *a)
{
    int64_t whole = 0, wished = 0;
    if (a->seeds_len == 0 || a->world->is_idle)
        return;
    for (size_t i = 0; i < a->seeds_len; i++) {
        wished += a->seeds[i].is_wished;
        if (a->seeds[i].is_ordered)
            sim_world_fail(a->world, "I6", a->seeds[i].image, "an order was never answered");
    }
    for (size_t i = 0; i < a->shadow->machines_len; i++)
        whole += check_bases(a, a->shadow->machines[i]);
    if (a->told_ms < a->world->end_ms - LOOK_MS)
        sim_world_fail(a->world, "SEED", "admin", "was not told how far hosts are");
    if (a->told_whole != whole || a->told_hosts != wished * (int64_t)a->shadow->machines_len)
        sim_world_fail(a->world, "SEED", "admin", "was told of %ld copies on %ld hosts, not %ld",
                       (long)a->told_whole, (long)a->told_hosts, (long)whole);
}
