/* The codec of the tiers: every message of the field tables goes round, every field is bounded, and
 * what is not understood is refused or ignored, never half taken (PROTOCOL 9; RELIABILITY, must 20). */
#include "tests/unit/unit.h"

#include "base/check.h"
#include "base/rng.h"
#include "proto/wire/messages.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Every message type there is, out of the same tables as the structs. */
#define WIRE_BEGIN(t)                     &t##_type,
#define WIRE_TEXT(t, name, max)
#define WIRE_RAW(t, name, max)
#define WIRE_INT(t, name, min, max)
#define WIRE_BOOL(t, name)
#define WIRE_SUM(t, name)
#define WIRE_ONE(t, name, type)
#define WIRE_MANY(t, name, type, max)
#define WIRE_TEXTS(t, name, max)
#define WIRE_END(t)
/* clang-format off */
static const struct wire_type *const types[] = {
#include "proto/wire/sync.def"
#include "proto/wire/objects.def"
};
/* clang-format on */
enum { TYPES = sizeof types / sizeof *types };

struct fixture {
    struct arena arena;
    struct rng_seeded seed;
    struct rng rng;
};

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){.seed = {.state = 20}};
    f.rng = rng_seeded(&f.seed);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    arena_fini(&((struct fixture *)*state)->arena);
    return 0;
}

static enum err_code decode(struct fixture *f, const struct wire_type *type, const char *json,
                            void *message, struct err *err)
{
    *err = (struct err){0};
    return wire_decode(type, json, strlen(json), &f->arena, message, err);
}

/* ---- random messages ---------------------------------------------------------------------- */

static const char *random_text(struct fixture *f, int64_t max)
{
    static const char *const pieces[] = {"a",    "Z9",       "\"", "\\", "\n",           "\x01", "\x1f",
                                         "\x7f", "\xc3\xa4", "/",  "{",  "\xf0\x9f\x90\xa7", "\\u0041", " "};
    CLEANUP(buf_fini) struct buf b = {0};
    for (uint64_t i = 0, n = rng_below(&f->rng, 12); i < n; i++) {
        const char *piece = pieces[rng_below(&f->rng, sizeof pieces / sizeof *pieces)];
        if ((int64_t)(b.len + strlen(piece)) <= max)
            buf_text(&b, piece);
    }
    return arena_strdup(&f->arena, buf_str(&b));
}

static void random_json(struct fixture *f, struct buf *out, int depth)
{
    uint64_t kind = rng_below(&f->rng, depth > 0 ? 6 : 4);
    if (kind == 0)
        buf_printf(out, "%" PRId64, (int64_t)rng_u64(&f->rng));
    else if (kind == 1)
        buf_text(out, rng_below(&f->rng, 2) == 0 ? "true" : "null");
    else if (kind <= 3)
        buf_printf(out, "\"t%d\"", (int)rng_below(&f->rng, 1000));
    else {
        buf_char(out, kind == 4 ? '[' : '{');
        for (uint64_t i = 0, n = rng_below(&f->rng, 4); i < n; i++) {
            buf_text(out, i > 0 ? "," : "");
            if (kind == 5) /* not in the order of the alphabet */
                buf_printf(out, "\"k%d\":", 9 - (int)i);
            random_json(f, out, depth - 1);
        }
        buf_char(out, kind == 4 ? ']' : '}');
    }
}

static const char *random_raw(struct fixture *f)
{
    CLEANUP(buf_fini) struct buf b = {0};
    buf_text(&b, "{\"z\":");
    random_json(f, &b, 3);
    buf_text(&b, "}");
    return arena_strdup(&f->arena, buf_str(&b));
}

static int64_t random_int(struct fixture *f, int64_t min, int64_t max)
{
    uint64_t span = (uint64_t)max - (uint64_t)min;
    switch (rng_below(&f->rng, 4)) {
    case 0:
        return min;
    case 1:
        return max;
    default:
        return (int64_t)((uint64_t)min +
                         (span == UINT64_MAX ? rng_u64(&f->rng) : rng_below(&f->rng, span + 1)));
    }
}

static void fill(struct fixture *f, const struct wire_type *type, void *message);

static void fill_list(struct fixture *f, const struct wire_field *field, char *message)
{
    size_t len = (size_t)rng_below(&f->rng, field->max < 3 ? (uint64_t)field->max + 1 : 4);
    *(size_t *)(void *)(message + field->len_offset) = len;
    if (field->kind == WIRE_KIND_TEXTS) {
        const char **texts = arena_alloc(&f->arena, len * sizeof *texts + 1);
        for (size_t i = 0; i < len; i++)
            texts[i] = random_text(f, 4096);
        *(const char ***)(void *)(message + field->offset) = texts;
        return;
    }
    char *list = arena_alloc(&f->arena, len * field->type->size + 1);
    for (size_t i = 0; i < len; i++)
        fill(f, field->type, list + i * field->type->size);
    *(void **)(void *)(message + field->offset) = list;
}

static void fill_field(struct fixture *f, const struct wire_field *field, char *message)
{
    void *at = message + field->offset;
    switch (field->kind) {
    case WIRE_KIND_TEXT:
        *(const char **)at = random_text(f, field->max);
        return;
    case WIRE_KIND_RAW:
        *(const char **)at = rng_below(&f->rng, 3) == 0 ? "" : random_raw(f);
        return;
    case WIRE_KIND_INT:
        *(int64_t *)at = random_int(f, field->min, field->max);
        return;
    case WIRE_KIND_BOOL:
        *(bool *)at = rng_below(&f->rng, 2) == 0;
        return;
    case WIRE_KIND_SUM:
        *(uint64_t *)at = rng_below(&f->rng, 4) == 0 ? 0 : rng_u64(&f->rng);
        return;
    case WIRE_KIND_ONE:
        if (rng_below(&f->rng, 3) == 0)
            return;
        *(void **)at = arena_alloc(&f->arena, field->type->size);
        fill(f, field->type, *(void **)at);
        return;
    case WIRE_KIND_MANY:
    case WIRE_KIND_TEXTS:
        fill_list(f, field, message);
        return;
    }
}

static void fill(struct fixture *f, const struct wire_type *type, void *message)
{
    memset(message, 0, type->size);
    for (size_t i = 0; i < type->len; i++)
        fill_field(f, &type->fields[i], message);
}

/* ---- comparison --------------------------------------------------------------------------- */

static bool same(const struct wire_type *type, const void *a, const void *b);

static bool same_list(const struct wire_field *field, const char *a, const char *b)
{
    size_t len = *(const size_t *)(const void *)(a + field->len_offset);
    if (len != *(const size_t *)(const void *)(b + field->len_offset))
        return false;
    const void *left = *(const void *const *)(const void *)(a + field->offset);
    const void *right = *(const void *const *)(const void *)(b + field->offset);
    for (size_t i = 0; i < len; i++)
        if (field->kind == WIRE_KIND_TEXTS
                ? strcmp(((const char *const *)left)[i], ((const char *const *)right)[i]) != 0
                : !same(field->type, (const char *)left + i * field->type->size,
                        (const char *)right + i * field->type->size))
            return false;
    return true;
}

static bool same_field(const struct wire_field *field, const char *a, const char *b)
{
    const void *left = a + field->offset, *right = b + field->offset;
    switch (field->kind) {
    case WIRE_KIND_TEXT:
    case WIRE_KIND_RAW:
        return strcmp(*(const char *const *)left, *(const char *const *)right) == 0;
    case WIRE_KIND_INT:
    case WIRE_KIND_SUM:
        return memcmp(left, right, 8) == 0;
    case WIRE_KIND_BOOL:
        return *(const bool *)left == *(const bool *)right;
    case WIRE_KIND_ONE: {
        const void *one = *(const void *const *)left, *two = *(const void *const *)right;
        return one == NULL || two == NULL ? one == two : same(field->type, one, two);
    }
    case WIRE_KIND_MANY:
    case WIRE_KIND_TEXTS:
        return same_list(field, a, b);
    }
    return false;
}

static bool same(const struct wire_type *type, const void *a, const void *b)
{
    for (size_t i = 0; i < type->len; i++)
        if (!same_field(&type->fields[i], a, b)) {
            print_message("%s.%s differs\n", type->name, type->fields[i].name);
            return false;
        }
    return true;
}

/* ---- round trips -------------------------------------------------------------------------- */

static void round_trip(struct fixture *f, const struct wire_type *type)
{
    struct err err = {0};
    CLEANUP(buf_fini) struct buf once = {0};
    CLEANUP(buf_fini) struct buf twice = {0};
    void *sent = arena_alloc(&f->arena, type->size), *got = arena_alloc(&f->arena, type->size);
    fill(f, type, sent);
    wire_encode(&once, type, sent);
    if (wire_decode(type, once.data, once.len, &f->arena, got, &err) != ERR_OK)
        fail_msg("%s: %s in %s", type->name, err.text, once.data);
    assert_true(same(type, sent, got));
    wire_encode(&twice, type, got); /* the same struct gives the same bytes */
    assert_string_equal(once.data, twice.data);
}

static void every_message_goes_round(void **state)
{
    struct fixture *f = *state;
    assert_true(TYPES > 20);
    for (int round = 0; round < 200; round++) {
        for (size_t i = 0; i < TYPES; i++)
            round_trip(f, types[i]);
        arena_reset(&f->arena);
    }
}

static void what_is_absent_reads_as_nothing(void **state)
{
    struct fixture *f = *state;
    struct err err;
    for (size_t i = 0; i < TYPES; i++) {
        CLEANUP(buf_fini) struct buf back = {0};
        char *message = arena_alloc(&f->arena, types[i]->size);
        memset(message, 0xee, types[i]->size);
        assert_int_equal(decode(f, types[i], "{}", message, &err), ERR_OK);
        for (size_t n = 0; n < types[i]->len; n++) {
            const struct wire_field *field = &types[i]->fields[n];
            if (field->kind == WIRE_KIND_TEXT || field->kind == WIRE_KIND_RAW)
                assert_string_equal(*(const char **)(void *)(message + field->offset), "");
        }
        wire_encode(&back, types[i], message);
        assert_string_equal(buf_str(&back), "{}");
    }
}

static void null_is_absent(void **state)
{
    struct fixture *f = *state;
    struct wire_sync_reply r;
    struct err err;
    assert_int_equal(decode(f, &wire_sync_reply_type,
                            "{\"rev\":null,\"store_id\":null,\"echo\":null,\"want\":null}", &r, &err),
                     ERR_OK);
    assert_string_equal(r.store_id, "");
    assert_null(r.echo);
    assert_int_equal(r.want_len, 0);
}

/* ---- bounds: each field of each message ---------------------------------------------------- */

/* {"name":VALUE} where VALUE is `len` units of the field's kind. */
static void put_sized(struct buf *out, const struct wire_field *field, int64_t len)
{
    buf_clear(out);
    buf_printf(out, "{\"%s\":", field->name);
    bool listed = field->kind == WIRE_KIND_MANY || field->kind == WIRE_KIND_TEXTS;
    buf_char(out, listed ? '[' : '"');
    for (int64_t i = 0; i < len; i++)
        buf_text(out, !listed ? "x" : field->kind == WIRE_KIND_MANY ? (i > 0 ? ",{}" : "{}")
                                                                     : (i > 0 ? ",\"\"" : "\"\""));
    buf_text(out, listed ? "]}" : "\"}");
}

static void check_size(struct fixture *f, const struct wire_type *type,
                       const struct wire_field *field)
{
    CLEANUP(buf_fini) struct buf json = {0};
    struct err err;
    void *message = arena_alloc(&f->arena, type->size);
    int64_t quotes = field->kind == WIRE_KIND_RAW ? 2 : 0; /* RAW counts what it writes */
    put_sized(&json, field, field->max - quotes);
    if (decode(f, type, json.data, message, &err) != ERR_OK)
        fail_msg("%s.%s refuses its own maximum: %s", type->name, field->name, err.text);
    put_sized(&json, field, field->max - quotes + 1);
    assert_int_equal(decode(f, type, json.data, message, &err), ERR_MALFORMED_JSON);
    assert_non_null(strstr(err.text, field->name));
}

static void check_range(struct fixture *f, const struct wire_type *type,
                        const struct wire_field *field)
{
    struct err err;
    void *message = arena_alloc(&f->arena, type->size);
    const int64_t inside[] = {field->min, field->max};
    for (size_t i = 0; i < 2; i++) {
        const char *json = arena_printf(&f->arena, "{\"%s\":%" PRId64 "}", field->name, inside[i]);
        assert_int_equal(decode(f, type, json, message, &err), ERR_OK);
    }
    if (field->min > INT64_MIN) {
        const char *json = arena_printf(&f->arena, "{\"%s\":%" PRId64 "}", field->name,
                                        field->min - 1);
        assert_int_equal(decode(f, type, json, message, &err), ERR_MALFORMED_JSON);
        assert_non_null(strstr(err.text, field->name));
    }
    const char *json = field->max < INT64_MAX
                           ? arena_printf(&f->arena, "{\"%s\":%" PRId64 "}", field->name,
                                          field->max + 1)
                           : arena_printf(&f->arena, "{\"%s\":9223372036854775808}", field->name);
    assert_int_equal(decode(f, type, json, message, &err), ERR_MALFORMED_JSON);
}

static void every_field_is_bounded(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < TYPES; i++) {
        for (size_t n = 0; n < types[i]->len; n++) {
            const struct wire_field *field = &types[i]->fields[n];
            if (field->kind == WIRE_KIND_INT)
                check_range(f, types[i], field);
            else if (field->kind != WIRE_KIND_BOOL && field->kind != WIRE_KIND_SUM &&
                     field->kind != WIRE_KIND_ONE)
                check_size(f, types[i], field);
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
    struct fixture *f = *state;
    static const char *const samples[] = {"\"x\"", "1", "true", "{}", "[]", "2.5"};
    for (size_t i = 0; i < TYPES; i++)
        for (size_t n = 0; n < types[i]->len; n++)
            for (size_t s = 0; s < sizeof samples / sizeof *samples; s++) {
                const struct wire_field *field = &types[i]->fields[n];
                struct err err;
                void *message = arena_alloc(&f->arena, types[i]->size);
                const char *json = arena_printf(&f->arena, "{\"%s\":%s}", field->name, samples[s]);
                bool fine = decode(f, types[i], json, message, &err) == ERR_OK;
                if (fine != takes(field->kind, samples[s][0]))
                    fail_msg("%s: %s was %s", types[i]->name, json, fine ? "taken" : "refused");
            }
}

static void sums_are_sixteen_hex_digits(void **state)
{
    struct fixture *f = *state;
    static const char *const wrong[] = {"", "0", "00112233445566778", "001122334455667g",
                                        "0x11223344556677", "-011223344556677"};
    struct wire_sync_reply r;
    struct err err;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(decode(f, &wire_sync_reply_type,
                                arena_printf(&f->arena, "{\"want_sum\":\"%s\"}", wrong[i]), &r, &err),
                         ERR_MALFORMED_JSON);
    assert_int_equal(decode(f, &wire_sync_reply_type, "{\"want_sum\":\"fFfFfFfFfFfFfFfF\"}", &r,
                            &err),
                     ERR_OK);
    assert_true(r.want_sum == UINT64_MAX);
}

/* ---- what is not a message ------------------------------------------------------------------ */

static void duplicate_names_are_refused_at_every_level(void **state)
{
    struct fixture *f = *state;
    struct wire_sync_reply r;
    struct err err;
    static const char *const wrong[] = {
        "{\"rev\":1,\"rev\":2}",
        "{\"unknown\":1,\"unknown\":1}",
        "{\"echo\":{\"seq\":1,\"seq\":1}}",
        "{\"want\":[{\"body\":{\"a\":1,\"a\":2}}]}",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(decode(f, &wire_sync_reply_type, wrong[i], &r, &err), ERR_MALFORMED_JSON);
}

static void depth_ends_at_32(void **state)
{
    struct fixture *f = *state;
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
        assert_int_equal(decode(f, &wire_item_type, json.data, &item, &err),
                         depth <= 32 ? ERR_OK : ERR_MALFORMED_JSON);
    }
    /* brackets in a text are text, however they are quoted */
    assert_int_equal(decode(f, &wire_item_type,
                            "{\"id\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[\"}", &item,
                            &err),
                     ERR_OK);
}

static void unknown_fields_are_ignored_and_kept_where_raw(void **state)
{
    struct fixture *f = *state;
    struct wire_item item;
    struct err err;
    CLEANUP(buf_fini) struct buf back = {0};
    assert_int_equal(decode(f, &wire_item_type,
                            "{\"of_tomorrow\":[{\"x\":1}],\"kind\":\"instance\","
                            "\"body\":{\"z\":1, \"a\":{\"new\":[true,null]}}}",
                            &item, &err),
                     ERR_OK);
    assert_string_equal(item.kind, "instance");
    assert_string_equal(item.body, "{\"z\":1,\"a\":{\"new\":[true,null]}}");
    wire_encode(&back, &wire_item_type, &item);
    assert_non_null(strstr(buf_str(&back), "{\"z\":1,\"a\":{\"new\":[true,null]}}"));
}

static void what_is_no_json_is_refused(void **state)
{
    struct fixture *f = *state;
    static const char *const wrong[] = {"",      " ",         "[]",       "1",         "null",
                                        "{",     "{} {}",     "{}x",      "{'a':1}",   "{\"rev\":01}",
                                        "{rev:1}", "{\"rev\":1,}", "{\"rev\":NaN}", "{\"store_id\":\"\xff\"}",
                                        "{\"store_id\":\"\\ud800\"}", "{\"store_id\":\"a\\u0000b\"}",
                                        "{\"store_id\":\"\n\"}"};
    struct wire_sync_reply r;
    struct err err;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (decode(f, &wire_sync_reply_type, wrong[i], &r, &err) != ERR_MALFORMED_JSON)
            fail_msg("'%s' was taken", wrong[i]);
    assert_int_equal(wire_decode(&wire_sync_reply_type, "{}\0", 3, &f->arena, &r, &err),
                     ERR_MALFORMED_JSON);
}

/* A message cut anywhere is refused; one with any byte changed is refused or understood, and what is
 * understood goes round. */
static void damaged_messages_do_no_harm(void **state)
{
    struct fixture *f = *state;
    for (int round = 0; round < 20; round++) {
        const struct wire_type *type = types[rng_below(&f->rng, TYPES)];
        CLEANUP(buf_fini) struct buf json = {0};
        void *message = arena_alloc(&f->arena, type->size);
        struct err err;
        fill(f, type, message);
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
    struct fixture *f = *state;
    static const char *const texts[] = {"\xff", "a\xc3", "\xc3(", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                        "\xc0\x80", "\x80", "ok\xe2\x82"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        CLEANUP(buf_fini) struct buf json = {0};
        struct wire_item item = {.kind = "instance", .id = texts[i], .gone = "", .error = "",
                                 .body = ""};
        struct err err;
        wire_encode(&json, &wire_item_type, &item);
        if (decode(f, &wire_item_type, json.data, &item, &err) != ERR_OK)
            fail_msg("text %zu: %s", i, err.text);
        assert_string_equal(item.kind, "instance");
    }
}

static void an_error_in_a_list_names_its_place(void **state)
{
    struct fixture *f = *state;
    struct wire_sync_request m;
    struct err err;
    assert_int_equal(decode(f, &wire_sync_request_type, "{\"seen\":[{},{\"pepoch\":-1}]}", &m, &err),
                     ERR_MALFORMED_JSON);
    assert_string_equal(err.text, "seen[1]: field pepoch is out of range");
}

#define WIRE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WIRE_TEST(every_message_goes_round),
        WIRE_TEST(what_is_absent_reads_as_nothing),
        WIRE_TEST(null_is_absent),
        WIRE_TEST(every_field_is_bounded),
        WIRE_TEST(wrong_kinds_are_refused),
        WIRE_TEST(sums_are_sixteen_hex_digits),
        WIRE_TEST(duplicate_names_are_refused_at_every_level),
        WIRE_TEST(depth_ends_at_32),
        WIRE_TEST(unknown_fields_are_ignored_and_kept_where_raw),
        WIRE_TEST(what_is_no_json_is_refused),
        WIRE_TEST(damaged_messages_do_no_harm),
        WIRE_TEST(what_is_encoded_can_be_decoded_whatever_the_bytes),
        WIRE_TEST(an_error_in_a_list_names_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
