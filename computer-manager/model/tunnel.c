/* tunnel.c - compiles tunnels and their peers to nft text. */
#include "computer-manager/model/tunnel.h"

#include "computer-manager/model/address.h"
#include "computer-manager/model/filter.h"
#include "computer-manager/model/netname.h"

/* Bits from the start of the UDP header. */
#define OUTER_VNI  "@th,96,24"
#define INNER_TO   "@th,128,48"
#define INNER_FROM "@th,176,48"
#define INNER_TYPE "@th,224,16"
#define INNER_IP   "@th,336,32"
#define PEER_KEY   "ip saddr . " INNER_FROM " . " INNER_IP

/* A MAC as the number that raw bytes are compared with. */
static const char *number(char out[HOST_MAC_SIZE], const uint8_t mac[6])
{
    static const char digits[] = "0123456789abcdef";
    char *p = out;
    *p++ = '0';
    *p++ = 'x';
    for (int i = 0; i < 6; i++) {
        *p++ = digits[mac[i] >> 4];
        *p++ = digits[mac[i] & 15];
    }
    *p = '\0';
    return out;
}

void host_tunnel_base(struct buf *out, const char *prefix, const struct host_tunnel *tunnel)
{
    char table[HOST_NETNAME_SIZE], ip[HOST_ADDRESS_SIZE];
    host_netname_table(table, prefix);
    host_address_format(ip, tunnel->address);
    buf_printf(out,
               "table inet %s {\n"
               "  map tunnels { typeof " OUTER_VNI " : verdict\n  }\n"
               "  chain outer_in { type filter hook prerouting priority raw; policy accept;\n  }\n"
               "  chain outer_out { type filter hook output priority raw; policy accept;\n  }\n"
               "  chain outer { type filter hook input priority filter; policy accept;\n  }\n"
               "}\n"
               "flush chain inet %s outer_in\nflush chain inet %s outer_out\n"
               "flush chain inet %s outer\n",
               table, table, table, table);
    if (tunnel->address == 0)
        return;
    /* Outer packets belong to no connection: tracking them would only cost. */
    buf_printf(out,
               "table inet %s {\n"
               "  chain outer_in {\n    ip daddr %s udp dport %u notrack\n  }\n"
               "  chain outer_out {\n    ip saddr %s udp dport %u notrack\n  }\n"
               "  chain outer {\n    udp dport %u " OUTER_VNI " vmap @tunnels\n  }\n"
               "}\n",
               table, ip, tunnel->udp_port, ip, tunnel->udp_port, tunnel->udp_port);
}

void host_tunnel_open(struct buf *out, const char *prefix, int64_t vni)
{
    char table[HOST_NETNAME_SIZE], gate[HOST_NETNAME_SIZE], link[HOST_LINK_SIZE];
    char gateway[HOST_MAC_SIZE], bridge[HOST_MAC_SIZE], mac[HOST_MAC_SIZE];
    unsigned v = (unsigned)vni;
    host_netname_table(table, prefix);
    host_netname_tunnel_table(gate, prefix, vni);
    host_netname_link(link, prefix, HOST_LINK_TUNNEL, vni);
    number(gateway, HOST_FILTER_GATEWAY_MAC);
    number(bridge, HOST_FILTER_BRIDGE_MAC);
    buf_printf(out,
               "table inet %s {\n"
               "  set p%06x { typeof " PEER_KEY "\n  }\n"
               "  chain tunnel_%06x {\n  }\n}\n"
               "flush set inet %s p%06x\nflush chain inet %s tunnel_%06x\n",
               table, v, v, table, v, table, v);
    /* From a peer's guest, to one guest: no group of them, nothing that is each host's own. */
    buf_printf(out,
               "table inet %s {\n  chain tunnel_%06x {\n"
               "    " INNER_TO " & 0x010000000000 == 0x010000000000 drop\n"
               "    " INNER_TO " { %s, %s } drop\n"
               "    " INNER_TYPE " 0x0800 " PEER_KEY " @p%06x accept\n"
               "    drop\n  }\n}\n"
               "add element inet %s tunnels { 0x%06x : goto tunnel_%06x }\n",
               table, v, gateway, bridge, v, table, v, v);
    host_address_format_mac(mac, HOST_FILTER_GATEWAY_MAC);
    buf_printf(out,
               "table netdev %s\ndelete table netdev %s\ntable netdev %s {\n"
               "  chain out { type filter hook egress device \"%s\" priority -300; policy drop;\n"
               "    ether daddr & 01:00:00:00:00:00 == 01:00:00:00:00:00 drop\n"
               "    ether daddr %s drop\n"
               "    ether type ip ip saddr 169.254.0.0/16 drop\n"
               "    ether type ip ip daddr 169.254.0.0/16 drop\n"
               "    ether saddr %s ip protocol udp udp sport 67 drop\n"
               "    ether type ip accept\n  }\n}\n",
               gate, gate, gate, link, mac, mac);
}

void host_tunnel_close(struct buf *out, const char *prefix, int64_t vni)
{
    char table[HOST_NETNAME_SIZE], gate[HOST_NETNAME_SIZE];
    unsigned v = (unsigned)vni;
    host_netname_table(table, prefix);
    host_netname_tunnel_table(gate, prefix, vni);
    /* Adding first makes each deletion fine where it is gone. */
    buf_printf(out,
               "table inet %s {\n"
               "  map tunnels { typeof " OUTER_VNI " : verdict\n  }\n"
               "  set p%06x { typeof " PEER_KEY "\n  }\n"
               "  chain tunnel_%06x {\n  }\n}\n",
               table, v, v);
    buf_printf(out,
               "add element inet %s tunnels { 0x%06x : goto tunnel_%06x }\n"
               "delete element inet %s tunnels { 0x%06x : goto tunnel_%06x }\n"
               "flush chain inet %s tunnel_%06x\ndelete set inet %s p%06x\n"
               "delete chain inet %s tunnel_%06x\n"
               "table netdev %s\ndelete table netdev %s\n",
               table, v, v, table, v, v, table, v, table, v, table, v, gate, gate);
}

/* With its own MAC, and with the gateway's where it was routed on its host. */
static void element(struct buf *out, const char *verb, const char *table, int64_t vni,
                    const struct host_net_peer *peer)
{
    char ip[HOST_ADDRESS_SIZE], mac[HOST_MAC_SIZE], gateway[HOST_MAC_SIZE];
    host_address_format(ip, peer->tunnel);
    number(mac, peer->mac);
    number(gateway, HOST_FILTER_GATEWAY_MAC);
    buf_printf(out, "%s element inet %s p%06x { %s . %s . 0x%08x, %s . %s . 0x%08x }\n", verb,
               table, (unsigned)vni, ip, mac, peer->address, ip, gateway, peer->address);
}

void host_tunnel_add(struct buf *out, const char *prefix, int64_t vni,
                     const struct host_net_peer *peer)
{
    char table[HOST_NETNAME_SIZE];
    element(out, "add", host_netname_table(table, prefix), vni, peer);
}

void host_tunnel_remove(struct buf *out, const char *prefix, int64_t vni,
                        const struct host_net_peer *peer)
{
    char table[HOST_NETNAME_SIZE];
    host_netname_table(table, prefix);
    element(out, "add", table, vni, peer); /* the deletion is fine where it is gone */
    element(out, "delete", table, vni, peer);
}
