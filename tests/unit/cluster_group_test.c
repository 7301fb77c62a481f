/* Which hosts are told of a security group: those with a port of it, and those with a port of one
 * whose rules name it; its rules and its members by pages, each as it changes, and no more when
 * the need is gone (I12, as far as rules go). */
#include "tests/unit/cluster_rig.h"

#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define A "sg-0000000a"
#define B "sg-0000000b"
#define ROOM                                                                                \
    "{\"room\":[{\"class\":\"memory_mib\",\"total\":800},{\"class\":\"vcpu\",\"total\":4}," \
    "{\"class\":\"disk_gib\",\"total\":10}]}"

static void hear_all(struct cluster_rig *r)
{
    for (size_t i = 0; i < CLUSTER_RIG_HOSTS; i++)
        cluster_rig_host(r, &r->hosts[i], NULL, NULL, 0, NULL);
}

static void begin(struct cluster_rig *r)
{
    cluster_rig_init(r);
    for (size_t i = 0; i < CLUSTER_RIG_HOSTS; i++)
        r->hosts[i].capacity = ROOM;
    hear_all(r);
}

static void wish_instance(struct cluster_rig *r, int n, int generation, const char *group)
{
    cluster_rig_wish(
        r, "instance", arena_printf(&r->arena, "i-%d", n), generation, "",
        arena_printf(
            &r->arena,
            "{\"want\":\"running\",\"vcpus\":1,\"memory_mib\":512,\"disk_bytes\":1073741824,"
            "\"reservation\":\"r-%d\",\"minimum\":1,\"count\":1,\"port\":{\"id\":\"eni-%d\","
            "\"vni\":7,\"mac\":\"02:00:00:00:00:0%d\",\"address\":\"172.31.0.%d\","
            "\"groups\":[\"%s\"]}}",
            n, n, n, n, group));
    hear_all(r);
}

/* Instance i-N in that group, on a host of its own. */
static struct cluster_rig_host *launch(struct cluster_rig *r, int n, const char *group)
{
    wish_instance(r, n, 1, group);
    for (size_t i = 0; i < CLUSTER_RIG_HOSTS; i++)
        if (cluster_rig_held(&r->hosts[i], arena_printf(&r->arena, "i-%d", n)) != NULL)
            return &r->hosts[i];
    fail_msg("i-%d is nowhere", n);
    return NULL;
}

/* The group with one rule, in from another one. */
static void wish_rules(struct cluster_rig *r, const char *group, int generation, const char *from)
{
    cluster_rig_wish(r, "group", group, generation, "",
                     arena_printf(&r->arena,
                                  "{\"vpc\":\"vpc-1\",\"vni\":7,\"name\":\"g\",\"rules\":[{"
                                  "\"egress\":false,\"protocol\":0,\"from\":-1,\"to\":-1,"
                                  "\"cidr\":\"\",\"group\":\"%s\"}]}",
                                  from));
    hear_all(r);
}

/* `bits` is the first of its bytes; "" = nobody is in it any more. */
static void wish_page(struct cluster_rig *r, const char *group, const char *base, const char *bits)
{
    cluster_rig_wish(
        r, "members", arena_printf(&r->arena, "%s/%s", group, base), 1,
        *bits != '\0' ? "" : "deleted",
        arena_printf(&r->arena, "{\"group\":\"%s\",\"vni\":7,\"base\":\"%s\",\"bits\":\"%s%062d\"}",
                     group, base, bits, 0));
    hear_all(r);
}

/* What the host has under that id; NULL = nothing, or no more. */
static const char *told(const struct cluster_rig_host *h, const char *id)
{
    const struct wire_item *wish = cluster_rig_held(h, id);
    return wish != NULL && *wish->gone == '\0' ? wish->body : NULL;
}

static void exactly_those_that_need_it(void **state)
{
    (void)state;
    struct cluster_rig r;
    begin(&r);
    wish_rules(&r, A, 1, B);
    wish_rules(&r, B, 1, "");
    wish_page(&r, A, "172.31.0.0", "40");
    wish_page(&r, B, "172.31.0.0", "20");
    const struct cluster_rig_host *in_a = launch(&r, 1, A), *in_b = launch(&r, 2, B), *none;
    assert_ptr_not_equal(in_a, in_b);
    none = &r.hosts[3 - (in_a - r.hosts) - (in_b - r.hosts)];
    assert_non_null(told(in_a, A));
    assert_non_null(told(in_a, A "/172.31.0.0"));
    assert_non_null(told(in_a, B)); /* a rule of A names it */
    assert_non_null(told(in_a, B "/172.31.0.0"));
    assert_non_null(told(in_b, B "/172.31.0.0"));
    assert_null(told(in_b, A));
    assert_null(told(in_b, A "/172.31.0.0"));
    for (size_t i = 0; i < none->held_len; i++)
        assert_string_equal(none->held[i].kind, "share");
    /* A page that comes later goes the same ways, one that ends is taken back everywhere. */
    wish_page(&r, B, "172.31.4.0", "01");
    assert_non_null(told(in_a, B "/172.31.4.0"));
    assert_non_null(told(in_b, B "/172.31.4.0"));
    assert_null(told(none, B "/172.31.4.0"));
    wish_page(&r, B, "172.31.0.0", "");
    assert_null(told(in_a, B "/172.31.0.0"));
    assert_null(told(in_b, B "/172.31.0.0"));
    cluster_rig_fini(&r);
}

static int64_t newest(struct cluster_rig *r)
{
    return store_i64(r->store, 0, "SELECT max(rev) FROM shared WHERE kind IN ('group', 'members')",
                     "");
}

static void what_did_not_change_is_not_told_again(void **state)
{
    (void)state;
    struct cluster_rig r;
    begin(&r);
    wish_rules(&r, A, 1, A);
    wish_page(&r, A, "172.31.0.0", "40");
    const struct cluster_rig_host *h = launch(&r, 1, A);
    int64_t rev = newest(&r);
    wish_instance(&r, 1, 2, A); /* reboots, say */
    launch(&r, 2, B);
    assert_int_equal(newest(&r), rev);
    assert_int_equal(store_i64(r.store, 0, "SELECT count(*) FROM group_changed", ""), 0);
    wish_page(&r, A, "172.31.0.0", "60");
    assert_non_null(strstr(told(h, A "/172.31.0.0"), "\"60"));
    assert_int_equal(
        store_i64(r.store, 0, "SELECT count(*) FROM shared WHERE kind='group' AND rev>?", "i", rev),
        0);
    cluster_rig_fini(&r);
}

/* A rule that goes, groups that change and the last port that ends: each takes the pages along. */
static void a_need_that_ends_takes_all_back(void **state)
{
    (void)state;
    struct cluster_rig r;
    begin(&r);
    wish_rules(&r, A, 1, B);
    wish_rules(&r, B, 1, "");
    wish_page(&r, A, "172.31.0.0", "40");
    wish_page(&r, B, "172.31.0.0", "20");
    struct cluster_rig_host *h = launch(&r, 1, A);
    wish_rules(&r, A, 2, "");
    assert_null(told(h, B));
    assert_null(told(h, B "/172.31.0.0"));
    assert_non_null(told(h, A "/172.31.0.0"));
    wish_instance(&r, 1, 1, B);
    assert_null(told(h, A));
    assert_null(told(h, A "/172.31.0.0"));
    assert_non_null(told(h, B "/172.31.0.0"));
    cluster_rig_wish(&r, "instance", "i-1", 2, "deleted", "");
    hear_all(&r);
    cluster_rig_host(&r, h, "instance", "i-1", 1, NULL);
    hear_all(&r);
    assert_null(told(h, B));
    assert_null(told(h, B "/172.31.0.0"));
    cluster_rig_fini(&r);
}

/* R14: a page that ended after the backup is known to the host alone, one that came after it as
 * well; what the cloud wishes now is what the host has in the end. */
static void a_restore_leaves_no_page_behind(void **state)
{
    (void)state;
    struct cluster_rig r;
    void *dump;
    size_t len;
    begin(&r);
    wish_rules(&r, A, 1, A);
    wish_page(&r, A, "172.31.0.0", "40");
    struct cluster_rig_host *h = launch(&r, 1, A);
    dump = store_dump(r.store, &len);
    wish_page(&r, A, "172.31.0.0", "60");
    wish_page(&r, A, "172.31.4.0", "01");
    assert_non_null(told(h, A "/172.31.4.0"));
    cluster_rig_restore(&r, dump, len);
    free(dump);
    for (size_t i = 0; i < CLUSTER_RIG_HOSTS; i++) {
        cluster_rig_return(&r, &r.hosts[i]);
        cluster_rig_host(&r, &r.hosts[i], NULL, NULL, 0, NULL);
    }
    hear_all(&r);
    assert_non_null(strstr(told(h, A "/172.31.0.0"), "\"40"));
    assert_null(told(h, A "/172.31.4.0"));
    cluster_rig_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exactly_those_that_need_it),
        cmocka_unit_test(what_did_not_change_is_not_told_again),
        cmocka_unit_test(a_need_that_ends_takes_all_back),
        cmocka_unit_test(a_restore_leaves_no_page_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
