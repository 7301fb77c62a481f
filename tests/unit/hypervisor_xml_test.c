/* I24: nothing that comes from outside reaches XML unescaped; what we write, we read again. */
#include "tests/unit/hypervisor_cmocka.h"

#include "base/check.h"
#include "computer-manager/hypervisor/metadata.h"
#include "computer-manager/hypervisor/xml.h"

#include <string.h>

static void values_are_escaped(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf out = {0};
    struct host_xml x = {.out = &out};
    host_xml_open(&x, "a");
    host_xml_attr(&x, "b", "'\"><evil/>&\n");
    host_xml_item(&x, "c", "]]><x a='1'>&amp;");
    host_xml_close(&x);
    assert_string_equal(buf_str(&out), "<a b=\"&#39;&#34;&#62;&#60;evil/&#62;&#38;&#10;\">"
                                       "<c>]]&#62;&#60;x a=&#39;1&#39;&#62;&#38;amp;</c></a>");
}

static void bytes_that_xml_cannot_hold_are_replaced(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf out = {0};
    struct host_xml x = {.out = &out};
    host_xml_leaf(&x, "a", "b", "\x01\x7f\xff.", NULL);
    assert_string_equal(buf_str(&out), "<a b=\"???.\"/>");
}

static void elements_nest(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf out = {0};
    struct host_xml x = {.out = &out};
    host_xml_open(&x, "a");
    host_xml_leaf(&x, "b", NULL);
    host_xml_open(&x, "c");
    host_xml_attr_i64(&x, "n", INT64_MIN);
    host_xml_close(&x);
    host_xml_close(&x);
    assert_string_equal(buf_str(&out), "<a><b/><c n=\"-9223372036854775808\"/></a>");
    assert_int_equal(x.depth, 0);
}

static void metadata_comes_back(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf out = {0};
    struct host_xml x = {.out = &out};
    struct host_metadata in = {"i-0123456789abcdef0", 7, INT64_MAX, 2, "5c6a0fd1-boot"}, back;
    host_metadata_write(&x, &in);
    assert_true(host_metadata_parse(buf_str(&out), &back));
    assert_string_equal(back.instance, in.instance);
    assert_int_equal(back.pepoch, 7);
    assert_true(back.generation == INT64_MAX);
    assert_int_equal(back.profile, 2);
    assert_string_equal(back.boot, in.boot);
}

static void metadata_in_other_quotes_and_order(void **state)
{
    (void)state;
    struct host_metadata back;
    assert_true(host_metadata_parse("<domain xmlns='https://tercet/domain/1'\n generation='2'\n"
                                    " pepoch='1' instance='i-0123456789abcdef0'/>\n",
                                    &back));
    assert_int_equal(back.generation, 2);
    assert_int_equal(back.profile, 0);
    assert_string_equal(back.boot, "");
}

static void metadata_that_is_not_ours_is_refused(void **state)
{
    (void)state;
    struct host_metadata m;
    static const char *const bad[] = {
        "",
        "<domain/>",
        "<domain instance='i-0123456789abcdef0' pepoch='1'/>",
        "<domain instance='i-0123456789abcdef0' pepoch='-1' generation='1'/>",
        "<domain instance='../../../etc/passwd' pepoch='1' generation='1'/>",
        "<domain instance='i-0123456789abcdef0 pepoch='1' generation='1'/>",
        "<domain instance='i-0123456789abcdef0' pepoch='1' generation='99999999999999999999'/>",
        "<domain xinstance='i-0123456789abcdef0' pepoch='1' generation='1'/>",
        "<domain instance='i-0123456789abcdef0' pepoch='1' generation='1",
        "<domain instance=\"i-0123456789abcdef0' pepoch='1' generation='1'/>",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(host_metadata_parse(bad[i], &m));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_escaped),
        cmocka_unit_test(bytes_that_xml_cannot_hold_are_replaced),
        cmocka_unit_test(elements_nest),
        cmocka_unit_test(metadata_comes_back),
        cmocka_unit_test(metadata_in_other_quotes_and_order),
        cmocka_unit_test(metadata_that_is_not_ours_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
