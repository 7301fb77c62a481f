/* dos_upload_test.c - a multipart upload is invisible until it is complete, then whole (I13); what
 * it does not use becomes garbage. */
#include "base/check.h"
#include "base/str.h"
#include "dos_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define MIB5 (5 << 20)
#define MD5A "00000000000000000000000000000000"
#define MD5B "11111111111111111111111111111111"

static struct rig rig;
static char upload[DOS_REF_SIZE];

static struct dos_op op_of(enum dos_op_kind kind)
{
    return (struct dos_op){
        .kind = kind, .account = "1", .bucket = "one", .key = "k", .upload = upload};
}

static int begin(void **state)
{
    (void)state;
    struct dos_unpack fields;
    rig_open(&rig);
    rig_bucket(&rig, "1", "one");
    struct dos_op op = op_of(DOS_OP_CREATE_UPLOAD);
    op.put.headers = "content-type: a/b\n";
    assert_int_equal(rig_ask(&rig, &op, &fields), ERR_OK);
    str_copy(upload, sizeof upload, dos_unpack_text(&fields));
    return 0;
}

static int end(void **state)
{
    (void)state;
    rig_close(&rig);
    return 0;
}

static enum err_code put_part(int64_t number, const char *ref, int64_t size, const char *md5)
{
    struct dos_op op = op_of(DOS_OP_PUT_PART);
    op.part = number;
    op.put = (struct dos_put){.body = {.kind = DOS_BODY_FILE, .ref = ref, .size_bytes = size},
                              .etag = md5,
                              .headers = ""};
    return rig_ask(&rig, &op, NULL);
}

static enum err_code complete(const struct dos_part *parts, size_t len, struct dos_unpack *fields)
{
    struct dos_op op = op_of(DOS_OP_COMPLETE_UPLOAD);
    op.complete.parts = parts;
    op.complete.len = len;
    return rig_ask(&rig, &op, fields);
}

static enum err_code head(void)
{
    struct dos_op op = op_of(DOS_OP_HEAD_OBJECT);
    return rig_ask(&rig, &op, NULL);
}

static int64_t garbage(void)
{
    return rig_count(&rig, "SELECT count(*) FROM garbage");
}

static void parts_become_an_object(void **state)
{
    (void)state;
    const struct dos_part parts[] = {{1, MD5A}, {3, MD5B}};
    struct dos_unpack fields;
    assert_int_equal(put_part(1, "a1", MIB5, MD5B), ERR_OK);
    assert_int_equal(put_part(1, "a2", MIB5, MD5A), ERR_OK); /* replaces */
    assert_int_equal(put_part(2, "b", MIB5, MD5A), ERR_OK);  /* not named below */
    assert_int_equal(put_part(3, "c", 7, MD5B), ERR_OK);
    assert_int_equal(put_part(4, "d", 7, MD5B), ERR_OK); /* neither */
    assert_int_equal(garbage(), 1);
    assert_int_equal(head(), ERR_NO_SUCH_KEY);
    assert_int_equal(complete(parts, 2, &fields), ERR_OK);
    /* md5 of 16 bytes 00 and 16 bytes 11, by md5sum */
    assert_string_equal(dos_unpack_text(&fields), "ff2469b76227cbc8114b653551a163de-2");
    assert_int_equal(garbage(), 3);
    assert_int_equal(rig_count(&rig, "SELECT size FROM object"), MIB5 + 7);
    assert_int_equal(rig_count(&rig, "SELECT start FROM part WHERE number=3"), MIB5);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM upload"), 0);
    /* The answer was lost, the client asks again. */
    assert_int_equal(complete(parts, 2, &fields), ERR_OK);
    /* Replacing the object frees its parts. */
    assert_int_equal(rig_put(&rig, "one", "k", "x"), ERR_OK);
    assert_int_equal(garbage(), 5);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM part"), 0);
    assert_int_equal(complete(parts, 2, &fields), ERR_NO_SUCH_UPLOAD);
}

static void ranges_touch_their_parts_only(void **state)
{
    (void)state;
    const struct dos_part parts[] = {{1, MD5A}, {2, MD5B}, {3, MD5A}};
    struct dos_unpack fields;
    put_part(1, "a", MIB5, MD5A);
    put_part(2, "b", MIB5, MD5B);
    put_part(3, "c", 10, MD5A);
    assert_int_equal(complete(parts, 3, &fields), ERR_OK);
    struct dos_op op = op_of(DOS_OP_GET_OBJECT);
    op.range = dos_range_parse("bytes=5242879-5242880");
    assert_int_equal(rig_ask(&rig, &op, &fields), ERR_OK);
    assert_int_equal(dos_unpack_i64(&fields), DOS_BODY_PARTS);
    assert_int_equal(dos_unpack_i64(&fields), 2 * MIB5 + 10);
    dos_unpack_text(&fields);
    dos_unpack_i64(&fields);
    assert_string_equal(dos_unpack_text(&fields), "content-type: a/b\n");
    assert_string_equal(dos_unpack_text(&fields), "a");
    assert_int_equal(dos_unpack_i64(&fields), 0);
    assert_int_equal(dos_unpack_i64(&fields), MIB5);
    assert_string_equal(dos_unpack_text(&fields), "b");
    assert_int_equal(dos_unpack_i64(&fields), MIB5);
    assert_int_equal(dos_unpack_i64(&fields), MIB5);
    assert_false(dos_unpack_more(&fields));
}

static void wrong_lists_change_nothing(void **state)
{
    (void)state;
    const struct dos_part order[] = {{2, MD5B}, {1, MD5A}}, twice[] = {{1, MD5A}, {1, MD5A}},
                          other[] = {{1, MD5B}}, missing[] = {{1, MD5A}, {9, MD5A}},
                          small[] = {{1, MD5A}, {2, MD5B}};
    put_part(1, "a", MIB5 - 1, MD5A);
    put_part(2, "b", MIB5, MD5B);
    assert_int_equal(complete(order, 2, NULL), ERR_PART_ORDER);
    assert_int_equal(complete(twice, 2, NULL), ERR_PART_ORDER);
    assert_int_equal(complete(other, 1, NULL), ERR_INVALID_PART);
    assert_int_equal(complete(missing, 2, NULL), ERR_ENTITY_TOO_SMALL);
    assert_int_equal(complete(small, 2, NULL), ERR_ENTITY_TOO_SMALL);
    assert_int_equal(complete(NULL, 0, NULL), ERR_MALFORMED_XML);
    assert_int_equal(head(), ERR_NO_SUCH_KEY);
    assert_int_equal(garbage(), 0);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM part WHERE start<>0"), 0);
    assert_int_equal(complete(small, 1, NULL), ERR_OK); /* the last may be small */
}

static void aborted_or_gone_with_its_bucket(void **state)
{
    (void)state;
    put_part(1, "a", MIB5, MD5A);
    struct dos_op abort_op = op_of(DOS_OP_ABORT_UPLOAD);
    abort_op.key = "other";
    assert_int_equal(rig_ask(&rig, &abort_op, NULL), ERR_NO_SUCH_UPLOAD);
    abort_op.key = "k";
    assert_int_equal(rig_ask(&rig, &abort_op, NULL), ERR_OK);
    assert_int_equal(garbage(), 1);
    assert_int_equal(put_part(1, "b", MIB5, MD5A), ERR_NO_SUCH_UPLOAD);
    struct dos_op again = op_of(DOS_OP_CREATE_UPLOAD);
    again.put.headers = "";
    struct dos_unpack fields;
    rig_ask(&rig, &again, &fields);
    str_copy(upload, sizeof upload, dos_unpack_text(&fields));
    put_part(1, "c", MIB5, MD5A);
    struct dos_op drop = op_of(DOS_OP_DELETE_BUCKET);
    assert_int_equal(rig_ask(&rig, &drop, NULL), ERR_OK);
    assert_int_equal(garbage(), 2);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM upload"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(parts_become_an_object, begin, end),
        cmocka_unit_test_setup_teardown(ranges_touch_their_parts_only, begin, end),
        cmocka_unit_test_setup_teardown(wrong_lists_change_nothing, begin, end),
        cmocka_unit_test_setup_teardown(aborted_or_gone_with_its_bucket, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
