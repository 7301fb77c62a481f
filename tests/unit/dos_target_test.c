/* dos_target_test.c - a raw target is read as it was signed: one decoding, nothing normalised. */
#include "base/check.h"
#include "dos/api/s3/target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static struct arena arena;

static struct s3_target read_target(const char *raw)
{
    struct s3_target t;
    struct err err = {0};
    assert_int_equal(s3_target_read(&t, raw, &arena, &err), ERR_OK);
    return t;
}

static void paths_stay_as_they_are(void **state)
{
    (void)state;
    static const struct {
        const char *raw, *bucket, *key;
    } rows[] = {
        {"/", "", ""},
        {"/b", "b", ""},
        {"/b/", "b", ""},
        {"/b/k", "b", "k"},
        {"/b//k", "b", "/k"},
        {"/b/a/../c", "b", "a/../c"},
        {"/b/a+b%20c%2Fd", "b", "a+b c/d"},
        {"/b/%2525?x=1", "b", "%25"},
        {"/b/%C3%A4", "b", "\xc3\xa4"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct s3_target t = read_target(rows[i].raw);
        assert_string_equal(t.bucket, rows[i].bucket);
        assert_string_equal(t.key, rows[i].key);
    }
}

static void queries(void **state)
{
    (void)state;
    struct s3_target t = read_target("/b?uploads&prefix=a+b%26c&empty=&=x&&delimiter=%2F");
    assert_string_equal(s3_target_param(&t, "uploads"), "");
    assert_string_equal(s3_target_param(&t, "prefix"), "a b&c");
    assert_string_equal(s3_target_param(&t, "empty"), "");
    assert_string_equal(s3_target_param(&t, "delimiter"), "/");
    assert_null(s3_target_param(&t, "Prefix"));
}

static void refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"*",      "b/k",    "/b/%",   "/b/%4",   "/b/%zz",
                                      "/b/%00", "/b/%ff", "/b?a=%", "/b?a=%00"};
    struct s3_target t;
    struct err err = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(s3_target_read(&t, bad[i], &arena, &err), ERR_BAD_REQUEST);
    char raw[1100] = "/b/";
    memset(raw + 3, 'k', 1024);
    assert_int_equal(s3_target_read(&t, raw, &arena, &err), ERR_OK);
    memset(raw + 3, 'k', 1025);
    assert_int_equal(s3_target_read(&t, raw, &arena, &err), ERR_KEY_TOO_LONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_stay_as_they_are),
        cmocka_unit_test(queries),
        cmocka_unit_test(refused),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_fini(&arena);
    return failed;
}
