/* rest_problem.c - errors in REST (rest.h): which status, and problem+json. */
#include "base/str.h"
#include "cloud-manager/api/problem.h"
#include "cloud-manager/api/rest.h"
#include "proto/wire/wire.h"

#include <ctype.h>
#include <string.h>

/* Where HTTP has a better word than EC2, which says 400 to nearly everything. */
static const struct {
    enum err_code code;
    int status;
} better[] = {
    {ERR_MISSING_AUTH, 401},
    {ERR_INCOMPLETE_SIGNATURE, 401},
    {ERR_UNKNOWN_KEY, 401},
    {ERR_BAD_SCOPE, 401},
    {ERR_EXPIRED, 401},
    {ERR_IDEMPOTENT_MISMATCH, 422},
    {ERR_NOT_PERMITTED, 409},
    {ERR_INSTANCE_STATE, 409},
    {ERR_IMAGE_UNAVAILABLE, 409},
    {ERR_IMAGE_NAME_DUPLICATE, 409},
    {ERR_KEY_PAIR_DUPLICATE, 409},
    {ERR_PERMISSION_DUPLICATE, 409},
    {ERR_GROUP_DUPLICATE, 409},
    {ERR_CANNOT_DELETE, 409},
    {ERR_DEPENDENCY, 409},
    {ERR_ADDRESS_IN_USE, 409},
    {ERR_ADDRESS_ASSOCIATED, 409},
    {ERR_INSTANCE_LIMIT, 403},
    {ERR_VCPU_LIMIT, 403},
    {ERR_ADDRESS_LIMIT, 403},
    {ERR_TAG_LIMIT, 403},
    {ERR_GROUP_LIMIT, 403},
    {ERR_RULE_LIMIT, 403},
    {ERR_GROUPS_PER_PORT, 403},
    {ERR_NO_CAPACITY, 503},
    {ERR_ADDRESS_CAPACITY, 503},
};

static bool has_suffix(const char *text, const char *suffix)
{
    size_t len = strlen(text), end = strlen(suffix);
    return len >= end && str_eq(text + len - end, suffix);
}

/* About the request itself, not about the object that it names. */
static bool is_of_request(enum err_code code)
{
    return code == ERR_UNKNOWN_PARAMETER || code == ERR_UNSUPPORTED || code == ERR_BAD_REQUEST ||
           code == ERR_MALFORMED_JSON;
}

int cloud_rest_status(const struct cloud_route *route, const struct err *err)
{
    const struct err_row *row = err_row(err->code);
    for (size_t i = 0; i < sizeof better / sizeof better[0]; i++)
        if (better[i].code == err->code)
            return better[i].status;
    /* Where a GET carries nothing but an id, that is what is wrong. */
    bool names_nothing = route != NULL && cloud_route_is_object(route) &&
                         route->input == CLOUD_INPUT_NOTHING && row->http == 400 &&
                         !is_of_request(err->code);
    return names_nothing || has_suffix(row->name, "NOT_FOUND") ? 404 : row->http;
}

/* "INSTANCE_NOT_FOUND" as "instance-not-found", or as "Instance not found". */
static const char *spell(char out[64], const char *name, char between, bool has_capital)
{
    size_t n = 0;
    for (; n < 63 && name[n] != '\0'; n++)
        out[n] = name[n] == '_' ? between : (char)tolower((unsigned char)name[n]);
    out[n] = '\0';
    if (has_capital)
        out[0] = (char)toupper((unsigned char)out[0]);
    return out;
}

void cloud_rest_problem(struct buf *out, const struct cloud_route *route, const struct err *err,
                        const char *request_id)
{
    const struct err_row *row = err_row(err->code);
    char code[64], title[64];
    spell(code, row->name, '-', false);
    spell(title, row->name, ' ', true);
    buf_printf(
        out, "{\"type\":\"urn:tercet:problem:%s\",\"title\":\"%s\",\"status\":%d,\"detail\":", code,
        title, cloud_rest_status(route, err));
    wire_quote(out, cloud_problem_message(err));
    buf_printf(out, ",\"code\":\"%s\",\"ec2_code\":", code);
    wire_quote(out, row->ec2);
    buf_text(out, ",\"request_id\":");
    wire_quote(out, request_id);
    buf_char(out, '}');
}
