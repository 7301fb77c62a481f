/* What is due: always the earliest first, whatever was changed or taken back meanwhile. */
#include "tests/unit/unit.h"

#include "base/due.h"
#include "base/rng.h"

#include <string.h>

enum { LEN = 200, ROUNDS = 20000, TIMES = 50 };

static void nothing_is_due_in_an_empty_heap(void **state)
{
    (void)state;
    struct due_heap h = {0};
    struct due d = {0};
    assert_null(due_first(&h));
    due_set(&h, &d, INT64_MAX);
    assert_null(due_first(&h));
    due_set(&h, &d, 7);
    assert_ptr_equal(due_first(&h), &d);
    due_set(&h, &d, INT64_MAX);
    assert_null(due_first(&h));
    assert_int_equal(d.place, 0);
    due_fini(&h);
}

/* Beside a heap that is a plain list. */
static void the_first_is_always_the_earliest(void **state)
{
    (void)state;
    struct rng_seeded seed = {.state = 7};
    struct rng rng = rng_seeded(&seed);
    struct due_heap h = {0};
    struct due all[LEN];
    memset(all, 0, sizeof all);
    for (size_t i = 0; i < LEN; i++)
        all[i].at_ms = INT64_MAX;
    for (int round = 0; round < ROUNDS; round++) {
        bool takes_back = rng_below(&rng, 4) == 0;
        due_set(&h, &all[rng_below(&rng, LEN)],
                takes_back ? INT64_MAX : (int64_t)rng_below(&rng, TIMES));
        int64_t least = INT64_MAX;
        size_t len = 0;
        for (size_t i = 0; i < LEN; i++) {
            len += all[i].at_ms != INT64_MAX;
            least = all[i].at_ms < least ? all[i].at_ms : least;
        }
        assert_int_equal(h.len, len);
        const struct due *first = due_first(&h);
        assert_true(len == 0 ? first == NULL : first != NULL && first->at_ms == least);
    }
    due_fini(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_due_in_an_empty_heap),
        cmocka_unit_test(the_first_is_always_the_earliest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
