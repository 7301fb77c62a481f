/* sim_heap_test.c - the queue is in order of time, and of asking where times are equal: the
 * ground of I22. */
#include "base/rng.h"
#include "tests/sim/heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void comes_out_in_order(void **state)
{
    (void)state;
    struct sim_heap heap = {0};
    struct rng_seeded seed = {.state = 7};
    struct rng rng = rng_seeded(&seed);
    for (uint64_t i = 0; i < 2000; i++)
        sim_heap_push(&heap, (struct sim_due){.at_ms = (int64_t)rng_below(&rng, 50), .number = i});
    struct sim_due last = sim_heap_pop(&heap);
    while (heap.len > 0) {
        struct sim_due next = sim_heap_pop(&heap);
        assert_true(next.at_ms >= last.at_ms);
        if (next.at_ms == last.at_ms)
            assert_true(next.number > last.number);
        last = next;
    }
    sim_heap_fini(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(comes_out_in_order)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
