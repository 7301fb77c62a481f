/* xml.h - the little XML that S3 speaks: a writer, and a pull parser for three request bodies.
 *
 * The parser reads what a tenant sends, so it knows no DTD, no entities beyond the five and
 * character references, no CDATA, comments or processing instructions after the prolog, and no
 * depth beyond DOS_XML_DEPTH. Attributes are skipped, prefixes of names are cut off. */
#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

enum { DOS_XML_DEPTH = 8 };

/* Appends with escapes. */
void dos_xml_text(struct buf *out, const char *text);
/* "<name>text</name>" */
void dos_xml_element(struct buf *out, const char *name, const char *text);
void dos_xml_element_i64(struct buf *out, const char *name, long long value);
/* Percent-encodes all but A-Z a-z 0-9 - . _ ~ and '/'. */
void dos_url_encode(struct buf *out, const char *text);

enum dos_xml_event {
    DOS_XML_OPEN,  /* an element begins: name, depth (1 = root) */
    DOS_XML_CLOSE, /* it ends: name, depth, and `text`: what stood directly before the end */
    DOS_XML_END,   /* the document is whole */
    DOS_XML_BAD,   /* it is none; says so again ever after */
};

/* Zeroed but for at and end; finished with dos_xml_fini. */
struct dos_xml {
    const char *at, *end; /* not yet read; borrowed */
    int depth;            /* of the element of the last event */
    char name[64];        /* of it, without prefix */
    struct buf text;
    bool is_root_seen, is_bad;
    bool is_closing; /* an "<x/>" whose end was not told yet */
    bool is_closed;  /* the last event was a close: its text is over */
    int open;        /* elements that are open */
    struct {
        const char *name;
        size_t len;
    } names[DOS_XML_DEPTH];
};

enum dos_xml_event dos_xml_next(struct dos_xml *x);
void dos_xml_fini(struct dos_xml *x);
