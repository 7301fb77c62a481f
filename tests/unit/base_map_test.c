/* Maps: walked in order of insertion (determinism of cores), whatever was put, replaced, removed.
 */
#include "tests/unit/unit.h"

#include "base/map.h"
#include "base/rng.h"

#include <stdio.h>
#include <string.h>

static int marks[1000];

static void walking_is_in_order_of_insertion(void **state)
{
    (void)state;
    struct map m = {0};
    char key[16];
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "k%d", (i * 7919) % 1000);
        assert_null(map_put(&m, key, &marks[i]));
    }
    size_t at = 0;
    for (int i = 0; i < 1000; i++) {
        struct map_entry *entry = map_next(&m, &at);
        assert_non_null(entry);
        assert_ptr_equal(entry->value, &marks[i]);
    }
    assert_null(map_next(&m, &at));
    map_fini(&m);
}

static void replacing_keeps_the_place(void **state)
{
    (void)state;
    struct map m = {0};
    map_put(&m, "a", &marks[0]);
    map_put(&m, "b", &marks[1]);
    assert_ptr_equal(map_put(&m, "a", &marks[2]), &marks[0]);
    size_t at = 0;
    assert_string_equal(map_next(&m, &at)->key, "a");
    assert_string_equal(map_next(&m, &at)->key, "b");
    assert_ptr_equal(map_get(&m, "a"), &marks[2]);
    map_fini(&m);
}

static void what_was_removed_is_gone_and_may_come_back(void **state)
{
    (void)state;
    struct map m = {0};
    assert_null(map_get(&m, "a"));
    assert_null(map_remove(&m, "a"));
    map_put(&m, "a", &marks[0]);
    map_put(&m, "b", &marks[1]);
    assert_ptr_equal(map_remove(&m, "a"), &marks[0]);
    assert_null(map_remove(&m, "a"));
    assert_null(map_get(&m, "a"));
    assert_int_equal(m.live, 1);
    assert_null(map_put(&m, "a", &marks[3]));
    assert_ptr_equal(map_get(&m, "a"), &marks[3]);
    assert_int_equal(m.live, 2);
    map_fini(&m);
}

/* Removal while walking is what owners of links do. */
static void removal_while_walking_skips_nobody(void **state)
{
    (void)state;
    struct map m = {0};
    char key[16];
    for (int i = 0; i < 100; i++) {
        snprintf(key, sizeof key, "%d", i);
        map_put(&m, key, &marks[i]);
    }
    size_t at = 0;
    int seen = 0;
    for (struct map_entry *e; (e = map_next(&m, &at)) != NULL; seen++) {
        snprintf(key, sizeof key, "%d", seen);
        assert_string_equal(e->key, key);
        if (seen % 2 == 0)
            map_remove(&m, e->key);
    }
    assert_int_equal(seen, 100);
    assert_int_equal(m.live, 50);
    map_fini(&m);
}

/* Against a plain array, over ten thousand random steps; churn never makes it grow without end. */
static void it_agrees_with_an_array(void **state)
{
    (void)state;
    struct rng_seeded seed = {.state = 3};
    struct rng rng = rng_seeded(&seed);
    struct map m = {0};
    int *model[64] = {0};
    size_t live = 0;
    for (int step = 0; step < 10000; step++) {
        size_t k = (size_t)rng_below(&rng, 64);
        int *value = &marks[rng_below(&rng, 1000)];
        char key[16];
        snprintf(key, sizeof key, "key-%zu", k);
        if (rng_below(&rng, 2) == 0) {
            assert_ptr_equal(map_put(&m, key, value), model[k]);
            live += model[k] == NULL;
            model[k] = value;
        } else {
            assert_ptr_equal(map_remove(&m, key), model[k]);
            live -= model[k] != NULL;
            model[k] = NULL;
        }
        assert_ptr_equal(map_get(&m, key), model[k]);
        assert_int_equal(m.live, live);
    }
    assert_true(m.cap <= 2 * 64 + 8);
    map_fini(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walking_is_in_order_of_insertion),
        cmocka_unit_test(replacing_keeps_the_place),
        cmocka_unit_test(what_was_removed_is_gone_and_may_come_back),
        cmocka_unit_test(removal_while_walking_skips_nobody),
        cmocka_unit_test(it_agrees_with_an_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
