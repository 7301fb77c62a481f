/* cloud_model_test.c - addresses, rules of groups, types. */
#include "cloud-manager/model/address.h"
#include "cloud-manager/model/rule.h"
#include "cloud-manager/model/type.h"

#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_address_text(void **state)
{
    static const char *const bad[] = {"",         "1.2.3",    "1.2.3.4.5", "256.1.1.1",
                                      "01.2.3.4", "1.2.3.-4", "1..2.3",    "1.2.3.4 ",
                                      " 1.2.3.4", "a.b.c.d",  "1.2.3.4/8", "1.2.3.0x1"};
    int64_t address;
    char text[CLOUD_ADDRESS_SIZE];
    (void)state;
    assert_true(cloud_address_parse("172.31.0.4", &address));
    cloud_address_format(text, address);
    assert_string_equal(text, "172.31.0.4");
    assert_true(cloud_address_parse("255.255.255.255", &address));
    assert_int_equal(address, 0xffffffff);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(cloud_address_parse(bad[i], &address));
}

static void test_cidr_text(void **state)
{
    static const char *const bad[] = {
        "10.0.0.0", "10.0.0.0/", "10.0.0.0/33",  "10.0.0.0/-1", "10.0.0.0/08",
        "10.0.0/8", "/8",        "10.0.0.0/8/8", "10.0.0.0/ 8", "::/0",
        ""};
    int64_t base;
    int prefix;
    char text[CLOUD_CIDR_SIZE];
    (void)state;
    assert_true(cloud_cidr_parse("10.1.2.3/8", &base, &prefix));
    cloud_cidr_format(text, base, prefix);
    assert_string_equal(text, "10.0.0.0/8");
    assert_true(cloud_cidr_parse("0.0.0.0/0", &base, &prefix));
    assert_int_equal(base, 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(cloud_cidr_parse(bad[i], &base, &prefix));
}

/* ARCHITECTURE 10: one /20 per zone within 172.31.0.0/16, none of which overlap. */
static void test_plan(void **state)
{
    char text[CLOUD_CIDR_SIZE];
    (void)state;
    cloud_cidr_format(text, cloud_subnet_base(0), CLOUD_SUBNET_PREFIX);
    assert_string_equal(text, "172.31.0.0/20");
    cloud_cidr_format(text, cloud_subnet_base(15), CLOUD_SUBNET_PREFIX);
    assert_string_equal(text, "172.31.240.0/20");
    for (unsigned i = 1; i < CLOUD_ZONES_MAX; i++)
        assert_int_equal(cloud_subnet_base(i) - cloud_subnet_base(i - 1), 4096);
    assert_int_equal(cloud_subnet_first(0), 4);
    assert_int_equal(cloud_subnet_last(0, 20), 4094);
    assert_int_equal(cloud_subnet_room(20), 4091);
}

static void test_names(void **state)
{
    char mac[CLOUD_MAC_SIZE], name[CLOUD_HOSTNAME_SIZE];
    (void)state;
    cloud_mac_format(mac, (const unsigned char[]){0, 1, 0xab, 0xff, 9});
    assert_string_equal(mac, "02:00:01:ab:ff:09");
    cloud_hostname_format(name, CLOUD_VPC_BASE + 5);
    assert_string_equal(name, "ip-172-31-0-5");
}

static void test_public_names(void **state)
{
    static const char *const good[] = {"", "a", "guests.example.org", "x-1.y"};
    static const char *const bad[] = {".",  "a.",  ".a",  "a..b", "-a",
                                      "a-", "A.b", "a b", "a_b",  "ü"};
    char name[CLOUD_PUBLIC_NAME_SIZE], longest[CLOUD_DOMAIN_MAX + 2];
    (void)state;
    cloud_public_name_format(name, 0xcb007107, "guests.example.org");
    assert_string_equal(name, "ec2-203-0-113-7.guests.example.org");
    cloud_public_name_format(name, 0xcb007107, "");
    assert_string_equal(name, "");
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(cloud_domain_is(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(cloud_domain_is(bad[i]));
    memset(longest, 'a', sizeof longest);
    for (size_t i = 50; i < sizeof longest; i += 50)
        longest[i] = '.';
    longest[sizeof longest - 1] = '\0';
    assert_false(cloud_domain_is(longest));
    longest[CLOUD_DOMAIN_MAX - 1] = '\0';
    assert_true(cloud_domain_is(longest));
    memset(longest, 'a', CLOUD_DOMAIN_MAX - 1);
    assert_false(cloud_domain_is(longest)); /* a label has 63 letters at most */
}

static void test_match(void **state)
{
    struct err err = {0};
    struct cloud_match m = {CLOUD_RULE_TCP, 22, 22};
    (void)state;
    assert_int_equal(cloud_match_check(&m, true, true, &err), ERR_OK);
    m = (struct cloud_match){CLOUD_RULE_TCP, 23, 22};
    assert_int_equal(cloud_match_check(&m, true, true, &err), ERR_INVALID_PARAMETER);
    m = (struct cloud_match){CLOUD_RULE_UDP, -1, -1};
    assert_int_equal(cloud_match_check(&m, true, true, &err), ERR_INVALID_PARAMETER);
    m = (struct cloud_match){CLOUD_RULE_TCP, 22, -1};
    assert_int_equal(cloud_match_check(&m, true, false, &err), ERR_INVALID_PARAMETER);
    m = (struct cloud_match){CLOUD_RULE_ICMP, -1, 7};
    assert_int_equal(cloud_match_check(&m, true, true, &err), ERR_OK);
    assert_int_equal(m.to, -1);
    m = (struct cloud_match){CLOUD_RULE_ICMP, 256, -1};
    assert_int_equal(cloud_match_check(&m, true, true, &err), ERR_PERMISSION_MALFORMED);
    m = (struct cloud_match){CLOUD_RULE_EVERY, 22, 22};
    assert_int_equal(cloud_match_check(&m, true, true, &err), ERR_OK);
    assert_int_equal(m.from, -1);
}

static void test_protocols(void **state)
{
    static const char *const good[] = {"tcp", "udp", "icmp", "-1", "47", "255"};
    static const char *const bad[] = {"", "TCP", "0", "256", "-2", "tcp "};
    struct err err = {0};
    int64_t number;
    char text[CLOUD_PROTOCOL_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(cloud_protocol_parse(good[i], &number, &err), ERR_OK);
        cloud_protocol_format(text, number);
        assert_string_equal(text, good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(cloud_protocol_parse(bad[i], &number, &err), ERR_INVALID_PARAMETER);
}

/* Stock clients take a type's name apart: letters, a number, dot, size. */
static void test_types(void **state)
{
    (void)state;
    for (size_t i = 0; cloud_type_at(i) != NULL; i++) {
        const struct cloud_type *t = cloud_type_at(i);
        size_t family = strspn(t->name, "abcdefghijklmnopqrstuvwxyz");
        size_t generation = strspn(t->name + family, "0123456789");
        assert_true(family > 0 && generation > 0 && t->name[family + generation] == '.');
        assert_true(t->vcpus > 0 && t->memory_mib >= 128);
        assert_ptr_equal(cloud_type_get(t->name), t);
    }
    assert_null(cloud_type_get("t9.huge"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_address_text), cmocka_unit_test(test_cidr_text),
        cmocka_unit_test(test_plan),         cmocka_unit_test(test_names),
        cmocka_unit_test(test_public_names), cmocka_unit_test(test_match),
        cmocka_unit_test(test_protocols),    cmocka_unit_test(test_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
