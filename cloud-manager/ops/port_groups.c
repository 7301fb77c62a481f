/* port_groups.c - which security groups a port is in. */
#include "cloud-manager/ops/port_groups.h"

#include "base/check.h"
#include "base/id.h"
#include "base/str.h"
#include "cloud-manager/model/want.h"
#include "cloud-manager/ops/instance.h"
#include "cloud-manager/store/group.h"

static enum err_code add_group(const struct cloud_group *group, struct cloud_port_group *out,
                               size_t *len, struct err *err)
{
    for (size_t i = 0; i < *len; i++)
        if (str_eq(out[i].id, group->id))
            return ERR_OK;
    if (*len == CLOUD_PORT_GROUPS_MAX)
        return err_set(err, ERR_GROUPS_PER_PORT, "At most %d security groups for one interface",
                       CLOUD_PORT_GROUPS_MAX);
    out[(*len)++] = (struct cloud_port_group){group->id, group->name};
    return ERR_OK;
}

static enum err_code add_by_id(struct cloud_op *op, const char *id, const char *vpc,
                               struct cloud_port_group *out, size_t *len, struct err *err)
{
    struct cloud_group group;
    if (!id_is(id, "sg"))
        return err_set(err, ERR_GROUP_MALFORMED, "Invalid id: \"%.64s\" (expecting \"sg-...\")",
                       id);
    if (!cloud_group_get(op->store, op->arena, op->account, id, &group) || !str_eq(group.vpc, vpc))
        return err_set(err, ERR_GROUP_NOT_FOUND, "The security group '%.64s' does not exist", id);
    return add_group(&group, out, len, err);
}

static enum err_code add_by_name(struct cloud_op *op, const char *name, const char *vpc,
                                 struct cloud_port_group *out, size_t *len, struct err *err)
{
    struct cloud_group group;
    if (!cloud_group_by_name(op->store, op->arena, vpc, name, &group))
        return err_set(err, ERR_GROUP_NOT_FOUND,
                       "The security group '%.64s' does not exist in VPC '%s'", name, vpc);
    return add_group(&group, out, len, err);
}

enum err_code cloud_port_groups_find(struct cloud_op *op, const struct cloud_group_names *wanted,
                                     const char *vpc, struct cloud_port_group *out, size_t *len,
                                     struct err *err)
{
    *len = 0;
    for (size_t i = 0; i < wanted->ids_len; i++)
        if (add_by_id(op, wanted->ids[i], vpc, out, len, err) != ERR_OK)
            return err->code;
    for (size_t i = 0; i < wanted->names_len; i++)
        if (add_by_name(op, wanted->names[i], vpc, out, len, err) != ERR_OK)
            return err->code;
    return ERR_OK;
}

/* ---- a living port ------------------------------------------------------------------------ */

static void put(struct cloud_op *op, const struct cloud_instance *row,
                const struct cloud_port *port, const struct cloud_port_group *groups, size_t len)
{
    const char *ids[CLOUD_PORT_GROUPS_MAX];
    for (size_t i = 0; i < len; i++)
        ids[i] = groups[i].id;
    cloud_port_set_groups(op->store, port, row->node, ids, len);
    cloud_instance_regroup(op->store, row->id);
}

static enum err_code set_groups(struct cloud_op *op, const struct cloud_instance *row,
                                const char *const *ids, size_t len, struct err *err)
{
    struct cloud_port port;
    struct cloud_port_group groups[CLOUD_PORT_GROUPS_MAX];
    size_t found;
    if (row->want == CLOUD_WANT_TERMINATED || !row->is_live)
        return err_set(err, ERR_INSTANCE_STATE,
                       "The instance '%s' is %s, a state in which its groups cannot be changed",
                       row->id, cloud_instance_state_text((enum cloud_instance_state)row->state));
    if (len == 0)
        return err_set(err, ERR_MISSING_PARAMETER,
                       "The request must name at least one security group");
    if (cloud_port_groups_find(op, &(struct cloud_group_names){.ids = ids, .ids_len = len},
                               row->vpc, groups, &found, err) != ERR_OK)
        return err->code;
    bool has_port = cloud_port_of_instance(op->store, op->arena, row->id, &port);
    INV(has_port); /* as long as it lives */
    put(op, row, &port, groups, found);
    return ERR_OK;
}

enum err_code cloud_instance_set_groups(struct cloud_op *op, const char *instance,
                                        const char *const *ids, size_t len, struct err *err)
{
    struct cloud_instance row;
    if (cloud_authorize(op, CLOUD_DO_MODIFY_INSTANCE_ATTRIBUTE, err) != ERR_OK ||
        cloud_instance_find(op, instance, &row, err) != ERR_OK)
        return err->code;
    return set_groups(op, &row, ids, len, err);
}

enum err_code cloud_port_change_groups(struct cloud_op *op, const char *port_id,
                                       const char *const *ids, size_t len, struct err *err)
{
    struct cloud_port port;
    struct cloud_instance row;
    if (cloud_authorize(op, CLOUD_DO_MODIFY_PORT, err) != ERR_OK)
        return err->code;
    if (!id_is(port_id, "eni"))
        return err_set(err, ERR_NETWORK_INTERFACE_MALFORMED,
                       "Invalid id: \"%.64s\" (expecting \"eni-...\")", port_id);
    if (!cloud_port_get(op->store, op->arena, port_id, &port) || !str_eq(port.account, op->account))
        return err_set(err, ERR_NETWORK_INTERFACE_NOT_FOUND,
                       "The networkInterface ID '%s' does not exist", port_id);
    bool found = cloud_instance_get(op->store, op->arena, port.instance, &row);
    INV(found); /* a port lives as long as its instance */
    return set_groups(op, &row, ids, len, err);
}
