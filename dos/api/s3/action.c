/* action.c - which action is a request? Two tables (actions.def, unbuilt.def) say it all. */
#include "dos/api/s3/exchange.h"

#include "base/str.h"

#include <strings.h>

static const struct s3_action actions[] = {
#define S3_ACTION(name, method, scope, sub, body, handler) \
    {#name,                                                \
     method,                                               \
     S3_SCOPE_##scope,                                     \
     sub,                                                  \
     S3_BODY_##body,                                       \
     s3_##handler##_ask,                                   \
     s3_##handler##_answer},
#include "dos/api/s3/actions.def"
#undef S3_ACTION
};

static const char *const unbuilt_params[] = {
#define S3_UNBUILT_PARAM(name) name,
#define S3_UNBUILT_HEADER(name, value)
#include "dos/api/s3/unbuilt.def"
#undef S3_UNBUILT_PARAM
#undef S3_UNBUILT_HEADER
};

static const struct header unbuilt_headers[] = {
#define S3_UNBUILT_PARAM(name)
#define S3_UNBUILT_HEADER(name, value) {name, value},
#include "dos/api/s3/unbuilt.def"
#undef S3_UNBUILT_PARAM
#undef S3_UNBUILT_HEADER
};

static enum err_code refuse_unbuilt(const struct request *r, const struct s3_target *t,
                                    struct err *err)
{
    for (size_t i = 0; i < sizeof unbuilt_params / sizeof *unbuilt_params; i++)
        if (s3_target_param(t, unbuilt_params[i]) != NULL)
            return err_set(err, ERR_NOT_IMPLEMENTED, "?%s is not implemented", unbuilt_params[i]);
    for (size_t i = 0; i < sizeof unbuilt_headers / sizeof *unbuilt_headers; i++) {
        const char *value = request_header(r, unbuilt_headers[i].name);
        if (value != NULL && !str_eq(value, unbuilt_headers[i].value))
            return err_set(err, ERR_NOT_IMPLEMENTED, "%s: %.100s is not implemented",
                           unbuilt_headers[i].name, value);
    }
    const char *version = s3_target_param(t, "versionId");
    if (version != NULL && !str_eq(version, "null") && *version != '\0')
        return err_set(err, ERR_NOT_IMPLEMENTED, "?versionId is not implemented");
    if (s3_target_param(t, "partNumber") != NULL && s3_target_param(t, "uploadId") == NULL)
        return err_set(err, ERR_NOT_IMPLEMENTED, "?partNumber of an object is not implemented");
    return ERR_OK;
}

static const char *subresource(const struct s3_target *t)
{
    static const char *const subs[] = {"uploadId", "uploads", "delete", "location"};
    for (size_t i = 0; i < sizeof subs / sizeof *subs; i++)
        if (s3_target_param(t, subs[i]) != NULL)
            return subs[i];
    return "";
}

enum err_code s3_action_find(const struct s3_action **out, const struct request *r,
                             const struct s3_target *t, struct err *err)
{
    enum s3_scope scope = *t->key != '\0'      ? S3_SCOPE_OBJECT
                          : *t->bucket != '\0' ? S3_SCOPE_BUCKET
                                               : S3_SCOPE_SERVICE;
    const char *sub = subresource(t);
    if (refuse_unbuilt(r, t, err) != ERR_OK)
        return err->code;
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (actions[i].scope == scope && str_eq(actions[i].method, r->method) &&
            str_eq(actions[i].sub, sub)) {
            *out = &actions[i];
            return ERR_OK;
        }
    return *sub != '\0' || str_eq(r->method, "POST")
               ? err_set(err, ERR_NOT_IMPLEMENTED, "%s ?%s is not implemented here", r->method, sub)
               : err_set(err, ERR_METHOD_NOT_ALLOWED,
                         "The specified method is not allowed against this resource");
}
