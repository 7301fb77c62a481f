/* sim_world.h - a world of two machines for tests of the simulator's own parts. */
#pragma once

#include "tests/sim/machine.h"
#include "tests/sim/node.h"
#include "tests/sim/shadow.h"
#include "tests/sim/world.h"

/* Filled by test_world_run before `deed` is called. */
struct test_world {
    struct sim_world *world;
    struct sim_shadow shadow;
    struct sim_machine *one, *other;
    void (*deed)(struct test_world *t);
};

/* Runs `deed` in a new world; the caller frees with test_world_free. */
void test_world_run(struct test_world *t, void (*deed)(struct test_world *t));
void test_world_free(struct test_world *t);
