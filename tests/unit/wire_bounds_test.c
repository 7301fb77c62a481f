/* What the codec refuses: each field of each message is bounded and of one kind, JSON is strict
 * (RELIABILITY, must 20). */
#include "tests/unit/unit.h"

#include "tests/unit/wire_rig.h"

#include "base/check.h"

#include <inttypes.h>
#include <string.h>

/* {"name":VALUE} where VALUE is `len` units of the field's kind. */
static void put_sized(struct buf *out, const struct wire_field *field, int64_t len)
{
    buf_clear(out);
    buf_printf(out, "{\"%s\":", field->name);
    bool listed = field->kind == WIRE_KIND_MANY || field->kind == WIRE_KIND_TEXTS;
    buf_char(out, listed ? '[' : '"');
    for (int64_t i = 0; i < len; i++)
        buf_text(out, !listed                         ? "x"
                      : field->kind == WIRE_KIND_MANY ? (i > 0 ? ",{}" : "{}")
                                                      : (i > 0 ? ",\"\"" : "\"\""));
    buf_text(out, listed ? "]}" : "\"}");
}

static void check_size(struct wire_rig *f, const struct wire_type *type,
                       const struct wire_field *field)
{
    CLEANUP(buf_fini) struct buf json = {0};
    struct err err;
    void *message = arena_alloc(&f->arena, type->size);
    int64_t quotes = field->kind == WIRE_KIND_RAW ? 2 : 0; /* RAW counts what it writes */
    put_sized(&json, field, field->max - quotes);
    if (wire_rig_decode(f, type, json.data, message, &err) != ERR_OK)
        fail_msg("%s.%s refuses its own maximum: %s", type->name, field->name, err.text);
    put_sized(&json, field, field->max - quotes + 1);
    assert_int_equal(wire_rig_decode(f, type, json.data, message, &err), ERR_MALFORMED_JSON);
    assert_non_null(strstr(err.text, field->name));
}

static void check_range(struct wire_rig *f, const struct wire_type *type,
                        const struct wire_field *field)
{
    struct err err;
    void *message = arena_alloc(&f->arena, type->size);
    const int64_t inside[] = {field->min, field->max};
    for (size_t i = 0; i < 2; i++) {
        const char *json = arena_printf(&f->arena, "{\"%s\":%" PRId64 "}", field->name, inside[i]);
        assert_int_equal(wire_rig_decode(f, type, json, message, &err), ERR_OK);
    }
    if (field->min > INT64_MIN) {
        const char *json = arena_printf(&f->arena, "{\"%s\":%" PRId64 "}", field->name,
                                        field->min - 1);
        assert_int_equal(wire_rig_decode(f, type, json, message, &err), ERR_MALFORMED_JSON);
        assert_non_null(strstr(err.text, field->name));
    }
    const char *json = field->max < INT64_MAX
                           ? arena_printf(&f->arena, "{\"%s\":%" PRId64 "}", field->name,
                                          field->max + 1)
                           : arena_printf(&f->arena, "{\"%s\":9223372036854775808}", field->name);
    assert_int_equal(wire_rig_decode(f, type, json, message, &err), ERR_MALFORMED_JSON);
}

static void every_field_is_bounded(void **state)
{
    struct wire_rig *f = *state;
    for (size_t i = 0; i < wire_rig_types_len; i++) {
        for (size_t n = 0; n < wire_rig_types[i]->len; n++) {
            const struct wire_field *field = &wire_rig_types[i]->fields[n];
            if (field->kind == WIRE_KIND_INT)
                check_range(f, wire_rig_types[i], field);
            else if (field->kind != WIRE_KIND_BOOL && field->kind != WIRE_KIND_SUM &&
                     field->kind != WIRE_KIND_ONE)
                check_size(f, wire_rig_types[i], field);
        }
        arena_reset(&f->arena);
    }
}

static bool takes(enum wire_kind kind, char sample)
{
    switch (kind) {
    case WIRE_KIND_TEXT:
        return sample == '"';
    case WIRE_KIND_INT:
        return sample == '1';
    case WIRE_KIND_BOOL:
        return sample == 't';
    case WIRE_KIND_SUM:
        return false; /* 16 hex digits: none of the samples */
    case WIRE_KIND_RAW:
        return true;
    case WIRE_KIND_ONE:
        return sample == '{';
    case WIRE_KIND_MANY:
    case WIRE_KIND_TEXTS:
        return sample == '[';
    }
    return false;
}

static void wrong_kinds_are_refused(void **state)
{
    struct wire_rig *f = *state;
    static const char *const samples[] = {"\"x\"", "1", "true", "{}", "[]", "2.5"};
    for (size_t i = 0; i < wire_rig_types_len; i++)
        for (size_t n = 0; n < wire_rig_types[i]->len; n++)
            for (size_t s = 0; s < sizeof samples / sizeof *samples; s++) {
                const struct wire_field *field = &wire_rig_types[i]->fields[n];
                struct err err;
                void *message = arena_alloc(&f->arena, wire_rig_types[i]->size);
                const char *json = arena_printf(&f->arena, "{\"%s\":%s}", field->name, samples[s]);
                bool fine = wire_rig_decode(f, wire_rig_types[i], json, message, &err) == ERR_OK;
                if (fine != takes(field->kind, samples[s][0]))
                    fail_msg("%s: %s was %s", wire_rig_types[i]->name, json,
                             fine ? "taken" : "refused");
            }
}

static void sums_are_sixteen_hex_digits(void **state)
{
    struct wire_rig *f = *state;
    static const char *const wrong[] = {
        "", "0", "00112233445566778", "001122334455667g", "0x11223344556677", "-011223344556677"};
    struct wire_sync_reply r;
    struct err err;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(wire_rig_decode(f, &wire_sync_reply_type,
                                         arena_printf(&f->arena, "{\"want_sum\":\"%s\"}", wrong[i]),
                                         &r, &err),
                         ERR_MALFORMED_JSON);
    assert_int_equal(
        wire_rig_decode(f, &wire_sync_reply_type, "{\"want_sum\":\"fFfFfFfFfFfFfFfF\"}", &r, &err),
        ERR_OK);
    assert_true(r.want_sum == UINT64_MAX);
}

static void duplicate_names_are_refused_at_every_level(void **state)
{
    struct wire_rig *f = *state;
    struct wire_sync_reply r;
    struct err err;
    static const char *const wrong[] = {
        "{\"rev\":1,\"rev\":2}",
        "{\"unknown\":1,\"unknown\":1}",
        "{\"echo\":{\"seq\":1,\"seq\":1}}",
        "{\"want\":[{\"body\":{\"a\":1,\"a\":2}}]}",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(wire_rig_decode(f, &wire_sync_reply_type, wrong[i], &r, &err),
                         ERR_MALFORMED_JSON);
}

static void depth_ends_at_32(void **state)
{
    struct wire_rig *f = *state;
    struct wire_item item;
    struct err err;
    for (int depth = 30; depth <= 200000; depth = depth < 34 ? depth + 1 : depth * 100) {
        CLEANUP(buf_fini) struct buf json = {0};
        buf_text(&json, "{\"body\":");
        for (int i = 1; i < depth; i++)
            buf_char(&json, '[');
        for (int i = 1; i < depth; i++)
            buf_char(&json, ']');
        buf_char(&json, '}');
        assert_int_equal(wire_rig_decode(f, &wire_item_type, json.data, &item, &err),
                         depth <= 32 ? ERR_OK : ERR_MALFORMED_JSON);
    }
    /* brackets in a text are text, however they are quoted */
    assert_int_equal(wire_rig_decode(f, &wire_item_type,
                                     "{\"id\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[\"}",
                                     &item, &err),
                     ERR_OK);
}

static void what_is_no_json_is_refused(void **state)
{
    struct wire_rig *f = *state;
    static const char *const wrong[] = {"",
                                        " ",
                                        "[]",
                                        "1",
                                        "null",
                                        "{",
                                        "{} {}",
                                        "{}x",
                                        "{'a':1}",
                                        "{\"rev\":01}",
                                        "{rev:1}",
                                        "{\"rev\":1,}",
                                        "{\"rev\":NaN}",
                                        "{\"store_id\":\"\xff\"}",
                                        "{\"store_id\":\"\\ud800\"}",
                                        "{\"store_id\":\"a\\u0000b\"}",
                                        "{\"store_id\":\"\n\"}"};
    struct wire_sync_reply r;
    struct err err;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (wire_rig_decode(f, &wire_sync_reply_type, wrong[i], &r, &err) != ERR_MALFORMED_JSON)
            fail_msg("'%s' was taken", wrong[i]);
    assert_int_equal(wire_decode(&wire_sync_reply_type, "{}\0", 3, &f->arena, &r, &err),
                     ERR_MALFORMED_JSON);
}

static void an_error_in_a_list_names_its_place(void **state)
{
    struct wire_rig *f = *state;
    struct wire_sync_request m;
    struct err err;
    assert_int_equal(
        wire_rig_decode(f, &wire_sync_request_type, "{\"seen\":[{},{\"pepoch\":-1}]}", &m, &err),
        ERR_MALFORMED_JSON);
    assert_string_equal(err.text, "seen[1]: field pepoch is out of range");
}

#define WIRE_TEST(name) cmocka_unit_test_setup_teardown(name, wire_rig_set_up, wire_rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WIRE_TEST(every_field_is_bounded),
        WIRE_TEST(wrong_kinds_are_refused),
        WIRE_TEST(sums_are_sixteen_hex_digits),
        WIRE_TEST(duplicate_names_are_refused_at_every_level),
        WIRE_TEST(depth_ends_at_32),
        WIRE_TEST(what_is_no_json_is_refused),
        WIRE_TEST(an_error_in_a_list_names_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
