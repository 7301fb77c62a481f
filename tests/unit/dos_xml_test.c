/* dos_xml_test.c - the XML that tenants send: no DTD, no entity, no depth, no byte beyond the end
 * (must 20); what we write, we read back. */
#include "base/check.h"
#include "dos/api/s3/xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* "open:1:a close:1:a=text" */
static void trace_bytes(char *out, size_t size, const char *text, size_t len)
{
    char *copy = malloc(len + 1); /* exact: ASan sees a read beyond it */
    memcpy(copy, text, len);
    struct dos_xml x = {.at = copy, .end = copy + len};
    size_t at = 0;
    enum dos_xml_event ev;
    out[0] = '\0';
    do {
        ev = dos_xml_next(&x);
        if (ev == DOS_XML_OPEN)
            at += (size_t)snprintf(out + at, size - at, "<%d%s", x.depth, x.name);
        else if (ev == DOS_XML_CLOSE)
            at += (size_t)snprintf(out + at, size - at, ">%d%s=%s", x.depth, x.name,
                                   buf_str(&x.text));
        else
            snprintf(out + at, size - at, "%s", ev == DOS_XML_END ? "." : "!");
    } while (ev != DOS_XML_END && ev != DOS_XML_BAD);
    dos_xml_fini(&x);
    free(copy);
}

static void expect(const char *text, const char *wanted)
{
    char out[1024];
    trace_bytes(out, sizeof out, text, strlen(text));
    assert_string_equal(out, wanted);
}

static void expect_bad(const char *text)
{
    char out[1024];
    trace_bytes(out, sizeof out, text, strlen(text));
    assert_int_equal(out[strlen(out) - 1], '!');
}

static void documents(void **state)
{
    (void)state;
    expect("<a/>", "<1a>1a=.");
    expect("<?xml version=\"1.0\"?>\n<a>t</a>\n", "<1a>1a=t.");
    expect("<a><b>1</b> <c x='y' z=\"&lt;\"/></a>", "<1a<2b>2b=1<2c>2c=>1a=.");
    expect("<s3:a xmlns:s3='u'><s3:b>&amp;&lt;&gt;&quot;&apos;&#65;&#x20ac;</s3:b></s3:a>",
           "<1a<2b>2b=&<>\"'A\xe2\x82\xac>1a=.");
    /* An end of a line is a line feed; a CR that is meant is a reference. */
    expect("<a>x\r\ny\rz&#13;\r</a>", "<1a>1a=x\ny\nz\r\n.");
    expect_bad("<s:b:c xmlns:s='u'/>");
}

static void refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        " ",
        "text",
        "<a>",
        "<a></b>",
        "<a/><b/>",
        "<a/>x",
        "</a>",
        "<a b></a>",
        "<a b=c></a>",
        "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
        "<!DOCTYPE a><a/>",
        "<a>&x;</a>",
        "<a>&amp</a>",
        "<a>&#0;</a>",
        "<a>&#xd800;</a>",
        "<a>&#x110000;</a>",
        "<a>&#99999999999;</a>",
        "<a>&#;</a>",
        "<a><![CDATA[x]]></a>",
        "<a><!-- c --></a>",
        "<a><?php ?></a>",
        "<a",
        "<a x='<'/>",
        "<a x='",
        "<1><2><3>",
        "<a><b><c><d><e><f><g><h><i/></h></g></f></e></d></c></b></a>",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_bad(bad[i]);
    char out[256];
    trace_bytes(out, sizeof out, "<a>\0</a>", 8);
    assert_string_equal(out, "<1a!");
}

/* Every prefix of a document is refused and nothing beyond it is read. */
static void cut_short(void **state)
{
    (void)state;
    static const char text[] = "<?xml version='1.0'?><Delete><Object><Key>a&amp;b&#x41;</Key>"
                               "</Object><Quiet x=\"1\"/></Delete>";
    char out[1024];
    for (size_t len = 0; len < sizeof text - 1; len++) {
        trace_bytes(out, sizeof out, text, len);
        assert_int_equal(out[strlen(out) - 1], '!');
    }
}

static void written_is_read(void **state)
{
    (void)state;
    static const char key[] = "a&b<c>\"d'\r\n\t\xc3\xa4";
    CLEANUP(buf_fini) struct buf xml = {0};
    dos_xml_element(&xml, "Key", key);
    struct dos_xml x = {.at = xml.data, .end = xml.data + xml.len};
    assert_int_equal(dos_xml_next(&x), DOS_XML_OPEN);
    assert_int_equal(dos_xml_next(&x), DOS_XML_CLOSE);
    assert_string_equal(buf_str(&x.text), key);
    dos_xml_fini(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents),
        cmocka_unit_test(refused),
        cmocka_unit_test(cut_short),
        cmocka_unit_test(written_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
