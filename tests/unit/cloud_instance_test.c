/* cloud_instance_test.c - the life of an instance as its owner sees it, and what children hear. */
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

static int64_t rows(const char *sql)
{
    return store_i64(rig.store, -1, sql, "");
}

/* The whole life, with what the cluster is told at each step. */
static void test_life(void **state)
{
    (void)state;
    const char *id = rig_run(&rig, &world, "");
    assert_string_equal(rig_state_of(&rig, id), "pending");

    rig_pull(&rig, &world.cluster);
    const struct wire_item *wish = rig_wish(&world.cluster, "instance", id);
    assert_non_null(wish);
    assert_int_equal(wish->generation, 1);
    assert_non_null(strstr(wish->body, "\"want\":\"running\""));
    assert_non_null(strstr(wish->body, "\"address\":\"172.31.0.4\""));
    assert_non_null(strstr(wish->body, "\"dos_url\":\"https://dos:8783\""));
    rig_say(&rig, &world.cluster, "instance", id, 1, running);
    assert_string_equal(rig_state_of(&rig, id), "running");

    rig_ask(&rig, "StopInstances", id);
    assert_string_equal(rig_state_of(&rig, id), "stopping");
    rig_pull(&rig, &world.cluster);
    wish = rig_wish(&world.cluster, "instance", id);
    assert_non_null(wish);
    assert_int_equal(wish->generation, 2);
    assert_non_null(strstr(wish->body, "\"want\":\"stopped\""));
    rig_say(&rig, &world.cluster, "instance", id, 2, off_asked);
    assert_string_equal(rig_state_of(&rig, id), "stopped");

    rig_ask(&rig, "StartInstances", id);
    assert_string_equal(rig_state_of(&rig, id), "pending");
    rig_say(&rig, &world.cluster, "instance", id, 3, running);
    assert_string_equal(rig_state_of(&rig, id), "running");

    rig_ask(&rig, "RebootInstances", id);
    assert_string_equal(rig_state_of(&rig, id), "running");
    rig_pull(&rig, &world.cluster);
    wish = rig_wish(&world.cluster, "instance", id);
    assert_non_null(wish);
    assert_non_null(strstr(wish->body, "\"reboot_n\":1"));

    rig_ask(&rig, "TerminateInstances", id);
    assert_string_equal(rig_state_of(&rig, id), "shutting-down");
    rig_pull(&rig, &world.cluster);
    wish = rig_wish(&world.cluster, "instance", id);
    assert_non_null(wish);
    assert_string_equal(wish->gone, "deleted");
    assert_int_equal(rows("SELECT count(*) FROM port"), 1); /* R6: nothing before the fact */
    rig_say(&rig, &world.cluster, "instance", id, wish->generation, NULL);
    assert_string_equal(rig_state_of(&rig, id), "terminated");
    assert_int_equal(rows("SELECT count(*) FROM port"), 0);
    assert_int_equal(rows("SELECT count(*) FROM volume"), 0);
    assert_int_equal(rows("SELECT instances+vcpus FROM usage"), 0);

    rig_ask(&rig, "TerminateInstances", id); /* each repeat succeeds */
    rig_advance(&rig, 3700 * 1000);
    rig_fails(
        &rig,
        arena_printf(&rig.arena, "Action=DescribeInstances&Version=2016-11-15&InstanceId.1=%s", id),
        400, "InvalidInstanceID.NotFound");
    rig_advance(&rig, 24 * 3600 * 1000);
    assert_int_equal(rows("SELECT count(*) FROM instance"), 0);
}

/* I18, I23: what was said under an older want changes nothing that an owner sees. */
static void test_stale_facts(void **state)
{
    (void)state;
    const char *id = rig_run(&rig, &world, "");
    rig_say(&rig, &world.cluster, "instance", id, 1, running);
    rig_ask(&rig, "StopInstances", id);
    rig_say(&rig, &world.cluster, "instance", id, 1, running);
    assert_string_equal(rig_state_of(&rig, id), "stopping");
    rig_say(&rig, &world.cluster, "instance", id, 1,
            "{\"state\":\"off\",\"why\":\"guest\",\"ever_ran\":true}");
    assert_string_equal(rig_state_of(&rig, id), "stopping");
    rig_say(&rig, &world.cluster, "instance", id, 2, off_asked);
    rig_ask(&rig, "StartInstances", id);
    rig_say(&rig, &world.cluster, "instance", id, 2, off_asked);
    assert_string_equal(rig_state_of(&rig, id), "pending");
    rig_say(&rig, &world.cluster, "instance", id, 1, NULL); /* gone, but nobody ended it */
    assert_string_equal(rig_state_of(&rig, id), "pending");
}

/* A crash below is mended below: the owner sees it running all the while. */
static void test_crash_keeps_running(void **state)
{
    (void)state;
    const char *id = rig_run(&rig, &world, "");
    rig_say(&rig, &world.cluster, "instance", id, 1, running);
    rig_say(&rig, &world.cluster, "instance", id, 1,
            "{\"state\":\"off\",\"why\":\"crash\",\"ever_ran\":true}");
    assert_string_equal(rig_state_of(&rig, id), "running");
}

static void test_guest_powers_off(void **state)
{
    (void)state;
    const char *id = rig_run(&rig, &world, "");
    const char *other = rig_run(&rig, &world, "&InstanceInitiatedShutdownBehavior=terminate");
    rig_say(&rig, &world.cluster, "instance", id, 1, running);
    rig_say(&rig, &world.cluster, "instance", other, 1, running);
    rig_say(&rig, &world.cluster, "instance", id, 1,
            "{\"state\":\"off\",\"why\":\"guest\",\"ever_ran\":true}");
    rig_say(&rig, &world.cluster, "instance", other, 1,
            "{\"state\":\"off\",\"why\":\"guest\",\"ever_ran\":true}");
    assert_string_equal(rig_state_of(&rig, id), "stopping");
    rig_say(&rig, &world.cluster, "instance", id, 2, off_asked);
    assert_string_equal(rig_state_of(&rig, id), "stopped");
    assert_string_equal(rig_state_of(&rig, other), "shutting-down");
    const char *body = rig_ok(&rig, "Action=DescribeInstances&Version=2016-11-15"
                                    "&Filter.1.Name=state-reason-code"
                                    "&Filter.1.Value.1=Client.InstanceInitiatedShutdown");
    assert_int_equal(rig_count(body, "<instanceId>i-"), 2);
}

/* A refusal ends what never ran, with its reason; what ran keeps its disk. */
static void test_refused(void **state)
{
    const char *refused =
        "{\"state\":\"refused\",\"reason\":\"Server.InsufficientInstanceCapacity\","
        "\"detail\":\"no host has room\"}";
    (void)state;
    const char *id = rig_run(&rig, &world, "");
    rig_say(&rig, &world.cluster, "instance", id, 1, refused);
    assert_string_equal(rig_state_of(&rig, id), "shutting-down");
    rig_pull(&rig, &world.cluster);
    rig_say(&rig, &world.cluster, "instance", id, 2, NULL);
    assert_string_equal(rig_state_of(&rig, id), "terminated");
    const char *body = rig_ok(&rig, "Action=DescribeInstances&Version=2016-11-15");
    assert_string_equal(rig_text(&rig, strstr(body, "<stateReason>"), "code"),
                        "Server.InsufficientInstanceCapacity");
    assert_string_equal(rig_text(&rig, body, "reason"),
                        "Server.InsufficientInstanceCapacity: no host has room");

    id = rig_run(&rig, &world, "");
    rig_say(&rig, &world.cluster, "instance", id, 1, running);
    rig_ask(&rig, "StopInstances", id);
    rig_say(&rig, &world.cluster, "instance", id, 2, off_asked);
    rig_ask(&rig, "StartInstances", id);
    rig_say(&rig, &world.cluster, "instance", id, 3, refused);
    assert_string_equal(rig_state_of(&rig, id), "stopping");
    rig_say(&rig, &world.cluster, "instance", id, 4, off_asked);
    assert_string_equal(rig_state_of(&rig, id), "stopped");
}

/* Of one instance: "code: message" of the reason of its state, "" where there is none. */
static const char *reason_of(struct rig *r, const char *id)
{
    const char *form = arena_printf(
        &r->arena, "Action=DescribeInstances&Version=2016-11-15&InstanceId.1=%s", id);
    const char *reason = strstr(rig_ok(r, form), "<stateReason>");
    if (reason == NULL)
        return "";
    return arena_printf(&r->arena, "%s: %s", rig_text(r, reason, "code"),
                        rig_text(r, reason, "message"));
}

/* What is done for a pending instance is the reason of its state, and of no other state. */
static void test_steps(void **state)
{
    (void)state;
    const char *id = rig_run(&rig, &world, "");
    assert_string_equal(reason_of(&rig, id), "pending: waiting for its host");
    rig_say(&rig, &world.cluster, "instance", id, 1,
            "{\"state\":\"pending\",\"step\":\"image\",\"step_percent\":40}");
    assert_string_equal(reason_of(&rig, id), "pending: fetching its image, 40 %");
    const char *found = rig_ok(&rig, "Action=DescribeInstances&Version=2016-11-15"
                                     "&Filter.1.Name=state-reason-code&Filter.1.Value.1=pending");
    assert_int_equal(rig_count(found, "<instanceId>i-"), 1);
    assert_null(strstr(found, "<progress>")); /* which EC2 does not have */
    rig_restart(&rig);
    assert_string_equal(reason_of(&rig, id), "pending: fetching its image, 40 %");
    rig_say(&rig, &world.cluster, "instance", id, 1,
            "{\"state\":\"pending\",\"step\":\"dance\"}"); /* of a newer host */
    assert_string_equal(reason_of(&rig, id), "");
    rig_say(&rig, &world.cluster, "instance", id, 1, "{\"state\":\"pending\",\"step\":\"start\"}");
    rig_ask(&rig, "StopInstances", id); /* from here on it is on another way */
    assert_string_equal(reason_of(&rig, id),
                        "Client.UserInitiatedShutdown: "
                        "Client.UserInitiatedShutdown: User initiated shutdown");
    rig_say(&rig, &world.cluster, "instance", id, 1, "{\"state\":\"pending\",\"step\":\"start\"}");
    assert_null(strstr(reason_of(&rig, id), "pending"));
    rig_say(&rig, &world.cluster, "instance", id, 2, off_asked);
    rig_ask(&rig, "StartInstances", id); /* nothing of its former way is told */
    assert_string_equal(reason_of(&rig, id), "pending: waiting for its host");
    rig_say(&rig, &world.cluster, "instance", id, 3,
            "{\"state\":\"running\",\"step\":\"start\",\"ever_ran\":true}"); /* a lie */
    assert_string_equal(rig_state_of(&rig, id), "running");
    assert_string_equal(reason_of(&rig, id), "");
}

/* I17: a node reports only what is its own. */
static void test_other_node(void **state)
{
    struct rig_child other;
    (void)state;
    rig_join(&rig, &other, "cluster", "labb");
    const char *id = rig_run(&rig, &world, "&Placement.AvailabilityZone=laba");
    rig_say(&rig, &other, "instance", id, 1, running);
    assert_string_equal(rig_state_of(&rig, id), "pending");
}

/* I4, must 3: one set of resources for one token, one execution for one signature. */
static void test_repeats(void **state)
{
    (void)state;
    const char *a = rig_run(&rig, &world, "&ClientToken=one");
    const char *b = rig_run(&rig, &world, "&ClientToken=one");
    assert_string_equal(a, b);
    rig_fails(&rig,
              arena_printf(&rig.arena,
                           "Action=RunInstances&Version=2016-11-15&ImageId=%s&InstanceType=t1.nano"
                           "&MinCount=1&MaxCount=2&ClientToken=one",
                           world.image),
              400, "IdempotentParameterMismatch");
    const char *form = arena_printf(&rig.arena,
                                    "Action=RunInstances&Version=2016-11-15&ImageId=%s"
                                    "&InstanceType=t1.nano&MinCount=1&MaxCount=1",
                                    world.image);
    uint64_t first = rig_send(&rig, "ec2", form);
    rig_restart(&rig);
    uint64_t again = rig_resend(&rig, "ec2", form);
    assert_int_equal(rig_status(&rig, again), 200);
    assert_string_equal(rig_body(&rig, first), rig_body(&rig, again));
    assert_int_equal(rows("SELECT count(*) FROM instance"), 2);

    rig_ask(&rig, "TerminateInstances", a);
    rig_pull(&rig, &world.cluster);
    rig_say(&rig, &world.cluster, "instance", a, 2, NULL);
    rig_advance(&rig, 2 * 3600 * 1000);
    rig_capacity(&rig, &world.cluster, "{\"placed_rev\":1000000,\"fits\":[]}");
    assert_string_equal(rig_run(&rig, &world, "&ClientToken=one"), a); /* never made again */
}

/* The same request again, signature and all, with a token: the same instance, as it is by then. */
static void test_token_is_the_answer(void **state)
{
    (void)state;
    int64_t kept = rows("SELECT count(*) FROM replay");
    const char *form = arena_printf(&rig.arena,
                                    "Action=RunInstances&Version=2016-11-15&ImageId=%s"
                                    "&InstanceType=t1.nano&MinCount=1&MaxCount=1&ClientToken=one",
                                    world.image);
    const char *first = rig_body(&rig, rig_send(&rig, "ec2", form));
    const char *id = rig_text(&rig, first, "instanceId");
    rig_say(&rig, &world.cluster, "instance", id, 1, running);
    rig_restart(&rig);
    uint64_t again = rig_resend(&rig, "ec2", form);
    assert_int_equal(rig_status(&rig, again), 200);
    assert_string_equal(rig_text(&rig, rig_body(&rig, again), "instanceId"), id);
    assert_non_null(strstr(rig_body(&rig, again), "<name>running</name>"));
    assert_int_equal(rows("SELECT count(*) FROM instance"), 1);
    assert_int_equal(rows("SELECT count(*) FROM replay"), kept);
}

/* I8: a quota; and what is no quota, a lack of room. */
static void test_limits(void **state)
{
    (void)state;
    const char *body = rig_ok(&rig, arena_printf(&rig.arena,
                                                 "Action=RunInstances&Version=2016-11-15&ImageId=%s"
                                                 "&InstanceType=t1.nano&MinCount=1&MaxCount=50",
                                                 world.image));
    assert_int_equal(rig_count(body, "<instanceId>"), 20);
    assert_int_equal(rows("SELECT instances FROM usage"), 20);
    assert_int_equal(rows("SELECT used FROM subnet"), 20);
    rig_fails(&rig,
              arena_printf(&rig.arena,
                           "Action=RunInstances&Version=2016-11-15&ImageId=%s"
                           "&InstanceType=t1.nano&MinCount=1&MaxCount=1",
                           world.image),
              400, "InstanceLimitExceeded");
}

static void test_a_lack_of_room(void **state)
{
    (void)state;
    rig_capacity(&rig, &world.cluster,
                 "{\"placed_rev\":1000000,\"fits\":[{\"type\":\"t1.nano\",\"count\":1}]}");
    rig_fails(&rig,
              arena_printf(&rig.arena,
                           "Action=RunInstances&Version=2016-11-15&ImageId=%s"
                           "&InstanceType=t1.nano&MinCount=2&MaxCount=2",
                           world.image),
              500, "InsufficientInstanceCapacity");
    assert_int_equal(rows("SELECT count(*) FROM instance"), 0);
    rig_run(&rig, &world, "");
}

static void fails_to_fit(struct rig *r, struct rig_world *w, const char *type, int count,
                         const char *words)
{
    rig_pull(r, &w->cluster);
    uint64_t id = rig_send(r, "ec2",
                           arena_printf(&r->arena,
                                        "Action=RunInstances&Version=2016-11-15&ImageId=%s"
                                        "&MinCount=%d&MaxCount=%d&InstanceType=%s",
                                        w->image, count, count, type));
    assert_int_equal(rig_status(r, id), 500);
    assert_non_null(strstr(rig_body(r, id), "InsufficientInstanceCapacity"));
    assert_non_null(strstr(rig_body(r, id), words));
}

/* What is under way counts against the room that a cluster spoke of before it knew. */
static void test_in_flight(void **state)
{
    (void)state;
    rig_capacity(&rig, &world.cluster,
                 "{\"placed_rev\":1,\"fits\":[{\"type\":\"t1.micro\",\"count\":1},"
                 "{\"type\":\"t1.nano\",\"count\":2}]}");
    const char *one = rig_run(&rig, &world, "");
    fails_to_fit(&rig, &world, "t1.nano", 2, "1 of 2 would fit");
    rig_run(&rig, &world, "");
    fails_to_fit(&rig, &world, "t1.nano", 1, "0 of 1 would fit");
    fails_to_fit(&rig, &world, "t1.micro", 1, "0 of 1 would fit"); /* two of half its size */

    /* What has run is counted by the cluster, however often it is told of it anew. */
    rig_say(&rig, &world.cluster, "instance", one, 1, running);
    rig_run(&rig, &world, "");
    fails_to_fit(&rig, &world, "t1.nano", 1, "0 of 1 would fit");
}

/* A cluster that was not told of a type yet, and one that has no disk for it. */
static void test_no_room(void **state)
{
    (void)state;
    fails_to_fit(&rig, &world, "m1.small", 1, "0 of 1 would fit");
    rig_capacity(&rig, &world.cluster,
                 "{\"placed_rev\":1,\"room\":[{\"class\":\"disk_gib\",\"free\":50}],"
                 "\"fits\":[{\"type\":\"t1.nano\",\"count\":9}]}");
    static const char disk[] = "&BlockDeviceMapping.1.DeviceName=/dev/sda1"
                               "&BlockDeviceMapping.1.Ebs.VolumeSize=20";
    rig_run(&rig, &world, disk);
    rig_run(&rig, &world, disk);
    fails_to_fit(&rig, &world, arena_printf(&rig.arena, "t1.nano%s", disk), 1,
                 "0 of 1 would fit with a root disk of 20 GiB");
    rig_run(&rig, &world, "");
}

/* Everything survives a restart, and nothing is told twice without need. */
static void test_restart(void **state)
{
    (void)state;
    const char *id = rig_run(&rig, &world, "");
    rig_pull(&rig, &world.cluster);
    rig_restart(&rig);
    rig_pull(&rig, &world.cluster);
    assert_null(rig_wish(&world.cluster, "instance", id));
    rig_say(&rig, &world.cluster, "instance", id, 1, running);
    assert_string_equal(rig_state_of(&rig, id), "running");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_life),
        RIG_TEST(test_stale_facts),
        RIG_TEST(test_crash_keeps_running),
        RIG_TEST(test_guest_powers_off),
        RIG_TEST(test_refused),
        RIG_TEST(test_steps),
        RIG_TEST(test_other_node),
        RIG_TEST(test_repeats),
        RIG_TEST(test_token_is_the_answer),
        RIG_TEST(test_limits),
        RIG_TEST(test_a_lack_of_room),
        RIG_TEST(test_in_flight),
        RIG_TEST(test_no_room),
        RIG_TEST(test_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
