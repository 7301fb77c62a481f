/* sim_hypervisor_test.c - the model keeps the contract of computer-manager/model/job.h: START is
 * define and create, ERASE leaves nothing that an earlier create could bring back. */
#include "base/str.h"
#include "tests/unit/sim_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

static const char ID[] = "i-0123456789abcdef0";

static struct host_hv_start start_of(int64_t pepoch)
{
    struct host_hv_start s = {.pepoch = pepoch, .generation = 1, .memory_mib = 64};
    str_copy(s.instance, sizeof s.instance, ID);
    return s;
}

static enum err_code act(struct sim_machine *m, int kind, int64_t pepoch)
{
    struct host_hv_target t = {.pepoch = pepoch};
    struct sim_outcome out = {0};
    str_copy(t.instance, sizeof t.instance, ID);
    sim_hypervisor_do(m, kind, &t, &out);
    free(out.result);
    return out.code;
}

static void erase_forestalls_a_create(struct test_world *t)
{
    struct host_hv_start s = start_of(1);
    assert_int_equal(sim_hypervisor_define(t->one, &s), ERR_OK);
    assert_int_equal(act(t->one, HOST_JOB_HV_ERASE, 1), ERR_OK);
    sim_hypervisor_create(t->one, ID); /* queued in the service until now */
    assert_null(sim_machine_domain(t->one, ID));
}

static void destroy_forestalls_nothing(struct test_world *t)
{
    struct host_hv_start s = start_of(1);
    sim_hypervisor_define(t->one, &s);
    assert_int_equal(act(t->one, HOST_JOB_HV_DESTROY, 1), ERR_OK);
    sim_hypervisor_create(t->one, ID);
    assert_true(sim_machine_domain(t->one, ID)->runs);
}

static void another_placement_is_left_alone(struct test_world *t)
{
    struct host_hv_start s = start_of(2), older = start_of(1);
    sim_hypervisor_define(t->one, &s);
    sim_hypervisor_create(t->one, ID);
    assert_int_equal(sim_hypervisor_define(t->one, &older), ERR_PRECONDITION);
    assert_int_equal(act(t->one, HOST_JOB_HV_ERASE, 1), ERR_OK);
    assert_true(sim_machine_domain(t->one, ID)->runs);
}

static void power_takes_what_runs(struct test_world *t)
{
    struct host_hv_start s = start_of(1);
    sim_hypervisor_define(t->one, &s);
    sim_hypervisor_create(t->one, ID);
    sim_node_power_off(t->one->node);
    sim_machine_power(t->one->node, false);
    assert_false(sim_machine_domain(t->one, ID)->runs);
    assert_int_equal(sim_machine_domain(t->one, ID)->off_why, HOST_OFF_HOST);
}

static void check(void **state)
{
    struct test_world t;
    test_world_run(&t, (void (*)(struct test_world *))(uintptr_t)*state);
    assert_null(t.world->violation.invariant);
    test_world_free(&t);
}

#define CASE(deed)                                        \
    {                                                     \
#deed, check, NULL, NULL, (void *)(uintptr_t)deed \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(erase_forestalls_a_create), CASE(destroy_forestalls_nothing),
        CASE(another_placement_is_left_alone), CASE(power_takes_what_runs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
