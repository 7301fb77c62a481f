/* sim_clock_test.c - a clock of a node never goes back, and a tick never comes early. */
#include "tests/sim/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void a_tick_is_never_early(void **state)
{
    (void)state;
    for (int64_t rate = 990000; rate <= 1010000; rate += 997) {
        struct sim_clock c = {.rate_ppm = rate, .booted_ms = 12345};
        int64_t before = 0;
        for (int64_t now = 12345; now < 20000; now += 7) {
            struct instant at = sim_clock_read(&c, now);
            assert_true(at.mono_ms >= before);
            before = at.mono_ms;
            int64_t when = sim_clock_when(&c, at.mono_ms + 100);
            assert_true(sim_clock_read(&c, when).mono_ms >= at.mono_ms + 100);
            assert_true(sim_clock_read(&c, when - 1).mono_ms <= at.mono_ms + 100);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_tick_is_never_early)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
