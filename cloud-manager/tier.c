/* tier.c - requests of children: sync, join, renew. Decode, hand on, encode. */
#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "cloud-manager/ops/join.h"
#include "cloud-manager/state.h"
#include "cloud-manager/store/setting.h"

#include <string.h>

enum { SIGN_TIMEOUT_MS = 30 * 1000 };

static void reply_joined(struct cloud_core *c, struct cloud_op *op, uint64_t request_id,
                         const struct cloud_node *node, bool with_key)
{
    CLEANUP(seal_wipe) struct buf link_key = {0};
    CLEANUP(seal_wipe) struct buf body = {0};
    struct err err = {0};
    const char *ca = cloud_setting_get(c->store, op->arena, "ca");
    if (with_key && cloud_node_link_key(op, node, &link_key, &err) != ERR_OK)
        log_error("node.sealed", "node", node->name, "why", err.text, NULL);
    struct wire_joined joined = {.certificate = node->certificate,
                                 .ca = ca != NULL ? ca : "",
                                 .link_key = buf_str(&link_key),
                                 .parent = CLOUD_NODE,
                                 .region = c->config.region,
                                 .zone = *node->letter != '\0' ? cloud_zone_name(op, node->letter)
                                                               : ""};
    wire_encode(&body, &wire_joined_type, &joined);
    effect_reply(c->out, request_id, 200, "application/json", body.data, body.len);
}

static enum err_code begin_sign(struct cloud_core *c, const struct event *ev,
                                const struct cloud_joining *joining, struct err *err)
{
    struct cloud_held *held = NULL;
    if (cloud_hold(c, ev, CLOUD_HELD_JOB, ev->at.mono_ms + 2 * SIGN_TIMEOUT_MS, &held, err) !=
        ERR_OK)
        return err->code;
    held->job_id = c->next_job++;
    held->joining = arena_memdup(&held->arena, joining, sizeof *joining);
    held->joining->csr_hash = arena_strdup(&held->arena, joining->csr_hash);
    held->joining->token_hash = arena_strdup(&held->arena, joining->token_hash);
    effect_job(c->out, &(struct effect_job){.job_id = held->job_id,
                                            .kind = CLOUD_JOB_SIGN,
                                            .spec = &joining->sign,
                                            .spec_size = sizeof joining->sign,
                                            .timeout_ms = SIGN_TIMEOUT_MS});
    return ERR_OK;
}

static enum err_code take_join(struct cloud_core *c, const struct event *ev, bool renews,
                               struct err *err)
{
    struct cloud_op op = cloud_core_op(c, ev);
    struct wire_join join;
    struct cloud_joining joining;
    if (wire_decode(&wire_join_type, ev->request.body, ev->request.body_len, op.arena, &join,
                    err) != ERR_OK)
        return err->code;
    enum err_code code = renews
                             ? cloud_renew_begin(&op, &join, ev->request.peer_node, &joining, err)
                             : cloud_join_begin(&op, &join, &joining, err);
    if (code != ERR_OK)
        return code;
    if (!joining.is_repeat)
        return begin_sign(c, ev, &joining, err);
    reply_joined(c, &op, ev->request.id, &joining.known, true);
    return ERR_OK;
}

enum err_code cloud_tier_signed(struct cloud_core *c, const struct event *ev,
                                struct cloud_held *held, struct err *err)
{
    struct cloud_op op = cloud_core_op(c, ev);
    struct cloud_node node;
    const char *pem = arena_strndup(op.arena, ev->job.result, ev->job.result_size);
    bool joins = *held->joining->token_hash != '\0';
    if (cloud_join_finish(&op, held->joining, pem, &node, err) != ERR_OK)
        return err->code;
    sync_parent_add(&c->parent, node.name, node.kind, node.serial);
    reply_joined(c, &op, held->request.id, &node, joins);
    if (joins)
        cloud_settle_nodes(c, ev);
    log_info(joins ? "node.joined" : "node.renewed", "node", node.name, "kind", node.kind, "zone",
             node.letter, NULL);
    return ERR_OK;
}

enum err_code cloud_tier_request(struct cloud_core *c, const struct event *ev, struct err *err)
{
    const struct request *r = &ev->request;
    if (!str_eq(r->method, "POST"))
        return err_set(err, ERR_METHOD_NOT_ALLOWED, "only POST is served here");
    if (str_eq(r->target, "/v1/sync"))
        return sync_parent_request(&c->parent, ev, err);
    if (str_eq(r->target, "/v1/join"))
        return take_join(c, ev, false, err);
    if (str_eq(r->target, "/v1/renew"))
        return take_join(c, ev, true, err);
    return err_set(err, ERR_NOT_FOUND, "there is no %.100s here", r->target);
}
