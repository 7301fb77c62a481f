/* netname.c - derived names. */
#include "computer-manager/model/netname.h"

#include "base/check.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

bool host_netname_is_prefix(const char *prefix)
{
    size_t len = strspn(prefix, "abcdefghijklmnopqrstuvwxyz0123456789");
    return len >= 1 && len <= 6 && prefix[len] == '\0';
}

const char *host_netname_link(char out[HOST_LINK_SIZE], const char *prefix,
                              enum host_link_kind kind, int64_t vni)
{
    PRE(host_netname_is_prefix(prefix) && kind != HOST_LINK_TAP);
    PRE(vni > 0 && vni < 1 << 24);
    int len = snprintf(out, HOST_LINK_SIZE, "%s%c%06x", prefix, (char)kind, (unsigned)vni);
    POST(len < HOST_LINK_SIZE);
    return out;
}

/* The digits of an id: eni-0123... -> 0123... */
static const char *digits(const char *id)
{
    const char *dash = strchr(id, '-');
    PRE(dash != NULL);
    return dash + 1;
}

const char *host_netname_short(const char *id)
{
    const char *all = digits(id);
    size_t len = strlen(all);
    PRE(len >= HOST_NETNAME_SHORT);
    return all + len - HOST_NETNAME_SHORT;
}

const char *host_netname_tap(char out[HOST_LINK_SIZE], const char *prefix, const char *port)
{
    PRE(host_netname_is_prefix(prefix));
    int len = snprintf(out, HOST_LINK_SIZE, "%s%c%s", prefix, HOST_LINK_TAP,
                       host_netname_short(port));
    POST(len < HOST_LINK_SIZE);
    return out;
}

int64_t host_netname_vni(const char *name, const char *prefix, enum host_link_kind kind)
{
    size_t len = strlen(prefix);
    uint8_t vni[3];
    if (!str_has_prefix(name, prefix) || name[len] != (char)kind ||
        !str_unhex(vni, sizeof vni, name + len + 1))
        return 0;
    return vni[0] << 16 | vni[1] << 8 | vni[2];
}

const char *host_netname_space(char out[HOST_NETNAME_SIZE], const char *prefix, int64_t vni)
{
    snprintf(out, HOST_NETNAME_SIZE, "tercet-%s-%06x", prefix, (unsigned)vni);
    return out;
}

const char *host_netname_table(char out[HOST_NETNAME_SIZE], const char *prefix)
{
    snprintf(out, HOST_NETNAME_SIZE, "tercet_%s", prefix);
    return out;
}

const char *host_netname_tap_table(char out[HOST_NETNAME_SIZE], const char *prefix,
                                   const char *port)
{
    snprintf(out, HOST_NETNAME_SIZE, "tercet_%s_%s", prefix, host_netname_short(port));
    return out;
}

const char *host_netname_tunnel_table(char out[HOST_NETNAME_SIZE], const char *prefix, int64_t vni)
{
    snprintf(out, HOST_NETNAME_SIZE, "tercet_%s_%c%06x", prefix, HOST_LINK_TUNNEL, (unsigned)vni);
    return out;
}

const char *host_netname_group(char out[HOST_NETNAME_SIZE], int64_t vni, const char *group)
{
    snprintf(out, HOST_NETNAME_SIZE, "g%06x_%.17s", (unsigned)vni, digits(group));
    return out;
}
