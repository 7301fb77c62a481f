/* The merge after a restore (R14): what hosts hold, and what runs there without any wish. */
#include "tests/unit/cluster_rig.h"

#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char room[] =
    "{\"room\":[{\"class\":\"memory_mib\",\"total\":4000},{\"class\":\"vcpu\",\"total\":4},"
    "{\"class\":\"disk_gib\",\"total\":100}]}";

static void speak(struct cluster_rig *r)
{
    for (int i = 0; i < CLUSTER_RIG_HOSTS; i++) {
        r->hosts[i].capacity = room;
        cluster_rig_host(r, &r->hosts[i], NULL, NULL, 0, NULL);
    }
}

static struct cluster_rig_host *host_of(struct cluster_rig *r, const char *id)
{
    for (int i = 0; i < CLUSTER_RIG_HOSTS; i++) {
        const struct wire_item *held = cluster_rig_held(&r->hosts[i], id);
        if (held != NULL && *held->gone == '\0')
            return &r->hosts[i];
    }
    return NULL;
}

/* i-1 is on one host; the backup; there it is refused and goes to another one, at pepoch 2. */
static struct cluster_rig_host *move_after_backup(struct cluster_rig *r, void **dump, size_t *len)
{
    speak(r);
    cluster_rig_wish(r, "instance", "i-1", 1, "", cluster_rig_instance(r, 128));
    speak(r);
    struct cluster_rig_host *from = host_of(r, "i-1");
    assert_non_null(from);
    *dump = store_dump(r->store, len);
    cluster_rig_host(r, from, "instance", "i-1", 1,
                     "{\"state\":\"refused\",\"reason\":\"Server.InternalError\"}");
    cluster_rig_host(r, from, "instance", "i-1", 1, NULL);
    from->held_len = 0; /* its tombstone is forgotten by and by */
    speak(r);
    struct cluster_rig_host *to = host_of(r, "i-1");
    assert_non_null(to);
    assert_int_equal(cluster_rig_held(to, "i-1")->pepoch, 2);
    return to;
}

static void return_all(struct cluster_rig *r, const struct cluster_rig_host *but)
{
    for (int i = 0; i < CLUSTER_RIG_HOSTS; i++)
        if (&r->hosts[i] != but) {
            cluster_rig_return(r, &r->hosts[i]);
            cluster_rig_host(r, &r->hosts[i], NULL, NULL, 0, NULL);
        }
}

/* Its host was installed anew and holds no wish, but its domain runs there: it is placed there, and
 * nowhere else. */
static void a_quarantined_domain_is_where_its_instance_is(void **state)
{
    struct cluster_rig r;
    void *dump;
    size_t len;
    (void)state;
    cluster_rig_init(&r);
    struct cluster_rig_host *to = move_after_backup(&r, &dump, &len);
    cluster_rig_restore(&r, dump, len);
    free(dump);
    cluster_rig_reboot(to, true);
    return_all(&r, to);
    cluster_rig_return(&r, to);
    assert_true(to->last.recovery);
    cluster_rig_host(&r, to, "stray", "i-1", 2, "{}");
    speak(&r);
    assert_null(host_of(&r, "i-1")); /* not before it is gone where the backup has it (R10) */
    cluster_rig_host(&r, &r.hosts[0], "instance", "i-1", 1, NULL);
    speak(&r);
    assert_ptr_equal(host_of(&r, "i-1"), to);
    assert_int_equal(cluster_rig_held(to, "i-1")->pepoch, 2);
    cluster_rig_fini(&r);
}

/* One that no store knows stays where it is and is ended by nobody. */
static void a_domain_that_nobody_knows_stays_in_quarantine(void **state)
{
    struct cluster_rig r;
    size_t len;
    (void)state;
    cluster_rig_init(&r);
    speak(&r);
    void *dump = store_dump(r.store, &len);
    cluster_rig_restore(&r, dump, len);
    free(dump);
    return_all(&r, &r.hosts[0]);
    cluster_rig_return(&r, &r.hosts[0]);
    cluster_rig_host(&r, &r.hosts[0], "stray", "i-9", 7, "{}");
    speak(&r);
    assert_false(r.hosts[0].last.recovery);
    assert_null(cluster_rig_held(&r.hosts[0], "i-9"));
    cluster_rig_fini(&r);
}

/* i-9 runs on the first host, which was installed anew, and this store knows nothing of it. */
static void find_in_quarantine(struct cluster_rig *r)
{
    size_t len;
    cluster_rig_init(r);
    speak(r);
    void *dump = store_dump(r->store, &len);
    cluster_rig_restore(r, dump, len);
    free(dump);
    return_all(r, &r->hosts[0]);
    cluster_rig_return(r, &r->hosts[0]);
    cluster_rig_host(r, &r->hosts[0], "stray", "i-9", 7, "{}");
    speak(r);
    assert_false(r->hosts[0].last.recovery);
}

/* I1: its wish comes from the cloud afterwards. */
static void a_quarantined_domain_takes_the_wish_that_comes_later(void **state)
{
    struct cluster_rig r;
    (void)state;
    find_in_quarantine(&r);
    cluster_rig_wish(&r, "instance", "i-9", 1, "", cluster_rig_instance(&r, 128));
    speak(&r);
    assert_ptr_equal(host_of(&r, "i-9"), &r.hosts[0]);
    assert_int_equal(cluster_rig_held(&r.hosts[0], "i-9")->pepoch, 7);
    cluster_rig_fini(&r);
}

/* I7: and so does its end, which is not called gone before that host says so. */
static void a_quarantined_domain_ends_before_it_is_called_gone(void **state)
{
    static const char said[] = "SELECT 1 FROM said WHERE id='i-9' AND gone<>''";
    struct cluster_rig r;
    (void)state;
    find_in_quarantine(&r);
    cluster_rig_wish(&r, "instance", "i-9", 2, "deleted", "");
    speak(&r);
    assert_false(store_has(r.store, said, ""));
    const struct wire_item *held = cluster_rig_held(&r.hosts[0], "i-9");
    assert_non_null(held);
    assert_string_equal(held->gone, "deleted");
    assert_int_equal(held->pepoch, 7);
    cluster_rig_host(&r, &r.hosts[0], "instance", "i-9", 7, NULL);
    assert_true(store_has(r.store, said, ""));
    cluster_rig_fini(&r);
}

/* The cloud may have been restored as well: what a host holds is a wish of the cloud's again,
 * without what this cluster had put into it, and an end is an end, with what it ends: its address
 * is nobody else's until it is gone. */
static void what_hosts_hold_is_remembered_for_the_cloud(void **state)
{
    struct cluster_rig r;
    size_t len;
    (void)state;
    cluster_rig_init(&r);
    speak(&r);
    cluster_rig_wish(&r, "instance", "i-1", 1, "", cluster_rig_instance(&r, 128));
    speak(&r);
    void *dump = store_dump(r.store, &len);
    cluster_rig_wish(&r, "instance", "i-1", 2, "deleted", "");
    cluster_rig_wish(&r, "instance", "i-2", 1, "", cluster_rig_instance(&r, 256));
    speak(&r);
    assert_non_null(host_of(&r, "i-2"));
    cluster_rig_wish(&r, "instance", "i-3", 1, "", cluster_rig_instance(&r, 128));
    speak(&r);
    assert_non_null(host_of(&r, "i-3"));
    cluster_rig_wish(&r, "instance", "i-3", 2, "deleted", "");
    speak(&r);
    assert_null(host_of(&r, "i-3"));
    cluster_rig_restore(&r, dump, len);
    free(dump);
    return_all(&r, NULL);
    assert_true(store_has(r.store,
                          "SELECT 1 FROM got WHERE kind='instance' AND id='i-2' AND pepoch=1 AND"
                          " gone='' AND body=?",
                          "s",
                          "{\"want\":\"running\",\"vcpus\":1,\"memory_mib\":256,\"disk_bytes\":"
                          "1073741824,\"reservation\":\"r-1\",\"minimum\":1,\"count\":1,\"port\":{"
                          "\"id\":\"eni-1\",\"vni\":1}}"));
    assert_true(store_has(r.store,
                          "SELECT 1 FROM got WHERE kind='instance' AND id='i-1' AND gone='deleted'"
                          " AND generation=2",
                          ""));
    assert_true(store_has(r.store,
                          "SELECT 1 FROM got WHERE kind='instance' AND id='i-3' AND gone='deleted'"
                          " AND generation=2 AND body=?",
                          "s",
                          "{\"vcpus\":1,\"memory_mib\":128,\"disk_bytes\":1073741824,"
                          "\"reservation\":\"r-1\",\"minimum\":1,\"count\":1,\"port\":{"
                          "\"id\":\"eni-1\",\"vni\":1}}"));
    cluster_rig_fini(&r);
}

/* A host's word begins RECOVERY, and an answer of the cloud was under way: what it ends, unknown
 * here, may live on a host that has not returned what it holds. */
static void nothing_is_called_gone_before_all_have_returned(void **state)
{
    static const char said[] = "SELECT 1 FROM said WHERE id='i-9' AND gone<>''";
    struct cluster_rig r;
    (void)state;
    cluster_rig_init(&r);
    speak(&r);
    cluster_rig_wish(&r, "instance", "i-1", 1, "", cluster_rig_instance(&r, 128));
    speak(&r);
    str_copy(r.hosts[0].start_id, sizeof r.hosts[0].start_id, "a later start");
    cluster_rig_host(&r, &r.hosts[0], NULL, NULL, 0, NULL);
    assert_true(r.hosts[0].last.recovery);
    cluster_rig_wish(&r, "instance", "i-9", 2, "deleted", "");
    assert_false(store_has(r.store, said, ""));
    return_all(&r, NULL);
    assert_false(r.hosts[CLUSTER_RIG_HOSTS - 1].last.recovery);
    assert_true(store_has(r.store, said, ""));
    cluster_rig_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quarantined_domain_is_where_its_instance_is),
        cmocka_unit_test(a_domain_that_nobody_knows_stays_in_quarantine),
        cmocka_unit_test(a_quarantined_domain_takes_the_wish_that_comes_later),
        cmocka_unit_test(a_quarantined_domain_ends_before_it_is_called_gone),
        cmocka_unit_test(what_hosts_hold_is_remembered_for_the_cloud),
        cmocka_unit_test(nothing_is_called_gone_before_all_have_returned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
