/* filter.c - compiles ports and rules to nft text. */
#include "computer-manager/model/filter.h"

#include "base/check.h"
#include "computer-manager/model/address.h"
#include "computer-manager/model/netname.h"
#include "computer-manager/model/public.h"

#include <string.h>

const uint8_t HOST_FILTER_GATEWAY_MAC[6] = {0x02, 0x74, 0x63, 0x74, 0x00, 0x01};
const uint8_t HOST_FILTER_BRIDGE_MAC[6] = {0x02, 0x74, 0x63, 0x74, 0x00, 0x02};

/* Replaces in `text` each $T by the table and each $P by the prefix. */
static void template(struct buf *out, const char *prefix, const char *text)
{
    char table[HOST_NETNAME_SIZE];
    host_netname_table(table, prefix);
    for (const char *p = text; *p != '\0'; p++) {
        if (p[0] == '$' && (p[1] == 'T' || p[1] == 'P'))
            buf_text(out, *++p == 'T' ? table : prefix);
        else
            buf_char(out, *p);
    }
}

void host_filter_base(struct buf *out, const char *prefix,
                      const struct host_filter_resolvers *resolvers)
{
    PRE(resolvers->len <= HOST_FILTER_RESOLVERS_MAX);
    /* Declared first, so that flushing works the first time too; then the rules anew. */
    template(
        out, prefix,
        "table inet $T {\n"
        "  map zones { typeof iifname : ct zone\n  }\n"
        "  map from { type ifname . ipv4_addr : verdict\n  }\n"
        "  map to { type ifname . ipv4_addr : verdict\n  }\n"
        "  set resolvers { type ipv4_addr\n  }\n"
        "  set " HOST_PUBLIC_SET " { type ipv4_addr\n  }\n"
        /* Longer than the kernel remembers a connection. */
        "  set " HOST_PUBLIC_RETIRED " { type ipv4_addr; flags timeout; timeout 6d\n  }\n"
        "  chain zone { type filter hook prerouting priority raw; policy accept;\n  }\n"
        "  chain input { type filter hook input priority filter; policy accept;\n  }\n"
        "  chain forward { type filter hook forward priority filter; policy accept;\n  }\n"
        "  chain nat { type nat hook postrouting priority srcnat; policy accept;\n  }\n"
        "  chain bridged {\n  }\n  chain target {\n  }\n"
        "}\n"
        "flush set inet $T resolvers\n"
        "flush chain inet $T zone\nflush chain inet $T input\nflush chain inet $T forward\n"
        "flush chain inet $T nat\nflush chain inet $T bridged\nflush chain inet $T target\n"
        "table inet $T {\n"
        "  chain zone {\n"
        "    iifname \"$Pb*\" ct zone set iifname map @zones\n  }\n"
        /* A guest that sends to the bridge's MAC would reach the machine itself. */
        "  chain input {\n"
        "    iifname \"$Pb*\" drop\n"
        "    iifname \"$Pu*\" ct state established,related accept\n"
        "    iifname \"$Pu*\" ip daddr @resolvers meta l4proto { tcp, udp } th dport 53 accept\n"
        "    iifname \"$Pu*\" drop\n  }\n"
        "  chain forward {\n"
        "    iifname \"$Pu*\" ip saddr @" HOST_PUBLIC_RETIRED " drop\n"
        "    iifname \"$Pb*\" oifname \"$Pb*\" goto bridged\n"
        "    iifname \"$Pb*\" drop\n"
        "    oifname \"$Pb*\" drop\n"
        "    iifname \"$Pu*\" oifname \"$Pu*\" ct state established,related accept\n"
        "    iifname \"$Pu*\" oifname \"$Pu*\" ip daddr @" HOST_PUBLIC_SET " accept\n"
        "    iifname \"$Pu*\" oifname \"$Pu*\" drop\n  }\n"
        "  chain nat {\n"
        "    iifname \"$Pu*\" ip saddr @" HOST_PUBLIC_SET " accept\n"
        "    iifname \"$Pu*\" oifname != \"$Pu*\" masquerade\n  }\n"
        "  chain bridged {\n"
        "    ct state vmap { established : accept, related : accept, invalid : drop }\n"
        /* Half of a connection that was cut is no new one from the other side. */
        "    tcp flags & (syn | ack) != syn drop\n"
        "    ip saddr 0.0.0.0 ip daddr 255.255.255.255 udp sport 68 udp dport 67 accept\n"
        "    ip daddr 255.255.255.255 udp sport 67 udp dport 68 accept\n"
        "    iifname . ip saddr vmap @from\n"
        "    iifname . ip daddr vmap @to\n"
        "    drop\n  }\n"
        "  chain target {\n"
        "    iifname . ip daddr vmap @to\n"
        "    accept\n  }\n"
        "}\n");
    for (size_t r = 0; r < resolvers->len; r++) {
        char text[HOST_ADDRESS_SIZE];
        template(out, prefix, "add element inet $T resolvers { ");
        buf_printf(out, "%s }\n", host_address_format(text, resolvers->addresses[r]));
    }
}

/* What a rule lets through, without a verdict. */
static void match(struct buf *out, int64_t vni, const struct host_rule *rule)
{
    const char *end = rule->egress ? "daddr" : "saddr";
    char text[HOST_NETNAME_SIZE], cidr[HOST_CIDR_SIZE];
    if (rule->group[0] != '\0')
        buf_printf(out, "ip %s @%s ", end, host_netname_group(text, vni, rule->group));
    else if (rule->cidr_len > 0)
        buf_printf(out, "ip %s %s ", end,
                   host_address_format_cidr(cidr, rule->cidr, rule->cidr_len));
    bool is_icmp = rule->protocol == 1, has_ports = rule->protocol == 6 || rule->protocol == 17;
    bool every = rule->from < 0 || (has_ports && rule->from == 0 && rule->to == 65535);
    if (rule->protocol == 0)
        return;
    if (every || !(is_icmp || has_ports)) {
        buf_printf(out, "ip protocol %u ", rule->protocol);
    } else if (is_icmp) {
        buf_printf(out, "icmp type %d ", rule->from);
        if (rule->to >= 0)
            buf_printf(out, "icmp code %d ", rule->to);
    } else {
        buf_printf(out, "%s dport %d", rule->protocol == 6 ? "tcp" : "udp", rule->from);
        if (rule->to != rule->from)
            buf_printf(out, "-%d", rule->to);
        buf_char(out, ' ');
    }
}

enum direction { INGRESS, EGRESS };

static void chain_rules(struct buf *out, const struct host_port *port, enum direction direction)
{
    for (int64_t r = 0; r < port->rules_len; r++) {
        if (port->rules[r].egress != (direction == EGRESS))
            continue;
        buf_text(out, "    ");
        match(out, port->vni, &port->rules[r]);
        /* What a guest may send must still be welcome where it goes. */
        buf_text(out, direction == EGRESS ? "goto target\n" : "accept\n");
    }
    buf_text(out, "    drop\n  }\n");
}

/* The resolver's addresses of this port's subnet; each once, as a set may hold it. */
static void resolver_set(struct buf *out, const struct host_port *port)
{
    uint32_t all[] = {HOST_FILTER_RESOLVER, port->vpc_cidr + 2, port->subnet + 2, port->gateway};
    char text[HOST_ADDRESS_SIZE];
    buf_char(out, '{');
    for (size_t a = 0; a < sizeof all / sizeof *all; a++) {
        bool had = false;
        for (size_t b = 0; b < a; b++)
            had = had || all[b] == all[a];
        if (!had)
            buf_printf(out, "%s %s", a > 0 ? "," : "", host_address_format(text, all[a]));
    }
    buf_text(out, " }");
}

static void port_chains(struct buf *out, const char *table, const struct host_port *port)
{
    const char *id = port->port + strlen("eni-");
    char gateway[HOST_ADDRESS_SIZE], metadata[HOST_ADDRESS_SIZE];
    host_address_format(gateway, port->gateway);
    host_address_format(metadata, HOST_FILTER_METADATA);
    buf_printf(out,
               "table inet %s {\n  chain from_%s {\n  }\n  chain to_%s {\n  }\n}\n"
               "flush chain inet %s from_%s\nflush chain inet %s to_%s\n",
               table, id, id, table, id, table, id);
    buf_printf(out,
               "table inet %s {\n  chain from_%s {\n"
               "    ip daddr %s udp sport 68 udp dport 67 accept\n"
               "    ip daddr %s tcp dport 80 accept\n    ip daddr ",
               table, id, gateway, metadata);
    resolver_set(out, port);
    buf_text(out, " meta l4proto { tcp, udp } th dport 53 accept\n");
    chain_rules(out, port, EGRESS);
    buf_printf(out, "  chain to_%s {\n    ip saddr %s udp sport 67 udp dport 68 accept\n", id,
               gateway);
    chain_rules(out, port, INGRESS);
    buf_text(out, "}\n");
}

static void port_sets(struct buf *out, const char *table, const struct host_port *port)
{
    char name[HOST_NETNAME_SIZE];
    for (int64_t r = 0; r < port->rules_len; r++)
        if (port->rules[r].group[0] != '\0')
            buf_printf(out, "add set inet %s %s { type ipv4_addr; }\n", table,
                       host_netname_group(name, port->vni, port->rules[r].group));
}

/* The tap's own two gates. An unknown kind of frame meets the policy. */
static void port_tap(struct buf *out, const char *prefix, const struct host_port *port)
{
    char name[HOST_NETNAME_SIZE], tap[HOST_LINK_SIZE], mac[HOST_MAC_SIZE], gateway[HOST_MAC_SIZE];
    char ip[HOST_ADDRESS_SIZE];
    host_netname_tap_table(name, prefix, port->port);
    host_netname_tap(tap, prefix, port->port);
    host_address_format_mac(mac, port->mac);
    host_address_format_mac(gateway, HOST_FILTER_GATEWAY_MAC);
    host_address_format(ip, port->address);
    buf_printf(out, "table netdev %s\ndelete table netdev %s\ntable netdev %s {\n", name, name,
               name);
    buf_printf(out,
               "  chain in { type filter hook ingress device \"%s\" priority -300; policy drop;\n"
               "    ether saddr != %s drop\n"
               "    ether type arp arp htype 1 arp ptype ip arp hlen 6 arp plen 4"
               " arp operation { request, reply } arp saddr ether %s"
               " arp saddr ip { 0.0.0.0, %s } accept\n"
               "    ether type ip ip saddr 0.0.0.0 ip daddr 255.255.255.255"
               " udp sport 68 udp dport 67 accept\n"
               "    ether type ip ip saddr %s udp sport 67 drop\n"
               "    ether type ip ip saddr %s udp dport 68 drop\n"
               "    ether type ip ip saddr %s accept\n  }\n",
               tap, mac, mac, ip, ip, ip, ip);
    buf_printf(out,
               "  chain out { type filter hook egress device \"%s\" priority -300; policy drop;\n"
               "    ether type arp accept\n"
               "    ether type ip ip daddr %s accept\n"
               "    ether type ip ether saddr %s ip daddr 255.255.255.255"
               " udp sport 67 udp dport 68 accept\n  }\n}\n",
               tap, ip, gateway);
}

void host_filter_port(struct buf *out, const char *prefix, const struct host_port *port,
                      uint16_t zone)
{
    char table[HOST_NETNAME_SIZE], bridge[HOST_LINK_SIZE], ip[HOST_ADDRESS_SIZE];
    const char *id = port->port + strlen("eni-");
    PRE(zone > 0 && port->rules_len >= 0 && port->rules_len <= HOST_RULES_MAX);
    host_netname_table(table, prefix);
    host_netname_link(bridge, prefix, HOST_LINK_BRIDGE, port->vni);
    host_address_format(ip, port->address);
    buf_printf(out, "add element inet %s zones { \"%s\" : %u }\n", table, bridge, zone);
    port_sets(out, table, port);
    port_chains(out, table, port);
    port_tap(out, prefix, port);
    buf_printf(out,
               "add element inet %s from { \"%s\" . %s : goto from_%s }\n"
               "add element inet %s to { \"%s\" . %s : goto to_%s }\n",
               table, bridge, ip, id, table, bridge, ip, id);
}

void host_filter_unport(struct buf *out, const char *prefix, const char *port, int64_t vni,
                        const uint32_t *addresses, size_t len)
{
    char table[HOST_NETNAME_SIZE], bridge[HOST_LINK_SIZE], ip[HOST_ADDRESS_SIZE];
    const char *id = port + strlen("eni-");
    host_netname_table(table, prefix);
    host_netname_link(bridge, prefix, HOST_LINK_BRIDGE, vni);
    for (size_t a = 0; a < len; a++) {
        host_address_format(ip, addresses[a]);
        buf_printf(out,
                   "delete element inet %s from { \"%s\" . %s }\n"
                   "delete element inet %s to { \"%s\" . %s }\n",
                   table, bridge, ip, table, bridge, ip);
    }
    /* Adding first makes the deletion fine where it is gone. */
    buf_printf(out,
               "add table inet %s\n"
               "add chain inet %s from_%s\ndelete chain inet %s from_%s\n"
               "add chain inet %s to_%s\ndelete chain inet %s to_%s\n",
               table, table, id, table, id, table, id, table, id);
    char name[HOST_NETNAME_SIZE];
    host_netname_tap_table(name, prefix, port);
    buf_printf(out, "table netdev %s\ndelete table netdev %s\n", name, name);
}

static void elements(struct buf *out, const char *begin, const uint32_t *addresses, size_t len)
{
    char ip[HOST_ADDRESS_SIZE];
    for (size_t i = 0; i < len; i++)
        buf_printf(out, "%s%s", i == 0 ? begin : ", ", host_address_format(ip, addresses[i]));
    buf_text(out, len > 0 ? " }\n" : "");
}

void host_filter_group(struct buf *out, const char *prefix, const struct host_net_group *group,
                       const struct host_filter_change *change)
{
    char table[HOST_NETNAME_SIZE], set[HOST_NETNAME_SIZE];
    CLEANUP(buf_fini) struct buf remove = {0}, add = {0};
    host_netname_table(table, prefix);
    host_netname_group(set, group->vni, group->group);
    buf_printf(&remove, "delete element inet %s %s { ", table, set);
    buf_printf(&add, "add element inet %s %s { ", table, set);
    if (change->is_anew)
        buf_printf(out, "add set inet %s %s { type ipv4_addr; }\nflush set inet %s %s\n", table,
                   set, table, set);
    elements(out, buf_str(&remove), change->out, change->out_len);
    elements(out, buf_str(&add), change->in, change->in_len);
}

void host_filter_router(struct buf *out, uint32_t vpc_cidr, uint8_t vpc_cidr_len)
{
    char vpc[HOST_CIDR_SIZE], metadata[HOST_ADDRESS_SIZE];
    host_address_format_cidr(vpc, vpc_cidr, vpc_cidr_len);
    host_address_format(metadata, HOST_FILTER_METADATA);
    buf_text(out, "table inet tercet\ndelete table inet tercet\ntable inet tercet {\n"
                  "  chain input { type filter hook input priority filter; policy drop;\n"
                  "    iifname \"lo\" accept\n"
                  "    ct state established,related accept\n"
                  "    iifname != \"" HOST_NETNAME_GATEWAY "\" drop\n"
                  "    udp dport 67 accept\n"
                  "    meta l4proto { tcp, udp } th dport 53 accept\n"
                  "    icmp type echo-request accept\n");
    buf_printf(out, "    ip daddr %s tcp dport 80 accept\n  }\n", metadata);
    buf_printf(out,
               "  chain forward { type filter hook forward priority filter; policy drop;\n"
               "    ct state established,related accept\n"
               "    ip daddr 169.254.0.0/16 drop\n"
               "    iifname \"" HOST_NETNAME_GATEWAY "\" ip saddr %s accept\n"
               "    iifname \"" HOST_NETNAME_UPLINK "\" oifname \"" HOST_NETNAME_GATEWAY
               "\" ip daddr %s accept\n  }\n",
               vpc, vpc);
    buf_printf(out,
               "  chain nat { type nat hook postrouting priority srcnat; policy accept;\n"
               "    oifname \"" HOST_NETNAME_UPLINK "\" ip saddr %s masquerade\n  }\n}\n",
               vpc);
}
