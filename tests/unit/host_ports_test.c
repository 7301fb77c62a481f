/* What a listing of ports says is acted on: what is wished and lacks something is made again, what
 * nobody wishes goes, and nothing is decided on a listing that is older than an order. */
#include "tests/unit/unit.h"

#include "tests/unit/host_rig.h"

#include "base/str.h"

#define PORT  "eni-0123456789abcdef0"
#define OTHER "eni-00000000000000bad"

enum how { ABSENT, LACKING, WHOLE };

/* Answers the listing that waits: the instance's own port so, and another one, or not. */
static void answer(struct host_rig *r, enum how own, const char *other)
{
    struct host_net_list list = {0};
    list.ports[0].answered_ms = list.ports[1].answered_ms = -1;
    if (own != ABSENT) {
        str_copy(list.ports[0].port, sizeof list.ports[0].port, PORT);
        list.ports[0].vni = 10;
        list.ports[0].is_whole = own == WHOLE;
        list.len++;
    }
    if (other != NULL) {
        str_copy(list.ports[list.len].port, sizeof list.ports[0].port, other);
        list.ports[list.len++].vni = 11;
    }
    host_rig_done(r, HOST_JOB_NET_LIST, ERR_OK, "", &list, sizeof list);
}

/* A period later, with a listing that was asked for in it. */
static void list(struct host_rig *r, enum how own, const char *other)
{
    if (host_rig_job(r, HOST_JOB_NET_LIST) != NULL)
        answer(r, WHOLE, NULL);
    host_rig_pass(r, r->config.net_list_ms);
    assert_non_null(host_rig_job(r, HOST_JOB_NET_LIST));
    answer(r, own, other);
}

static void begin(struct host_rig *r)
{
    struct wire_instance wish = host_rig_instance();
    host_rig_init(r);
    host_rig_wish(r, 1, &wish);
    host_rig_run(r);
    assert_null(host_rig_job(r, HOST_JOB_NET_PORT));
}

static void a_port_that_lacks_something_is_made_again(void **state)
{
    (void)state;
    static const enum how ways[] = {ABSENT, LACKING};
    for (size_t i = 0; i < 2; i++) {
        struct host_rig r;
        begin(&r);
        list(&r, WHOLE, NULL);
        assert_null(host_rig_job(&r, HOST_JOB_NET_PORT));
        list(&r, ways[i], NULL);
        assert_non_null(host_rig_job(&r, HOST_JOB_NET_PORT));
        host_rig_ok(&r, HOST_JOB_NET_PORT);
        list(&r, WHOLE, NULL);
        assert_null(host_rig_job(&r, HOST_JOB_NET_PORT));
        host_rig_fini(&r);
    }
}

/* The sets went with the network: their members are told again, after the port is there. */
static void groups_follow_their_network(void **state)
{
    (void)state;
    struct host_rig r;
    begin(&r);
    host_rig_wish_member(&r, "172.31.0.0", 5);
    host_rig_ok(&r, HOST_JOB_NET_GROUP);
    list(&r, ABSENT, NULL);
    assert_null(host_rig_job(&r, HOST_JOB_NET_GROUP));
    host_rig_ok(&r, HOST_JOB_NET_PORT);
    assert_non_null(host_rig_job(&r, HOST_JOB_NET_GROUP));
    host_rig_fini(&r);
}

/* Asked for before the port was ordered: it cannot know of it. */
static void an_older_listing_says_nothing(void **state)
{
    (void)state;
    struct host_rig r;
    struct wire_instance wish = host_rig_instance();
    host_rig_init(&r);
    assert_non_null(host_rig_job(&r, HOST_JOB_NET_LIST));
    host_rig_wish(&r, 1, &wish);
    host_rig_run(&r);
    answer(&r, ABSENT, NULL);
    assert_null(host_rig_job(&r, HOST_JOB_NET_PORT));
    host_rig_fini(&r);
}

/* A listing that failed is no empty one. */
static void an_error_says_nothing(void **state)
{
    (void)state;
    struct host_rig r;
    begin(&r);
    host_rig_done(&r, HOST_JOB_NET_LIST, ERR_IO, "listing links: Interrupted", NULL, 0);
    assert_null(host_rig_job(&r, HOST_JOB_NET_PORT));
    host_rig_pass(&r, r.config.net_list_ms);
    assert_non_null(host_rig_job(&r, HOST_JOB_NET_LIST));
    host_rig_fini(&r);
}

static void what_nobody_wishes_goes(void **state)
{
    (void)state;
    struct host_rig r;
    begin(&r);
    list(&r, WHOLE, OTHER);
    assert_null(host_rig_job(&r, HOST_JOB_NET_UNPORT)); /* not all wishes were heard yet */
    r.core->up.fresh = true;
    list(&r, WHOLE, OTHER);
    const struct rig_job *job = host_rig_job(&r, HOST_JOB_NET_UNPORT);
    assert_non_null(job);
    assert_string_equal(((const struct host_net_unport *)job->spec)->port, OTHER);
    assert_int_equal(((const struct host_net_unport *)job->spec)->vni, 11);
    host_rig_fini(&r);
}

/* R13: a domain that nobody wishes is left running, and so is whatever it is plugged into. */
static void a_strays_port_is_left_alone(void **state)
{
    (void)state;
    struct host_rig r;
    host_rig_init(&r);
    r.core->up.fresh = true;
    host_rig_list(&r, HOST_DOMAIN_RUNNING, 1);
    list(&r, ABSENT, OTHER);
    assert_null(host_rig_job(&r, HOST_JOB_NET_UNPORT));
    host_rig_pass(&r, r.config.list_ms);
    host_rig_list(&r, -1, 0);
    list(&r, ABSENT, OTHER);
    assert_non_null(host_rig_job(&r, HOST_JOB_NET_UNPORT));
    host_rig_fini(&r);
}

/* A stopped guest's port waits for its next start. */
static void what_is_off_waits(void **state)
{
    (void)state;
    struct host_rig r;
    struct wire_instance wish = host_rig_instance();
    begin(&r);
    wish.want = "stopped";
    host_rig_wish(&r, 2, &wish);
    host_rig_ok(&r, HOST_JOB_HV_SHUTDOWN);
    host_rig_list(&r, HOST_DOMAIN_OFF, 1);
    host_rig_ok(&r, HOST_JOB_HV_CONSOLE);
    list(&r, ABSENT, NULL);
    assert_null(host_rig_job(&r, HOST_JOB_NET_PORT));
    wish.want = "running";
    host_rig_wish(&r, 3, &wish);
    assert_non_null(host_rig_job(&r, HOST_JOB_NET_PORT));
    assert_null(host_rig_job(&r, HOST_JOB_HV_START));
    host_rig_fini(&r);
}

/* I11: who may have a public address from here on says so before the order goes out, not when it is
 * done: a cloud-manager that was restored gives away what nobody names. */
static void a_public_address_is_said_with_its_order(void **state)
{
    (void)state;
    struct host_rig r;
    struct wire_instance wish = host_rig_instance();
    struct wire_port port = *wish.port;
    begin(&r);
    assert_string_equal(host_rig_seen(&r).public_address, "");
    port.public_address = "203.0.113.7";
    wish.port = &port;
    host_rig_wish(&r, 1, &wish);
    assert_non_null(host_rig_job(&r, HOST_JOB_NET_PORT));
    assert_string_equal(host_rig_seen(&r).public_address, "203.0.113.7");
    host_rig_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_port_that_lacks_something_is_made_again),
        cmocka_unit_test(groups_follow_their_network),
        cmocka_unit_test(an_older_listing_says_nothing),
        cmocka_unit_test(an_error_says_nothing),
        cmocka_unit_test(what_nobody_wishes_goes),
        cmocka_unit_test(a_strays_port_is_left_alone),
        cmocka_unit_test(what_is_off_waits),
        cmocka_unit_test(a_public_address_is_said_with_its_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
