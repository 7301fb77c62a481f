/* network_valid_test.c - computer-network acts on nothing that is not fit: every field of a job,
 * each spoilt alone (I24: nothing of a tenant reaches an nft text or a path unchecked). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "computer-manager/model/filter.h"
#include "computer-manager/model/pages.h"
#include "computer-manager/network/valid.h"
#include "tests/unit/network_facts.h"

enum { LINKS = 0x64400000 };

static bool fits(const struct host_port *p)
{
    return valid_port(p, LINKS, NULL) == ERR_OK;
}

/* `change` spoils a good port; the port it makes is refused. */
#define REFUSED(change)                            \
    do {                                           \
        struct host_port p = network_facts_port(); \
        change;                                    \
        assert_false(fits(&p));                    \
    } while (0)

static void text(char *field, size_t size, const char *value)
{
    memset(field, 0, size);
    memcpy(field, value, strnlen(value, size));
}

static void a_good_port_fits(void **state)
{
    (void)state;
    struct host_port p = network_facts_port();
    assert_true(fits(&p));
    text(p.port, sizeof p.port, "eni-01234567");
    assert_true(fits(&p));
}

static void ids_have_their_shape(void **state)
{
    (void)state;
    for (const char **id =
             (const char *[]){"", "eni-", "eni-0123456789ABCDEF0", "i-01234567",
                              "eni-0123456789abcdef", "eni-../../../etc", "eni-0123456789abcdef0x",
                              "eni-0; flush ruleset", "eni-0123456789abcdef0123", NULL};
         *id != NULL; id++)
        REFUSED(text(p.port, sizeof p.port, *id));
    REFUSED(memset(p.port, 'a', sizeof p.port)); /* no NUL */
    REFUSED(text(p.instance, sizeof p.instance, "vpc-01234567"));
    REFUSED(text(p.vpc, sizeof p.vpc, "i-01234567"));
}

static void numbers_are_in_range(void **state)
{
    (void)state;
    REFUSED(p.vni = 0);
    REFUSED(p.vni = 1 << 24);
    REFUSED(p.vni = -1);
    REFUSED(p.mtu = 575);
    REFUSED(p.mtu = 9217);
    REFUSED(p.rules_len = -1);
    REFUSED(p.rules_len = HOST_RULES_MAX + 1);
}

static void macs_are_unicast_and_not_ours(void **state)
{
    (void)state;
    REFUSED(p.mac[0] = 1);
    REFUSED(memset(p.mac, 0, 6));
    REFUSED(memset(p.mac, 0xff, 6));
    REFUSED(memcpy(p.mac, HOST_FILTER_GATEWAY_MAC, 6));
    REFUSED(memcpy(p.mac, HOST_FILTER_BRIDGE_MAC, 6));
}

static void move(struct host_port *p, uint32_t vpc)
{
    p->vpc_cidr = p->subnet = vpc;
    p->gateway = vpc + 1;
    p->address = vpc + 9;
}

static void ranges_are_ranges_a_guest_can_live_in(void **state)
{
    (void)state;
    REFUSED(p.subnet_len = 33);
    REFUSED(p.subnet_len = 29);
    REFUSED(p.subnet_len = 15);
    REFUSED(p.vpc_cidr_len = 21); /* smaller than its subnet */
    REFUSED(p.vpc_cidr |= 1);
    REFUSED(p.subnet = 0xac200000);
    REFUSED(move(&p, 0x00000000));
    REFUSED(move(&p, 0x7f000000));
    REFUSED(move(&p, 0xa9fe0000));
    REFUSED(move(&p, 0xe0000000));
    REFUSED(move(&p, 0xffff0000));
    REFUSED(move(&p, LINKS));
    REFUSED(move(&p, LINKS + 0x30000));
    struct host_port p = network_facts_port();
    move(&p, 0x0a070000);
    assert_true(fits(&p));
}

static void the_provider_keeps_its_addresses(void **state)
{
    (void)state;
    REFUSED(p.gateway++);
    for (uint32_t n = 0; n < 4; n++)
        REFUSED(p.address = p.subnet + n);
    REFUSED(p.address = p.subnet + 0xfff); /* broadcast */
    REFUSED(p.address = p.subnet + 0x1000);
}

static void names_are_plain_labels(void **state)
{
    (void)state;
    for (const char **name =
             (const char *[]){"", "a b", "a.b", "A", "-a", "a-", "a\nb", "a,b", "a/b", "a#b", NULL};
         *name != NULL; name++)
        REFUSED(text(p.hostname, sizeof p.hostname, *name));
    for (const char **name =
             (const char *[]){"", ".", "a.", ".a", "a..b", "a.-b", "a/b", "a\nx", NULL};
         *name != NULL; name++)
        REFUSED(text(p.domain, sizeof p.domain, *name));
    REFUSED(memset(p.hostname, 'a', sizeof p.hostname));
}

static bool rule_fits(struct host_rule rule)
{
    struct host_port p = network_facts_port();
    p.rules_len = 1;
    p.rules[0] = rule;
    return fits(&p);
}

#define RULE(...) ((struct host_rule){.from = -1, .to = -1, __VA_ARGS__})

static void rules_make_sense(void **state)
{
    (void)state;
    assert_true(rule_fits(RULE(.protocol = 0)));
    assert_true(rule_fits((struct host_rule){.protocol = 6, .from = 0, .to = 65535}));
    assert_true(rule_fits((struct host_rule){.protocol = 1, .from = 255, .to = -1}));
    assert_true(rule_fits(RULE(.protocol = 50, .group = "sg-01234567")));
    assert_false(rule_fits(RULE(.egress = 2)));
    assert_false(rule_fits(RULE(.cidr_len = 33)));
    assert_false(rule_fits(RULE(.cidr_len = 8, .cidr = 0x0a000001)));
    assert_false(rule_fits(RULE(.group = "sg-1; drop")));
    assert_false(rule_fits(RULE(.group = "eni-01234567")));
    assert_false(rule_fits((struct host_rule){.protocol = 6, .from = 2, .to = 1}));
    assert_false(rule_fits((struct host_rule){.protocol = 17, .from = 0, .to = 65536}));
    assert_false(rule_fits((struct host_rule){.protocol = 17, .from = -1, .to = 5}));
    assert_false(rule_fits((struct host_rule){.protocol = 1, .from = 256, .to = -1}));
    assert_false(rule_fits((struct host_rule){.protocol = 1, .from = -1, .to = 0}));
    assert_false(rule_fits((struct host_rule){.protocol = 0, .from = 1, .to = 1}));
}

static void groups_and_removals_too(void **state)
{
    (void)state;
    const size_t head = offsetof(struct host_net_group, pages);
    static struct host_net_group g = {
        .group = "sg-01234567", .vni = 1, .len = 2, .pages = {{.base = 256}, {.base = 512}}};
    const size_t size = host_pages_size(&g);
    assert_int_equal(valid_group(&g, size, NULL), ERR_OK);
    assert_int_equal(valid_group(&g, size - 1, NULL), ERR_INVALID_PARAMETER);
    assert_int_equal(valid_group(&g, head - 1, NULL), ERR_INVALID_PARAMETER);
    g.is_anew = 2;
    assert_int_equal(valid_group(&g, size, NULL), ERR_INVALID_PARAMETER);
    g.is_anew = 1;
    g.pages[1].base = 256; /* twice */
    assert_int_equal(valid_group(&g, size, NULL), ERR_INVALID_PARAMETER);
    g.pages[1].base = 513; /* no page begins there */
    assert_int_equal(valid_group(&g, size, NULL), ERR_INVALID_PARAMETER);
    g.len = HOST_PAGES_MAX + 1;
    assert_int_equal(valid_group(&g, host_pages_size(&g), NULL), ERR_INVALID_PARAMETER);
    g.len = -1;
    assert_int_equal(valid_group(&g, head, NULL), ERR_INVALID_PARAMETER);
    struct host_net_unport u = {.port = "eni-01234567", .vni = 1};
    assert_int_equal(valid_unport(&u, NULL), ERR_OK);
    u.vni = 0;
    assert_int_equal(valid_unport(&u, NULL), ERR_INVALID_PARAMETER);
}

static bool peers_fit(const struct host_net_peers *p)
{
    return valid_peers(p,
                       offsetof(struct host_net_peers, peers) + (size_t)p->len * sizeof p->peers[0],
                       NULL) == ERR_OK;
}

static void peers_are_in_order_and_somewhere(void **state)
{
    (void)state;
    static const struct host_net_peers good = {
        .vni = 1,
        .mtu = 1450,
        .is_page = 1,
        .from = 0x0a000000,
        .to = 0x0a0000ff,
        .len = 2,
        .peers = {{0x0a000005, 0xc0000201, {2, 0, 0, 0, 0, 5}, {0}},
                  {0x0a000006, 0xc0000202, {2, 0, 0, 0, 0, 6}, {0}}}};
    static struct host_net_peers p;
#define BAD(change)                  \
    do {                             \
        p = good;                    \
        change;                      \
        assert_false(peers_fit(&p)); \
    } while (0)
    assert_true(peers_fit(&good));
    BAD(p.vni = 0);
    BAD(p.mtu = 0);
    BAD(p.is_page = 2);
    BAD(p.to = p.from - 1);
    BAD(p.to = 0x0a000005);
    BAD(p.peers[1].address = p.peers[0].address);
    BAD(p.peers[0].tunnel = 0);
    BAD(p.peers[0].tunnel = 0x7f000001);
    BAD(p.peers[0].tunnel = 0xe0000001);
    BAD(p.peers[0].mac[0] = 1);
    BAD(memcpy(p.peers[0].mac, HOST_FILTER_GATEWAY_MAC, 6));
    p = good;
    p.is_page = 0; /* one by one: nobody is an answer, and no MAC goes with it */
    p.peers[0] = (struct host_net_peer){.address = 0x0a000005};
    assert_true(peers_fit(&p));
    assert_int_equal(valid_peers(&p, sizeof p, NULL), ERR_INVALID_PARAMETER);
    assert_int_equal(valid_peers(&p, 8, NULL), ERR_INVALID_PARAMETER);
    p.len = HOST_PEERS_MAX + 1;
    assert_int_equal(valid_peers(&p, sizeof p, NULL), ERR_INVALID_PARAMETER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_port_fits),
        cmocka_unit_test(ids_have_their_shape),
        cmocka_unit_test(numbers_are_in_range),
        cmocka_unit_test(macs_are_unicast_and_not_ours),
        cmocka_unit_test(ranges_are_ranges_a_guest_can_live_in),
        cmocka_unit_test(the_provider_keeps_its_addresses),
        cmocka_unit_test(names_are_plain_labels),
        cmocka_unit_test(rules_make_sense),
        cmocka_unit_test(groups_and_removals_too),
        cmocka_unit_test(peers_are_in_order_and_somewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
