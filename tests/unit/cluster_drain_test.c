/* A drained host takes nothing new and keeps what it has; the cloud hears why an instance is where
 * it is, and a subscriber hears counts. */
#include "tests/unit/cluster_rig.h"

#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char room[] =
    "{\"room\":[{\"class\":\"memory_mib\",\"total\":4000},{\"class\":\"vcpu\",\"total\":8},"
    "{\"class\":\"disk_gib\",\"total\":100}]}";

static void speak(struct cluster_rig *r)
{
    for (size_t i = 0; i < CLUSTER_RIG_HOSTS; i++) {
        r->hosts[i].capacity = room;
        cluster_rig_host(r, &r->hosts[i], NULL, NULL, 0, NULL);
    }
}

static const struct wire_host_seen *host_in(const struct wire_capacity *said, const char *id)
{
    for (size_t i = 0; i < said->hosts_len; i++)
        if (str_eq(said->hosts[i].id, id))
            return &said->hosts[i];
    fail_msg("%s is not said", id);
    return NULL;
}

static void a_drained_host_takes_nothing_new(void **state)
{
    struct cluster_rig r;
    (void)state;
    cluster_rig_init(&r);
    speak(&r);
    cluster_rig_wish(&r, "instance", "i-1", 1, "", cluster_rig_instance(&r, 128));
    speak(&r);
    assert_non_null(cluster_rig_held(&r.hosts[0], "i-1"));
    cluster_rig_wish(&r, "drain", "h1", 1, "", "{}");
    cluster_rig_wish(&r, "drain", "h2", 1, "", "{}");
    cluster_rig_wish(&r, "instance", "i-2", 1, "", cluster_rig_instance(&r, 128));
    cluster_rig_wish(&r, "instance", "i-3", 1, "", cluster_rig_instance(&r, 128));
    speak(&r);
    assert_non_null(cluster_rig_held(&r.hosts[2], "i-2"));
    assert_non_null(cluster_rig_held(&r.hosts[2], "i-3"));
    assert_string_equal(cluster_rig_held(&r.hosts[0], "i-1")->gone, "");
    struct wire_capacity said = cluster_rig_capacity(&r);
    assert_true(host_in(&said, "h1")->drained && !host_in(&said, "h3")->drained);
    assert_int_equal(said.room[0].total, 4000); /* what is drained is no room to start in */

    cluster_rig_wish(&r, "drain", "h2", 1, "deleted", "");
    cluster_rig_wish(&r, "instance", "i-4", 1, "", cluster_rig_instance(&r, 128));
    speak(&r);
    assert_non_null(cluster_rig_held(&r.hosts[1], "i-4"));
    cluster_rig_fini(&r);
}

static void a_drain_is_remembered(void **state)
{
    struct cluster_rig r;
    (void)state;
    cluster_rig_init(&r);
    speak(&r);
    cluster_rig_wish(&r, "drain", "h1", 1, "", "{}");
    cluster_rig_restart(&r);
    speak(&r);
    struct wire_capacity said = cluster_rig_capacity(&r);
    assert_true(host_in(&said, "h1")->drained && !host_in(&said, "h2")->drained);
    cluster_rig_fini(&r);
}

static struct wire_placement explained(struct cluster_rig *r, const char *id)
{
    struct wire_placement d = {0};
    struct err err = {0};
    cluster_rig_ask(r, "placement", id);
    assert_int_equal(r->idle.tell_len + r->busy.tell_len, 1);
    const struct wire_note *note = r->idle.tell_len > 0 ? r->idle.tell : r->busy.tell;
    assert_string_equal(note->kind, "placement");
    assert_string_equal(note->id, id);
    assert_int_equal(
        wire_decode(&wire_placement_type, note->body, strlen(note->body), &r->arena, &d, &err),
        ERR_OK);
    return d;
}

static struct wire_instance_seen said_of(struct cluster_rig *r, const char *id)
{
    struct wire_instance_seen seen = {0};
    struct err err = {0};
    const struct wire_item *fact = cluster_rig_said(r, id);
    assert_non_null(fact);
    assert_int_equal(wire_decode(&wire_instance_seen_type, fact->body, strlen(fact->body),
                                 &r->arena, &seen, &err),
                     ERR_OK);
    return seen;
}

/* A refusal answers the generation under which it was asked; asked under a newer one the zone looks
 * again, and answers again: a restored cloud has not heard the first. */
static void what_found_no_host_is_answered_for_each_generation(void **state)
{
    struct cluster_rig r;
    (void)state;
    cluster_rig_init(&r);
    speak(&r);
    cluster_rig_wish(&r, "instance", "i-1", 1, "", cluster_rig_instance(&r, 9000));
    assert_string_equal(said_of(&r, "i-1").state, "refused");
    cluster_rig_wish(&r, "instance", "i-1", 2, "", cluster_rig_instance(&r, 9000));
    cluster_rig_ask(&r, "placement", "i-1"); /* the cloud takes the first, and hears this */
    assert_non_null(cluster_rig_said(&r, "i-1"));
    assert_int_equal(cluster_rig_said(&r, "i-1")->generation, 2);
    assert_string_equal(said_of(&r, "i-1").state, "refused");
    cluster_rig_wish(&r, "instance", "i-1", 3, "", cluster_rig_instance(&r, 128));
    speak(&r);
    assert_non_null(cluster_rig_held(&r.hosts[0], "i-1"));
    cluster_rig_fini(&r);
}

/* A step goes up as it is; one that its host would not start waits for the next host, and what the
 * first one has of it is said until then. */
static void a_refused_one_waits_for_another_host(void **state)
{
    struct cluster_rig r;
    (void)state;
    cluster_rig_init(&r);
    speak(&r);
    cluster_rig_wish(&r, "instance", "i-1", 1, "", cluster_rig_instance(&r, 128));
    speak(&r);
    cluster_rig_host(&r, &r.hosts[0], "instance", "i-1", 1,
                     "{\"state\":\"pending\",\"step\":\"image\",\"step_percent\":40}");
    assert_string_equal(said_of(&r, "i-1").step, "image");
    assert_int_equal(said_of(&r, "i-1").step_percent, 40);
    cluster_rig_host(&r, &r.hosts[0], "instance", "i-1", 1,
                     "{\"state\":\"refused\",\"detail\":\"no\",\"public_address\":\"192.0.2.1\"}");
    cluster_rig_ask(&r, "placement", "i-1"); /* the cloud takes the first, and hears this */
    struct wire_instance_seen seen = said_of(&r, "i-1");
    assert_string_equal(seen.state, "pending");
    assert_string_equal(seen.step, "host");
    assert_string_equal(seen.public_address, "192.0.2.1"); /* not free before its end is heard */
    assert_true(seen.step_percent == 0 && *seen.detail == '\0');
    cluster_rig_fini(&r);
}

static void an_admin_hears_why_here_and_not_there(void **state)
{
    struct cluster_rig r;
    (void)state;
    cluster_rig_init(&r);
    speak(&r);
    cluster_rig_wish(&r, "drain", "h1", 1, "", "{}");
    cluster_rig_wish(&r, "instance", "i-1", 1, "", cluster_rig_instance(&r, 1000));
    struct wire_placement d = explained(&r, "i-1");
    assert_string_equal(d.host, "h2");
    assert_string_equal(d.strategy, "spread");
    assert_string_equal(d.counts, "of 3 hosts: 1 taking no new instances");
    assert_int_equal(d.at_wall_ms, r.at.wall_ms);
    assert_int_equal(d.verdicts_len, 3);
    assert_string_equal(d.verdicts[0].host, "h2"); /* the chosen one first */
    assert_string_equal(d.verdicts[0].text,
                        "with it 27 % of memory, 3 % of vCPUs, 1 % of disk in use");
    assert_string_equal(d.verdicts[1].host, "h1");
    assert_string_equal(d.verdicts[1].text, "taking no new instances");
    cluster_rig_fini(&r);
}

static void a_refusal_is_explained_too(void **state)
{
    struct cluster_rig r;
    (void)state;
    cluster_rig_init(&r);
    speak(&r);
    cluster_rig_wish(&r, "drain", "h3", 1, "", "{}");
    cluster_rig_wish(&r, "instance", "i-1", 1, "", cluster_rig_instance(&r, 8192));
    const struct wire_item *said = cluster_rig_said(&r, "i-1");
    assert_non_null(said);
    assert_non_null(
        strstr(said->body, "of 3 hosts: 1 taking no new instances, 2 without 8451 MiB of memory"));
    struct wire_placement d = explained(&r, "i-1");
    assert_string_equal(d.host, "");
    assert_string_equal(d.verdicts[0].text, "8451 MiB of memory wanted, 4000 free");
    cluster_rig_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_drained_host_takes_nothing_new),
        cmocka_unit_test(a_drain_is_remembered),
        cmocka_unit_test(what_found_no_host_is_answered_for_each_generation),
        cmocka_unit_test(a_refused_one_waits_for_another_host),
        cmocka_unit_test(an_admin_hears_why_here_and_not_there),
        cmocka_unit_test(a_refusal_is_explained_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
