/* The reader beside jansson, which read messages before it: what the one takes, the other takes,
 * and texts and numbers mean the same. Random damage of sound texts finds where they part. */
#include "tests/unit/unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/rng.h"
#include "proto/wire/depth.h"
#include "proto/wire/reader.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char *const sound[] = {
    "{\"proto\":1,\"want\":[{\"kind\":\"instance\",\"id\":\"i-1\",\"body\":{\"a\":[1,2,{}],\"b\":"
    "null}},"
    "{\"kind\":\"group\",\"gone\":\"moved\"}],\"more\":true}",
    "[0,-0,1,-1,9223372036854775807,-9223372036854775808,1.5,-2e7,3E-2,0.0,1e+1]",
    "\"plain \\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20ac\\ud83d\\ude00 \xc3\xa9 \xe2\x82\xac "
    "\xf0\x9f\x98\x80\"",
    "{\"\":{\"\":[]},\"a\":{\"a\":{\"a\":false}},\"\\u0061b\":1,\"b\":\"\"}",
    " { \"a\" : [ ] , \"b\" : [ true , false , null ] }\r\n\t",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
    "{\"want_sum\":\"00ff\",\"n\":123456789012345678,\"m\":-17,\"t\":[\"x\",\"y\"]}",
};
static const char alphabet[] =
    "{}[]\",:\\0123456789-+.eEutrfalsn \n\t\x01\x7f\xc3\xa9\xed\xa0\x80\xf4\x90";

/* Numbers without a value: too large for a double. Ours has no opinion on those. */
static bool is_overflow(const json_error_t *why)
{
    return strstr(why->text, "real number overflow") != NULL;
}

static void compare_text(const char *json, size_t len, const json_t *root)
{
    struct arena arena = {0};
    struct wire_reader r;
    struct wire_span text;
    wire_reader_init(&r, json, len, &arena);
    assert_true(wire_reader_text(&r, &text));
    assert_int_equal(text.len, json_string_length(root));
    assert_memory_equal(text.text, json_string_value(root), text.len);
    wire_reader_fini(&r);
    arena_fini(&arena);
}

static void compare_number(const char *json, size_t len, const json_t *root)
{
    struct wire_reader r;
    int64_t number;
    bool is_whole;
    wire_reader_init(&r, json, len, NULL);
    wire_reader_peek(&r);
    assert_true(wire_reader_number(&r, &number, &is_whole));
    assert_int_equal(is_whole, json_is_integer(root));
    if (is_whole)
        assert_int_equal(number, json_integer_value(root));
    wire_reader_fini(&r);
}

static bool compare(const char *json, size_t len)
{
    struct arena arena = {0};
    struct wire_reader r;
    struct wire_span value;
    json_error_t why;
    json_t *root = json_loadb(json, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    bool theirs = root != NULL && !wire_is_too_deep(json, len);
    wire_reader_init(&r, json, len, &arena);
    bool ours = wire_reader_value(&r, &value) && wire_reader_is_at_end(&r);
    assert_true(ours == (r.why == NULL && r.at == r.end && value.len > 0));
    if (ours != theirs && !(root == NULL && is_overflow(&why)))
        fail_msg("%s by us (%s), %s by jansson (%s): %.*s", ours ? "taken" : "refused",
                 r.why != NULL ? r.why : "", theirs ? "taken" : "refused", why.text, (int)len,
                 json);
    if (ours && json_is_string(root))
        compare_text(json, len, root);
    if (ours && json_is_number(root))
        compare_number(json, len, root);
    json_decref(root);
    wire_reader_fini(&r);
    arena_fini(&arena);
    return ours;
}

static void what_is_sound_is_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sound / sizeof *sound; i++)
        assert_true(compare(sound[i], strlen(sound[i])));
}

/* Also one byte short, at any place: nothing behind the end is ever read (ASan watches). */
static void every_beginning_is_judged_alike(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sound / sizeof *sound; i++)
        for (size_t len = 0; len < strlen(sound[i]); len++) {
            char *exact = malloc(len + 1); /* malloc(0) may be NULL */
            assert_non_null(exact);
            memcpy(exact, sound[i], len);
            char *again = realloc(exact, len > 0 ? len : 1);
            assert_non_null(again);
            compare(again, len);
            free(again);
        }
}

static void damage(const struct rng *rng, char *text, size_t *len, size_t cap)
{
    size_t at = rng_below(rng, *len + 1);
    char c = alphabet[rng_below(rng, sizeof alphabet - 1)];
    switch (rng_below(rng, 4)) {
    case 0: /* another character */
        if (at < *len)
            text[at] = c;
        return;
    case 1: /* one more */
        if (*len < cap) {
            memmove(text + at + 1, text + at, *len - at);
            text[at] = c;
            ++*len;
        }
        return;
    case 2: /* one less */
        if (at < *len) {
            memmove(text + at, text + at + 1, *len - at - 1);
            --*len;
        }
        return;
    default: { /* a piece twice */
        size_t piece = rng_below(rng, 12);
        if (at + piece <= *len && *len + piece <= cap) {
            memmove(text + at + piece, text + at, *len - at);
            *len += piece;
        }
    }
    }
}

static void damage_is_judged_alike(void **state)
{
    (void)state;
    enum { ROUNDS = 60000, CAP = 512 };
    struct rng_seeded seed = {.state = 5};
    struct rng rng = rng_seeded(&seed);
    int64_t taken = 0;
    for (int i = 0; i < ROUNDS; i++) {
        char text[CAP];
        const char *from = sound[rng_below(&rng, sizeof sound / sizeof *sound)];
        size_t len = 0;
        for (; from[len] != '\0'; len++)
            text[len] = from[len];
        for (uint64_t n = 1 + rng_below(&rng, 4); n > 0; n--)
            damage(&rng, text, &len, CAP);
        taken += compare(text, len);
    }
    assert_true(taken > ROUNDS / 50 && taken < ROUNDS / 2); /* damage, and not only rubble */
}

/* Many names cost what sorting them costs. */
static void a_name_twice_is_found_among_many(void **state)
{
    (void)state;
    enum { NAMES = 20000 };
    CLEANUP(buf_fini) struct buf json = {0};
    for (int twice = 0; twice < 2; twice++) {
        buf_clear(&json);
        for (int i = 0; i < NAMES; i++)
            buf_printf(&json, "%s\"n%d\":0", i == 0 ? "{" : ",", i);
        buf_text(&json, twice ? ",\"\\u006e77\":0}" : "}");
        assert_true(compare(json.data, json.len) == !twice);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sound_is_taken),
        cmocka_unit_test(every_beginning_is_judged_alike),
        cmocka_unit_test(damage_is_judged_alike),
        cmocka_unit_test(a_name_twice_is_found_among_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
