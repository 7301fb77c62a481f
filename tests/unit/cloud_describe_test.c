/* cloud_describe_test.c - what can only be read: parts of networks, snapshots, offerings, checks.
 * Unknown ids fail the whole call, filters and pages hold, nothing of another account is shown. */
#include "tests/unit/cloud_rig.h"

#include "base/check.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *ask(struct rig *r, const char *action, const char *more)
{
    return rig_ok(r, arena_printf(&r->arena, "Action=%s&Version=2016-11-15%s", action, more));
}

static void refuses(struct rig *r, const char *action, const char *more, const char *code)
{
    rig_fails(r, arena_printf(&r->arena, "Action=%s&Version=2016-11-15%s", action, more), 400,
              code);
}

/* Each part of a network, by id and by filter. */
static const struct part {
    const char *action, *ids, *id, *filter, *nobody, *missing;
} parts[] = {
    {"DescribeRouteTables", "RouteTableId", "routeTableId", "route-table-id", "rtb-0",
     "InvalidRouteTableID.NotFound"},
    {"DescribeInternetGateways", "InternetGatewayId", "internetGatewayId", "internet-gateway-id",
     "igw-0", "InvalidInternetGatewayID.NotFound"},
    {"DescribeNetworkAcls", "NetworkAclId", "networkAclId", "network-acl-id", "acl-0",
     "InvalidNetworkAclID.NotFound"},
    {"DescribeDhcpOptions", "DhcpOptionsId", "dhcpOptionsId", "dhcp-options-id", "dopt-0",
     "InvalidDhcpOptionID.NotFound"},
};
enum { PARTS = sizeof parts / sizeof parts[0] };

static void test_network_parts(void **state)
{
    struct rig r;
    struct rig_world w;
    (void)state;
    rig_init(&r);
    rig_world(&r, &w);
    for (size_t i = 0; i < PARTS; i++) {
        const struct part *p = &parts[i];
        const char *id = rig_text(&r, ask(&r, p->action, ""), p->id);
        assert_non_null(id);
        const char *owner = rig_text(&r, ask(&r, p->action, ""), "ownerId");
        assert_string_equal(owner, r.root.account);
        const char *by_id = arena_printf(&r.arena, "&%s.1=%s", p->ids, id);
        assert_string_equal(rig_text(&r, ask(&r, p->action, by_id), p->id), id);
        const char *by_filter = arena_printf(&r.arena,
                                             "&Filter.1.Name=%s&Filter.1.Value.1=%.8s%%2A"
                                             "&MaxResults=5",
                                             p->filter, id);
        assert_string_equal(rig_text(&r, ask(&r, p->action, by_filter), p->id), id);
        assert_null(rig_text(
            &r, ask(&r, p->action, "&Filter.1.Name=owner-id&Filter.1.Value.1=123456789012"),
            p->id));
        refuses(&r, p->action, arena_printf(&r.arena, "&%s.1=%s", p->ids, p->nobody), p->missing);
        refuses(&r, p->action, "&Filter.1.Name=colour&Filter.1.Value.1=x", "InvalidParameterValue");
        refuses(&r, p->action, "&MaxResults=4", "InvalidParameterValue");
        /* tags are those of an object like any other */
        ask(&r, "CreateTags",
            arena_printf(&r.arena, "&ResourceId.1=%s&Tag.1.Key=a&Tag.1.Value=b", id));
        assert_string_equal(
            rig_text(&r, ask(&r, p->action, "&Filter.1.Name=tag%3Aa&Filter.1.Value.1=b"), p->id),
            id);
        refuses(&r, "CreateTags",
                arena_printf(&r.arena, "&ResourceId.1=%s&Tag.1.Key=a&Tag.1.Value=b", p->nobody),
                p->missing);
    }
    assert_int_equal(rig_count(ask(&r, "DescribeNetworkAcls", ""), "<subnetId>"), 1);
    rig_fini(&r);
}

static void test_vpc_attribute(void **state)
{
    struct rig r;
    struct rig_world w;
    (void)state;
    rig_init(&r);
    rig_world(&r, &w);
    const char *vpc = rig_text(&r, ask(&r, "DescribeVpcs", ""), "vpcId");
    static const char *const names[] = {"enableDnsSupport", "enableDnsHostnames",
                                        "enableNetworkAddressUsageMetrics"};
    for (size_t i = 0; i < 3; i++) {
        const char *more = arena_printf(&r.arena, "&VpcId=%s&Attribute=%s", vpc, names[i]);
        const char *body = ask(&r, "DescribeVpcAttribute", more);
        assert_non_null(strstr(body, arena_printf(&r.arena, "<%s><value>%s</value>", names[i],
                                                  i == 0 ? "true" : "false")));
    }
    refuses(&r, "DescribeVpcAttribute", arena_printf(&r.arena, "&VpcId=%s&Attribute=colour", vpc),
            "InvalidParameterValue");
    refuses(&r, "DescribeVpcAttribute", arena_printf(&r.arena, "&VpcId=%s", vpc),
            "MissingParameter");
    refuses(&r, "DescribeVpcAttribute", "&VpcId=vpc-0123456789abcdef0&Attribute=enableDnsSupport",
            "InvalidVpcID.NotFound");
    rig_fini(&r);
}

static void test_snapshots(void **state)
{
    struct rig r;
    struct rig_world w;
    (void)state;
    rig_init(&r);
    rig_world(&r, &w);
    const char *snapshot = rig_text(&r, ask(&r, "DescribeImages", ""), "snapshotId");
    const char *body = ask(&r, "DescribeSnapshots", "&Owner.1=self");
    assert_string_equal(rig_text(&r, body, "snapshotId"), snapshot);
    assert_string_equal(rig_text(&r, body, "status"), "completed");
    assert_string_equal(rig_text(&r, body, "progress"), "100%");
    assert_string_equal(rig_text(&r, body, "volumeSize"), "1");
    assert_null(rig_text(&r, ask(&r, "DescribeSnapshots", "&Owner.1=amazon"), "snapshotId"));
    ask(&r, "RegisterImage", "&Name=second&ImageLocation=images%2Fsecond");
    body = ask(&r, "DescribeSnapshots", "&Filter.1.Name=status&Filter.1.Value.1=pend%3Fng");
    assert_int_equal(rig_count(body, "<snapshotId>"), 1);
    body = ask(&r, "DescribeSnapshots", arena_printf(&r.arena, "&SnapshotId.1=%s", snapshot));
    assert_int_equal(rig_count(body, "<snapshotId>"), 1);
    refuses(&r, "DescribeSnapshots", "&SnapshotId.1=snap-0123456789abcdef0",
            "InvalidSnapshot.NotFound");
    ask(&r, "DeregisterImage", arena_printf(&r.arena, "&ImageId=%s", w.image));
    refuses(&r, "DescribeSnapshots", arena_printf(&r.arena, "&SnapshotId.1=%s", snapshot),
            "InvalidSnapshot.NotFound");
    rig_fini(&r);
}

static void test_offerings(void **state)
{
    struct rig r;
    struct rig_world w;
    const char *body;
    (void)state;
    rig_init(&r);
    rig_world(&r, &w);
    body = ask(&r, "DescribeInstanceTypeOfferings", "");
    assert_string_equal(rig_text(&r, body, "locationType"), "region");
    assert_string_equal(rig_text(&r, body, "location"), "lab");
    body = ask(
        &r, "DescribeInstanceTypeOfferings",
        "&LocationType=availability-zone&Filter.1.Name=instance-type&Filter.1.Value.1=t1.%2A");
    assert_int_equal(rig_count(body, "<location>laba</location>"), 4);
    body = ask(
        &r, "DescribeInstanceTypeOfferings",
        "&LocationType=availability-zone-id&Filter.1.Name=location&Filter.1.Value.1=lab-az1");
    assert_true(rig_count(body, "<location>lab-az1</location>") > 4);
    assert_int_equal(
        rig_count(ask(&r, "DescribeInstanceTypeOfferings", "&LocationType=outpost"), "<location>"),
        0);
    body = ask(&r, "DescribeInstanceTypeOfferings", "&MaxResults=5");
    assert_int_equal(rig_count(body, "<location>"), 5);
    body = ask(
        &r, "DescribeInstanceTypeOfferings",
        arena_printf(&r.arena, "&MaxResults=5&NextToken=%s", rig_text(&r, body, "nextToken")));
    assert_int_equal(rig_count(body, "<location>"), 3);
    assert_null(rig_text(&r, body, "nextToken"));
    refuses(&r, "DescribeInstanceTypeOfferings", "&LocationType=moon", "InvalidParameterValue");
    refuses(&r, "DescribeInstanceTypeOfferings", "&NextToken=bm9ib2R5", "InvalidNextToken");
    rig_fini(&r);
}

static void test_account(void **state)
{
    struct rig r;
    (void)state;
    rig_init(&r);
    const char *body = ask(&r, "DescribeAccountAttributes", "");
    const char *vpc = rig_text(&r, ask(&r, "DescribeVpcs", ""), "vpcId");
    assert_non_null(strstr(body, arena_printf(&r.arena, "<attributeValue>%s<", vpc)));
    body = ask(&r, "DescribeAccountAttributes", "&AttributeName.1=max-instances");
    assert_int_equal(rig_count(body, "<attributeName>"), 1);
    assert_string_equal(rig_text(&r, body, "attributeValue"),
                        arena_printf(&r.arena, "%lld", (long long)r.config.quota_instances));
    refuses(&r, "DescribeAccountAttributes", "&AttributeName.1=colour", "InvalidParameterValue");
    rig_fails(&r, "Action=DescribeAccountAttributes&Version=2016-11-15&DryRun=true", 412,
              "DryRunOperation");
    rig_fini(&r);
}

/* A check says nothing that nobody said: what runs is initializing, and unknown with its cluster
 * away. */
static void test_status(void **state)
{
    struct rig r;
    struct rig_world w;
    (void)state;
    rig_init(&r);
    rig_world(&r, &w);
    const char *id = rig_run(&r, &w, "");
    assert_null(rig_text(&r, ask(&r, "DescribeInstanceStatus", ""), "instanceId"));
    const char *body = ask(&r, "DescribeInstanceStatus", "&IncludeAllInstances=true");
    assert_string_equal(rig_text(&r, body, "instanceId"), id);
    assert_int_equal(rig_count(body, "<status>not-applicable</status>"), 2);
    rig_say(&r, &w.cluster, "instance", id, 1, "{\"state\":\"running\",\"ever_ran\":true}");
    body = ask(&r, "DescribeInstanceStatus", arena_printf(&r.arena, "&InstanceId.1=%s", id));
    assert_int_equal(rig_count(body, "<status>initializing</status>"), 4);
    const char *filter = "&Filter.1.Name=instance-status.status&Filter.1.Value.1=ok";
    assert_null(rig_text(&r, ask(&r, "DescribeInstanceStatus", filter), "instanceId"));
    filter = "&Filter.1.Name=system-status.reachability&Filter.1.Value.1=init%2A";
    assert_string_equal(rig_text(&r, ask(&r, "DescribeInstanceStatus", filter), "instanceId"), id);
    rig_say(&r, &w.cluster, "instance", id, 1,
            "{\"state\":\"running\",\"ever_ran\":true,\"status\":\"ok\"}");
    body = ask(&r, "DescribeInstanceStatus", "");
    assert_int_equal(rig_count(body, "<status>ok</status>"), 2);
    assert_int_equal(rig_count(body, "<status>passed</status>"), 2);
    rig_say(&r, &w.cluster, "instance", id, 1,
            "{\"state\":\"running\",\"ever_ran\":true,\"status\":\"impaired\","
            "\"status_why\":\"no answer\"}");
    filter = "&Filter.1.Name=instance-status.reachability&Filter.1.Value.1=failed";
    body = ask(&r, "DescribeInstanceStatus", filter);
    assert_int_equal(rig_count(body, "<status>impaired</status>"), 1);
    assert_int_equal(rig_count(body, "<status>ok</status>"), 1);
    assert_non_null(rig_text(&r, body, "impairedSince"));
    rig_advance(&r, 60000);
    body = ask(&r, "DescribeInstanceStatus", "");
    assert_int_equal(rig_count(body, "<status>insufficient-data</status>"), 4);
    refuses(&r, "DescribeInstanceStatus", "&InstanceId.1=i-0123456789abcdef0",
            "InvalidInstanceID.NotFound");
    refuses(&r, "DescribeInstanceStatus", "&InstanceId.1=i-x", "InvalidInstanceID.Malformed");
    refuses(&r, "DescribeInstanceStatus",
            arena_printf(&r.arena, "&InstanceId.1=%s&MaxResults=5", id),
            "InvalidParameterCombination");
    refuses(&r, "DescribeInstanceStatus", "&IncludeAllInstances=maybe", "InvalidParameterValue");
    rig_fini(&r);
}

static void test_credits(void **state)
{
    struct rig r;
    struct rig_world w;
    (void)state;
    rig_init(&r);
    rig_world(&r, &w);
    const char *id = rig_run(&r, &w, "");
    assert_null(rig_text(&r, ask(&r, "DescribeInstanceCreditSpecifications", ""), "instanceId"));
    refuses(&r, "DescribeInstanceCreditSpecifications",
            arena_printf(&r.arena, "&InstanceId.1=%s", id), "UnsupportedOperation");
    refuses(&r, "DescribeInstanceCreditSpecifications", "&InstanceId.1=i-0123456789abcdef0",
            "InvalidInstanceID.NotFound");
    rig_fini(&r);
}

/* What an answer says can be asked for, and what it does not say matches nothing. */
static void test_filters(void **state)
{
    static const struct {
        const char *action, *id, *name, *value;
    } cases[] = {
        {"DescribeInstances", "instanceId", "platform-details", "Linux%2FUNIX"},
        {"DescribeInstances", "instanceId", "availability-zone-id", "lab-az1"},
        {"DescribeInstances", "instanceId", "ebs-optimized", "false"},
        {"DescribeInstances", "instanceId", "network-interface.attachment.network-card-index", "0"},
        {"DescribeInstances", "instanceId", "private-dns-name-options.hostname-type", "ip-name"},
        {"DescribeImages", "imageId", "block-device-mapping.volume-type", "gp2"},
        {"DescribeInstanceTypes", "instanceType", "network-info.ena-support", "unsupported"},
        {"DescribeInstanceTypes", "instanceType", "hibernation-supported", "false"},
        {"DescribeNetworkInterfaces", "networkInterfaceId", "availability-zone-id", "lab-az1"},
        {"DescribeSubnets", "subnetId", "ipv6-native", "false"},
        {"DescribeVolumes", "volumeId", "availability-zone-id", "lab-az1"},
    };
    struct rig r;
    struct rig_world w;
    (void)state;
    rig_init(&r);
    rig_world(&r, &w);
    rig_run(&r, &w, "");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *name = cases[i].name;
        const char *body = ask(
            &r, cases[i].action,
            arena_printf(&r.arena, "&Filter.1.Name=%s&Filter.1.Value.1=%s", name, cases[i].value));
        assert_non_null(rig_text(&r, body, cases[i].id));
        body = ask(&r, cases[i].action,
                   arena_printf(&r.arena, "&Filter.1.Name=%s&Filter.1.Value.1=other", name));
        assert_null(rig_text(&r, body, cases[i].id));
    }
    const char *none = "&Filter.1.Name=iam-instance-profile.arn&Filter.1.Value.1=%2A";
    assert_null(rig_text(&r, ask(&r, "DescribeInstances", none), "instanceId"));
    rig_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_network_parts), cmocka_unit_test(test_vpc_attribute),
        cmocka_unit_test(test_snapshots),     cmocka_unit_test(test_offerings),
        cmocka_unit_test(test_account),       cmocka_unit_test(test_status),
        cmocka_unit_test(test_credits),       cmocka_unit_test(test_filters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
