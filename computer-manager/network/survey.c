/* survey.c - reads links and their labels. */
#include "computer-manager/network/survey.h"

#include "base/check.h"
#include "base/id.h"
#include "base/str.h"
#include "computer-manager/model/address.h"

#include <stdio.h>
#include <string.h>

/* "tercet port eni-0123456789abcdef0 10 172.31.0.5" and "tercet network 10" */
#define PORT_LABEL    "tercet port "
#define NETWORK_LABEL "tercet network "

void survey_format_port(char out[NETLINK_ALIAS_SIZE], const struct host_port *port)
{
    char address[HOST_ADDRESS_SIZE];
    snprintf(out, NETLINK_ALIAS_SIZE, PORT_LABEL "%s %lld %s", port->port, (long long)port->vni,
             host_address_format(address, port->address));
}

void survey_format_network(char out[NETLINK_ALIAS_SIZE], uint16_t slot)
{
    snprintf(out, NETLINK_ALIAS_SIZE, NETWORK_LABEL "%u", slot);
}

static bool parse_port(const char *alias, struct survey_port *out)
{
    char text[NETLINK_ALIAS_SIZE];
    if (!str_has_prefix(alias, PORT_LABEL))
        return false;
    str_copy(text, sizeof text, alias + strlen(PORT_LABEL));
    char *vni = strchr(text, ' ');
    if (vni == NULL)
        return false;
    *vni++ = '\0';
    char *address = strchr(vni, ' ');
    if (address == NULL)
        return false;
    *address++ = '\0';
    return id_is(text, "eni") && str_copy(out->port, sizeof out->port, text) &&
           str_parse_i64(vni, 1, (1 << 24) - 1, &out->vni) &&
           host_address_parse(address, &out->address);
}

static uint16_t parse_slot(const char *alias)
{
    int64_t slot;
    if (!str_has_prefix(alias, NETWORK_LABEL) ||
        !str_parse_i64(alias + strlen(NETWORK_LABEL), 1, SURVEY_SLOTS - 1, &slot))
        return 0;
    return (uint16_t)slot;
}

struct reading {
    const char *prefix;
    struct survey *survey;
    bool overflow;
};

static void on_tap(struct reading *r, const struct netlink_link *link)
{
    struct survey *s = r->survey;
    struct survey_port port = {0};
    bool ours = parse_port(link->alias, &port);
    if (ours && s->ports_len < HOST_PORTS_MAX) {
        str_copy(port.tap, sizeof port.tap, link->name);
        port.master = link->master;
        port.is_up = link->is_up;
        s->ports[s->ports_len++] = port;
    } else if (!ours && link->alias[0] == '\0' && s->strays_len < 16) {
        str_copy(s->strays[s->strays_len++], HOST_LINK_SIZE, link->name);
    }
    r->overflow = r->overflow || (ours && s->ports_len == HOST_PORTS_MAX);
}

static bool is_tap(const char *name, const char *prefix)
{
    size_t len = strlen(prefix);
    return str_has_prefix(name, prefix) && name[len] == HOST_LINK_TAP &&
           strspn(name + len + 1, "0123456789abcdef") == 8 && name[len + 9] == '\0';
}

static uint64_t mix(uint64_t sum, const void *data, size_t size)
{
    const unsigned char *bytes = data; /* FNV-1a */
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);
    return sum;
}

/* Links have no order worth keeping: each counts for itself. */
static void add_to_sum(struct survey *s, const struct netlink_link *link)
{
    uint64_t one = mix(UINT64_C(0xcbf29ce484222325), link->name, strlen(link->name));
    one = mix(one, link->alias, strlen(link->alias));
    one = mix(one, &link->index, sizeof link->index);
    one = mix(one, &link->master, sizeof link->master);
    s->sum += mix(one, &link->is_up, sizeof link->is_up);
}

static bool on_link(void *self, const struct netlink_link *link)
{
    struct reading *r = self;
    struct survey *s = r->survey;
    uint16_t slot = parse_slot(link->alias);
    if (str_has_prefix(link->name, r->prefix))
        add_to_sum(s, link);
    s->used[slot / 8] |= (uint8_t)(1 << slot % 8);
    int64_t vni = host_netname_vni(link->name, r->prefix, HOST_LINK_BRIDGE);
    if (vni > 0 && s->networks_len < SURVEY_NETWORKS_MAX)
        s->networks[s->networks_len++] = (struct survey_network){vni, slot, link->index,
                                                                 link->is_up};
    if (is_tap(link->name, r->prefix))
        on_tap(r, link);
    return true;
}

enum err_code survey_read(struct network *net, struct survey *out, struct err *err)
{
    memset(out, 0, sizeof *out);
    struct reading r = {net->prefix, out, false};
    if (netlink_list(&net->home, on_link, &r, err) != ERR_OK)
        return err->code;
    if (r.overflow) /* a listing that leaves one out would have it taken for gone */
        return err_set(err, ERR_TOO_LARGE, "more than %d ports on this host", HOST_PORTS_MAX - 1);
    return ERR_OK;
}

const struct survey_port *survey_port(const struct survey *s, const char *port)
{
    for (size_t i = 0; i < s->ports_len; i++)
        if (str_eq(s->ports[i].port, port))
            return &s->ports[i];
    return NULL;
}

const struct survey_network *survey_network(const struct survey *s, int64_t vni)
{
    for (size_t i = 0; i < s->networks_len; i++)
        if (s->networks[i].vni == vni)
            return &s->networks[i];
    return NULL;
}

size_t survey_count(const struct survey *s, int64_t vni)
{
    size_t count = 0;
    for (size_t i = 0; i < s->ports_len; i++)
        count += s->ports[i].vni == vni;
    return count;
}

uint16_t survey_free_slot(const struct survey *s, int64_t vni)
{
    for (int64_t i = 0; i < SURVEY_SLOTS - 1; i++) {
        uint16_t slot = (uint16_t)((vni - 1 + i) % (SURVEY_SLOTS - 1) + 1);
        if ((s->used[slot / 8] & 1 << slot % 8) == 0)
            return slot;
    }
    return 0;
}
