/* ec2_image_attributes.c - DescribeImageAttribute, ModifyImageAttribute, ResetImageAttribute. */
#include "base/str.h"
#include "cloud-manager/api/ec2_image.h"
#include "cloud-manager/ops/image_share.h"
#include "cloud-manager/store/permission.h"

static void write_value(struct cloud_xml *x, const char *name, const char *value)
{
    cloud_xml_open(x, name);
    cloud_xml_text_if(x, "value", value);
    cloud_xml_close(x);
}

static void write_permissions(struct cloud_call *call, const struct cloud_image *image)
{
    struct cloud_xml *x = call->xml;
    size_t len;
    const char **users = cloud_permission_list(call->op->store, call->op->arena, image->id, &len);
    cloud_xml_open(x, "launchPermission");
    for (size_t i = 0; i < len; i++) {
        bool is_all = str_eq(users[i], CLOUD_PERMISSION_ALL);
        cloud_xml_open(x, "item");
        cloud_xml_text(x, is_all ? "group" : "userId", users[i]);
        cloud_xml_close(x);
    }
    cloud_xml_close(x);
}

static enum err_code write_attribute(struct cloud_call *call, const struct cloud_image *image,
                                     const char *name, struct err *err)
{
    static const char *const empty[] = {"kernel",   "ramdisk",     "sriovNetSupport", "tpmSupport",
                                        "uefiData", "imdsSupport", "lastLaunchedTime"};
    struct cloud_xml *x = call->xml;
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++)
        if (str_eq(name, empty[i])) {
            write_value(x, name, "");
            return ERR_OK;
        }
    if (str_eq(name, "description")) {
        write_value(x, name, image->description);
    } else if (str_eq(name, "bootMode")) {
        write_value(x, name, image->boot_mode);
    } else if (str_eq(name, "launchPermission")) {
        write_permissions(call, image);
    } else if (str_eq(name, "blockDeviceMapping")) {
        cloud_write_image_mappings(x, image);
    } else if (str_eq(name, "productCodes")) {
        cloud_xml_open(x, name);
        cloud_xml_close(x);
    } else {
        return err_set(err, ERR_INVALID_PARAMETER,
                       "Value (%.64s) for parameter attribute is invalid.", name);
    }
    return ERR_OK;
}

enum err_code cloud_ec2_describe_image_attribute(struct cloud_call *call, struct err *err)
{
    const char *id, *name;
    struct cloud_image image;
    if (cloud_query_need(call->query, "ImageId", &id, err) != ERR_OK ||
        cloud_query_need(call->query, "Attribute", &name, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK ||
        cloud_image_own(call->op, CLOUD_DO_DESCRIBE_IMAGE_ATTRIBUTE, id, &image, err) != ERR_OK)
        return err->code;
    cloud_xml_text(call->xml, "imageId", id);
    return write_attribute(call, &image, name, err);
}

/* ---- ModifyImageAttribute ------------------------------------------------------------------- */

static void append(struct arena *arena, const char ***list, size_t *len, const char *text)
{
    *list = row_grow(arena, *list, *len, sizeof **list);
    (*list)[(*len)++] = text;
}

/* LaunchPermission.Add.N.UserId, LaunchPermission.Add.N.Group. */
static void decode_new_form(struct cloud_query *q, const char *what, const char ***list,
                            size_t *len)
{
    const char *prefix = arena_printf(q->arena, "LaunchPermission.%s", what);
    struct cloud_indices at = cloud_query_indices(q, prefix);
    for (size_t i = 0; i < at.len; i++) {
        const char *user = cloud_query_getf(q, "%s.%u.UserId", prefix, at.list[i]);
        const char *group = cloud_query_getf(q, "%s.%u.Group", prefix, at.list[i]);
        if (user != NULL)
            append(q->arena, list, len, user);
        if (group != NULL)
            append(q->arena, list, len, group);
    }
}

/* OperationType=add|remove with UserId.N and UserGroup.N. */
static enum err_code decode_old_form(struct cloud_query *q, struct cloud_share *share,
                                     struct err *err)
{
    const char *operation = cloud_query_get(q, "OperationType");
    struct cloud_texts lists[] = {cloud_query_list(q, "UserId"), cloud_query_list(q, "UserGroup")};
    bool adds = operation != NULL && str_eq(operation, "add");
    if (operation != NULL && !adds && !str_eq(operation, "remove"))
        return err_set(err, ERR_INVALID_PARAMETER,
                       "Value (%.64s) for parameter operationType is invalid.", operation);
    if (operation == NULL && lists[0].len + lists[1].len > 0)
        return err_set(err, ERR_MISSING_PARAMETER,
                       "The request must contain the parameter OperationType");
    for (size_t n = 0; n < 2; n++)
        for (size_t i = 0; i < lists[n].len; i++)
            append(q->arena, adds ? &share->add : &share->remove,
                   adds ? &share->add_len : &share->remove_len, lists[n].list[i]);
    return ERR_OK;
}

/* The description, where that is what is changed: NULL = it is not. */
static enum err_code decode_description(struct cloud_query *q, const char **out, struct err *err)
{
    const char *attribute = cloud_query_get(q, "Attribute");
    const char *value = cloud_query_get(q, "Value");
    *out = cloud_query_get(q, "Description.Value");
    if (attribute != NULL && str_eq(attribute, "description"))
        *out = value;
    else if (attribute != NULL && !str_eq(attribute, "launchPermission"))
        return err_set(err, ERR_UNSUPPORTED, "The attribute %.64s cannot be changed", attribute);
    else if (value != NULL)
        return err_set(err, ERR_PARAMETER_COMBINATION,
                       "Value belongs to the attribute description only");
    return ERR_OK;
}

enum err_code cloud_ec2_modify_image_attribute(struct cloud_call *call, struct err *err)
{
    struct cloud_query *q = call->query;
    struct cloud_share share = {0};
    const char *id, *description;
    if (cloud_query_need(q, "ImageId", &id, err) != ERR_OK ||
        decode_description(q, &description, err) != ERR_OK ||
        decode_old_form(q, &share, err) != ERR_OK)
        return err->code;
    decode_new_form(q, "Add", &share.add, &share.add_len);
    decode_new_form(q, "Remove", &share.remove, &share.remove_len);
    bool shares = share.add_len + share.remove_len > 0;
    if (cloud_query_done(q, err) != ERR_OK)
        return err->code;
    if (shares == (description != NULL))
        return shares
                   ? err_set(err, ERR_PARAMETER_COMBINATION, "One attribute at a time")
                   : err_set(err, ERR_MISSING_PARAMETER, "The request must contain an attribute");
    enum err_code code = shares ? cloud_image_share(call->op, id, &share, err)
                                : cloud_image_describe_as(call->op, id, description, err);
    if (code == ERR_OK)
        cloud_write_done(call->xml);
    return code;
}

enum err_code cloud_ec2_reset_image_attribute(struct cloud_call *call, struct err *err)
{
    const char *id, *name;
    if (cloud_query_need(call->query, "ImageId", &id, err) != ERR_OK ||
        cloud_query_need(call->query, "Attribute", &name, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK)
        return err->code;
    if (!str_eq(name, "launchPermission"))
        return err_set(err, ERR_INVALID_PARAMETER,
                       "Value (%.64s) for parameter attribute is invalid.", name);
    if (cloud_image_unshare(call->op, id, err) != ERR_OK)
        return err->code;
    cloud_write_done(call->xml);
    return ERR_OK;
}
