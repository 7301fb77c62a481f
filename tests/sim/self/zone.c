/* zone.c - the scene of zone.h: orders as text to the crown. */
#include "tests/sim/self/zone.h"

#include "base/check.h"
#include "base/str.h"
#include "tests/sim/machine.h"
#include "tests/sim/net.h"
#include "tests/sim/node.h"
#include "tests/sim/self/crown.h"
#include "tests/sim/subscriber.h"
#include "tests/sim/tiers.h"
#include "tests/sim/wiretap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLUSTERS = 2, HOSTS = 6, ANSWER_MS = 8000 };

struct zone {
    struct sim_shadow shadow;
    struct sim_subscriber subscriber;
    struct sim_wiretap tap;
    struct sim_node *crown;
};

/* ---- the crown as a tier
 * ---------------------------------------------------------------------------- */

static void *crown_new(struct sim_node *n, const struct rng *rng)
{
    struct sync_timing timing = sim_world_timing(n->world);
    return crown_core_new(n->store, rng, &timing);
}

static void crown_free(void *core)
{
    crown_core_free(core);
}

static struct core crown_as_core(void *core)
{
    return crown_core_as_core(core);
}

static void no_job(struct sim_node *n, const struct effect_job *job)
{
    (void)n, (void)job;
    IMPOSSIBLE("a crown has no jobs");
}

static const struct sim_tier crown_tier = {.name = "crown",
                                           .schema = &crown_schema,
                                           .core_new = crown_new,
                                           .core_free = crown_free,
                                           .as_core = crown_as_core,
                                           .job = no_job};

/* ---- orders
 * ------------------------------------------------------------------------------------------- */

static void answered(void *self, int status, const char *body, size_t body_len)
{
    struct sim_order *o = self;
    (void)body_len;
    enum sim_answer answer = status == 200                                             ? SIM_DONE
                             : status == 0 || status == err_row(ERR_UNAVAILABLE)->http ? SIM_UNKNOWN
                                                                                       : SIM_NEVER;
    const char *ids[] = {o->verb == SIM_RUN ? body : o->guest->id};
    sim_order_answered(o, answer, ids, 1);
}

static struct zone *zone_of(struct sim_world *w)
{
    return w->scene_self;
}

static void ask(struct sim_world *w, const char *target, const char *body, void *self,
                void (*done)(void *self, int status, const char *body, size_t body_len))
{
    sim_net_call_client(zone_of(w)->crown, &(struct sim_client_call){.self = self,
                                                                     .done = done,
                                                                     .face = FACE_PUBLIC,
                                                                     .method = "POST",
                                                                     .target = target,
                                                                     .body = body,
                                                                     .body_len = strlen(body),
                                                                     .timeout_ms = ANSWER_MS});
}

static void send(struct sim_subscriber *s, struct sim_order *o)
{
    char body[128];
    snprintf(body, sizeof body, "%s %s %s", sim_verb_name(o->verb), o->token, o->guest->id);
    ask(s->world, "/order", body, o, answered);
}

static void looked(void *self, int status, const char *body, size_t body_len)
{
    (void)self, (void)status, (void)body, (void)body_len;
}

static void look(struct sim_subscriber *s)
{
    ask(s->world, "/list", "list", NULL, looked);
}

static void hear_list(struct sim_shadow *s, const char *body)
{
    char id[HOST_ID_SIZE], token[40], state[16];
    int used = 0;
    sim_shadow_see_begin(s);
    for (; sscanf(body, "%23s %39s %15s\n%n", id, token, state, &used) == 3; body += used)
        sim_shadow_see(s, id, token, 0, state);
    sim_shadow_see_end(s);
}

/* ---- the scene
 * ---------------------------------------------------------------------------------------- */

static void build(struct sim_world *w)
{
    struct zone *z = check_alloc(sizeof *z);
    struct sim_node *clusters[CLUSTERS];
    char name[SIM_NAME_SIZE];
    w->scene_self = z;
    sim_shadow_init(&z->shadow, w);
    z->crown = sim_node_add(w, "crown", &crown_tier, NULL);
    for (size_t i = 0; i < CLUSTERS; i++) {
        snprintf(name, sizeof name, "cluster-%zu", i + 1);
        clusters[i] = sim_node_add(w, name, &sim_tier_cluster, z->crown);
        sim_tiers_join(z->crown, clusters[i], "cluster");
    }
    for (size_t i = 0; i < HOSTS; i++) {
        snprintf(name, sizeof name, "host-%zu", i + 1);
        struct sim_node *host = sim_node_add(w, name, &sim_tier_host, clusters[i % CLUSTERS]);
        sim_tiers_join(host->parent, host, "host");
        struct sim_machine *m = host->machine = sim_machine_new(host, &sim_shadow_watch);
        snprintf(m->tunnel, sizeof m->tunnel, "10.0.0.%zu", i + 1);
        sim_shadow_add_machine(&z->shadow, m);
    }
    z->subscriber = (struct sim_subscriber){.world = w,
                                            .shadow = &z->shadow,
                                            .send = send,
                                            .look = look,
                                            .living_max = 16,
                                            .guests_max = 60,
                                            .is_ready = true};
    sim_subscriber_begin(&z->subscriber);
}

static void scene_free(struct sim_world *w)
{
    sim_shadow_fini(&zone_of(w)->shadow);
    free(w->scene_self);
}

static void after_turn(struct sim_world *w, struct sim_node *n)
{
    sim_tiers_check_leases(w);
    sim_tiers_check_plans(w, n);
}

static void on_wire(struct sim_world *w, const struct sim_parcel *p)
{
    struct zone *z = zone_of(w);
    sim_wiretap_hear(&z->tap, w, p);
    if (p->is_reply && p->to == NULL && p->status == 200 && str_eq(p->target, "/list"))
        hear_list(&z->shadow, p->body);
}

static void fault(struct sim_world *w, enum sim_fault f)
{
    sim_shadow_fault(&zone_of(w)->shadow, f);
}

/* Clusters only: what subscribers were told stands in the store above them, and still holds. */
static void on_restore(struct sim_world *w, struct sim_node *n)
{
    (void)w;
    PRE(n->tier == &sim_tier_cluster);
}

static void heal(struct sim_world *w)
{
    (void)w;
}

static void finish_core(struct sim_world *w)
{
    sim_shadow_finish_core(&zone_of(w)->shadow);
}

static void finish(struct sim_world *w)
{
    sim_shadow_finish(&zone_of(w)->shadow);
}

const struct sim_scene sim_scene_zone = {.name = "zone",
                                         .build = build,
                                         .free = scene_free,
                                         .after_turn = after_turn,
                                         .on_wire = on_wire,
                                         .fault = fault,
                                         .on_restore = on_restore,
                                         .heal = heal,
                                         .finish_core = finish_core,
                                         .finish = finish};
