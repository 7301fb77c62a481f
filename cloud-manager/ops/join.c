/* join.c - children come in. */
#include "cloud-manager/ops/join.h"

#include "base/check.h"
#include "base/str.h"
#include "cloud-manager/ops/account.h"
#include "proto/auth/cert.h"
#include "proto/auth/digest.h"
#include "proto/auth/seal.h"
#include "proto/auth/token.h"

#include <string.h>

static void fill_sign(struct cloud_op *op, const struct wire_join *join, const char *kind,
                      struct cloud_sign *sign)
{
    *sign = (struct cloud_sign){.wall_ms = op->wall_ms};
    str_copy(sign->node, sizeof sign->node, join->node);
    str_copy(sign->kind, sizeof sign->kind, kind);
    str_copy(sign->csr, sizeof sign->csr, join->csr);
    op->rng->fill(op->rng->self, sign->serial, sizeof sign->serial);
    /* Positive and without leading zeroes, so that it has one spelling. */
    sign->serial[0] = (unsigned char)((sign->serial[0] & 0x3f) | 0x40);
}

static const char *hash_of(struct cloud_op *op, const char *text)
{
    char hash[DIGEST_SHA256_HEX_SIZE];
    digest_sha256_hex(hash, text, strlen(text));
    return arena_strdup(op->arena, hash);
}

/* Unused, or used for this very request: the answer to that may have been lost. */
static enum err_code check_token(struct cloud_op *op, const struct cloud_joining *j,
                                 const char *node, struct cloud_join_token *token, struct err *err)
{
    if (!cloud_join_token_get(op->store, op->arena, j->token_hash, token) ||
        !str_eq(token->node, node) || token->expires_wall_ms <= op->wall_ms ||
        (*token->csr_hash != '\0' && !str_eq(token->csr_hash, j->csr_hash)))
        return err_set(err, ERR_TOKEN_INVALID,
                       "the token is unknown, used, expired, or made for another node");
    return ERR_OK;
}

enum err_code cloud_join_begin(struct cloud_op *op, const struct wire_join *join,
                               struct cloud_joining *out, struct err *err)
{
    struct cloud_join_token token;
    char hash[DIGEST_SHA256_HEX_SIZE];
    token_hash(hash, join->token);
    *out = (struct cloud_joining){.csr_hash = hash_of(op, join->csr),
                                  .token_hash = arena_strdup(op->arena, hash)};
    if (check_token(op, out, join->node, &token, err) != ERR_OK)
        return err->code;
    bool is_known = cloud_node_get(op->store, op->arena, join->node, &out->known);
    if (is_known && !str_eq(out->known.kind, token.kind))
        return err_set(err, ERR_TOKEN_INVALID, "'%s' is known as a %s", join->node,
                       out->known.kind);
    if (!is_known && str_eq(token.kind, "cluster") && cloud_node_free_letter(op->store) == 0)
        return err_set(err, ERR_ZONE_UNAVAILABLE, "every zone of this region is taken");
    out->is_repeat = is_known && *token.csr_hash != '\0';
    fill_sign(op, join, token.kind, &out->sign);
    return ERR_OK;
}

enum err_code cloud_renew_begin(struct cloud_op *op, const struct wire_join *join,
                                const char *peer_node, struct cloud_joining *out, struct err *err)
{
    struct cloud_node node;
    *out = (struct cloud_joining){.csr_hash = "", .token_hash = ""};
    if (*peer_node == '\0' || !str_eq(peer_node, join->node))
        return err_set(err, ERR_PEER_DENIED, "certificate of '%s' used for '%s'", peer_node,
                       join->node);
    if (!cloud_node_get(op->store, op->arena, join->node, &node))
        return err_set(err, ERR_PEER_UNKNOWN, "node '%s' is not known here", join->node);
    if (!cert_same_key(node.certificate, join->csr))
        return err_set(err, ERR_PEER_DENIED, "the request of '%s' is not by its key", join->node);
    fill_sign(op, join, node.kind, &out->sign);
    return ERR_OK;
}

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

static enum err_code take_token(struct cloud_op *op, const struct cloud_joining *j, struct err *err)
{
    struct cloud_join_token token;
    if (check_token(op, j, j->sign.node, &token, err) != ERR_OK)
        return err->code;
    cloud_join_token_use(op->store, j->token_hash, j->csr_hash);
    return ERR_OK;
}

/* A node that was never here, or is here again with a new key of the link. */
static enum err_code admit(struct cloud_op *op, const struct cloud_joining *j,
                           struct cloud_node *node, struct err *err)
{
    const char *name = arena_strdup(op->arena, j->sign.node);
    if (take_token(op, j, err) != ERR_OK)
        return err->code;
    if (!cloud_node_get(op->store, op->arena, name, node)) {
        *node = (struct cloud_node){.name = name, .letter = "", .dos_url = ""};
        node->kind = arena_strdup(op->arena, j->sign.kind);
        char letter = str_eq(node->kind, "cluster") ? cloud_node_free_letter(op->store) : '\0';
        if (letter != '\0')
            node->letter = arena_strndup(op->arena, &letter, 1);
        else if (str_eq(node->kind, "cluster"))
            return err_set(err, ERR_ZONE_UNAVAILABLE, "every zone of this region is taken");
    }
    node->joins++;
    node->link_key = new_link_key(op, name);
    return ERR_OK;
}

enum err_code cloud_join_finish(struct cloud_op *op, const struct cloud_joining *j,
                                const char *certificate, struct cloud_node *out, struct err *err)
{
    char serial[2 * sizeof j->sign.serial + 1];
    bool renews = *j->token_hash == '\0';
    if (renews && !cloud_node_get(op->store, op->arena, j->sign.node, out))
        return err_set(err, ERR_PEER_UNKNOWN, "node '%s' is not known here", j->sign.node);
    if (!renews && admit(op, j, out, err) != ERR_OK)
        return err->code;
    str_hex(serial, j->sign.serial, sizeof j->sign.serial);
    out->serial = arena_strdup(op->arena, serial);
    out->certificate = arena_strdup(op->arena, certificate);
    cloud_node_save(op->store, out);
    if (*out->letter != '\0')
        cloud_zone_add_subnets(op, out->letter);
    return ERR_OK;
}
