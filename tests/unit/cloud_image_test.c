/* cloud_image_test.c - images across accounts: who sees one, who may launch it, who may say so. */
#include "tests/unit/cloud_rig.h"

#include "base/check.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct rig rig;
    struct rig_world world;
    struct cloud_root owner, other;
};

static void set_up(struct fixture *f)
{
    rig_init(&f->rig);
    rig_world(&f->rig, &f->world);
    f->owner = f->rig.root;
    assert_int_equal(rig_account(&f->rig, "other", &f->other), ERR_OK);
}

static void as(struct fixture *f, const struct cloud_root *who)
{
    f->rig.root = *who;
}

static const char *form(struct fixture *f, const char *action, const char *more)
{
    return arena_printf(&f->rig.arena, "Action=%s&Version=2016-11-15&ImageId=%s%s", action,
                        f->world.image, more);
}

static void modify(struct fixture *f, const char *more)
{
    rig_ok(&f->rig, form(f, "ModifyImageAttribute", more));
}

static const char *seen(struct fixture *f, const char *more)
{
    const char *body = rig_ok(&f->rig,
                              arena_printf(&f->rig.arena, "Action=DescribeImages%s", more));
    return rig_text(&f->rig, body, "imageId");
}

static const char *launch(struct fixture *f)
{
    rig_pull(&f->rig, &f->world.cluster);
    return form(f, "RunInstances", "&MinCount=1&MaxCount=1&InstanceType=t1.nano");
}

static void test_nobody_elses(void **state)
{
    struct fixture f;
    (void)state;
    set_up(&f);
    as(&f, &f.other);
    assert_null(seen(&f, ""));
    rig_fails(&f.rig, form(&f, "DeregisterImage", ""), 400, "InvalidAMIID.NotFound");
    rig_fails(&f.rig, form(&f, "ModifyImageAttribute", "&Description.Value=mine"), 400,
              "InvalidAMIID.NotFound");
    rig_fails(&f.rig, form(&f, "DescribeImageAttribute", "&Attribute=description"), 400,
              "InvalidAMIID.NotFound");
    rig_fails(&f.rig, launch(&f), 400, "InvalidAMIID.NotFound");
    rig_fini(&f.rig);
}

/* Given to one account: it sees and launches it, and changes nothing of it; taken back, it is gone
 * for that account, and what runs of it runs on. */
static void test_given(void **state)
{
    struct fixture f;
    (void)state;
    set_up(&f);
    rig_ok(&f.rig, arena_printf(&f.rig.arena,
                                "Action=CreateTags&ResourceId.1=%s&Tag.1.Key=secret"
                                "&Tag.1.Value=plan",
                                f.world.image));
    modify(&f, arena_printf(&f.rig.arena, "&LaunchPermission.Add.1.UserId=%s", f.other.account));
    const char *body = rig_ok(&f.rig,
                              form(&f, "DescribeImageAttribute", "&Attribute=launchPermission"));
    assert_string_equal(rig_text(&f.rig, body, "userId"), f.other.account);
    as(&f, &f.other);
    assert_string_equal(seen(&f, ""), f.world.image);
    assert_string_equal(seen(&f, "&ExecutableBy.1=self"), f.world.image);
    assert_null(seen(&f, "&Owner.1=self"));
    assert_null(seen(&f, "&Filter.1.Name=tag-key&Filter.1.Value.1=secret"));
    assert_string_equal(seen(&f, arena_printf(&f.rig.arena, "&Owner.1=%s", f.owner.account)),
                        f.world.image);
    rig_ok(&f.rig, launch(&f));
    assert_null(rig_text(&f.rig, rig_ok(&f.rig, "Action=DescribeSnapshots"), "snapshotId"));
    rig_fails(&f.rig, form(&f, "DeregisterImage", ""), 403, "UnauthorizedOperation");
    rig_fails(&f.rig, form(&f, "ModifyImageAttribute", "&Description.Value=mine"), 403,
              "UnauthorizedOperation");
    rig_fails(&f.rig, form(&f, "DescribeImageAttribute", "&Attribute=launchPermission"), 403,
              "UnauthorizedOperation");
    rig_fails(&f.rig, form(&f, "ResetImageAttribute", "&Attribute=launchPermission"), 403,
              "UnauthorizedOperation");
    as(&f, &f.owner);
    modify(&f, arena_printf(&f.rig.arena, "&OperationType=remove&UserId.1=%s", f.other.account));
    as(&f, &f.other);
    assert_null(seen(&f, ""));
    rig_fails(&f.rig, launch(&f), 400, "InvalidAMIID.NotFound");
    body = rig_ok(&f.rig, "Action=DescribeInstances");
    assert_string_equal(rig_text(&f.rig, strstr(body, "<instanceState>"), "name"), "pending");
    rig_fini(&f.rig);
}

static void test_public(void **state)
{
    struct fixture f;
    (void)state;
    set_up(&f);
    assert_null(seen(&f, "&Filter.1.Name=is-public&Filter.1.Value.1=true"));
    modify(&f, "&Attribute=launchPermission&OperationType=add&UserGroup.1=all");
    assert_string_equal(seen(&f, "&ExecutableBy.1=all"), f.world.image);
    as(&f, &f.other);
    assert_string_equal(seen(&f, "&Filter.1.Name=is-public&Filter.1.Value.1=true"), f.world.image);
    assert_null(seen(&f, "&ExecutableBy.1=self"));
    as(&f, &f.owner);
    rig_ok(&f.rig, form(&f, "ResetImageAttribute", "&Attribute=launchPermission"));
    as(&f, &f.other);
    assert_null(seen(&f, ""));
    as(&f, &f.owner);
    modify(&f, "&LaunchPermission.Add.1.Group=all");
    rig_ok(&f.rig, form(&f, "DeregisterImage", ""));
    assert_int_equal(store_i64(f.rig.store, -1, "SELECT count(*) FROM launch_permission", ""), 0);
    rig_fini(&f.rig);
}

static void test_description_and_bad_input(void **state)
{
    struct fixture f;
    (void)state;
    set_up(&f);
    modify(&f, "&Description.Value=a%20good%20one");
    const char *body = rig_ok(&f.rig, form(&f, "DescribeImageAttribute", "&Attribute=description"));
    assert_string_equal(rig_text(&f.rig, body, "value"), "a good one");
    modify(&f, "&Attribute=description&Value=another");
    assert_string_equal(seen(&f, "&Filter.1.Name=description&Filter.1.Value.1=another"),
                        f.world.image);
    static const struct {
        const char *more, *code;
    } bad[] = {
        {"", "MissingParameter"},
        {"&LaunchPermission.Add.1.UserId=12", "InvalidAMIAttributeItemValue"},
        {"&LaunchPermission.Add.1.UserId=12345678901x", "InvalidAMIAttributeItemValue"},
        {"&LaunchPermission.Add.1.Group=friends", "InvalidAMIAttributeItemValue"},
        {"&LaunchPermission.Add.1.Group=all&Description.Value=x", "InvalidParameterCombination"},
        {"&UserId.1=123456789012", "MissingParameter"},
        {"&OperationType=give&UserId.1=123456789012", "InvalidParameterValue"},
        {"&Attribute=kernel&Value=x", "UnsupportedOperation"},
        {"&Attribute=launchPermission&Value=x", "InvalidParameterCombination"},
        {"&ProductCode.1=x", "UnsupportedOperation"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        rig_fails(&f.rig, form(&f, "ModifyImageAttribute", bad[i].more), 400, bad[i].code);
    rig_fails(&f.rig, form(&f, "DescribeImageAttribute", "&Attribute=colour"), 400,
              "InvalidParameterValue");
    rig_fails(&f.rig, form(&f, "ResetImageAttribute", "&Attribute=description"), 400,
              "InvalidParameterValue");
    rig_fails(&f.rig, form(&f, "ModifyImageAttribute", "&Description.Value=x&DryRun=true"), 412,
              "DryRunOperation");
    rig_fini(&f.rig);
}

/* A medium is not on the root disk: that may be smaller, and is as large as somebody said. */
static void test_medium(void **state)
{
    static const char fact[] = "{\"state\":\"available\",\"manifest\":\""
                               "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\","
                               "\"size_bytes\":12884901888,\"cdrom\":true}";
    struct fixture f;
    struct wire_instance body = {0};
    struct err err = {0};
    (void)state;
    set_up(&f);
    assert_string_equal(rig_text(&f.rig, rig_ok(&f.rig, "Action=DescribeImages&Version=2016-11-15"),
                                 "platformDetails"),
                        "Linux/UNIX");
    const char *id = rig_text(&f.rig,
                              rig_ok(&f.rig, "Action=RegisterImage&Version=2016-11-15&Name=medium"
                                             "&ImageLocation=images%2Fx.iso"),
                              "imageId");
    rig_say(&f.rig, &f.world.dos, "image", id, 1, fact);
    f.world.image = id;
    const char *shown = rig_ok(&f.rig, arena_printf(&f.rig.arena,
                                                    "Action=DescribeImages&Version=2016-11-15"
                                                    "&ImageId.1=%s",
                                                    id));
    assert_string_equal(rig_text(&f.rig, shown, "platformDetails"), "CD-ROM");
    assert_string_equal(rig_text(&f.rig, shown, "volumeSize"), "8");
    const char *instance = rig_text(
        &f.rig,
        rig_ok(&f.rig, arena_printf(&f.rig.arena,
                                    "%s&BlockDeviceMapping.1.DeviceName=/dev/sda1"
                                    "&BlockDeviceMapping.1.Ebs.VolumeSize=3",
                                    launch(&f))),
        "instanceId");
    rig_pull(&f.rig, &f.world.cluster);
    const char *json = rig_known(&f.world.cluster, "instance", instance)->body;
    assert_int_equal(
        wire_decode(&wire_instance_type, json, strlen(json), &f.rig.arena, &body, &err), ERR_OK);
    assert_true(body.cdrom);
    assert_int_equal(body.disk_bytes, INT64_C(3) << 30);
    rig_fini(&f.rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody_elses), cmocka_unit_test(test_given),
        cmocka_unit_test(test_public),       cmocka_unit_test(test_description_and_bad_input),
        cmocka_unit_test(test_medium),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
