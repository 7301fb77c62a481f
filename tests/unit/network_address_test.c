/* network_address_test.c - addresses, ranges and derived names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/id.h"
#include "base/rng.h"
#include "computer-manager/model/address.h"
#include "computer-manager/model/netname.h"

static void masks_cover_every_length(void **state)
{
    (void)state;
    assert_int_equal(host_address_mask(0), 0);
    assert_int_equal(host_address_mask(1), 0x80000000);
    assert_int_equal(host_address_mask(20), 0xfffff000);
    assert_int_equal(host_address_mask(32), 0xffffffff);
}

static void a_range_has_no_bits_behind_its_length(void **state)
{
    (void)state;
    assert_true(host_address_is_cidr(0xac1f0000, 16));
    assert_true(host_address_is_cidr(0, 0));
    assert_false(host_address_is_cidr(0xac1f0001, 16));
    assert_false(host_address_is_cidr(0xac1f0000, 33));
}

static void a_host_is_neither_first_nor_last(void **state)
{
    (void)state;
    assert_true(host_address_is_host(0x0a000001, 0x0a000000, 24));
    assert_false(host_address_is_host(0x0a000000, 0x0a000000, 24));
    assert_false(host_address_is_host(0x0a0000ff, 0x0a000000, 24));
    assert_false(host_address_is_host(0x0a000101, 0x0a000000, 24));
}

static void macs_of_groups_and_zero_are_refused(void **state)
{
    (void)state;
    assert_true(host_address_is_mac((const uint8_t[6]){2, 0, 0, 0, 0, 0}));
    assert_false(host_address_is_mac((const uint8_t[6]){3, 0, 0, 0, 0, 0}));
    assert_false(host_address_is_mac((const uint8_t[6]){0, 0, 0, 0, 0, 0}));
}

static void text_goes_both_ways(void **state)
{
    (void)state;
    char text[HOST_ADDRESS_SIZE], cidr[HOST_CIDR_SIZE], mac[HOST_MAC_SIZE];
    uint32_t address;
    assert_string_equal(host_address_format(text, 0xffffffff), "255.255.255.255");
    assert_string_equal(host_address_format_cidr(cidr, 0xffffffff, 32), "255.255.255.255/32");
    assert_string_equal(host_address_format_mac(mac, (const uint8_t[6]){2, 0, 0xab, 0, 0, 9}),
                        "02:00:ab:00:00:09");
    assert_true(host_address_parse("172.31.0.5", &address));
    assert_int_equal(address, 0xac1f0005);
    for (const char **p = (const char *[]){"", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1",
                                           " 1.2.3.4", "1.2.3.4 ", "0x1.2.3.4", NULL};
         *p != NULL; p++)
        assert_false(host_address_parse(*p, &address));
}

/* Link names have at most 15 characters, whatever the prefix and the vni. */
static void names_fit_and_come_back(void **state)
{
    (void)state;
    char name[HOST_LINK_SIZE], set[HOST_NETNAME_SIZE];
    assert_string_equal(host_netname_link(name, "tct", HOST_LINK_BRIDGE, 10), "tctb00000a");
    assert_int_equal(host_netname_vni(name, "tct", HOST_LINK_BRIDGE), 10);
    assert_int_equal(host_netname_vni(name, "tct", HOST_LINK_UPLINK), 0);
    assert_int_equal(host_netname_vni(name, "tc", HOST_LINK_BRIDGE), 0);
    assert_int_equal(host_netname_vni("tctb00000", "tct", HOST_LINK_BRIDGE), 0);
    assert_int_equal(host_netname_vni("tctb00000ab", "tct", HOST_LINK_BRIDGE), 0);
    assert_string_equal(host_netname_link(name, "abcdef", HOST_LINK_UPLINK, 0xffffff),
                        "abcdefuffffff");
    assert_string_equal(host_netname_tap(name, "abcdef", "eni-0123456789abcdef0"),
                        "abcdeft9abcdef0");
    assert_string_equal(host_netname_tap(name, "tct", "eni-89abcdef"), "tctt89abcdef");
    assert_string_equal(host_netname_group(set, 0xffffff, "sg-0123456789abcdef0"),
                        "gffffff_0123456789abcdef0");
}

/* All ports of a launch begin with the same digits. */
static void ports_of_one_second_have_taps_of_their_own(void **state)
{
    enum { PORTS = 200 };
    struct rng_seeded seed = {.state = 1};
    struct rng rng = rng_seeded(&seed);
    char id[ID_SIZE], names[PORTS][HOST_LINK_SIZE];
    (void)state;
    for (size_t i = 0; i < PORTS; i++) {
        id_new_at(id, "eni", 1763632415000, i, &rng);
        host_netname_tap(names[i], "tct", id);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(names[i], names[k]);
    }
}

static void prefixes_are_short_and_plain(void **state)
{
    (void)state;
    assert_true(host_netname_is_prefix("tct"));
    for (const char **p = (const char *[]){"", "toolong", "Tct", "t-t", "t/t", "t t", NULL};
         *p != NULL; p++)
        assert_false(host_netname_is_prefix(*p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masks_cover_every_length),
        cmocka_unit_test(a_range_has_no_bits_behind_its_length),
        cmocka_unit_test(a_host_is_neither_first_nor_last),
        cmocka_unit_test(macs_of_groups_and_zero_are_refused),
        cmocka_unit_test(text_goes_both_ways),
        cmocka_unit_test(names_fit_and_come_back),
        cmocka_unit_test(ports_of_one_second_have_taps_of_their_own),
        cmocka_unit_test(prefixes_are_short_and_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
