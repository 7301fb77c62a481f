/* xml.h - the one writer of XML in computer-hypervisor, so that nothing is ever escaped by hand.
 *
 * Elements are opened and closed in pairs; attributes come before content. Element and
 * attribute names are literals of ours; values may be anything: markup is escaped, and bytes
 * that XML 1.0 cannot hold become '?'. */
#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HOST_XML_DEPTH = 12 };

struct host_xml {
    struct buf *out; /* borrowed */
    const char *open[HOST_XML_DEPTH];
    size_t depth;
    bool in_tag; /* the start tag is still open: attributes may come */
};

void host_xml_open(struct host_xml *x, const char *name);
void host_xml_attr(struct host_xml *x, const char *name, const char *value);
void host_xml_attr_i64(struct host_xml *x, const char *name, int64_t value);
void host_xml_text(struct host_xml *x, const char *text);
void host_xml_close(struct host_xml *x);
/* An element of attributes only: name, value pairs ended by NULL. */
void host_xml_leaf(struct host_xml *x, const char *name, ...) __attribute__((sentinel));
/* An element of text only. */
void host_xml_item(struct host_xml *x, const char *name, const char *text);
