/* Members of security groups at the host: a page that changes is told alone in its difference, what
 * is not known counts for nothing, and what ended is let in nowhere (deny by default). */
#include "tests/unit/unit.h"

#include "base/check.h"
#include "computer-manager/model/group.h"
#include "computer-manager/model/pages.h"
#include "tests/unit/host_rig.h"

#define RULES                                                                              \
    "{\"vpc\":\"vpc-0123456789abcdef0\",\"vni\":10,\"name\":\"g\",\"rules\":[{\"egress\":" \
    "false,\"protocol\":0,\"from\":-1,\"to\":-1,\"cidr\":\"\",\"group\":\"" RIG_GROUP "\"}]}"

static const struct host_net_group *told(struct host_rig *r)
{
    const struct rig_job *job = host_rig_job(r, HOST_JOB_NET_GROUP);
    return job != NULL ? job->spec : NULL;
}

/* A guest runs, whose group has come with its rules and one member. */
static void begin(struct host_rig *r)
{
    struct wire_instance wish = host_rig_instance();
    host_rig_init(r);
    host_rig_wish(r, 1, &wish);
    host_rig_run(r);
    host_rig_wish_other(r, "group", RIG_GROUP, "", RULES);
    host_rig_wish_member(r, "172.31.0.0", 5);
    host_rig_ok(r, HOST_JOB_NET_PORT); /* with the rules; the group waits for it */
    assert_int_equal(told(r)->is_anew, 1);
    host_rig_ok(r, HOST_JOB_NET_GROUP);
    assert_null(told(r));
}

static void a_page_is_told_once(void **state)
{
    (void)state;
    struct host_rig r;
    begin(&r);
    host_rig_wish_member(&r, "172.31.4.0", 7);
    assert_non_null(told(&r));
    assert_int_equal(told(&r)->is_anew, 0);
    assert_int_equal(told(&r)->vni, 10);
    assert_int_equal(told(&r)->len, 2);
    assert_true(host_pages_has(told(&r), 0xac1f0005) && host_pages_has(told(&r), 0xac1f0407));
    host_rig_ok(&r, HOST_JOB_NET_GROUP);
    host_rig_wish_member(&r, "172.31.4.0", 7);
    assert_null(told(&r));
    host_rig_fini(&r);
}

/* Its end is said at once, and told: also of the last page of all. */
static void a_page_that_ends_is_taken_out(void **state)
{
    (void)state;
    struct host_rig r;
    begin(&r);
    host_rig_wish_member(&r, "172.31.0.0", -1);
    assert_int_equal(told(&r)->len, 0);
    assert_int_equal(told(&r)->is_anew, 0);
    assert_true(store_has(r.store, "SELECT 1 FROM said WHERE kind='members' AND id=? AND gone<>''",
                          "s", RIG_GROUP "/172.31.0.0"));
    host_rig_fini(&r);
}

/* The process dies after it took the end of a page and before that was loaded: the kernel still has
 * the member, and rules that name the group. */
static void an_end_that_was_not_loaded_is_after_a_restart(void **state)
{
    (void)state;
    struct host_rig r;
    begin(&r);
    host_rig_wish_member(&r, "172.31.0.0", -1);
    host_rig_restart(&r);
    assert_null(told(&r)); /* its network is not known to be there yet */
    host_rig_list(&r, HOST_DOMAIN_RUNNING, 1);
    host_rig_ok(&r, HOST_JOB_NET_PORT);
    assert_non_null(told(&r));
    assert_int_equal(told(&r)->is_anew, 1);
    assert_int_equal(told(&r)->len, 0);
    host_rig_fini(&r);
}

static void an_outcome_that_is_not_known_is_told_anew(void **state)
{
    (void)state;
    struct host_rig r;
    begin(&r);
    host_rig_wish_member(&r, "172.31.0.0", 6);
    host_rig_done(&r, HOST_JOB_NET_GROUP, ERR_TIMEOUT, "late", NULL, 0);
    assert_null(told(&r));
    host_rig_pass(&r, 2000);
    assert_int_equal(told(&r)->is_anew, 1);
    /* What changes meanwhile is not lost. */
    host_rig_wish_member(&r, "172.31.0.0", 8);
    host_rig_ok(&r, HOST_JOB_NET_GROUP);
    assert_true(host_pages_has(told(&r), 0xac1f0008));
    assert_int_equal(told(&r)->is_anew, 0);
    host_rig_ok(&r, HOST_JOB_NET_GROUP);
    assert_null(told(&r));
    host_rig_fini(&r);
}

/* Lost: the item and all its pages go, in whatever order. */
static void a_group_that_goes_leaves_nobody(void **state)
{
    (void)state;
    struct host_rig r;
    begin(&r);
    host_rig_wish_member(&r, "172.31.4.0", 7);
    host_rig_ok(&r, HOST_JOB_NET_GROUP);
    host_rig_wish_other(&r, "group", RIG_GROUP, "deleted", "");
    host_rig_wish_member(&r, "172.31.0.0", -1);
    host_rig_wish_member(&r, "172.31.4.0", -1);
    host_rig_ok(&r, HOST_JOB_NET_PORT); /* without its rules */
    assert_int_equal(told(&r)->len, 0);
    host_rig_ok(&r, HOST_JOB_NET_GROUP);
    assert_int_equal(r.core->groups.live, 0);
    host_rig_fini(&r);
}

static void what_is_no_page_is_refused(void **state)
{
    (void)state;
    static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
    static const struct {
        const char *group, *base, *bits;
    } pages[] = {
        {RIG_GROUP, "172.31.0.1", zeros},     {RIG_GROUP, "here", zeros},
        {RIG_GROUP, "172.31.0.0", zeros + 2}, {"sg-0123456789abcdef1", "172.31.0.0", zeros},
        {"../x", "172.31.0.0", zeros},
    };
    struct host_rig r;
    struct err err = {0};
    begin(&r);
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        CLEANUP(buf_fini) struct buf body = {0};
        wire_encode(
            &body, &wire_members_type,
            &(struct wire_members){
                .group = pages[i].group, .vni = 10, .base = pages[i].base, .bits = pages[i].bits});
        struct wire_item wish = {
            .kind = "members", .id = RIG_GROUP "/172.31.9.0", .gone = "", .body = buf_str(&body)};
        assert_int_equal(
            host_groups_take_page(r.core, &wish, &r.arena, &(struct event){.now_ms = 1}, &err),
            ERR_MALFORMED_JSON);
    }
    host_rig_pass(&r, 1000);
    assert_null(told(&r));
    host_rig_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_is_told_once),
        cmocka_unit_test(a_page_that_ends_is_taken_out),
        cmocka_unit_test(an_end_that_was_not_loaded_is_after_a_restart),
        cmocka_unit_test(an_outcome_that_is_not_known_is_told_anew),
        cmocka_unit_test(a_group_that_goes_leaves_nobody),
        cmocka_unit_test(what_is_no_page_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
