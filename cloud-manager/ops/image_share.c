/* image_share.c - ModifyImageAttribute, ResetImageAttribute, and who sees which image. */
#include "cloud-manager/ops/image_share.h"

#include "base/id.h"
#include "base/str.h"
#include "cloud-manager/store/permission.h"

#include <string.h>

enum err_code cloud_image_find(struct cloud_op *op, const char *id, struct cloud_image *out,
                               struct err *err)
{
    *out = (struct cloud_image){0};
    if (!id_is(id, "ami"))
        return err_set(err, ERR_IMAGE_MALFORMED, "Invalid id: \"%.64s\" (expecting \"ami-...\")",
                       id);
    if (!cloud_image_get_shown(op->store, op->arena, id, op->account, out))
        return err_set(err, ERR_IMAGE_NOT_FOUND, "The image id '[%s]' does not exist", id);
    return ERR_OK;
}

enum err_code cloud_image_own(struct cloud_op *op, enum cloud_action_id action, const char *id,
                              struct cloud_image *out, struct err *err)
{
    if (cloud_authorize(op, action, err) != ERR_OK || cloud_image_find(op, id, out, err) != ERR_OK)
        return err->code;
    if (!str_eq(out->account, op->account))
        return err_set(err, ERR_DENIED, "The image '%s' is another account's", id);
    return ERR_OK;
}

static enum err_code check_users(const char *const *users, size_t len, struct err *err)
{
    for (size_t i = 0; i < len; i++)
        if (!str_eq(users[i], CLOUD_PERMISSION_ALL) &&
            (strlen(users[i]) != 12 || strspn(users[i], "0123456789") != 12))
            return err_set(err, ERR_IMAGE_USER,
                           "Invalid attribute item value \"%.64s\" for userId item type: an "
                           "account of 12 digits, or the group all",
                           users[i]);
    return ERR_OK;
}

enum err_code cloud_image_share(struct cloud_op *op, const char *id,
                                const struct cloud_share *share, struct err *err)
{
    struct cloud_image row;
    size_t len;
    if (cloud_image_own(op, CLOUD_DO_MODIFY_IMAGE_ATTRIBUTE, id, &row, err) != ERR_OK ||
        check_users(share->add, share->add_len, err) != ERR_OK ||
        check_users(share->remove, share->remove_len, err) != ERR_OK)
        return err->code;
    for (size_t i = 0; i < share->add_len; i++)
        cloud_permission_add(op->store, id, share->add[i]);
    for (size_t i = 0; i < share->remove_len; i++)
        cloud_permission_remove(op->store, id, share->remove[i]);
    cloud_permission_list(op->store, op->arena, id, &len);
    if (len > CLOUD_PERMISSIONS_MAX)
        return err_set(err, ERR_INVALID_PARAMETER, "An image has at most %d launch permissions",
                       CLOUD_PERMISSIONS_MAX);
    return ERR_OK;
}

enum err_code cloud_image_describe_as(struct cloud_op *op, const char *id, const char *description,
                                      struct err *err)
{
    struct cloud_image row;
    if (cloud_image_own(op, CLOUD_DO_MODIFY_IMAGE_ATTRIBUTE, id, &row, err) != ERR_OK)
        return err->code;
    if (strlen(description) > 255)
        return err_set(err, ERR_INVALID_PARAMETER, "A description has at most 255 characters");
    cloud_image_set_description(op->store, id, description);
    return ERR_OK;
}

enum err_code cloud_image_unshare(struct cloud_op *op, const char *id, struct err *err)
{
    struct cloud_image row;
    if (cloud_image_own(op, CLOUD_DO_RESET_IMAGE_ATTRIBUTE, id, &row, err) != ERR_OK)
        return err->code;
    cloud_permission_remove_all(op->store, id);
    return ERR_OK;
}
