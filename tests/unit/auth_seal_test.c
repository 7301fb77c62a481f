/* auth_seal_test.c - a sealed secret opens with its key in its row, and the key's file is safe or
 * refused. */
#include "base/check.h"
#include "base/str.h"
#include "proto/auth/base64.h"
#include "proto/auth/seal.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static struct rng_seeded seed = {3};
static const struct seal_key key = {{1, 2, 3}};

static void wrap(struct buf *text, const char *context, const void *plain, size_t len)
{
    struct rng rng = rng_seeded(&seed);
    seal_wrap(&key, context, plain, len, &rng, text);
}

static void it_opens_in_its_row_only(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf text = {0};
    CLEANUP(seal_wipe) struct buf plain = {0};
    struct err err;
    wrap(&text, "access_key|AKID1|1", "hunter\0bytes", 12);
    assert_int_equal(seal_unwrap(&key, "access_key|AKID1|1", text.data, &plain, &err), ERR_OK);
    assert_int_equal(plain.len, 12);
    assert_memory_equal(plain.data, "hunter\0bytes", 12);
    assert_int_equal(seal_unwrap(&key, "access_key|AKID2|1", text.data, &plain, &err),
                     ERR_INTERNAL);
    struct seal_key other = key;
    other.bytes[31] ^= 1;
    assert_int_equal(seal_unwrap(&other, "access_key|AKID1|1", text.data, &plain, &err),
                     ERR_INTERNAL);
    assert_int_equal(plain.len, 12);
    assert_null(strstr(err.text, "hunter"));
}

/* GCM with one IV for two texts gives both away. */
static void no_two_wraps_are_alike(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf a = {0};
    CLEANUP(buf_fini) struct buf b = {0};
    wrap(&a, "c", "same", 4);
    wrap(&b, "c", "same", 4);
    assert_memory_not_equal(a.data, b.data, 16);
}

static void sizes_at_the_ends(void **state)
{
    (void)state;
    static char big[SEAL_PLAIN_MAX];
    memset(big, 'x', sizeof big);
    static const size_t sizes[] = {0, 1, 15, 16, 17, SEAL_PLAIN_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        CLEANUP(buf_fini) struct buf text = {0};
        CLEANUP(seal_wipe) struct buf plain = {0};
        wrap(&text, "", big, sizes[i]);
        assert_int_equal(seal_unwrap(&key, "", text.data, &plain, NULL), ERR_OK);
        assert_int_equal(plain.len, sizes[i]);
        if (sizes[i] > 0)
            assert_memory_equal(plain.data, big, sizes[i]);
    }
}

static void no_bit_can_be_changed(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf text = {0};
    CLEANUP(buf_fini) struct buf raw = {0};
    wrap(&text, "c", "secret", 6);
    assert_true(base64_decode(&raw, text.data, text.len));
    for (size_t bit = 0; bit < 8 * raw.len; bit++) {
        CLEANUP(buf_fini) struct buf changed = {0};
        CLEANUP(buf_fini) struct buf plain = {0};
        raw.data[bit / 8] = (char)(raw.data[bit / 8] ^ (1 << bit % 8));
        base64_encode(&changed, raw.data, raw.len);
        raw.data[bit / 8] = (char)(raw.data[bit / 8] ^ (1 << bit % 8));
        assert_int_equal(seal_unwrap(&key, "c", changed.data, &plain, NULL), ERR_INTERNAL);
        assert_int_equal(plain.len, 0);
    }
}

static void malformed_texts_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "AAAA", "not base64",
                                      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CLEANUP(buf_fini) struct buf plain = {0};
        assert_int_equal(seal_unwrap(&key, "c", bad[i], &plain, NULL), ERR_INTERNAL);
    }
}

/* --- the file --- */

static char folder[] = "/tmp/auth_seal_test.XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/master.key", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static enum err_code load(struct seal_key *out)
{
    struct rng rng = rng_seeded(&seed);
    struct err err;
    return seal_key_load(out, path, &rng, &err);
}

static void a_missing_key_is_made_once(void **state)
{
    (void)state;
    struct seal_key first, second;
    struct stat st;
    unlink(path);
    assert_int_equal(load(&first), ERR_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0400);
    assert_int_equal(st.st_size, 65);
    assert_int_equal(load(&second), ERR_OK);
    assert_memory_equal(&first, &second, sizeof first);
    static const struct seal_key blank;
    assert_memory_not_equal(&first, &blank, sizeof first);
    seal_key_wipe(&first);
    assert_memory_equal(&first, &blank, sizeof first);
}

static void put_file(const char *text, mode_t mode)
{
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

#define HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void an_unsafe_or_malformed_file_is_refused(void **state)
{
    (void)state;
    struct seal_key out;
    put_file(HEX "\n", 0400);
    assert_int_equal(load(&out), ERR_OK);
    put_file(HEX, 0600);
    assert_int_equal(load(&out), ERR_OK);
    static const mode_t open_modes[] = {0440, 0404, 0420, 0402, 0410};
    for (size_t i = 0; i < sizeof open_modes / sizeof open_modes[0]; i++) {
        put_file(HEX "\n", open_modes[i]);
        assert_int_equal(load(&out), ERR_CONFIG);
    }
    static const char *const bad[] = {"", "\n", "0011\n", HEX "0\n", HEX "\n\n", "g" HEX, HEX " "};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        put_file(bad[i], 0400);
        assert_int_equal(load(&out), ERR_CONFIG);
    }
    unlink(path);
    assert_int_equal(mkfifo(path, 0400), 0);
    assert_int_equal(load(&out), ERR_CONFIG);
}

/* A crash between making and naming leaves "<path>.new": it never becomes the key, and is no
 * obstacle. */
static void a_rest_of_a_crash_is_no_obstacle(void **state)
{
    (void)state;
    struct seal_key out;
    char temp[80];
    snprintf(temp, sizeof temp, "%s.new", path);
    unlink(path);
    int fd = open(temp, O_WRONLY | O_CREAT, 0400);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(load(&out), ERR_OK);
    assert_int_not_equal(access(temp, F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_opens_in_its_row_only),
        cmocka_unit_test(no_two_wraps_are_alike),
        cmocka_unit_test(sizes_at_the_ends),
        cmocka_unit_test(no_bit_can_be_changed),
        cmocka_unit_test(malformed_texts_are_refused),
        cmocka_unit_test(a_missing_key_is_made_once),
        cmocka_unit_test(an_unsafe_or_malformed_file_is_refused),
        cmocka_unit_test(a_rest_of_a_crash_is_no_obstacle),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
