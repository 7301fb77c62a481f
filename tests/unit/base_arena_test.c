/* Arenas: memory is zeroed, aligned, kept until the reset, and then all gone. */
#include "tests/unit/unit.h"

#include "base/arena.h"

#include <stdalign.h>
#include <string.h>

static void memory_is_zeroed_and_aligned_also_when_used_again(void **state)
{
    (void)state;
    struct arena a = {0};
    for (int round = 0; round < 2; round++) {
        for (size_t size = 1; size < 300; size++) {
            unsigned char *p = arena_alloc(&a, size);
            assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(p[i], 0);
            memset(p, 0xee, size);
        }
        arena_reset(&a);
    }
    arena_fini(&a);
}

static void what_was_given_out_stays_as_blocks_are_added(void **state)
{
    (void)state;
    struct arena a = {0};
    char *texts[500];
    for (int i = 0; i < 500; i++)
        texts[i] = arena_printf(&a, "text %d %0200d", i, i);
    for (int i = 0; i < 500; i++) {
        struct arena other = {0};
        assert_string_equal(texts[i], arena_printf(&other, "text %d %0200d", i, i));
        arena_fini(&other);
    }
    arena_fini(&a);
}

static void larger_than_a_block_is_fine(void **state)
{
    (void)state;
    struct arena a = {0};
    char *small = arena_strdup(&a, "small");
    char *large = arena_alloc(&a, 1 << 20);
    memset(large, 'x', 1 << 20);
    assert_string_equal(small, "small");
    assert_string_equal(arena_strdup(&a, "after"), "after");
    arena_fini(&a);
    arena_fini(&a); /* twice is fine */
}

static void copies_are_copies(void **state)
{
    (void)state;
    struct arena a = {0};
    char text[] = "abcdef";
    char *part = arena_strndup(&a, text, 3);
    char *bytes = arena_memdup(&a, text, sizeof text);
    memset(text, 'z', sizeof text);
    assert_string_equal(part, "abc");
    assert_string_equal(bytes, "abcdef");
    assert_non_null(arena_memdup(&a, NULL, 0));
    assert_string_equal(arena_strndup(&a, "", 0), "");
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_aligned_also_when_used_again),
        cmocka_unit_test(what_was_given_out_stays_as_blocks_are_added),
        cmocka_unit_test(larger_than_a_block_is_fine),
        cmocka_unit_test(copies_are_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
