/* port.c - wishes of ports and groups, as fixed structs. */
#include "computer-manager/api/port.h"

#include "base/check.h"
#include "base/str.h"
#include "computer-manager/model/address.h"

#include <stddef.h>
#include <string.h>

bool host_port_parse_mac(const char *text, uint8_t mac[6])
{
    char digits[13];
    if (strlen(text) != 17)
        return false;
    for (int i = 0; i < 6; i++) {
        if (i < 5 && text[3 * i + 2] != ':')
            return false;
        memcpy(digits + 2 * i, text + 3 * i, 2);
    }
    digits[12] = '\0';
    return str_unhex(mac, 6, digits);
}

bool host_port_parse_cidr(const char *text, uint32_t *cidr, uint8_t *len)
{
    char address[HOST_ADDRESS_SIZE];
    const char *slash = strchr(text, '/');
    int64_t bits;
    if (slash == NULL || (size_t)(slash - text) >= sizeof address ||
        !str_parse_i64(slash + 1, 0, 32, &bits))
        return false;
    memcpy(address, text, (size_t)(slash - text));
    address[slash - text] = '\0';
    *len = (uint8_t)bits;
    return host_address_parse(address, cidr) && host_address_is_cidr(*cidr, *len);
}

static bool fill_names(const struct wire_instance *wish, struct host_port *out)
{
    const struct wire_port *p = wish->port;
    return str_copy(out->port, sizeof out->port, p->id) &&
           str_copy(out->vpc, sizeof out->vpc, p->vpc) &&
           str_copy(out->hostname, sizeof out->hostname, wish->hostname) &&
           str_copy(out->domain, sizeof out->domain, wish->domain);
}

static bool fill_addresses(const struct wire_port *p, struct host_port *out)
{
    if (!host_port_parse_mac(p->mac, out->mac) || !host_address_parse(p->address, &out->address) ||
        !host_port_parse_cidr(p->subnet_cidr, &out->subnet, &out->subnet_len) ||
        !host_port_parse_cidr(p->vpc_cidr, &out->vpc_cidr, &out->vpc_cidr_len))
        return false;
    if (*p->public_address != '\0' && !host_address_parse(p->public_address, &out->public_address))
        return false;
    out->gateway = out->subnet + 1;
    return host_address_is_host(out->address, out->subnet, out->subnet_len);
}

enum err_code host_port_from(const struct wire_instance *wish, int64_t mtu, struct host_port *out,
                             struct err *err)
{
    *out = (struct host_port){.mtu = mtu};
    if (wish->port == NULL || !fill_names(wish, out))
        return err_set(err, ERR_MALFORMED_JSON, "a port without a name, or with too long ones");
    if (!fill_addresses(wish->port, out))
        return err_set(err, ERR_MALFORMED_JSON, "port %s has no sound addresses", out->port);
    out->vni = wish->port->vni;
    return ERR_OK;
}

static enum err_code parse_rule(const struct wire_rule *rule, struct host_rule *out,
                                struct err *err)
{
    *out = (struct host_rule){
        .egress = rule->egress,
        .protocol = (uint8_t)rule->protocol,
        .from = (int32_t)rule->from,
        .to = (int32_t)rule->to,
    };
    if (*rule->group != '\0')
        return str_copy(out->group, sizeof out->group, rule->group)
                   ? ERR_OK
                   : err_set(err, ERR_MALFORMED_JSON, "a rule names no group");
    return host_port_parse_cidr(rule->cidr, &out->cidr, &out->cidr_len)
               ? ERR_OK
               : err_set(err, ERR_MALFORMED_JSON, "a rule has no sound range");
}

enum err_code host_group_rules(const struct wire_group *group, struct host_rule *out, size_t *len,
                               struct err *err)
{
    for (*len = 0; *len < group->rules_len; ++*len)
        if (parse_rule(&group->rules[*len], &out[*len], err) != ERR_OK)
            return err->code;
    return ERR_OK;
}

enum err_code host_page_from(const struct wire_members *wish, struct host_net_page *out,
                             struct err *err)
{
    if (!host_address_parse(wish->base, &out->base) || out->base % HOST_PAGE_LEN != 0 ||
        !str_unhex(out->bits, sizeof out->bits, wish->bits))
        return err_set(err, ERR_MALFORMED_JSON, "a page '%s' of no sound addresses", wish->base);
    return ERR_OK;
}

size_t host_port_size(const struct host_port *port)
{
    return offsetof(struct host_port, rules) + (size_t)port->rules_len * sizeof port->rules[0];
}

uint64_t host_port_sum(const void *bytes, size_t size)
{
    const unsigned char *p = bytes;
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < size; i++)
        h = (h ^ p[i]) * 0x100000001b3u;
    return h != 0 ? h : 1;
}
