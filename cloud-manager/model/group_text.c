/* group_text.c - the characters of group names and descriptions (EC2 API reference,
 * CreateSecurityGroup and IpRange). */
#include "cloud-manager/model/group_text.h"

#include "base/str.h"

#include <string.h>

static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                              " ._-:/()#,@[]+=&;{}!$*";

enum err_code cloud_group_text_check(const char *what, const char *text, struct err *err)
{
    if (strlen(text) > CLOUD_GROUP_TEXT_MAX)
        return err_set(err, ERR_INVALID_PARAMETER,
                       "Value for parameter %s is invalid. It has more than %d characters.", what,
                       CLOUD_GROUP_TEXT_MAX);
    if (strspn(text, allowed) != strlen(text))
        return err_set(err, ERR_INVALID_PARAMETER,
                       "Value (%.80s) for parameter %s is invalid. Valid characters are a-z, A-Z, "
                       "0-9, spaces, and ._-:/()#,@[]+=&;{}!$*",
                       text, what);
    return ERR_OK;
}

enum err_code cloud_group_name_check(const char *name, struct err *err)
{
    if (cloud_group_text_check("GroupName", name, err) != ERR_OK)
        return err->code;
    if (str_eq(name, "default"))
        return err_set(err, ERR_INVALID_PARAMETER,
                       "Cannot use reserved security group name: default");
    if (*name == '\0' || str_has_prefix(name, "sg-"))
        return err_set(
            err, ERR_INVALID_PARAMETER,
            "Value (%.80s) for parameter GroupName is invalid. Group names may not be in "
            "the format sg-*",
            name);
    return ERR_OK;
}
