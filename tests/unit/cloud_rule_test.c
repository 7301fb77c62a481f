/* cloud_rule_test.c - rules of security groups: added, removed, changed, described; every refusal
 * by EC2's code, and none of them changes anything. */
#include "tests/unit/cloud_rig.h"

#include "base/check.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define V                "&Version=2016-11-15"
#define TEXT(...)        arena_printf(&rig.arena, __VA_ARGS__)
#define OK(...)          rig_ok(&rig, TEXT(__VA_ARGS__))
#define FAILS(code, ...) rig_fails(&rig, TEXT(__VA_ARGS__), 400, code)

static const char *group;

static int set_up(void **state)
{
    rig_set_up_bare(state);
    group = rig_text(&rig, OK("Action=CreateSecurityGroup&GroupName=web&GroupDescription=d" V),
                     "groupId");
    return 0;
}

/* "<action>&GroupId=<group>&IpPermissions.1.<permission>" */
static const char *ask(const char *action, const char *permission)
{
    return OK("Action=%s&GroupId=%s%s" V, action, group, permission);
}

#define P     "&IpPermissions.1."
#define SSH   P "IpProtocol=tcp" P "FromPort=22" P "ToPort=22"
#define WORLD P "IpRanges.1.CidrIp=0.0.0.0/0"

static size_t rules(void)
{
    return rig_count(
        OK("Action=DescribeSecurityGroupRules&Filter.1.Name=group-id&Filter.1.Value.1=%s" V, group),
        "<securityGroupRuleId>");
}

/* Both directions, with ids, descriptions and tags in the answer. */
static void test_both_directions(void **state)
{
    static const char *const ways[] = {"Ingress", "Egress"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const char *add = TEXT("AuthorizeSecurityGroup%s", ways[i]);
        const char *body = ask(add, SSH P
                               "IpRanges.1.CidrIp=10.1.2.3/8" P "IpRanges.1.Description=office"
                               "&TagSpecification.1.ResourceType=security-group-rule"
                               "&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b");
        assert_string_equal(rig_text(&rig, body, "return"), "true");
        assert_string_equal(rig_text(&rig, body, "isEgress"), i == 1 ? "true" : "false");
        assert_string_equal(rig_text(&rig, body, "cidrIpv4"), "10.0.0.0/8");
        assert_string_equal(rig_text(&rig, body, "description"), "office");
        assert_non_null(strstr(body, "<tagSet><item><key>a</key><value>b</value>"));
        const char *id = rig_text(&rig, body, "securityGroupRuleId");
        FAILS("InvalidPermission.Duplicate",
              "Action=%s&GroupId=%s" SSH P "IpRanges.1.CidrIp=10.0.0.0/8" V, add, group);
        /* of the other direction it is not */
        FAILS("InvalidSecurityGroupRuleId.NotFound",
              "Action=RevokeSecurityGroup%s&GroupId=%s&SecurityGroupRuleId.1=%s" V, ways[1 - i],
              group, id);
        OK("Action=RevokeSecurityGroup%s&GroupId=%s&SecurityGroupRuleId.1=%s" V, ways[i], group,
           id);
        FAILS("InvalidSecurityGroupRuleId.NotFound",
              "Action=RevokeSecurityGroup%s&GroupId=%s&SecurityGroupRuleId.1=%s" V, ways[i], group,
              id);
        assert_int_equal(rig_count(OK("Action=DescribeTags" V), "<resourceId>"), 0);
    }
    ask("RevokeSecurityGroupEgress", P "IpProtocol=-1" WORLD);
    FAILS("InvalidPermission.NotFound",
          "Action=RevokeSecurityGroupEgress&GroupId=%s" P "IpProtocol=-1" P
          "IpRanges.1.CidrIp=0.0.0.0/0" V,
          group);
    assert_int_equal(rules(), 0);
}

/* What EC2 writes in one way is one rule, however it was spelled. */
static void test_spellings(void **state)
{
    (void)state;
    static const struct {
        const char *once, *again;
    } same[] = {
        {SSH WORLD, P "IpProtocol=6" P "FromPort=22" P "ToPort=22" WORLD},
        {P "IpProtocol=icmp" P "FromPort=-1" P "ToPort=-1" WORLD, P "IpProtocol=1" WORLD},
        {P "IpProtocol=-1" WORLD, P "IpProtocol=-1" P "FromPort=1" P "ToPort=2" WORLD},
        {P "IpProtocol=50" WORLD, P "IpProtocol=50" P "FromPort=-1" P "ToPort=-1" WORLD},
        {P "IpProtocol=udp" P "FromPort=0" P "ToPort=65535" P "IpRanges.1.CidrIp=10.1.2.3/16",
         P "IpProtocol=17" P "FromPort=0" P "ToPort=65535" P "IpRanges.1.CidrIp=10.1.0.0/16"},
        {P "IpProtocol=-1" P "Groups.1.GroupName=default",
         P "IpProtocol=-1" P "Groups.1.GroupName=default" P "Groups.1.Description=other"},
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        ask("AuthorizeSecurityGroupIngress", same[i].once);
        rig_fails(&rig,
                  TEXT("Action=AuthorizeSecurityGroupIngress&GroupId=%s%s" V, group, same[i].again),
                  400, "InvalidPermission.Duplicate");
        ask("RevokeSecurityGroupIngress", same[i].again);
    }
    assert_int_equal(rules(), 1);
}

static void test_bad_permissions(void **state)
{
    (void)state;
    static const struct {
        const char *permission, *code;
    } bad[] = {
        {"", "MissingParameter"},
        {P "FromPort=1", "MissingParameter"},
        {P "IpProtocol=tcp" WORLD, "InvalidParameterValue"},
        {P "IpProtocol=tcp" P "FromPort=22" WORLD, "InvalidParameterValue"},
        {P "IpProtocol=tcp" P "FromPort=23" P "ToPort=22" WORLD, "InvalidParameterValue"},
        {P "IpProtocol=tcp" P "FromPort=-1" P "ToPort=22" WORLD, "InvalidParameterValue"},
        {P "IpProtocol=tcp" P "FromPort=1" P "ToPort=65536" WORLD, "InvalidParameterValue"},
        {P "IpProtocol=tcp" P "FromPort=x" P "ToPort=22" WORLD, "InvalidParameterValue"},
        {P "IpProtocol=tcp" P "FromPort=1.5" P "ToPort=22" WORLD, "InvalidParameterValue"},
        {P "IpProtocol=icmp" P "FromPort=256" P "ToPort=-1" WORLD, "InvalidPermission.Malformed"},
        {P "IpProtocol=icmp" P "FromPort=8" P "ToPort=300" WORLD, "InvalidPermission.Malformed"},
        {P "IpProtocol=256" WORLD, "InvalidParameterValue"},
        {P "IpProtocol=-2" WORLD, "InvalidParameterValue"},
        {P "IpProtocol=TCP" P "FromPort=1" P "ToPort=2" WORLD, "InvalidParameterValue"},
        {P "IpProtocol=icmpv6" WORLD, "UnsupportedOperation"},
        {SSH, "MissingParameter"},
        {SSH P "IpRanges.1.Description=only", "InvalidParameterValue"},
        {SSH P "IpRanges.1.CidrIp=10.0.0.0", "InvalidParameterValue"},
        {SSH P "IpRanges.1.CidrIp=10.0.0.0/33", "InvalidParameterValue"},
        {SSH P "IpRanges.1.CidrIp=10.0.0/8", "InvalidParameterValue"},
        {SSH P "IpRanges.1.CidrIp=010.0.0.0/8", "InvalidParameterValue"},
        {SSH P "IpRanges.1.CidrIp=%3A%3A/0", "InvalidParameterValue"},
        {SSH P "IpRanges.1.CidrIp=10.0.0.0/8;drop", "InvalidParameterValue"},
        {SSH WORLD P "IpRanges.1.Description=%C3%A9", "InvalidParameterValue"},
        {SSH WORLD P "IpRanges.2.CidrIp=1.2.3.4/0", "InvalidParameterValue"},
        {SSH P "Groups.1.Description=only", "MissingParameter"},
        {SSH P "Groups.1.GroupId=web", "InvalidGroupId.Malformed"},
        {SSH P "Groups.1.GroupId=sg-0123456789abcdef0", "InvalidGroup.NotFound"},
        {SSH P "Groups.1.GroupName=nobody", "InvalidGroup.NotFound"},
        {SSH P "Groups.1.GroupName=web" P "Groups.1.UserId=123456789012", "InvalidGroup.NotFound"},
        {SSH P "Groups.1.GroupName=web" P "Groups.1.PeeringStatus=x", "UnsupportedOperation"},
        {SSH P "Ipv6Ranges.1.CidrIpv6=%3A%3A/0", "UnsupportedOperation"},
        {SSH WORLD P "PrefixListIds.1.PrefixListId=pl-12345678", "UnsupportedOperation"},
        {SSH WORLD "&TagSpecification.1.ResourceType=security-group"
                   "&TagSpecification.1.Tag.1.Key=a",
         "InvalidParameterValue"},
    };
    static const char *const actions[] = {"AuthorizeSecurityGroupIngress",
                                          "AuthorizeSecurityGroupEgress"};
    for (size_t a = 0; a < 2; a++)
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
            rig_fails(&rig, TEXT("Action=%s&GroupId=%s%s" V, actions[a], group, bad[i].permission),
                      400, bad[i].code);
    assert_int_equal(rules(), 1); /* the egress rule that it was made with */
    FAILS("UnsupportedOperation",
          "Action=AuthorizeSecurityGroupEgress&GroupId=%s" SSH P "IpRanges.1.CidrIp=10.0.0.0/8"
          "&CidrIp=10.0.0.0/8" V,
          group);
    FAILS("MissingParameter",
          "Action=AuthorizeSecurityGroupEgress" SSH P "IpRanges.1.CidrIp=10.0.0.0/8" V);
}

/* Rules with IPv6 ends cannot be there: taking one away finds none, as clients expect. */
static void test_absent_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *permission, *code;
    } absent[] = {
        {P "IpProtocol=-1" P "Ipv6Ranges.1.CidrIpv6=%3A%3A/0", "InvalidPermission.NotFound"},
        {P "IpProtocol=-1" P "PrefixListIds.1.PrefixListId=pl-1", "InvalidPermission.NotFound"},
        {P "IpProtocol=-1" P "Ipv6Ranges.1.CidrIpv6=x", "InvalidParameterValue"},
        {P "IpProtocol=-1" P "Ipv6Ranges.1.CidrIpv6=%3A%3A/129", "InvalidParameterValue"},
        {P "IpProtocol=-1" WORLD P "Ipv6Ranges.1.CidrIpv6=%3A%3A/0", "InvalidPermission.NotFound"},
        {"&SecurityGroupRuleId.1=web", "InvalidSecurityGroupRuleId.Malformed"},
        {"", "MissingParameter"},
    };
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        rig_fails(
            &rig,
            TEXT("Action=RevokeSecurityGroupEgress&GroupId=%s%s" V, group, absent[i].permission),
            400, absent[i].code);
    assert_int_equal(rules(), 1);
}

/* All or nothing: the fourth fails, and the first three are not there either. */
static void test_all_or_nothing(void **state)
{
    (void)state;
    rig_fails(&rig,
              TEXT("Action=AuthorizeSecurityGroupIngress&GroupId=%s" SSH WORLD P
                   "IpRanges.2.CidrIp=10.0.0.0/8" P "IpRanges.3.CidrIp=10.1.0.0/16"
                   "&IpPermissions.2.IpProtocol=tcp&IpPermissions.2.FromPort=22"
                   "&IpPermissions.2.ToPort=22&IpPermissions.2.IpRanges.1.CidrIp=10.0.0.0/8" V,
                   group),
              400, "InvalidParameterValue");
    assert_int_equal(rules(), 1);
    ask("AuthorizeSecurityGroupIngress", SSH P "IpRanges.1.CidrIp=10.0.0.0/8");
    FAILS("InvalidPermission.NotFound",
          "Action=RevokeSecurityGroupIngress&GroupId=%s" SSH P "IpRanges.1.CidrIp=10.0.0.0/8" P
          "IpRanges.2.CidrIp=10.0.0.0/9" V,
          group);
    assert_int_equal(rules(), 2);
}

/* 60 in each direction, each counted alone. */
static void test_limit(void **state)
{
    (void)state;
    const char *many = P "IpProtocol=-1";
    for (int i = 1; i <= 60; i++)
        many = TEXT("%s" P "IpRanges.%d.CidrIp=10.0.0.%d/32", many, i, i);
    ask("AuthorizeSecurityGroupIngress", many);
    FAILS("RulesPerSecurityGroupLimitExceeded",
          "Action=AuthorizeSecurityGroupIngress&GroupId=%s" SSH P "IpRanges.1.CidrIp=10.0.0.0/8" V,
          group);
    rig_fails(&rig, TEXT("Action=AuthorizeSecurityGroupEgress&GroupId=%s%s" V, group, many), 400,
              "RulesPerSecurityGroupLimitExceeded"); /* with the one that it has */
    ask("AuthorizeSecurityGroupEgress", SSH WORLD);
    assert_int_equal(rules(), 62);
}

static const char *add_ssh(const char *cidr)
{
    const char *body = OK("Action=AuthorizeSecurityGroupIngress&GroupId=%s" SSH P
                          "IpRanges.1.CidrIp=%s&TagSpecification.1.ResourceType=security-group-rule"
                          "&TagSpecification.1.Tag.1.Key=kept" V,
                          group, cidr);
    return rig_text(&rig, body, "securityGroupRuleId");
}

/* "SecurityGroupRule.<n>" for that rule: "IpProtocol=tcp FromPort=1 ..." are its parts. */
static const char *to(int n, const char *id, const char *parts)
{
    const char *out = *id != '\0' ? TEXT("&SecurityGroupRule.%d.SecurityGroupRuleId=%s", n, id)
                                  : "";
    for (size_t len; *parts != '\0'; parts += len + (parts[len] == ' ')) {
        len = strcspn(parts, " ");
        out = TEXT("%s&SecurityGroupRule.%d.SecurityGroupRule.%.*s", out, n, (int)len, parts);
    }
    return out;
}

/* A rule becomes another under its id; two may change places. */
static void test_modify(void **state)
{
    (void)state;
    const char *a = add_ssh("10.1.0.0/16"), *b = add_ssh("10.2.0.0/16");
    const char *begin = TEXT("Action=ModifySecurityGroupRules" V "&GroupId=%s", group);
    const char *second = "IpProtocol=tcp FromPort=22 ToPort=22 CidrIpv4=10.2.0.0/16";
    const char *by_group = TEXT("IpProtocol=udp FromPort=5 ToPort=9 ReferencedGroupId=%s", group);
    OK("%s%s%s", begin, to(1, a, TEXT("%s Description=swapped", second)), to(2, b, by_group));
    const char *body = OK("Action=DescribeSecurityGroupRules&SecurityGroupRuleId.1=%s" V, a);
    assert_string_equal(rig_text(&rig, body, "cidrIpv4"), "10.2.0.0/16");
    assert_string_equal(rig_text(&rig, body, "description"), "swapped");
    assert_string_equal(rig_text(&rig, body, "key"), "kept");
    body = OK("Action=DescribeSecurityGroupRules&SecurityGroupRuleId.1=%s" V, b);
    assert_string_equal(rig_text(&rig, body, "ipProtocol"), "udp");
    assert_string_equal(rig_text(&rig, body, "toPort"), "9");
    assert_null(rig_text(&rig, body, "cidrIpv4"));
    assert_string_equal(rig_text(&rig, strstr(body, "<referencedGroupInfo>"), "groupId"), group);
    FAILS("InvalidPermission.Duplicate", "%s%s", begin, to(1, b, second));
    assert_int_equal(rules(), 3);
}

static void test_bad_modify(void **state)
{
    (void)state;
    const char *a = add_ssh("10.1.0.0/16");
    static const struct {
        const char *parts, *code;
    } bad[] = {
        {"", "MissingParameter"},
        {"IpProtocol=-1", "MissingParameter"},
        {"CidrIpv4=10.0.0.0/8", "MissingParameter"},
        {"IpProtocol=-1 CidrIpv4=10.0.0.0", "InvalidParameterValue"},
        {"IpProtocol=-1 CidrIpv6=::/0", "UnsupportedOperation"},
        {"IpProtocol=-1 PrefixListId=pl-1", "UnsupportedOperation"},
        {"IpProtocol=-1 ReferencedGroupId=x", "InvalidGroupId.Malformed"},
        {"IpProtocol=-1 ReferencedGroupId=sg-0123456789abcdef0", "InvalidGroup.NotFound"},
        {"IpProtocol=-1 CidrIpv4=1.2.3.4/8 ReferencedGroupId=x", "InvalidParameterCombination"},
    };
    const char *begin = TEXT("Action=ModifySecurityGroupRules" V "&GroupId=%s", group);
    const char *good = "IpProtocol=-1 CidrIpv4=1.2.3.4/8";
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        FAILS(bad[i].code, "%s%s", begin, to(1, a, bad[i].parts));
    FAILS("MissingParameter", "%s", begin);
    FAILS("MissingParameter", "%s%s", begin, to(1, "", good));
    FAILS("InvalidSecurityGroupRuleId.Malformed", "%s%s", begin, to(1, "x", good));
    FAILS("InvalidSecurityGroupRuleId.NotFound", "%s%s%s", begin, to(1, a, good), to(2, a, good));
    const char *body = OK("Action=DescribeSecurityGroupRules&SecurityGroupRuleId.1=%s" V, a);
    assert_string_equal(rig_text(&rig, body, "cidrIpv4"), "10.1.0.0/16");
    assert_string_equal(rig_text(&rig, body, "fromPort"), "22");
}

static void test_descriptions(void **state)
{
    (void)state;
    const char *a = add_ssh("10.1.0.0/16");
    OK("Action=UpdateSecurityGroupRuleDescriptionsIngress&GroupId=%s" SSH P
       "IpRanges.1.CidrIp=10.1.0.0/16" P "IpRanges.1.Description=by+what+it+says" V,
       group);
    const char *body = OK("Action=DescribeSecurityGroupRules&SecurityGroupRuleId.1=%s" V, a);
    assert_string_equal(rig_text(&rig, body, "description"), "by what it says");
    OK("Action=UpdateSecurityGroupRuleDescriptionsIngress&GroupName=web"
       "&SecurityGroupRuleDescription.1.SecurityGroupRuleId=%s"
       "&SecurityGroupRuleDescription.1.Description=by+id" V,
       a);
    body = OK("Action=DescribeSecurityGroupRules&SecurityGroupRuleId.1=%s" V, a);
    assert_string_equal(rig_text(&rig, body, "description"), "by id");
    OK("Action=UpdateSecurityGroupRuleDescriptionsEgress&GroupId=%s" P "IpProtocol=-1" P
       "IpRanges.1.CidrIp=0.0.0.0/0" P "IpRanges.1.Description=out" V,
       group);
    body = OK("Action=DescribeSecurityGroups&GroupId.1=%s" V, group);
    assert_non_null(strstr(body, "<description>out</description>"));
    FAILS("InvalidPermission.NotFound",
          "Action=UpdateSecurityGroupRuleDescriptionsEgress&GroupId=%s" SSH P
          "IpRanges.1.CidrIp=10.1.0.0/16" V,
          group);
    FAILS("InvalidSecurityGroupRuleId.NotFound",
          "Action=UpdateSecurityGroupRuleDescriptionsEgress&GroupId=%s"
          "&SecurityGroupRuleDescription.1.SecurityGroupRuleId=%s" V,
          group, a);
    FAILS("InvalidParameterValue",
          "Action=UpdateSecurityGroupRuleDescriptionsIngress&GroupId=%s"
          "&SecurityGroupRuleDescription.1.SecurityGroupRuleId=%s"
          "&SecurityGroupRuleDescription.1.Description=%%3C" V,
          group, a);
    FAILS("MissingParameter", "Action=UpdateSecurityGroupRuleDescriptionsIngress&GroupId=%s" V,
          group);
    FAILS("UnsupportedOperation",
          "Action=UpdateSecurityGroupRuleDescriptionsIngress&GroupId=%s" SSH P
          "Ipv6Ranges.1.CidrIpv6=%%3A%%3A/0" V,
          group);
}

static void test_described_rules(void **state)
{
    (void)state;
    for (int i = 0; i < 9; i++)
        add_ssh(TEXT("10.%d.0.0/16", i));
    const char *body = OK("Action=DescribeSecurityGroupRules&MaxResults=5&Filter.1.Name=tag-key"
                          "&Filter.1.Value.1=ke*" V);
    assert_int_equal(rig_count(body, "<securityGroupRuleId>"), 5);
    body = OK("Action=DescribeSecurityGroupRules&MaxResults=5&Filter.1.Name=tag-key"
              "&Filter.1.Value.1=ke*&NextToken=%s" V,
              rig_text(&rig, body, "nextToken"));
    assert_int_equal(rig_count(body, "<securityGroupRuleId>"), 4);
    assert_null(rig_text(&rig, body, "nextToken"));
    const char *id = rig_text(&rig, body, "securityGroupRuleId");
    body = OK("Action=DescribeSecurityGroupRules&Filter.1.Name=security-group-rule-id"
              "&Filter.1.Value.1=%s" V,
              id);
    assert_int_equal(rig_count(body, "<securityGroupRuleId>"), 1);
    FAILS("InvalidSecurityGroupRuleId.Malformed",
          "Action=DescribeSecurityGroupRules&SecurityGroupRuleId.1=x" V);
    FAILS("InvalidSecurityGroupRuleId.NotFound",
          "Action=DescribeSecurityGroupRules&SecurityGroupRuleId.1=sgr-0123456789abcdef0" V);
    FAILS("InvalidParameterValue", "Action=DescribeSecurityGroupRules&MaxResults=4" V);
    FAILS("InvalidParameterValue",
          "Action=DescribeSecurityGroupRules&Filter.1.Name=x&Filter.1.Value.1=y" V);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_both_directions, set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_spellings, set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_bad_permissions, set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_absent_kinds, set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_all_or_nothing, set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_limit, set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_modify, set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_bad_modify, set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_descriptions, set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_described_rules, set_up, rig_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
