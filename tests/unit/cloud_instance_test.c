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

static const char *state_of(struct rig *r, const char *id)
{
    const char *form = arena_printf(
        &r->arena, "Action=DescribeInstances&Version=2016-11-15&InstanceId.1=%s", id);
    const char *body = rig_ok(r, form);
    return rig_text(r, strstr(body, "<instanceState>"), "name");
}

static void ask(struct rig *r, const char *action, const char *id)
{
    rig_ok(r, arena_printf(&r->arena, "Action=%s&Version=2016-11-15&InstanceId.1=%s", action, id));
}

static int64_t rows(struct rig *r, const char *sql)
{
    return store_i64(r->store, -1, sql, "");
}

/* The whole life, with what the cluster is told at each step. */
static void test_life(void **state)
{
    struct rig r;
    struct rig_world w;
    (void)state;
    rig_init(&r);
    rig_world(&r, &w);
    const char *id = rig_run(&r, &w, "");
    assert_string_equal(state_of(&r, id), "pending");

    rig_pull(&r, &w.cluster);
    const struct wire_item *wish = rig_wish(&w.cluster, "instance", id);
    assert_non_null(wish);
    assert_int_equal(wish->generation, 1);
    assert_non_null(strstr(wish->body, "\"want\":\"running\""));
    assert_non_null(strstr(wish->body, "\"address\":\"172.31.0.4\""));
    assert_non_null(strstr(wish->body, "\"dos_url\":\"https://dos:8783\""));
    rig_say(&r, &w.cluster, "instance", id, 1, running);
    assert_string_equal(state_of(&r, id), "running");

    ask(&r, "StopInstances", id);
    assert_string_equal(state_of(&r, id), "stopping");
    rig_pull(&r, &w.cluster);
    wish = rig_wish(&w.cluster, "instance", id);
    assert_non_null(wish);
    assert_int_equal(wish->generation, 2);
    assert_non_null(strstr(wish->body, "\"want\":\"stopped\""));
    rig_say(&r, &w.cluster, "instance", id, 2, off_asked);
    assert_string_equal(state_of(&r, id), "stopped");

    ask(&r, "StartInstances", id);
    assert_string_equal(state_of(&r, id), "pending");
    rig_say(&r, &w.cluster, "instance", id, 3, running);
    assert_string_equal(state_of(&r, id), "running");

    ask(&r, "RebootInstances", id);
    assert_string_equal(state_of(&r, id), "running");
    rig_pull(&r, &w.cluster);
    wish = rig_wish(&w.cluster, "instance", id);
    assert_non_null(wish);
    assert_non_null(strstr(wish->body, "\"reboot_n\":1"));

    ask(&r, "TerminateInstances", id);
    assert_string_equal(state_of(&r, id), "shutting-down");
    rig_pull(&r, &w.cluster);
    wish = rig_wish(&w.cluster, "instance", id);
    assert_non_null(wish);
    assert_string_equal(wish->gone, "deleted");
    assert_int_equal(rows(&r, "SELECT count(*) FROM port"), 1); /* R6: nothing before the fact */
    rig_say(&r, &w.cluster, "instance", id, wish->generation, NULL);
    assert_string_equal(state_of(&r, id), "terminated");
    assert_int_equal(rows(&r, "SELECT count(*) FROM port"), 0);
    assert_int_equal(rows(&r, "SELECT count(*) FROM volume"), 0);
    assert_int_equal(rows(&r, "SELECT instances+vcpus FROM usage"), 0);

    ask(&r, "TerminateInstances", id); /* each repeat succeeds */
    rig_advance(&r, 3700 * 1000);
    rig_fails(
        &r,
        arena_printf(&r.arena, "Action=DescribeInstances&Version=2016-11-15&InstanceId.1=%s", id),
        400, "InvalidInstanceID.NotFound");
    rig_advance(&r, 24 * 3600 * 1000);
    assert_int_equal(rows(&r, "SELECT count(*) FROM instance"), 0);
    rig_fini(&r);
}

/* I18, I23: what was said under an older want changes nothing that an owner sees. */
static void test_stale_facts(void **state)
{
    struct rig r;
    struct rig_world w;
    (void)state;
    rig_init(&r);
    rig_world(&r, &w);
    const char *id = rig_run(&r, &w, "");
    rig_say(&r, &w.cluster, "instance", id, 1, running);
    ask(&r, "StopInstances", id);
    rig_say(&r, &w.cluster, "instance", id, 1, running);
    assert_string_equal(state_of(&r, id), "stopping");
    rig_say(&r, &w.cluster, "instance", id, 1,
            "{\"state\":\"off\",\"why\":\"guest\",\"ever_ran\":true}");
    assert_string_equal(state_of(&r, id), "stopping");
    rig_say(&r, &w.cluster, "instance", id, 2, off_asked);
    ask(&r, "StartInstances", id);
    rig_say(&r, &w.cluster, "instance", id, 2, off_asked);
    assert_string_equal(state_of(&r, id), "pending");
    rig_say(&r, &w.cluster, "instance", id, 1, NULL); /* gone, but nobody ended it */
    assert_string_equal(state_of(&r, id), "pending");
    rig_fini(&r);
}

/* A crash below is mended below: the owner sees it running all the while. */
static void test_crash_keeps_running(void **state)
{
    struct rig r;
    struct rig_world w;
    (void)state;
    rig_init(&r);
    rig_world(&r, &w);
    const char *id = rig_run(&r, &w, "");
    rig_say(&r, &w.cluster, "instance", id, 1, running);
    rig_say(&r, &w.cluster, "instance", id, 1,
            "{\"state\":\"off\",\"why\":\"crash\",\"ever_ran\":true}");
    assert_string_equal(state_of(&r, id), "running");
    rig_fini(&r);
}

static void test_guest_powers_off(void **state)
{
    struct rig r;
    struct rig_world w;
    (void)state;
    rig_init(&r);
    rig_world(&r, &w);
    const char *id = rig_run(&r, &w, "");
    const char *other = rig_run(&r, &w, "&InstanceInitiatedShutdownBehavior=terminate");
    rig_say(&r, &w.cluster, "instance", id, 1, running);
    rig_say(&r, &w.cluster, "instance", other, 1, running);
    rig_say(&r, &w.cluster, "instance", id, 1,
            "{\"state\":\"off\",\"why\":\"guest\",\"ever_ran\":true}");
    rig_say(&r, &w.cluster, "instance", other, 1,
            "{\"state\":\"off\",\"why\":\"guest\",\"ever_ran\":true}");
    assert_string_equal(state_of(&r, id), "stopping");
    rig_say(&r, &w.cluster, "instance", id, 2, off_asked);
    assert_string_equal(state_of(&r, id), "stopped");
    assert_string_equal(state_of(&r, other), "shutting-down");
    const char *body = rig_ok(&r, "Action=DescribeInstances&Version=2016-11-15"
                                  "&Filter.1.Name=state-reason-code"
                                  "&Filter.1.Value.1=Client.InstanceInitiatedShutdown");
    assert_int_equal(rig_count(body, "<instanceId>i-"), 2);
    rig_fini(&r);
}

/* A refusal ends what never ran, with its reason; what ran keeps its disk. */
static void test_refused(void **state)
{
    struct rig r;
    struct rig_world w;
    const char *refused =
        "{\"state\":\"refused\",\"reason\":\"Server.InsufficientInstanceCapacity\","
        "\"detail\":\"no host has room\"}";
    (void)state;
    rig_init(&r);
    rig_world(&r, &w);
    const char *id = rig_run(&r, &w, "");
    rig_say(&r, &w.cluster, "instance", id, 1, refused);
    assert_string_equal(state_of(&r, id), "shutting-down");
    rig_pull(&r, &w.cluster);
    rig_say(&r, &w.cluster, "instance", id, 2, NULL);
    assert_string_equal(state_of(&r, id), "terminated");
    const char *body = rig_ok(&r, "Action=DescribeInstances&Version=2016-11-15");
    assert_string_equal(rig_text(&r, strstr(body, "<stateReason>"), "code"),
                        "Server.InsufficientInstanceCapacity");
    assert_string_equal(rig_text(&r, body, "reason"),
                        "Server.InsufficientInstanceCapacity: no host has room");

    id = rig_run(&r, &w, "");
    rig_say(&r, &w.cluster, "instance", id, 1, running);
    ask(&r, "StopInstances", id);
    rig_say(&r, &w.cluster, "instance", id, 2, off_asked);
    ask(&r, "StartInstances", id);
    rig_say(&r, &w.cluster, "instance", id, 3, refused);
    assert_string_equal(state_of(&r, id), "stopping");
    rig_say(&r, &w.cluster, "instance", id, 4, off_asked);
    assert_string_equal(state_of(&r, id), "stopped");
    rig_fini(&r);
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
    struct rig r;
    struct rig_world w;
    (void)state;
    rig_init(&r);
    rig_world(&r, &w);
    const char *id = rig_run(&r, &w, "");
    assert_string_equal(reason_of(&r, id), "pending: waiting for its host");
    rig_say(&r, &w.cluster, "instance", id, 1,
            "{\"state\":\"pending\",\"step\":\"image\",\"step_percent\":40}");
    assert_string_equal(reason_of(&r, id), "pending: fetching its image, 40 %");
    const char *found = rig_ok(&r, "Action=DescribeInstances&Version=2016-11-15"
                                   "&Filter.1.Name=state-reason-code&Filter.1.Value.1=pending");
    assert_int_equal(rig_count(found, "<instanceId>i-"), 1);
    assert_null(strstr(found, "<progress>")); /* which EC2 does not have */
    rig_restart(&r);
    assert_string_equal(reason_of(&r, id), "pending: fetching its image, 40 %");
    rig_say(&r, &w.cluster, "instance", id, 1,
            "{\"state\":\"pending\",\"step\":\"dance\"}"); /* of a newer host */
    assert_string_equal(reason_of(&r, id), "");
    rig_say(&r, &w.cluster, "instance", id, 1, "{\"state\":\"pending\",\"step\":\"start\"}");
    ask(&r, "StopInstances", id); /* from here on it is on another way */
    assert_string_equal(reason_of(&r, id), "Client.UserInitiatedShutdown: "
                                           "Client.UserInitiatedShutdown: User initiated shutdown");
    rig_say(&r, &w.cluster, "instance", id, 1, "{\"state\":\"pending\",\"step\":\"start\"}");
    assert_null(strstr(reason_of(&r, id), "pending"));
    rig_say(&r, &w.cluster, "instance", id, 2, off_asked);
    ask(&r, "StartInstances", id); /* nothing of its former way is told */
    assert_string_equal(reason_of(&r, id), "pending: waiting for its host");
    rig_say(&r, &w.cluster, "instance", id, 3,
            "{\"state\":\"running\",\"step\":\"start\",\"ever_ran\":true}"); /* a lie */
    assert_string_equal(state_of(&r, id), "running");
    assert_string_equal(reason_of(&r, id), "");
    rig_fini(&r);
}

/* I17: a node reports only what is its own. */
static void test_other_node(void **state)
{
    struct rig r;
    struct rig_world w;
    struct rig_child other;
    (void)state;
    rig_init(&r);
    rig_world(&r, &w);
    rig_join(&r, &other, "cluster", "labb");
    const char *id = rig_run(&r, &w, "&Placement.AvailabilityZone=laba");
    rig_say(&r, &other, "instance", id, 1, running);
    assert_string_equal(state_of(&r, id), "pending");
    rig_fini(&r);
}

/* I4, must 3: one set of resources for one token, one execution for one signature. */
static void test_repeats(void **state)
{
    struct rig r;
    struct rig_world w;
    (void)state;
    rig_init(&r);
    rig_world(&r, &w);
    const char *a = rig_run(&r, &w, "&ClientToken=one");
    const char *b = rig_run(&r, &w, "&ClientToken=one");
    assert_string_equal(a, b);
    rig_fails(&r,
              arena_printf(&r.arena,
                           "Action=RunInstances&Version=2016-11-15&ImageId=%s&InstanceType=t1.nano"
                           "&MinCount=1&MaxCount=2&ClientToken=one",
                           w.image),
              400, "IdempotentParameterMismatch");
    const char *form = arena_printf(&r.arena,
                                    "Action=RunInstances&Version=2016-11-15&ImageId=%s"
                                    "&InstanceType=t1.nano&MinCount=1&MaxCount=1",
                                    w.image);
    uint64_t first = rig_send(&r, "ec2", form);
    rig_restart(&r);
    uint64_t again = rig_resend(&r, "ec2", form);
    assert_int_equal(rig_status(&r, again), 200);
    assert_string_equal(rig_body(&r, first), rig_body(&r, again));
    assert_int_equal(rows(&r, "SELECT count(*) FROM instance"), 2);

    ask(&r, "TerminateInstances", a);
    rig_pull(&r, &w.cluster);
    rig_say(&r, &w.cluster, "instance", a, 2, NULL);
    rig_advance(&r, 2 * 3600 * 1000);
    rig_capacity(&r, &w.cluster, "{\"placed_rev\":1000000,\"fits\":[]}");
    assert_string_equal(rig_run(&r, &w, "&ClientToken=one"), a); /* never made again */
    rig_fini(&r);
}

/* I8, and the difference between a quota and a lack of room. */
static void test_limits(void **state)
{
    struct rig r;
    struct rig_world w;
    (void)state;
    rig_init(&r);
    rig_world(&r, &w);
    const char *body = rig_ok(&r, arena_printf(&r.arena,
                                               "Action=RunInstances&Version=2016-11-15&ImageId=%s"
                                               "&InstanceType=t1.nano&MinCount=1&MaxCount=50",
                                               w.image));
    assert_int_equal(rig_count(body, "<instanceId>"), 20);
    assert_int_equal(rows(&r, "SELECT instances FROM usage"), 20);
    assert_int_equal(rows(&r, "SELECT used FROM subnet"), 20);
    rig_fails(&r,
              arena_printf(&r.arena,
                           "Action=RunInstances&Version=2016-11-15&ImageId=%s"
                           "&InstanceType=t1.nano&MinCount=1&MaxCount=1",
                           w.image),
              400, "InstanceLimitExceeded");
    rig_fini(&r);

    rig_init(&r);
    rig_world(&r, &w);
    rig_capacity(&r, &w.cluster,
                 "{\"placed_rev\":1000000,\"fits\":[{\"type\":\"t1.nano\",\"count\":1}]}");
    rig_fails(&r,
              arena_printf(&r.arena,
                           "Action=RunInstances&Version=2016-11-15&ImageId=%s"
                           "&InstanceType=t1.nano&MinCount=2&MaxCount=2",
                           w.image),
              500, "InsufficientInstanceCapacity");
    assert_int_equal(rows(&r, "SELECT count(*) FROM instance"), 0);
    rig_run(&r, &w, "");
    rig_fini(&r);
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
    struct rig r;
    struct rig_world w;
    (void)state;
    rig_init(&r);
    rig_world(&r, &w);
    rig_capacity(&r, &w.cluster,
                 "{\"placed_rev\":1,\"fits\":[{\"type\":\"t1.micro\",\"count\":1},"
                 "{\"type\":\"t1.nano\",\"count\":2}]}");
    const char *one = rig_run(&r, &w, "");
    fails_to_fit(&r, &w, "t1.nano", 2, "1 of 2 would fit");
    rig_run(&r, &w, "");
    fails_to_fit(&r, &w, "t1.nano", 1, "0 of 1 would fit");
    fails_to_fit(&r, &w, "t1.micro", 1, "0 of 1 would fit"); /* two of half its size */

    /* What has run is counted by the cluster, however often it is told of it anew. */
    rig_say(&r, &w.cluster, "instance", one, 1, running);
    rig_run(&r, &w, "");
    fails_to_fit(&r, &w, "t1.nano", 1, "0 of 1 would fit");
    rig_fini(&r);
}

/* A cluster that was not told of a type yet, and one that has no disk for it. */
static void test_no_room(void **state)
{
    struct rig r;
    struct rig_world w;
    (void)state;
    rig_init(&r);
    rig_world(&r, &w);
    fails_to_fit(&r, &w, "m1.small", 1, "0 of 1 would fit");
    rig_capacity(&r, &w.cluster,
                 "{\"placed_rev\":1,\"room\":[{\"class\":\"disk_gib\",\"free\":50}],"
                 "\"fits\":[{\"type\":\"t1.nano\",\"count\":9}]}");
    static const char disk[] = "&BlockDeviceMapping.1.DeviceName=/dev/sda1"
                               "&BlockDeviceMapping.1.Ebs.VolumeSize=20";
    rig_run(&r, &w, disk);
    rig_run(&r, &w, disk);
    fails_to_fit(&r, &w, arena_printf(&r.arena, "t1.nano%s", disk), 1,
                 "0 of 1 would fit with a root disk of 20 GiB");
    rig_run(&r, &w, "");
    rig_fini(&r);
}

/* Everything survives a restart, and nothing is told twice without need. */
static void test_restart(void **state)
{
    struct rig r;
    struct rig_world w;
    (void)state;
    rig_init(&r);
    rig_world(&r, &w);
    const char *id = rig_run(&r, &w, "");
    rig_pull(&r, &w.cluster);
    rig_restart(&r);
    rig_pull(&r, &w.cluster);
    assert_null(rig_wish(&w.cluster, "instance", id));
    rig_say(&r, &w.cluster, "instance", id, 1, running);
    assert_string_equal(state_of(&r, id), "running");
    rig_fini(&r);
}

/* I19, R14: after a restore nothing changes until all children have said what they hold; then what
 * was made later is taken in, what was ended later ends, and what was asked later is wanted. */
static void test_restore(void **state)
{
    struct rig r;
    struct rig_world w;
    (void)state;
    rig_init(&r);
    rig_world(&r, &w);
    const char *stopped_later = rig_run(&r, &w, "");
    const char *ended_later = rig_run(&r, &w, "");
    rig_say(&r, &w.cluster, "instance", stopped_later, 1, running);
    rig_say(&r, &w.cluster, "instance", ended_later, 1, running);
    size_t len;
    void *dump = store_dump(r.store, &len);
    const char *made_later = rig_run(&r, &w, "");
    rig_pull(&r, &w.cluster);
    rig_say(&r, &w.cluster, "instance", made_later, 1, running);
    ask(&r, "StopInstances", stopped_later);
    ask(&r, "TerminateInstances", ended_later);
    rig_pull(&r, &w.cluster);

    rig_restore(&r, dump, len);
    free(dump);
    rig_fails(&r, "Action=CreateKeyPair&Version=2016-11-15&KeyName=k&KeyType=ed25519", 503,
              "Unavailable");
    assert_int_equal(rows(&r, "SELECT count(*) FROM instance"), 2);
    rig_return(&r, &w.cluster);
    assert_int_equal(rows(&r, "SELECT count(*) FROM instance"), 2); /* dos is still to come */
    rig_return(&r, &w.dos);
    assert_string_equal(state_of(&r, made_later), "pending");
    assert_string_equal(state_of(&r, stopped_later), "stopping");
    assert_string_equal(state_of(&r, ended_later), "shutting-down");
    assert_int_equal(rows(&r, "SELECT count(DISTINCT address) FROM port"), 3);
    assert_int_equal(rows(&r, "SELECT instances FROM usage"), 3);
    rig_pull(&r, &w.cluster);
    const struct wire_item *wish = rig_wish(&w.cluster, "instance", made_later);
    assert_non_null(wish);
    assert_string_equal(wish->gone, "");
    wish = rig_wish(&w.cluster, "instance", ended_later);
    assert_string_equal(wish->gone, "deleted");
    rig_say(&r, &w.cluster, "instance", made_later, 1, running);
    assert_string_equal(state_of(&r, made_later), "running");
    rig_fini(&r);
}

/* One that the backup has as stopping, and that was started again since: it was stopped meanwhile,
 * so it is pending now, and running when its cluster says so. */
static void test_restore_of_one_started_later(void **state)
{
    struct rig r;
    struct rig_world w;
    (void)state;
    rig_init(&r);
    rig_world(&r, &w);
    const char *id = rig_run(&r, &w, "");
    rig_say(&r, &w.cluster, "instance", id, 1, running);
    ask(&r, "StopInstances", id);
    size_t len;
    void *dump = store_dump(r.store, &len);
    rig_say(&r, &w.cluster, "instance", id, 2, off_asked);
    ask(&r, "StartInstances", id);
    rig_pull(&r, &w.cluster);
    rig_say(&r, &w.cluster, "instance", id, 3, running);
    assert_string_equal(state_of(&r, id), "running");

    rig_restore(&r, dump, len);
    free(dump);
    assert_string_equal(state_of(&r, id), "stopping");
    rig_return(&r, &w.cluster);
    rig_return(&r, &w.dos);
    assert_string_equal(state_of(&r, id), "pending");
    assert_int_equal(rows(&r, "SELECT count(*) FROM instance WHERE reason_code<>''"), 0);
    rig_pull(&r, &w.cluster);
    const struct wire_item *wish = rig_wish(&w.cluster, "instance", id);
    assert_true(wish->generation > 3);
    rig_say(&r, &w.cluster, "instance", id, wish->generation, running);
    assert_string_equal(state_of(&r, id), "running");
    rig_fini(&r);
}

/* I23: an end is never taken back. The cluster holds a later wish, of a life between this backup
 * and an earlier one: it hears of the end above that. */
static void test_restore_of_one_ended_before(void **state)
{
    struct rig r;
    struct rig_world w;
    size_t len;
    (void)state;
    rig_init(&r);
    rig_world(&r, &w);
    const char *id = rig_run(&r, &w, "");
    rig_say(&r, &w.cluster, "instance", id, 1, running);
    struct wire_item wish = *rig_known(&w.cluster, "instance", id);
    ask(&r, "TerminateInstances", id);
    void *dump = store_dump(r.store, &len);
    wish.generation = 7;
    for (size_t i = 0; i < w.cluster.held_len; i++)
        if (str_eq(w.cluster.held[i].id, id))
            w.cluster.held[i] = wish;

    rig_restore(&r, dump, len);
    free(dump);
    rig_return(&r, &w.cluster);
    rig_return(&r, &w.dos);
    assert_string_equal(state_of(&r, id), "shutting-down");
    rig_pull(&r, &w.cluster);
    const struct wire_item *end = rig_known(&w.cluster, "instance", id);
    assert_string_equal(end->gone, "deleted");
    assert_true(end->generation > 7);
    rig_say(&r, &w.cluster, "instance", id, end->generation, NULL);
    assert_string_equal(state_of(&r, id), "terminated");
    rig_fini(&r);
}

static const char later[] = "&ClientToken=later&InstanceInitiatedShutdownBehavior=terminate"
                            "&TagSpecification.1.ResourceType=instance"
                            "&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=one"
                            "&TagSpecification.2.ResourceType=volume"
                            "&TagSpecification.2.Tag.1.Key=of&TagSpecification.2.Tag.1.Value=disk";

/* Wishes carry what only the cloud knows: after a restore a token stands for what it stood for
 * (I4), also when that was ended since, and tags and the shutdown behaviour are as they were. */
static void test_restore_of_what_only_the_cloud_knows(void **state)
{
    struct rig r;
    struct rig_world w;
    (void)state;
    rig_init(&r);
    rig_world(&r, &w);
    size_t len;
    void *dump = store_dump(r.store, &len);
    const char *made = rig_run(&r, &w, later);
    const char *ended = rig_run(&r, &w, "&ClientToken=ended");
    rig_pull(&r, &w.cluster);
    rig_ok(&r, arena_printf(&r.arena,
                            "Action=CreateTags&Version=2016-11-15&ResourceId.1=%s"
                            "&Tag.1.Key=added&Tag.1.Value=two",
                            made));
    ask(&r, "TerminateInstances", ended);
    rig_pull(&r, &w.cluster);
    rig_say(&r, &w.cluster, "instance", ended, 2, NULL);

    rig_restore(&r, dump, len);
    free(dump);
    rig_return(&r, &w.cluster);
    rig_return(&r, &w.dos);
    rig_capacity(&r, &w.cluster, w.cluster.capacity);
    assert_string_equal(rig_run(&r, &w, later), made);
    assert_string_equal(rig_run(&r, &w, "&ClientToken=ended"), ended);
    assert_string_equal(state_of(&r, ended), "shutting-down"); /* it holds its address till ... */
    assert_int_equal(rows(&r, "SELECT count(DISTINCT address) FROM port"), 2);
    rig_pull(&r, &w.cluster);
    assert_string_equal(rig_known(&w.cluster, "instance", ended)->gone, "deleted");
    rig_say(&r, &w.cluster, "instance", ended, 2, NULL);
    assert_string_equal(state_of(&r, ended), "terminated");
    assert_int_equal(rows(&r, "SELECT count(*) FROM port"), 1);
    assert_int_equal(rows(&r, "SELECT count(*) FROM instance"), 2);
    rig_fails(&r,
              arena_printf(&r.arena,
                           "Action=RunInstances&Version=2016-11-15&ImageId=%s&InstanceType=t1.nano"
                           "&MinCount=1&MaxCount=2&ClientToken=ended",
                           w.image),
              400, "IdempotentParameterMismatch");
    assert_int_equal(rows(&r, "SELECT count(*) FROM instance WHERE on_shutdown='terminate'"), 1);
    const char *tags = rig_ok(&r, "Action=DescribeTags&Version=2016-11-15");
    assert_non_null(strstr(tags, "<key>Name</key>"));
    assert_non_null(strstr(tags, "<key>added</key>"));
    assert_non_null(strstr(tags, "<resourceType>volume</resourceType><key>of</key>"));
    rig_fini(&r);
}

/* An image that was registered after the backup is taken from what its dos returns. */
static void test_restore_of_an_image(void **state)
{
    struct rig r;
    struct rig_world w;
    (void)state;
    rig_init(&r);
    rig_world(&r, &w);
    size_t len;
    void *dump = store_dump(r.store, &len);
    const char *body = rig_ok(&r, "Action=RegisterImage&Version=2016-11-15&Name=other"
                                  "&ImageLocation=images%2Fother.qcow2&Description=of+later");
    const char *image = rig_text(&r, body, "imageId");
    rig_pull(&r, &w.dos);
    rig_restore(&r, dump, len);
    free(dump);
    rig_return(&r, &w.cluster);
    rig_return(&r, &w.dos);
    rig_say(&r, &w.dos, "image", image, 1, "{\"state\":\"available\",\"size_bytes\":134217728}");
    body = rig_ok(
        &r, arena_printf(&r.arena, "Action=DescribeImages&Version=2016-11-15&ImageId.1=%s", image));
    assert_non_null(strstr(body, "<imageState>available</imageState>"));
    assert_non_null(strstr(body, "<name>other</name>"));
    assert_non_null(strstr(body, "<description>of later</description>"));
    rig_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life),
        cmocka_unit_test(test_stale_facts),
        cmocka_unit_test(test_crash_keeps_running),
        cmocka_unit_test(test_guest_powers_off),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_other_node),
        cmocka_unit_test(test_repeats),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_in_flight),
        cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_restore),
        cmocka_unit_test(test_restore_of_one_started_later),
        cmocka_unit_test(test_restore_of_one_ended_before),
        cmocka_unit_test(test_restore_of_what_only_the_cloud_knows),
        cmocka_unit_test(test_restore_of_an_image),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
