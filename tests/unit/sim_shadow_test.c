/* sim_shadow_test.c - every checker sees what it is there for: a checker that cannot fail proves
 * nothing. Each case does one wrong thing and names the invariant that must be reported. */
#include "base/check.h"
#include "base/str.h"
#include "tests/unit/sim_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static const char ID[] = "i-0123456789abcdef0";

static struct sim_guest *given(struct test_world *t, const char *token, const char *id)
{
    struct sim_guest *g = sim_shadow_new_guest(&t->shadow, token, 0);
    sim_shadow_ask(&t->shadow, g, SIM_RUN);
    sim_shadow_tell(&t->shadow, g, SIM_RUN, id);
    return g;
}

static void run(struct sim_machine *m, int64_t memory_mib)
{
    struct host_hv_start s = {.pepoch = 1, .generation = 1, .memory_mib = memory_mib};
    str_copy(s.instance, sizeof s.instance, ID);
    sim_hypervisor_define(m, &s);
    sim_hypervisor_create(m, ID);
}

static void see(struct test_world *t, const char *id, const char *token, const char *state)
{
    sim_shadow_see_begin(&t->shadow);
    sim_shadow_see(&t->shadow, id, token, 0, state);
    sim_shadow_see_end(&t->shadow);
}

static void i1_two_domains(struct test_world *t)
{
    run(t->one, 64);
    run(t->other, 64);
}

static void i2_called_running_and_nowhere(struct test_world *t)
{
    given(t, "a", ID);
    see(t, ID, "a", "running");
    sim_shadow_finish(&t->shadow);
}

static void i2_runs_and_nobody_knows(struct test_world *t)
{
    run(t->one, 64);
    sim_shadow_finish(&t->shadow);
}

static void i3_too_much_memory(struct test_world *t)
{
    run(t->one, t->one->memory_mib + 1);
}

static void starts_with_its_old_size(struct test_world *t)
{
    struct sim_guest *g = given(t, "a", ID);
    g->size_mib = 128;
    sim_shadow_ask(&t->shadow, g, SIM_RESIZE);
    run(t->one, 64); /* open: either is fine */
    sim_hypervisor_end(t->one, sim_machine_domain(t->one, ID), SIM_END_JOB);
    sim_shadow_tell(&t->shadow, g, SIM_RESIZE, ID);
    run(t->one, 64);
}

static void i4_two_for_one_token(struct test_world *t)
{
    struct sim_guest *g = given(t, "a", ID);
    sim_shadow_tell(&t->shadow, g, SIM_RUN, "i-0123456789abcdef1");
}

static void i4_nobody_asked(struct test_world *t)
{
    see(t, ID, "a", "pending");
}

static void i5_promised_and_not_there(struct test_world *t)
{
    given(t, "a", ID);
    sim_shadow_see_begin(&t->shadow);
    sim_shadow_see_end(&t->shadow);
}

static void i5_stopped_and_runs(struct test_world *t)
{
    struct sim_guest *g = given(t, "a", ID);
    sim_shadow_ask(&t->shadow, g, SIM_STOP);
    sim_shadow_tell(&t->shadow, g, SIM_STOP, ID);
    run(t->one, 64);
    see(t, ID, "a", "running");
    sim_shadow_finish(&t->shadow);
}

static void i6_never_settles(struct test_world *t)
{
    given(t, "a", ID);
    see(t, ID, "a", "pending");
    sim_shadow_finish(&t->shadow);
}

static void i7_terminated_and_there(struct test_world *t)
{
    given(t, "a", ID);
    run(t->one, 64);
    see(t, ID, "a", "terminated");
}

static void i7_runs_after_its_end(struct test_world *t)
{
    given(t, "a", ID);
    see(t, ID, "a", "terminated");
    run(t->one, 64);
}

static void i8_more_than_the_quota(struct test_world *t)
{
    t->shadow.quota = 1;
    given(t, "a", "i-0123456789abcdef1");
    given(t, "b", "i-0123456789abcdef2");
    sim_shadow_see_begin(&t->shadow);
    sim_shadow_see(&t->shadow, "i-0123456789abcdef1", "a", 0, "pending");
    sim_shadow_see(&t->shadow, "i-0123456789abcdef2", "b", 0, "pending");
    sim_shadow_see_end(&t->shadow);
}

static void i11_one_address_twice(struct test_world *t)
{
    struct host_port port = {.vni = 1, .address = 7, .mac = {2, 0, 0, 0, 0, 1}};
    struct sim_outcome one = {0}, other = {0};
    str_copy(port.port, sizeof port.port, "eni-1");
    sim_ports_do(t->one, HOST_JOB_NET_PORT, &port, &one);
    port.mac[5] = 2;
    str_copy(port.port, sizeof port.port, "eni-2");
    sim_ports_do(t->other, HOST_JOB_NET_PORT, &port, &other);
    free(one.result);
    free(other.result);
}

static void plug(struct sim_machine *m)
{
    struct host_port port = {.vni = 1, .address = 7, .mac = {2, 0, 0, 0, 0, 1}};
    struct sim_outcome out = {0};
    str_copy(port.port, sizeof port.port, "eni-1");
    str_copy(port.instance, sizeof port.instance, ID);
    sim_ports_do(m, HOST_JOB_NET_PORT, &port, &out);
    free(out.result);
}

static void put_port(struct sim_machine *m, const char *instance, int64_t vni, uint8_t n)
{
    struct host_port port = {.vni = vni, .address = n, .mac = {2, 0, 0, 0, 0, n}};
    struct sim_outcome out = {0};
    snprintf(port.port, sizeof port.port, "eni-%d", n);
    str_copy(port.instance, sizeof port.instance, instance);
    sim_ports_do(m, HOST_JOB_NET_PORT, &port, &out);
    free(out.result);
}

static void i12_runs_without_filters(struct test_world *t)
{
    given(t, "a", ID);
    run(t->one, 64);
    plug(t->one);
    see(t, ID, "a", "running");
    sim_ports_spoil(t->one, 0, false);
    sim_shadow_finish(&t->shadow);
}

static void i12_runs_without_a_port(struct test_world *t)
{
    given(t, "a", ID);
    run(t->one, 64);
    plug(t->one);
    see(t, ID, "a", "running");
    sim_ports_spoil(t->one, 0, true);
    sim_shadow_finish(&t->shadow);
}

/* Its process dies, and it is started on other hardware from the same disk. */
static void profile_changes(struct test_world *t)
{
    struct host_hv_start s = {.pepoch = 1, .generation = 1, .memory_mib = 64, .profile = {1}};
    t->one->roots[0] = (struct sim_root){.is_there = true, .spec = {.pepoch = 1}};
    str_copy(t->one->roots[0].spec.instance, sizeof s.instance, ID);
    str_copy(s.instance, sizeof s.instance, ID);
    for (; s.profile.number <= 2; s.profile.number++) {
        sim_hypervisor_define(t->one, &s);
        sim_hypervisor_create(t->one, ID);
        sim_machine_end_guest(t->one, 0, SIM_END_CRASH);
    }
}

static void medium_is_taken_for_a_disk(struct test_world *t)
{
    struct host_disk_root r = {.pepoch = 1, .manifest = "2"};
    str_copy(r.instance, sizeof r.instance, ID);
    given(t, "a", ID);
    t->one->watch->on_root(t->one, &r, true);
}

/* It has its disk, and its domain is told something else. */
static void disk_is_taken_for_a_medium(struct test_world *t)
{
    struct host_hv_start s = {.pepoch = 1, .manifest = "1", .is_cdrom = 1};
    str_copy(s.instance, sizeof s.instance, ID);
    given(t, "a", ID);
    t->one->watch->on_order(t->one, HOST_JOB_HV_START, &s);
}

/* The placement before it still has its domain here, which is off. */
static void r8_another_placement_is_there(struct test_world *t)
{
    struct host_hv_start s = {.pepoch = 2, .generation = 1, .memory_mib = 64};
    str_copy(s.instance, sizeof s.instance, ID);
    given(t, "a", ID);
    run(t->one, 64);
    sim_hypervisor_end(t->one, sim_machine_domain(t->one, ID), SIM_END_GUEST);
    t->other->watch->on_order(t->other, HOST_JOB_HV_START, &s);
    t->one->watch->on_order(t->one, HOST_JOB_HV_START, &s);
}

static void r16_starts_before_it_heard(struct test_world *t)
{
    struct host_hv_start s = {.pepoch = 1, .generation = 1, .memory_mib = 64, .manifest = "1"};
    str_copy(s.instance, sizeof s.instance, ID);
    given(t, "a", ID);
    t->one->node->boot++;
    t->other->watch->on_order(t->other, HOST_JOB_HV_START, &s);
    t->one->watch->on_order(t->one, HOST_JOB_HV_START, &s);
}

/* Nothing is asked of a machine that is broken, and of one that is not everything. */
static void i6_live_core_never_settles(struct test_world *t)
{
    struct sim_guest *g = given(t, "a", ID);
    see(t, ID, "a", "running");
    run(t->other, 64);
    sim_shadow_ask(&t->shadow, g, SIM_TERMINATE);
    sim_shadow_tell(&t->shadow, g, SIM_TERMINATE, ID);
    t->other->node->is_broken = true;
    sim_shadow_finish_core(&t->shadow);
    PRE(t->world->violation.invariant == NULL);
    t->other->node->is_broken = false;
    sim_shadow_finish_core(&t->shadow);
}

static void put_peer(struct sim_machine *m, int64_t vni, uint8_t n, uint32_t tunnel)
{
    static struct host_net_peers spec;
    struct sim_outcome out = {0};
    spec = (struct host_net_peers){
        .vni = vni,
        .len = 1,
        .peers = {{.address = n, .tunnel = tunnel, .mac = {2, 0, 0, 0, 0, n}}}};
    sim_tunnel_do(m, &spec, &out);
}

#define OTHER_ID "i-0123456789abcdef9"

/* Two running guests of one network on two machines. */
static void two_guests(struct test_world *t)
{
    str_copy(t->one->tunnel, sizeof t->one->tunnel, "10.0.0.1");
    str_copy(t->other->tunnel, sizeof t->other->tunnel, "10.0.0.2");
    given(t, "a", ID);
    run(t->one, 64);
    see(t, ID, "a", "running");
    put_port(t->one, ID, 1, 1);
    put_port(t->other, OTHER_ID, 1, 2);
}

static void i12_never_told(struct test_world *t)
{
    two_guests(t);
    sim_shadow_finish(&t->shadow);
}

static void i12_told_a_wrong_machine(struct test_world *t)
{
    two_guests(t);
    put_peer(t->other, 1, 1, 0x0a000003);
    sim_shadow_finish(&t->shadow);
}

static void i12_knows_what_ended(struct test_world *t)
{
    two_guests(t);
    put_peer(t->other, 1, 1, 0x0a000001);
    put_peer(t->other, 1, 7, 0x0a000001);
    sim_shadow_finish(&t->shadow);
}

static void i12_knows_another_network(struct test_world *t)
{
    put_port(t->one, ID, 1, 1);
    put_port(t->other, OTHER_ID, 2, 2);
    put_peer(t->other, 2, 1, 0x0a000001);
}

static void tunnels_are_well(struct test_world *t)
{
    two_guests(t);
    put_peer(t->other, 1, 1, 0x0a000001);
    put_peer(t->one, 1, 2, 0x0a000002);
    sim_shadow_finish(&t->shadow);
}

static void step_of_one_that_runs(struct test_world *t)
{
    sim_shadow_see_reason(&t->shadow, ID, "pending", "pending");
    sim_shadow_see_reason(&t->shadow, ID, "stopped", "Client.UserInitiatedShutdown");
    sim_shadow_see_reason(&t->shadow, ID, "running", "");
    sim_shadow_see_reason(&t->shadow, ID, "running", "pending");
}

static void i23_back_from_the_dead(struct test_world *t)
{
    given(t, "a", ID);
    see(t, ID, "a", "terminated");
    see(t, ID, "a", "running");
}

static void i23_running_to_pending(struct test_world *t)
{
    given(t, "a", ID);
    see(t, ID, "a", "running");
    see(t, ID, "a", "pending");
}

static void i25_ended_unasked(struct test_world *t)
{
    struct host_hv_target target = {.pepoch = 1};
    struct sim_outcome out = {0};
    str_copy(target.instance, sizeof target.instance, ID);
    given(t, "a", ID);
    run(t->one, 64);
    see(t, ID, "a", "running");
    sim_hypervisor_do(t->one, HOST_JOB_HV_DESTROY, &target, &out);
}

static void all_is_well(struct test_world *t)
{
    given(t, "a", ID);
    run(t->one, 64);
    plug(t->one);
    see(t, ID, "a", "pending");
    see(t, ID, "a", "running");
    sim_shadow_finish(&t->shadow);
}

static void paused_beside_free_room(struct test_world *t)
{
    given(t, "a", ID);
    run(t->one, 64);
    plug(t->one);
    see(t, ID, "a", "running");
    sim_machine_domain(t->one, ID)->is_paused = true;
    sim_shadow_finish(&t->shadow);
}

struct expectation {
    void (*deed)(struct test_world *t);
    const char *invariant; /* NULL: none */
};

static const struct expectation cases[] = {
    {i1_two_domains, "I1"},
    {i2_called_running_and_nowhere, "I2"},
    {i2_runs_and_nobody_knows, "I2"},
    {i3_too_much_memory, "I3"},
    {starts_with_its_old_size, "SIZE"},
    {i4_two_for_one_token, "I4"},
    {i4_nobody_asked, "I4"},
    {i5_promised_and_not_there, "I5"},
    {i5_stopped_and_runs, "I5"},
    {i6_never_settles, "I6"},
    {i7_terminated_and_there, "I7"},
    {i7_runs_after_its_end, "I7"},
    {i8_more_than_the_quota, "I8"},
    {i11_one_address_twice, "I11"},
    {i12_runs_without_filters, "I12"},
    {i12_runs_without_a_port, "I12"},
    {profile_changes, "PROFILE"},
    {medium_is_taken_for_a_disk, "MEDIUM"},
    {disk_is_taken_for_a_medium, "MEDIUM"},
    {r8_another_placement_is_there, "R8"},
    {r16_starts_before_it_heard, "R16"},
    {i6_live_core_never_settles, "I6"},
    {i12_never_told, "I12"},
    {i12_told_a_wrong_machine, "I12"},
    {i12_knows_what_ended, "I12"},
    {i12_knows_another_network, "I12"},
    {tunnels_are_well, NULL},
    {step_of_one_that_runs, "STEP"},
    {i23_back_from_the_dead, "I23"},
    {i23_running_to_pending, "I23"},
    {i25_ended_unasked, "I25"},
    {paused_beside_free_room, "PAUSED"},
    {all_is_well, NULL},
};

static void each_checker_sees_its_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct test_world t;
        test_world_run(&t, cases[i].deed);
        const char *seen = t.world->violation.invariant;
        if (cases[i].invariant == NULL)
            assert_null(seen);
        else if (seen == NULL)
            fail_msg("case %zu: nobody saw that %s is broken", i, cases[i].invariant);
        else
            assert_string_equal(seen, cases[i].invariant);
        test_world_free(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_checker_sees_its_wrong)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
