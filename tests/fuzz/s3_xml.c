/* s3_xml.c - target: the reader of XML that S3 is sent, and its writer (dos/api/s3/xml.h).
 *
 * Holds: events nest, and end; nothing grows; where libxml2 reads the document, too, both see the
 * same elements and texts; what the writer escapes is read as it was. */
#include "dos/api/s3/xml.h"

#include "base/check.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"

#include <ctype.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdlib.h>
#include <string.h>

/* The document as one text, "(name" and ")name=text": ours into `out`; false: it is none. */
static bool read_ours(struct buf *out, const char *text, size_t len)
{
    struct dos_xml x = {.at = text, .end = text + len};
    enum dos_xml_event event;
    bool is_leaf = false;
    size_t texts = 0;
    int depth = 0;
    while ((event = dos_xml_next(&x)) == DOS_XML_OPEN || event == DOS_XML_CLOSE) {
        depth += event == DOS_XML_OPEN ? 1 : 0;
        INV(x.depth == depth && depth >= 1 && depth <= DOS_XML_DEPTH);
        INV(x.at <= x.end && x.name[0] != '\0' && strchr(x.name, ':') == NULL);
        if (event == DOS_XML_OPEN)
            buf_printf(out, "(%s", x.name);
        else
            buf_printf(out, ")%s=%s\n", x.name, is_leaf ? buf_str(&x.text) : "");
        texts += event == DOS_XML_CLOSE ? x.text.len : 0;
        depth -= event == DOS_XML_CLOSE ? 1 : 0;
        is_leaf = event == DOS_XML_OPEN;
    }
    INV(event != DOS_XML_END || (depth == 0 && texts <= len));
    INV(event != DOS_XML_BAD || dos_xml_next(&x) == DOS_XML_BAD);
    dos_xml_fini(&x);
    return event == DOS_XML_END;
}

/* The same from libxml2's tree. */
static void write_tree(struct buf *out, const xmlNode *node)
{
    bool is_leaf = true;
    buf_printf(out, "(%s", (const char *)node->name);
    for (const xmlNode *child = node->children; child != NULL; child = child->next)
        if (child->type == XML_ELEMENT_NODE) {
            write_tree(out, child);
            is_leaf = false;
        }
    xmlChar *text = is_leaf ? xmlNodeGetContent(node) : NULL;
    buf_printf(out, ")%s=%s\n", (const char *)node->name, text != NULL ? (const char *)text : "");
    xmlFree(text);
}

/* Ours knows no other encoding, and it cuts prefixes that nobody declared. */
static bool is_comparable(const xmlDoc *doc, const char *text)
{
    const char *encoding = (const char *)doc->encoding;
    return (encoding == NULL || strcasecmp(encoding, "UTF-8") == 0) && strchr(text, ':') == NULL;
}

static void hold_libxml(const struct buf *ours, const char *text, size_t len)
{
    xmlDoc *doc = xmlReadMemory(text, (int)len, NULL, NULL,
                                XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (doc == NULL)
        return;
    if (is_comparable(doc, text)) {
        CLEANUP(buf_fini) struct buf theirs = {0};
        write_tree(&theirs, xmlDocGetRootElement(doc));
        INV(fuzz_same(ours, &theirs));
    }
    xmlFreeDoc(doc);
}

/* Any text but a NUL comes back. */
static void hold_writer(const char *text)
{
    CLEANUP(buf_fini) struct buf document = {0};
    CLEANUP(buf_fini) struct buf read = {0};
    CLEANUP(buf_fini) struct buf want = {0};
    dos_xml_element(&document, "Key", text);
    INV(read_ours(&read, document.data, document.len));
    buf_printf(&want, "(Key)Key=%s\n", text);
    INV(fuzz_same(&read, &want));
    buf_clear(&document);
    dos_xml_element_i64(&document, "Size", (long long)strlen(text));
    INV(read_ours(&read, document.data, document.len));
}

static void hold_url(const char *text)
{
    CLEANUP(buf_fini) struct buf out = {0};
    CLEANUP(buf_fini) struct buf back = {0};
    dos_url_encode(&out, text);
    buf_text(&back, "");
    for (const char *p = buf_str(&out); *p != '\0'; p++) {
        INV(isalnum((unsigned char)*p) || strchr("-._~/%", *p) != NULL);
        char hex[3] = {p[0] == '%' ? p[1] : '\0', p[0] == '%' ? p[2] : '\0', '\0'};
        buf_char(&back, *p == '%' ? (char)strtoul(hex, NULL, 16) : *p);
        p += *p == '%' ? 2 : 0;
    }
    INV(str_eq(buf_str(&back), text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz input = {data, len};
    CLEANUP(buf_fini) struct buf ours = {0};
    char *text = fuzz_rest(&input, &len);
    if (read_ours(&ours, text, len) && len > 0)
        hold_libxml(&ours, text, len);
    hold_writer(text);
    hold_url(text);
    free(text);
    return 0;
}
