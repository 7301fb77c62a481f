/* Issue 3, "many hosts": launches at once start in parallel, paced by the load of the host, and
 * each gets its turn: whoever was wished first, and nobody's time runs out while he waits. */
#include "tests/unit/unit.h"

#include "tests/unit/host_rig.h"

#include "base/check.h"
#include "base/str.h"
#include "computer-manager/hypervisor/load.h"
#include "computer-manager/model/pace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the decision -------------------------------------------------------------------------- */

static int64_t pace(int64_t vcpus, int64_t idle_permille)
{
    return host_pace(&(struct host_load){vcpus, idle_permille});
}

static void any_load_lets_two_go_and_never_too_many(void **state)
{
    (void)state;
    static const int64_t cores[] = {-1, 0, 1, 2, 3, 4, 8, 64, 3999, 4001, INT64_MAX};
    for (size_t i = 0; i < sizeof cores / sizeof cores[0]; i++)
        for (int64_t idle = -2; idle <= 1002; idle++) {
            int64_t got = pace(cores[i], idle);
            assert_in_range(got, HOST_STARTS_LEAST, HOST_STARTS_MAX);
            assert_true(idle < 0 || got >= pace(cores[i], idle - 1));
            assert_true(i == 0 || idle <= 0 || got >= pace(cores[i - 1], idle));
        }
}

static void each_idle_core_takes_one(void **state)
{
    (void)state;
    assert_int_equal(pace(2, 1000), 2);
    assert_int_equal(pace(4, 700), 3);
    assert_int_equal(pace(4, 1000), 4);
    assert_int_equal(pace(64, 40), 3);
    assert_int_equal(pace(64, 1000), HOST_STARTS_MAX);
    assert_int_equal(pace(64, 0), HOST_STARTS_LEAST);
    assert_int_equal(pace(64, -1), HOST_STARTS_LEAST);
}

static void the_kernels_count_is_read(void **state)
{
    (void)state;
    int64_t idle, all;
    struct host_load_meter m = {0};
    assert_true(host_load_parse("cpu  10 1 5 80 2 0 1 1 7 7\ncpu0 ...", &idle, &all));
    assert_int_equal(idle, 80);
    assert_int_equal(all, 100); /* guests' time stands in the user's already */
    assert_false(host_load_parse("cpu0 10 1 5 80 2 0 1 1", &idle, &all));
    assert_false(host_load_parse("cpu  10 1 5 80", &idle, &all));
    assert_int_equal(host_load_take(&m, 80, 100), -1); /* one reading says nothing */
    assert_int_equal(host_load_take(&m, 130, 200), 500);
    assert_int_equal(host_load_take(&m, 130, 210), 500); /* too soon */
    assert_int_equal(host_load_take(&m, 130, 300), 0);
    assert_int_equal(host_load_take(&m, 120, 400), -1); /* it went back */
    assert_int_equal(host_load_take(&m, 220, 500), 1000);
}

/* ---- the queue ----------------------------------------------------------------------------- */

enum { GUESTS = 7 };

struct host {
    struct host_rig rig;
    bool runs[GUESTS];
    int64_t idle_permille;
};

static void name(char out[HOST_ID_SIZE], int guest)
{
    snprintf(out, HOST_ID_SIZE, "i-0123456789abcde%02d", guest);
}

static int guest_of(const struct rig_job *start)
{
    const char *id = ((const struct host_hv_start *)start->spec)->instance;
    return id[strlen(id) - 1] - '0';
}

static void list(struct host *h)
{
    struct host_hv_list *all = check_alloc(sizeof *all);
    str_copy(all->boot, sizeof all->boot, "boot");
    all->idle_permille = h->idle_permille;
    for (int i = 0; i < GUESTS; i++)
        if (h->runs[i]) {
            struct host_domain *d = &all->domains[all->len++];
            *d = (struct host_domain){.state = HOST_DOMAIN_RUNNING, .generation = 1, .profile = 1};
            name(d->instance, i);
        }
    while (host_rig_job(&h->rig, HOST_JOB_HV_LIST) != NULL)
        host_rig_done(&h->rig, HOST_JOB_HV_LIST, ERR_OK, "", all, sizeof *all);
    free(all);
}

static void wish(struct host *h, int guest)
{
    char id[HOST_ID_SIZE];
    CLEANUP(buf_fini) struct buf json = {0};
    struct wire_instance body = host_rig_instance();
    wire_encode(&json, &wire_instance_type, &body);
    name(id, guest);
    host_rig_wish_other(&h->rig, "instance", id, "", buf_str(&json));
}

/* All are wished, the last one first, and ready but for the start. */
static void make_ready(struct host *h)
{
    struct host_hv_probe probe = {.accelerator = "tcg", .vcpus = 4, .memory_mib = 8192};
    host_rig_init(&h->rig);
    host_rig_done(&h->rig, HOST_JOB_HV_PROBE, ERR_OK, "", &probe, sizeof probe);
    list(h); /* the newest listing knows the cores */
    for (int i = GUESTS - 1; i >= 0; i--)
        wish(h, i);
    list(h);
    host_rig_ok(&h->rig, HOST_JOB_DISK_BASE);
    while (host_rig_job(&h->rig, HOST_JOB_DISK_ROOT) != NULL)
        host_rig_ok(&h->rig, HOST_JOB_DISK_ROOT);
    while (host_rig_job(&h->rig, HOST_JOB_NET_PORT) != NULL)
        host_rig_ok(&h->rig, HOST_JOB_NET_PORT);
}

static int starting(const struct host *h)
{
    int count = 0;
    for (size_t i = 0; i < h->rig.jobs_len; i++)
        count += h->rig.jobs[i].kind == HOST_JOB_HV_START;
    return count;
}

static void start_one(struct host *h)
{
    const struct rig_job *job = host_rig_job(&h->rig, HOST_JOB_HV_START);
    assert_non_null(job);
    h->runs[guest_of(job)] = true;
    host_rig_ok(&h->rig, HOST_JOB_HV_START);
}

static int running(struct host *h)
{
    return (int)store_i64(h->rig.store, 0, "SELECT count(*) FROM said WHERE body LIKE '%running%'",
                          "");
}

static void idle_cores_start_together(void **state)
{
    (void)state;
    struct host h = {.idle_permille = 1000};
    make_ready(&h);
    assert_int_equal(starting(&h), HOST_STARTS_MAX);
    start_one(&h);
    assert_int_equal(starting(&h), HOST_STARTS_MAX - 1); /* nobody has seen what it costs yet */
    list(&h);
    assert_int_equal(starting(&h), HOST_STARTS_MAX);
    while (starting(&h) > 0) {
        start_one(&h);
        list(&h);
        assert_true(starting(&h) <= HOST_STARTS_MAX);
    }
    assert_int_equal(running(&h), GUESTS);
    host_rig_fini(&h.rig);
}

static int64_t refused(struct host *h)
{
    return store_i64(h->rig.store, 0, "SELECT count(*) FROM record WHERE is_refused", "");
}

/* The machine is busy all the time, and each start takes nearly as long as it may. */
static void each_has_its_turn_in_the_end(void **state)
{
    (void)state;
    struct host h = {.idle_permille = 0};
    make_ready(&h);
    for (int i = GUESTS - 1; i >= 0; i--) {
        assert_int_equal(starting(&h), i >= 1 ? HOST_STARTS_LEAST : 1);
        assert_int_equal(guest_of(host_rig_job(&h.rig, HOST_JOB_HV_START)), i); /* as wished */
        host_rig_pass(&h.rig, 29000);
        start_one(&h);
        list(&h);
    }
    assert_int_equal(running(&h), GUESTS);
    assert_int_equal(refused(&h), 0);
    host_rig_fini(&h.rig);
}

/* Whose start hangs does not keep the others from theirs, and has so much time and no more. */
static void one_that_fails_gives_its_turn_away(void **state)
{
    (void)state;
    struct host h = {.idle_permille = 0};
    make_ready(&h);
    for (int tries = 0; refused(&h) == 0; tries++) {
        assert_true(tries < 100);
        const struct rig_job *job = host_rig_job(&h.rig, HOST_JOB_HV_START);
        if (job != NULL && guest_of(job) == GUESTS - 1)
            host_rig_done(&h.rig, HOST_JOB_HV_START, ERR_TIMEOUT, "it hangs", NULL, 0);
        else if (job != NULL)
            start_one(&h);
        host_rig_pass(&h.rig, 3000);
        list(&h);
    }
    assert_int_equal(running(&h), GUESTS - 1);
    assert_int_equal(refused(&h), 1);
    host_rig_fini(&h.rig);
}

/* Ports are applied once more, and the hour it waited is not held against it. */
static void a_restart_costs_nobody_his_turn(void **state)
{
    (void)state;
    struct host h = {.idle_permille = 0};
    make_ready(&h);
    host_rig_pass(&h.rig, 3600000);
    host_rig_restart(&h.rig);
    list(&h);
    while (host_rig_job(&h.rig, HOST_JOB_NET_PORT) != NULL)
        host_rig_ok(&h.rig, HOST_JOB_NET_PORT);
    list(&h);
    while (starting(&h) > 0) {
        start_one(&h);
        list(&h);
    }
    assert_int_equal(running(&h), GUESTS);
    host_rig_fini(&h.rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_load_lets_two_go_and_never_too_many),
        cmocka_unit_test(each_idle_core_takes_one),
        cmocka_unit_test(the_kernels_count_is_read),
        cmocka_unit_test(idle_cores_start_together),
        cmocka_unit_test(each_has_its_turn_in_the_end),
        cmocka_unit_test(one_that_fails_gives_its_turn_away),
        cmocka_unit_test(a_restart_costs_nobody_his_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
