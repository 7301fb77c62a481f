/* xml.h - writes XML: elements, escaped text, nothing that could be anything else. With a tree, the
 * same answer is kept for another spelling instead (tree.h).
 *
 * What XML 1.0 cannot write (controls, U+FFFE, no UTF-8) becomes U+FFFD: an answer always parses.
 */
#pragma once

#include "base/buf.h"
#include "cloud-manager/api/tree.h"

#include <stdbool.h>
#include <stdint.h>

enum { CLOUD_XML_DEPTH = 16 };

struct cloud_xml {
    struct buf *out;                   /* NULL with a tree */
    struct cloud_tree *tree;           /* NULL with XML */
    const char *open[CLOUD_XML_DEPTH]; /* names, borrowed until they are closed */
    int depth;
};

/* The XML declaration; `out` stays the caller's. */
void cloud_xml_init(struct cloud_xml *x, struct buf *out);
/* No XML: everything goes into `tree`. */
void cloud_xml_init_tree(struct cloud_xml *x, struct cloud_tree *tree);
void cloud_xml_open(struct cloud_xml *x, const char *name);
/* With one attribute. */
void cloud_xml_open_ns(struct cloud_xml *x, const char *name, const char *xmlns);
/* Closes the element that was opened last. */
void cloud_xml_close(struct cloud_xml *x);
/* Closes down to `depth`. */
void cloud_xml_close_to(struct cloud_xml *x, int depth);

void cloud_xml_text(struct cloud_xml *x, const char *name, const char *text);
/* Nothing at all when `text` is empty. */
void cloud_xml_text_if(struct cloud_xml *x, const char *name, const char *text);
void cloud_xml_i64(struct cloud_xml *x, const char *name, int64_t number);
void cloud_xml_bool(struct cloud_xml *x, const char *name, bool value);
/* "2026-11-20T09:13:35.000Z" */
void cloud_xml_time(struct cloud_xml *x, const char *name, int64_t wall_ms);
