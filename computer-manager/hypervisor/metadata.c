/* metadata.c - the identity of a domain as one XML element of attributes. */
#include "computer-manager/hypervisor/metadata.h"

#include "base/id.h"
#include "base/str.h"

#include <string.h>

void host_metadata_write(struct host_xml *x, const struct host_metadata *m)
{
    host_xml_open(x, "tercet:domain");
    host_xml_attr(x, "xmlns:tercet", HOST_METADATA_URI);
    host_xml_attr(x, "instance", m->instance);
    host_xml_attr_i64(x, "pepoch", m->pepoch);
    host_xml_attr_i64(x, "generation", m->generation);
    host_xml_attr_i64(x, "profile", m->profile);
    host_xml_attr(x, "boot", m->boot);
    host_xml_close(x);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* The value of attribute `name`, which holds no markup: ids, numbers and UUIDs only. */
static bool attribute(const char *text, const char *name, char *out, size_t out_size)
{
    size_t name_len = strlen(name);
    for (const char *p = text; (p = strstr(p, name)) != NULL; p += name_len) {
        const char *value = p + name_len;
        if (p == text || !is_blank(p[-1]) || value[0] != '=' ||
            (value[1] != '"' && value[1] != '\''))
            continue;
        const char *end = strchr(value + 2, value[1]);
        size_t len = end != NULL ? (size_t)(end - value) - 2 : out_size;
        if (len >= out_size)
            return false;
        memcpy(out, value + 2, len);
        out[len] = '\0';
        return strpbrk(out, "&<>") == NULL;
    }
    return false;
}

static bool number(const char *text, const char *name, int64_t *out)
{
    char digits[24];
    return attribute(text, name, digits, sizeof digits) && str_parse_i64(digits, 0, INT64_MAX, out);
}

bool host_metadata_parse(const char *text, struct host_metadata *out)
{
    *out = (struct host_metadata){0};
    if (!attribute(text, "boot", out->boot, sizeof out->boot))
        out->boot[0] = '\0';
    if (!number(text, "profile", &out->profile))
        out->profile = 0;
    return attribute(text, "instance", out->instance, sizeof out->instance) &&
           id_is(out->instance, "i") && number(text, "pepoch", &out->pepoch) &&
           number(text, "generation", &out->generation);
}
