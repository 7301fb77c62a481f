/* rest_request.c - what a request of REST carries, as parameters of EC2 (rest.h). */
#include "base/check.h"
#include "base/str.h"
#include "base/utf8.h"
#include "cloud-manager/api/rest.h"
#include "proto/auth/base64.h"
#include "proto/wire/json.h"

#include <string.h>

enum { LIMIT_MAX = 1000, FIELDS_MAX = 64, FIXED_MAX = 16 };

/* A request that is being read. */
struct reading {
    const struct cloud_rest *rest;
    const struct request *request;
    struct cloud_query asked; /* what stands behind '?' */
    struct wire_json body;    /* an object; without members when there is none */
    struct cloud_query *out;
    struct err *err;
};

/* ---- one field ------------------------------------------------------------------------------ */

static enum err_code wrong(struct reading *r, const char *name, const char *expected)
{
    return err_set(r->err, ERR_INVALID_PARAMETER, "/%.64s: expected %s", name, expected);
}

/* The `n`th of the names in "A|B" gets `value`; '%' becomes `item`. */
static void add(struct reading *r, const char *params, unsigned item, const char *value)
{
    struct arena *arena = r->out->arena;
    while (*params != '\0') {
        size_t len = strcspn(params, "|");
        const char *name = arena_strndup(arena, params, len);
        const char *mark = strchr(name, '%');
        if (mark != NULL)
            name = arena_printf(arena, "%.*s%u%s", (int)(mark - name), name, item, mark + 1);
        cloud_query_add(r->out, name, value);
        params += len + (params[len] == '|');
    }
}

static const char *encoded(struct arena *arena, const char *text)
{
    CLEANUP(buf_fini) struct buf out = {0};
    base64_encode(&out, text, strlen(text));
    return arena_strdup(arena, buf_str(&out));
}

static enum err_code add_text(struct reading *r, const struct cloud_field *f,
                              const struct wire_json *value)
{
    if (value->kind != WIRE_JSON_TEXT || *value->text == '\0')
        return wrong(r, f->name, "a text that is not empty");
    if (!utf8_is(value->text, strlen(value->text))) /* of a header: they may hold any bytes */
        return wrong(r, f->name, "UTF-8");
    add(r, f->params, 0,
        f->kind == CLOUD_FIELD_ENCODED ? encoded(r->out->arena, value->text) : value->text);
    return ERR_OK;
}

static enum err_code add_texts(struct reading *r, const struct cloud_field *f,
                               const struct wire_json *value)
{
    if (value->kind != WIRE_JSON_LIST || value->len == 0 || value->len > CLOUD_QUERY_LIST_MAX)
        return wrong(r, f->name, "a list of 1 to 1000 texts");
    for (size_t i = 0; i < value->len; i++) {
        const struct wire_json *item = &value->members[i].value;
        if (item->kind != WIRE_JSON_TEXT || *item->text == '\0')
            return wrong(r, f->name, "a list of texts that are not empty");
        add(r, f->params, (unsigned)i + 1, item->text);
    }
    return ERR_OK;
}

/* As a specification for a resource type, or plain. */
static enum err_code add_tags(struct reading *r, const struct cloud_field *f,
                              const struct wire_json *value)
{
    bool is_plain = *f->params == '\0';
    const char *prefix = is_plain ? "Tag" : "TagSpecification.1.Tag";
    if (value->kind != WIRE_JSON_OBJECT || value->len > CLOUD_QUERY_LIST_MAX / 2)
        return wrong(r, f->name, "an object of texts");
    if (!is_plain && value->len > 0)
        cloud_query_add(r->out, "TagSpecification.1.ResourceType", f->params);
    for (size_t i = 0; i < value->len; i++) {
        const struct wire_json_member *tag = &value->members[i];
        if (tag->value.kind != WIRE_JSON_TEXT || *tag->name == '\0')
            return wrong(r, f->name, "an object of texts");
        add(r, arena_printf(r->out->arena, "%s.%%.Key", prefix), (unsigned)i + 1, tag->name);
        add(r, arena_printf(r->out->arena, "%s.%%.Value", prefix), (unsigned)i + 1,
            tag->value.text);
    }
    return ERR_OK;
}

static enum err_code add_value(struct reading *r, const struct cloud_field *f,
                               const struct wire_json *value)
{
    switch (f->kind) {
    case CLOUD_FIELD_TEXT:
    case CLOUD_FIELD_ENCODED:
    case CLOUD_FIELD_HEADER:
        return add_text(r, f, value);
    case CLOUD_FIELD_INTEGER:
        if (value->kind != WIRE_JSON_INT)
            return wrong(r, f->name, "a whole number");
        add(r, f->params, 0, arena_printf(r->out->arena, "%lld", (long long)value->number));
        return ERR_OK;
    case CLOUD_FIELD_BOOLEAN:
        if (value->kind != WIRE_JSON_BOOL)
            return wrong(r, f->name, "true or false");
        add(r, f->params, 0, value->is_true ? "true" : "false");
        return ERR_OK;
    case CLOUD_FIELD_TEXTS:
        return add_texts(r, f, value);
    case CLOUD_FIELD_TAGS:
        return add_tags(r, f, value);
    }
    IMPOSSIBLE("kind of a field");
}

/* A value of the query or of a header, as the JSON that it would be in a body. */
static struct wire_json from_text(const struct cloud_field *f, const char *text)
{
    struct wire_json value = {.kind = WIRE_JSON_TEXT, .text = text};
    if (f->kind == CLOUD_FIELD_BOOLEAN && (str_eq(text, "true") || str_eq(text, "false")))
        value = (struct wire_json){.kind = WIRE_JSON_BOOL, .is_true = str_eq(text, "true")};
    else if (f->kind == CLOUD_FIELD_INTEGER &&
             str_parse_i64(text, INT64_MIN, INT64_MAX, &value.number))
        value.kind = WIRE_JSON_INT;
    return value;
}

/* Where this field stands: NULL when nowhere. */
static const struct wire_json *find(struct reading *r, const struct cloud_field *f,
                                    struct wire_json *room)
{
    const char *text;
    if (f->kind == CLOUD_FIELD_HEADER)
        text = request_header(r->request, f->name);
    else if (cloud_route_has_body(r->rest->route))
        return wire_json_get(&r->body, f->name);
    else
        text = cloud_query_get(&r->asked, f->name);
    if (text == NULL)
        return NULL;
    *room = from_text(f, text);
    return room;
}

static enum err_code read_fields(struct reading *r)
{
    const struct cloud_input *input = &cloud_inputs[r->rest->route->input];
    for (size_t i = 0; i < input->len; i++) {
        const struct cloud_field *f = &input->fields[i];
        struct wire_json room;
        const struct wire_json *value = find(r, f, &room);
        if (value == NULL && f->is_must)
            return err_set(r->err, ERR_MISSING_PARAMETER, "/%s: is missing", f->name);
        if (value == NULL)
            add(r, f->params, 0, f->kind == CLOUD_FIELD_TAGS ? "" : f->otherwise);
        else if (add_value(r, f, value) != ERR_OK)
            return r->err->code;
    }
    return ERR_OK;
}

static bool is_field(const struct cloud_input *input, const char *name)
{
    for (size_t i = 0; i < input->len; i++)
        if (str_eq(input->fields[i].name, name) && input->fields[i].kind != CLOUD_FIELD_HEADER)
            return true;
    return false;
}

static enum err_code check_names(struct reading *r)
{
    for (size_t i = 0; i < r->body.len; i++)
        if (!is_field(&cloud_inputs[r->rest->route->input], r->body.members[i].name))
            return err_set(r->err, ERR_UNKNOWN_PARAMETER, "/%.64s: there is no such member",
                           r->body.members[i].name);
    return ERR_OK;
}

/* ---- lists ---------------------------------------------------------------------------------- */

/* "filter[NAME]=A,B": either A or B. */
static void add_filter(struct reading *r, unsigned n, const char *name, size_t name_len,
                       const char *values)
{
    struct arena *arena = r->out->arena;
    unsigned item = 0;
    cloud_query_add(r->out, arena_printf(arena, "Filter.%u.Name", n),
                    arena_strndup(arena, name, name_len));
    for (; *values != '\0';) {
        size_t len = strcspn(values, ",");
        if (len > 0)
            cloud_query_add(r->out, arena_printf(arena, "Filter.%u.Value.%u", n, ++item),
                            arena_strndup(arena, values, len));
        values += len + (values[len] == ',');
    }
}

static void read_filters(struct reading *r)
{
    unsigned n = 0;
    for (size_t i = 0; i < r->asked.len; i++) {
        struct cloud_param *p = &r->asked.params[i];
        size_t len = strlen(p->name);
        if (!str_has_prefix(p->name, "filter[") || len < 9 || p->name[len - 1] != ']')
            continue;
        p->is_used = true;
        add_filter(r, ++n, p->name + 7, len - 8, p->value);
    }
}

static enum err_code read_page(struct reading *r)
{
    const char *cursor = cloud_query_get(&r->asked, "cursor");
    const char *limit = cloud_query_get(&r->asked, "limit");
    int64_t ignored;
    if (cloud_query_i64(&r->asked, "limit", 1, LIMIT_MAX, 1, &ignored, r->err) != ERR_OK)
        return r->err->code;
    cloud_query_add(r->out, "NextToken", cursor != NULL ? cursor : "");
    cloud_query_add(r->out, "MaxResults", limit != NULL ? limit : "");
    return ERR_OK;
}

static enum err_code read_list(struct reading *r)
{
    enum cloud_answer_kind kind = r->rest->route->answer;
    bool is_get = !cloud_route_has_body(r->rest->route);
    if (is_get && (kind == CLOUD_ANSWER_PAGED || kind == CLOUD_ANSWER_FILTERED))
        read_filters(r);
    return is_get && kind == CLOUD_ANSWER_PAGED ? read_page(r) : ERR_OK;
}

/* ---- the whole ------------------------------------------------------------------------------ */

/* Bounded before anything is added: each text can become at most as many parameters as it has
 * characters, and each value of the body two. */
static size_t most_params(const struct reading *r)
{
    size_t most = FIELDS_MAX + FIXED_MAX;
    for (size_t i = 0; i < r->asked.len; i++)
        most += strlen(r->asked.params[i].value) + 2;
    for (size_t i = 0; i < r->body.len; i++)
        most += 2 + 2 * r->body.members[i].value.len;
    return most;
}

/* "A={id}&B=const" */
static void add_fixed(struct reading *r)
{
    struct arena *arena = r->out->arena;
    const char *at = r->rest->route->params;
    while (*at != '\0') {
        size_t len = strcspn(at, "&"), name = strcspn(at, "=");
        const char *value = arena_strndup(arena, at + name + 1, len - name - 1);
        cloud_query_add(r->out, arena_strndup(arena, at, name),
                        str_eq(value, "{id}") ? r->rest->id : value);
        at += len + (at[len] == '&');
    }
}

static enum err_code read_body(struct reading *r)
{
    const struct request *request = r->request;
    r->body = (struct wire_json){.kind = WIRE_JSON_OBJECT};
    if (request->body_len == 0)
        return ERR_OK;
    if (!cloud_route_has_body(r->rest->route))
        return err_set(r->err, ERR_BAD_REQUEST, "a %s has no body here", request->method);
    if (wire_json_parse(&r->body, r->out->arena, request->body, request->body_len, r->err) !=
        ERR_OK)
        return r->err->code;
    return r->body.kind == WIRE_JSON_OBJECT
               ? ERR_OK
               : err_set(r->err, ERR_MALFORMED_JSON, "the body is not an object");
}

static enum err_code check_asked(const struct reading *r)
{
    for (size_t i = 0; i < r->asked.len; i++)
        if (!r->asked.params[i].is_used)
            return err_set(r->err, ERR_UNKNOWN_PARAMETER, "?%.64s: there is no such parameter",
                           r->asked.params[i].name);
    return ERR_OK;
}

static enum err_code read_dry_run(struct reading *r, bool *is_dry_run)
{
    *is_dry_run = false;
    if (str_eq(r->request->method, "GET"))
        return ERR_OK;
    return cloud_query_bool(&r->asked, "dry_run", false, is_dry_run, r->err);
}

enum err_code cloud_rest_decode(const struct cloud_rest *rest, const struct request *request,
                                const char *action, struct cloud_query *q, bool *is_dry_run,
                                struct err *err)
{
    struct reading r = {.rest = rest, .request = request, .out = q, .err = err};
    struct arena *arena = q->arena;
    if (cloud_query_decode(&r.asked, arena, request->target, "", 0, err) != ERR_OK ||
        read_body(&r) != ERR_OK || check_names(&r) != ERR_OK)
        return err->code;
    cloud_query_begin(q, arena, most_params(&r));
    q->has_any_page = true;
    cloud_query_add(q, "Action", action); /* tokens of pages and launches belong to it */
    add_fixed(&r);
    if (read_dry_run(&r, is_dry_run) != ERR_OK || read_fields(&r) != ERR_OK ||
        read_list(&r) != ERR_OK || check_asked(&r) != ERR_OK || cloud_query_end(q, err) != ERR_OK)
        return err->code;
    cloud_query_get(q, "Action");
    return ERR_OK;
}
