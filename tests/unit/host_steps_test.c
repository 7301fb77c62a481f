/* Issue 3, "operations with steps": what is being done for an instance on its way to running is a
 * fact; told when it changes, once a second at most, and of nothing else. */
#include "tests/unit/unit.h"

#include "tests/unit/host_rig.h"

#include "base/str.h"

#include <string.h>

static void wish(struct host_rig *r, int64_t generation, const char *want)
{
    struct wire_instance body = host_rig_instance();
    body.want = want;
    host_rig_wish(r, generation, &body);
}

static void says(struct host_rig *r, const char *state, const char *step, int64_t percent)
{
    struct wire_instance_seen seen = host_rig_seen(r);
    assert_string_equal(seen.state, state);
    assert_string_equal(seen.step, step);
    assert_int_equal(seen.step_percent, percent);
}

/* How many facts were said until now. */
static int64_t said(struct host_rig *r)
{
    return store_i64(r->store, 0, "SELECT max(number) FROM said", "");
}

static void report(struct host_rig *r, int64_t done_bytes, int64_t total_bytes)
{
    struct wire_instance body = host_rig_instance();
    struct host_disk_progress p = {.done_bytes = done_bytes, .total_bytes = total_bytes};
    str_copy(p.manifest, sizeof p.manifest, body.manifest);
    host_rig_hear(r, HOST_DISK_PROGRESS, &p, sizeof p);
}

/* Its image is being fetched. */
static void begin(struct host_rig *r)
{
    host_rig_init(r);
    wish(r, 1, "running");
    host_rig_list(r, -1, 0);
    says(r, "pending", "image", 0);
}

/* A second later, if anything was to be told it is. */
static void says_later(struct host_rig *r, const char *state, const char *step, int64_t percent)
{
    host_rig_pass(r, 1000);
    says(r, state, step, percent);
}

static void a_launch_is_told_step_by_step(void **state)
{
    (void)state;
    struct host_rig r;
    begin(&r);
    report(&r, 45, 100);
    says_later(&r, "pending", "image", 40);
    host_rig_ok(&r, HOST_JOB_DISK_BASE);
    says_later(&r, "pending", "disk", 0);
    host_rig_ok(&r, HOST_JOB_DISK_ROOT);
    says_later(&r, "pending", "network", 0);
    host_rig_ok(&r, HOST_JOB_NET_PORT);
    says_later(&r, "pending", "start", 0);
    host_rig_ok(&r, HOST_JOB_HV_START);
    says(&r, "pending", "start", 0); /* not seen yet */
    host_rig_list(&r, HOST_DOMAIN_RUNNING, HOST_PROFILE_CURRENT);
    says(&r, "running", "", 0);
    host_rig_fini(&r);
}

/* Its image is here: nobody is told of what took a moment, and everybody that it runs. */
static void a_quick_launch_says_little(void **state)
{
    (void)state;
    struct host_rig r;
    begin(&r);
    int64_t before = said(&r);
    host_rig_ok(&r, HOST_JOB_DISK_BASE);
    host_rig_ok(&r, HOST_JOB_DISK_ROOT);
    host_rig_ok(&r, HOST_JOB_NET_PORT);
    host_rig_ok(&r, HOST_JOB_HV_START);
    says(&r, "pending", "image", 0);
    assert_int_equal(said(&r) - before, 0);
    host_rig_list(&r, HOST_DOMAIN_RUNNING, HOST_PROFILE_CURRENT);
    says(&r, "running", "", 0);
    host_rig_fini(&r);
}

/* Ten facts for an image, of however many chunks. */
static void a_long_fetch_says_little(void **state)
{
    (void)state;
    struct host_rig r;
    begin(&r);
    int64_t before = said(&r);
    for (int64_t i = 1; i <= 5000; i++) {
        report(&r, i, 5000);
        host_rig_pass(&r, 5);
    }
    says_later(&r, "pending", "image", 100);
    assert_int_equal(said(&r) - before, 10);
    host_rig_pass(&r, 5000); /* and time alone says nothing */
    assert_int_equal(said(&r) - before, 10);
    host_rig_fini(&r);
}

/* Nothing of it is kept: whoever comes back says what he does, not what was said before. */
static void a_restart_finds_the_step_anew(void **state)
{
    (void)state;
    struct host_rig r;
    begin(&r);
    report(&r, 45, 100);
    host_rig_restart(&r);
    host_rig_list(&r, -1, 0);
    says(&r, "pending", "image", 0); /* the fetch begins with what it finds */
    host_rig_ok(&r, HOST_JOB_DISK_BASE);
    host_rig_ok(&r, HOST_JOB_DISK_ROOT);
    host_rig_ok(&r, HOST_JOB_NET_PORT);
    says_later(&r, "pending", "start", 0);
    host_rig_restart(&r); /* the order may be lost, and may not be */
    host_rig_list(&r, -1, 0);
    says(&r, "pending", "network", 0); /* applied once more */
    host_rig_ok(&r, HOST_JOB_NET_PORT);
    says_later(&r, "pending", "start", 0);
    host_rig_restart(&r);
    host_rig_list(&r, HOST_DOMAIN_RUNNING, HOST_PROFILE_CURRENT);
    says(&r, "running", "", 0);
    host_rig_fini(&r);
}

static void what_is_not_on_its_way_has_none(void **state)
{
    (void)state;
    struct host_rig r;
    begin(&r);
    wish(&r, 2, "stopped");
    says(&r, "off", "", 0);
    wish(&r, 3, "running");
    says(&r, "pending", "image", 0);
    host_rig_done(&r, HOST_JOB_DISK_BASE, ERR_IMAGE_INVALID, "it is something else", NULL, 0);
    says(&r, "refused", "", 0);
    host_rig_fini(&r);
}

/* Refused because it took too long, with its fetch still under way. */
static void what_is_given_up_has_none(void **state)
{
    (void)state;
    struct host_rig r;
    begin(&r);
    report(&r, 45, 100);
    host_rig_pass(&r, 120000);
    host_rig_list(&r, -1, 0);
    report(&r, 55, 100); /* something happens: it is looked at */
    says(&r, "refused", "", 0);
    host_rig_fini(&r);
}

/* A worker may say whatever it likes, whenever. */
static void a_late_or_foreign_report_changes_nothing(void **state)
{
    (void)state;
    struct host_rig r;
    struct host_disk_progress p = {.done_bytes = 50, .total_bytes = 100};
    begin(&r);
    memset(p.manifest, 'b', sizeof p.manifest - 1);
    host_rig_hear(&r, HOST_DISK_PROGRESS, &p, sizeof p);
    memset(p.manifest, 'a', sizeof p.manifest);
    host_rig_hear(&r, HOST_DISK_PROGRESS, &p, sizeof p);
    host_rig_hear(&r, HOST_DISK_PROGRESS, &p, 3);
    says(&r, "pending", "image", 0);
    host_rig_done(&r, HOST_JOB_DISK_BASE, ERR_TIMEOUT, "", NULL, 0);
    report(&r, 50, 100); /* of what was given up */
    says(&r, "pending", "image", 0);
    host_rig_fini(&r);
}

/* A start that was asked for while it still stops: it ends first, and says so. */
static void a_start_after_a_stop_ends_the_last_run(void **state)
{
    (void)state;
    struct host_rig r;
    begin(&r);
    host_rig_ok(&r, HOST_JOB_DISK_BASE);
    host_rig_ok(&r, HOST_JOB_DISK_ROOT);
    host_rig_ok(&r, HOST_JOB_NET_PORT);
    host_rig_ok(&r, HOST_JOB_HV_START);
    host_rig_list(&r, HOST_DOMAIN_RUNNING, HOST_PROFILE_CURRENT);
    wish(&r, 2, "stopped");
    host_rig_ok(&r, HOST_JOB_HV_SHUTDOWN);
    host_rig_list(&r, HOST_DOMAIN_STOPPING, HOST_PROFILE_CURRENT);
    says(&r, "stopping", "", 0);
    wish(&r, 3, "running");
    says(&r, "pending", "end", 0);
    host_rig_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_launch_is_told_step_by_step),
        cmocka_unit_test(a_quick_launch_says_little),
        cmocka_unit_test(a_long_fetch_says_little),
        cmocka_unit_test(a_restart_finds_the_step_anew),
        cmocka_unit_test(what_is_not_on_its_way_has_none),
        cmocka_unit_test(what_is_given_up_has_none),
        cmocka_unit_test(a_late_or_foreign_report_changes_nothing),
        cmocka_unit_test(a_start_after_a_stop_ends_the_last_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
