/* cloud_query_test.c - parameters, filters, pages and XML: what a stranger sends and reads. */
#include "cloud-manager/api/filter.h"
#include "cloud-manager/api/page.h"
#include "cloud-manager/api/query.h"
#include "cloud-manager/api/xml.h"
#include "proto/auth/base64.h"

#include "base/check.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena;
static struct err err;

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    err = (struct err){0};
    return 0;
}

static struct cloud_query decode(const char *body)
{
    struct cloud_query q;
    assert_int_equal(cloud_query_decode(&q, &arena, "/", body, strlen(body), &err), ERR_OK);
    return q;
}

static enum err_code decode_code(const char *body, size_t len)
{
    struct cloud_query q;
    return cloud_query_decode(&q, &arena, "/", body, len, &err);
}

static void test_decoding(void **state)
{
    (void)state;
    struct cloud_query q = decode("A=b+c%20d&E=%c3%A9&Empty=&Bare&%41%42=1&&X==");
    assert_string_equal(cloud_query_get(&q, "A"), "b c d");
    assert_string_equal(cloud_query_get(&q, "E"), "\xc3\xa9");
    assert_null(cloud_query_get(&q, "Empty")); /* empty counts as absent */
    assert_null(cloud_query_get(&q, "Bare"));
    assert_string_equal(cloud_query_get(&q, "AB"), "1");
    assert_string_equal(cloud_query_get(&q, "X"), "=");
    assert_int_equal(cloud_query_done(&q, &err), ERR_OK);
}

static void test_target_and_body_are_one(void **state)
{
    struct cloud_query q;
    (void)state;
    assert_int_equal(cloud_query_decode(&q, &arena, "/?A=1&B=2", "C=3", 3, &err), ERR_OK);
    assert_string_equal(cloud_query_get(&q, "B"), "2");
    assert_string_equal(cloud_query_get(&q, "C"), "3");
    assert_int_equal(cloud_query_decode(&q, &arena, "/?A=1", "A=1", 3, &err), ERR_BAD_REQUEST);
}

static void test_malformed(void **state)
{
    static const char *const bad[] = {"A=%",      "A=%4",     "A=%zz",       "A=%00",
                                      "A=%c3",    "A=%c0%80", "A=%ed%a0%80", "A=%f4%90%80%80",
                                      "A=%ff",    "%00=1",    "A=%e0%80%80", "A=1&A=2",
                                      "A=1&%41=2"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(decode_code(bad[i], strlen(bad[i])), ERR_BAD_REQUEST);
    assert_int_equal(decode_code("A=b\0c", 5), ERR_BAD_REQUEST);
}

static void test_bounds(void **state)
{
    CLEANUP(buf_fini) struct buf many = {0};
    (void)state;
    for (int i = 0; i < CLOUD_QUERY_PARAMS_MAX + 1; i++)
        buf_printf(&many, "P%d=1&", i);
    assert_int_equal(decode_code(many.data, many.len), ERR_BAD_REQUEST);
    assert_int_equal(decode_code(many.data, CLOUD_QUERY_SIZE_MAX + 1), ERR_TOO_LARGE);
}

static void test_lists(void **state)
{
    (void)state;
    struct cloud_query q = decode("Id.2=b&Id.10=c&Id.1=a&Id.01=x&Id.0=y&Id.3=&F.2.Name=n&F.2.V.1=v"
                                  "&F.7.Name=m&Idx.1=z");
    struct cloud_texts ids = cloud_query_list(&q, "Id");
    struct cloud_indices at = cloud_query_indices(&q, "F");
    assert_int_equal(ids.len, 3);
    assert_string_equal(ids.list[0], "a");
    assert_string_equal(ids.list[1], "b");
    assert_string_equal(ids.list[2], "c"); /* by number, not by text */
    assert_int_equal(at.len, 2);
    assert_int_equal(at.list[0], 2);
    assert_int_equal(at.list[1], 7);
    assert_string_equal(cloud_query_getf(&q, "F.%u.Name", at.list[1]), "m");
}

/* What nobody asked for would have changed what is done. */
static void test_unused_is_refused(void **state)
{
    (void)state;
    struct cloud_query q = decode("A=1&B=2&EbsOptimized=false");
    cloud_query_get(&q, "A");
    cloud_query_accept(&q, "EbsOptimized", "false");
    assert_int_equal(cloud_query_done(&q, &err), ERR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "parameter B "));
    q = decode("EbsOptimized=true");
    cloud_query_accept(&q, "EbsOptimized", "false");
    assert_int_equal(cloud_query_done(&q, &err), ERR_UNSUPPORTED);
}

static void test_typed(void **state)
{
    struct cloud_query q = decode("N=7&Bad=7x&T=true&F=False");
    int64_t n;
    bool b;
    (void)state;
    assert_int_equal(cloud_query_i64(&q, "N", 1, 10, 0, &n, &err), ERR_OK);
    assert_int_equal(n, 7);
    assert_int_equal(cloud_query_i64(&q, "N", 8, 10, 0, &n, &err), ERR_INVALID_PARAMETER);
    assert_int_equal(cloud_query_i64(&q, "Bad", 0, 10, 0, &n, &err), ERR_INVALID_PARAMETER);
    assert_int_equal(cloud_query_i64(&q, "None", 0, 10, 5, &n, &err), ERR_OK);
    assert_int_equal(n, 5);
    assert_int_equal(cloud_query_bool(&q, "T", false, &b, &err), ERR_OK);
    assert_true(b);
    assert_int_equal(cloud_query_bool(&q, "F", false, &b, &err), ERR_INVALID_PARAMETER);
}

/* I4: equal parameters have equal hashes in any order; a boundary cannot be moved. */
static void test_hash(void **state)
{
    static const char *const without[] = {"ClientToken", NULL};
    char a[DIGEST_SHA256_HEX_SIZE], b[DIGEST_SHA256_HEX_SIZE];
    (void)state;
    struct cloud_query q = decode("A=1&B=2&ClientToken=x");
    cloud_query_hash(&q, without, a);
    q = decode("ClientToken=y&B=2&A=1&C=");
    cloud_query_hash(&q, without, b);
    assert_string_equal(a, b);
    q = decode("A=1B&B=2");
    cloud_query_hash(&q, without, b);
    assert_string_not_equal(a, b);
    q = decode("A=1%3d&B=2");
    cloud_query_hash(&q, without, b);
    assert_string_not_equal(a, b);
}

static bool matches(const char *form, const char *name, const char *value)
{
    static const char *const known[] = {"state", "zone", "tag-key", NULL};
    struct cloud_filters filters;
    struct cloud_facts facts = {.arena = &arena};
    struct cloud_query q = decode(form);
    struct cloud_tags tags = {(struct cloud_tag[]){{"i-1", "Name", "web"}}, 1};
    assert_int_equal(cloud_filters_decode(&filters, &q, known, &err), ERR_OK);
    cloud_facts_add(&facts, name, value);
    cloud_facts_add(&facts, "zone", "laba");
    cloud_facts_add_tags(&facts, &tags);
    return cloud_filters_match(&filters, &facts);
}

static void test_filters(void **state)
{
    (void)state;
    assert_true(matches("", "state", "running"));
    assert_true(matches("Filter.1.Name=state&Filter.1.Value.1=pending&Filter.1.Value.2=running",
                        "state", "running"));
    assert_false(matches("Filter.1.Name=state&Filter.1.Value.1=running&Filter.2.Name=zone"
                         "&Filter.2.Value.1=labb",
                         "state", "running"));
    assert_true(matches("Filter.1.Name=state&Filter.1.Value.1=run*", "state", "running"));
    assert_false(matches("Filter.1.Name=state&Filter.1.Value.1=RUN*", "state", "running"));
    assert_false(matches("Filter.1.Name=state&Filter.1.Value.1=run%5c*", "state", "running"));
    assert_true(matches("Filter.1.Name=tag:Name&Filter.1.Value.1=w?b", "state", "x"));
    assert_true(matches("Filter.1.Name=tag-key&Filter.1.Value.1=Name", "state", "x"));
    assert_false(matches("Filter.1.Name=tag:Other&Filter.1.Value.1=*", "state", "x"));
    assert_false(matches("Filter.1.Name=state", "state", "x")); /* no value: nothing is that */
}

static void test_unknown_filter(void **state)
{
    static const char *const known[] = {"state", NULL};
    struct cloud_filters filters;
    (void)state;
    struct cloud_query q = decode("Filter.1.Name=colour&Filter.1.Value.1=red");
    assert_int_equal(cloud_filters_decode(&filters, &q, known, &err), ERR_INVALID_PARAMETER);
    q = decode("Filter.1.Name=tag:x&Filter.1.Value.1=red"); /* an object without tags */
    assert_int_equal(cloud_filters_decode(&filters, &q, known, &err), ERR_INVALID_PARAMETER);
}

/* A token belongs to its filters, and needs nothing but itself. */
static void test_pages(void **state)
{
    CLEANUP(buf_fini) struct buf token = {0};
    struct cloud_page page;
    (void)state;
    struct cloud_query q = decode("MaxResults=5&F=1");
    assert_int_equal(cloud_page_decode(&page, &q, 5, 1000, false, &err), ERR_OK);
    struct cloud_walk walk = {.page = &page};
    for (char key[] = "a"; *key < 'f'; (*key)++)
        assert_true(cloud_walk_takes(&walk, arena_strdup(&arena, key)));
    assert_false(walk.more);
    assert_false(cloud_walk_takes(&walk, "f"));
    assert_true(walk.more);
    cloud_page_token(&token, &page, walk.last);

    q = decode(arena_printf(&arena, "NextToken=%s&F=1&MaxResults=9", buf_str(&token)));
    assert_int_equal(cloud_page_decode(&page, &q, 5, 1000, false, &err), ERR_OK);
    walk = (struct cloud_walk){.page = &page};
    assert_false(cloud_walk_takes(&walk, "e"));
    assert_true(cloud_walk_takes(&walk, "f"));
    q = decode(arena_printf(&arena, "NextToken=%s&F=2", buf_str(&token)));
    assert_int_equal(cloud_page_decode(&page, &q, 5, 1000, false, &err), ERR_INVALID_PAGING_TOKEN);
    /* One spelling: what stands behind a NUL would be cut off. */
    CLEANUP(buf_fini) struct buf plain = {0};
    buf_printf(&plain, "%s|a", page.bound);
    buf_append(&plain, "\0b", 2);
    buf_clear(&token);
    base64_url_encode(&token, plain.data, plain.len);
    q = decode(arena_printf(&arena, "NextToken=%s&F=2", buf_str(&token)));
    assert_int_equal(cloud_page_decode(&page, &q, 5, 1000, false, &err), ERR_INVALID_PAGING_TOKEN);
    q = decode("NextToken=garbage");
    assert_int_equal(cloud_page_decode(&page, &q, 5, 1000, false, &err), ERR_INVALID_PAGING_TOKEN);
    q = decode("MaxResults=4");
    assert_int_equal(cloud_page_decode(&page, &q, 5, 1000, false, &err), ERR_INVALID_PARAMETER);
    q = decode("MaxResults=5");
    assert_int_equal(cloud_page_decode(&page, &q, 5, 1000, true, &err), ERR_PARAMETER_COMBINATION);
}

/* I24: nothing that a tenant says becomes markup. */
static void test_xml_escapes(void **state)
{
    CLEANUP(buf_fini) struct buf out = {0};
    struct cloud_xml x;
    (void)state;
    cloud_xml_init(&x, &out);
    buf_clear(&out);
    cloud_xml_open(&x, "a");
    cloud_xml_text(&x, "b", "<&>\"'\x01\r\n\xc3\xa9");
    cloud_xml_text_if(&x, "c", "");
    cloud_xml_bool(&x, "d", true);
    cloud_xml_time(&x, "e", 1763632415000);
    cloud_xml_close_to(&x, 0);
    assert_string_equal(out.data, "<a><b>&lt;&amp;&gt;\"'\xef\xbf\xbd&#13;\n\xc3\xa9</b>"
                                  "<d>true</d><e>2025-11-20T09:53:35.000Z</e></a>");
    /* U+FFFD and U+10FFFF are characters; U+FFFE, U+FFFF and what is no UTF-8 are none. */
    buf_clear(&out);
    cloud_xml_text(&x, "b", "\xef\xbf\xbd\xf4\x8f\xbf\xbf|\xef\xbf\xbe\xef\xbf\xbf|\xff.\xe2\x82");
    assert_string_equal(out.data, "<b>\xef\xbf\xbd\xf4\x8f\xbf\xbf|\xef\xbf\xbd\xef\xbf\xbd|"
                                  "\xef\xbf\xbd.\xef\xbf\xbd\xef\xbf\xbd</b>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_decoding, tear_down),
        cmocka_unit_test_teardown(test_target_and_body_are_one, tear_down),
        cmocka_unit_test_teardown(test_malformed, tear_down),
        cmocka_unit_test_teardown(test_bounds, tear_down),
        cmocka_unit_test_teardown(test_lists, tear_down),
        cmocka_unit_test_teardown(test_unused_is_refused, tear_down),
        cmocka_unit_test_teardown(test_typed, tear_down),
        cmocka_unit_test_teardown(test_hash, tear_down),
        cmocka_unit_test_teardown(test_filters, tear_down),
        cmocka_unit_test_teardown(test_unknown_filter, tear_down),
        cmocka_unit_test_teardown(test_pages, tear_down),
        cmocka_unit_test_teardown(test_xml_escapes, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
