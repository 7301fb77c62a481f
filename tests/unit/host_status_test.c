/* PROTOCOL 8, the end: a guest is `ok` only after it answered for its address, `initializing`
 * before, `impaired` after two minutes without, and where it is paused, with the reason. */
#include "tests/unit/unit.h"

#include "tests/unit/host_rig.h"

#include "base/str.h"
#include "computer-manager/model/status.h"

#include <string.h>

enum { MINUTE = 60000 };

/* ---- the rule ------------------------------------------------------------------------------ */

static enum guest_status judge(struct host_pulse p, int64_t now_ms)
{
    return host_status(&p, now_ms);
}

static void each_way_of_the_drawing(void **state)
{
    (void)state;
    struct host_pulse fresh = {
        .before = GUEST_INITIALIZING, .run_ms = 1000, .heard_ms = 500, .answered_ms = -1};
    assert_int_equal(judge(fresh, 1000), GUEST_INITIALIZING);
    assert_int_equal(judge(fresh, 1000 + 2 * MINUTE - 1), GUEST_INITIALIZING);
    assert_int_equal(judge(fresh, 1000 + 2 * MINUTE), GUEST_IMPAIRED);
    struct host_pulse well = fresh;
    well.answered_ms = 5000;
    assert_int_equal(judge(well, 5000), GUEST_OK);
    well.before = GUEST_OK;
    assert_int_equal(judge(well, 5000 + 2 * MINUTE - 1), GUEST_OK);
    assert_int_equal(judge(well, 5000 + 2 * MINUTE), GUEST_IMPAIRED);
    well.before = GUEST_IMPAIRED;
    assert_int_equal(judge(well, 5001), GUEST_OK);
    well.is_paused = true;
    assert_int_equal(judge(well, 5001), GUEST_IMPAIRED);
}

/* Who had the address before, or this guest before it was stopped. */
static void an_answer_of_before_says_nothing(void **state)
{
    (void)state;
    struct host_pulse p = {.before = GUEST_INITIALIZING, .run_ms = 9000, .answered_ms = 8999};
    assert_int_equal(judge(p, 9001), GUEST_INITIALIZING);
}

/* A manager that was away has not heard two minutes of silence. */
static void who_did_not_listen_does_not_judge(void **state)
{
    (void)state;
    struct host_pulse p = {
        .before = GUEST_OK, .run_ms = 1000, .heard_ms = 50 * MINUTE, .answered_ms = -1};
    assert_int_equal(judge(p, 51 * MINUTE), GUEST_OK);
    assert_int_equal(judge(p, 52 * MINUTE), GUEST_IMPAIRED);
}

/* ---- the core ------------------------------------------------------------------------------ */

static void listen(struct host_rig *r, int64_t answered_ms)
{
    struct host_net_list list = {.len = 1};
    str_copy(list.ports[0].port, sizeof list.ports[0].port, "eni-0123456789abcdef0");
    list.ports[0].vni = 10;
    list.ports[0].is_whole = true;
    list.ports[0].answered_ms = answered_ms;
    if (host_rig_job(r, HOST_JOB_NET_LIST) == NULL)
        host_rig_pass(r, r->config.net_list_ms);
    host_rig_done(r, HOST_JOB_NET_LIST, ERR_OK, "", &list, sizeof list);
}

static void begin(struct host_rig *r)
{
    struct wire_instance wish = host_rig_instance();
    host_rig_init(r);
    host_rig_wish(r, 1, &wish);
    host_rig_run(r);
}

static void the_fact_says_it(void **state)
{
    (void)state;
    struct host_rig r;
    begin(&r);
    assert_string_equal(host_rig_seen(&r).state, "running");
    assert_string_equal(host_rig_seen(&r).status, "initializing");
    listen(&r, 60000); /* whoever had the address before */
    assert_string_equal(host_rig_seen(&r).status, "initializing");
    host_rig_pass(&r, 20);
    listen(&r, 10);
    assert_string_equal(host_rig_seen(&r).status, "ok");
    host_rig_pass(&r, 2 * MINUTE);
    listen(&r, -1);
    assert_string_equal(host_rig_seen(&r).status, "impaired");
    assert_non_null(strstr(host_rig_seen(&r).status_why, "not answered"));
    listen(&r, 0);
    assert_string_equal(host_rig_seen(&r).status, "ok");
    assert_string_equal(host_rig_seen(&r).status_why, "");
    host_rig_fini(&r);
}

/* Equal listings say nothing new: the link is not kept busy. */
static void no_news_is_not_said(void **state)
{
    (void)state;
    struct host_rig r;
    begin(&r);
    listen(&r, 0);
    int64_t number = store_i64(r.store, 0, "SELECT max(number) FROM said", "");
    for (int i = 0; i < 10; i++)
        listen(&r, i * 1000);
    assert_int_equal(store_i64(r.store, 0, "SELECT max(number) FROM said", ""), number);
    host_rig_fini(&r);
}

static void a_restart_does_not_make_it_young(void **state)
{
    (void)state;
    struct host_rig r;
    begin(&r);
    host_rig_pass(&r, 20);
    listen(&r, 0);
    host_rig_restart(&r);
    host_rig_list(&r, HOST_DOMAIN_RUNNING, 1);
    assert_string_equal(host_rig_seen(&r).status, "ok");
    host_rig_fini(&r);
}

static void a_new_run_begins_anew(void **state)
{
    (void)state;
    struct host_rig r;
    struct wire_instance wish = host_rig_instance();
    begin(&r);
    host_rig_pass(&r, 20);
    listen(&r, 0);
    wish.want = "stopped";
    host_rig_wish(&r, 2, &wish);
    host_rig_ok(&r, HOST_JOB_HV_SHUTDOWN);
    host_rig_list(&r, HOST_DOMAIN_OFF, 1);
    host_rig_ok(&r, HOST_JOB_HV_CONSOLE);
    assert_string_equal(host_rig_seen(&r).status, "");
    wish.want = "running";
    host_rig_wish(&r, 3, &wish);
    host_rig_ok(&r, HOST_JOB_HV_START);
    host_rig_list(&r, HOST_DOMAIN_RUNNING, 1);
    assert_string_equal(host_rig_seen(&r).status, "initializing");
    host_rig_fini(&r);
}

/* error_policy=stop: QEMU holds a guest whose disk cannot be written. */
static void a_guest_held_for_want_of_disk_says_why(void **state)
{
    (void)state;
    struct host_rig r;
    static struct host_hv_list list = {.service = "service",
                                       .boot = "boot",
                                       .len = 1,
                                       .domains = {{.instance = RIG_ID,
                                                    .pepoch = 1,
                                                    .generation = 1,
                                                    .state = HOST_DOMAIN_PAUSED,
                                                    .is_disk_error = true,
                                                    .profile = 1}}};
    struct host_disk_list disks = {.total_bytes = 1000, .free_bytes = 1};
    begin(&r);
    host_rig_done(&r, HOST_JOB_DISK_LIST, ERR_OK, "", &disks, sizeof disks);
    host_rig_pass(&r, 2 * r.config.list_ms);
    host_rig_done(&r, HOST_JOB_HV_LIST, ERR_OK, "", &list, sizeof list);
    assert_string_equal(host_rig_seen(&r).state, "running");
    assert_string_equal(host_rig_seen(&r).status, "impaired");
    assert_non_null(strstr(host_rig_seen(&r).status_why, "for want of disk"));
    listen(&r, 0); /* whatever it answered before */
    assert_string_equal(host_rig_seen(&r).status, "impaired");
    host_rig_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_way_of_the_drawing),
        cmocka_unit_test(an_answer_of_before_says_nothing),
        cmocka_unit_test(who_did_not_listen_does_not_judge),
        cmocka_unit_test(the_fact_says_it),
        cmocka_unit_test(no_news_is_not_said),
        cmocka_unit_test(a_restart_does_not_make_it_young),
        cmocka_unit_test(a_new_run_begins_anew),
        cmocka_unit_test(a_guest_held_for_want_of_disk_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
