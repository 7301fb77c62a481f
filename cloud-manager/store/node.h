/* node.h - children that joined, the tokens that let them in, and what each was told. Tables node,
 * join_token, wished. */
#pragma once

#include "cloud-manager/store/row.h"

#include <stdbool.h>

#define CLOUD_NODE_ROW(TEXT, INT)                                                    \
    TEXT(name)                                                                       \
    TEXT(kind)        /* "cluster", "dos" */                                         \
    TEXT(letter)      /* of a cluster's zone: "a"; "" of a dos */                    \
    TEXT(link_key)    /* hex of 32 bytes, sealed; AAD "node|NAME" */                 \
    INT(joins)        /* how often it joined: generation of what is sealed for it */ \
    TEXT(serial)      /* of its certificate, lower-case hex */                       \
    TEXT(certificate) /* PEM, as it was handed out */                                \
    TEXT(dos_url)     /* of a dos: where hosts fetch chunks */

struct cloud_node {
    ROW_FIELDS(CLOUD_NODE_ROW)
};

#define CLOUD_TOKEN_ROW(TEXT, INT) \
    TEXT(hash)                     \
    TEXT(node)                     \
    TEXT(kind)                     \
    INT(expires_wall_ms)           \
    TEXT(csr_hash) /* of the request that used it; "" = unused */

struct cloud_join_token {
    ROW_FIELDS(CLOUD_TOKEN_ROW)
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

void cloud_join_token_insert(struct store *st, const struct cloud_join_token *row);
bool cloud_join_token_get(struct store *st, struct arena *arena, const char *hash,
                          struct cloud_join_token *out);
void cloud_join_token_use(struct store *st, const char *hash, const char *csr_hash);
void cloud_join_token_purge(struct store *st, int64_t wall_ms);

/* The generation of (kind, id) that `node` was told; -1 = never. */
int64_t cloud_wished_get(struct store *st, const char *node, const char *kind, const char *id);
void cloud_wished_set(struct store *st, const char *node, const char *kind, const char *id,
                      int64_t generation);
void cloud_wished_drop(struct store *st, const char *node, const char *kind, const char *id);
/* Names of the nodes that were told of (kind, id), in order. */
const char **cloud_wished_nodes(struct store *st, struct arena *arena, const char *kind,
                                const char *id, size_t *len);
