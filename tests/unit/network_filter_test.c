/* network_filter_test.c - golden texts of the compiled filters. What the kernel makes of them is
 * tests/integ/network_lab.py; what they mean is network_semantics_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "computer-manager/model/filter.h"
#include "computer-manager/model/pages.h"
#include "computer-manager/model/tunnel.h"
#include "computer-manager/model/public.h"
#include "tests/unit/network_facts.h"

static struct host_rule rule(uint8_t egress, uint8_t protocol, int32_t from, int32_t to)
{
    return (struct host_rule){.egress = egress, .protocol = protocol, .from = from, .to = to};
}

/* The whole transaction of a port without rules: closed, but for what every guest may have. */
static void a_port_without_rules_is_closed(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf out = {0};
    struct host_port p = network_facts_port();
    host_filter_port(&out, "tct", &p, 10);
    assert_string_equal(
        buf_str(&out),
        "add element inet tercet_tct zones { \"tctb00000a\" : 10 }\n"
        "table inet tercet_tct {\n"
        "  chain from_0123456789abcdef0 {\n  }\n"
        "  chain to_0123456789abcdef0 {\n  }\n"
        "}\n"
        "flush chain inet tercet_tct from_0123456789abcdef0\n"
        "flush chain inet tercet_tct to_0123456789abcdef0\n"
        "table inet tercet_tct {\n"
        "  chain from_0123456789abcdef0 {\n"
        "    ip daddr 172.31.0.1 udp sport 68 udp dport 67 accept\n"
        "    ip daddr 169.254.169.254 tcp dport 80 accept\n"
        "    ip daddr { 169.254.169.253, 172.31.0.2, 172.31.0.1 } meta l4proto { tcp, udp }"
        " th dport 53 accept\n"
        "    drop\n"
        "  }\n"
        "  chain to_0123456789abcdef0 {\n"
        "    ip saddr 172.31.0.1 udp sport 67 udp dport 68 accept\n"
        "    drop\n"
        "  }\n"
        "}\n"
        "table netdev tercet_tct_9abcdef0\n"
        "delete table netdev tercet_tct_9abcdef0\n"
        "table netdev tercet_tct_9abcdef0 {\n"
        "  chain in { type filter hook ingress device \"tctt9abcdef0\" priority -300; policy "
        "drop;\n"
        "    ether saddr != 02:00:00:00:00:05 drop\n"
        "    ether type arp arp htype 1 arp ptype ip arp hlen 6 arp plen 4"
        " arp operation { request, reply } arp saddr ether 02:00:00:00:00:05"
        " arp saddr ip { 0.0.0.0, 172.31.0.5 } accept\n"
        "    ether type ip ip saddr 0.0.0.0 ip daddr 255.255.255.255"
        " udp sport 68 udp dport 67 accept\n"
        "    ether type ip ip saddr 172.31.0.5 udp sport 67 drop\n"
        "    ether type ip ip saddr 172.31.0.5 udp dport 68 drop\n"
        "    ether type ip ip saddr 172.31.0.5 accept\n"
        "  }\n"
        "  chain out { type filter hook egress device \"tctt9abcdef0\" priority -300; policy "
        "drop;\n"
        "    ether type arp accept\n"
        "    ether type ip ip daddr 172.31.0.5 accept\n"
        "    ether type ip ether saddr 02:74:63:74:00:01 ip daddr 255.255.255.255"
        " udp sport 67 udp dport 68 accept\n"
        "  }\n"
        "}\n"
        "add element inet tercet_tct from { \"tctb00000a\" . 172.31.0.5 : goto"
        " from_0123456789abcdef0 }\n"
        "add element inet tercet_tct to { \"tctb00000a\" . 172.31.0.5 : goto"
        " to_0123456789abcdef0 }\n");
}

/* Each form of a rule, alone, as the one line it becomes. */
static void every_form_of_a_rule_is_one_line(void **state)
{
    (void)state;
    const struct {
        struct host_rule rule;
        uint32_t cidr;
        uint8_t len;
        const char *line;
    } forms[] = {
        {rule(0, 0, -1, -1), 0, 0, "    accept\n"},
        {rule(1, 0, -1, -1), 0, 0, "    goto target\n"},
        {rule(0, 6, 22, 22), 0, 0, "    tcp dport 22 accept\n"},
        {rule(0, 6, 80, 90), 0x0a000000, 8, "    ip saddr 10.0.0.0/8 tcp dport 80-90 accept\n"},
        {rule(0, 17, 0, 65535), 0, 0, "    ip protocol 17 accept\n"},
        {rule(0, 6, -1, -1), 0, 0, "    ip protocol 6 accept\n"},
        {rule(0, 1, 8, -1), 0, 0, "    icmp type 8 accept\n"},
        {rule(0, 1, 3, 4), 0, 0, "    icmp type 3 icmp code 4 accept\n"},
        {rule(0, 1, -1, -1), 0, 0, "    ip protocol 1 accept\n"},
        {rule(0, 50, -1, -1), 0x0a000005, 32, "    ip saddr 10.0.0.5/32 ip protocol 50 accept\n"},
        {rule(1, 17, 53, 53), 0x0a000005, 32,
         "    ip daddr 10.0.0.5/32 udp dport 53 goto target\n"},
    };
    for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
        CLEANUP(buf_fini) struct buf out = {0};
        struct host_port p = network_facts_port();
        p.rules[0] = forms[f].rule;
        p.rules[0].cidr = forms[f].cidr;
        p.rules[0].cidr_len = forms[f].len;
        p.rules_len = 1;
        host_filter_port(&out, "tct", &p, 10);
        assert_non_null(strstr(buf_str(&out), forms[f].line));
    }
}

/* A group's set exists in the same transaction as the rule that names it, per network. */
static void a_group_is_a_set_of_its_network(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf out = {0};
    struct host_port p = network_facts_port();
    p.rules[0] = (struct host_rule){
        .protocol = 6, .from = 1, .to = 2, .cidr = 7, .cidr_len = 32, .group = "sg-00000001"};
    p.rules_len = 1;
    host_filter_port(&out, "tct", &p, 10);
    const char *set = strstr(buf_str(&out), "add set inet tercet_tct g00000a_00000001");
    const char *line = strstr(buf_str(&out),
                              "    ip saddr @g00000a_00000001 tcp dport 1-2 accept\n");
    assert_non_null(set);
    assert_non_null(line);
    assert_true(set < line);
}

/* All of a group where nothing counts, and else what differs: once in, once out. */
static void members_change_by_what_differs(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf out = {0};
    static struct host_net_group g = {
        .group = "sg-00000001", .vni = 10, .len = 1, .pages = {{0xac1f0000, {0x06}}}};
    static uint32_t in[HOST_MEMBERS_MAX], gone[] = {0xac1f0105};
    struct host_filter_change change = {
        .is_anew = true, .in = in, .in_len = host_pages_others(in, &g, NULL), .out = gone};
    host_filter_group(&out, "tct", &g, &change);
    assert_string_equal(
        buf_str(&out), "add set inet tercet_tct g00000a_00000001 { type ipv4_addr; }\n"
                       "flush set inet tercet_tct g00000a_00000001\n"
                       "add element inet tercet_tct g00000a_00000001 { 172.31.0.5, 172.31.0.6 }\n");
    buf_clear(&out);
    change = (struct host_filter_change){.in = in, .in_len = 1, .out = gone, .out_len = 1};
    host_filter_group(&out, "tct", &g, &change);
    assert_string_equal(buf_str(&out),
                        "delete element inet tercet_tct g00000a_00000001 { 172.31.1.5 }\n"
                        "add element inet tercet_tct g00000a_00000001 { 172.31.0.5 }\n");
    buf_clear(&out);
    host_filter_group(&out, "tct", &g, &(struct host_filter_change){.is_anew = false});
    assert_int_equal(out.len, 0);
}

static void pages_are_told_apart(void **state)
{
    (void)state;
    static struct host_net_group a = {.len = 2,
                                      .pages = {{0xac1f0000, {0x80}}, {0xac1f0100, {[31] = 0x03}}}};
    static struct host_net_group b = {.len = 1, .pages = {{0xac1f0100, {[31] = 0x01}}}};
    static uint32_t others[HOST_MEMBERS_MAX];
    assert_int_equal(host_pages_count(&a), 3);
    assert_true(host_pages_has(&a, 0xac1f0000) && host_pages_has(&a, 0xac1f01fe));
    assert_false(host_pages_has(&a, 0xac1f0001) || host_pages_has(&b, 0xac1f0000));
    assert_int_equal(host_pages_others(others, &a, &b), 2);
    assert_int_equal(others[0], 0xac1f0000);
    assert_int_equal(others[1], 0xac1f01fe);
    assert_int_equal(host_pages_others(others, &b, &a), 0);
    assert_int_equal(host_pages_others(others, &b, NULL), 1);
}

/* A peer is let in with its own MAC and with the gateway's, from its host, with its address: in
 * this network's set, before everything else is dropped. */
static void a_tunnel_lets_in_what_is_planned(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf out = {0};
    const struct host_net_peer peer = {0xac1f0006, 0x0a000002, {2, 0, 0, 0, 0, 6}, {0}};
    host_tunnel_add(&out, "tct", 10, &peer);
    assert_string_equal(
        buf_str(&out),
        "add element inet tercet_tct p00000a { 10.0.0.2 . 0x020000000006 . 0xac1f0006,"
        " 10.0.0.2 . 0x027463740001 . 0xac1f0006 }\n");
    buf_clear(&out);
    host_tunnel_open(&out, "tct", 10);
    const char *group = strstr(buf_str(&out), "@th,128,48 & 0x010000000000 == 0x010000000000 drop");
    const char *own = strstr(buf_str(&out), "@th,128,48 { 0x027463740001, 0x027463740002 } drop");
    const char *planned = strstr(buf_str(&out),
                                 "@th,224,16 0x0800 ip saddr . @th,176,48 . @th,336,32"
                                 " @p00000a accept\n    drop\n");
    assert_non_null(planned);
    assert_true(group != NULL && own != NULL && group < planned && own < planned);
}

/* Without an end for tunnels a machine neither looks at nor lets alone anybody's packets. */
static void no_tunnel_touches_nothing(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf out = {0};
    host_tunnel_base(&out, "tct", &(struct host_tunnel){.udp_port = 4789});
    assert_null(strstr(buf_str(&out), "4789"));
    host_tunnel_base(&out, "tct", &(struct host_tunnel){0x0a000001, 4789});
    assert_non_null(strstr(buf_str(&out), "udp dport 4789 @th,96,24 vmap @tunnels"));
    assert_non_null(strstr(buf_str(&out), "ip daddr 10.0.0.1 udp dport 4789 notrack"));
}

/* Nothing but our own names is ever touched: no flush of a ruleset, no table of others. */
static void only_our_own_tables_are_named(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf out = {0};
    struct host_port p = network_facts_port();
    const struct host_filter_resolvers resolvers = {{0x01010101}, 1};
    host_filter_base(&out, "tct", &resolvers);
    host_filter_port(&out, "tct", &p, 1);
    host_filter_unport(&out, "tct", p.port, p.vni, &p.address, 1);
    host_tunnel_base(&out, "tct", &(struct host_tunnel){0x0a000001, 4789});
    host_tunnel_open(&out, "tct", p.vni);
    host_tunnel_close(&out, "tct", p.vni);
    assert_null(strstr(buf_str(&out), "ruleset"));
    for (const char *at = buf_str(&out); (at = strstr(at, "table ")) != NULL; at++)
        assert_true(strncmp(at, "table inet tercet_tct", 21) == 0 ||
                    strncmp(at, "table netdev tercet_tct_", 24) == 0);
}

/* As nft 1.0.6 lists a map. */
static void a_listed_public_address_is_found(void **state)
{
    static const char listing[] = "table ip tercet_public {\n\tmap to_world {\n"
                                  "\t\ttype ipv4_addr : ipv4_addr\n"
                                  "\t\telements = { 172.31.0.41 : 203.0.113.9,\n"
                                  "\t\t\t     72.31.0.4 : 203.0.113.8, 172.31.0.4 : "
                                  "203.0.113.7 }\n\t}\n}\n";
    (void)state;
    assert_int_equal(host_public_listed(listing, 0xac1f0004), 0xcb007107);
    assert_int_equal(host_public_listed(listing, 0xac1f0029), 0xcb007109);
    assert_int_equal(host_public_listed(listing, 0x481f0004), 0xcb007108);
    assert_int_equal(host_public_listed(listing, 0xac1f0005), 0);
    assert_int_equal(host_public_listed(listing, 0x021f0004), 0); /* 2.31.0.4 ends another */
    assert_int_equal(host_public_listed("", 0xac1f0004), 0);
    assert_int_equal(host_public_listed("172.31.0.4 : 999.9.9.9", 0xac1f0004), 0);
    assert_int_equal(host_public_listed("172.31.0.4 : 1111111111111111111", 0xac1f0004), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_port_without_rules_is_closed),
        cmocka_unit_test(every_form_of_a_rule_is_one_line),
        cmocka_unit_test(a_group_is_a_set_of_its_network),
        cmocka_unit_test(members_change_by_what_differs),
        cmocka_unit_test(pages_are_told_apart),
        cmocka_unit_test(a_tunnel_lets_in_what_is_planned),
        cmocka_unit_test(no_tunnel_touches_nothing),
        cmocka_unit_test(only_our_own_tables_are_named),
        cmocka_unit_test(a_listed_public_address_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
