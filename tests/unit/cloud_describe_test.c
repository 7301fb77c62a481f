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
    (void)state;
    for (size_t i = 0; i < PARTS; i++) {
        const struct part *p = &parts[i];
        const char *id = rig_text(&rig, ask(&rig, p->action, ""), p->id);
        assert_non_null(id);
        const char *owner = rig_text(&rig, ask(&rig, p->action, ""), "ownerId");
        assert_string_equal(owner, rig.root.account);
        const char *by_id = arena_printf(&rig.arena, "&%s.1=%s", p->ids, id);
        assert_string_equal(rig_text(&rig, ask(&rig, p->action, by_id), p->id), id);
        const char *by_filter = arena_printf(&rig.arena,
                                             "&Filter.1.Name=%s&Filter.1.Value.1=%.8s%%2A"
                                             "&MaxResults=5",
                                             p->filter, id);
        assert_string_equal(rig_text(&rig, ask(&rig, p->action, by_filter), p->id), id);
        assert_null(rig_text(
            &rig, ask(&rig, p->action, "&Filter.1.Name=owner-id&Filter.1.Value.1=123456789012"),
            p->id));
        refuses(&rig, p->action, arena_printf(&rig.arena, "&%s.1=%s", p->ids, p->nobody),
                p->missing);
        refuses(&rig, p->action, "&Filter.1.Name=colour&Filter.1.Value.1=x",
                "InvalidParameterValue");
        refuses(&rig, p->action, "&MaxResults=4", "InvalidParameterValue");
        /* tags are those of an object like any other */
        ask(&rig, "CreateTags",
            arena_printf(&rig.arena, "&ResourceId.1=%s&Tag.1.Key=a&Tag.1.Value=b", id));
        assert_string_equal(
            rig_text(&rig, ask(&rig, p->action, "&Filter.1.Name=tag%3Aa&Filter.1.Value.1=b"),
                     p->id),
            id);
        refuses(&rig, "CreateTags",
                arena_printf(&rig.arena, "&ResourceId.1=%s&Tag.1.Key=a&Tag.1.Value=b", p->nobody),
                p->missing);
    }
    assert_int_equal(rig_count(ask(&rig, "DescribeNetworkAcls", ""), "<subnetId>"), 1);
}

static void test_vpc_attribute(void **state)
{
    (void)state;
    const char *vpc = rig_text(&rig, ask(&rig, "DescribeVpcs", ""), "vpcId");
    static const char *const names[] = {"enableDnsSupport", "enableDnsHostnames",
                                        "enableNetworkAddressUsageMetrics"};
    for (size_t i = 0; i < 3; i++) {
        const char *more = arena_printf(&rig.arena, "&VpcId=%s&Attribute=%s", vpc, names[i]);
        const char *body = ask(&rig, "DescribeVpcAttribute", more);
        assert_non_null(strstr(body, arena_printf(&rig.arena, "<%s><value>%s</value>", names[i],
                                                  i == 0 ? "true" : "false")));
    }
    refuses(&rig, "DescribeVpcAttribute",
            arena_printf(&rig.arena, "&VpcId=%s&Attribute=colour", vpc), "InvalidParameterValue");
    refuses(&rig, "DescribeVpcAttribute", arena_printf(&rig.arena, "&VpcId=%s", vpc),
            "MissingParameter");
    refuses(&rig, "DescribeVpcAttribute", "&VpcId=vpc-0123456789abcdef0&Attribute=enableDnsSupport",
            "InvalidVpcID.NotFound");
}

static void test_snapshots(void **state)
{
    (void)state;
    const char *snapshot = rig_text(&rig, ask(&rig, "DescribeImages", ""), "snapshotId");
    const char *body = ask(&rig, "DescribeSnapshots", "&Owner.1=self");
    assert_string_equal(rig_text(&rig, body, "snapshotId"), snapshot);
    assert_string_equal(rig_text(&rig, body, "status"), "completed");
    assert_string_equal(rig_text(&rig, body, "progress"), "100%");
    assert_string_equal(rig_text(&rig, body, "volumeSize"), "1");
    assert_null(rig_text(&rig, ask(&rig, "DescribeSnapshots", "&Owner.1=amazon"), "snapshotId"));
    ask(&rig, "RegisterImage", "&Name=second&ImageLocation=images%2Fsecond");
    body = ask(&rig, "DescribeSnapshots", "&Filter.1.Name=status&Filter.1.Value.1=pend%3Fng");
    assert_int_equal(rig_count(body, "<snapshotId>"), 1);
    body = ask(&rig, "DescribeSnapshots", arena_printf(&rig.arena, "&SnapshotId.1=%s", snapshot));
    assert_int_equal(rig_count(body, "<snapshotId>"), 1);
    refuses(&rig, "DescribeSnapshots", "&SnapshotId.1=snap-0123456789abcdef0",
            "InvalidSnapshot.NotFound");
    ask(&rig, "DeregisterImage", arena_printf(&rig.arena, "&ImageId=%s", world.image));
    refuses(&rig, "DescribeSnapshots", arena_printf(&rig.arena, "&SnapshotId.1=%s", snapshot),
            "InvalidSnapshot.NotFound");
}

static void test_offerings(void **state)
{
    const char *body;
    (void)state;
    body = ask(&rig, "DescribeInstanceTypeOfferings", "");
    assert_string_equal(rig_text(&rig, body, "locationType"), "region");
    assert_string_equal(rig_text(&rig, body, "location"), "lab");
    body = ask(
        &rig, "DescribeInstanceTypeOfferings",
        "&LocationType=availability-zone&Filter.1.Name=instance-type&Filter.1.Value.1=t1.%2A");
    assert_int_equal(rig_count(body, "<location>laba</location>"), 4);
    body = ask(
        &rig, "DescribeInstanceTypeOfferings",
        "&LocationType=availability-zone-id&Filter.1.Name=location&Filter.1.Value.1=lab-az1");
    assert_true(rig_count(body, "<location>lab-az1</location>") > 4);
    assert_int_equal(rig_count(ask(&rig, "DescribeInstanceTypeOfferings", "&LocationType=outpost"),
                               "<location>"),
                     0);
    body = ask(&rig, "DescribeInstanceTypeOfferings", "&MaxResults=5");
    assert_int_equal(rig_count(body, "<location>"), 5);
    body = ask(
        &rig, "DescribeInstanceTypeOfferings",
        arena_printf(&rig.arena, "&MaxResults=5&NextToken=%s", rig_text(&rig, body, "nextToken")));
    assert_int_equal(rig_count(body, "<location>"), 3);
    assert_null(rig_text(&rig, body, "nextToken"));
    refuses(&rig, "DescribeInstanceTypeOfferings", "&LocationType=moon", "InvalidParameterValue");
    refuses(&rig, "DescribeInstanceTypeOfferings", "&NextToken=bm9ib2R5", "InvalidNextToken");
}

static void test_account(void **state)
{
    (void)state;
    const char *body = ask(&rig, "DescribeAccountAttributes", "");
    const char *vpc = rig_text(&rig, ask(&rig, "DescribeVpcs", ""), "vpcId");
    assert_non_null(strstr(body, arena_printf(&rig.arena, "<attributeValue>%s<", vpc)));
    body = ask(&rig, "DescribeAccountAttributes", "&AttributeName.1=max-instances");
    assert_int_equal(rig_count(body, "<attributeName>"), 1);
    assert_string_equal(rig_text(&rig, body, "attributeValue"),
                        arena_printf(&rig.arena, "%lld", (long long)rig.config.quota_instances));
    refuses(&rig, "DescribeAccountAttributes", "&AttributeName.1=colour", "InvalidParameterValue");
    rig_fails(&rig, "Action=DescribeAccountAttributes&Version=2016-11-15&DryRun=true", 412,
              "DryRunOperation");
}

/* A check says nothing that nobody said: what runs is initializing, and unknown with its cluster
 * away. */
static void test_status(void **state)
{
    (void)state;
    const char *id = rig_run(&rig, &world, "");
    assert_null(rig_text(&rig, ask(&rig, "DescribeInstanceStatus", ""), "instanceId"));
    const char *body = ask(&rig, "DescribeInstanceStatus", "&IncludeAllInstances=true");
    assert_string_equal(rig_text(&rig, body, "instanceId"), id);
    assert_int_equal(rig_count(body, "<status>not-applicable</status>"), 2);
    rig_say(&rig, &world.cluster, "instance", id, 1, "{\"state\":\"running\",\"ever_ran\":true}");
    body = ask(&rig, "DescribeInstanceStatus", arena_printf(&rig.arena, "&InstanceId.1=%s", id));
    assert_int_equal(rig_count(body, "<status>initializing</status>"), 4);
    const char *filter = "&Filter.1.Name=instance-status.status&Filter.1.Value.1=ok";
    assert_null(rig_text(&rig, ask(&rig, "DescribeInstanceStatus", filter), "instanceId"));
    filter = "&Filter.1.Name=system-status.reachability&Filter.1.Value.1=init%2A";
    assert_string_equal(rig_text(&rig, ask(&rig, "DescribeInstanceStatus", filter), "instanceId"),
                        id);
    rig_say(&rig, &world.cluster, "instance", id, 1,
            "{\"state\":\"running\",\"ever_ran\":true,\"status\":\"ok\"}");
    body = ask(&rig, "DescribeInstanceStatus", "");
    assert_int_equal(rig_count(body, "<status>ok</status>"), 2);
    assert_int_equal(rig_count(body, "<status>passed</status>"), 2);
    rig_say(&rig, &world.cluster, "instance", id, 1,
            "{\"state\":\"running\",\"ever_ran\":true,\"status\":\"impaired\","
            "\"status_why\":\"no answer\"}");
    filter = "&Filter.1.Name=instance-status.reachability&Filter.1.Value.1=failed";
    body = ask(&rig, "DescribeInstanceStatus", filter);
    assert_int_equal(rig_count(body, "<status>impaired</status>"), 1);
    assert_int_equal(rig_count(body, "<status>ok</status>"), 1);
    assert_non_null(rig_text(&rig, body, "impairedSince"));
    rig_advance(&rig, 60000);
    body = ask(&rig, "DescribeInstanceStatus", "");
    assert_int_equal(rig_count(body, "<status>insufficient-data</status>"), 4);
    refuses(&rig, "DescribeInstanceStatus", "&InstanceId.1=i-0123456789abcdef0",
            "InvalidInstanceID.NotFound");
    refuses(&rig, "DescribeInstanceStatus", "&InstanceId.1=i-x", "InvalidInstanceID.Malformed");
    refuses(&rig, "DescribeInstanceStatus",
            arena_printf(&rig.arena, "&InstanceId.1=%s&MaxResults=5", id),
            "InvalidParameterCombination");
    refuses(&rig, "DescribeInstanceStatus", "&IncludeAllInstances=maybe", "InvalidParameterValue");
}

static void test_credits(void **state)
{
    (void)state;
    const char *id = rig_run(&rig, &world, "");
    assert_null(
        rig_text(&rig, ask(&rig, "DescribeInstanceCreditSpecifications", ""), "instanceId"));
    refuses(&rig, "DescribeInstanceCreditSpecifications",
            arena_printf(&rig.arena, "&InstanceId.1=%s", id), "UnsupportedOperation");
    refuses(&rig, "DescribeInstanceCreditSpecifications", "&InstanceId.1=i-0123456789abcdef0",
            "InvalidInstanceID.NotFound");
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
    (void)state;
    rig_run(&rig, &world, "");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *name = cases[i].name;
        const char *body = ask(&rig, cases[i].action,
                               arena_printf(&rig.arena, "&Filter.1.Name=%s&Filter.1.Value.1=%s",
                                            name, cases[i].value));
        assert_non_null(rig_text(&rig, body, cases[i].id));
        body = ask(&rig, cases[i].action,
                   arena_printf(&rig.arena, "&Filter.1.Name=%s&Filter.1.Value.1=other", name));
        assert_null(rig_text(&rig, body, cases[i].id));
    }
    const char *none = "&Filter.1.Name=iam-instance-profile.arn&Filter.1.Value.1=%2A";
    assert_null(rig_text(&rig, ask(&rig, "DescribeInstances", none), "instanceId"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_network_parts), RIG_TEST(test_vpc_attribute), RIG_TEST(test_snapshots),
        RIG_TEST(test_offerings),     RIG_TEST_BARE(test_account),  RIG_TEST(test_status),
        RIG_TEST(test_credits),       RIG_TEST(test_filters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
