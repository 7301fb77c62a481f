/* cloud_answers.c - prints answers of the cloud-manager, for cloud_answers.py to judge by the
 * clients' own parser:  "=== SERVICE ACTION STATUS\n" and the body, again and again. */
#include "tests/unit/cloud_rig.h"

#include "base/check.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

static const char *show(const char *service, const char *action, const char *rest)
{
    const char *form = arena_printf(&rig.arena, "Action=%s&Version=2016-11-15%s", action, rest);
    uint64_t id = rig_send(&rig, service, form);
    printf("=== %s %s %d\n%s\n", service, action, rig_status(&rig, id), rig_body(&rig, id));
    return rig_body(&rig, id);
}

static const char *with(const char *format, const char *id)
{
    CLEANUP(buf_fini) struct buf text = {0};
    const char *at = strstr(format, "{}");
    buf_append(&text, format, (size_t)(at - format));
    buf_text(&text, id);
    buf_text(&text, at + 2);
    return arena_strdup(&rig.arena, buf_str(&text));
}

static void show_reads(void)
{
    static const char *const reads[] = {"DescribeRegions",
                                        "DescribeAvailabilityZones",
                                        "DescribeInstanceTypes",
                                        "DescribeVpcs",
                                        "DescribeSubnets",
                                        "DescribeSecurityGroups",
                                        "DescribeImages",
                                        "DescribeInstances",
                                        "DescribeVolumes",
                                        "DescribeNetworkInterfaces",
                                        "DescribeTags",
                                        "DescribeInstanceStatus",
                                        "DescribeSnapshots",
                                        "DescribeAccountAttributes",
                                        "DescribeRouteTables",
                                        "DescribeInternetGateways",
                                        "DescribeNetworkAcls",
                                        "DescribeDhcpOptions",
                                        "DescribeInstanceTypeOfferings",
                                        "DescribeInstanceCreditSpecifications"};
    for (size_t i = 0; i < sizeof reads / sizeof *reads; i++)
        show("ec2", reads[i], "");
    show("ec2", "DescribeKeyPairs", "&IncludePublicKey=true");
    const char *vpc = rig_text(&rig, rig_ok(&rig, "Action=DescribeVpcs"), "vpcId");
    show("ec2", "DescribeVpcAttribute", with("&Attribute=enableDnsSupport&VpcId={}", vpc));
}

static const char tagged[] = "&TagSpecification.1.ResourceType=instance"
                             "&TagSpecification.1.Tag.1.Key=Name"
                             "&TagSpecification.1.Tag.1.Value=%3Cweb%3E%20%26%20%C3%A9";

static const char *show_launch(struct rig_world *w)
{
    rig_pull(&rig, &w->cluster);
    const char *body = show(
        "ec2", "RunInstances",
        with("&ImageId={}&InstanceType=t1.nano&MinCount=1&MaxCount=1&KeyName=ed&ClientToken=tok"
             "&TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=Name"
             "&TagSpecification.1.Tag.1.Value=%3Cweb%3E%20%26%20%C3%A9"
             "&TagSpecification.2.ResourceType=volume&TagSpecification.2.Tag.1.Key=Disk"
             "&TagSpecification.2.Tag.1.Value=root",
             w->image));
    return rig_text(&rig, body, "instanceId");
}

/* Each attribute that can be described, and what changes one. */
static void show_attributes(const char *id)
{
    static const char *const names[] = {
        "instanceType",       "userData",       "disableApiTermination",
        "disableApiStop",     "rootDeviceName", "instanceInitiatedShutdownBehavior",
        "blockDeviceMapping", "groupSet",       "sourceDestCheck",
        "ebsOptimized",       "enaSupport",     "enclaveOptions",
        "productCodes",       "kernel",         "ramdisk",
        "sriovNetSupport"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        show("ec2", "DescribeInstanceAttribute",
             arena_printf(&rig.arena, "&InstanceId=%s&Attribute=%s", id, names[i]));
    show("ec2", "ModifyInstanceAttribute",
         with("&InstanceId={}&InstanceInitiatedShutdownBehavior.Value=terminate", id));
    show("ec2", "ModifyInstanceMetadataOptions",
         with("&InstanceId={}&HttpTokens=required&HttpPutResponseHopLimit=2", id));
}

static void show_port_groups(const char *instance)
{
    const char *group = rig_text(&rig,
                                 rig_ok(&rig, "Action=CreateSecurityGroup&GroupName=live"
                                              "&GroupDescription=d"),
                                 "groupId");
    show("ec2", "ModifyInstanceAttribute",
         with(with("&InstanceId={}&GroupId.1={}", instance), group));
    const char *port = rig_text(&rig, show("ec2", "DescribeNetworkInterfaces", ""),
                                "networkInterfaceId");
    const char *first = rig_text(
        &rig, rig_ok(&rig, "Action=DescribeSecurityGroups&GroupName.1=default"), "groupId");
    show("ec2", "ModifyNetworkInterfaceAttribute",
         with(with("&NetworkInterfaceId={}&SecurityGroupId.1={}", port), first));
}

static void show_life(struct rig_world *w, const char *id)
{
    const char *by_id = with("&InstanceId.1={}", id);
    show("ec2", "DescribeInstances", by_id);
    rig_say(&rig, &w->cluster, "instance", id, 1, "{\"state\":\"running\",\"ever_ran\":true}");
    rig_tell(&rig, &w->cluster, "console", id, "aGVsbG8=");
    show_reads();
    show_attributes(id);
    show("ec2", "MonitorInstances", by_id);
    show("ec2", "UnmonitorInstances", by_id);
    show_port_groups(id);
    show("ec2", "RebootInstances", by_id);
    show("ec2", "StopInstances", by_id);
    rig_say(&rig, &w->cluster, "instance", id, 3,
            "{\"state\":\"off\",\"why\":\"asked\",\"ever_ran\":true}");
    show("ec2", "DescribeInstances", by_id);
    show("ec2", "StartInstances", by_id);
    show("ec2", "TerminateInstances", by_id);
    rig_pull(&rig, &w->cluster);
    rig_say(&rig, &w->cluster, "instance", id, 5, NULL);
    show("ec2", "DescribeInstances", by_id);
    rig_advance(&rig, 10000); /* the cluster is not heard: the last known is given at once */
    show("ec2", "GetConsoleOutput", with("&InstanceId={}", id));
    show("ec2", "GetPasswordData", with("&InstanceId={}", id));
}

static void show_keys(void)
{
    show("ec2", "CreateKeyPair",
         "&KeyName=ed&KeyType=ed25519&TagSpecification.1.ResourceType=key-pair"
         "&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b");
    /* "ssh-ed25519 AAAA... x": RFC 8032's first test key */
    show("ec2", "ImportKeyPair",
         "&KeyName=imported&PublicKeyMaterial="
         "c3NoLWVkMjU1MTkgQUFBQUMzTnphQzFsWkRJMU5URTVBQUFBSU5kYW1BR0NzUXEzMUNpK20xbG9l"
         "L1MxNHJaZGFMV1hXb2dEZ3NnZFZSbWE%3D");
    show("ec2", "DescribeKeyPairs", "&IncludePublicKey=true");
}

static void show_rules(const char *group)
{
    show("ec2", "AuthorizeSecurityGroupIngress",
         with("&GroupId={}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=22"
              "&IpPermissions.1.ToPort=22&IpPermissions.1.IpRanges.1.CidrIp=10.0.0.0%2F8"
              "&IpPermissions.1.IpRanges.1.Description=here"
              "&IpPermissions.1.IpRanges.2.CidrIp=192.168.0.0%2F16"
              "&IpPermissions.2.IpProtocol=icmp&IpPermissions.2.FromPort=-1"
              "&IpPermissions.2.ToPort=-1&IpPermissions.2.IpRanges.1.CidrIp=0.0.0.0%2F0",
              group));
    show("ec2", "DescribeSecurityGroups", "");
    show("ec2", "RevokeSecurityGroupIngress",
         with("&GroupId={}&IpProtocol=icmp&FromPort=-1&ToPort=-1&CidrIp=0.0.0.0%2F0", group));
}

static void show_addresses(const char *instance)
{
    const char *allocation = rig_text(
        &rig,
        show("ec2", "AllocateAddress",
             "&Domain=vpc&TagSpecification.1.ResourceType=elastic-ip"
             "&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=front"),
        "allocationId");
    const char *form = arena_printf(&rig.arena, "&AllocationId=%s&InstanceId=%s", allocation,
                                    instance);
    const char *association = rig_text(&rig, show("ec2", "AssociateAddress", form),
                                       "associationId");
    show("ec2", "DescribeAddresses", "");
    show("ec2", "DescribeAddressesAttribute", "&Attribute=domain-name");
    show("ec2", "DescribeInstances", with("&InstanceId.1={}", instance));
    show("ec2", "DescribeNetworkInterfaces", "");
    show("ec2", "DisassociateAddress", with("&AssociationId={}", association));
    show("ec2", "ReleaseAddress", with("&AllocationId={}", allocation));
}

/* A group of its own, in both directions, and an instance that moves into it. */
static void show_group(void)
{
    const char *body = show("ec2", "CreateSecurityGroup",
                            "&GroupName=web&GroupDescription=Web+servers"
                            "&TagSpecification.1.ResourceType=security-group"
                            "&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b");
    const char *group = rig_text(&rig, body, "groupId");
    body = show("ec2", "AuthorizeSecurityGroupEgress",
                with(with("&GroupId={}&IpPermissions.1.IpProtocol=udp&IpPermissions.1.FromPort=53"
                          "&IpPermissions.1.ToPort=53&IpPermissions.1.Groups.1.GroupId={}"
                          "&IpPermissions.1.Groups.1.Description=names"
                          "&TagSpecification.1.ResourceType=security-group-rule"
                          "&TagSpecification.1.Tag.1.Key=c&TagSpecification.1.Tag.1.Value=d",
                          group),
                     group));
    const char *rule = rig_text(&rig, body, "securityGroupRuleId");
    show("ec2", "ModifySecurityGroupRules",
         with(with("&GroupId={}&SecurityGroupRule.1.SecurityGroupRuleId={}"
                   "&SecurityGroupRule.1.SecurityGroupRule.IpProtocol=tcp"
                   "&SecurityGroupRule.1.SecurityGroupRule.FromPort=1"
                   "&SecurityGroupRule.1.SecurityGroupRule.ToPort=9"
                   "&SecurityGroupRule.1.SecurityGroupRule.CidrIpv4=10.0.0.0/8",
                   group),
              rule));
    show("ec2", "UpdateSecurityGroupRuleDescriptionsEgress",
         with(with("&GroupId={}&SecurityGroupRuleDescription.1.SecurityGroupRuleId={}"
                   "&SecurityGroupRuleDescription.1.Description=new",
                   group),
              rule));
    show("ec2", "UpdateSecurityGroupRuleDescriptionsIngress",
         "&GroupName=default&IpPermissions.1.IpProtocol=-1"
         "&IpPermissions.1.Groups.1.GroupName=default&IpPermissions.1.Groups.1.Description=us");
    show("ec2", "DescribeSecurityGroupRules", with("&SecurityGroupRuleId.1={}", rule));
    show("ec2", "DescribeSecurityGroups", "&Filter.1.Name=group-name&Filter.1.Value.1=w*");
    show("ec2", "RevokeSecurityGroupEgress",
         with(with("&GroupId={}&SecurityGroupRuleId.1={}", group), rule));
    show("ec2", "DeleteSecurityGroup", with("&GroupId={}", group));
}

static void show_errors(void)
{
    show("ec2", "DescribeInstances", "&InstanceId.1=i-0123456789abcdef0");
    show("ec2", "FlyToTheMoon", "");
    show("ec2", "DescribeRegions", "&DryRun=true");
    show("sts", "AssumeRole", "");
}

int main(void)
{
    struct rig_world w;
    rig_init(&rig);
    rig.config.quota_addresses = 5;
    bool fine = cloud_pool_parse(&rig.config.pool, "203.0.113.16/28", NULL) == ERR_OK;
    INV(fine);
    rig_restart(&rig);
    rig_world(&rig, &w);
    show("sts", "GetCallerIdentity", "");
    show_keys();
    show_rules(rig_text(&rig, rig_ok(&rig, "Action=DescribeSecurityGroups"), "groupId"));
    show_group();
    show_life(&w, show_launch(&w));
    show_addresses(rig_run(&rig, &w, tagged));
    show("ec2", "CreateTags", with("&ResourceId.1={}&Tag.1.Key=k&Tag.1.Value=v", w.image));
    show("ec2", "DeleteTags", with("&ResourceId.1={}&Tag.1.Key=k", w.image));
    show("ec2", "ModifyImageAttribute",
         with("&ImageId={}&LaunchPermission.Add.1.Group=all", w.image));
    static const char *const names[] = {
        "description",        "kernel",          "ramdisk",  "launchPermission", "productCodes",
        "blockDeviceMapping", "sriovNetSupport", "bootMode", "tpmSupport",       "uefiData",
        "lastLaunchedTime",   "imdsSupport"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        show("ec2", "DescribeImageAttribute",
             arena_printf(&rig.arena, "&ImageId=%s&Attribute=%s", w.image, names[i]));
    show("ec2", "ResetImageAttribute", with("&ImageId={}&Attribute=launchPermission", w.image));
    show("ec2", "RegisterImage", "&Name=second&ImageLocation=images%2Fsecond");
    show("ec2", "DescribeImages", "");
    show("ec2", "DeregisterImage", with("&ImageId={}", w.image));
    show("ec2", "DeleteKeyPair", "&KeyName=imported");
    show("ec2", "DeleteKeyPair", "&KeyName=nobody");
    show_errors();
    rig_fini(&rig);
    return 0;
}
