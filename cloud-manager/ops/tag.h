/* tag.h - tags on resources: limits, and which resources there are. */
#pragma once

#include "cloud-manager/ops/op.h"
#include "cloud-manager/store/tag.h"

enum { CLOUD_TAGS_MAX = 50, CLOUD_TAG_KEY_MAX = 128, CLOUD_TAG_VALUE_MAX = 256 };

/* A tag for whatever an action makes of that type: TagSpecification. */
struct cloud_tag_spec {
    const char *type; /* "instance" */
    const char *key, *value;
};

struct cloud_tag_specs {
    struct cloud_tag_spec *list;
    size_t len;
};

/* "instance" for "i-..."; NULL for what nothing here is called. */
const char *cloud_resource_type(const char *id);
/* May a user write that tag? ERR_INVALID_PARAMETER. */
enum err_code cloud_tag_check(const char *key, const char *value, struct err *err);
/* Puts those of `type` on a new resource of the caller's. ERR_INVALID_PARAMETER, ERR_TAG_LIMIT. */
enum err_code cloud_tag_new(const struct cloud_op *op, const char *resource, const char *type,
                            const struct cloud_tag_specs *specs, struct err *err);

/* CreateTags and DeleteTags: every resource is the caller's, or nothing is done. A key with a NULL
 * value is deleted whatever it holds; no tags at all to delete = all of the user's own. */
enum err_code cloud_tags_create(const struct cloud_op *op, const char *const *resources,
                                size_t resources_len, const struct cloud_tags *tags,
                                struct err *err);
enum err_code cloud_tags_delete(const struct cloud_op *op, const char *const *resources,
                                size_t resources_len, const struct cloud_tags *tags,
                                struct err *err);
enum err_code cloud_tags_describe(const struct cloud_op *op, struct cloud_tags *out,
                                  struct err *err);
