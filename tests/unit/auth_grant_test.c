/* auth_grant_test.c - a grant serves one node, one manifest, and only for its time. */
#include "base/check.h"
#include "proto/auth/grant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define MANIFEST "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define OTHER    "10112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const unsigned char key[GRANT_KEY_SIZE] = {1, 2, 3};
static const unsigned char other_key[GRANT_KEY_SIZE] = {1, 2, 4};

static enum err_code check(const char *text, const char *node, const char *manifest, int64_t now_ms)
{
    struct err err;
    return grant_check(text, key, node, manifest, now_ms, &err);
}

static void it_serves_its_node_and_manifest(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf text = {0};
    grant_make(&text, key, "host-1.rack", MANIFEST, 5000);
    assert_int_equal(check(text.data, "host-1.rack", MANIFEST, 4999), ERR_OK);
    assert_int_equal(check(text.data, "host-2.rack", MANIFEST, 4999), ERR_DENIED);
    assert_int_equal(check(text.data, "host-1", MANIFEST, 4999), ERR_DENIED);
    assert_int_equal(check(text.data, "host-1.rack", OTHER, 4999), ERR_DENIED);
    struct err err;
    assert_int_equal(grant_check(text.data, other_key, "host-1.rack", MANIFEST, 0, &err),
                     ERR_DENIED);
}

static void it_ends(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf text = {0};
    grant_make(&text, key, "h", MANIFEST, 5000);
    assert_int_equal(check(text.data, "h", MANIFEST, 5000), ERR_EXPIRED);
    assert_int_equal(check(text.data, "h", MANIFEST, INT64_MAX), ERR_EXPIRED);
}

static void no_character_can_be_changed(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf text = {0};
    grant_make(&text, key, "h", MANIFEST, 5000);
    for (size_t i = 0; i < text.len; i++) {
        char was = text.data[i];
        for (const char *c = "0179af.v-"; *c != '\0'; c++) {
            text.data[i] = *c;
            assert_int_equal(check(text.data, "h", MANIFEST, 1), *c == was ? ERR_OK : ERR_DENIED);
        }
        text.data[i] = was;
    }
}

static void other_texts_are_refused(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf text = {0};
    grant_make(&text, key, "h", MANIFEST, 5000);
    for (size_t len = 0; len < text.len; len++) {
        CLEANUP(buf_fini) struct buf cut = {0};
        buf_append(&cut, text.data, len);
        assert_int_equal(check(buf_str(&cut), "h", MANIFEST, 1), ERR_DENIED);
    }
    buf_char(&text, '0');
    assert_int_equal(check(text.data, "h", MANIFEST, 1), ERR_DENIED);
    char big[4096];
    memset(big, '.', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    assert_int_equal(check(big, "h", MANIFEST, 1), ERR_DENIED);
    assert_int_equal(check("v1.h." MANIFEST ".-1.00", "h", MANIFEST, 1), ERR_DENIED);
    assert_int_equal(check("v1.h." MANIFEST ".99999999999999999999.00", "h", MANIFEST, 1),
                     ERR_DENIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_serves_its_node_and_manifest),
        cmocka_unit_test(it_ends),
        cmocka_unit_test(no_character_can_be_changed),
        cmocka_unit_test(other_texts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
