/* rest_table.c - the .def files of REST as arrays. */
#include "cloud-manager/api/rest_table.h"

#include "base/str.h"

#define MUST                  true
#define MAY                   false

#define SHAPE(id, name, help) static const struct cloud_member members_##id[] = {
#define MEMBER(kind, name, path, need, shape, help) \
    {CLOUD_MEMBER_##kind, name, path, need, CLOUD_SHAPE_##shape, help},
#define END(id) \
    }           \
    ;
#include "cloud-manager/api/rest_shapes.def"
#undef SHAPE
#undef MEMBER
#undef END

const struct cloud_shape cloud_shapes[CLOUD_SHAPES] = {
    [CLOUD_SHAPE_NONE] = {"", "", NULL, 0},
#define SHAPE(id, name, help) \
    [CLOUD_SHAPE_##id] = {name, help, members_##id, sizeof members_##id / sizeof *members_##id},
#define MEMBER(kind, name, path, need, shape, help)
#define END(id)
#include "cloud-manager/api/rest_shapes.def"
#undef SHAPE
#undef MEMBER
#undef END
};

/* Each has a row behind its last one: C has no empty arrays. */
#define INPUT(id, name, help) static const struct cloud_field fields_##id[] = {
#define FIELD(kind, name, params, need, otherwise, help) \
    {CLOUD_FIELD_##kind, name, params, need, otherwise, help},
#define END(id)                                \
    {CLOUD_FIELD_TEXT, "", "", false, "", ""}, \
    }                                          \
    ;
#include "cloud-manager/api/rest_inputs.def"
#undef INPUT
#undef FIELD
#undef END

const struct cloud_input cloud_inputs[CLOUD_INPUTS] = {
#define INPUT(id, name, help) \
    [CLOUD_INPUT_##id] = {name, help, fields_##id, sizeof fields_##id / sizeof *fields_##id - 1},
#define FIELD(kind, name, params, need, otherwise, help)
#define END(id)
#include "cloud-manager/api/rest_inputs.def"
#undef INPUT
#undef FIELD
#undef END
};

const struct cloud_route cloud_routes[] = {
#define ROUTE(id, method, path, action, params, input, answer, place, shape, status, summary) \
    {#id,                                                                                     \
     #method,                                                                                 \
     path,                                                                                    \
     CLOUD_DO_##action,                                                                       \
     params,                                                                                  \
     CLOUD_INPUT_##input,                                                                     \
     CLOUD_ANSWER_##answer,                                                                   \
     place,                                                                                   \
     CLOUD_SHAPE_##shape,                                                                     \
     status,                                                                                  \
     summary},
#include "cloud-manager/api/rest_routes.def"
#undef ROUTE
};
const size_t cloud_routes_len = sizeof cloud_routes / sizeof *cloud_routes;

bool cloud_route_has_body(const struct cloud_route *route)
{
    return str_eq(route->method, "POST") || str_eq(route->method, "PATCH");
}

bool cloud_route_is_list(const struct cloud_route *route)
{
    return route->answer == CLOUD_ANSWER_PAGED || route->answer == CLOUD_ANSWER_FILTERED ||
           route->answer == CLOUD_ANSWER_WHOLE;
}

bool cloud_route_is_object(const struct cloud_route *route)
{
    return str_eq(route->method, "GET") && !cloud_route_is_list(route) &&
           route->answer != CLOUD_ANSWER_STREAM;
}
