/* rest.h - REST: from a request to the parameters that a handler knows, and from what the handler
 * wrote to JSON. The handlers, and all that they check, are those of EC2 Query.
 *
 * Called by front.c. A path is read as the signature reads it: segments are unescaped one by one,
 * and an empty or dotted one is nowhere. */
#pragma once

#include "base/buf.h"
#include "base/event.h"
#include "cloud-manager/api/query.h"
#include "cloud-manager/api/rest_table.h"
#include "cloud-manager/api/tree.h"

#define CLOUD_REST_SERVICE "tercet" /* in the scope of a signature */
#define CLOUD_REST_OPENAPI "/v1/openapi.json"

/* Is this target REST's? "/v1" and what is below it. */
bool cloud_rest_is_target(const char *target);
/* The document itself, which anybody may read. */
bool cloud_rest_is_openapi(const struct request *r);

struct cloud_rest {
    const struct cloud_route *route;
    const char *id; /* of the path; "" when it has none */
};

/* ERR_NOT_FOUND, ERR_METHOD_NOT_ALLOWED, ERR_BAD_REQUEST. */
enum err_code cloud_rest_route(struct cloud_rest *out, struct arena *arena, const struct request *r,
                               struct err *err);
/* The methods that the path of `r` knows, "GET, POST"; "" when it is nowhere. In the arena. */
const char *cloud_rest_methods(struct arena *arena, const struct request *r);

/* Fills `q` with all that the handler is to see. `is_dry_run` from ?dry_run=true.
 * ERR_MALFORMED_JSON, ERR_INVALID_PARAMETER and ERR_MISSING_PARAMETER with a JSON pointer,
 * ERR_UNKNOWN_PARAMETER, ERR_PARAMETER_COMBINATION. */
enum err_code cloud_rest_decode(const struct cloud_rest *rest, const struct request *r,
                                const char *action, struct cloud_query *q, bool *is_dry_run,
                                struct err *err);

/* Appends the JSON of what was answered. ERR_NOT_FOUND where the one object is not there. */
enum err_code cloud_rest_encode(const struct cloud_rest *rest, const struct cloud_tree *tree,
                                struct buf *out, struct err *err);

/* Appends the JSON of the one object whose members lie in `branch`. */
void cloud_rest_object(struct arena *arena, enum cloud_shape_id shape,
                       const struct cloud_branch *branch, struct buf *out);

/* A strong entity tag of a body, quotes included. */
enum { CLOUD_ETAG_SIZE = 35 };
void cloud_rest_etag(char out[CLOUD_ETAG_SIZE], const char *body, size_t len);
/* Does `header` (If-None-Match, If-Match) name that tag, or "*"? */
bool cloud_rest_etag_is_in(const char *header, const char *etag);

/* The status of an error in REST, where `route` may be NULL. */
int cloud_rest_status(const struct cloud_route *route, const struct err *err);
/* problem+json (RFC 9457). */
void cloud_rest_problem(struct buf *out, const struct cloud_route *route, const struct err *err,
                        const char *request_id);

/* The OpenAPI 3.1 document. */
void cloud_openapi(struct buf *out);
