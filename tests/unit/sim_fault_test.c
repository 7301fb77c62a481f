/* sim_fault_test.c - each kind of fault has its own stream: one may be left out and the others
 * happen as before, so that a failing seed can be narrowed down. */
#include "tests/sim/fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { DRAWS = 1000 };

static uint64_t seed_with(enum sim_fault fault)
{
    static const bool all[SIM_FAULTS] = {false};
    struct sim_faults f;
    uint64_t seed = 0;
    do
        sim_faults_init(&f, ++seed, all);
    while (f.rate[fault] == 0);
    return seed;
}

static void leaving_one_out_shifts_nothing(void **state)
{
    (void)state;
    static const bool all[SIM_FAULTS] = {false};
    bool without[SIM_FAULTS] = {false};
    struct sim_faults a, b;
    uint64_t seed = seed_with(SIM_FAULT_LOSE_REPLY);
    without[SIM_FAULT_LOSE_REQUEST] = true;
    sim_faults_init(&a, seed, all);
    sim_faults_init(&b, seed, without);
    assert_int_equal(b.rate[SIM_FAULT_LOSE_REQUEST], 0);
    for (int i = 0; i < DRAWS; i++) {
        sim_faults_hit(&a, SIM_FAULT_LOSE_REQUEST);
        sim_faults_hit(&b, SIM_FAULT_LOSE_REQUEST);
        assert_int_equal(sim_faults_hit(&a, SIM_FAULT_LOSE_REPLY),
                         sim_faults_hit(&b, SIM_FAULT_LOSE_REPLY));
    }
}

static void nothing_happens_after_the_faults(void **state)
{
    (void)state;
    static const bool all[SIM_FAULTS] = {false};
    struct sim_faults f;
    sim_faults_init(&f, seed_with(SIM_FAULT_KILL_DAEMON), all);
    assert_true(sim_faults_wait_ms(&f, SIM_FAULT_KILL_DAEMON) > 0);
    f.on = false;
    assert_int_equal(sim_faults_wait_ms(&f, SIM_FAULT_KILL_DAEMON), 0);
    for (int i = 0; i < DRAWS; i++)
        assert_false(sim_faults_hit(&f, SIM_FAULT_LOSE_REPLY));
}

static void every_kind_has_its_name(void **state)
{
    (void)state;
    for (enum sim_fault f = 0; f < SIM_FAULTS; f++)
        assert_int_equal(sim_fault_parse(sim_fault_name(f)), f);
    assert_int_equal(sim_fault_parse("SUNSHINE"), SIM_FAULTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(leaving_one_out_shifts_nothing),
                                       cmocka_unit_test(nothing_happens_after_the_faults),
                                       cmocka_unit_test(every_kind_has_its_name)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
