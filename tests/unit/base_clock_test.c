/* Clocks: the form of time in answers, and clocks that do not go back. */
#include "tests/unit/unit.h"

#include "base/clock.h"

static void the_form_that_ec2_and_s3_answers_have(void **state)
{
    (void)state;
    static const struct {
        int64_t wall_ms;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {1, "1970-01-01T00:00:00.001Z"},
        {951782400000 + 43200999, "2000-02-29T12:00:00.999Z"},
        {1763629815042, "2025-11-20T09:10:15.042Z"},
        {4102444799999, "2099-12-31T23:59:59.999Z"},
        {253402300799000, "9999-12-31T23:59:59.000Z"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[CLOCK_ISO_SIZE];
        clock_format_iso(out, cases[i].wall_ms);
        assert_string_equal(out, cases[i].text);
    }
}

static void the_machine_clocks_go_forward(void **state)
{
    (void)state;
    struct clock clock = clock_system();
    struct instant before = clock.read(clock.self);
    assert_true(before.mono_ms > 0 && before.boot_ms >= before.mono_ms);
    assert_true(before.wall_ms > 1700000000000);
    for (int i = 0; i < 1000; i++) {
        struct instant now = clock.read(clock.self);
        assert_true(now.mono_ms >= before.mono_ms && now.boot_ms >= before.boot_ms);
        before = now;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_form_that_ec2_and_s3_answers_have),
        cmocka_unit_test(the_machine_clocks_go_forward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
