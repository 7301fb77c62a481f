/* What the zone says of its room: counted as hosts are chosen, and up to which revision. */
#include "tests/unit/cluster_rig.h"

#include "base/rng.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int64_t fits(const struct wire_capacity *said, const char *type)
{
    for (size_t i = 0; i < said->fits_len; i++)
        if (str_eq(said->fits[i].type, type))
            return said->fits[i].count;
    return -1;
}

static void speak(struct cluster_rig *r, size_t host, const char *capacity)
{
    r->hosts[host].capacity = capacity;
    cluster_rig_host(r, &r->hosts[host], NULL, NULL, 0, NULL);
}

static const char a_gib_and_more[] =
    "{\"room\":[{\"class\":\"memory_mib\",\"total\":1300},{\"class\":\"vcpu\",\"total\":1},"
    "{\"class\":\"disk_gib\",\"total\":10}]}";

/* ARCHITECTURE 10: a guest takes more than its memory, a core carries several vCPUs, and what is
 * left on two hosts is no room for what needs it on one. */
static void types_are_counted_host_by_host(void **state)
{
    struct cluster_rig r;
    (void)state;
    cluster_rig_init(&r);
    cluster_rig_wish(&r, "type", "t1.nano", 1, "", "{\"vcpus\":1,\"memory_mib\":128}");
    cluster_rig_wish(&r, "type", "t1.medium", 1, "", "{\"vcpus\":2,\"memory_mib\":1024}");
    cluster_rig_wish(&r, "type", "m1.small", 1, "", "{\"vcpus\":1,\"memory_mib\":2048}");
    speak(&r, 0, a_gib_and_more);
    speak(&r, 1, a_gib_and_more);
    struct wire_capacity said = cluster_rig_capacity(&r);
    assert_int_equal(fits(&said, "t1.nano"), 2 * 4); /* four vCPUs, before 1300 / 258 MiB */
    assert_int_equal(fits(&said, "t1.medium"), 2);   /* 1024 + 148 of 1300 */
    assert_int_equal(fits(&said, "m1.small"), 0);    /* 2600 MiB, but not on one */

    cluster_rig_wish(&r, "type", "m1.small", 1, "deleted", "");
    said = cluster_rig_capacity(&r);
    assert_int_equal(fits(&said, "m1.small"), -1);
    cluster_rig_fini(&r);
}

static void what_cannot_start_is_not_counted(void **state)
{
    struct cluster_rig r;
    (void)state;
    cluster_rig_init(&r);
    cluster_rig_wish(&r, "type", "t1.nano", 1, "", "{\"vcpus\":1,\"memory_mib\":128}");
    speak(&r, 0,
          "{\"room\":[{\"class\":\"memory_mib\",\"total\":1300},{\"class\":\"vcpu\","
          "\"total\":1},{\"class\":\"disk_gib\",\"total\":0}]}");
    r.hosts[1].health = "the disk fails";
    speak(&r, 1, a_gib_and_more);
    struct wire_capacity said = cluster_rig_capacity(&r);
    assert_int_equal(fits(&said, "t1.nano"), 0);
    cluster_rig_fini(&r);
}

/* PROTOCOL 6: all up to placed_rev is placed or refused; what waits for a host to be heard is
 * neither, and the cloud goes on taking it off. */
static void what_waits_is_not_said_to_be_placed(void **state)
{
    struct cluster_rig r;
    (void)state;
    cluster_rig_init(&r);
    cluster_rig_wish(&r, "type", "t1.nano", 1, "", "{\"vcpus\":1,\"memory_mib\":128}");
    cluster_rig_wish(&r, "instance", "i-1", 1, "", cluster_rig_instance(&r, 128));
    cluster_rig_wish(&r, "type", "t1.micro", 1, "", "{\"vcpus\":1,\"memory_mib\":256}");
    struct wire_capacity said = cluster_rig_capacity(&r);
    assert_int_equal(said.placed_rev, 1);
    assert_null(
        cluster_rig_said(&r, "i-1")); /* nor refused: a host that is known may yet be heard */

    speak(&r, 0, a_gib_and_more);
    cluster_rig_advance(&r, r.config.timing.heartbeat_ms);
    cluster_rig_host(&r, &r.hosts[0], NULL, NULL, 0, NULL);
    assert_non_null(cluster_rig_held(&r.hosts[0], "i-1"));
    said = cluster_rig_capacity(&r);
    assert_int_equal(said.placed_rev, 3);
    assert_int_equal(fits(&said, "t1.nano"), 3);
    cluster_rig_fini(&r);
}

/* ---- sums are kept by what changes, and are what a new run counts from the rows -------------- */

enum { GUESTS = 12, STEPS = 200 };

struct life {
    struct cluster_rig rig;
    char id[GUESTS][8];
    int64_t generation[GUESTS], drain_n[CLUSTER_RIG_HOSTS];
    bool is_wished[GUESTS], is_drained[CLUSTER_RIG_HOSTS];
};

static void say_gone(struct life *l, const char *id)
{
    for (size_t i = 0; i < CLUSTER_RIG_HOSTS; i++) {
        struct cluster_rig_host *h = &l->rig.hosts[i];
        speak(&l->rig, i, a_gib_and_more);
        const struct wire_item *held = cluster_rig_held(h, id);
        if (held != NULL && *held->gone != '\0')
            cluster_rig_host(&l->rig, h, "instance", id, held->pepoch, NULL);
    }
}

static void change_guest(struct life *l, size_t n, int memory_mib)
{
    bool ends = l->is_wished[n] && memory_mib > 500;
    l->generation[n]++;
    cluster_rig_wish(&l->rig, "instance", l->id[n], l->generation[n], ends ? "deleted" : "",
                     ends ? "" : cluster_rig_instance(&l->rig, memory_mib));
    l->is_wished[n] = !ends;
    if (ends)
        say_gone(l, l->id[n]);
}

static void change_host(struct life *l, size_t n, bool is_health)
{
    struct cluster_rig_host *h = &l->rig.hosts[n];
    if (is_health) {
        h->health = *h->health == '\0' ? "the disk fails" : "";
        return;
    }
    l->is_drained[n] = !l->is_drained[n];
    cluster_rig_wish(&l->rig, "drain", h->node, ++l->drain_n[n], l->is_drained[n] ? "" : "deleted",
                     l->is_drained[n] ? "{}" : "");
}

static void speak_all(struct life *l)
{
    for (size_t i = 0; i < CLUSTER_RIG_HOSTS; i++)
        speak(&l->rig, i, a_gib_and_more);
}

static void check_sums(struct life *l)
{
    speak_all(l);
    struct wire_capacity kept = cluster_rig_capacity(&l->rig);
    cluster_rig_restart(&l->rig);
    speak_all(l);
    struct wire_capacity counted = cluster_rig_capacity(&l->rig);
    assert_int_equal(fits(&kept, "t1.nano"), fits(&counted, "t1.nano"));
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(kept.room[i].total, counted.room[i].total);
        assert_int_equal(kept.room[i].free, counted.room[i].free);
    }
}

static void sums_follow_what_changes(void **state)
{
    static struct life l;
    struct rng_seeded seed = {.state = 11};
    struct rng rng = rng_seeded(&seed);
    (void)state;
    l = (struct life){0};
    cluster_rig_init(&l.rig);
    cluster_rig_wish(&l.rig, "type", "t1.nano", 1, "", "{\"vcpus\":1,\"memory_mib\":128}");
    speak_all(&l);
    for (size_t i = 0; i < GUESTS; i++)
        snprintf(l.id[i], sizeof l.id[i], "i-%zu", i);
    for (int step = 0; step < STEPS; step++) {
        if (rng_below(&rng, 3) > 0)
            change_guest(&l, rng_below(&rng, GUESTS), 100 + (int)rng_below(&rng, 800));
        else
            change_host(&l, rng_below(&rng, CLUSTER_RIG_HOSTS), rng_below(&rng, 2) == 0);
        if (step % 20 == 19)
            check_sums(&l);
    }
    cluster_rig_fini(&l.rig);
}

static int64_t waiting(struct cluster_rig *r)
{
    return store_i64(r->store, -1, "SELECT count(*) FROM instance WHERE host=''", "");
}

/* A zone that starts with many that wait: as if their wishes had come in its last turn. */
static void wait_many(struct cluster_rig *r, int count)
{
    struct err err = {0};
    store_begin(r->store);
    for (int i = 0; i < count; i++) {
        const char *id = arena_printf(&r->arena, "i-%03d", i);
        store_run(r->store,
                  "INSERT INTO got(kind, id, pepoch, generation, number, gone, body)"
                  " VALUES('instance', ?, 1, 1, 0, '', ?)",
                  "ss", id, cluster_rig_instance(r, 64));
        store_run(r->store,
                  "INSERT INTO instance(id, generation, reservation, minimum, memory_mib, vcpus,"
                  " disk_bytes, since_ms, guest_mib) VALUES(?1, 1, 'r-'||?1, 1, 64, 1, 1, 0, 64)",
                  "s", id);
    }
    enum err_code code = store_commit(r->store, &err);
    assert_int_equal(code, ERR_OK);
}

/* Page by page, each in a turn of its own; what came meanwhile is not passed by, whatever its name.
 */
static void many_are_placed_over_several_turns(void **state)
{
    struct cluster_rig r;
    (void)state;
    cluster_rig_init(&r);
    wait_many(&r, 150);
    cluster_rig_restart(&r);
    for (size_t i = 0; i < CLUSTER_RIG_HOSTS; i++)
        speak(&r, i,
              "{\"room\":[{\"class\":\"memory_mib\",\"total\":65536},{\"class\":\"vcpu\","
              "\"total\":64},{\"class\":\"disk_gib\",\"total\":1000}]}");
    cluster_rig_advance(&r, r.config.timing.heartbeat_ms);
    assert_int_equal(waiting(&r), 150 - 64);
    cluster_rig_wish(&r, "instance", "i-new", 1, "", cluster_rig_instance(&r, 64));
    while (r.turn.core.wake_at(r.turn.core.self) <= r.at.mono_ms)
        cluster_rig_advance(&r, 0);
    assert_int_equal(waiting(&r), 0);
    cluster_rig_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_are_counted_host_by_host),
        cmocka_unit_test(what_cannot_start_is_not_counted),
        cmocka_unit_test(what_waits_is_not_said_to_be_placed),
        cmocka_unit_test(sums_follow_what_changes),
        cmocka_unit_test(many_are_placed_over_several_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
