/* settle_node.c - what a child is told for being what it is: secrets, and what instance types ask
 * for. At the start, when one joins, and after a restore; writes nothing that was told already. */
#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "cloud-manager/api/wish.h"
#include "cloud-manager/ops/account.h"
#include "cloud-manager/ops/join.h"
#include "cloud-manager/state.h"
#include "cloud-manager/store/setting.h"

#include <string.h>

enum { NO_PEPOCH = 0 };

static void tell_key(struct cloud_core *c, struct cloud_op *op, const struct cloud_node *node,
                     const char *link_key, const struct cloud_access_key *key)
{
    CLEANUP(seal_wipe) struct buf secret = {0};
    CLEANUP(buf_fini) struct buf body = {0};
    struct err err = {0};
    if (cloud_wished_get(c->store, node->name, "key", key->id) == node->joins)
        return;
    if (cloud_access_key_secret(op, key->id, key->sealed, &secret, &err) != ERR_OK) {
        log_error("key.sealed", "key", key->id, "why", err.text, NULL);
        return;
    }
    cloud_wish_key(op, link_key, key, &secret, &body);
    sync_parent_want(&c->parent, node->name, "key", key->id, node->joins, NO_PEPOCH,
                     buf_str(&body));
    cloud_wished_set(c->store, node->name, "key", key->id, node->joins);
}

/* What dos and hosts check the permission to read chunks with; drawn once. */
static const char *grant_secret(struct cloud_core *c, struct cloud_op *op)
{
    CLEANUP(seal_wipe) struct buf plain = {0};
    CLEANUP(buf_fini) struct buf sealed = {0};
    struct err err = {0};
    struct seal_key key;
    memcpy(key.bytes, c->config.master_key, sizeof key.bytes);
    const char *kept = cloud_setting_get(c->store, op->arena, "grant");
    char hex[65] = "";
    if (kept == NULL) {
        unsigned char bytes[32];
        c->rng.fill(c->rng.self, bytes, sizeof bytes);
        str_hex(hex, bytes, sizeof bytes);
        seal_wrap(&key, "setting|grant", hex, sizeof hex - 1, &c->rng, &sealed);
        cloud_setting_save(c->store, "grant", buf_str(&sealed));
    } else if (seal_unwrap(&key, "setting|grant", kept, &plain, &err) == ERR_OK) {
        str_copy(hex, sizeof hex, buf_str(&plain));
    } else {
        log_error("grant.sealed", "why", err.text, NULL);
    }
    seal_key_wipe(&key);
    return arena_strdup(op->arena, hex);
}

static void tell_grant(struct cloud_core *c, struct cloud_op *op, const struct cloud_node *node,
                       const char *link_key, const char *grant)
{
    CLEANUP(buf_fini) struct buf body = {0};
    if (cloud_wished_get(c->store, node->name, "secret", "grant") == node->joins || *grant == '\0')
        return;
    cloud_wish_secret(op, link_key, "grant", grant, &body);
    sync_parent_want(&c->parent, node->name, "secret", "grant", node->joins, NO_PEPOCH,
                     buf_str(&body));
    cloud_wished_set(c->store, node->name, "secret", "grant", node->joins);
}

/* A cluster says with its room how many of each type would still start. */
static void tell_types(struct cloud_core *c, struct cloud_op *op, const struct cloud_node *node)
{
    size_t len = 0;
    while (cloud_type_at(len) != NULL)
        len++;
    struct sync_kept *kept = arena_alloc(op->arena, len * sizeof *kept);
    for (size_t i = 0; i < len; i++) {
        CLEANUP(buf_fini) struct buf body = {0};
        cloud_wish_type(cloud_type_at(i), &body);
        kept[i] = (struct sync_kept){cloud_type_at(i)->name,
                                     arena_strdup(op->arena, buf_str(&body))};
    }
    sync_parent_keep(&c->parent, node->name, "type", kept, len);
}

/* What is sealed with the link's key. */
static void tell_secrets(struct cloud_core *c, struct cloud_op *op, const struct cloud_node *node,
                         const char *grant)
{
    CLEANUP(seal_wipe) struct buf link_key = {0};
    struct err err = {0};
    if (cloud_node_link_key(op, node, &link_key, &err) != ERR_OK) {
        log_error("node.sealed", "node", node->name, "why", err.text, NULL);
        return;
    }
    tell_grant(c, op, node, buf_str(&link_key), grant);
    size_t len = 0;
    const struct cloud_access_key *keys = cloud_access_key_list(c->store, op->arena, &len);
    for (size_t i = 0; i < len && str_eq(node->kind, "dos"); i++)
        tell_key(c, op, node, buf_str(&link_key), &keys[i]);
}

static void tell_node(struct cloud_core *c, struct cloud_op *op, const struct cloud_node *node,
                      const char *grant)
{
    tell_secrets(c, op, node, grant);
    if (str_eq(node->kind, "cluster"))
        tell_types(c, op, node);
}

void cloud_settle_nodes(struct cloud_core *c, const struct event *ev)
{
    static const char *const kinds[] = {"cluster", "dos"};
    struct cloud_op op = cloud_core_op(c, ev);
    if (op.is_recovering)
        return;
    const char *grant = grant_secret(c, &op);
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        size_t len;
        const struct cloud_node *nodes = cloud_node_list(c->store, op.arena, kinds[k], &len);
        for (size_t i = 0; i < len; i++)
            tell_node(c, &op, &nodes[i], grant);
    }
}
