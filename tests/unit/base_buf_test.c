/* Bufs: always ended by a NUL, grow without losing a byte, empty ones read as "". */
#include "tests/unit/unit.h"

#include "base/buf.h"

#include <stdio.h>
#include <string.h>

static void an_empty_one_reads_as_text(void **state)
{
    (void)state;
    struct buf b = {0};
    assert_string_equal(buf_str(&b), "");
    buf_append(&b, NULL, 0);
    assert_string_equal(buf_str(&b), "");
    buf_fini(&b);
}

static void growth_keeps_every_byte(void **state)
{
    (void)state;
    struct buf b = {0};
    for (int i = 0; i < 5000; i++) {
        buf_char(&b, (char)('a' + i % 26));
        assert_int_equal(b.data[b.len], '\0');
    }
    assert_int_equal(b.len, 5000);
    for (int i = 0; i < 5000; i++)
        assert_int_equal(b.data[i], 'a' + i % 26);
    buf_fini(&b);
}

/* Short text is printed in one go where there is room, long text measured first. */
static void printf_at_the_edge_of_the_room(void **state)
{
    (void)state;
    for (int used = 0; used < 140; used++) {
        for (int wide = 5; wide < 140; wide += 9) {
            struct buf b = {0};
            for (int i = 0; i < used; i++)
                buf_char(&b, 'x');
            buf_printf(&b, "%s-%0*d", "abc", wide, 12345);
            assert_int_equal(b.len, used + 4 + wide);
            assert_int_equal(strlen(b.data), b.len);
            assert_memory_equal(b.data + used, "abc-", 4);
            assert_string_equal(b.data + b.len - 5, "12345");
            buf_fini(&b);
        }
    }
}

static void numbers_are_written_in_decimal(void **state)
{
    (void)state;
    static const int64_t numbers[] = {0, 7, -1, 10, 1234567890123, INT64_MAX, INT64_MIN};
    char text[32];
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct buf b = {0};
        buf_i64(&b, numbers[i]);
        snprintf(text, sizeof text, "%lld", (long long)numbers[i]);
        assert_string_equal(buf_str(&b), text);
        buf_fini(&b);
    }
}

static void bytes_may_hold_nul(void **state)
{
    (void)state;
    struct buf b = {0};
    buf_append(&b, "a\0b", 3);
    buf_text(&b, "c");
    assert_int_equal(b.len, 4);
    assert_memory_equal(b.data, "a\0bc", 5);
    buf_fini(&b);
}

static void a_cleared_or_finished_one_is_used_again(void **state)
{
    (void)state;
    struct buf b = {0};
    buf_clear(&b);
    buf_text(&b, "first");
    buf_clear(&b);
    assert_int_equal(b.len, 0);
    assert_string_equal(buf_str(&b), "");
    buf_text(&b, "second");
    buf_fini(&b);
    buf_text(&b, "third");
    assert_string_equal(buf_str(&b), "third");
    buf_fini(&b);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_one_reads_as_text),
        cmocka_unit_test(growth_keeps_every_byte),
        cmocka_unit_test(printf_at_the_edge_of_the_room),
        cmocka_unit_test(numbers_are_written_in_decimal),
        cmocka_unit_test(bytes_may_hold_nul),
        cmocka_unit_test(a_cleared_or_finished_one_is_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
