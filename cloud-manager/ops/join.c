/* join.c - children come in. */
#include "cloud-manager/ops/join.h"

#include "base/check.h"
#include "base/str.h"
#include "cloud-manager/ops/account.h"
#include "cloud-manager/store/setting.h"
#include "proto/auth/seal.h"

#include <string.h>

static struct seal_key master(const struct cloud_op *op)
{
    struct seal_key key;
    memcpy(key.bytes, op->config->master_key, sizeof key.bytes);
    return key;
}

static const char *new_link_key(struct cloud_op *op, const char *node)
{
    CLEANUP(buf_fini) struct buf sealed = {0};
    unsigned char bytes[32];
    char hex[2 * sizeof bytes + 1];
    struct seal_key key = master(op);
    op->rng->fill(op->rng->self, bytes, sizeof bytes);
    str_hex(hex, bytes, sizeof bytes);
    seal_wrap(&key, arena_printf(op->arena, "node|%s", node), hex, sizeof hex - 1, op->rng,
              &sealed);
    seal_key_wipe(&key);
    return arena_strdup(op->arena, buf_str(&sealed));
}

enum err_code cloud_node_link_key(struct cloud_op *op, const struct cloud_node *node,
                                  struct buf *hex, struct err *err)
{
    struct seal_key key = master(op);
    enum err_code code = seal_unwrap(&key, arena_printf(op->arena, "node|%s", node->name),
                                     node->link_key, hex, err);
    seal_key_wipe(&key);
    return code;
}

/* A node that was never here, or is here again with a new key of the link. */
enum err_code cloud_join(struct cloud_op *op, const char *name, const char *kind, struct err *err)
{
    struct cloud_node node;
    if (!cloud_node_get(op->store, op->arena, name, &node)) {
        char letter = str_eq(kind, "cluster") ? cloud_node_free_letter(op->store) : '\0';
        node = (struct cloud_node){.name = name, .kind = kind, .dos_url = ""};
        node.letter = arena_strndup(op->arena, &letter, letter != '\0');
        if (letter == '\0' && str_eq(kind, "cluster"))
            return err_set(err, ERR_ZONE_UNAVAILABLE, "every zone of this region is taken");
    }
    node.joins++;
    node.link_key = new_link_key(op, name);
    cloud_node_save(op->store, &node);
    if (*node.letter != '\0')
        cloud_zone_add_subnets(op, node.letter);
    return ERR_OK;
}

void cloud_join_tell(struct cloud_op *op, const struct cloud_node *node, struct wire_joined *out)
{
    const char *ca = cloud_setting_get(op->store, op->arena, "ca");
    out->ca = ca != NULL ? ca : "";
    out->parent = CLOUD_NODE;
    out->region = op->config->region;
    out->zone = *node->letter != '\0' ? cloud_zone_name(op, node->letter) : "";
}
