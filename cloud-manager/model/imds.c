/* imds.c - words of metadata options. */
#include "cloud-manager/model/imds.h"

#include "base/str.h"

#include <string.h>

struct cloud_imds cloud_imds_default(void)
{
    return (struct cloud_imds){.hops = 1};
}

/* *flag = (word is `yes`); false when it is neither. */
static bool choose(bool *flag, const char *word, const char *no, const char *yes)
{
    *flag = str_eq(word, yes);
    return *flag || str_eq(word, no);
}

bool cloud_imds_set_endpoint(struct cloud_imds *imds, const char *word)
{
    return choose(&imds->is_off, word, "enabled", "disabled");
}

bool cloud_imds_set_tokens(struct cloud_imds *imds, const char *word)
{
    return choose(&imds->is_required, word, "optional", "required");
}

bool cloud_imds_set_tags(struct cloud_imds *imds, const char *word)
{
    return choose(&imds->shows_tags, word, "disabled", "enabled");
}

const char *cloud_imds_endpoint(const struct cloud_imds *imds)
{
    return imds->is_off ? "disabled" : "enabled";
}

const char *cloud_imds_tokens(const struct cloud_imds *imds)
{
    return imds->is_required ? "required" : "optional";
}

const char *cloud_imds_tags(const struct cloud_imds *imds)
{
    return imds->shows_tags ? "enabled" : "disabled";
}

/* EC2's pattern: [0-9a-zA-Z\-_+=,.@:]{1,255}, and neither '.', '..' nor '_index'. */
bool cloud_imds_shows_key(const char *key)
{
    static const char allowed[] =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_+=,.@:";
    return *key != '\0' && strspn(key, allowed) == strlen(key) && !str_eq(key, ".") &&
           !str_eq(key, "..") && !str_eq(key, "_index");
}
