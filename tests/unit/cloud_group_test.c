/* cloud_group_test.c - security groups of the cloud-manager: made, deleted, described; who is in
 * them, and who is told. */
#include "tests/unit/cloud_rig.h"

#include "base/check.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define V                "&Version=2016-11-15"
#define TEXT(...)        arena_printf(&rig.arena, __VA_ARGS__)
#define OK(...)          rig_ok(&rig, TEXT(__VA_ARGS__))
#define FAILS(code, ...) rig_fails(&rig, TEXT(__VA_ARGS__), 400, code)

static const char running[] = "{\"state\":\"running\",\"ever_ran\":true}";

static const char *make_group(const char *name)
{
    return rig_text(
        &rig, OK("Action=CreateSecurityGroup&GroupName=%s&GroupDescription=of+%s" V, name, name),
        "groupId");
}

static const char *default_group(void)
{
    return rig_text(&rig, OK("Action=DescribeSecurityGroups&GroupName.1=default" V), "groupId");
}

/* As AWS makes them: nothing comes in, everything goes out. */
static void test_new_group(void **state)
{
    (void)state;
    const char *body = OK("Action=CreateSecurityGroup&GroupName=web&GroupDescription=Web+servers"
                          "&TagSpecification.1.ResourceType=security-group"
                          "&TagSpecification.1.Tag.1.Key=team&TagSpecification.1.Tag.1.Value=a" V);
    const char *id = rig_text(&rig, body, "groupId");
    assert_non_null(strstr(body, "<key>team</key><value>a</value>"));
    body = OK("Action=DescribeSecurityGroups&GroupId.1=%s" V, id);
    assert_string_equal(rig_text(&rig, body, "groupName"), "web");
    assert_string_equal(rig_text(&rig, body, "groupDescription"), "Web servers");
    assert_non_null(strstr(body, "<ipPermissions></ipPermissions>"));
    assert_non_null(strstr(body, "<ipPermissionsEgress><item><ipProtocol>-1</ipProtocol>"
                                 "<groups></groups><ipRanges><item><cidrIp>0.0.0.0/0</cidrIp>"));
    assert_non_null(strstr(body, "<key>team</key><value>a</value>"));
}

static void test_bad_names(void **state)
{
    char longest[256], longer[257];
    (void)state;
    memset(longest, 'a', sizeof longest - 1);
    memset(longer, 'a', sizeof longer - 1);
    longest[255] = longer[256] = '\0';
    const struct {
        const char *query, *code;
    } bad[] = {
        {"&GroupName=default&GroupDescription=d", "InvalidParameterValue"},
        {"&GroupName=sg-web&GroupDescription=d", "InvalidParameterValue"},
        {"&GroupName=caf%C3%A9&GroupDescription=d", "InvalidParameterValue"},
        {"&GroupName=a%0Ab&GroupDescription=d", "InvalidParameterValue"},
        {"&GroupName=a&GroupDescription=%3Cb%3E", "InvalidParameterValue"},
        {TEXT("&GroupName=%s&GroupDescription=d", longer), "InvalidParameterValue"},
        {TEXT("&GroupName=a&GroupDescription=%s", longer), "InvalidParameterValue"},
        {"&GroupName=a", "MissingParameter"},
        {"&GroupDescription=a", "MissingParameter"},
        {"&GroupName=a&GroupDescription=d&VpcId=vpc-0123456789abcdef0", "InvalidVpcID.NotFound"},
        {"&GroupName=a&GroupDescription=d&VpcId=%27", "InvalidVpcID.NotFound"},
        {"&GroupName=a&GroupDescription=d&Colour=red", "UnsupportedOperation"},
        {"&GroupName=a&GroupDescription=d&TagSpecification.1.ResourceType=instance"
         "&TagSpecification.1.Tag.1.Key=a",
         "InvalidParameterValue"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        FAILS(bad[i].code, "Action=CreateSecurityGroup%s" V, bad[i].query);
    OK("Action=CreateSecurityGroup&GroupName=%s&GroupDescription=%s" V, longest, longest);
    OK("Action=CreateSecurityGroup&GroupName=%s&GroupDescription=d" V,
       "._-%3A%2F%28%29%23%2C%40%5B%5D%2B%3D%26%3B%7B%7D%21%24*");
    FAILS("InvalidGroup.Duplicate", "Action=CreateSecurityGroup&GroupName=%s&GroupDescription=d" V,
          longest);
}

/* I8 of groups: 20 in this rig, the default one counts. */
static void test_limit(void **state)
{
    (void)state;
    const char *last = NULL;
    for (int i = 1; i < 20; i++)
        last = make_group(TEXT("g%d", i));
    FAILS("SecurityGroupLimitExceeded",
          "Action=CreateSecurityGroup&GroupName=more&GroupDescription=d" V);
    OK("Action=DeleteSecurityGroup&GroupId=%s" V, last);
    make_group("more");
}

static void test_deletion(void **state)
{
    (void)state;
    const char *web = make_group("web"), *db = make_group("db");
    FAILS("CannotDelete", "Action=DeleteSecurityGroup&GroupId=%s" V, default_group());
    FAILS("CannotDelete", "Action=DeleteSecurityGroup&GroupName=default" V);
    FAILS("InvalidGroup.NotFound", "Action=DeleteSecurityGroup&GroupName=nobody" V);
    FAILS("InvalidGroup.NotFound", "Action=DeleteSecurityGroup&GroupId=sg-0123456789abcdef0" V);
    FAILS("InvalidGroupId.Malformed", "Action=DeleteSecurityGroup&GroupId=web" V);
    FAILS("MissingParameter", "Action=DeleteSecurityGroup" V);
    /* A rule of its own does not hold it; one of another group does. */
    OK("Action=AuthorizeSecurityGroupIngress&GroupId=%s&IpPermissions.1.IpProtocol=-1"
       "&IpPermissions.1.Groups.1.GroupId=%s" V,
       web, web);
    OK("Action=AuthorizeSecurityGroupIngress&GroupId=%s&IpPermissions.1.IpProtocol=-1"
       "&IpPermissions.1.Groups.1.GroupId=%s" V,
       db, web);
    FAILS("DependencyViolation", "Action=DeleteSecurityGroup&GroupId=%s" V, web);
    OK("Action=DeleteSecurityGroup&GroupName=db" V);
    const char *body = OK("Action=DeleteSecurityGroup&GroupId=%s" V, web);
    assert_string_equal(rig_text(&rig, body, "groupId"), web);
    FAILS("InvalidGroup.NotFound", "Action=DescribeSecurityGroups&GroupId.1=%s" V, web);
    make_group("web"); /* the name is free again */
    assert_int_equal(store_i64(rig.store, -1, "SELECT count(*) FROM rule WHERE grp=?", "s", web),
                     0);
}

/* A living port holds its groups; a terminated instance holds none. */
static void test_held_by_a_port(void **state)
{
    (void)state;
    const char *web = make_group("web");
    const char *id = rig_run(&rig, &world, TEXT("&SecurityGroupId.1=%s", web));
    rig_pull(&rig, &world.cluster);
    rig_say(&rig, &world.cluster, "instance", id, 1, running);
    FAILS("DependencyViolation", "Action=DeleteSecurityGroup&GroupId=%s" V, web);
    OK("Action=TerminateInstances&InstanceId.1=%s" V, id);
    FAILS("DependencyViolation", "Action=DeleteSecurityGroup&GroupId=%s" V, web);
    rig_pull(&rig, &world.cluster);
    rig_say(&rig, &world.cluster, "instance", id, 2, NULL);
    /* At once: its cluster has not been told yet to forget it, and is told all the same. */
    OK("Action=DeleteSecurityGroup&GroupId=%s" V, web);
    rig_advance(&rig, 300);
    rig_pull(&rig, &world.cluster);
    assert_string_equal(rig_known(&world.cluster, "group", web)->gone, "deleted");
    assert_int_equal(
        store_i64(rig.store, -1, "SELECT count(*) FROM security_group WHERE id=?", "s", web), 0);
}

static void test_filters(void **state)
{
    (void)state;
    const char *web = make_group("web-1"), *db = make_group("db-1");
    OK("Action=AuthorizeSecurityGroupIngress&GroupId=%s&IpPermissions.1.IpProtocol=tcp"
       "&IpPermissions.1.FromPort=80&IpPermissions.1.ToPort=88"
       "&IpPermissions.1.IpRanges.1.CidrIp=10.0.0.0%%2F8" V,
       web);
    OK("Action=AuthorizeSecurityGroupEgress&GroupId=%s&IpPermissions.1.IpProtocol=udp"
       "&IpPermissions.1.FromPort=53&IpPermissions.1.ToPort=53"
       "&IpPermissions.1.Groups.1.GroupId=%s" V,
       db, web);
    OK("Action=CreateTags&ResourceId.1=%s&Tag.1.Key=team&Tag.1.Value=blue" V, db);
    const struct {
        const char *name, *value;
        int count;
    } filters[] = {
        {"group-name", "web*", 1},
        {"group-name", "*-?", 2},
        {"group-name", "WEB*", 0},
        {"group-id", web, 1},
        {"description", "of web-1", 1},
        {"vpc-id", "vpc-*", 3},
        {"owner-id", rig.root.account, 3},
        {"tag:team", "bl*", 1},
        {"tag-key", "team", 1},
        {"ip-permission.protocol", "tcp", 1},
        {"ip-permission.from-port", "80", 1},
        {"ip-permission.to-port", "88", 1},
        {"ip-permission.cidr", "10.*", 1},
        {"ip-permission.group-name", "default", 1},
        {"ip-permission.user-id", rig.root.account, 1},
        {"ip-permission.ipv6-cidr", "*", 0},
        {"ip-permission.prefix-list-id", "*", 0},
        {"egress.ip-permission.protocol", "-1", 3},
        {"egress.ip-permission.protocol", "udp", 1},
        {"egress.ip-permission.cidr", "0.0.0.0/0", 3},
        {"egress.ip-permission.group-id", web, 1},
        {"egress.ip-permission.group-name", "web-1", 1},
        {"egress.ip-permission.from-port", "53", 1},
    };
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        const char *body = OK(
            "Action=DescribeSecurityGroups&Filter.1.Name=%s&Filter.1.Value.1=%s" V, filters[i].name,
            filters[i].value);
        assert_int_equal(rig_count(body, "<groupDescription>"), filters[i].count);
    }
    FAILS("InvalidParameterValue",
          "Action=DescribeSecurityGroups&Filter.1.Name=colour&Filter.1.Value.1=red" V);
}

static void test_pages(void **state)
{
    (void)state;
    for (int i = 0; i < 11; i++)
        make_group(TEXT("page-%d", i));
    const char *token = "";
    int seen = 0;
    for (int page = 0; page < 3; page++) {
        const char *body = OK("Action=DescribeSecurityGroups&MaxResults=5%s" V, token);
        seen += (int)rig_count(body, "<groupName>");
        const char *next = rig_text(&rig, body, "nextToken");
        assert_true((next != NULL) == (page < 2));
        token = next != NULL ? TEXT("&NextToken=%s", next) : "";
    }
    assert_int_equal(seen, 12);
    FAILS("InvalidNextToken", "Action=DescribeSecurityGroups&NextToken=x" V);
    FAILS("InvalidParameterCombination",
          "Action=DescribeSecurityGroups&MaxResults=5&GroupId.1=%s" V, default_group());
}

/* I15: what belongs to another account is not there. */
static void test_other_account(void **state)
{
    struct cloud_root mine = rig.root, other = {0};
    struct err err = {0};
    (void)state;
    const char *web = make_group("web");
    const char *id = rig_run(&rig, &world, TEXT("&SecurityGroupId.1=%s", web));
    const char *port = rig_text(&rig, OK("Action=DescribeNetworkInterfaces" V),
                                "networkInterfaceId");
    const char *rules = OK("Action=DescribeSecurityGroupRules&Filter.1.Name=group-id"
                           "&Filter.1.Value.1=%s" V,
                           web);
    const char *rule = rig_text(&rig, rules, "securityGroupRuleId");
    store_begin(rig.store);
    cloud_setup(rig.store, &rig.rng, &rig.config, rig.at.wall_ms, &other);
    assert_int_equal(store_commit(rig.store, &err), ERR_OK);
    rig.root = other;
    const char *own = make_group("web");
    static const struct {
        const char *query, *code;
    } denied[] = {
        {"DescribeSecurityGroups&GroupId.1=%s", "InvalidGroup.NotFound"},
        {"DeleteSecurityGroup&GroupId=%s", "InvalidGroup.NotFound"},
        {"AuthorizeSecurityGroupIngress&GroupId=%s&CidrIp=10.0.0.0/8&IpProtocol=-1",
         "InvalidGroup.NotFound"},
        {"AuthorizeSecurityGroupIngress&GroupName=web&IpPermissions.1.IpProtocol=-1"
         "&IpPermissions.1.Groups.1.GroupId=%s",
         "InvalidGroup.NotFound"},
        {"RevokeSecurityGroupEgress&GroupId=%s&IpPermissions.1.IpProtocol=-1"
         "&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0",
         "InvalidGroup.NotFound"},
        {"CreateTags&ResourceId.1=%s&Tag.1.Key=a", "InvalidGroup.NotFound"},
    };
    for (size_t i = 0; i < sizeof denied / sizeof *denied; i++) {
        const char *mark = strstr(denied[i].query, "%s");
        FAILS(denied[i].code, "Action=%.*s%s%s" V, (int)(mark - denied[i].query), denied[i].query,
              web, mark + 2);
    }
    FAILS("InvalidSecurityGroupRuleId.NotFound",
          "Action=DescribeSecurityGroupRules&SecurityGroupRuleId.1=%s" V, rule);
    FAILS("InvalidSecurityGroupRuleId.NotFound",
          "Action=RevokeSecurityGroupEgress&GroupId=%s&SecurityGroupRuleId.1=%s" V, own, rule);
    FAILS("InvalidSecurityGroupRuleId.NotFound",
          "Action=ModifySecurityGroupRules&GroupId=%s"
          "&SecurityGroupRule.1.SecurityGroupRuleId=%s"
          "&SecurityGroupRule.1.SecurityGroupRule.IpProtocol=-1"
          "&SecurityGroupRule.1.SecurityGroupRule.CidrIpv4=0.0.0.0/0" V,
          own, rule);
    FAILS("InvalidInstanceID.NotFound",
          "Action=ModifyInstanceAttribute&InstanceId=%s&GroupId.1=%s" V, id, own);
    FAILS("InvalidNetworkInterfaceID.NotFound",
          "Action=ModifyNetworkInterfaceAttribute&NetworkInterfaceId=%s&SecurityGroupId.1=%s" V,
          port, own);
    assert_int_equal(rig_count(OK("Action=DescribeSecurityGroups" V), "<groupName>"), 2);
    assert_int_equal(rig_count(OK("Action=DescribeSecurityGroupRules" V), "<securityGroupRuleId>"),
                     3);
    rig.root = mine;
    FAILS("InvalidGroup.NotFound", "Action=ModifyInstanceAttribute&InstanceId=%s&GroupId.1=%s" V,
          id, own);
    FAILS("InvalidGroup.NotFound",
          "Action=RunInstances&ImageId=%s&MinCount=1&MaxCount=1&SecurityGroupId.1=%s" V,
          world.image, own);
}

/* ---- groups of a living instance ---------------------------------------------------------- */

static const char *groups_of(const char *id)
{
    const char *body = OK("Action=DescribeInstances&InstanceId.1=%s" V, id);
    const char *from = strstr(body, "<groupSet><item>"), *to = strstr(from, "</groupSet>");
    return TEXT("%.*s", (int)(to - from), from);
}

/* They change while it runs. It is told under the generation that stands: what is known of the
 * instance holds on, and a guest that powers itself off meanwhile is believed. */
static void test_live_change(void **state)
{
    (void)state;
    const char *web = make_group("web"), *db = make_group("db");
    const char *id = rig_run(&rig, &world, "");
    rig_pull(&rig, &world.cluster);
    rig_say(&rig, &world.cluster, "instance", id, 1, running);
    OK("Action=ModifyInstanceAttribute&InstanceId=%s&GroupId.1=%s&GroupId.2=%s" V, id, web, db);
    const char *shown = groups_of(id);
    assert_non_null(strstr(shown, web));
    assert_non_null(strstr(shown, db));
    assert_null(strstr(shown, "default"));
    assert_non_null(strstr(OK("Action=DescribeNetworkInterfaces" V), db));
    rig_pull(&rig, &world.cluster);
    const struct wire_item *wish = rig_wish(&world.cluster, "instance", id);
    assert_int_equal(wish->generation, 1);
    assert_non_null(strstr(wish->body, TEXT("\"groups\":[\"%s\",\"%s\"]", web, db)));
    assert_non_null(strstr(wish->body, "\"groups_n\":1"));
    rig_advance(&rig, 300);
    rig_pull(&rig, &world.cluster);
    assert_string_equal(rig_members(&rig, &world.cluster, db), "172.31.0.4");
    assert_string_equal(rig_known(&world.cluster, "group", default_group())->gone, "deleted");
    rig_say(&rig, &world.cluster, "instance", id, 1,
            "{\"state\":\"off\",\"why\":\"guest\",\"ever_ran\":true}");
    const char *body = OK("Action=DescribeInstances" V);
    assert_string_equal(rig_text(&rig, strstr(body, "<instanceState>"), "name"), "stopping");
}

static void test_live_change_by_port(void **state)
{
    (void)state;
    const char *web = make_group("web");
    const char *id = rig_run(&rig, &world, "&SecurityGroup.1=default&SecurityGroup.2=web");
    assert_non_null(strstr(groups_of(id), web));
    const char *body = OK("Action=DescribeNetworkInterfaces&Filter.1.Name=group-id"
                          "&Filter.1.Value.1=%s" V,
                          web);
    const char *port = rig_text(&rig, body, "networkInterfaceId");
    OK("Action=ModifyNetworkInterfaceAttribute&NetworkInterfaceId=%s&SecurityGroupId.1=%s" V, port,
       default_group());
    assert_null(strstr(groups_of(id), web));
    OK("Action=DeleteSecurityGroup&GroupId=%s" V, web);
    FAILS("InvalidGroup.NotFound",
          "Action=ModifyNetworkInterfaceAttribute&NetworkInterfaceId=%s&SecurityGroupId.1=%s" V,
          port, web);
    FAILS("MissingParameter", "Action=ModifyNetworkInterfaceAttribute&NetworkInterfaceId=%s" V,
          port);
    FAILS("MissingParameter", "Action=ModifyNetworkInterfaceAttribute&SecurityGroupId.1=%s" V,
          default_group());
    FAILS("InvalidGroupId.Malformed",
          "Action=ModifyNetworkInterfaceAttribute&NetworkInterfaceId=%s&SecurityGroupId.1=web" V,
          port);
    FAILS("InvalidNetworkInterfaceId.Malformed",
          "Action=ModifyNetworkInterfaceAttribute&NetworkInterfaceId=web&SecurityGroupId.1=%s" V,
          default_group());
    FAILS("UnsupportedOperation",
          "Action=ModifyNetworkInterfaceAttribute&NetworkInterfaceId=%s&SecurityGroupId.1=%s"
          "&SourceDestCheck.Value=false" V,
          port, default_group());
}

/* One member costs its page: nothing else of the group is told, and no page that is as it was. */
static void test_a_page_at_a_time(void **state)
{
    (void)state;
    const char *web = make_group("web"), *in_web = TEXT("&SecurityGroupId.1=%s", web);
    const char *far = TEXT("%s&PrivateIpAddress=172.31.3.200", in_web);
    const char *one = rig_run(&rig, &world, in_web);
    rig_pull(&rig, &world.cluster);
    assert_non_null(rig_wish(&world.cluster, "group", web));
    const char *other = rig_run(&rig, &world, far), *near = TEXT("%s/172.31.0.0", web);
    rig_advance(&rig, 250);
    rig_pull(&rig, &world.cluster);
    assert_null(rig_wish(&world.cluster, "group", web));
    assert_null(rig_wish(&world.cluster, "members", near));
    assert_non_null(rig_wish(&world.cluster, "members", TEXT("%s/172.31.3.0", web)));
    assert_string_equal(rig_members(&rig, &world.cluster, web), "172.31.0.4 172.31.3.200");
    /* A page that nobody is in ends, also where nothing follows. */
    rig_say(&rig, &world.cluster, "instance", other, 1, running);
    OK("Action=ModifyInstanceAttribute&InstanceId=%s&GroupId.1=%s" V, other, default_group());
    rig_advance(&rig, 250);
    rig_pull(&rig, &world.cluster);
    assert_string_equal(rig_members(&rig, &world.cluster, web), "172.31.0.4");
    assert_string_equal(rig_members(&rig, &world.cluster, default_group()), "172.31.3.200");
    /* Groups that do not change tell nothing. */
    OK("Action=ModifyInstanceAttribute&InstanceId=%s&GroupId.1=%s&GroupId.2=%s" V, one, web,
       default_group());
    rig_advance(&rig, 250);
    rig_pull(&rig, &world.cluster);
    assert_null(rig_wish(&world.cluster, "members", near));
    assert_string_equal(rig_members(&rig, &world.cluster, default_group()),
                        "172.31.3.200 172.31.0.4");
}

/* A group that rules name is known by its pages too, and not any more with the last such rule. */
static void test_pages_by_reference(void **state)
{
    (void)state;
    struct rig_child b;
    const char *web = make_group("web"), *db = make_group("db");
    rig_join(&rig, &b, "cluster", "labb");
    rig_capacity(&rig, &b, world.cluster.capacity);
    rig_run(&rig, &world, TEXT("&SecurityGroupId.1=%s", web));
    OK("Action=RunInstances&ImageId=%s&InstanceType=t1.nano&MinCount=1&MaxCount=1"
       "&Placement.AvailabilityZone=%s&SecurityGroupId.1=%s" V,
       world.image, b.zone, db);
    rig_advance(&rig, 250);
    rig_pull(&rig, &b);
    assert_string_equal(rig_members(&rig, &b, web), "");
    const char *rule = TEXT("&GroupId=%s&IpPermissions.1.IpProtocol=-1"
                            "&IpPermissions.1.Groups.1.GroupId=%s" V,
                            db, web);
    OK("Action=AuthorizeSecurityGroupIngress%s", rule);
    rig_pull(&rig, &b);
    assert_non_null(rig_wish(&b, "group", web));
    assert_string_equal(rig_members(&rig, &b, web), "172.31.0.4");
    OK("Action=RevokeSecurityGroupIngress%s", rule);
    rig_pull(&rig, &b);
    assert_string_equal(rig_members(&rig, &b, web), "");
    assert_string_equal(rig_known(&b, "group", web)->gone, "deleted");
}

static void test_bad_live_changes(void **state)
{
    (void)state;
    const char *id = rig_run(&rig, &world, "");
    const char *groups = "";
    for (int i = 1; i <= 6; i++)
        groups = TEXT("%s&GroupId.%d=%s", groups, i, make_group(TEXT("g%d", i)));
    FAILS("SecurityGroupsPerInterfaceLimitExceeded",
          "Action=ModifyInstanceAttribute&InstanceId=%s%s" V, id, groups);
    FAILS("MissingParameter", "Action=ModifyInstanceAttribute&InstanceId=%s" V, id);
    FAILS("InvalidInstanceID.Malformed",
          "Action=ModifyInstanceAttribute&InstanceId=x&GroupId.1=%s" V, default_group());
    FAILS("InvalidGroup.NotFound",
          "Action=ModifyInstanceAttribute&InstanceId=%s&GroupId.1=sg-0123456789abcdef0" V, id);
    assert_non_null(strstr(groups_of(id), "default"));
    OK("Action=TerminateInstances&InstanceId.1=%s" V, id);
    FAILS("IncorrectInstanceState", "Action=ModifyInstanceAttribute&InstanceId=%s&GroupId.1=%s" V,
          id, default_group());
}

/* R14: groups, rules and memberships that are younger than the backup come back from clusters. */
static void test_restore(void **state)
{
    (void)state;
    const char *web = make_group("web");
    const char *id = rig_run(&rig, &world, TEXT("&SecurityGroupId.1=%s", web));
    rig_pull(&rig, &world.cluster);
    rig_say(&rig, &world.cluster, "instance", id, 1, running);
    size_t len;
    void *dump = store_dump(rig.store, &len);
    const char *late = make_group("late");
    OK("Action=AuthorizeSecurityGroupIngress&GroupId=%s&IpProtocol=tcp&FromPort=80&ToPort=80"
       "&CidrIp=10.0.0.0%%2F8" V,
       late);
    OK("Action=AuthorizeSecurityGroupIngress&GroupId=%s&IpProtocol=tcp&FromPort=22&ToPort=22"
       "&CidrIp=10.0.0.0%%2F8" V,
       web);
    OK("Action=RevokeSecurityGroupEgress&GroupId=%s&IpPermissions.1.IpProtocol=-1"
       "&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0" V,
       web);
    OK("Action=ModifyInstanceAttribute&InstanceId=%s&GroupId.1=%s&GroupId.2=%s" V, id, web, late);
    rig_advance(&rig, 300);
    rig_pull(&rig, &world.cluster);
    rig_restore(&rig, dump, len);
    free(dump);
    rig_fails(&rig, "Action=CreateSecurityGroup&GroupName=x&GroupDescription=x" V, 503,
              "Unavailable");
    rig_return(&rig, &world.cluster);
    rig_return(&rig, &world.dos);
    const char *shown = groups_of(id);
    assert_non_null(strstr(shown, late));
    assert_non_null(strstr(shown, web));
    const char *body = OK("Action=DescribeSecurityGroups&GroupId.1=%s" V, web);
    assert_non_null(strstr(body, "<fromPort>22</fromPort>"));
    assert_non_null(strstr(body, "<ipPermissionsEgress></ipPermissionsEgress>"));
    body = OK("Action=DescribeSecurityGroups&GroupName.1=late" V);
    assert_non_null(strstr(body, "<fromPort>80</fromPort>"));
    assert_non_null(strstr(body, "<ipPermissionsEgress><item>"));
    rig_advance(&rig, 300);
    rig_pull(&rig, &world.cluster);
    assert_string_equal(rig_members(&rig, &world.cluster, late), "172.31.0.4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_new_group),
        RIG_TEST(test_bad_names),
        RIG_TEST(test_limit),
        RIG_TEST(test_a_page_at_a_time),
        RIG_TEST(test_pages_by_reference),
        RIG_TEST(test_deletion),
        RIG_TEST(test_held_by_a_port),
        RIG_TEST(test_filters),
        RIG_TEST(test_pages),
        RIG_TEST(test_other_account),
        RIG_TEST(test_live_change),
        RIG_TEST(test_live_change_by_port),
        RIG_TEST(test_bad_live_changes),
        RIG_TEST(test_restore),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
