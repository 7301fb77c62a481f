/* dos_range_test.c - the Range header never yields a byte outside of the object (I13). */
#include "base/check.h"
#include "dos/model/range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void expect(const char *text, int64_t size, bool fine, int64_t offset, int64_t len)
{
    int64_t have_offset = -1, have_len = -1;
    struct dos_range r = dos_range_parse(text);
    assert_int_equal(dos_range_resolve(&r, size, &have_offset, &have_len), fine);
    if (!fine)
        return;
    assert_int_equal(have_offset, offset);
    assert_int_equal(have_len, len);
}

static void what_is_wanted(void **state)
{
    (void)state;
    expect(NULL, 10, true, 0, 10);
    expect(NULL, 0, true, 0, 0);
    expect("bytes=0-0", 10, true, 0, 1);
    expect("bytes=2-4", 10, true, 2, 3);
    expect("bytes=2-", 10, true, 2, 8);
    expect("bytes=2-400", 10, true, 2, 8);
    expect("bytes=-3", 10, true, 7, 3);
    expect("bytes=-30", 10, true, 0, 10);
    expect("bytes=9-9", 10, true, 9, 1);
}

static void what_cannot_be(void **state)
{
    (void)state;
    expect("bytes=10-", 10, false, 0, 0);
    expect("bytes=10-20", 10, false, 0, 0);
    expect("bytes=-0", 10, false, 0, 0);
    expect("bytes=0-", 0, false, 0, 0);
    expect("bytes=-5", 0, false, 0, 0);
}

static void nonsense_means_everything(void **state)
{
    (void)state;
    static const char *const texts[] = {"bytes=4-2",  "bytes=a-b",  "bytes=",
                                        "bytes=-",    "items=0-1",  "bytes=0-1,3-4",
                                        "bytes=0-1 ", "bytes=+1-2", "bytes=99999999999999999999-",
                                        "bytes=--1"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        expect(texts[i], 10, true, 0, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wanted),
        cmocka_unit_test(what_cannot_be),
        cmocka_unit_test(nonsense_means_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
