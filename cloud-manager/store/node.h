/* node.h - children that joined, and what each was told. Tables node, wished. */
#pragma once

#include "cloud-manager/store/row.h"

#include <stdbool.h>

#define CLOUD_NODE_ROW(TEXT, INT)                                                 \
    TEXT(name)                                                                    \
    TEXT(kind)     /* "cluster", "dos" */                                         \
    TEXT(letter)   /* of a cluster's zone: "a"; "" of a dos */                    \
    TEXT(link_key) /* hex of 32 bytes, sealed; AAD "node|NAME" */                 \
    INT(joins)     /* how often it joined: generation of what is sealed for it */ \
    TEXT(dos_url)  /* of a dos: where hosts fetch chunks */

struct cloud_node {
    ROW_FIELDS(CLOUD_NODE_ROW)
};

/* Inserts or replaces. */
void cloud_node_save(struct store *st, const struct cloud_node *row);
bool cloud_node_get(struct store *st, struct arena *arena, const char *name,
                    struct cloud_node *out);
/* All of a kind, in the order of their names; clusters in the order of their letters. */
struct cloud_node *cloud_node_list(struct store *st, struct arena *arena, const char *kind,
                                   size_t *len);
bool cloud_node_by_letter(struct store *st, struct arena *arena, const char *letter,
                          struct cloud_node *out);
/* The first letter that no cluster has, or 0 when all are taken. */
char cloud_node_free_letter(struct store *st);
void cloud_node_set_dos_url(struct store *st, const char *name, const char *url);
/* Where hosts fetch chunks: of the first dos that said so, or "". */
const char *cloud_node_dos_url(struct store *st, struct arena *arena);

/* The generation of (kind, id) that `node` was told; -1 = never. */
int64_t cloud_wished_get(struct store *st, const char *node, const char *kind, const char *id);
void cloud_wished_set(struct store *st, const char *node, const char *kind, const char *id,
                      int64_t generation);
void cloud_wished_drop(struct store *st, const char *node, const char *kind, const char *id);
/* Names of the nodes that were told of (kind, id), in order. */
const char **cloud_wished_nodes(struct store *st, struct arena *arena, const char *kind,
                                const char *id, size_t *len);
