/* Wishes of kind "peer" at the host: told when their network is there, told again when it was made
 * anew or the process was, and gone only when computer-network has let them go. */
#include "tests/unit/unit.h"

#include "base/check.h"
#include "tests/unit/host_rig.h"

#define PEER "eni-0123456789abcdef9"

static const struct host_net_peers *told(struct host_rig *r)
{
    const struct rig_job *job = host_rig_job(r, HOST_JOB_NET_PEERS);
    return job != NULL ? job->spec : NULL;
}

static void want(struct host_rig *r, const char *tunnel)
{
    CLEANUP(buf_fini) struct buf json = {0};
    wire_encode(
        &json, &wire_peer_type,
        &(struct wire_peer){
            .vni = 10, .mac = "02:00:00:00:00:09", .address = "172.31.0.9", .tunnel = tunnel});
    host_rig_wish_other(r, "peer", PEER, "", buf_str(&json));
}

static int64_t gone(struct host_rig *r)
{
    return store_i64(r->store, 0, "SELECT count(*) FROM said WHERE kind='peer' AND gone<>''", "");
}

/* A guest runs, and its network has been told of nobody. */
static void begin(struct host_rig *r)
{
    struct wire_instance wish = host_rig_instance();
    host_rig_init(r);
    host_rig_wish(r, 1, &wish);
    host_rig_run(r);
    assert_non_null(told(r));
    assert_int_equal(told(r)->len, 0);
    host_rig_ok(r, HOST_JOB_NET_PEERS);
    assert_null(told(r));
}

static void told_once_and_withdrawn_once(void **state)
{
    (void)state;
    struct host_rig r;
    begin(&r);
    want(&r, "10.0.0.2");
    assert_int_equal(told(&r)->len, 1);
    assert_int_equal(told(&r)->is_page, 0);
    assert_int_equal(told(&r)->peers[0].tunnel, 0x0a000002);
    assert_int_equal(told(&r)->peers[0].address, 0xac1f0009);
    host_rig_ok(&r, HOST_JOB_NET_PEERS);
    want(&r, "10.0.0.2");
    assert_null(told(&r));
    host_rig_wish_other(&r, "peer", PEER, "deleted", "");
    assert_int_equal(told(&r)->peers[0].tunnel, 0);
    assert_int_equal(gone(&r), 0); /* recorded is not done */
    host_rig_done(&r, HOST_JOB_NET_PEERS, ERR_TIMEOUT, "late", NULL, 0);
    assert_int_equal(gone(&r), 0);
    host_rig_pass(&r, 2000);
    host_rig_ok(&r, HOST_JOB_NET_PEERS);
    assert_int_equal(gone(&r), 1);
    host_rig_fini(&r);
}

/* A tombstone says nothing of what it ends; a former life may have left anything. */
static void told_whole_after_a_restart(void **state)
{
    (void)state;
    struct host_rig r;
    begin(&r);
    want(&r, "10.0.0.2");
    host_rig_ok(&r, HOST_JOB_NET_PEERS);
    host_rig_wish_other(&r, "peer", PEER, "deleted", "");
    host_rig_restart(&r);
    assert_non_null(told(&r));
    assert_true(told(&r)->is_page);
    assert_int_equal(told(&r)->len, 0);
    assert_int_equal(gone(&r), 0);
    host_rig_ok(&r, HOST_JOB_NET_PEERS);
    assert_int_equal(gone(&r), 1);
    host_rig_fini(&r);
}

/* Its network went and came without a word that was heard; another bridge knows nobody. */
static void told_again_when_the_network_is_another(void **state)
{
    (void)state;
    struct host_rig r;
    struct host_net_port_done port = {.tap = "tctt01234567", .network = 4711};
    begin(&r);
    want(&r, "10.0.0.2");
    host_rig_ok(&r, HOST_JOB_NET_PEERS);
    host_rig_wish_member(&r, "172.31.0.0", 9);
    while (host_rig_job(&r, HOST_JOB_NET_GROUP) != NULL)
        host_rig_ok(&r, HOST_JOB_NET_GROUP);
    struct wire_instance moved = host_rig_instance();
    moved.hostname = "ip-172-31-0-55";
    host_rig_wish(&r, 2, &moved);
    host_rig_done(&r, HOST_JOB_NET_PORT, ERR_OK, "", &port, sizeof port);
    assert_non_null(told(&r));
    assert_true(told(&r)->is_page);
    assert_int_equal(told(&r)->len, 1);
    assert_non_null(host_rig_job(&r, HOST_JOB_NET_GROUP));
    host_rig_fini(&r);
}

static void nothing_is_told_of_a_network_that_is_not_here(void **state)
{
    (void)state;
    struct host_rig r;
    host_rig_init(&r);
    want(&r, "10.0.0.2");
    assert_null(told(&r));
    host_rig_wish_other(&r, "peer", PEER, "deleted", "");
    assert_int_equal(gone(&r), 1);
    host_rig_fini(&r);
}

static void the_end_of_tunnels_is_said(void **state)
{
    (void)state;
    struct host_rig r;
    host_rig_init(&r);
    assert_true(store_has(r.store,
                          "SELECT 1 FROM said WHERE kind='tunnel' AND id='self' AND body=?", "s",
                          "{\"address\":\"10.0.0.1\"}"));
    host_rig_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(told_once_and_withdrawn_once),
        cmocka_unit_test(told_whole_after_a_restart),
        cmocka_unit_test(told_again_when_the_network_is_another),
        cmocka_unit_test(nothing_is_told_of_a_network_that_is_not_here),
        cmocka_unit_test(the_end_of_tunnels_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
