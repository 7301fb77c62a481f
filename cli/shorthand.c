/* shorthand.c - see shorthand.h. Shorthand is read into JSON, so that one walk makes parameters of
 * both. */
#include "cli/shorthand.h"

#include "base/check.h"
#include "base/str.h"

#include <jansson.h>
#include <string.h>

enum { DEPTH_MAX = 16 };

/* ---- shorthand to JSON -------------------------------------------------------------------- */

struct reading {
    const char *at;
    struct arena *arena;
    int depth;
};

static json_t *read_value(struct reading *r, const char *ends);

/* Up to one of `ends`; a quoted one may hold anything. */
static json_t *read_text(struct reading *r, const char *ends)
{
    if (*r->at == '"' || *r->at == '\'') {
        const char *end = strchr(r->at + 1, *r->at);
        if (end == NULL)
            return NULL;
        const char *text = arena_strndup(r->arena, r->at + 1, (size_t)(end - r->at - 1));
        r->at = end + 1;
        return json_string(text);
    }
    size_t len = strcspn(r->at, ends);
    const char *text = arena_strndup(r->arena, r->at, len);
    r->at += len;
    return json_string(text);
}

static json_t *read_list(struct reading *r)
{
    json_t *list = json_array();
    r->at++;
    while (*r->at != ']') {
        json_t *item = read_value(r, ",]");
        if (item == NULL || json_array_append_new(list, item) != 0 ||
            (*r->at != ',' && *r->at != ']')) {
            json_decref(list);
            return NULL;
        }
        if (*r->at == ',')
            r->at++;
    }
    r->at++;
    return list;
}

/* Is what follows "Name=", not one more value of the list before it? */
static bool at_member(const struct reading *r)
{
    size_t len = strcspn(r->at, "=,[]{}\"'");
    return len > 0 && r->at[len] == '=';
}

/* a,b,c behind "Values=" is a list. */
static json_t *read_member(struct reading *r, const char *ends)
{
    json_t *value = read_value(r, ends);
    if (value == NULL || *r->at != ',')
        return value;
    struct reading next = {.at = r->at + 1, .arena = r->arena};
    if (at_member(&next))
        return value;
    json_t *list = json_array();
    json_array_append_new(list, value);
    while (*r->at == ',') {
        next.at = r->at + 1;
        if (at_member(&next))
            break;
        r->at++;
        value = read_value(r, ends);
        if (value == NULL || json_array_append_new(list, value) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* Members up to `close` ('}' or the end). */
static json_t *read_members(struct reading *r, char close)
{
    json_t *object = json_object();
    while (*r->at != close) {
        size_t len = strcspn(r->at, "=,[]{}\"'");
        if (len == 0 || r->at[len] != '=')
            break;
        const char *name = arena_strndup(r->arena, r->at, len);
        r->at += len + 1;
        json_t *value = read_member(r, close == '}' ? ",}" : ",");
        if (value == NULL || json_object_set_new(object, name, value) != 0)
            break;
        if (*r->at == ',' && r->at[1] != '\0')
            r->at++;
        else if (*r->at != close)
            break;
    }
    if (*r->at == close && json_object_size(object) > 0)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *read_value(struct reading *r, const char *ends)
{
    json_t *value;
    if (r->depth == DEPTH_MAX)
        return NULL;
    r->depth++;
    if (*r->at == '[') {
        value = read_list(r);
    } else if (*r->at == '{') {
        r->at++;
        value = read_members(r, '}');
        if (value != NULL)
            r->at++;
    } else {
        value = read_text(r, ends);
    }
    r->depth--;
    return value;
}

static json_t *read_any(const char *text, struct arena *arena)
{
    struct reading r = {.at = text, .arena = arena};
    if (*text == '[' || *text == '{')
        return json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    return read_members(&r, '\0');
}

/* ---- JSON to parameters ------------------------------------------------------------------- */

static const char *list_member(const char *name)
{
    static const struct {
        const char *model, *query;
    } members[] = {
#define MEMBER(model, query) {model, query},
#include "cli/members.def"
#undef MEMBER
    };
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (str_eq(members[i].model, name))
            return members[i].query;
    return NULL;
}

static bool add(struct cli_params *p, const char *name, json_t *value);

static bool add_members(struct cli_params *p, const char *prefix, json_t *object)
{
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value)
    {
        const char *query = list_member(name);
        const char *to = arena_printf(p->arena, "%s.%s", prefix, query != NULL ? query : name);
        if (query == NULL && json_is_array(value))
            return false;
        if (query != NULL && !json_is_array(value)) /* a list of one */
            to = arena_printf(p->arena, "%s.1", to);
        if (!add(p, to, value))
            return false;
    }
    return true;
}

static bool add_items(struct cli_params *p, const char *prefix, json_t *list)
{
    size_t at;
    json_t *item;
    json_array_foreach(list, at, item)
    {
        if (!add(p, arena_printf(p->arena, "%s.%zu", prefix, at + 1), item))
            return false;
    }
    return true;
}

static bool add(struct cli_params *p, const char *name, json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return add_members(p, name, value);
    case JSON_ARRAY:
        return add_items(p, name, value);
    case JSON_STRING:
        cli_params_add(p, name, json_string_value(value));
        return true;
    case JSON_INTEGER:
        cli_params_add(p, name,
                       arena_printf(p->arena, "%lld", (long long)json_integer_value(value)));
        return true;
    case JSON_TRUE:
    case JSON_FALSE:
        cli_params_add(p, name, json_is_true(value) ? "true" : "false");
        return true;
    case JSON_REAL:
    case JSON_NULL:
        return false;
    }
    return false;
}

static bool add_structures(struct cli_params *p, const char *prefix, json_t *value)
{
    size_t at;
    json_t *item;
    if (json_is_object(value))
        return add(p, arena_printf(p->arena, "%s.%u", prefix, cli_params_next(p, prefix)), value);
    json_array_foreach(value, at, item)
    {
        if (!json_is_object(item) ||
            !add(p, arena_printf(p->arena, "%s.%u", prefix, cli_params_next(p, prefix)), item))
            return false;
    }
    return json_is_array(value);
}

enum cli_exit cli_shorthand(struct cli_params *p, const char *prefix, bool is_list,
                            const char *flag, const char *text, struct cli_fault *fault)
{
    json_t *value = read_any(text, p->arena);
    bool ok = value != NULL && (is_list ? add_structures(p, prefix, value)
                                        : json_is_object(value) && add(p, prefix, value));
    json_decref(value);
    if (ok)
        return CLI_OK;
    cli_fault_set(fault, CLI_USAGE, "--%s '%.100s' is neither Name=value,.. nor JSON", flag, text);
    return fault->exit;
}
