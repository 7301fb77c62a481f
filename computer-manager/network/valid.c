/* valid.c - checks of jobs, field by field. */
#include "computer-manager/network/valid.h"

#include "base/id.h"
#include "computer-manager/model/address.h"
#include "computer-manager/model/filter.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum {
    CIDR_LEN_MIN = 16, /* as EC2 has it for networks and subnets */
    CIDR_LEN_MAX = 28,
    RESERVED = 3, /* the first addresses of a subnet are the provider's */
    MTU_MIN = 576,
    MTU_MAX = 9216,
    LINK_LEN = 14,
};

static bool is_id(const char field[HOST_ID_SIZE], const char *prefix)
{
    return memchr(field, '\0', HOST_ID_SIZE) != NULL && id_is(field, prefix);
}

static bool is_vni(int64_t vni)
{
    return vni >= 1 && vni < 1 << 24;
}

/* Lower-case labels joined by single dots, at most `labels` of them. */
static bool is_name(const char field[HOST_NAME_SIZE], int labels)
{
    if (memchr(field, '\0', HOST_NAME_SIZE) == NULL)
        return false;
    const char *p = field;
    for (int l = 0; l < labels; l++) {
        size_t len = strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789-");
        if (len == 0 || p[0] == '-' || p[len - 1] == '-')
            return false;
        p += len;
        if (*p == '\0')
            return true;
        if (*p++ != '.')
            return false;
    }
    return false;
}

static bool overlaps(uint32_t a, uint8_t a_len, uint32_t b, uint8_t b_len)
{
    return host_address_in(a, b, a_len < b_len ? a_len : b_len);
}

/* Ranges no guest can live in: this net, loopback, link-local, multicast and above, our links. */
static bool is_reserved(uint32_t cidr, uint8_t len, uint32_t link_base)
{
    return overlaps(cidr, len, 0, 8) || overlaps(cidr, len, 127u << 24, 8) ||
           overlaps(cidr, len, 0xa9fe0000u, 16) || cidr >= 224u << 24 ||
           overlaps(cidr, len, link_base, LINK_LEN);
}

static bool is_range(uint32_t cidr, uint8_t len)
{
    return len >= CIDR_LEN_MIN && len <= CIDR_LEN_MAX && host_address_is_cidr(cidr, len);
}

static bool is_placed(const struct host_port *p)
{
    return p->subnet_len >= p->vpc_cidr_len &&
           host_address_in(p->subnet, p->vpc_cidr, p->vpc_cidr_len) &&
           p->gateway == p->subnet + 1 &&
           host_address_is_host(p->address, p->subnet, p->subnet_len) &&
           p->address > p->subnet + RESERVED;
}

/* One that the world may call, and that is none of the network's own. */
static bool is_public(const struct host_port *p, uint32_t link_base)
{
    return p->public_address == 0 ||
           (!is_reserved(p->public_address, 32, link_base) &&
            !host_address_in(p->public_address, p->vpc_cidr, p->vpc_cidr_len));
}

static bool is_rule(const struct host_rule *r)
{
    bool icmp = r->protocol == 1, ports = r->protocol == 6 || r->protocol == 17;
    bool every = r->from == -1 && r->to == -1;
    if (r->egress > 1 || !host_address_is_cidr(r->cidr, r->cidr_len))
        return false;
    if (memchr(r->group, '\0', HOST_ID_SIZE) == NULL ||
        (r->group[0] != '\0' && !is_id(r->group, "sg")))
        return false;
    if (icmp)
        return r->from >= -1 && r->from <= 255 && r->to >= -1 && r->to <= 255 &&
               (r->from >= 0 || r->to == -1);
    return every || (ports && r->from >= 0 && r->from <= r->to && r->to <= 65535);
}

static bool is_mac(const uint8_t mac[6])
{
    return host_address_is_mac(mac) && memcmp(mac, HOST_FILTER_GATEWAY_MAC, 6) != 0 &&
           memcmp(mac, HOST_FILTER_BRIDGE_MAC, 6) != 0;
}

static enum err_code refuse(struct err *err, const char *field)
{
    return err_set(err, ERR_INVALID_PARAMETER, "bad %s", field);
}

enum err_code valid_port(const struct host_port *p, uint32_t link_base, struct err *err)
{
    if (!is_id(p->port, "eni") || !is_id(p->instance, "i") || !is_id(p->vpc, "vpc"))
        return refuse(err, "id of port, instance or network");
    if (!is_vni(p->vni))
        return refuse(err, "vni");
    if (!is_mac(p->mac))
        return refuse(err, "MAC");
    if (!is_range(p->vpc_cidr, p->vpc_cidr_len) || !is_range(p->subnet, p->subnet_len) ||
        is_reserved(p->vpc_cidr, p->vpc_cidr_len, link_base))
        return refuse(err, "range of network or subnet");
    if (!is_placed(p))
        return refuse(err, "address or gateway for that subnet");
    if (!is_public(p, link_base))
        return refuse(err, "public address");
    if (!is_name(p->hostname, 1) || !is_name(p->domain, 16))
        return refuse(err, "hostname or domain");
    if (p->mtu < MTU_MIN || p->mtu > MTU_MAX)
        return refuse(err, "mtu");
    if (p->rules_len < 0 || p->rules_len > HOST_RULES_MAX)
        return refuse(err, "number of rules");
    for (int64_t r = 0; r < p->rules_len; r++)
        if (!is_rule(&p->rules[r]))
            return err_set(err, ERR_INVALID_PARAMETER, "bad rule %lld", (long long)r);
    return ERR_OK;
}

enum err_code valid_unport(const struct host_net_unport *u, struct err *err)
{
    return is_id(u->port, "eni") && is_vni(u->vni) ? ERR_OK : refuse(err, "port or vni");
}

enum err_code valid_group(const struct host_net_group *g, size_t size, struct err *err)
{
    const size_t head = offsetof(struct host_net_group, pages);
    if (size < head || g->len < 0 || g->len > HOST_PAGES_MAX ||
        size != head + (size_t)g->len * sizeof g->pages[0])
        return refuse(err, "number of pages");
    if (!is_id(g->group, "sg") || !is_vni(g->vni) || g->is_anew < 0 || g->is_anew > 1)
        return refuse(err, "group or vni");
    for (int64_t i = 0; i < g->len; i++)
        if (g->pages[i].base % HOST_PAGE_LEN != 0 ||
            (i > 0 && g->pages[i - 1].base >= g->pages[i].base))
            return err_set(err, ERR_INVALID_PARAMETER, "bad page %lld", (long long)i);
    return ERR_OK;
}

/* An address that some host can have: none of this net's, loopback's, link-local or multicast. */
static bool is_unicast(uint32_t address)
{
    return address >> 24 != 0 && address >> 24 != 127 && address >> 16 != 0xa9fe &&
           address < 224u << 24;
}

static bool is_peer(const struct host_net_peers *p, int64_t i)
{
    const struct host_net_peer *peer = &p->peers[i];
    bool is_nobody = !p->is_page && peer->tunnel == 0;
    return (!p->is_page || (peer->address >= p->from && peer->address <= p->to)) &&
           (i == 0 || p->peers[i - 1].address < peer->address) && is_unicast(peer->address) &&
           (is_nobody || (is_unicast(peer->tunnel) && is_mac(peer->mac)));
}

enum err_code valid_peers(const struct host_net_peers *p, size_t size, struct err *err)
{
    const size_t head = offsetof(struct host_net_peers, peers);
    if (size < head || p->len < 0 || p->len > HOST_PEERS_MAX ||
        size != head + (size_t)p->len * sizeof p->peers[0])
        return refuse(err, "number of peers");
    if (!is_vni(p->vni) || p->is_page < 0 || p->is_page > 1 || p->from > p->to)
        return refuse(err, "vni or range of peers");
    if (p->mtu < MTU_MIN || p->mtu > MTU_MAX)
        return refuse(err, "mtu");
    for (int64_t i = 0; i < p->len; i++)
        if (!is_peer(p, i))
            return err_set(err, ERR_INVALID_PARAMETER, "bad peer %lld", (long long)i);
    return ERR_OK;
}
