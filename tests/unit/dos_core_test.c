/* dos_core_test.c - the index: whose a bucket is (I10, I15), what an acknowledged PUT reads back as
 * (I13), and listings against a plain model. */
#include "base/check.h"
#include "base/str.h"
#include "dos_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static struct rig rig;

static int open_rig(void **state)
{
    (void)state;
    rig_open(&rig);
    return 0;
}

static int close_rig(void **state)
{
    (void)state;
    rig_close(&rig);
    return 0;
}

static void buckets_have_one_owner(void **state)
{
    (void)state;
    assert_int_equal(rig_bucket(&rig, "1", "one"), ERR_OK);
    const struct rig_job *job = rig_job(&rig, DOS_JOB_BUCKETS);
    assert_non_null(job);
    struct dos_unpack spec = {.at = job->spec, .end = job->spec + job->spec_size};
    assert_string_equal(dos_unpack_text(&spec), "one");
    assert_string_equal(dos_unpack_text(&spec), "1");
    assert_int_equal(rig_bucket(&rig, "1", "one"), ERR_BUCKET_OWNED);
    assert_int_equal(rig_bucket(&rig, "2", "one"), ERR_BUCKET_EXISTS);
    assert_int_equal(rig_bucket(&rig, "1", "No"), ERR_BUCKET_NAME);
    assert_int_equal(rig_bucket(&rig, "", "three"), ERR_DENIED);
    assert_int_equal(rig_bucket(&rig, "1", "two"), ERR_OK);
    assert_int_equal(rig_bucket(&rig, "1", "three"), ERR_OK);
    assert_int_equal(rig_bucket(&rig, "1", "four"), ERR_BUCKET_LIMIT);
}

/* Every op x (nobody, another account, the owner) x (bucket there, not there). */
static void who_may_do_what(void **state)
{
    (void)state;
    rig_bucket(&rig, "1", "one");
    for (unsigned kind = 0; kind < DOS_OP_COUNT; kind++) {
        struct dos_op op = {.kind = (enum dos_op_kind)kind, .bucket = "one", .key = "k"};
        enum dos_need need = dos_op_need(op.kind);
        op.account = "";
        assert_int_equal(rig_ask(&rig, &op, NULL), ERR_DENIED);
        if (need != DOS_NEED_BUCKET)
            continue;
        op.account = "2";
        assert_int_equal(rig_ask(&rig, &op, NULL), ERR_DENIED);
        op.bucket = "none";
        assert_int_equal(rig_ask(&rig, &op, NULL), ERR_NO_SUCH_BUCKET);
    }
    struct dos_op tier = {.kind = DOS_OP_GET_MANIFEST, .account = "1", .bucket = "one"};
    assert_int_equal(rig_ask(&rig, &tier, NULL), ERR_DENIED);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM object"), 0);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM bucket"), 1);
}

static void expect_body(const char *key, const char *wanted)
{
    struct dos_unpack fields;
    size_t len;
    struct dos_op op = {.kind = DOS_OP_GET_OBJECT, .account = "1", .bucket = "one", .key = key};
    assert_int_equal(rig_ask(&rig, &op, &fields), ERR_OK);
    assert_int_equal(dos_unpack_i64(&fields), DOS_BODY_INLINE);
    assert_int_equal(dos_unpack_i64(&fields), strlen(wanted));
    dos_unpack_text(&fields);
    dos_unpack_i64(&fields);
    assert_string_equal(dos_unpack_text(&fields), "content-type: text/plain\n");
    const char *bytes = dos_unpack_blob(&fields, &len);
    assert_int_equal(len, strlen(wanted));
    assert_memory_equal(bytes, wanted, len);
}

static void a_put_replaces_the_whole(void **state)
{
    (void)state;
    rig_bucket(&rig, "1", "one");
    assert_int_equal(rig_put(&rig, "one", "k", "first, and longer"), ERR_OK);
    assert_int_equal(rig_put(&rig, "one", "k", "second"), ERR_OK);
    assert_int_equal(rig_put(&rig, "one", "empty", ""), ERR_OK);
    expect_body("k", "second");
    expect_body("empty", "");
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM inline_body"), 2);
    struct dos_op op = {.kind = DOS_OP_PUT_OBJECT,
                        .account = "1",
                        .bucket = "one",
                        .key = "k",
                        .put = {.body = {.ref = "", .bytes = "x", .size_bytes = 1},
                                .etag = "",
                                .headers = "",
                                .if_absent = true}};
    assert_int_equal(rig_ask(&rig, &op, NULL), ERR_PRECONDITION);
    expect_body("k", "second");
    assert_int_equal(rig_put_file(&rig, "one", "k", "aa00000000000000000000000000000f", 70000),
                     ERR_OK);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM inline_body"), 1);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM garbage"), 0);
    assert_int_equal(rig_put(&rig, "one", "k", "third"), ERR_OK);
    assert_int_equal(
        rig_count(
            &rig,
            "SELECT count(*) FROM garbage WHERE name='objects/aa00000000000000000000000000000f'"),
        1);
}

static void deletes(void **state)
{
    (void)state;
    static const char *const keys[] = {"k", "none"};
    rig_bucket(&rig, "1", "one");
    rig_put(&rig, "one", "k", "x");
    struct dos_op bucket = {.kind = DOS_OP_DELETE_BUCKET, .account = "1", .bucket = "one"};
    assert_int_equal(rig_ask(&rig, &bucket, NULL), ERR_BUCKET_NOT_EMPTY);
    struct dos_op op = {.kind = DOS_OP_DELETE_OBJECTS,
                        .account = "1",
                        .bucket = "one",
                        .remove = {.keys = keys, .len = 2}};
    assert_int_equal(rig_ask(&rig, &op, NULL), ERR_OK);
    assert_int_equal(rig_ask(&rig, &op, NULL), ERR_OK);
    struct dos_op get = {.kind = DOS_OP_HEAD_OBJECT, .account = "1", .bucket = "one", .key = "k"};
    assert_int_equal(rig_ask(&rig, &get, NULL), ERR_NO_SUCH_KEY);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM inline_body"), 0);
    assert_int_equal(rig_ask(&rig, &bucket, NULL), ERR_OK);
    assert_int_equal(rig_ask(&rig, &bucket, NULL), ERR_NO_SUCH_BUCKET);
}

static void listings(void **state)
{
    (void)state;
    static const char *const keys[] = {"a", "a/",    "a/1", "a/2",        "a/b/1",
                                       "b", "b/x/y", "c",   "\xc3\xa4/1", "\xc3\xa4/2"};
    rig_bucket(&rig, "1", "one");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        rig_put(&rig, "one", keys[i], "x");
    struct dos_list list = {.prefix = "", .delimiter = "", .after = "", .max = 1000};
    assert_string_equal(rig_list(&rig, "one", &list),
                        "a,a/,a/1,a/2,a/b/1,b,b/x/y,c,\xc3\xa4/1,\xc3\xa4/2");
    list.delimiter = "/";
    assert_string_equal(rig_list(&rig, "one", &list), "a,a/,b,b/,c,\xc3\xa4/");
    list.prefix = "a/";
    assert_string_equal(rig_list(&rig, "one", &list), "a/,a/1,a/2,a/b/");
    list.prefix = "\xc3\xa4";
    assert_string_equal(rig_list(&rig, "one", &list), "\xc3\xa4/");
    list.prefix = "b";
    assert_string_equal(rig_list(&rig, "one", &list), "b,b/");
    list.prefix = "zz";
    assert_string_equal(rig_list(&rig, "one", &list), "");
    list = (struct dos_list){.prefix = "", .delimiter = "", .after = "a/1", .max = 2};
    assert_string_equal(rig_list(&rig, "one", &list), "a/2,a/b/1+");
    list.max = 0;
    assert_string_equal(rig_list(&rig, "one", &list), "");
}

/* Any page size gives the same names, each once; 300 keys of three levels. */
static void pages_make_the_whole(void **state)
{
    (void)state;
    rig_bucket(&rig, "1", "one");
    for (int i = 0; i < 300; i++) {
        char key[32];
        snprintf(key, sizeof key, "%c/%c%d", 'a' + i % 7, 'a' + i % 3, i);
        rig_put(&rig, "one", key, "x");
    }
    for (int delimited = 0; delimited < 2; delimited++)
        for (int64_t max = 1; max < 30; max += 7) {
            char all[8192], whole[8192] = "", after[DOS_KEY_SIZE + 2] = "";
            struct dos_list list = {.prefix = delimited ? "c/" : "",
                                    .delimiter = delimited ? "b" : "",
                                    .after = "",
                                    .max = 1000};
            snprintf(all, sizeof all, "%s,", rig_list(&rig, "one", &list));
            for (bool is_more = true; is_more;) {
                list.max = max;
                list.after = after;
                char page[4096];
                str_copy(page, sizeof page, rig_list(&rig, "one", &list));
                size_t len = strlen(page);
                is_more = len > 0 && page[len - 1] == '+';
                if (is_more)
                    page[len - 1] = '\0';
                size_t at = strlen(whole);
                snprintf(whole + at, sizeof whole - at, "%s,", page);
                str_copy(after, sizeof after, rig_list_next(&rig));
            }
            assert_string_equal(whole, all);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(buckets_have_one_owner, open_rig, close_rig),
        cmocka_unit_test_setup_teardown(who_may_do_what, open_rig, close_rig),
        cmocka_unit_test_setup_teardown(a_put_replaces_the_whole, open_rig, close_rig),
        cmocka_unit_test_setup_teardown(deletes, open_rig, close_rig),
        cmocka_unit_test_setup_teardown(listings, open_rig, close_rig),
        cmocka_unit_test_setup_teardown(pages_make_the_whole, open_rig, close_rig),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
