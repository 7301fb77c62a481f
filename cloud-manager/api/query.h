/* query.h - the parameters of an EC2 Query request, and which of them were looked at.
 *
 * Called by the handlers of api/. Decodes a form body and the query of the target together, since
 * both are signed. A parameter that is empty counts as absent. What no handler asked for by the
 * time of cloud_query_done() is refused by name: it would have changed what is done.
 * Everything returned is borrowed from the arena that it was decoded into. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "proto/auth/digest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CLOUD_QUERY_PARAMS_MAX = 2000, CLOUD_QUERY_SIZE_MAX = 1 << 20, CLOUD_QUERY_LIST_MAX = 1000 };

struct cloud_param {
    const char *name, *value;
    bool is_used;
};

struct cloud_query {
    struct arena *arena;
    struct cloud_param *params; /* by name; none is empty, no name twice */
    size_t len, most;
    bool has_any_page; /* MaxResults may be less than EC2's least: REST */
};

/* ERR_BAD_REQUEST: malformed escapes, not UTF-8, a NUL, a name twice. ERR_TOO_LARGE. */
enum err_code cloud_query_decode(struct cloud_query *q, struct arena *arena, const char *target,
                                 const char *body, size_t body_len, struct err *err);

/* One that another spelling fills: room for `most`, then each parameter, then the end. Names and
 * values are borrowed. ERR_PARAMETER_COMBINATION: a name twice. */
void cloud_query_begin(struct cloud_query *q, struct arena *arena, size_t most);
void cloud_query_add(struct cloud_query *q, const char *name, const char *value);
enum err_code cloud_query_end(struct cloud_query *q, struct err *err);
/* Takes %xx away, and '+' for a blank where `plus_is_blank`; NULL when that is no UTF-8. */
const char *cloud_query_unescape(struct arena *arena, const char *text, size_t len,
                                 bool plus_is_blank);

/* Without looking at its value: it is still to be asked for. */
bool cloud_query_has(const struct cloud_query *q, const char *name);
/* NULL when absent. */
const char *cloud_query_get(struct cloud_query *q, const char *name);
/* The same under a name made by printf: "Filter.%u.Name". */
const char *cloud_query_getf(struct cloud_query *q, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* ERR_MISSING_PARAMETER */
enum err_code cloud_query_need(struct cloud_query *q, const char *name, const char **out,
                               struct err *err);
/* ERR_INVALID_PARAMETER when it is no whole number in [min, max]; `otherwise` when absent. */
enum err_code cloud_query_i64(struct cloud_query *q, const char *name, int64_t min, int64_t max,
                              int64_t otherwise, int64_t *out, struct err *err);
/* "true" or "false" */
enum err_code cloud_query_bool(struct cloud_query *q, const char *name, bool otherwise, bool *out,
                               struct err *err);

struct cloud_texts {
    const char **list;
    size_t len;
};
/* The values of prefix.1, prefix.2, ... in the order of their numbers. */
struct cloud_texts cloud_query_list(struct cloud_query *q, const char *prefix);

struct cloud_indices {
    unsigned *list;
    size_t len;
};
/* The numbers N for which there is a prefix.N.something, ascending, each once. */
struct cloud_indices cloud_query_indices(const struct cloud_query *q, const char *prefix);

/* A value that is what happens anyway: accepted and forgotten. Was it there? */
bool cloud_query_accept(struct cloud_query *q, const char *name, const char *value);
/* ERR_UNSUPPORTED names the first parameter that nobody asked for. */
enum err_code cloud_query_done(const struct cloud_query *q, struct err *err);

/* SHA-256 (hex) over all parameters but those named in `without` (ended by NULL): equal requests
 * have equal hashes whatever their order. */
void cloud_query_hash(const struct cloud_query *q, const char *const *without,
                      char out[DIGEST_SHA256_HEX_SIZE]);
