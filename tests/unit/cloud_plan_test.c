/* cloud_plan_test.c - the planners and the shown state, over their whole matrices. */
#include "cloud-manager/model/instance_state.h"
#include "cloud-manager/plan/image.h"
#include "cloud-manager/plan/instance.h"

#include "base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const enum cloud_want wants[] = {CLOUD_WANT_RUNNING, CLOUD_WANT_STOPPED,
                                        CLOUD_WANT_TERMINATED};
static const enum cloud_sent sents[] = {CLOUD_SENT_NEVER, CLOUD_SENT_OLD, CLOUD_SENT_CURRENT};
static const enum cloud_instance_seen seens[] = {CLOUD_SEEN_NOTHING, CLOUD_SEEN_RUNNING,
                                                 CLOUD_SEEN_OFF, CLOUD_SEEN_GONE};
static const enum cloud_instance_state states[] = {
    CLOUD_INSTANCE_PENDING,    CLOUD_INSTANCE_RUNNING,  CLOUD_INSTANCE_SHUTTING_DOWN,
    CLOUD_INSTANCE_TERMINATED, CLOUD_INSTANCE_STOPPING, CLOUD_INSTANCE_STOPPED};

/* R6: nothing is freed before the gone fact, and only what is to end; what was told is not told
 * again. */
static void test_instance(void **state)
{
    (void)state;
    for (int w = 0; w < 3; w++)
        for (int s = 0; s < 3; s++)
            for (int gone = 0; gone < 2; gone++) {
                enum cloud_instance_action a = cloud_plan_instance(wants[w], sents[s], gone);
                bool ends = wants[w] == CLOUD_WANT_TERMINATED,
                     told = sents[s] == CLOUD_SENT_CURRENT;
                assert_int_equal(a == CLOUD_INSTANCE_FREE, ends && gone);
                assert_int_equal(a == CLOUD_INSTANCE_END, ends && !gone && !told);
                assert_int_equal(a == CLOUD_INSTANCE_WISH, !ends && !told);
            }
}

/* An image stays while it has a name or an instance needs it. */
static void test_image(void **state)
{
    (void)state;
    for (int named = 0; named < 2; named++)
        for (int needed = 0; needed < 2; needed++)
            for (int s = 0; s < 3; s++)
                for (int gone = 0; gone < 2; gone++) {
                    enum cloud_image_action a = cloud_plan_image(named, needed, sents[s], gone);
                    bool keep = named || needed;
                    assert_int_equal(a == CLOUD_IMAGE_WISH, keep && sents[s] == CLOUD_SENT_NEVER);
                    assert_int_equal(a == CLOUD_IMAGE_FORGET, !keep && gone);
                    assert_int_equal(a == CLOUD_IMAGE_END,
                                     !keep && !gone && sents[s] != CLOUD_SENT_CURRENT);
                }
}

/* I23: whatever is seen, what is shown next is the same or may follow; what is terminated stays. */
static void test_forward_only(void **state)
{
    (void)state;
    for (int shown = 0; shown < 6; shown++)
        for (int w = 0; w < 3; w++)
            for (int s = 0; s < 4; s++)
                for (int current = 0; current < 2; current++) {
                    enum cloud_instance_state next = cloud_instance_state_show(
                        states[shown], wants[w], seens[s], current);
                    assert_true(cloud_instance_state_may_follow(states[shown], next));
                    if (states[shown] == CLOUD_INSTANCE_TERMINATED)
                        assert_int_equal(next, CLOUD_INSTANCE_TERMINATED);
                    if (next == CLOUD_INSTANCE_TERMINATED && states[shown] != next)
                        assert_true(wants[w] == CLOUD_WANT_TERMINATED &&
                                    seens[s] == CLOUD_SEEN_GONE);
                    if (next == CLOUD_INSTANCE_STOPPED && states[shown] != next)
                        assert_true(current && seens[s] == CLOUD_SEEN_OFF);
                }
}

/* EC2's own codes, byte-exact. */
static void test_codes(void **state)
{
    (void)state;
    assert_string_equal(cloud_instance_state_text(0), "pending");
    assert_string_equal(cloud_instance_state_text(16), "running");
    assert_string_equal(cloud_instance_state_text(32), "shutting-down");
    assert_string_equal(cloud_instance_state_text(48), "terminated");
    assert_string_equal(cloud_instance_state_text(64), "stopping");
    assert_string_equal(cloud_instance_state_text(80), "stopped");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_instance),
        cmocka_unit_test(test_image),
        cmocka_unit_test(test_forward_only),
        cmocka_unit_test(test_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
