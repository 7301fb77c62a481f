/* domain.c - target: what libvirt gives back of a domain's metadata
 * (computer-manager/hypervisor/metadata.h, xml.h).
 *
 * Holds: whose a domain is said to be is an id and has its numbers; written again it reads as the
 * same; any text is written as XML that reads as that text, or '?' where XML cannot say it. */
#include "computer-manager/hypervisor/metadata.h"

#include "base/check.h"
#include "base/id.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdlib.h>
#include <string.h>

static xmlDoc *read_xml(const struct buf *text)
{
    return xmlReadMemory(text->data, (int)text->len, NULL, NULL,
                         XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
}

static void hold_parsed(const char *text)
{
    struct host_metadata m, again;
    if (!host_metadata_parse(text, &m))
        return;
    INV(id_is(m.instance, "i") && m.pepoch >= 0 && m.generation >= 0 && m.profile >= 0);
    INV(memchr(m.boot, '\0', sizeof m.boot) != NULL);
    CLEANUP(buf_fini) struct buf out = {0};
    struct host_xml x = {.out = &out};
    host_metadata_write(&x, &m);
    INV(host_metadata_parse(out.data, &again));
    INV(str_eq(m.instance, again.instance) && m.pepoch == again.pepoch);
    INV(m.generation == again.generation && m.profile == again.profile);
}

static void hold_written(const char *text)
{
    CLEANUP(buf_fini) struct buf out = {0};
    CLEANUP(buf_fini) struct buf want = {0};
    struct host_xml x = {.out = &out};
    for (const char *p = text; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        bool is_fine = (c >= 0x20 && c < 0x7f) || c == '\t' || c == '\n' || c == '\r';
        buf_char(&want, is_fine ? *p : '?');
    }
    host_xml_open(&x, "domain");
    host_xml_attr(&x, "a", text);
    host_xml_leaf(&x, "leaf", "b", text, "c", "d", NULL);
    host_xml_item(&x, "item", text);
    host_xml_close(&x);
    xmlDoc *doc = read_xml(&out);
    INV(doc != NULL);
    xmlNode *root = xmlDocGetRootElement(doc), *leaf = root->children;
    INV(leaf != NULL && leaf->next != NULL && leaf->next->next == NULL);
    xmlChar *found[] = {xmlGetProp(root, (const xmlChar *)"a"),
                        xmlGetProp(leaf, (const xmlChar *)"b"), xmlNodeGetContent(leaf->next)};
    for (size_t i = 0; i < 3; i++) {
        INV(str_eq((const char *)found[i], buf_str(&want)));
        xmlFree(found[i]);
    }
    xmlFreeDoc(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz input = {data, len};
    char *whole = fuzz_rest(&input, NULL), *text = check_strdup(whole);
    hold_parsed(text);
    hold_written(text);
    free(whole);
    free(text);
    return 0;
}
