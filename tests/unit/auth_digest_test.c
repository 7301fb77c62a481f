/* auth_digest_test.c - hashes give the published values, in pieces as at once. */
#include "base/str.h"
#include "proto/auth/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void assert_hex(const unsigned char *raw, size_t len, const char *wanted)
{
    char hex[2 * DIGEST_MAX_SIZE + 1];
    str_hex(hex, raw, len);
    assert_string_equal(hex, wanted);
}

/* FIPS 180-4 and RFC 1321, "abc". */
static void published_values(void **state)
{
    (void)state;
    unsigned char out[DIGEST_MAX_SIZE];
    digest_sha256(out, "abc", 3);
    assert_hex(out, DIGEST_SHA256_SIZE,
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_sha1(out, "abc", 3);
    assert_hex(out, DIGEST_SHA1_SIZE, "a9993e364706816aba3e25717850c26c9cd0d89d");
    digest_md5(out, "abc", 3);
    assert_hex(out, DIGEST_MD5_SIZE, "900150983cd24fb0d6963f7d28e17f72");
}

static void nothing_has_its_hash(void **state)
{
    (void)state;
    char hex[DIGEST_SHA256_HEX_SIZE];
    digest_sha256_hex(hex, NULL, 0);
    assert_string_equal(hex, digest_sha256_of_nothing);
}

static void pieces_make_the_whole(void **state)
{
    (void)state;
    static const char text[] = "The quick brown fox jumps over the lazy dog";
    for (size_t cut = 0; cut < sizeof text; cut++) {
        unsigned char whole[DIGEST_SHA256_SIZE], pieces[DIGEST_SHA256_SIZE];
        struct digest d;
        digest_sha256(whole, text, sizeof text);
        digest_open(&d, DIGEST_SHA256);
        digest_update(&d, text, cut);
        digest_update(&d, text + cut, sizeof text - cut);
        digest_finish(&d, pieces);
        assert_memory_equal(whole, pieces, sizeof whole);
    }
}

static void a_hash_can_be_given_up(void **state)
{
    (void)state;
    struct digest d;
    digest_open(&d, DIGEST_MD5);
    digest_update(&d, "x", 1);
    digest_fini(&d);
    digest_fini(&d);
    assert_null(d.ctx);
}

/* RFC 4231, cases 2 and 6 (a key longer than a block); and an empty key, which is not "the last
 * one". */
static void hmac_values(void **state)
{
    (void)state;
    unsigned char out[DIGEST_SHA256_SIZE], long_key[131];
    static const char data[] = "what do ya want for nothing?";
    digest_hmac_sha256(out, "Jefe", 4, data, sizeof data - 1);
    assert_hex(out, sizeof out, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(long_key, 0xaa, sizeof long_key);
    static const char more[] = "Test Using Larger Than Block-Size Key - Hash Key First";
    digest_hmac_sha256(out, long_key, sizeof long_key, more, sizeof more - 1);
    assert_hex(out, sizeof out, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    digest_hmac_sha256(out, "", 0, "", 0);
    assert_hex(out, sizeof out, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void equality_sees_each_bit(void **state)
{
    (void)state;
    unsigned char a[DIGEST_SHA256_SIZE] = {0}, b[DIGEST_SHA256_SIZE] = {0};
    assert_true(digest_equal(a, b, sizeof a));
    for (size_t bit = 0; bit < 8 * sizeof a; bit++) {
        b[bit / 8] ^= (unsigned char)(1u << bit % 8);
        assert_false(digest_equal(a, b, sizeof a));
        b[bit / 8] = 0;
    }
    assert_true(digest_text_equal("abc", "abc"));
    assert_false(digest_text_equal("abc", "abcd"));
    assert_false(digest_text_equal("abd", "abc"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_values),      cmocka_unit_test(nothing_has_its_hash),
        cmocka_unit_test(pieces_make_the_whole), cmocka_unit_test(a_hash_can_be_given_up),
        cmocka_unit_test(hmac_values),           cmocka_unit_test(equality_sees_each_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
