/* What many children are told alike (proto/sync/parent_shared.c): one row, whoever follows; told to
 * those that follow and to nobody else, also when they come late, and taken back from each. */
#include "tests/unit/unit.h"

#include "tests/unit/sync_rig.h"

#include "base/str.h"

#define TOPIC "net/7"

static int set_up(void **state)
{
    *state = rig_new_met();
    return 0;
}

static int tear_down(void **state)
{
    rig_free(*state);
    return 0;
}

static void share(struct rig *r, const char *id, const char *body)
{
    rig_op(&r->up, (struct rig_op){.kind = RIG_SHARE,
                                   .node = TOPIC,
                                   .what = "peer",
                                   .id = id,
                                   .generation = 1,
                                   .text = body});
    rig_settle_rounds(r);
}

static void unshare(struct rig *r, const char *id)
{
    rig_op(&r->up, (struct rig_op){.kind = RIG_UNSHARE, .what = "peer", .id = id});
    rig_settle_rounds(r);
}

static void follow(struct rig *r, size_t child, enum rig_op_kind kind)
{
    rig_op(&r->up, (struct rig_op){.kind = kind, .node = r->down[child].node, .id = TOPIC});
    rig_settle_rounds(r);
}

static void confirm(struct rig *r, size_t child, const char *id)
{
    rig_op(&r->down[child],
           (struct rig_op){.kind = RIG_GONE, .what = "peer", .id = id, .generation = 1});
    rig_settle_rounds(r);
}

static int64_t wishes(struct rig *r)
{
    return store_i64(r->up.store, 0, "SELECT count(*) FROM wish", "");
}

static void those_that_follow_are_told(void **state)
{
    struct rig *r = *state;
    follow(r, 0, RIG_FOLLOW);
    share(r, "p-1", "{}");
    assert_int_equal(rig_got(r, 0, "p-1", 0), 1);
    assert_int_equal(rig_got(r, 1, "p-1", 0), -1);
    share(r, "p-1", "{\"n\":2}");
    assert_string_equal(rig_noted(&r->down[0].wishes, "p-1")->body, "{\"n\":2}");
    assert_int_equal(wishes(r), 0);
    rig_check_agreement(r, 0);
    rig_check_agreement(r, 1);
}

/* Under a revision that is older than what the child has applied. */
static void who_comes_later_is_told_all(void **state)
{
    struct rig *r = *state;
    share(r, "p-1", "{}");
    share(r, "p-2", "{}");
    rig_want(r, 1, "i-1", 1, 1, "{}");
    rig_settle_rounds(r);
    follow(r, 1, RIG_FOLLOW);
    assert_int_equal(rig_got(r, 1, "p-1", 0), 1);
    assert_int_equal(rig_got(r, 1, "p-2", 0), 1);
    rig_check_agreement(r, 1);
    size_t before = r->down[1].wishes.len;
    share(r, "p-2", "{}"); /* the same again */
    follow(r, 1, RIG_FOLLOW);
    assert_int_equal(r->down[1].wishes.len, before);
}

static void an_end_is_told_and_confirmed(void **state)
{
    struct rig *r = *state;
    follow(r, 0, RIG_FOLLOW);
    follow(r, 1, RIG_FOLLOW);
    share(r, "p-1", "{}");
    unshare(r, "p-1");
    assert_int_equal(rig_got(r, 0, "p-1", 0), -2);
    assert_int_equal(rig_got(r, 1, "p-1", 0), -2);
    assert_int_equal(wishes(r), 2);
    confirm(r, 0, "p-1");
    assert_int_equal(wishes(r), 1);
    share(r, "p-1", "{}"); /* again, before the other one has confirmed */
    assert_int_equal(rig_got(r, 0, "p-1", 0), 1);
    assert_int_equal(rig_got(r, 1, "p-1", 0), 1);
    assert_int_equal(wishes(r), 0);
    rig_check_agreement(r, 0);
    rig_check_agreement(r, 1);
}

static void who_leaves_drops_it_all(void **state)
{
    struct rig *r = *state;
    follow(r, 0, RIG_FOLLOW);
    share(r, "p-1", "{}");
    follow(r, 0, RIG_UNFOLLOW);
    assert_int_equal(rig_got(r, 0, "p-1", 0), -2);
    share(r, "p-1", "{\"n\":2}"); /* he hears no more of it */
    assert_int_equal(rig_got(r, 0, "p-1", 0), -2);
    rig_check_agreement(r, 0);
    follow(r, 0, RIG_FOLLOW);
    assert_int_equal(rig_got(r, 0, "p-1", 0), 1);
    assert_int_equal(wishes(r), 0);
    rig_check_agreement(r, 0);
}

/* A second change within the pause waits for its end, with all that comes meanwhile. */
static void changes_go_in_rounds(void **state)
{
    struct rig *r = *state;
    follow(r, 0, RIG_FOLLOW);
    share(r, "p-1", "{}");
    size_t before = r->down[0].calls_len;
    for (int i = 0; i < 5; i++) {
        rig_op(&r->up, (struct rig_op){.kind = RIG_SHARE,
                                       .node = TOPIC,
                                       .what = "peer",
                                       .id = "p-1",
                                       .generation = i + 2,
                                       .text = "{}"});
        rig_settle(r);
    }
    assert_int_equal(r->down[0].calls_len, before + 1);
    assert_true(sync_parent_wake_at(&r->parent) <= r->at.mono_ms + 16);
    rig_settle_rounds(r);
    assert_int_equal(rig_got(r, 0, "p-1", 0), 6);
    assert_int_equal(r->down[0].calls_len, before + 2);
    rig_check_agreement(r, 0);
}

#define SHARED_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHARED_TEST(those_that_follow_are_told),   SHARED_TEST(who_comes_later_is_told_all),
        SHARED_TEST(an_end_is_told_and_confirmed), SHARED_TEST(who_leaves_drops_it_all),
        SHARED_TEST(changes_go_in_rounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
