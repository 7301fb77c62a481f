/* The words that travel for states: unique, and one nobody knows is NONE, not something else. */
#include "tests/unit/unit.h"

#include "proto/wire/states.h"

static void words_go_round(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SEEN_COUNT; i++)
        assert_int_equal(seen_state_parse(seen_state_text((enum seen_state)i)), i);
    for (unsigned i = 0; i < OFF_COUNT; i++)
        assert_int_equal(off_why_parse(off_why_text((enum off_why)i)), i);
    for (unsigned i = 0; i < GUEST_COUNT; i++)
        assert_int_equal(guest_status_parse(guest_status_text((enum guest_status)i)), i);
    for (unsigned i = 0; i < SEED_COUNT; i++)
        assert_int_equal(seed_state_parse(seed_state_text((enum seed_state)i)), i);
}

static void an_unknown_word_is_none(void **state)
{
    (void)state;
    assert_int_equal(seen_state_parse("hibernating"), SEEN_NONE);
    assert_int_equal(seen_state_parse("Running"), SEEN_NONE);
    assert_int_equal(off_why_parse("eclipse"), OFF_NONE);
    assert_int_equal(guest_status_parse("tired"), GUEST_NONE);
    assert_int_equal(seed_state_parse("sown"), SEED_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_go_round),
        cmocka_unit_test(an_unknown_word_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
