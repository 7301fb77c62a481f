/* auth_base64_test.c - each value has one spelling. */
#include "base/check.h"
#include "base/rng.h"
#include "base/str.h"
#include "proto/auth/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

/* RFC 4648 section 10. */
static void published_values(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        CLEANUP(buf_fini) struct buf text = {0};
        CLEANUP(buf_fini) struct buf back = {0};
        base64_encode(&text, pairs[i][0], strlen(pairs[i][0]));
        assert_string_equal(buf_str(&text), pairs[i][1]);
        assert_true(base64_decode(&back, pairs[i][1], strlen(pairs[i][1])));
        assert_string_equal(buf_str(&back), pairs[i][0]);
    }
}

static void any_bytes_come_back(void **state)
{
    (void)state;
    struct rng_seeded seed = {1};
    struct rng rng = rng_seeded(&seed);
    for (size_t len = 0; len < 100; len++) {
        char data[100];
        rng.fill(rng.self, data, len);
        CLEANUP(buf_fini) struct buf a = {0};
        CLEANUP(buf_fini) struct buf b = {0};
        CLEANUP(buf_fini) struct buf back = {0};
        base64_encode(&a, data, len);
        base64_url_encode(&b, data, len);
        assert_null(strpbrk(buf_str(&b), "+/="));
        assert_true(base64_decode(&back, buf_str(&a), a.len));
        assert_true(base64_url_decode(&back, buf_str(&b), b.len));
        assert_int_equal(back.len, 2 * len);
        if (len > 0) {
            assert_memory_equal(back.data, data, len);
            assert_memory_equal(back.data + len, data, len);
        }
    }
}

static void other_spellings_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "Zg",   "Zg=",  "Zh==",     "Zm9=", "Zm9v\n",   " Zm9v", "Zm9v====", "=",
        "====", "Z===", "Zg==Zg==", "Zm-_", "Zm9v\x80", "Zg=A",  "A"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CLEANUP(buf_fini) struct buf out = {0};
        buf_text(&out, "kept");
        assert_false(base64_decode(&out, bad[i], strlen(bad[i])));
        assert_string_equal(buf_str(&out), "kept");
    }
    static const char *const bad_url[] = {"Zg==", "Zh", "Z", "Zm9", "+/+/", "Zm9v "};
    for (size_t i = 0; i < sizeof bad_url / sizeof bad_url[0]; i++) {
        CLEANUP(buf_fini) struct buf out = {0};
        assert_false(base64_url_decode(&out, bad_url[i], strlen(bad_url[i])));
        assert_int_equal(out.len, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_values),
        cmocka_unit_test(any_bytes_come_back),
        cmocka_unit_test(other_spellings_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
