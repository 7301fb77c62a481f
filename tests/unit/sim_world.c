/* sim_world.c - the scene behind sim_world.h: nodes without a daemon, only machines. */
#include "tests/unit/sim_world.h"

#include "base/check.h"
#include "tests/sim/stores.h"

static const char *const migrations[] = {"CREATE TABLE blank(one INTEGER)"};
static const struct store_schema schema = {migrations, 1};
static const struct sim_tier tier = {.name = "none", .schema = &schema};

static struct test_world *at_hand;

static void build(struct sim_world *w)
{
    struct test_world *t = at_hand;
    t->world = w;
    sim_shadow_init(&t->shadow, w);
    const char *names[] = {"one", "other"};
    for (size_t i = 0; i < 2; i++) {
        struct sim_node *n = sim_node_add(w, names[i], &tier, NULL);
        n->is_held = true; /* no daemon: nothing starts */
        n->heard_boot = n->boot;
        struct sim_machine *m = n->machine = sim_machine_new(n, &sim_shadow_watch);
        sim_shadow_add_machine(&t->shadow, m);
    }
    t->one = t->shadow.machines[0];
    t->other = t->shadow.machines[1];
    t->deed(t);
}

static void scene_free(struct sim_world *w)
{
    (void)w;
    sim_shadow_fini(&at_hand->shadow);
}

static void nothing(struct sim_world *w)
{
    (void)w;
}

static void no_turn(struct sim_world *w, struct sim_node *n)
{
    (void)w, (void)n;
}

static void no_wire(struct sim_world *w, const struct sim_parcel *p)
{
    (void)w, (void)p;
}

static void no_fault(struct sim_world *w, enum sim_fault f)
{
    (void)w, (void)f;
}

static const struct sim_scene scene = {.name = "test",
                                       .build = build,
                                       .free = scene_free,
                                       .after_turn = no_turn,
                                       .on_wire = no_wire,
                                       .fault = no_fault,
                                       .heal = nothing,
                                       .finish = nothing};

void test_world_run(struct test_world *t, void (*deed)(struct test_world *t))
{
    struct sim_options options = {.seed = 1, .faults_ms = 1, .settle_ms = 100000};
    for (size_t i = 0; i < SIM_FAULTS; i++)
        options.without[i] = true;
    *t = (struct test_world){.deed = deed};
    at_hand = t;
    struct sim_world *w = sim_world_run(&scene, &options);
    INV(w == t->world);
}

void test_world_free(struct test_world *t)
{
    sim_world_free(t->world);
    sim_stores_fini();
    at_hand = NULL;
}
