/* recover_group.c - security groups after a restore: clusters hold what their owners last said of
 * them. Names of groups come back with them; tags and descriptions do not travel and are lost. */
#include "base/log.h"
#include "base/str.h"
#include "cloud-manager/ops/recover.h"
#include "cloud-manager/ops/instance.h"
#include "cloud-manager/store/group.h"
#include "cloud-manager/store/returned.h"

#include <string.h>

static struct cloud_rule rule_from(const struct wire_rule *said, const struct cloud_group *group)
{
    return (struct cloud_rule){.account = group->account,
                               .grp = group->id,
                               .egress = said->egress,
                               .protocol = said->protocol,
                               .from_port = said->from,
                               .to_port = said->to,
                               .cidr = said->cidr,
                               .peer = said->group,
                               .description = ""};
}

static bool is_said(const struct wire_group *body, const struct cloud_rule *rule)
{
    for (size_t i = 0; i < body->rules_len; i++) {
        const struct wire_rule *s = &body->rules[i];
        if (s->egress == (rule->egress != 0) && s->protocol == rule->protocol &&
            s->from == rule->from_port && s->to == rule->to_port && str_eq(s->cidr, rule->cidr) &&
            str_eq(s->group, rule->peer))
            return true;
    }
    return false;
}

/* Rules that stand keep their ids, descriptions and tags. */
static void take_rules(struct cloud_op *op, const struct cloud_group *group,
                       const struct wire_group *body)
{
    size_t len;
    const struct cloud_rule *have = cloud_rule_list(op->store, op->arena, group->id, &len);
    for (size_t i = 0; i < len; i++) {
        if (is_said(body, &have[i]))
            continue;
        cloud_tag_delete_all(op->store, have[i].id);
        cloud_rule_delete(op->store, have[i].id);
    }
    for (size_t i = 0; i < body->rules_len; i++) {
        struct cloud_rule rule = rule_from(&body->rules[i], group), same;
        rule.id = cloud_id(op, "sgr");
        if (!cloud_rule_find(op->store, op->arena, &rule, &same))
            cloud_rule_insert(op->store, &rule);
    }
}

static bool adopt(struct cloud_op *op, const struct cloud_returned *r,
                  const struct wire_group *body, struct cloud_group *out)
{
    struct cloud_group other;
    const char *account = cloud_vpc_owner(op->store, op->arena, body->vpc);
    if (account == NULL) {
        log_error("recovery.cannot_adopt", "id", r->id, "node", r->node, "vpc", body->vpc, NULL);
        return false;
    }
    bool is_taken = cloud_group_by_name(op->store, op->arena, body->vpc, body->name, &other);
    *out = (struct cloud_group){.id = r->id,
                                .account = account,
                                .vpc = body->vpc,
                                .name = is_taken ? r->id : body->name,
                                .description = "restored"};
    cloud_group_insert(op->store, out);
    log_warn("recovery.adopted", "id", r->id, "node", r->node, NULL);
    return true;
}

/* Its generation grows with its rules: what has a greater one has newer ones. */
static void take_group(struct cloud_op *op, const struct cloud_returned *r)
{
    struct cloud_group group;
    struct wire_group body;
    struct err err = {0};
    if (wire_decode(&wire_group_type, r->body, strlen(r->body), op->arena, &body, &err) != ERR_OK) {
        log_error("recovery.malformed", "id", r->id, "node", r->node, "why", err.text, NULL);
        return;
    }
    if (!cloud_group_any(op->store, op->arena, r->id, &group) && !adopt(op, r, &body, &group))
        return;
    if (r->generation > group.generation && !group.is_gone)
        take_rules(op, &group, &body);
}

void cloud_recover_groups(struct cloud_op *op)
{
    size_t len;
    const struct cloud_returned *r = cloud_returned_list(op->store, op->arena, "group", &len);
    for (size_t i = 0; i < len; i++) {
        if (*r[i].gone == '\0')
            take_group(op, &r[i]);
        cloud_group_raise(op->store, r[i].id, r[i].generation);
    }
    cloud_group_touch_all(op->store);
}

size_t cloud_recover_known_groups(struct cloud_op *op, const struct wire_instance *body,
                                  const char **out)
{
    struct cloud_group group;
    size_t len = 0;
    for (size_t i = 0; i < body->port->groups_len && len < CLOUD_PORT_GROUPS_MAX; i++)
        if (cloud_group_get(op->store, op->arena, body->account, body->port->groups[i], &group))
            out[len++] = body->port->groups[i];
    return len;
}

void cloud_recover_port_groups(struct cloud_op *op, const struct cloud_instance *row,
                               const struct wire_instance *body)
{
    const char *groups[CLOUD_PORT_GROUPS_MAX];
    struct cloud_port port;
    if (body->port == NULL || body->port->groups_n <= row->groups_n ||
        !cloud_port_of_instance(op->store, op->arena, row->id, &port))
        return;
    size_t len = cloud_recover_known_groups(op, body, groups);
    cloud_port_set_groups(op->store, &port, row->node, groups, len);
    cloud_instance_raise_groups(op->store, row->id, body->port->groups_n);
}
