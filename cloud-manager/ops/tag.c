/* tag.c - tags. */
#include "cloud-manager/ops/tag.h"

#include "base/str.h"
#include "cloud-manager/store/instance.h"

#include <strings.h>

static const struct {
    const char *prefix, *type;
    enum err_code missing;
} resources[] = {
    {"i-", "instance", ERR_INSTANCE_NOT_FOUND},
    {"ami-", "image", ERR_IMAGE_NOT_FOUND},
    {"vol-", "volume", ERR_VOLUME_NOT_FOUND},
    {"snap-", "snapshot", ERR_RESOURCE_NOT_FOUND},
    {"key-", "key-pair", ERR_KEY_PAIR_NOT_FOUND},
    {"vpc-", "vpc", ERR_VPC_NOT_FOUND},
    {"subnet-", "subnet", ERR_SUBNET_NOT_FOUND},
    {"sg-", "security-group", ERR_GROUP_NOT_FOUND},
    {"sgr-", "security-group-rule", ERR_RESOURCE_NOT_FOUND},
    {"eipalloc-", "elastic-ip", ERR_ALLOCATION_NOT_FOUND},
    {"eni-", "network-interface", ERR_NETWORK_INTERFACE_NOT_FOUND},
    {"rtb-", "route-table", ERR_ROUTE_TABLE_NOT_FOUND},
    {"igw-", "internet-gateway", ERR_GATEWAY_NOT_FOUND},
    {"acl-", "network-acl", ERR_ACL_NOT_FOUND},
    {"dopt-", "dhcp-options", ERR_DHCP_OPTIONS_NOT_FOUND},
};
enum { RESOURCES = sizeof resources / sizeof resources[0] };

static int kind_of(const char *id)
{
    for (int i = 0; i < RESOURCES; i++)
        if (str_has_prefix(id, resources[i].prefix))
            return i;
    return -1;
}

const char *cloud_resource_type(const char *id)
{
    int kind = kind_of(id);
    return kind >= 0 ? resources[kind].type : NULL;
}

static size_t characters(const char *utf8)
{
    size_t n = 0;
    for (; *utf8 != '\0'; utf8++)
        n += ((unsigned char)*utf8 & 0xc0) != 0x80;
    return n;
}

enum err_code cloud_tag_check(const char *key, const char *value, struct err *err)
{
    if (*key == '\0' || characters(key) > CLOUD_TAG_KEY_MAX)
        return err_set(err, ERR_INVALID_PARAMETER, "Tag key must have from 1 to %d characters",
                       CLOUD_TAG_KEY_MAX);
    if (characters(value) > CLOUD_TAG_VALUE_MAX)
        return err_set(err, ERR_INVALID_PARAMETER,
                       "Tag value exceeds the maximum length of %d characters",
                       CLOUD_TAG_VALUE_MAX);
    if (strncasecmp(key, "aws:", 4) == 0)
        return err_set(err, ERR_INVALID_PARAMETER,
                       "Tag keys starting with 'aws:' are reserved for internal use");
    return ERR_OK;
}

static enum err_code put(const struct cloud_op *op, const struct cloud_tag *tag, struct err *err)
{
    if (cloud_tag_check(tag->key, tag->value, err) != ERR_OK)
        return err->code;
    cloud_tag_save(op->store, op->account, tag);
    if (cloud_tag_count(op->store, tag->resource) > CLOUD_TAGS_MAX)
        return err_set(err, ERR_TAG_LIMIT, "%s would have more than %d tags", tag->resource,
                       CLOUD_TAGS_MAX);
    return ERR_OK;
}

enum err_code cloud_tag_new(const struct cloud_op *op, const char *resource, const char *type,
                            const struct cloud_tag_specs *specs, struct err *err)
{
    for (size_t i = 0; i < specs->len; i++) {
        struct cloud_tag tag = {resource, specs->list[i].key, specs->list[i].value};
        if (str_eq(specs->list[i].type, type) && put(op, &tag, err) != ERR_OK)
            return err->code;
    }
    return ERR_OK;
}

/* Is it the caller's, and to be seen? */
static bool is_own(const struct cloud_op *op, const char *id)
{
    struct store *st = op->store;
    struct cloud_instance instance;
    if (str_has_prefix(id, "i-"))
        return cloud_instance_of(st, op->arena, op->account, id, cloud_visible_since(op),
                                 &instance);
    return cloud_resource_is_of(st, id, op->account);
}

static enum err_code check_own(const struct cloud_op *op, const char *const *ids, size_t len,
                               struct err *err)
{
    for (size_t i = 0; i < len; i++) {
        int kind = kind_of(ids[i]);
        if (kind < 0)
            return err_set(err, ERR_RESOURCE_NOT_FOUND, "The ID '%.64s' is not valid", ids[i]);
        if (!is_own(op, ids[i]))
            return err_set(err, resources[kind].missing, "The %s ID '%.64s' does not exist",
                           resources[kind].type, ids[i]);
    }
    return ERR_OK;
}

/* Guests that may read the tags of their instance read what they are now; and the cloud's own store
 * may be restored to before they were. */
static void tell_tags(const struct cloud_op *op, const char *const *ids, size_t len)
{
    for (size_t i = 0; i < len; i++)
        cloud_instance_tell_tags(op->store, op->account, ids[i]);
}

enum err_code cloud_tags_create(const struct cloud_op *op, const char *const *ids, size_t ids_len,
                                const struct cloud_tags *tags, struct err *err)
{
    if (cloud_authorize(op, CLOUD_DO_CREATE_TAGS, err) != ERR_OK ||
        check_own(op, ids, ids_len, err) != ERR_OK)
        return err->code;
    for (size_t i = 0; i < ids_len; i++)
        for (size_t j = 0; j < tags->len; j++)
            if (put(op, &(struct cloud_tag){ids[i], tags->list[j].key, tags->list[j].value}, err) !=
                ERR_OK)
                return err->code;
    tell_tags(op, ids, ids_len);
    return ERR_OK;
}

enum err_code cloud_tags_delete(const struct cloud_op *op, const char *const *ids, size_t ids_len,
                                const struct cloud_tags *tags, struct err *err)
{
    if (cloud_authorize(op, CLOUD_DO_DELETE_TAGS, err) != ERR_OK ||
        check_own(op, ids, ids_len, err) != ERR_OK)
        return err->code;
    for (size_t i = 0; i < ids_len; i++) {
        if (tags->len == 0)
            cloud_tag_delete_all(op->store, ids[i]);
        for (size_t j = 0; j < tags->len; j++)
            cloud_tag_delete(op->store, op->account, ids[i], tags->list[j].key,
                             tags->list[j].value);
    }
    tell_tags(op, ids, ids_len);
    return ERR_OK;
}

enum err_code cloud_tags_describe(const struct cloud_op *op, struct cloud_tags *out,
                                  struct err *err)
{
    if (cloud_authorize(op, CLOUD_DO_DESCRIBE_TAGS, err) != ERR_OK)
        return err->code;
    *out = cloud_tag_list_account(op->store, op->arena, op->account);
    return ERR_OK;
}
