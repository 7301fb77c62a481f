/* The words that travel for states: unique, and one nobody knows is NONE, not something else. */
#include "tests/unit/unit.h"

#include "proto/wire/states.h"

#include <string.h>

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
    for (unsigned i = 0; i < STEP_COUNT; i++)
        assert_int_equal(instance_step_parse(instance_step_text((enum instance_step)i)), i);
}

static void an_unknown_word_is_none(void **state)
{
    (void)state;
    assert_int_equal(seen_state_parse("hibernating"), SEEN_NONE);
    assert_int_equal(seen_state_parse("Running"), SEEN_NONE);
    assert_int_equal(off_why_parse("eclipse"), OFF_NONE);
    assert_int_equal(guest_status_parse("tired"), GUEST_NONE);
    assert_int_equal(seed_state_parse("sown"), SEED_NONE);
    assert_int_equal(instance_step_parse("dance"), STEP_NONE);
}

/* Every step has words, they are different, and those of a percent have it. */
static void steps_have_words(void **state)
{
    (void)state;
    char words[INSTANCE_STEP_WORDS], other[INSTANCE_STEP_WORDS];
    for (unsigned i = 0; i < STEP_COUNT; i++) {
        enum instance_step step = (enum instance_step)i;
        instance_step_words(words, step, 100);
        assert_true((*words == '\0') == (step == STEP_NONE));
        assert_true((strstr(words, "100 %") != NULL) == instance_step_has_percent(step));
        for (unsigned k = 0; k < i; k++) {
            instance_step_words(other, (enum instance_step)k, 100);
            assert_string_not_equal(words, other);
        }
    }
    instance_step_words(words, STEP_IMAGE, 40);
    assert_string_equal(words, "fetching its image, 40 %");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_go_round),
        cmocka_unit_test(an_unknown_word_is_none),
        cmocka_unit_test(steps_have_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
