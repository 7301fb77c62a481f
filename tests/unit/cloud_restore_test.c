/* cloud_restore_test.c - a cloud-manager whose store is older than what its children hold: what
 * they say is taken in, and nothing happens before all have said it (PROTOCOL 7, I19, R14). */
#include "tests/unit/cloud_rig.h"

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

/* I19, R14: after a restore nothing changes until all children have said what they hold; then what
 * was made later is taken in, what was ended later ends, and what was asked later is wanted. */
static void test_restore(void **state)
{
    (void)state;
    const char *stopped_later = rig_run(&rig, &world, "");
    const char *ended_later = rig_run(&rig, &world, "");
    rig_say(&rig, &world.cluster, "instance", stopped_later, 1, running);
    rig_say(&rig, &world.cluster, "instance", ended_later, 1, running);
    size_t len;
    void *dump = store_dump(rig.store, &len);
    const char *made_later = rig_run(&rig, &world, "");
    rig_pull(&rig, &world.cluster);
    rig_say(&rig, &world.cluster, "instance", made_later, 1, running);
    rig_ask(&rig, "StopInstances", stopped_later);
    rig_ask(&rig, "TerminateInstances", ended_later);
    rig_pull(&rig, &world.cluster);

    rig_restore(&rig, dump, len);
    free(dump);
    rig_fails(&rig, "Action=CreateKeyPair&Version=2016-11-15&KeyName=k&KeyType=ed25519", 503,
              "Unavailable");
    assert_int_equal(rows("SELECT count(*) FROM instance"), 2);
    rig_return(&rig, &world.cluster);
    assert_int_equal(rows("SELECT count(*) FROM instance"), 2); /* dos is still to come */
    rig_return(&rig, &world.dos);
    assert_string_equal(rig_state_of(&rig, made_later), "pending");
    assert_string_equal(rig_state_of(&rig, stopped_later), "stopping");
    assert_string_equal(rig_state_of(&rig, ended_later), "shutting-down");
    assert_int_equal(rows("SELECT count(DISTINCT address) FROM port"), 3);
    assert_int_equal(rows("SELECT instances FROM usage"), 3);
    rig_pull(&rig, &world.cluster);
    const struct wire_item *wish = rig_wish(&world.cluster, "instance", made_later);
    assert_non_null(wish);
    assert_string_equal(wish->gone, "");
    wish = rig_wish(&world.cluster, "instance", ended_later);
    assert_string_equal(wish->gone, "deleted");
    rig_say(&rig, &world.cluster, "instance", made_later, 1, running);
    assert_string_equal(rig_state_of(&rig, made_later), "running");
}

/* One that the backup has as stopping, and that was started again since: it was stopped meanwhile,
 * so it is pending now, and running when its cluster says so. */
static void test_restore_of_one_started_later(void **state)
{
    (void)state;
    const char *id = rig_run(&rig, &world, "");
    rig_say(&rig, &world.cluster, "instance", id, 1, running);
    rig_ask(&rig, "StopInstances", id);
    size_t len;
    void *dump = store_dump(rig.store, &len);
    rig_say(&rig, &world.cluster, "instance", id, 2, off_asked);
    rig_ask(&rig, "StartInstances", id);
    rig_pull(&rig, &world.cluster);
    rig_say(&rig, &world.cluster, "instance", id, 3, running);
    assert_string_equal(rig_state_of(&rig, id), "running");

    rig_restore(&rig, dump, len);
    free(dump);
    assert_string_equal(rig_state_of(&rig, id), "stopping");
    rig_return(&rig, &world.cluster);
    rig_return(&rig, &world.dos);
    assert_string_equal(rig_state_of(&rig, id), "pending");
    assert_int_equal(rows("SELECT count(*) FROM instance WHERE reason_code<>''"), 0);
    rig_pull(&rig, &world.cluster);
    const struct wire_item *wish = rig_wish(&world.cluster, "instance", id);
    assert_true(wish->generation > 3);
    rig_say(&rig, &world.cluster, "instance", id, wish->generation, running);
    assert_string_equal(rig_state_of(&rig, id), "running");
}

/* I23: an end is never taken back. The cluster holds a later wish, of a life between this backup
 * and an earlier one: it hears of the end above that. */
static void test_restore_of_one_ended_before(void **state)
{
    size_t len;
    (void)state;
    const char *id = rig_run(&rig, &world, "");
    rig_say(&rig, &world.cluster, "instance", id, 1, running);
    struct wire_item wish = *rig_known(&world.cluster, "instance", id);
    rig_ask(&rig, "TerminateInstances", id);
    void *dump = store_dump(rig.store, &len);
    wish.generation = 7;
    for (size_t i = 0; i < world.cluster.held_len; i++)
        if (str_eq(world.cluster.held[i].id, id))
            world.cluster.held[i] = wish;

    rig_restore(&rig, dump, len);
    free(dump);
    rig_return(&rig, &world.cluster);
    rig_return(&rig, &world.dos);
    assert_string_equal(rig_state_of(&rig, id), "shutting-down");
    rig_pull(&rig, &world.cluster);
    const struct wire_item *end = rig_known(&world.cluster, "instance", id);
    assert_string_equal(end->gone, "deleted");
    assert_true(end->generation > 7);
    rig_say(&rig, &world.cluster, "instance", id, end->generation, NULL);
    assert_string_equal(rig_state_of(&rig, id), "terminated");
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
    (void)state;
    size_t len;
    void *dump = store_dump(rig.store, &len);
    const char *made = rig_run(&rig, &world, later);
    const char *ended = rig_run(&rig, &world, "&ClientToken=ended");
    rig_pull(&rig, &world.cluster);
    rig_ok(&rig, arena_printf(&rig.arena,
                              "Action=CreateTags&Version=2016-11-15&ResourceId.1=%s"
                              "&Tag.1.Key=added&Tag.1.Value=two",
                              made));
    rig_ask(&rig, "TerminateInstances", ended);
    rig_pull(&rig, &world.cluster);
    rig_say(&rig, &world.cluster, "instance", ended, 2, NULL);

    rig_restore(&rig, dump, len);
    free(dump);
    rig_return(&rig, &world.cluster);
    rig_return(&rig, &world.dos);
    rig_capacity(&rig, &world.cluster, world.cluster.capacity);
    assert_string_equal(rig_run(&rig, &world, later), made);
    assert_string_equal(rig_run(&rig, &world, "&ClientToken=ended"), ended);
    assert_string_equal(rig_state_of(&rig, ended),
                        "shutting-down"); /* it holds its address till ... */
    assert_int_equal(rows("SELECT count(DISTINCT address) FROM port"), 2);
    rig_pull(&rig, &world.cluster);
    assert_string_equal(rig_known(&world.cluster, "instance", ended)->gone, "deleted");
    rig_say(&rig, &world.cluster, "instance", ended, 2, NULL);
    assert_string_equal(rig_state_of(&rig, ended), "terminated");
    assert_int_equal(rows("SELECT count(*) FROM port"), 1);
    assert_int_equal(rows("SELECT count(*) FROM instance"), 2);
    rig_fails(&rig,
              arena_printf(&rig.arena,
                           "Action=RunInstances&Version=2016-11-15&ImageId=%s&InstanceType=t1.nano"
                           "&MinCount=1&MaxCount=2&ClientToken=ended",
                           world.image),
              400, "IdempotentParameterMismatch");
    assert_int_equal(rows("SELECT count(*) FROM instance WHERE on_shutdown='terminate'"), 1);
    const char *tags = rig_ok(&rig, "Action=DescribeTags&Version=2016-11-15");
    assert_non_null(strstr(tags, "<key>Name</key>"));
    assert_non_null(strstr(tags, "<key>added</key>"));
    assert_non_null(strstr(tags, "<resourceType>volume</resourceType><key>of</key>"));
}

/* An image that was registered after the backup is taken from what its dos returns. */
static void test_restore_of_an_image(void **state)
{
    (void)state;
    size_t len;
    void *dump = store_dump(rig.store, &len);
    const char *body = rig_ok(&rig, "Action=RegisterImage&Version=2016-11-15&Name=other"
                                    "&ImageLocation=images%2Fother.qcow2&Description=of+later");
    const char *image = rig_text(&rig, body, "imageId");
    rig_pull(&rig, &world.dos);
    rig_restore(&rig, dump, len);
    free(dump);
    rig_return(&rig, &world.cluster);
    rig_return(&rig, &world.dos);
    rig_say(&rig, &world.dos, "image", image, 1,
            "{\"state\":\"available\",\"size_bytes\":134217728}");
    body = rig_ok(
        &rig,
        arena_printf(&rig.arena, "Action=DescribeImages&Version=2016-11-15&ImageId.1=%s", image));
    assert_non_null(strstr(body, "<imageState>available</imageState>"));
    assert_non_null(strstr(body, "<name>other</name>"));
    assert_non_null(strstr(body, "<description>of later</description>"));
}

/* What the cluster holds about having that image, "wished" or "no longer", and since when. */
static const char *seeding(const char *image, int64_t *generation)
{
    const struct wire_item *wish = rig_known(&world.cluster, "seed", image);
    assert_non_null(wish);
    *generation = wish->generation;
    return *wish->gone == '\0' ? "wished" : "no longer";
}

static void seed(const char *action, const char *image)
{
    rig_ok(&rig,
           arena_printf(&rig.arena, "Action=%s&Version=2016-11-15&ImageId=%s&AvailabilityZone=laba",
                        action, image));
    rig_pull(&rig, &world.cluster);
}

static size_t seeds_shown(void)
{
    return rig_count(rig_ok(&rig, "Action=DescribeImageSeeds&Version=2016-11-15"), "<item>");
}

/* An order about seeds that was answered stands, also when the cluster returns what it had before:
 * it may be the cluster whose store went back. What is ordered next is told, and taken. */
static void test_restore_of_seeds_of_an_older_cluster(void **state)
{
    size_t len;
    int64_t held, told;
    (void)state;
    seed("SeedImage", world.image);
    struct wire_item before = *rig_known(&world.cluster, "seed", world.image);
    seed("UnseedImage", world.image);
    assert_string_equal(seeding(world.image, &told), "no longer");
    void *dump = store_dump(rig.store, &len);
    held = before.generation;
    for (size_t i = 0; i < world.cluster.held_len; i++)
        if (str_eq(world.cluster.held[i].kind, "seed"))
            world.cluster.held[i] = before;

    rig_restore(&rig, dump, len);
    free(dump);
    rig_return(&rig, &world.cluster);
    rig_return(&rig, &world.dos);
    assert_int_equal(seeds_shown(), 0);
    rig_pull(&rig, &world.cluster);
    assert_string_equal(seeding(world.image, &told), "no longer");
    assert_true(told >= held); /* an end is told under the generation that it ends */
    held = told;
    seed("SeedImage", world.image);
    assert_string_equal(seeding(world.image, &told), "wished");
    assert_true(told > held);
    assert_int_equal(seeds_shown(), 1);
}

/* The other way round: what was ordered after the cloud's backup is taken from the cluster, and
 * none is told later under a generation that the cluster has recorded. */
static void test_restore_of_seeds_ordered_later(void **state)
{
    size_t len;
    int64_t held, told;
    (void)state;
    seed("SeedImage", world.image);
    void *dump = store_dump(rig.store, &len);
    seed("UnseedImage", world.image);
    seed("SeedImage", world.image);
    seed("UnseedImage", world.image);
    assert_string_equal(seeding(world.image, &held), "no longer");

    rig_restore(&rig, dump, len);
    free(dump);
    assert_int_equal(seeds_shown(), 1);
    rig_return(&rig, &world.cluster);
    rig_return(&rig, &world.dos);
    assert_int_equal(seeds_shown(), 0);
    seed("SeedImage", world.image);
    assert_string_equal(seeding(world.image, &told), "wished");
    assert_true(told > held);
    assert_int_equal(rows("SELECT generation FROM seed"), told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_restore),
        RIG_TEST(test_restore_of_one_started_later),
        RIG_TEST(test_restore_of_one_ended_before),
        RIG_TEST(test_restore_of_what_only_the_cloud_knows),
        RIG_TEST(test_restore_of_an_image),
        RIG_TEST(test_restore_of_seeds_of_an_older_cluster),
        RIG_TEST(test_restore_of_seeds_ordered_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
