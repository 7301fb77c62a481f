/* cloud_attribute_test.c - what can be changed of an instance after its launch, what its launch can
 * say of it, and what its cluster hears of that. */
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

static const char running[] = "{\"state\":\"running\",\"ever_ran\":true}";
static const char off_asked[] = "{\"state\":\"off\",\"why\":\"asked\",\"ever_ran\":true}";

struct fixture {
    struct rig rig;
    struct rig_world world;
};

static void set_up(struct fixture *f)
{
    rig_init(&f->rig);
    rig_world(&f->rig, &f->world);
}

static const char *form(struct fixture *f, const char *action, const char *id, const char *more)
{
    return arena_printf(&f->rig.arena, "Action=%s&Version=2016-11-15&InstanceId=%s%s", action, id,
                        more);
}

static const char *change(struct fixture *f, const char *id, const char *more)
{
    return rig_ok(&f->rig, form(f, "ModifyInstanceAttribute", id, more));
}

static void refuses(struct fixture *f, const char *id, const char *more, const char *code)
{
    rig_fails(&f->rig, form(f, "ModifyInstanceAttribute", id, more), 400, code);
}

static void list_ask(struct fixture *f, const char *action, const char *id)
{
    rig_ok(&f->rig,
           arena_printf(&f->rig.arena, "Action=%s&Version=2016-11-15&InstanceId.1=%s", action, id));
}

/* The value of an attribute, as it is described; NULL = none. */
static const char *value(struct fixture *f, const char *id, const char *attribute)
{
    const char *more = arena_printf(&f->rig.arena, "&Attribute=%s", attribute);
    const char *body = rig_ok(&f->rig, form(f, "DescribeInstanceAttribute", id, more));
    assert_non_null(strstr(body, attribute));
    return rig_text(&f->rig, body, "value");
}

/* An instance that runs, or is stopped. */
static const char *make_running(struct fixture *f, const char *more)
{
    const char *id = rig_run(&f->rig, &f->world, more);
    rig_say(&f->rig, &f->world.cluster, "instance", id, 1, running);
    return id;
}

static const char *make_stopped(struct fixture *f)
{
    const char *id = make_running(f, "");
    list_ask(f, "StopInstances", id);
    rig_say(&f->rig, &f->world.cluster, "instance", id, 2, off_asked);
    return id;
}

static const char *wished(struct fixture *f, const char *id)
{
    rig_pull(&f->rig, &f->world.cluster);
    return rig_known(&f->world.cluster, "instance", id)->body;
}

static void test_protection(void **state)
{
    struct fixture f;
    (void)state;
    set_up(&f);
    const char *id = make_running(&f, "&DisableApiTermination=true&DisableApiStop=true");
    assert_string_equal(value(&f, id, "disableApiTermination"), "true");
    assert_string_equal(value(&f, id, "disableApiStop"), "true");
    const char *ids = arena_printf(&f.rig.arena, "&InstanceId.1=%s", id);
    rig_fails(&f.rig, arena_printf(&f.rig.arena, "Action=StopInstances%s", ids), 400,
              "OperationNotPermitted");
    rig_fails(&f.rig, arena_printf(&f.rig.arena, "Action=TerminateInstances%s", ids), 400,
              "OperationNotPermitted");
    change(&f, id, "&DisableApiStop.Value=false");
    assert_string_equal(value(&f, id, "disableApiStop"), "false");
    list_ask(&f, "StopInstances", id);
    change(&f, id, "&Attribute=disableApiTermination&Value=false");
    list_ask(&f, "TerminateInstances", id);
    refuses(&f, id, "&DisableApiStop.Value=true", "IncorrectInstanceState");
    rig_fini(&f.rig);
}

/* A guest that powers itself off ends by what was said last. */
static void test_shutdown(void **state)
{
    struct fixture f;
    (void)state;
    set_up(&f);
    const char *id = make_running(&f, "");
    assert_string_equal(value(&f, id, "instanceInitiatedShutdownBehavior"), "stop");
    change(&f, id, "&InstanceInitiatedShutdownBehavior.Value=terminate");
    assert_string_equal(value(&f, id, "instanceInitiatedShutdownBehavior"), "terminate");
    rig_say(&f.rig, &f.world.cluster, "instance", id, 1,
            "{\"state\":\"off\",\"why\":\"guest\",\"ever_ran\":true}");
    const char *body = rig_ok(&f.rig, "Action=DescribeInstances");
    assert_string_equal(rig_text(&f.rig, strstr(body, "<instanceState>"), "name"), "shutting-down");
    rig_fini(&f.rig);
}

/* Only while it is stopped; it is told under the same generation, and counts for the quota. */
static void test_resize(void **state)
{
    struct fixture f;
    (void)state;
    set_up(&f);
    const char *id = make_stopped(&f);
    const struct wire_item *before = rig_known(&f.world.cluster, "instance", id);
    int64_t generation = before->generation, number = before->number;
    change(&f, id, "&InstanceType.Value=m1.large");
    assert_string_equal(value(&f, id, "instanceType"), "m1.large");
    const char *body = wished(&f, id);
    assert_non_null(strstr(body, "\"memory_mib\":8192"));
    assert_non_null(strstr(body, "\"vcpus\":2"));
    assert_non_null(strstr(body, "\"type\":\"m1.large\""));
    const struct wire_item *after = rig_known(&f.world.cluster, "instance", id);
    assert_int_equal(after->generation, generation);
    assert_true(after->number > number);
    assert_int_equal(store_i64(f.rig.store, -1, "SELECT vcpus FROM usage", ""), 2);
    store_run(f.rig.store, "UPDATE account SET quota_vcpus=3", "");
    refuses(&f, id, "&InstanceType.Value=m1.xlarge", "VcpuLimitExceeded");
    assert_int_equal(store_i64(f.rig.store, -1, "SELECT vcpus FROM usage", ""), 2);
    change(&f, id, "&Attribute=instanceType&Value=t1.nano");
    assert_int_equal(store_i64(f.rig.store, -1, "SELECT vcpus FROM usage", ""), 1);
    refuses(&f, id, "&InstanceType.Value=x9.huge", "InvalidInstanceAttributeValue");
    list_ask(&f, "StartInstances", id);
    refuses(&f, id, "&InstanceType.Value=t1.micro", "IncorrectInstanceState");
    refuses(&f, id, "&UserData.Value=aGVsbG8%3D", "IncorrectInstanceState");
    rig_fini(&f.rig);
}

/* The zone has no room for it: it is stopped again, with the reason, and keeps its disk. */
static void test_resize_refused(void **state)
{
    struct fixture f;
    (void)state;
    set_up(&f);
    const char *id = make_stopped(&f);
    change(&f, id, "&InstanceType.Value=m1.large");
    list_ask(&f, "StartInstances", id);
    rig_say(&f.rig, &f.world.cluster, "instance", id, 3,
            "{\"state\":\"refused\",\"reason\":\"Server.InsufficientInstanceCapacity\","
            "\"detail\":\"no room\",\"ever_ran\":true}");
    rig_say(&f.rig, &f.world.cluster, "instance", id, 4, off_asked);
    const char *body = rig_ok(&f.rig, "Action=DescribeInstances");
    assert_string_equal(rig_text(&f.rig, strstr(body, "<instanceState>"), "name"), "stopped");
    assert_string_equal(rig_text(&f.rig, strstr(body, "<stateReason>"), "code"),
                        "Server.InsufficientInstanceCapacity");
    assert_non_null(strstr(body, "no room"));
    rig_fini(&f.rig);
}

static void test_user_data(void **state)
{
    struct fixture f;
    (void)state;
    set_up(&f);
    const char *id = make_stopped(&f);
    assert_null(value(&f, id, "userData"));
    change(&f, id, "&UserData.Value=aGVsbG8%3D");
    assert_string_equal(value(&f, id, "userData"), "aGVsbG8=");
    assert_non_null(strstr(wished(&f, id), "\"user_data\":\"aGVsbG8=\""));
    refuses(&f, id, "&UserData.Value=%21%21", "InvalidUserData.Malformed");
    rig_fini(&f.rig);
}

static void test_bad_changes(void **state)
{
    struct fixture f;
    (void)state;
    set_up(&f);
    const char *id = make_running(&f, "");
    refuses(&f, id, "", "MissingParameter");
    refuses(&f, id, "&DisableApiStop.Value=maybe", "InvalidParameterValue");
    refuses(&f, id, "&DisableApiStop.Value=true&DisableApiTermination.Value=true",
            "InvalidParameterCombination");
    refuses(&f, id, "&Attribute=disableApiStop&Value=true&DisableApiTermination.Value=true",
            "InvalidParameterCombination");
    refuses(&f, id, "&Attribute=disableApiStop", "MissingParameter");
    refuses(&f, id, "&InstanceInitiatedShutdownBehavior.Value=hibernate", "InvalidParameterValue");
    refuses(&f, id, "&SourceDestCheck.Value=false", "UnsupportedOperation");
    refuses(&f, id, "&EbsOptimized.Value=true", "UnsupportedOperation");
    refuses(&f, id, "&Attribute=kernel&Value=x", "UnsupportedOperation");
    refuses(&f, id, "&EnaSupport.Value=true", "UnsupportedOperation");
    change(&f, id, "&SourceDestCheck.Value=true"); /* which it is */
    refuses(&f, "i-0123456789abcdef0", "&DisableApiStop.Value=true", "InvalidInstanceID.NotFound");
    refuses(&f, "i-0123456789abcdef0", "&SourceDestCheck.Value=true", "InvalidInstanceID.NotFound");
    refuses(&f, "i-x", "&DisableApiStop.Value=true", "InvalidInstanceID.Malformed");
    assert_string_equal(value(&f, id, "disableApiStop"), "false");
    rig_fails(&f.rig,
              form(&f, "ModifyInstanceAttribute", id, "&DisableApiStop.Value=true&DryRun=true"),
              412, "DryRunOperation");
    rig_fails(&f.rig, form(&f, "DescribeInstanceAttribute", id, "&Attribute=colour"), 400,
              "InvalidParameterValue");
    rig_fini(&f.rig);
}

static void test_monitoring(void **state)
{
    struct fixture f;
    (void)state;
    set_up(&f);
    const char *id = make_running(&f, "&Monitoring.Enabled=true");
    const char *filter =
        "Action=DescribeInstances&Filter.1.Name=monitoring-state&Filter.1.Value.1=enabled";
    assert_string_equal(rig_text(&f.rig, rig_ok(&f.rig, filter), "instanceId"), id);
    list_ask(&f, "UnmonitorInstances", id);
    assert_null(rig_text(&f.rig, rig_ok(&f.rig, filter), "instanceId"));
    list_ask(&f, "MonitorInstances", id);
    assert_string_equal(rig_text(&f.rig, rig_ok(&f.rig, filter), "instanceId"), id);
    rig_fails(&f.rig, "Action=MonitorInstances&InstanceId.1=i-0123456789abcdef0", 400,
              "InvalidInstanceID.NotFound");
    rig_fails(&f.rig, "Action=MonitorInstances", 400, "MissingParameter");
    rig_fini(&f.rig);
}

static const char *options(struct fixture *f, const char *id, const char *more)
{
    return rig_ok(&f->rig, form(f, "ModifyInstanceMetadataOptions", id, more));
}

/* Told at once, under the same generation; tags only when they are to be shown. */
static void test_metadata_options(void **state)
{
    struct fixture f;
    (void)state;
    set_up(&f);
    const char *id = make_running(&f, "&MetadataOptions.HttpTokens=required"
                                      "&MetadataOptions.HttpPutResponseHopLimit=3");
    assert_non_null(strstr(wished(&f, id), "\"imds_required\":true"));
    assert_non_null(strstr(wished(&f, id), "\"imds_hops\":3"));
    const char *body = options(&f, id, "&HttpEndpoint=disabled");
    assert_string_equal(rig_text(&f.rig, body, "httpEndpoint"), "disabled");
    assert_string_equal(rig_text(&f.rig, body, "httpTokens"), "required"); /* as it was */
    assert_string_equal(rig_text(&f.rig, body, "httpPutResponseHopLimit"), "3");
    assert_non_null(strstr(wished(&f, id), "\"imds_off\":true"));
    assert_int_equal(rig_known(&f.world.cluster, "instance", id)->generation, 1);

    const char *tags = arena_printf(&f.rig.arena,
                                    "Action=CreateTags&ResourceId.1=%s&Tag.1.Key=stage"
                                    "&Tag.1.Value=test&Tag.2.Key=no%%2Fpath"
                                    "&Tag.2.Value=x",
                                    id);
    rig_ok(&f.rig, tags);
    assert_null(strstr(wished(&f, id), "\"tags\":")); /* those that its guest may read */
    options(&f, id, "&InstanceMetadataTags=enabled&HttpEndpoint=enabled");
    assert_non_null(strstr(wished(&f, id), "{\"key\":\"stage\",\"value\":\"test\"}"));
    assert_null(strstr(wished(&f, id), "{\"key\":\"no/path\""));
    rig_ok(&f.rig,
           arena_printf(&f.rig.arena, "Action=DeleteTags&ResourceId.1=%s&Tag.1.Key=stage", id));
    assert_null(strstr(wished(&f, id), "stage"));
    const char *filter = "Action=DescribeInstances&Filter.1.Name=metadata-options.http-tokens"
                         "&Filter.1.Value.1=required";
    assert_string_equal(rig_text(&f.rig, rig_ok(&f.rig, filter), "instanceId"), id);

    static const char *const bad[] = {"&HttpTokens=maybe", "&HttpEndpoint=on",
                                      "&HttpPutResponseHopLimit=0", "&HttpPutResponseHopLimit=65",
                                      "&InstanceMetadataTags=yes"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        rig_fails(&f.rig, form(&f, "ModifyInstanceMetadataOptions", id, bad[i]), 400,
                  "InvalidParameterValue");
        const char *launch = arena_printf(&f.rig.arena,
                                          "Action=RunInstances&ImageId=%s&MinCount=1"
                                          "&MaxCount=1&InstanceType=t1.nano&MetadataOptions.%s",
                                          f.world.image, bad[i] + 1);
        rig_fails(&f.rig, launch, 400, "InvalidParameterValue");
    }
    rig_fails(&f.rig, form(&f, "ModifyInstanceMetadataOptions", id, "&HttpProtocolIpv6=enabled"),
              400, "UnsupportedOperation");
    rig_fails(&f.rig, form(&f, "ModifyInstanceMetadataOptions", "i-0123456789abcdef0", ""), 400,
              "InvalidInstanceID.NotFound");
    rig_fini(&f.rig);
}

/* R14: what was changed after the backup stands at the cluster, under the generation of then. */
static void test_restore(void **state)
{
    struct fixture f;
    size_t len;
    (void)state;
    set_up(&f);
    const char *id = make_stopped(&f);
    rig_pull(&f.rig, &f.world.cluster);
    void *dump = store_dump(f.rig.store, &len);
    change(&f, id, "&InstanceType.Value=m1.large");
    change(&f, id, "&UserData.Value=aGVsbG8%3D");
    options(&f, id, "&HttpTokens=required&HttpPutResponseHopLimit=7&InstanceMetadataTags=enabled");
    rig_pull(&f.rig, &f.world.cluster);
    rig_restore(&f.rig, dump, len);
    free(dump);
    assert_string_equal(value(&f, id, "instanceType"), "t1.nano");
    rig_fails(&f.rig, form(&f, "ModifyInstanceAttribute", id, "&DisableApiStop.Value=true"), 503,
              "Unavailable");
    rig_return(&f.rig, &f.world.cluster);
    rig_return(&f.rig, &f.world.dos);
    assert_string_equal(value(&f, id, "instanceType"), "m1.large");
    assert_string_equal(value(&f, id, "userData"), "aGVsbG8=");
    assert_int_equal(store_i64(f.rig.store, -1, "SELECT vcpus FROM usage", ""), 2);
    const char *body = rig_ok(&f.rig, "Action=DescribeInstances");
    assert_string_equal(rig_text(&f.rig, body, "httpTokens"), "required");
    assert_string_equal(rig_text(&f.rig, body, "httpPutResponseHopLimit"), "7");
    assert_string_equal(rig_text(&f.rig, body, "instanceMetadataTags"), "enabled");
    assert_non_null(strstr(wished(&f, id), "\"memory_mib\":8192")); /* and not as of the backup */
    rig_fini(&f.rig);
}

static const char *launch(struct fixture *f, const char *more)
{
    rig_pull(&f->rig, &f->world.cluster);
    return arena_printf(&f->rig.arena,
                        "Action=RunInstances&Version=2016-11-15&ImageId=%s"
                        "&InstanceType=t1.nano&MinCount=1%s",
                        f->world.image, more);
}

static void test_interface(void **state)
{
    struct fixture f;
    (void)state;
    set_up(&f);
    const char *subnet = rig_text(&f.rig, rig_ok(&f.rig, "Action=DescribeSubnets"), "subnetId");
    const char *group = rig_text(&f.rig, rig_ok(&f.rig, "Action=DescribeSecurityGroups"),
                                 "groupId");
    const char *more = arena_printf(
        &f.rig.arena,
        "&MaxCount=1&NetworkInterface.1.DeviceIndex=0&NetworkInterface.1.SubnetId=%s"
        "&NetworkInterface.1.SecurityGroupId.1=%s&NetworkInterface.1.PrivateIpAddress=172.31.9.9"
        "&NetworkInterface.1.DeleteOnTermination=true&NetworkInterface.1.Description=front%%20door",
        subnet, group);
    const char *body = rig_ok(&f.rig, launch(&f, more));
    assert_string_equal(rig_text(&f.rig, body, "privateIpAddress"), "172.31.9.9");
    body = rig_ok(&f.rig, "Action=DescribeNetworkInterfaces&Filter.1.Name=description"
                          "&Filter.1.Value.1=front%20d%2A");
    assert_string_equal(rig_text(&f.rig, body, "description"), "front door");
    rig_fails(&f.rig, launch(&f, more), 400, "InvalidIPAddress.InUse");
    body = rig_ok(&f.rig, launch(&f, "&MaxCount=1&PrivateIpAddress=172.31.9.10"));
    assert_string_equal(rig_text(&f.rig, body, "privateIpAddress"), "172.31.9.10");

    static const struct {
        const char *more, *code;
    } bad[] = {
        {"&MaxCount=2&PrivateIpAddress=172.31.9.11", "InvalidParameterCombination"},
        {"&MaxCount=1&PrivateIpAddress=172.31.0.1", "InvalidParameterValue"}, /* the gateway's */
        {"&MaxCount=1&PrivateIpAddress=172.31.15.255", "InvalidParameterValue"},
        {"&MaxCount=1&PrivateIpAddress=10.0.0.5", "InvalidParameterValue"},
        {"&MaxCount=1&PrivateIpAddress=172.31.9.011", "InvalidParameterValue"},
        {"&MaxCount=1&PrivateIpAddress=nowhere", "InvalidParameterValue"},
        {"&MaxCount=1&PrivateIpAddress=172.31.9.12&NetworkInterface.1.PrivateIpAddress=172.31.9.12",
         "InvalidParameterCombination"},
        {"&MaxCount=1&NetworkInterface.1.DeviceIndex=1", "UnsupportedOperation"},
        {"&MaxCount=1&NetworkInterface.2.DeviceIndex=0", "UnsupportedOperation"},
        {"&MaxCount=1&NetworkInterface.1.DeleteOnTermination=false", "UnsupportedOperation"},
        {"&MaxCount=1&DisableApiTermination=maybe", "InvalidParameterValue"},
        {"&MaxCount=1&DisableApiStop=1", "InvalidParameterValue"},
        {"&MaxCount=1&Monitoring.Enabled=on", "InvalidParameterValue"},
        {"&MaxCount=1&EbsOptimized=true", "UnsupportedOperation"},
        {"&MaxCount=1&CreditSpecification.CpuCredits=unlimited", "UnsupportedOperation"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        rig_fails(&f.rig, launch(&f, bad[i].more), 400, bad[i].code);
    assert_int_equal(store_i64(f.rig.store, -1, "SELECT count(*) FROM port", ""), 2);
    rig_fini(&f.rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_protection), cmocka_unit_test(test_shutdown),
        cmocka_unit_test(test_resize),     cmocka_unit_test(test_resize_refused),
        cmocka_unit_test(test_user_data),  cmocka_unit_test(test_bad_changes),
        cmocka_unit_test(test_monitoring), cmocka_unit_test(test_metadata_options),
        cmocka_unit_test(test_interface),  cmocka_unit_test(test_restore),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
