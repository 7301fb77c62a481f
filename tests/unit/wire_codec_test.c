/* The codec of the tiers: every message of the field tables goes round, and no byte of a text can
 * make a message that the other end refuses (PROTOCOL 9). */
#include "tests/unit/unit.h"

#include "tests/unit/wire_rig.h"

#include "base/check.h"

#include <string.h>

static void round_trip(struct wire_rig *f, const struct wire_type *type)
{
    struct err err = {0};
    CLEANUP(buf_fini) struct buf once = {0};
    CLEANUP(buf_fini) struct buf twice = {0};
    void *sent = arena_alloc(&f->arena, type->size), *got = arena_alloc(&f->arena, type->size);
    wire_rig_fill(f, type, sent);
    wire_encode(&once, type, sent);
    if (wire_decode(type, once.data, once.len, &f->arena, got, &err) != ERR_OK)
        fail_msg("%s: %s in %s", type->name, err.text, once.data);
    assert_true(wire_rig_is_same(type, sent, got));
    wire_encode(&twice, type, got); /* the same struct gives the same bytes */
    assert_string_equal(once.data, twice.data);
}

static void every_message_goes_round(void **state)
{
    struct wire_rig *f = *state;
    assert_true(wire_rig_types_len > 20);
    for (int round = 0; round < 200; round++) {
        for (size_t i = 0; i < wire_rig_types_len; i++)
            round_trip(f, wire_rig_types[i]);
        arena_reset(&f->arena);
    }
}

static void what_is_absent_reads_as_nothing(void **state)
{
    struct wire_rig *f = *state;
    struct err err;
    for (size_t i = 0; i < wire_rig_types_len; i++) {
        CLEANUP(buf_fini) struct buf back = {0};
        char *message = arena_alloc(&f->arena, wire_rig_types[i]->size);
        memset(message, 0xee, wire_rig_types[i]->size);
        assert_int_equal(wire_rig_decode(f, wire_rig_types[i], "{}", message, &err), ERR_OK);
        for (size_t n = 0; n < wire_rig_types[i]->len; n++) {
            const struct wire_field *field = &wire_rig_types[i]->fields[n];
            if (field->kind == WIRE_KIND_TEXT || field->kind == WIRE_KIND_RAW)
                assert_string_equal(*(const char **)(void *)(message + field->offset), "");
        }
        wire_encode(&back, wire_rig_types[i], message);
        assert_string_equal(buf_str(&back), "{}");
    }
}

static void null_is_absent(void **state)
{
    struct wire_rig *f = *state;
    struct wire_sync_reply r;
    struct err err;
    assert_int_equal(wire_rig_decode(f, &wire_sync_reply_type,
                                     "{\"rev\":null,\"store_id\":null,\"echo\":null,\"want\":null}",
                                     &r, &err),
                     ERR_OK);
    assert_string_equal(r.store_id, "");
    assert_null(r.echo);
    assert_int_equal(r.want_len, 0);
}

static void unknown_fields_are_ignored_and_kept_where_raw(void **state)
{
    struct wire_rig *f = *state;
    struct wire_item item;
    struct err err;
    CLEANUP(buf_fini) struct buf back = {0};
    assert_int_equal(wire_rig_decode(f, &wire_item_type,
                                     "{\"of_tomorrow\":[{\"x\":1}],\"kind\":\"instance\","
                                     "\"body\":{\"z\":1, \"a\":{\"new\":[true,null]}}}",
                                     &item, &err),
                     ERR_OK);
    assert_string_equal(item.kind, "instance");
    assert_string_equal(item.body, "{\"z\":1,\"a\":{\"new\":[true,null]}}");
    wire_encode(&back, &wire_item_type, &item);
    assert_non_null(strstr(buf_str(&back), "{\"z\":1,\"a\":{\"new\":[true,null]}}"));
}

/* A message cut anywhere is refused; one with any byte changed is refused or understood, and what
 * is understood goes round. */
static void damaged_messages_do_no_harm(void **state)
{
    struct wire_rig *f = *state;
    for (int round = 0; round < 20; round++) {
        const struct wire_type *type = wire_rig_types[rng_below(&f->rng, wire_rig_types_len)];
        CLEANUP(buf_fini) struct buf json = {0};
        void *message = arena_alloc(&f->arena, type->size);
        struct err err;
        wire_rig_fill(f, type, message);
        wire_encode(&json, type, message);
        for (size_t len = 0; len < json.len; len++)
            assert_int_equal(wire_decode(type, json.data, len, &f->arena, message, &err),
                             ERR_MALFORMED_JSON);
        for (int i = 0; i < 300; i++) {
            CLEANUP(buf_fini) struct buf back = {0};
            size_t at = (size_t)rng_below(&f->rng, json.len);
            char was = json.data[at];
            json.data[at] = (char)rng_u64(&f->rng);
            if (wire_decode(type, json.data, json.len, &f->arena, message, &err) == ERR_OK) {
                wire_encode(&back, type, message);
                assert_int_equal(wire_decode(type, back.data, back.len, &f->arena, message, &err),
                                 ERR_OK);
            }
            json.data[at] = was;
        }
        arena_reset(&f->arena);
    }
}

/* One text that is no UTF-8 (a name of a tenant, an error cut in the middle of a letter) must not
 * make the whole message of a link unreadable for ever. */
static void what_is_encoded_can_be_decoded_whatever_the_bytes(void **state)
{
    struct wire_rig *f = *state;
    static const char *const texts[] = {
        "\xff",     "a\xc3", "\xc3(",     "\xed\xa0\x80", "\xf4\x90\x80\x80",
        "\xc0\x80", "\x80",  "ok\xe2\x82"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        CLEANUP(buf_fini) struct buf json = {0};
        struct wire_item item = {
            .kind = "instance", .id = texts[i], .gone = "", .error = "", .body = ""};
        struct err err;
        wire_encode(&json, &wire_item_type, &item);
        if (wire_rig_decode(f, &wire_item_type, json.data, &item, &err) != ERR_OK)
            fail_msg("text %zu: %s", i, err.text);
        assert_string_equal(item.kind, "instance");
    }
}

#define WIRE_TEST(name) cmocka_unit_test_setup_teardown(name, wire_rig_set_up, wire_rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WIRE_TEST(every_message_goes_round),
        WIRE_TEST(what_is_absent_reads_as_nothing),
        WIRE_TEST(null_is_absent),
        WIRE_TEST(unknown_fields_are_ignored_and_kept_where_raw),
        WIRE_TEST(damaged_messages_do_no_harm),
        WIRE_TEST(what_is_encoded_can_be_decoded_whatever_the_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
