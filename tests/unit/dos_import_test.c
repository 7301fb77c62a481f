/* dos_import_test.c - imports in the index: from a wish to a manifest or a reason, again after a
 * failure that may pass, and chunks that live exactly as long as a manifest names them. */
#include "base/check.h"
#include "base/str.h"
#include "dos/ops/ops.h"
#include "dos/store/import.h"
#include "dos_rig.h"
#include "proto/wire/manifest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define BODY "{\"account\":\"1\",\"bucket\":\"one\",\"key\":\"img\"}"

static struct rig rig;

/* Wishes come inside of a turn; here one without events. */
static enum err_code wish(const char *kind, const char *id, int64_t generation, const char *body)
{
    struct arena arena = {0};
    struct effects effects = {.arena = &arena};
    struct err err = {0};
    const struct wire_item item = {
        .kind = kind, .id = id, .generation = generation, .gone = "", .body = body};
    store_begin(rig.store);
    rig.core->out = &effects;
    enum err_code code = ERR_OK;
    if (body != NULL)
        code = dos_wish_take(rig.core, &item, &err);
    else
        dos_wish_drop(rig.core, kind, id);
    store_commit(rig.store, NULL);
    arena_fini(&arena);
    return code;
}

static int open_rig(void **state)
{
    (void)state;
    rig_open(&rig);
    rig_bucket(&rig, "1", "one");
    rig_put(&rig, "one", "img", "a raw image");
    rig_forget_jobs(&rig);
    return 0;
}

static int close_rig(void **state)
{
    (void)state;
    rig_close(&rig);
    return 0;
}

static struct dos_import row_of(const char *id)
{
    struct dos_import row;
    assert_true(dos_import_find(rig.store, id, &row));
    return row;
}

/* A manifest of `len` chunks whose hashes are the bytes of `hashes`, 0 = a hole. */
static void make_result(struct buf *result, const char *name, const unsigned char *hashes,
                        size_t len)
{
    struct manifest m;
    CLEANUP(buf_fini) struct buf text = {0};
    char hash[DOS_HASH_SIZE];
    manifest_init(&m, len * MANIFEST_CHUNK_SIZE);
    for (size_t i = 0; i < len; i++) {
        m.chunks[i].is_hole = hashes[i] == 0;
        memset(m.chunks[i].hash, hashes[i], MANIFEST_HASH_SIZE);
    }
    manifest_encode(&text, &m);
    memset(hash, *name, sizeof hash - 1);
    hash[sizeof hash - 1] = '\0';
    dos_pack_text(result, hash);
    dos_pack_blob(result, text.data, text.len);
    manifest_fini(&m);
}

static void import_as(bool is_medium, const char *id, const char *name, const unsigned char *hashes,
                      size_t len)
{
    CLEANUP(buf_fini) struct buf result = {0};
    rig_tick(&rig, EVENT_TICK, 1000);
    const struct rig_job *job = rig_job(&rig, DOS_JOB_IMPORT);
    assert_non_null(job);
    struct rig_job copy = *job;
    make_result(&result, name, hashes, len);
    dos_pack_i64(&result, is_medium);
    rig_done(&rig, &copy, ERR_OK, &result);
    assert_int_equal(row_of(id).state, DOS_IMPORT_AVAILABLE);
}

static void import(const char *id, const char *name, const unsigned char *hashes, size_t len)
{
    import_as(false, id, name, hashes, len);
}

static void a_medium_is_said_to_be_one(void **state)
{
    (void)state;
    assert_int_equal(wish("image", "ami-1", 1, BODY), ERR_OK);
    import_as(true, "ami-1", "a", (const unsigned char[]){1}, 1);
    assert_int_equal(wish("image", "ami-2", 1, BODY), ERR_OK);
    import("ami-2", "b", (const unsigned char[]){2}, 1);
    assert_true(row_of("ami-1").is_cdrom && !row_of("ami-2").is_cdrom);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM said WHERE id='ami-1' AND body LIKE"
                                     " '%\"cdrom\":true%'"),
                     1);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM said WHERE id='ami-2' AND body LIKE"
                                     " '%true%'"),
                     0);
}

static void chunks_live_with_their_names(void **state)
{
    (void)state;
    assert_int_equal(wish("image", "ami-1", 1, BODY), ERR_OK);
    import("ami-1", "a", (const unsigned char[]){1, 0, 2, 1}, 4);
    assert_int_equal(row_of("ami-1").size_bytes, 4 * MANIFEST_CHUNK_SIZE);
    assert_int_equal(wish("image", "ami-2", 1, BODY), ERR_OK);
    import("ami-2", "b", (const unsigned char[]){2, 3}, 2);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM chunk"), 3);
    assert_int_equal(rig_count(&rig, "SELECT sum(refs) FROM chunk"),
                     rig_count(&rig, "SELECT count(*) FROM manifest_chunk"));
    wish("image", "ami-1", 2, NULL);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM chunk"), 2);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM garbage"), 1);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM garbage WHERE name LIKE 'chunks/0101%'"),
                     1);
    /* Named again before it is unlinked: no garbage any more. */
    assert_int_equal(wish("image", "ami-3", 1, BODY), ERR_OK);
    import("ami-3", "c", (const unsigned char[]){1}, 1);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM garbage"), 0);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM chunk"), 3);
}

static void equal_images_share_a_manifest(void **state)
{
    (void)state;
    wish("image", "ami-1", 1, BODY);
    import("ami-1", "a", (const unsigned char[]){1}, 1);
    wish("image", "ami-2", 1, BODY);
    import("ami-2", "a", (const unsigned char[]){1}, 1);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM manifest"), 1);
    wish("image", "ami-1", 2, NULL);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM manifest"), 1);
    wish("image", "ami-2", 2, NULL);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM manifest"), 0);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM chunk"), 0);
}

static void a_chunk_only_by_its_manifest(void **state)
{
    (void)state;
    char one[DOS_HASH_SIZE], two[DOS_HASH_SIZE], a[DOS_HASH_SIZE];
    memset(a, 'a', sizeof a), a[sizeof a - 1] = '\0';
    for (size_t i = 0; i < 64; i += 2)
        memcpy(one + i, "01", 3), memcpy(two + i, "02", 3);
    wish("image", "ami-1", 1, BODY);
    import("ami-1", "a", (const unsigned char[]){1}, 1);
    wish("image", "ami-2", 1, BODY);
    import("ami-2", "b", (const unsigned char[]){2}, 1);
    struct dos_op op = {.kind = DOS_OP_GET_CHUNK, .tier = {"host-1", a, one}};
    assert_int_equal(rig_ask(&rig, &op, NULL), ERR_OK);
    op.tier.chunk = two;
    assert_int_equal(rig_ask(&rig, &op, NULL), ERR_DENIED);
    op.tier.node = "";
    op.tier.chunk = one;
    assert_int_equal(rig_ask(&rig, &op, NULL), ERR_DENIED);
    struct dos_op manifest = {.kind = DOS_OP_GET_MANIFEST, .tier = {"host-1", two, ""}};
    assert_int_equal(rig_ask(&rig, &manifest, NULL), ERR_NO_SUCH_KEY);
}

static void fail_job(enum err_code code)
{
    const struct rig_job *job = rig_job(&rig, DOS_JOB_IMPORT);
    assert_non_null(job);
    struct rig_job copy = *job;
    rig_done(&rig, &copy, code, &(struct buf){0});
}

static void what_may_pass_is_tried_again(void **state)
{
    (void)state;
    wish("image", "ami-1", 1, BODY);
    for (int attempt = 1; attempt < 3; attempt++) {
        rig_tick(&rig, EVENT_TICK, 60 * 1000);
        fail_job(attempt == 1 ? ERR_IO : ERR_TIMEOUT);
        assert_int_equal(row_of("ami-1").state, DOS_IMPORT_PENDING);
        assert_null(rig_job(&rig, DOS_JOB_IMPORT)); /* not at once */
    }
    rig_tick(&rig, EVENT_TICK, 60 * 1000);
    fail_job(ERR_IO);
    assert_int_equal(row_of("ami-1").state, DOS_IMPORT_FAILED);
    assert_string_equal(row_of("ami-1").reason, "it went wrong");
    wish("image", "ami-2", 1, BODY);
    rig_tick(&rig, EVENT_TICK, 1000);
    fail_job(ERR_IMAGE_INVALID);
    assert_int_equal(row_of("ami-2").state, DOS_IMPORT_FAILED);
}

static void sources_that_are_not_ours(void **state)
{
    (void)state;
    rig_bucket(&rig, "2", "two");
    wish("image", "ami-1", 1, "{\"account\":\"1\",\"bucket\":\"two\",\"key\":\"img\"}");
    wish("image", "ami-2", 1, "{\"account\":\"1\",\"bucket\":\"none\",\"key\":\"img\"}");
    wish("image", "ami-3", 1, "{\"account\":\"1\",\"bucket\":\"one\",\"key\":\"none\"}");
    rig_tick(&rig, EVENT_TICK, 1000);
    static const char *const ids[] = {"ami-1", "ami-2", "ami-3"};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(row_of(ids[i]).state, DOS_IMPORT_FAILED);
    assert_null(rig_job(&rig, DOS_JOB_IMPORT));
}

/* A job that ends after its wish is gone, or is another wish, changes nothing (I18). */
static void late_jobs_change_nothing(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf result = {0};
    make_result(&result, "a", (const unsigned char[]){1}, 1);
    wish("image", "ami-1", 1, BODY);
    rig_tick(&rig, EVENT_TICK, 1000);
    struct rig_job job = *rig_job(&rig, DOS_JOB_IMPORT);
    wish("image", "ami-1", 2, BODY);
    rig_done(&rig, &job, ERR_OK, &result);
    assert_int_equal(row_of("ami-1").state, DOS_IMPORT_PENDING);
    job = *rig_job(&rig, DOS_JOB_IMPORT); /* of the newer wish, at once */
    wish("image", "ami-1", 3, NULL);
    rig_done(&rig, &job, ERR_OK, &result);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM import"), 0);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM chunk"), 0);
}

static void wishes_are_taken_or_refused(void **state)
{
    (void)state;
    assert_int_equal(wish("key", "AKID", 1, "{\"account\":\"1\",\"sealed\":\"xyz\"}"), ERR_OK);
    assert_int_equal(wish("key", "AKID2", 1, "{\"account\":\"1\"}"), ERR_MALFORMED_JSON);
    assert_int_equal(wish("secret", "grant", 1, "{\"sealed\":\"xyz\"}"), ERR_OK);
    assert_int_equal(wish("balloon", "b", 1, "{}"), ERR_UNSUPPORTED);
    assert_int_equal(wish("image", "i", 1, "nonsense"), ERR_MALFORMED_JSON);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM access_key"), 1);
    wish("key", "AKID", 2, NULL);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM access_key"), 0);
    wish("image", "ami-1", 1, BODY);
    import("ami-1", "a", (const unsigned char[]){1}, 1);
    wish("image", "ami-1", 1, BODY); /* again: changes nothing */
    assert_int_equal(row_of("ami-1").state, DOS_IMPORT_AVAILABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(chunks_live_with_their_names, open_rig, close_rig),
        cmocka_unit_test_setup_teardown(equal_images_share_a_manifest, open_rig, close_rig),
        cmocka_unit_test_setup_teardown(a_chunk_only_by_its_manifest, open_rig, close_rig),
        cmocka_unit_test_setup_teardown(what_may_pass_is_tried_again, open_rig, close_rig),
        cmocka_unit_test_setup_teardown(a_medium_is_said_to_be_one, open_rig, close_rig),
        cmocka_unit_test_setup_teardown(sources_that_are_not_ours, open_rig, close_rig),
        cmocka_unit_test_setup_teardown(late_jobs_change_nothing, open_rig, close_rig),
        cmocka_unit_test_setup_teardown(wishes_are_taken_or_refused, open_rig, close_rig),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
