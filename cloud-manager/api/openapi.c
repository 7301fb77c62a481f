/* openapi.c - the OpenAPI 3.1 document of REST, made from its tables (rest_table.h), so that it
 * says what the router does. tests/integ/rest_life.py holds every answer against it. */
#include "base/str.h"
#include "cloud-manager/api/rest.h"
#include "proto/wire/wire.h"

#include <string.h>

static const char head[] =
    "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"Tercet\",\"version\":\"1\",\"description\":"
    "\"REST over the same operations as EC2 Query. Requests are signed by AWS Signature Version 4 "
    "with service `tercet`.\"},\"servers\":[{\"url\":\"/\"}],\"security\":[{\"sigv4\":[]}],";
static const char security[] =
    "\"securitySchemes\":{\"sigv4\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":"
    "\"Authorization\",\"description\":\"AWS4-HMAC-SHA256, service tercet; the headers host and "
    "x-amz-date are signed\"}}";
static const char problem[] =
    "\"Problem\":{\"type\":\"object\",\"description\":\"Why a request failed (RFC 9457).\","
    "\"properties\":{\"type\":{\"type\":\"string\",\"pattern\":\"^urn:tercet:problem:\"},"
    "\"title\":{\"type\":\"string\"},\"status\":{\"type\":\"integer\",\"minimum\":400,\"maximum\":"
    "599},\"detail\":{\"type\":\"string\"},\"code\":{\"type\":\"string\",\"pattern\":\"^[a-z0-9-]+$"
    "\"},\"ec2_code\":{\"type\":\"string\"},\"request_id\":{\"type\":\"string\"}},\"required\":["
    "\"type\",\"title\",\"status\",\"detail\",\"code\",\"ec2_code\",\"request_id\"],"
    "\"additionalProperties\":false}";
static const char failure[] =
    "\"default\":{\"description\":\"It failed\",\"content\":{\"application/problem+json\":{"
    "\"schema\":{\"$ref\":\"#/components/schemas/Problem\"}}}}";

static void member(struct buf *out, const char *name, const char *text)
{
    buf_printf(out, "\"%s\":", name);
    wire_quote(out, text);
}

/* ---- what is answered ----------------------------------------------------------------------- */

static void write_kind(struct buf *out, const struct cloud_member *m)
{
    switch (m->kind) {
    case CLOUD_MEMBER_TEXT:
        buf_text(out, "\"type\":\"string\"");
        return;
    case CLOUD_MEMBER_TIME:
        buf_text(out, "\"type\":\"string\",\"format\":\"date-time\"");
        return;
    case CLOUD_MEMBER_INTEGER:
        buf_text(out, "\"type\":\"integer\"");
        return;
    case CLOUD_MEMBER_BOOLEAN:
        buf_text(out, "\"type\":\"boolean\"");
        return;
    case CLOUD_MEMBER_TEXTS:
        buf_text(out, "\"type\":\"array\",\"items\":{\"type\":\"string\"}");
        return;
    case CLOUD_MEMBER_LIST:
        buf_printf(out, "\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/%s\"}",
                   cloud_shapes[m->shape].name);
        return;
    case CLOUD_MEMBER_TAGS:
        buf_text(out, "\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}");
        return;
    case CLOUD_MEMBER_OBJECT:
        buf_printf(out, "\"$ref\":\"#/components/schemas/%s\"", cloud_shapes[m->shape].name);
        return;
    }
}

/* Members that are always there. */
static void write_required(struct buf *out, const struct cloud_shape *shape)
{
    bool is_first = true;
    for (size_t i = 0; i < shape->len; i++) {
        if (!shape->members[i].is_must)
            continue;
        buf_text(out, is_first ? ",\"required\":[" : ",");
        wire_quote(out, shape->members[i].name);
        is_first = false;
    }
    buf_text(out, is_first ? "" : "]");
}

static void write_shape(struct buf *out, const struct cloud_shape *shape)
{
    buf_printf(out, ",\"%s\":{\"type\":\"object\",", shape->name);
    member(out, "description", shape->help);
    buf_text(out, ",\"properties\":{");
    for (size_t i = 0; i < shape->len; i++) {
        const struct cloud_member *m = &shape->members[i];
        buf_printf(out, "%s\"%s\":{", i > 0 ? "," : "", m->name);
        write_kind(out, m);
        buf_char(out, ',');
        member(out, "description", m->help);
        buf_char(out, '}');
    }
    buf_char(out, '}');
    write_required(out, shape);
    buf_text(out, ",\"additionalProperties\":false}");
}

/* ---- what is asked -------------------------------------------------------------------------- */

static void write_field_kind(struct buf *out, const struct cloud_field *f)
{
    switch (f->kind) {
    case CLOUD_FIELD_TEXT:
    case CLOUD_FIELD_ENCODED:
        buf_text(out, "\"type\":\"string\",\"minLength\":1");
        return;
    case CLOUD_FIELD_INTEGER:
        buf_text(out, "\"type\":\"integer\"");
        return;
    case CLOUD_FIELD_BOOLEAN:
        buf_text(out, "\"type\":\"boolean\"");
        return;
    case CLOUD_FIELD_TEXTS:
        buf_text(out, "\"type\":\"array\",\"minItems\":1,\"maxItems\":1000,\"items\":{\"type\":"
                      "\"string\",\"minLength\":1}");
        return;
    case CLOUD_FIELD_TAGS:
        buf_text(out, "\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}");
        return;
    case CLOUD_FIELD_HEADER:
        buf_text(out, "\"type\":\"string\",\"minLength\":1,\"maxLength\":64");
        return;
    }
}

static void write_field(struct buf *out, const struct cloud_field *f)
{
    write_field_kind(out, f);
    if (*f->otherwise != '\0')
        buf_printf(out, ",\"default\":%s", f->otherwise);
    buf_char(out, ',');
    member(out, "description", f->help);
}

static void write_input(struct buf *out, const struct cloud_input *input)
{
    const char *between = "";
    buf_printf(out, ",\"%s\":{\"type\":\"object\",", input->name);
    member(out, "description", input->help);
    buf_text(out, ",\"properties\":{");
    for (size_t i = 0; i < input->len; i++) {
        if (input->fields[i].kind == CLOUD_FIELD_HEADER)
            continue;
        buf_printf(out, "%s\"%s\":{", between, input->fields[i].name);
        write_field(out, &input->fields[i]);
        buf_char(out, '}');
        between = ",";
    }
    buf_text(out, "},\"required\":[");
    between = "";
    for (size_t i = 0; i < input->len; i++) {
        if (!input->fields[i].is_must)
            continue;
        buf_printf(out, "%s\"%s\"", between, input->fields[i].name);
        between = ",";
    }
    buf_text(out, "],\"additionalProperties\":false}");
}

static void write_parameter(struct buf *out, const char *name, const char *in, const char *schema,
                            const char *help)
{
    if (out->data[out->len - 1] == '}')
        buf_char(out, ',');
    buf_printf(out, "{\"name\":\"%s\",\"in\":\"%s\",\"required\":%s,\"schema\":{%s},", name, in,
               str_eq(in, "path") ? "true" : "false", schema);
    member(out, "description", help);
    buf_char(out, '}');
}

static void write_input_parameters(struct buf *out, const struct cloud_route *route)
{
    const struct cloud_input *input = &cloud_inputs[route->input];
    for (size_t i = 0; i < input->len; i++) {
        const struct cloud_field *f = &input->fields[i];
        struct buf schema = {0};
        bool is_header = f->kind == CLOUD_FIELD_HEADER;
        write_field_kind(&schema, f);
        if (is_header || !cloud_route_has_body(route))
            write_parameter(out, f->name, is_header ? "header" : "query", buf_str(&schema),
                            f->help);
        buf_fini(&schema);
    }
}

static void write_list_parameters(struct buf *out, const struct cloud_route *route)
{
    static const char text[] = "\"type\":\"string\"";
    if (cloud_route_has_body(route))
        return;
    if (route->answer == CLOUD_ANSWER_PAGED) {
        write_parameter(out, "limit", "query",
                        "\"type\":\"integer\",\"minimum\":1,\"maximum\":1000",
                        "At most so many items");
        write_parameter(out, "cursor", "query", text, "next_cursor of the page before");
    }
    if (route->answer != CLOUD_ANSWER_PAGED && route->answer != CLOUD_ANSWER_FILTERED)
        return;
    write_parameter(out, "filter", "query",
                    "\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}",
                    "filter[NAME]=A,B: EC2's filters of these objects, with wildcards * and ?");
    out->len--; /* into the parameter again */
    buf_text(out, ",\"style\":\"deepObject\",\"explode\":true}");
}

/* Can the object that it is about be read, so that there is an ETag of it? */
static bool is_of_object(const struct cloud_route *route)
{
    const char *id = strstr(route->path, "/{id}");
    size_t len = id != NULL ? (size_t)(id - route->path) + strlen("/{id}") : 0;
    for (size_t i = 0; i < cloud_routes_len; i++)
        if (len > 0 && cloud_route_is_object(&cloud_routes[i]) &&
            strlen(cloud_routes[i].path) == len &&
            memcmp(cloud_routes[i].path, route->path, len) == 0)
            return true;
    return false;
}

static void write_parameters(struct buf *out, const struct cloud_route *route)
{
    static const char text[] = "\"type\":\"string\"";
    buf_text(out, "\"parameters\":[");
    if (strstr(route->path, "{id}") != NULL)
        write_parameter(out, "id", "path", "\"type\":\"string\",\"minLength\":1",
                        "Id of the object");
    write_input_parameters(out, route);
    write_list_parameters(out, route);
    if (cloud_route_is_object(route))
        write_parameter(out, "If-None-Match", "header", text,
                        "ETag that is known: 304 where it is still the same");
    if (!str_eq(route->method, "GET"))
        write_parameter(out, "dry_run", "query", "\"type\":\"boolean\"",
                        "Only ask whether it would be allowed: 412 dry-run says yes");
    if (!str_eq(route->method, "GET") && is_of_object(route))
        write_parameter(out, "If-Match", "header", text,
                        "ETag of the object that is to be changed: 412 where it is another by now");
    if (str_eq(route->method, "POST") && route->input != CLOUD_INPUT_CREATE_INSTANCES)
        write_parameter(out, "Idempotency-Key", "header",
                        "\"type\":\"string\",\"minLength\":1,\"maxLength\":64",
                        "The same key again within a day is not done again");
    buf_char(out, ']');
}

static void write_body(struct buf *out, const struct cloud_route *route)
{
    const struct cloud_input *input = &cloud_inputs[route->input];
    bool is_must = false;
    if (!cloud_route_has_body(route) || input->len == 0)
        return;
    for (size_t i = 0; i < input->len; i++)
        is_must = is_must || input->fields[i].is_must;
    buf_printf(out,
               ",\"requestBody\":{\"required\":%s,\"content\":{\"application/json\":{\"schema\":{"
               "\"$ref\":\"#/components/schemas/%s\"}}}}",
               is_must ? "true" : "false", input->name);
}

/* ---- routes --------------------------------------------------------------------------------- */

static void write_schema(struct buf *out, const struct cloud_route *route)
{
    const char *name = cloud_shapes[route->shape].name;
    if (!cloud_route_is_list(route)) {
        buf_printf(out, "{\"$ref\":\"#/components/schemas/%s\"}", name);
        return;
    }
    buf_printf(out,
               "{\"type\":\"object\",\"properties\":{\"items\":{\"type\":\"array\",\"items\":{"
               "\"$ref\":\"#/components/schemas/%s\"}}%s},\"required\":[\"items\"],"
               "\"additionalProperties\":false}",
               name,
               route->answer == CLOUD_ANSWER_PAGED
                   ? ",\"next_cursor\":{\"type\":\"string\",\"description\":\"There is more: ask "
                     "again with cursor\"}"
                   : "");
}

static void write_responses(struct buf *out, const struct cloud_route *route)
{
    buf_printf(out, ",\"responses\":{\"%d\":{\"description\":\"It is done or begun\"",
               route->status);
    if (cloud_route_is_object(route))
        buf_text(out, ",\"headers\":{\"ETag\":{\"required\":true,\"schema\":{\"type\":\"string\"}}"
                      "}");
    if (route->answer == CLOUD_ANSWER_STREAM) {
        buf_text(out, ",\"content\":{\"text/event-stream\":{\"schema\":");
        write_schema(out, route);
        buf_text(out, "}}");
    } else if (route->answer != CLOUD_ANSWER_EMPTY) {
        buf_text(out, ",\"content\":{\"application/json\":{\"schema\":");
        write_schema(out, route);
        buf_text(out, "}}");
    }
    buf_text(out, "},");
    if (cloud_route_is_object(route))
        buf_text(out, "\"304\":{\"description\":\"It is what you know\"},");
    buf_text(out, failure);
    buf_char(out, '}');
}

static void write_route(struct buf *out, const struct cloud_route *route)
{
    buf_char(out, '"');
    for (const char *c = route->method; *c != '\0'; c++)
        buf_char(out, (char)(*c | 0x20));
    buf_printf(out, "\":{\"operationId\":\"%s\",", route->id);
    member(out, "summary", route->summary);
    buf_char(out, ',');
    write_parameters(out, route);
    write_body(out, route);
    write_responses(out, route);
    buf_char(out, '}');
}

/* All methods of a path at its first row. */
static bool is_first(size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (str_eq(cloud_routes[i].path, cloud_routes[at].path))
            return false;
    return true;
}

static void write_paths(struct buf *out)
{
    buf_text(out, "\"paths\":{");
    for (size_t i = 0; i < cloud_routes_len; i++) {
        const char *between = "";
        if (!is_first(i))
            continue;
        buf_printf(out, "%s\"%s\":{", i > 0 ? "," : "", cloud_routes[i].path);
        for (size_t k = i; k < cloud_routes_len; k++) {
            if (!str_eq(cloud_routes[k].path, cloud_routes[i].path))
                continue;
            buf_text(out, between);
            write_route(out, &cloud_routes[k]);
            between = ",";
        }
        buf_char(out, '}');
    }
    buf_text(out, "},");
}

void cloud_openapi(struct buf *out)
{
    buf_text(out, head);
    write_paths(out);
    buf_text(out, "\"components\":{");
    buf_text(out, security);
    buf_text(out, ",\"schemas\":{");
    buf_text(out, problem);
    for (size_t i = CLOUD_SHAPE_NONE + 1; i < CLOUD_SHAPES; i++)
        write_shape(out, &cloud_shapes[i]);
    for (size_t i = 0; i < CLOUD_INPUTS; i++)
        if (*cloud_inputs[i].name != '\0')
            write_input(out, &cloud_inputs[i]);
    buf_text(out, "}}}");
}
