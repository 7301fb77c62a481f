/* tier.c - requests of children: sync, join, renew. */
#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "cloud-manager/ops/join.h"
#include "cloud-manager/state.h"

static enum err_code on_admit(void *core, const char *node, const char *kind,
                              const struct event *ev, struct err *err)
{
    struct cloud_core *c = core;
    struct cloud_op op = cloud_core_op(c, ev);
    if (cloud_join(&op, node, kind, err) != ERR_OK)
        return err->code;
    cloud_settle_nodes(c, ev);
    return ERR_OK;
}

static void on_told(void *core, const char *name, struct arena *arena, struct buf *link_key,
                    struct wire_joined *out)
{
    struct cloud_core *c = core;
    struct cloud_op op = {.store = c->store, .config = &c->config, .arena = arena};
    struct cloud_node node;
    struct err err = {0};
    bool known = cloud_node_get(op.store, arena, name, &node);
    INV(known);
    cloud_join_tell(&op, &node, out);
    if (link_key != NULL && cloud_node_link_key(&op, &node, link_key, &err) != ERR_OK)
        log_error("node.sealed", "node", name, "why", err.text, NULL);
}

struct admit_hooks cloud_tier_hooks(struct cloud_core *c)
{
    return (struct admit_hooks){.core = c, .on_admit = on_admit, .on_told = on_told};
}

enum err_code cloud_tier_request(struct cloud_core *c, const struct event *ev, struct err *err)
{
    const struct request *r = &ev->request;
    if (!str_eq(r->method, "POST"))
        return err_set(err, ERR_METHOD_NOT_ALLOWED, "only POST is served here");
    if (str_eq(r->target, "/v1/sync"))
        return sync_parent_request(&c->parent, ev, err);
    if (str_eq(r->target, "/v1/join"))
        return admit_join(&c->admit, ev, c->next_job++, c->out, err);
    if (str_eq(r->target, "/v1/renew"))
        return admit_renew(&c->admit, ev, c->next_job++, c->out, err);
    return err_set(err, ERR_NOT_FOUND, "there is no %.100s here", r->target);
}
