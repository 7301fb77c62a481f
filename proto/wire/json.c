/* json.c - from jansson's values, which stay in this folder, to ours. */
#include "proto/wire/json.h"

#include "base/str.h"
#include "proto/wire/depth.h"
#include "proto/wire/load.h"

#include <jansson.h>

static void take(struct wire_json *out, struct arena *arena, const json_t *from);

static void take_list(struct wire_json *out, struct arena *arena, const json_t *from)
{
    out->kind = WIRE_JSON_LIST;
    out->len = json_array_size(from);
    out->members = arena_alloc(arena, (out->len + 1) * sizeof *out->members);
    for (size_t i = 0; i < out->len; i++) {
        out->members[i].name = "";
        take(&out->members[i].value, arena, json_array_get(from, i));
    }
}

static void take_object(struct wire_json *out, struct arena *arena, const json_t *from)
{
    const char *name;
    const json_t *value;
    out->kind = WIRE_JSON_OBJECT;
    out->members = arena_alloc(arena, (json_object_size(from) + 1) * sizeof *out->members);
    /* jansson's macro wants what it may change, and changes nothing. */
    json_t *object = json_incref((json_t *)(uintptr_t)from);
    json_object_foreach(object, name, value)
    {
        struct wire_json_member *member = &out->members[out->len++];
        member->name = arena_strdup(arena, name);
        take(&member->value, arena, value);
    }
    json_decref(object);
}

static void take(struct wire_json *out, struct arena *arena, const json_t *from)
{
    *out = (struct wire_json){.kind = WIRE_JSON_NULL, .text = ""};
    switch (json_typeof(from)) {
    case JSON_OBJECT:
        take_object(out, arena, from);
        return;
    case JSON_ARRAY:
        take_list(out, arena, from);
        return;
    case JSON_STRING:
        out->kind = WIRE_JSON_TEXT;
        out->text = arena_strndup(arena, json_string_value(from), json_string_length(from));
        return;
    case JSON_INTEGER:
        out->kind = WIRE_JSON_INT;
        out->number = json_integer_value(from);
        return;
    case JSON_REAL:
        out->kind = WIRE_JSON_FRACTION;
        return;
    case JSON_TRUE:
    case JSON_FALSE:
        out->kind = WIRE_JSON_BOOL;
        out->is_true = json_is_true(from);
        return;
    case JSON_NULL:
        return;
    }
}

enum err_code wire_json_parse(struct wire_json *out, struct arena *arena, const char *text,
                              size_t len, struct err *err)
{
    json_error_t why;
    if (wire_is_too_deep(text, len))
        return err_set(err, ERR_MALFORMED_JSON, "JSON is nested deeper than %d", WIRE_DEPTH_MAX);
    json_t *root = wire_load(text, len, JSON_DECODE_ANY, &why);
    if (root == NULL)
        return err_set(err, ERR_MALFORMED_JSON, "line %d: %s", why.line, why.text);
    take(out, arena, root);
    json_decref(root);
    return ERR_OK;
}

const struct wire_json *wire_json_get(const struct wire_json *object, const char *name)
{
    for (size_t i = 0; i < object->len; i++)
        if (str_eq(object->members[i].name, name))
            return &object->members[i].value;
    return NULL;
}
