/* wire_rig.c - see wire_rig.h. */
#include "tests/unit/unit.h"

#include "tests/unit/wire_rig.h"

#include "base/check.h"

#include <inttypes.h>
#include <string.h>

/* Every message type there is, out of the same tables as the structs. */
#define WIRE_BEGIN(t) &t##_type,
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
const struct wire_type *const wire_rig_types[] = {
#include "proto/wire/sync.def"
#include "proto/wire/objects.def"
};
/* clang-format on */
const size_t wire_rig_types_len = sizeof wire_rig_types / sizeof wire_rig_types[0];

int wire_rig_set_up(void **state)
{
    static struct wire_rig f;
    f = (struct wire_rig){.seed = {.state = 20}};
    f.rng = rng_seeded(&f.seed);
    *state = &f;
    return 0;
}

int wire_rig_tear_down(void **state)
{
    arena_fini(&((struct wire_rig *)*state)->arena);
    return 0;
}

enum err_code wire_rig_decode(struct wire_rig *f, const struct wire_type *type, const char *json,
                              void *message, struct err *err)
{
    *err = (struct err){0};
    return wire_decode(type, json, strlen(json), &f->arena, message, err);
}

/* ---- random messages ----------------------------------------------------------------------- */

static const char *random_text(struct wire_rig *f, int64_t max)
{
    static const char *const pieces[] = {"a",        "Z9",   "\"",   "\\",
                                         "\n",       "\x01", "\x1f", "\x7f",
                                         "\xc3\xa4", "/",    "{",    "\xf0\x9f\x90\xa7",
                                         "\\u0041",  " "};
    CLEANUP(buf_fini) struct buf b = {0};
    for (uint64_t i = 0, n = rng_below(&f->rng, 12); i < n; i++) {
        const char *piece = pieces[rng_below(&f->rng, sizeof pieces / sizeof *pieces)];
        if ((int64_t)(b.len + strlen(piece)) <= max)
            buf_text(&b, piece);
    }
    return arena_strdup(&f->arena, buf_str(&b));
}

static void random_json(struct wire_rig *f, struct buf *out, int depth)
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

static const char *random_raw(struct wire_rig *f)
{
    CLEANUP(buf_fini) struct buf b = {0};
    buf_text(&b, "{\"z\":");
    random_json(f, &b, 3);
    buf_text(&b, "}");
    return arena_strdup(&f->arena, buf_str(&b));
}

static int64_t random_int(struct wire_rig *f, int64_t min, int64_t max)
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

static void fill_list(struct wire_rig *f, const struct wire_field *field, char *message)
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
        wire_rig_fill(f, field->type, list + i * field->type->size);
    *(void **)(void *)(message + field->offset) = list;
}

static void fill_field(struct wire_rig *f, const struct wire_field *field, char *message)
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
        wire_rig_fill(f, field->type, *(void **)at);
        return;
    case WIRE_KIND_MANY:
    case WIRE_KIND_TEXTS:
        fill_list(f, field, message);
        return;
    }
}

void wire_rig_fill(struct wire_rig *f, const struct wire_type *type, void *message)
{
    memset(message, 0, type->size);
    for (size_t i = 0; i < type->len; i++)
        fill_field(f, &type->fields[i], message);
}

/* ---- comparison ---------------------------------------------------------------------------- */

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
                : !wire_rig_is_same(field->type, (const char *)left + i * field->type->size,
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
        return one == NULL || two == NULL ? one == two : wire_rig_is_same(field->type, one, two);
    }
    case WIRE_KIND_MANY:
    case WIRE_KIND_TEXTS:
        return same_list(field, a, b);
    }
    return false;
}

bool wire_rig_is_same(const struct wire_type *type, const void *a, const void *b)
{
    for (size_t i = 0; i < type->len; i++)
        if (!same_field(&type->fields[i], a, b)) {
            print_message("%s.%s differs\n", type->name, type->fields[i].name);
            return false;
        }
    return true;
}
