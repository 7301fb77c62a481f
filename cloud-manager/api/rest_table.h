/* rest_table.h - the tables of REST as data: routes, what they take, what they answer.
 *
 * Stated in rest_routes.def, rest_inputs.def and rest_shapes.def; read by the router and decoder
 * (rest_request.c), the encoder (rest_answer.c) and OpenAPI (openapi.c). */
#pragma once

#include "cloud-manager/ops/op.h"

#include <stdbool.h>
#include <stddef.h>

enum cloud_shape_id {
    CLOUD_SHAPE_NONE,
#define SHAPE(id, name, help) CLOUD_SHAPE_##id,
#define MEMBER(kind, name, path, need, shape, help)
#define END(id)
#include "cloud-manager/api/rest_shapes.def"
#undef SHAPE
#undef MEMBER
#undef END
    CLOUD_SHAPES
};

enum cloud_member_kind {
    CLOUD_MEMBER_TEXT,
    CLOUD_MEMBER_TIME,
    CLOUD_MEMBER_INTEGER,
    CLOUD_MEMBER_BOOLEAN,
    CLOUD_MEMBER_TEXTS,
    CLOUD_MEMBER_LIST,
    CLOUD_MEMBER_TAGS,
    CLOUD_MEMBER_OBJECT,
};

struct cloud_member {
    enum cloud_member_kind kind;
    const char *name, *path;
    bool is_must;
    enum cloud_shape_id shape; /* of an object, or of the items of a list */
    const char *help;
};

struct cloud_shape {
    const char *name, *help;
    const struct cloud_member *members;
    size_t len;
};

enum cloud_input_id {
#define INPUT(id, name, help) CLOUD_INPUT_##id,
#define FIELD(kind, name, params, need, otherwise, help)
#define END(id)
#include "cloud-manager/api/rest_inputs.def"
#undef INPUT
#undef FIELD
#undef END
    CLOUD_INPUTS
};

enum cloud_field_kind {
    CLOUD_FIELD_TEXT,
    CLOUD_FIELD_ENCODED,
    CLOUD_FIELD_INTEGER,
    CLOUD_FIELD_BOOLEAN,
    CLOUD_FIELD_TEXTS,
    CLOUD_FIELD_TAGS,
    CLOUD_FIELD_HEADER,
};

struct cloud_field {
    enum cloud_field_kind kind;
    const char *name, *params;
    bool is_must;
    const char *otherwise, *help;
};

struct cloud_input {
    const char *name, *help;
    const struct cloud_field *fields;
    size_t len;
};

enum cloud_answer_kind {
    CLOUD_ANSWER_PAGED,
    CLOUD_ANSWER_FILTERED,
    CLOUD_ANSWER_WHOLE,
    CLOUD_ANSWER_ONE,
    CLOUD_ANSWER_SELF,
    CLOUD_ANSWER_EMPTY,
    CLOUD_ANSWER_STREAM,
};

struct cloud_route {
    const char *id, *method, *path;
    enum cloud_action_id action;
    const char *params; /* "A={id}&B=const" */
    enum cloud_input_id input;
    enum cloud_answer_kind answer;
    const char *place;
    enum cloud_shape_id shape;
    int status;
    const char *summary;
};

extern const struct cloud_shape cloud_shapes[CLOUD_SHAPES];
extern const struct cloud_input cloud_inputs[CLOUD_INPUTS];
extern const struct cloud_route cloud_routes[];
extern const size_t cloud_routes_len;

/* Does it carry its input in a body? Others carry it in the query. */
bool cloud_route_has_body(const struct cloud_route *route);
/* Is its answer a list? */
bool cloud_route_is_list(const struct cloud_route *route);
/* A GET of one object: it has an ETag. */
bool cloud_route_is_object(const struct cloud_route *route);
