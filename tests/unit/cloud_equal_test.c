/* cloud_equal_test.c - must 4: what is not known costs and is told what is not the caller's. Work
 * is counted (hashes, HMACs, secrets opened, statements of SQL), never timed. */
#include "tests/unit/cloud_rig.h"

#include "base/check.h"
#include "base/str.h"
#include "proto/auth/digest.h"
#include "proto/auth/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct work {
    uint64_t hashes, hmacs, opened, statements;
};

static struct work work_now(const struct rig *r)
{
    struct digest_work d = digest_work();
    return (struct work){d.hashes, d.hmacs, seal_work(), store_statements(r->store)};
}

/* What one request came to. */
struct outcome {
    struct work work;
    int status;
    const char *body; /* in the rig's arena */
};

struct ask {
    const char *service, *what; /* of REST: the target */
};

static struct outcome try(struct rig *r, const struct ask *a)
{
    struct work before = work_now(r);
    uint64_t id = str_eq(a->service, "tercet") ? rig_rest(r, "GET", a->what, "", NULL)
                                               : rig_send(r, a->service, a->what);
    struct work after = work_now(r);
    return (struct outcome){{after.hashes - before.hashes, after.hmacs - before.hmacs,
                             after.opened - before.opened, after.statements - before.statements},
                            rig_status(r, id),
                            arena_strdup(&r->arena, rig_body(r, id))};
}

/* Says what differs. */
static int differs(const char *what, const struct outcome *a, const struct outcome *b)
{
    bool is_told = a->status == b->status && str_eq(a->body, b->body);
    bool is_work = memcmp(&a->work, &b->work, sizeof a->work) == 0;
    if (!is_told)
        print_message("%s\n  is told %d %s\n  and %d %s\n", what, a->status, a->body, b->status,
                      b->body);
    if (!is_work)
        print_message("%s\n  takes %d and %d hashes, %d and %d HMACs, %d and %d secrets opened, %d "
                      "and %d statements\n",
                      what, (int)a->work.hashes, (int)b->work.hashes, (int)a->work.hmacs,
                      (int)b->work.hmacs, (int)a->work.opened, (int)b->work.opened,
                      (int)a->work.statements, (int)b->work.statements);
    return is_told && is_work ? 0 : 1;
}

/* ---- whose key ---------------------------------------------------------------------------- */

static void with_wrong_secret(struct rig *r)
{
    r->root.secret[0] = r->root.secret[0] == 'A' ? 'B' : 'A';
}

static void with_unknown_key(struct rig *r)
{
    str_copy(r->root.key_id, sizeof r->root.key_id, "AKIAABCDEFGHIJKLMNOP");
}

static const struct ask asks[] = {
    {"ec2", "Action=DescribeRegions&Version=2016-11-15"},
    {"ec2", "Action=FlyToTheMoon&Version=2016-11-15"},
    {"sts", "Action=GetCallerIdentity&Version=2011-06-15"},
    {"tercet", "/v1/instances"},
    {"tercet", "/v1/instances/i-0123456789abcdef0"},
};

/* Who was here before, and left a derived key in the cache or not. */
enum { NOBODY, THE_OWNER, WHO_HAS_THE_ID, A_STRANGER, BEFORE_LEN };

enum { TOLD_SIZE = 4096 };

static struct outcome refused(const struct ask *a, int before, void (*as)(struct rig *r),
                              char told[TOLD_SIZE])
{
    rig_init(&rig);
    struct cloud_root root = rig.root;
    if (before == THE_OWNER)
        try(&rig, a);
    if (before == WHO_HAS_THE_ID)
        with_wrong_secret(&rig);
    if (before == A_STRANGER)
        with_unknown_key(&rig);
    if (before == WHO_HAS_THE_ID || before == A_STRANGER)
        try(&rig, a);
    rig.root = root;
    as(&rig);
    struct outcome o = try(&rig, a);
    assert_int_equal(o.status, 401);
    str_copy(told, TOLD_SIZE, o.body);
    o.body = told;
    rig_fini(&rig);
    return o;
}

/* Nobody learns by asking which access keys there are, nor which of them are in use. */
static void unknown_keys_and_wrong_secrets(void **state)
{
    (void)state;
    static char told[3][TOLD_SIZE];
    int different = 0;
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
        struct outcome first = refused(&asks[i], NOBODY, with_wrong_secret, told[0]);
        for (int before = NOBODY; before < BEFORE_LEN; before++) {
            struct outcome wrong = refused(&asks[i], before, with_wrong_secret, told[1]);
            struct outcome unknown = refused(&asks[i], before, with_unknown_key, told[2]);
            different += differs(asks[i].what, &first, &wrong);
            different += differs(asks[i].what, &first, &unknown);
        }
    }
    assert_int_equal(different, 0);
}

/* ---- whose thing -------------------------------------------------------------------------- */

/* ssh-ed25519, of 32 times the byte 1; base64 of the whole line. */
static const char public_key[] = "c3NoLWVkMjU1MTkgQUFBQUMzTnphQzFsWkRJMU5URTVBQUFBSUlxST"
                                 "Q5MTBDZkdWL1ZMYkxUeTZYWExLWndtL0haUVNHL04waUFHMEQyOWM%3D";

/* What an account has, by the element of an answer that names it. */
static const struct {
    const char *kind, *list, *element;
} things[] = {
    {"i", "DescribeInstances", "instanceId"},
    {"ami", "DescribeImages&Owner.1=self", "imageId"},
    {"sg", "DescribeSecurityGroups", "groupId"},
    {"vpc", "DescribeVpcs", "vpcId"},
    {"subnet", "DescribeSubnets", "subnetId"},
    {"vol", "DescribeVolumes", "volumeId"},
    {"eni", "DescribeNetworkInterfaces", "networkInterfaceId"},
    {"snap", "DescribeSnapshots&Owner.1=self", "snapshotId"},
    {"key", "DescribeKeyPairs", "keyPairId"},
    {"rtb", "DescribeRouteTables", "routeTableId"},
};

static const struct {
    const char *kind, *form;
} uses[] = {
    {"i", "DescribeInstances&InstanceId.1="},
    {"i", "DescribeInstanceStatus&InstanceId.1="},
    {"i", "StartInstances&InstanceId.1="},
    {"i", "StopInstances&InstanceId.1="},
    {"i", "RebootInstances&InstanceId.1="},
    {"i", "TerminateInstances&InstanceId.1="},
    {"i", "GetConsoleOutput&InstanceId="},
    {"i", "GetPasswordData&InstanceId="},
    {"i", "ModifyInstanceAttribute&InstanceType.Value=t1.nano&InstanceId="},
    {"i", "DescribeInstanceAttribute&Attribute=userData&InstanceId="},
    {"i", "ModifyInstanceMetadataOptions&HttpTokens=required&InstanceId="},
    {"i", "MonitorInstances&InstanceId.1="},
    {"i", "CreateTags&Tag.1.Key=k&Tag.1.Value=v&ResourceId.1="},
    {"ami", "DescribeImages&ImageId.1="},
    {"ami", "DeregisterImage&ImageId="},
    {"ami", "DescribeImageAttribute&Attribute=description&ImageId="},
    {"ami", "ModifyImageAttribute&Description.Value=mine&ImageId="},
    {"ami", "RunInstances&MinCount=1&MaxCount=1&InstanceType=t1.nano&ImageId="},
    {"ami", "CreateTags&Tag.1.Key=k&Tag.1.Value=v&ResourceId.1="},
    {"sg", "DescribeSecurityGroups&GroupId.1="},
    {"sg", "DeleteSecurityGroup&GroupId="},
    {"sg", "AuthorizeSecurityGroupIngress&IpPermissions.1.IpProtocol=-1&GroupId="},
    {"sg", "DescribeSecurityGroupRules&Filter.1.Name=group-id&Filter.1.Value.1="},
    {"vpc", "DescribeVpcs&VpcId.1="},
    {"vpc", "DescribeVpcAttribute&Attribute=enableDnsSupport&VpcId="},
    {"vpc", "CreateSecurityGroup&GroupName=g&GroupDescription=d&VpcId="},
    {"subnet", "DescribeSubnets&SubnetId.1="},
    {"vol", "DescribeVolumes&VolumeId.1="},
    {"eni", "DescribeNetworkInterfaces&NetworkInterfaceId.1="},
    {"eni", "ModifyNetworkInterfaceAttribute&Description.Value=d&NetworkInterfaceId="},
    {"snap", "DescribeSnapshots&SnapshotId.1="},
    {"key", "DescribeKeyPairs&KeyPairId.1="},
    {"key", "DeleteKeyPair&KeyPairId="},
    {"rtb", "DescribeRouteTables&RouteTableId.1="},
};

static const char *form_of(const char *action, const char *more)
{
    return arena_printf(&rig.arena, "Version=2016-11-15&Action=%s%s", action, more);
}

static const char *id_of(const char *kind)
{
    for (size_t i = 0; i < sizeof things / sizeof *things; i++)
        if (str_eq(things[i].kind, kind)) {
            const char *id = rig_text(&rig, rig_ok(&rig, form_of(things[i].list, "")),
                                      things[i].element);
            if (id == NULL)
                fail_msg("the owner has no %s", kind);
            return id;
        }
    fail_msg("no thing of kind %s", kind);
    return NULL;
}

/* Of the same form, and of nobody. */
static const char *made_up(const char *id)
{
    char *other = arena_strdup(&rig.arena, id);
    char *digit = other + strlen(other) - 5;
    *digit = *digit == '0' ? '1' : '0';
    return other;
}

static const char *hidden(const char *body, const char *id)
{
    char *out = arena_strdup(&rig.arena, body);
    for (char *at = out; (at = strstr(at, id)) != NULL;)
        memset(at, 'x', strlen(id));
    return out;
}

static struct outcome used(const char *form, const char *id)
{
    struct outcome o = try(&rig, &(struct ask){"ec2", form_of(form, id)});
    o.body = hidden(o.body, id);
    return o;
}

/* Nobody learns by asking what others have. */
static void things_of_others_and_of_nobody(void **state)
{
    struct cloud_root owner = rig.root, other;
    const char *ids[sizeof uses / sizeof *uses];
    int different = 0;
    (void)state;
    rig_run(&rig, &world, "");
    rig_ok(&rig, form_of("ImportKeyPair&KeyName=mine&PublicKeyMaterial=", public_key));
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
        ids[i] = id_of(uses[i].kind);
    assert_int_equal(rig_account(&rig, "other", &other), ERR_OK);
    rig.root = other;
    rig_ok(&rig, form_of("DescribeRegions", "")); /* what a new account's first call settles */
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
        struct outcome theirs = used(uses[i].form, ids[i]);
        struct outcome nobodys = used(uses[i].form, made_up(ids[i]));
        different += differs(uses[i].form, &nobodys, &theirs);
    }
    rig.root = owner;
    assert_string_equal(id_of("i"), ids[0]); /* and it was the owner's all the time */
    assert_int_equal(different, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_keys_and_wrong_secrets),
        RIG_TEST(things_of_others_and_of_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
