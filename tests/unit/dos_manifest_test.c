/* dos_manifest_test.c - equal images have equal manifests, and nothing else is taken for one. */
#include "base/check.h"
#include "proto/wire/manifest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define HEAD "{\"version\":1,\"hash\":\"sha256\","
#define HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static enum err_code decode(const char *text)
{
    struct manifest m;
    struct err err = {0};
    enum err_code code = manifest_decode(&m, text, strlen(text), &err);
    if (code == ERR_OK)
        manifest_fini(&m);
    return code;
}

static void there_and_back(void **state)
{
    (void)state;
    struct manifest m, back;
    struct err err = {0};
    CLEANUP(buf_fini) struct buf text = {0};
    CLEANUP(buf_fini) struct buf again = {0};
    manifest_init(&m, 2 * MANIFEST_CHUNK_SIZE + 512);
    assert_int_equal(m.len, 3);
    assert_int_equal(manifest_chunk_len(&m, 1), MANIFEST_CHUNK_SIZE);
    assert_int_equal(manifest_chunk_len(&m, 2), 512);
    m.chunks[1].is_hole = false;
    memset(m.chunks[1].hash, 0xab, MANIFEST_HASH_SIZE);
    manifest_encode(&text, &m);
    assert_int_equal(manifest_decode(&back, text.data, text.len, &err), ERR_OK);
    assert_true(back.chunks[0].is_hole && !back.chunks[1].is_hole && back.chunks[2].is_hole);
    assert_memory_equal(back.chunks[1].hash, m.chunks[1].hash, MANIFEST_HASH_SIZE);
    manifest_encode(&again, &back);
    assert_string_equal(text.data, again.data);
    manifest_fini(&m);
    manifest_fini(&back);
}

static void the_text_is_fixed(void **state)
{
    (void)state;
    struct manifest m;
    CLEANUP(buf_fini) struct buf text = {0};
    manifest_init(&m, 512);
    manifest_encode(&text, &m);
    assert_string_equal(text.data, HEAD "\"size\":512,\"chunk_size\":262144,\"chunks\":[\"\"]}");
    manifest_fini(&m);
}

static void refused(void **state)
{
    (void)state;
    assert_int_equal(decode(HEAD "\"size\":512,\"chunk_size\":262144,\"chunks\":[\"" HASH "\"]}"),
                     ERR_OK);
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        HEAD "\"size\":512,\"chunk_size\":262144,\"chunks\":[]}",
        HEAD "\"size\":512,\"chunk_size\":262144,\"chunks\":[\"\",\"\"]}",
        HEAD "\"size\":512,\"chunk_size\":262144,\"chunks\":[7]}",
        HEAD "\"size\":512,\"chunk_size\":262144,\"chunks\":[\"" HASH "00\"]}",
        HEAD "\"size\":512,\"chunk_size\":262144,\"chunks\":[\"../../etc/passwd\"]}",
        HEAD "\"size\":513,\"chunk_size\":262144,\"chunks\":[\"\"]}",
        HEAD "\"size\":0,\"chunk_size\":262144,\"chunks\":[]}",
        HEAD "\"size\":-512,\"chunk_size\":262144,\"chunks\":[\"\"]}",
        HEAD "\"size\":1099511628288,\"chunk_size\":262144,\"chunks\":[\"\"]}",
        HEAD "\"size\":1099511627776,\"chunk_size\":262144,\"chunks\":[\"\"]}", /* 4 million */
        HEAD "\"size\":512,\"chunk_size\":4096,\"chunks\":[\"\"]}",
        HEAD "\"size\":512,\"size\":512,\"chunk_size\":262144,\"chunks\":[\"\"]}",
        "{\"version\":2,\"hash\":\"sha256\",\"size\":512,\"chunk_size\":262144,\"chunks\":[\"\"]}",
        "{\"version\":1,\"hash\":\"md5\",\"size\":512,\"chunk_size\":262144,\"chunks\":[\"\"]}",
        "{\"version\":1,\"size\":512,\"chunk_size\":262144,\"chunks\":[\"\"]}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(decode(bad[i]), ERR_IMAGE_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(the_text_is_fixed),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
