/* node.h - an XML answer as a tree, read with libxml2's reader.
 *
 * No network, no document type, no entities beyond XML's own five: an answer that has them is
 * refused. Names come without their namespace. Everything lives in the arena. */
#pragma once

#include "base/arena.h"
#include "cli/fault.h"

#include <stddef.h>

enum { CLI_NODE_DEPTH_MAX = 32 };

struct cli_node {
    const char *name;
    const char *text;              /* of the element itself; "" when it has children */
    struct cli_node *first, *last; /* children */
    struct cli_node *next;         /* sibling */
};

struct cli_nodes {
    const struct cli_node **list;
    size_t len;
};

/* CLI_FAILED: not XML, or not such as an API answers. */
enum cli_exit cli_node_parse(struct cli_node **root, struct arena *arena, const char *data,
                             size_t len, struct cli_fault *fault);

/* The first node at `path`: names with '/' between, each may say which one it means:
 * "tagSet/item[key=Name]/value". The <item> of a list may be left out: "tagSet/key". "" is the node
 * itself. NULL: there is none. */
const struct cli_node *cli_node_get(const struct cli_node *node, const char *path);
/* Its text, or "". */
const char *cli_node_text(const struct cli_node *node, const char *path);
/* All nodes at `path`. */
struct cli_nodes cli_node_all(const struct cli_node *node, const char *path, struct arena *arena);
/* Adds a child. Borrows the texts. */
struct cli_node *cli_node_add(struct cli_node *parent, struct arena *arena, const char *name,
                              const char *text);
