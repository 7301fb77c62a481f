/* cloud_watch_test.c - server-sent events: who hears what, from where, and for how long. */
#include "tests/unit/cloud_rig.h"

#include "base/check.h"
#include "base/str.h"
#include "cloud-manager/store/change.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t watch(const char *after)
{
    struct header header = {"Last-Event-ID", after != NULL ? after : ""};
    return rig_rest(&rig, "GET", "/v1/events", "", after != NULL ? &header : NULL);
}

static const char *said(uint64_t id)
{
    return rig_body(&rig, id);
}

/* The number of the last event that it heard. */
static const char *cursor_of(uint64_t id)
{
    const char *last = said(id);
    for (const char *p = last; (p = strstr(p, "id: ")) != NULL; p += 4)
        last = p + 4;
    return arena_strndup(&rig.arena, last, strcspn(last, "\n"));
}

static bool is_on(uint64_t id)
{
    return rig.replies[id % RIG_REPLIES].has_more;
}

static size_t changes_of(uint64_t id)
{
    return rig_count(said(id), "event: change\n");
}

/* How many of them are about that kind of object. */
static size_t changes_to(uint64_t id, const char *kind)
{
    return rig_count(said(id), arena_printf(&rig.arena, "data: {\"kind\":\"%s\"", kind));
}

/* A second account, whose keys the rig then signs with. */
static void become_another(void)
{
    struct cloud_root other;
    enum err_code code = rig_account(&rig, "other", &other);
    INV(code == ERR_OK);
    rig.root = other;
}

static void test_hears_its_own(void **state)
{
    struct cloud_root root = rig.root;
    (void)state;
    uint64_t mine = watch(NULL);
    assert_int_equal(rig_status(&rig, mine), 200);
    assert_non_null(strstr(said(mine), "event: ready\ndata: {}\n\n"));
    become_another();
    uint64_t other = watch(NULL);
    rig.root = root;
    const char *id = rig_run(&rig, &world, "");
    const char *event = arena_printf(
        &rig.arena,
        "event: change\ndata: {\"kind\":\"instances\",\"id\":\"%s\",\"state\":\"pending\","
        "\"progress\":{\"step\":\"host\",\"message\":\"waiting for its host\"},"
        "\"is_gone\":false}\n\n",
        id);
    assert_non_null(strstr(said(mine), event));
    rig_ok(&rig, "Action=CreateKeyPair&KeyType=ed25519&KeyName=a");
    rig_ok(&rig, "Action=DeleteKeyPair&KeyName=a");
    assert_int_equal(rig_count(said(mine), "\"kind\":\"key-pairs\""), 2);
    assert_int_equal(rig_count(said(mine), "\"is_gone\":true"), 1);
    assert_int_equal(changes_of(other), 0);
    assert_true(is_on(mine) && is_on(other));
}

static void say(const char *id, const char *body)
{
    rig_say(&rig, &world.cluster, "instance", id, 1, body);
}

/* A step is an event when it changes, and the state that ends it is the last. */
static void test_steps(void **state)
{
    static const char image[] = "{\"state\":\"pending\",\"step\":\"image\",\"step_percent\":40}";
    (void)state;
    const char *id = rig_run(&rig, &world, "");
    uint64_t mine = watch(NULL);
    say(id, image);
    assert_int_equal(changes_to(mine, "instances"), 1);
    assert_non_null(strstr(said(mine), "\"progress\":{\"step\":\"image\",\"percent\":40,"
                                       "\"message\":\"fetching its image, 40 %\"}"));
    say(id, image); /* nothing new */
    assert_int_equal(changes_to(mine, "instances"), 1);
    say(id, "{\"state\":\"pending\",\"step\":\"image\",\"step_percent\":50}");
    say(id, "{\"state\":\"pending\",\"step\":\"start\"}");
    assert_int_equal(changes_to(mine, "instances"), 3);
    assert_int_equal(rig_count(said(mine), "\"percent\""), 2);
    say(id, "{\"state\":\"running\",\"ever_ran\":true,\"status\":\"initializing\"}");
    assert_int_equal(changes_to(mine, "instances"), 4);
    assert_int_equal(rig_count(said(mine), "\"progress\""), 3);
}

/* The root disk of an instance comes and goes with it, and is in use once that has run. */
static void test_volumes(void **state)
{
    (void)state;
    uint64_t mine = watch(NULL);
    const char *id = rig_run(&rig, &world, "");
    assert_int_equal(changes_to(mine, "volumes"), 1);
    assert_non_null(strstr(said(mine), "\"state\":\"creating\",\"is_gone\":false}"));
    say(id, "{\"state\":\"running\",\"ever_ran\":true}");
    assert_int_equal(changes_to(mine, "volumes"), 2);
    assert_non_null(strstr(said(mine), "\"state\":\"in-use\",\"is_gone\":false}"));
    rig_ok(&rig, arena_printf(&rig.arena, "Action=StopInstances&InstanceId.1=%s", id));
    assert_int_equal(changes_to(mine, "volumes"), 2); /* in use all the same */
    rig_ok(&rig, arena_printf(&rig.arena, "Action=TerminateInstances&InstanceId.1=%s", id));
    rig_pull(&rig, &world.cluster);
    rig_say(&rig, &world.cluster, "instance", id, 3, NULL);
    assert_int_equal(changes_to(mine, "volumes"), 3);
    assert_int_equal(rig_count(said(mine), "\"is_gone\":true"), 1);
}

static void test_groups_and_rules(void **state)
{
    (void)state;
    uint64_t mine = watch(NULL);
    const char *made = rig_ok(&rig, "Action=CreateSecurityGroup&GroupName=g&GroupDescription=d");
    const char *group = rig_text(&rig, made, "groupId");
    assert_int_equal(changes_to(mine, "security-groups"), 1);
    assert_int_equal(changes_to(mine, "security-group-rules"), 1); /* everything may leave */
    const char *rule = rig_text(
        &rig,
        rig_ok(&rig, arena_printf(&rig.arena,
                                  "Action=AuthorizeSecurityGroupIngress&GroupId=%s"
                                  "&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=22"
                                  "&IpPermissions.1.ToPort=22"
                                  "&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0",
                                  group)),
        "securityGroupRuleId");
    assert_int_equal(changes_to(mine, "security-group-rules"), 2);
    rig_ok(&rig, arena_printf(&rig.arena,
                              "Action=ModifySecurityGroupRules&GroupId=%s"
                              "&SecurityGroupRule.1.SecurityGroupRuleId=%s"
                              "&SecurityGroupRule.1.SecurityGroupRule.IpProtocol=tcp"
                              "&SecurityGroupRule.1.SecurityGroupRule.FromPort=23"
                              "&SecurityGroupRule.1.SecurityGroupRule.ToPort=23"
                              "&SecurityGroupRule.1.SecurityGroupRule.CidrIpv4=0.0.0.0/0",
                              group, rule));
    assert_int_equal(changes_to(mine, "security-group-rules"), 3);
    assert_int_equal(rig_count(said(mine), "\"is_gone\":true"), 0);
    rig_ok(&rig, arena_printf(&rig.arena, "Action=DeleteSecurityGroup&GroupId=%s", group));
    assert_int_equal(changes_to(mine, "security-groups"), 2); /* at once, whoever has it still */
    assert_int_equal(changes_to(mine, "security-group-rules"), 5);
    assert_int_equal(rig_count(said(mine), "\"is_gone\":true"), 3);
}

/* A tag is a change of its object; of one that has gone there is nothing more to tell. */
static void test_tags(void **state)
{
    (void)state;
    const char *id = rig_run(&rig, &world, "");
    const char *key = rig_text(&rig, rig_ok(&rig, "Action=CreateKeyPair&KeyType=ed25519&KeyName=a"),
                               "keyPairId");
    uint64_t mine = watch(NULL);
    static const char *const verbs[] = {"CreateTags", "DeleteTags"};
    for (size_t i = 0; i < 2; i++)
        rig_ok(&rig, arena_printf(&rig.arena,
                                  "Action=%s&ResourceId.1=%s&ResourceId.2=%s"
                                  "&Tag.1.Key=a&Tag.1.Value=b",
                                  verbs[i], id, key));
    assert_int_equal(changes_to(mine, "instances"), 2);
    assert_int_equal(changes_to(mine, "key-pairs"), 2);
    rig_ok(&rig, arena_printf(&rig.arena,
                              "Action=CreateTags&ResourceId.1=%s&Tag.1.Key=a&Tag.1.Value=b", key));
    rig_ok(&rig, "Action=DeleteKeyPair&KeyName=a");
    assert_int_equal(changes_to(mine, "key-pairs"), 4);
    uint64_t all = watch("0");
    assert_int_equal(changes_to(all, "key-pairs"), 1);
    assert_int_equal(rig_count(said(all), "\"is_gone\":true"), 1);
}

/* Cut off, it hears each object once, as it is now; nothing twice, nothing not at all. */
static void test_goes_on(void **state)
{
    (void)state;
    uint64_t first = watch(NULL);
    const char *one = rig_run(&rig, &world, "");
    const char *cursor = cursor_of(first);
    const char *two = rig_run(&rig, &world, "");
    rig_ok(&rig, arena_printf(&rig.arena, "Action=TerminateInstances&InstanceId.1=%s", one));
    uint64_t again = watch(cursor);
    rig_advance(&rig, 1000);
    assert_int_equal(changes_to(again, "instances"), 2);
    const char *of_two = strstr(said(again), two), *of_one = strstr(said(again), one);
    assert_true(of_two != NULL && of_one > of_two);
    assert_int_equal(strncmp(of_one + strlen(one), "\",\"state\":\"shutting-down\"", 25), 0);
    assert_string_equal(cursor_of(again), cursor_of(first));
    uint64_t newest = watch(cursor_of(again));
    rig_advance(&rig, 1000);
    assert_int_equal(changes_of(newest), 0);
}

static void test_bad_cursors(void **state)
{
    static const char *const bad[] = {"x", "-1", "1.5", "99999999999999999999", "4000000000"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(rig_status(&rig, watch(bad[i])), 400);
    struct header header = {"Last-Event-ID", "1"};
    uint64_t both = rig_rest(&rig, "GET", "/v1/events?after=1", "", &header);
    assert_int_equal(rig_status(&rig, both), 400);
    assert_int_equal(rig_status(&rig, rig_rest(&rig, "GET", "/v1/events?after=1", "", NULL)), 200);
}

/* A line of nothing each ten seconds, and an end: nobody tells us that a client has gone. */
static void test_lives_so_long(void **state)
{
    (void)state;
    uint64_t id = watch(NULL);
    rig_advance(&rig, 9000);
    assert_int_equal(rig_count(said(id), "\n:\n"), 0);
    rig_advance(&rig, 1000);
    assert_int_equal(rig_count(said(id), "\n:\n"), 1);
    for (int i = 0; i < 15 * 6; i++)
        rig_advance(&rig, 10 * 1000);
    assert_false(is_on(id));
    assert_true(is_on(watch(cursor_of(id))));
}

static void test_makes_room(void **state)
{
    uint64_t ids[17];
    (void)state;
    for (size_t i = 0; i < 17; i++)
        ids[i] = watch(NULL);
    assert_false(is_on(ids[0]));
    for (size_t i = 1; i < 17; i++)
        assert_true(is_on(ids[i]));
    become_another();
    watch(NULL);
    assert_true(is_on(ids[1]));
}

/* One who is far behind hears a hundred at once, then there is a pause. */
static void test_paces(void **state)
{
    (void)state;
    const char *start = cursor_of(watch(NULL));
    for (int i = 0; i < 250; i++)
        rig_ok(&rig,
               arena_printf(&rig.arena, "Action=CreateKeyPair&KeyType=ed25519&KeyName=k%d", i));
    uint64_t id = watch(start);
    assert_int_equal(changes_of(id), 100);
    rig_advance(&rig, 100);
    assert_int_equal(changes_of(id), 200);
    rig_advance(&rig, 100);
    assert_int_equal(changes_of(id), 250);
    rig_advance(&rig, 100);
    assert_int_equal(changes_of(id), 250);
}

/* What was told in a turn that was lost is told again: the watcher comes back with its cursor. */
static void test_lost_turn(void **state)
{
    (void)state;
    uint64_t id = watch(NULL);
    rig.turn.core.reload(rig.turn.core.self);
    rig_advance(&rig, 1);
    assert_false(is_on(id));
    assert_true(is_on(watch(cursor_of(id))));
}

/* Numbers that were given out after the backup are not given out again. */
static void test_restore(void **state)
{
    size_t len;
    (void)state;
    void *dump = store_dump(rig.store, &len);
    rig_run(&rig, &world, "");
    int64_t heard = cloud_change_newest(rig.store);
    rig_restore(&rig, dump, len);
    free(dump);
    rig_return(&rig, &world.cluster);
    rig_return(&rig, &world.dos);
    assert_true(cloud_change_newest(rig.store) > heard);
    uint64_t id = watch(arena_printf(&rig.arena, "%lld", (long long)heard));
    rig_ok(&rig, "Action=CreateKeyPair&KeyType=ed25519&KeyName=a");
    assert_int_equal(rig_count(said(id), "\"kind\":\"key-pairs\""), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_hears_its_own), RIG_TEST(test_steps),
        RIG_TEST(test_volumes),       RIG_TEST(test_groups_and_rules),
        RIG_TEST(test_tags),          RIG_TEST(test_goes_on),
        RIG_TEST(test_bad_cursors),   RIG_TEST(test_lives_so_long),
        RIG_TEST(test_makes_room),    RIG_TEST(test_paces),
        RIG_TEST(test_lost_turn),     RIG_TEST(test_restore),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
