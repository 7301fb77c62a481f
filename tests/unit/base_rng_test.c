/* The seeded stream is splitmix64's own, so that a seed means the same on every machine (I22). */
#include "tests/unit/unit.h"

#include "base/rng.h"

#include <string.h>

static void the_stream_of_a_seed_is_that_of_splitmix64(void **state)
{
    (void)state;
    /* First outputs for seed 1234567, as published with the generator (Vigna). */
    static const uint64_t published[] = {6457827717110365317u, 3203168211198807973u,
                                         9817491932198370423u, 4593380528125082431u,
                                         16408922859458223821u};
    struct rng_seeded seed = {.state = 1234567};
    struct rng rng = rng_seeded(&seed);
    for (size_t i = 0; i < sizeof published / sizeof *published; i++)
        assert_true(rng_u64(&rng) == published[i]);
}

static void odd_lengths_are_filled_to_the_last_byte(void **state)
{
    (void)state;
    for (size_t len = 0; len < 40; len++) {
        unsigned char out[42];
        bool touched[40] = {0};
        struct rng_seeded seed = {.state = len};
        struct rng rng = rng_seeded(&seed);
        for (int round = 0; round < 8; round++) {
            memset(out, 0xa5, sizeof out);
            rng.fill(rng.self, out, len);
            for (size_t i = 0; i < len; i++)
                touched[i] |= out[i] != 0xa5;
            assert_int_equal(out[len], 0xa5);
            assert_int_equal(out[len + 1], 0xa5);
        }
        for (size_t i = 0; i < len; i++)
            assert_true(touched[i]);
    }
}

static void below_is_below_and_reaches_everything(void **state)
{
    (void)state;
    struct rng_seeded seed = {.state = 2};
    struct rng rng = rng_seeded(&seed);
    bool seen[7] = {0};
    for (int i = 0; i < 1000; i++) {
        uint64_t n = rng_below(&rng, 7);
        assert_true(n < 7);
        seen[n] = true;
    }
    for (int i = 0; i < 7; i++)
        assert_true(seen[i]);
    assert_int_equal(rng_below(&rng, 1), 0);
}

static void the_kernel_does_not_repeat_itself(void **state)
{
    (void)state;
    struct rng rng = rng_system();
    unsigned char a[64] = {0}, b[64] = {0};
    rng.fill(rng.self, a, sizeof a);
    rng.fill(rng.self, b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_stream_of_a_seed_is_that_of_splitmix64),
        cmocka_unit_test(odd_lengths_are_filled_to_the_last_byte),
        cmocka_unit_test(below_is_below_and_reaches_everything),
        cmocka_unit_test(the_kernel_does_not_repeat_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
