/* cloud_address_test.c - public addresses: the pool, who may have one when, and what an account
 * asks. */
#include "tests/unit/cloud_rig.h"

#include "base/check.h"
#include "base/str.h"
#include "cloud-manager/model/address.h"
#include "cloud-manager/plan/public_address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define EC2_VERSION "&Version=2016-11-15"
#define RUNNING(address) \
    "{\"state\":\"running\",\"ever_ran\":true,\"public_address\":\"" address "\"}"
#define OFF(address) \
    "{\"state\":\"off\",\"why\":\"asked\",\"ever_ran\":true,\"public_address\":\"" address "\"}"

static const char pool_of_one[] = "203.0.113.7", pool_of_two[] = "203.0.113.7-203.0.113.8";

/* ---- the pool ------------------------------------------------------------------------------ */

static void test_pool_text(void **state)
{
    static const char *const bad[] = {"203.0.113",
                                      "203.0.113.1-",
                                      "203.0.113.9-203.0.113.1",
                                      "203.0.113.0/33",
                                      "203.0.113.0/28 203.0.113.15",
                                      "203.0.113.5 203.0.113.0/28",
                                      "0.0.0.0/0",
                                      "127.0.0.1",
                                      "172.31.4.0/24",
                                      "172.0.0.0-173.0.0.0",
                                      "203.0.113.1-203.0.113.2-203.0.113.3",
                                      "203.0.113.100-203.0.113.1000000000000000000000000000"};
    struct cloud_pool pool;
    struct err err;
    (void)state;
    assert_int_equal(cloud_pool_parse(&pool, "", &err), ERR_OK);
    assert_int_equal(pool.len, 0);
    assert_int_equal(cloud_pool_next(&pool, 5), 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(cloud_pool_parse(&pool, bad[i], &err), ERR_CONFIG);
    assert_int_equal(
        cloud_pool_parse(&pool, " 203.0.113.64-203.0.113.65, 203.0.113.16/30 203.0.113.1 ", &err),
        ERR_OK);
    assert_int_equal(cloud_pool_size(&pool), 7);
}

/* Each address comes up once a round, and nothing else does. */
static void test_pool_round(void **state)
{
    struct cloud_pool pool;
    int64_t first, at;
    (void)state;
    assert_int_equal(cloud_pool_parse(&pool, "203.0.113.64/31 203.0.113.1 198.51.100.0/30", NULL),
                     ERR_OK);
    assert_true(cloud_address_parse("203.0.113.1", &first));
    at = first;
    for (int64_t i = 0; i < cloud_pool_size(&pool); i++) {
        assert_true(cloud_pool_has(&pool, at));
        at = cloud_pool_next(&pool, at);
        assert_true(at != first || i == cloud_pool_size(&pool) - 1);
    }
    assert_int_equal(at, first);
    assert_false(cloud_pool_has(&pool, first + 1));
}

static void test_plan(void **state)
{
    (void)state;
    assert_int_equal(cloud_plan_public("", "", true), CLOUD_PUBLIC_WAIT);
    assert_int_equal(cloud_plan_public("", "", false), CLOUD_PUBLIC_FORGET);
    for (int kept = 0; kept < 2; kept++) {
        assert_int_equal(cloud_plan_public("i-1", "", kept), CLOUD_PUBLIC_GIVE);
        assert_int_equal(cloud_plan_public("i-1", "i-1", kept), CLOUD_PUBLIC_WAIT);
        assert_int_equal(cloud_plan_public("i-2", "i-1", kept), CLOUD_PUBLIC_WAIT);
        assert_int_equal(cloud_plan_public("", "i-1", kept), CLOUD_PUBLIC_WAIT);
    }
}

/* ---- a cloud with a pool ------------------------------------------------------------------- */

static void begin(struct rig *r, struct rig_world *w, const char *pool)
{
    rig_init(r);
    assert_int_equal(cloud_pool_parse(&r->config.pool, pool, NULL), ERR_OK);
    r->config.quota_addresses = 2;
    rig_restart(r);
    rig_world(r, w);
}

static const char *ask(struct rig *r, const char *form)
{
    return arena_strdup(&r->arena, rig_ok(r, form));
}

static const char *on(struct rig *r, const char *action, const char *instance)
{
    return ask(
        r, arena_printf(&r->arena, "Action=%s" EC2_VERSION "&InstanceId.1=%s", action, instance));
}

/* What DescribeInstances says; NULL = none. */
static const char *address_of(struct rig *r, const char *instance)
{
    return rig_text(r, on(r, "DescribeInstances", instance), "ipAddress");
}

/* What its cluster was last told; "" = none. */
static const char *told(struct rig *r, struct rig_world *w, const char *instance)
{
    rig_pull(r, &w->cluster);
    const struct wire_item *wish = rig_known(&w->cluster, "instance", instance);
    assert_non_null(wish);
    const char *at = strstr(wish->body, "\"public_address\":\"");
    if (at == NULL)
        return "";
    at += strlen("\"public_address\":\"");
    return arena_printf(&r->arena, "%.*s", (int)strcspn(at, "\""), at);
}

static int64_t generation_of(struct rig *r, const char *instance)
{
    return store_i64(r->store, -1, "SELECT generation FROM instance WHERE id=?", "s", instance);
}

static void say(struct rig *r, struct rig_world *w, const char *instance, const char *fact)
{
    rig_say(r, &w->cluster, "instance", instance, generation_of(r, instance), fact);
}

static const char *allocate(struct rig *r)
{
    return rig_text(r, ask(r, "Action=AllocateAddress" EC2_VERSION "&Domain=vpc"), "allocationId");
}

static const char *associate_form(struct rig *r, const char *allocation, const char *instance,
                                  const char *more)
{
    return arena_printf(&r->arena,
                        "Action=AssociateAddress" EC2_VERSION "&AllocationId=%s&InstanceId=%s%s",
                        allocation, instance, more);
}

static void test_no_pool(void **state)
{
    struct rig r;
    struct rig_world w;
    (void)state;
    rig_init(&r);
    rig_world(&r, &w);
    const char *id = rig_run(&r, &w, "");
    assert_null(address_of(&r, id));
    assert_string_equal(told(&r, &w, id), "");
    rig_fails(&r, "Action=AllocateAddress" EC2_VERSION, 500, "InsufficientAddressCapacity");
    rig_fails(&r,
              arena_printf(&r.arena,
                           "Action=RunInstances" EC2_VERSION "&ImageId=%s&InstanceType=t1.nano"
                           "&MinCount=1&MaxCount=1&NetworkInterface.1.DeviceIndex=0"
                           "&NetworkInterface.1.AssociatePublicIpAddress=true",
                           w.image),
              500, "InsufficientAddressCapacity");
    assert_int_equal(store_i64(r.store, -1, "SELECT count(*) FROM instance", ""), 1);
    rig_fini(&r);
}

/* Lent from start to stop; nobody else has it before the host has said that it is without it. */
static void test_lent(void **state)
{
    struct rig r;
    struct rig_world w;
    (void)state;
    begin(&r, &w, pool_of_one);
    const char *first = rig_run(&r, &w, "");
    assert_string_equal(address_of(&r, first), "203.0.113.7");
    assert_string_equal(told(&r, &w, first), "203.0.113.7");
    assert_int_equal(generation_of(&r, first), 1); /* with its first wish */
    say(&r, &w, first, RUNNING("203.0.113.7"));
    const char *second = rig_run(&r, &w, "");
    assert_null(address_of(&r, second)); /* none is free: launched all the same */

    on(&r, "StopInstances", first);
    assert_null(address_of(&r, first));
    assert_string_equal(told(&r, &w, first), "");
    rig_fails(&r, "Action=AllocateAddress" EC2_VERSION, 500, "InsufficientAddressCapacity");
    say(&r, &w, first, OFF("203.0.113.7")); /* off, and its host still answers for the address */
    rig_fails(&r, "Action=AllocateAddress" EC2_VERSION, 500, "InsufficientAddressCapacity");
    say(&r, &w, first, OFF(""));
    const char *third = rig_run(&r, &w, "");
    assert_string_equal(address_of(&r, third), "203.0.113.7");

    on(&r, "TerminateInstances", third);
    rig_pull(&r, &w.cluster);
    rig_fails(&r, "Action=AllocateAddress" EC2_VERSION, 500, "InsufficientAddressCapacity");
    rig_say(&r, &w.cluster, "instance", third, generation_of(&r, third), NULL);
    on(&r, "StartInstances", first);
    assert_string_equal(address_of(&r, first), "203.0.113.7");
    assert_string_equal(told(&r, &w, first), "203.0.113.7");
    rig_fini(&r);
}

/* A fact of before it was told to give the address up says nothing of after. */
static void test_stale_word(void **state)
{
    struct rig r;
    struct rig_world w;
    (void)state;
    begin(&r, &w, pool_of_one);
    const char *id = rig_run(&r, &w, "");
    rig_pull(&r, &w.cluster);
    on(&r, "StopInstances", id);
    rig_pull(&r, &w.cluster);
    rig_say(&r, &w.cluster, "instance", id, 1,
            RUNNING("")); /* not in place yet, under the old one */
    rig_fails(&r, "Action=AllocateAddress" EC2_VERSION, 500, "InsufficientAddressCapacity");
    rig_say(&r, &w.cluster, "instance", id, 2, OFF(""));
    assert_non_null(allocate(&r));
    rig_fini(&r);
}

static void test_declined(void **state)
{
    struct rig r;
    struct rig_world w;
    (void)state;
    begin(&r, &w, pool_of_two);
    const char *id = rig_run(&r, &w,
                             "&NetworkInterface.1.DeviceIndex=0"
                             "&NetworkInterface.1.AssociatePublicIpAddress=false");
    assert_null(address_of(&r, id));
    say(&r, &w, id, RUNNING(""));
    on(&r, "StopInstances", id);
    say(&r, &w, id, OFF(""));
    on(&r, "StartInstances", id);
    assert_null(address_of(&r, id));
    rig_fini(&r);
}

/* An allocated one: moves only when asked to, and in the right order. */
static void test_associated(void **state)
{
    struct rig r;
    struct rig_world w;
    (void)state;
    begin(&r, &w, "203.0.113.1-203.0.113.3");
    const char *a = rig_run(&r, &w, ""), *b = rig_run(&r, &w, "");
    say(&r, &w, a, RUNNING("203.0.113.1"));
    say(&r, &w, b, RUNNING("203.0.113.2"));
    const char *allocation = allocate(&r);
    const char *association = rig_text(&r, ask(&r, associate_form(&r, allocation, a, "")),
                                       "associationId");
    assert_non_null(association);
    assert_string_equal(address_of(&r, a), "203.0.113.3");
    assert_string_equal(told(&r, &w, a), "203.0.113.3"); /* in place of what was lent */
    say(&r, &w, a, RUNNING("203.0.113.3"));
    assert_int_equal(store_i64(r.store, -1, "SELECT count(*) FROM public_address", ""), 2);

    rig_fails(&r, associate_form(&r, allocation, b, ""), 400, "Resource.AlreadyAssociated");
    assert_string_equal(
        rig_text(&r, ask(&r, associate_form(&r, allocation, a, "")), "associationId"), association);
    ask(&r, associate_form(&r, allocation, b, "&AllowReassociation=true"));
    assert_string_equal(told(&r, &w, a), "");
    assert_string_equal(told(&r, &w, b), ""); /* a's host may have it still */
    assert_string_equal(address_of(&r, b), "203.0.113.3");
    say(&r, &w, a, RUNNING("203.0.113.3"));
    assert_string_equal(told(&r, &w, b), "");
    say(&r, &w, a, RUNNING(""));
    assert_string_equal(told(&r, &w, b), "203.0.113.3");

    on(&r, "StopInstances", b);
    assert_string_equal(address_of(&r, b), "203.0.113.3"); /* an allocated one stays */
    rig_fails(
        &r,
        arena_printf(&r.arena, "Action=ReleaseAddress" EC2_VERSION "&AllocationId=%s", allocation),
        400, "InvalidIPAddress.InUse");
    on(&r, "TerminateInstances", b);
    const char *body = ask(&r, "Action=DescribeAddresses" EC2_VERSION);
    assert_int_equal(rig_count(body, "<publicIp>203.0.113.3</publicIp>"), 1);
    assert_int_equal(rig_count(body, "<instanceId>"), 0);
    ask(&r,
        arena_printf(&r.arena, "Action=ReleaseAddress" EC2_VERSION "&AllocationId=%s", allocation));
    assert_int_equal(rig_count(ask(&r, "Action=DescribeAddresses" EC2_VERSION), "<publicIp>"), 0);
    rig_fini(&r);
}

/* The operator's domain gives a name to each public address, and to nothing else. */
static void test_public_name(void **state)
{
    static const char filter[] =
        "Action=DescribeInstances" EC2_VERSION
        "&Filter.1.Name=dns-name&Filter.1.Value.1=ec2-203-0-113-7.guests.example.org";
    struct rig r;
    struct rig_world w;
    (void)state;
    begin(&r, &w, pool_of_one);
    const char *id = rig_run(&r, &w, "");
    const char *body = on(&r, "DescribeInstances", id);
    assert_string_equal(rig_text(&r, body, "dnsName"), "ec2-203-0-113-7.guests.example.org");
    assert_int_equal(
        rig_count(body, "<publicDnsName>ec2-203-0-113-7.guests.example.org</publicDnsName>"), 2);
    assert_int_equal(rig_count(ask(&r, filter), id), 1);
    told(&r, &w, id);
    assert_non_null(strstr(rig_known(&w.cluster, "instance", id)->body,
                           "\"public_name\":\"ec2-203-0-113-7.guests.example.org\""));
    on(&r, "TerminateInstances", id);
    assert_int_equal(rig_count(on(&r, "DescribeInstances", id), "guests.example.org"), 0);
    rig_fini(&r);
}

/* Given up and wanted again by the same instance before its host had a word. */
static void test_back_and_forth(void **state)
{
    struct rig r;
    struct rig_world w;
    (void)state;
    begin(&r, &w, pool_of_one);
    const char *allocation = allocate(&r);
    const char *id = rig_run(&r, &w, "");
    const char *association = rig_text(&r, ask(&r, associate_form(&r, allocation, id, "")),
                                       "associationId");
    assert_string_equal(told(&r, &w, id), "203.0.113.7");
    say(&r, &w, id, RUNNING("203.0.113.7"));
    ask(&r, arena_printf(&r.arena, "Action=DisassociateAddress" EC2_VERSION "&AssociationId=%s",
                         association));
    assert_string_equal(told(&r, &w, id), "");
    ask(&r, associate_form(&r, allocation, id, ""));
    assert_string_equal(told(&r, &w, id), "203.0.113.7");
    say(&r, &w, id, RUNNING(""));
    assert_string_equal(address_of(&r, id), "203.0.113.7");
    assert_string_equal(told(&r, &w, id), "203.0.113.7");
    rig_fini(&r);
}

/* Its host has it, whatever the rows said: it is told so, or it would be without it for good. */
static void test_in_place_before_it_was_told(void **state)
{
    struct rig r;
    struct rig_world w;
    (void)state;
    begin(&r, &w, "203.0.113.1-203.0.113.3");
    const char *a = rig_run(&r, &w, ""), *b = rig_run(&r, &w, "");
    say(&r, &w, a, RUNNING("203.0.113.1"));
    say(&r, &w, b, RUNNING("203.0.113.2"));
    const char *allocation = allocate(&r);
    ask(&r, associate_form(&r, allocation, a, ""));
    ask(&r, associate_form(&r, allocation, b, "&AllowReassociation=true"));
    assert_string_equal(told(&r, &w, b), "");
    say(&r, &w, b, RUNNING("203.0.113.3"));
    assert_string_equal(told(&r, &w, b), "203.0.113.3");
    assert_string_equal(told(&r, &w, a), "");
    rig_fini(&r);
}

/* After a restore both are found, and neither is in the backup: the one that had it and is ended,
 * whose cluster kept what it held, and the one that it was given to afterwards. */
static void test_restore_of_one_given_on(void **state)
{
    struct rig r;
    struct rig_world w;
    size_t len;
    (void)state;
    begin(&r, &w, pool_of_one);
    void *dump = store_dump(r.store, &len);
    const char *ended = rig_run(&r, &w, "");
    assert_string_equal(told(&r, &w, ended), "203.0.113.7");
    const char *body = rig_known(&w.cluster, "instance", ended)->body;
    on(&r, "TerminateInstances", ended);
    rig_pull(&r, &w.cluster);
    rig_say(&r, &w.cluster, "instance", ended, generation_of(&r, ended), NULL);
    const char *lives = rig_run(&r, &w, "");
    assert_string_equal(told(&r, &w, lives), "203.0.113.7");
    say(&r, &w, lives, RUNNING("203.0.113.7"));
    for (size_t i = 0; i < w.cluster.held_len; i++)
        if (str_eq(w.cluster.held[i].id, ended))
            w.cluster.held[i].body = body;

    rig_restore(&r, dump, len);
    free(dump);
    rig_return(&r, &w.cluster);
    rig_return(&r, &w.dos);
    assert_string_equal(address_of(&r, lives), "203.0.113.7");
    assert_string_equal(told(&r, &w, lives), "203.0.113.7");
    rig_say(&r, &w.cluster, "instance", ended, generation_of(&r, ended), NULL);
    assert_string_equal(told(&r, &w, lives), "203.0.113.7");
    rig_fini(&r);
}

/* Lent and ended after the backup, to one that the backup knows without it and to one that it does
 * not know: the tombstone says which address the host may still have. */
static void test_restore_of_one_that_ended(void **state)
{
    (void)state;
    for (int is_known = 0; is_known < 2; is_known++) {
        struct rig r;
        struct rig_world w;
        size_t len;
        begin(&r, &w, pool_of_one);
        const char *id = NULL;
        if (is_known) {
            id = rig_run(&r, &w, "");
            on(&r, "StopInstances", id);
            say(&r, &w, id, OFF(""));
            assert_null(address_of(&r, id));
        }
        void *dump = store_dump(r.store, &len);
        if (is_known)
            on(&r, "StartInstances", id);
        else
            id = rig_run(&r, &w, "");
        assert_string_equal(told(&r, &w, id), "203.0.113.7");
        on(&r, "TerminateInstances", id);
        assert_string_equal(told(&r, &w, id), "203.0.113.7");

        rig_restore(&r, dump, len);
        free(dump);
        rig_return(&r, &w.cluster);
        rig_return(&r, &w.dos);
        assert_null(address_of(&r, rig_run(&r, &w, "")));
        rig_say(&r, &w.cluster, "instance", id, generation_of(&r, id), NULL);
        assert_string_equal(address_of(&r, rig_run(&r, &w, "")), "203.0.113.7");
        rig_fini(&r);
    }
}

/* Associated, and the cluster has not heard of it when it returns what it holds: the older wish
 * takes nothing away. */
static void test_restore_of_one_not_told_yet(void **state)
{
    struct rig r;
    struct rig_world w;
    size_t len;
    (void)state;
    begin(&r, &w, pool_of_one);
    const char *id = rig_run(&r, &w,
                             "&NetworkInterface.1.DeviceIndex=0"
                             "&NetworkInterface.1.AssociatePublicIpAddress=false");
    assert_string_equal(told(&r, &w, id), "");
    say(&r, &w, id, RUNNING(""));
    ask(&r, associate_form(&r, allocate(&r), id, ""));
    void *dump = store_dump(r.store, &len);
    rig_restore(&r, dump, len);
    free(dump);
    rig_return(&r, &w.cluster);
    rig_return(&r, &w.dos);
    assert_string_equal(address_of(&r, id), "203.0.113.7");
    assert_string_equal(told(&r, &w, id), "203.0.113.7");
    rig_fini(&r);
}

/* What a client asks before it counts on addresses. */
static void test_offered(void **state)
{
    struct rig r;
    struct rig_world w;
    (void)state;
    begin(&r, &w, pool_of_two);
    const char *subnets = ask(&r, "Action=DescribeSubnets" EC2_VERSION
                                  "&Filter.1.Name=map-public-ip-on-launch&Filter.1.Value.1=true");
    assert_string_equal(rig_text(&r, subnets, "mapPublicIpOnLaunch"), "true");
    const char *limits = ask(&r, "Action=DescribeAccountAttributes" EC2_VERSION
                                 "&AttributeName.1=max-elastic-ips");
    assert_string_equal(rig_text(&r, limits, "attributeValue"), "2");
    rig_fini(&r);
}

static void test_refusals(void **state)
{
    struct rig r;
    struct rig_world w;
    (void)state;
    begin(&r, &w, "203.0.113.0/29");
    const char *id = rig_run(&r, &w, "");
    const char *allocation = allocate(&r);
    allocate(&r);
    rig_fails(&r, "Action=AllocateAddress" EC2_VERSION, 400, "AddressLimitExceeded");
    rig_fails(&r, "Action=ReleaseAddress" EC2_VERSION "&AllocationId=eipalloc-0", 400,
              "InvalidAllocationID.NotFound");
    rig_fails(&r, "Action=ReleaseAddress" EC2_VERSION, 400, "MissingParameter");
    rig_fails(&r, "Action=ReleaseAddress" EC2_VERSION "&PublicIp=203.0.113.999", 400,
              "InvalidParameterValue");
    rig_fails(&r, "Action=ReleaseAddress" EC2_VERSION "&PublicIp=192.0.2.1", 400,
              "InvalidAddress.NotFound");
    /* What is lent is nobody's to name. */
    rig_fails(&r,
              arena_printf(&r.arena, "Action=ReleaseAddress" EC2_VERSION "&PublicIp=%s",
                           address_of(&r, id)),
              400, "InvalidAddress.NotFound");
    rig_fails(&r, "Action=DisassociateAddress" EC2_VERSION "&AssociationId=eipassoc-0", 400,
              "InvalidAssociationID.NotFound");
    rig_fails(&r, associate_form(&r, allocation, "i-00000000000000000", ""), 400,
              "InvalidInstanceID.NotFound");
    rig_fails(&r, associate_form(&r, allocation, id, "&PrivateIpAddress=172.31.9.9"), 400,
              "InvalidParameterValue");
    rig_fails(&r, associate_form(&r, allocation, id, "&NetworkInterfaceId=eni-0"), 400,
              "InvalidParameterCombination");
    rig_fails(&r,
              arena_printf(&r.arena, "Action=AssociateAddress" EC2_VERSION "&AllocationId=%s",
                           allocation),
              400, "MissingParameter");
    on(&r, "TerminateInstances", id);
    rig_fails(&r, associate_form(&r, allocation, id, ""), 400, "IncorrectInstanceState");
    rig_fini(&r);
}

/* I11, R14: what a returned wish speaks of is nobody else's after a restore. */
static void test_restore(void **state)
{
    struct rig r;
    struct rig_world w;
    (void)state;
    begin(&r, &w, "203.0.113.1-203.0.113.3");
    const char *before = rig_run(&r, &w, "");
    say(&r, &w, before, RUNNING("203.0.113.1"));
    size_t len;
    void *dump = store_dump(r.store, &len);
    const char *later = rig_run(&r, &w, "");
    assert_string_equal(told(&r, &w, later), "203.0.113.2");
    say(&r, &w, later, RUNNING("203.0.113.2"));
    rig_restore(&r, dump, len);
    free(dump);
    rig_return(&r, &w.cluster);
    rig_return(&r, &w.dos);
    assert_string_equal(address_of(&r, later), "203.0.113.2");
    assert_string_equal(address_of(&r, before), "203.0.113.1");
    assert_string_equal(told(&r, &w, later), "203.0.113.2");
    const char *third = rig_run(&r, &w, "");
    assert_string_equal(address_of(&r, third), "203.0.113.3");
    rig_fini(&r);
}

/* The store does not know the address, and its instance is wished without it by now: what its host
 * says that it has is nobody else's. In whatever order the two are heard. */
static void test_restore_by_facts(void **state)
{
    struct rig r;
    struct rig_world w;
    (void)state;
    begin(&r, &w, pool_of_one);
    const char *id = rig_run(&r, &w,
                             "&NetworkInterface.1.DeviceIndex=0"
                             "&NetworkInterface.1.AssociatePublicIpAddress=false");
    say(&r, &w, id, RUNNING(""));
    size_t len;
    void *dump = store_dump(r.store, &len);
    const char *association = rig_text(&r, ask(&r, associate_form(&r, allocate(&r), id, "")),
                                       "associationId");
    rig_pull(&r, &w.cluster);
    say(&r, &w, id, RUNNING("203.0.113.7"));
    ask(&r, arena_printf(&r.arena, "Action=DisassociateAddress" EC2_VERSION "&AssociationId=%s",
                         association));
    rig_pull(&r, &w.cluster);
    rig_restore(&r, dump, len);
    free(dump);
    rig_return(&r, &w.cluster);
    rig_return(&r, &w.dos);
    say(&r, &w, id, RUNNING("203.0.113.7"));
    rig_fails(&r, "Action=AllocateAddress" EC2_VERSION, 500, "InsufficientAddressCapacity");
    say(&r, &w, id, RUNNING(""));
    assert_non_null(allocate(&r));
    rig_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_text),
        cmocka_unit_test(test_pool_round),
        cmocka_unit_test(test_plan),
        cmocka_unit_test(test_no_pool),
        cmocka_unit_test(test_lent),
        cmocka_unit_test(test_stale_word),
        cmocka_unit_test(test_declined),
        cmocka_unit_test(test_associated),
        cmocka_unit_test(test_back_and_forth),
        cmocka_unit_test(test_public_name),
        cmocka_unit_test(test_in_place_before_it_was_told),
        cmocka_unit_test(test_restore_of_one_given_on),
        cmocka_unit_test(test_restore_of_one_that_ended),
        cmocka_unit_test(test_restore_of_one_not_told_yet),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_offered),
        cmocka_unit_test(test_restore),
        cmocka_unit_test(test_restore_by_facts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
