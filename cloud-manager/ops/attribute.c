/* attribute.c - ModifyInstanceAttribute, MonitorInstances, ModifyInstanceMetadataOptions.
 *
 * No change of these changes what is wanted: the generation stays, so that what the cluster said
 * under it stays true. What the cluster must know of is told again under the same generation. */
#include "cloud-manager/ops/attribute.h"

#include "base/str.h"
#include "cloud-manager/model/type.h"
#include "cloud-manager/store/account.h"

static enum err_code find_living(struct cloud_op *op, const char *id, struct cloud_instance *row,
                                 struct err *err)
{
    if (cloud_instance_find(op, id, row, err) != ERR_OK)
        return err->code;
    if (row->want == CLOUD_WANT_TERMINATED)
        return err_set(err, ERR_INSTANCE_STATE,
                       "The instance '%s' is %s, a state in which nothing of it can be changed", id,
                       cloud_instance_state_text((enum cloud_instance_state)row->state));
    return ERR_OK;
}

static enum err_code need_stopped(const struct cloud_instance *row, struct err *err)
{
    if (row->state == CLOUD_INSTANCE_STOPPED)
        return ERR_OK;
    return err_set(err, ERR_INSTANCE_STATE, "The instance '%s' is not in the 'stopped' state.",
                   row->id);
}

static enum err_code set_type(struct cloud_op *op, struct cloud_instance *row, const char *name,
                              struct err *err)
{
    const struct cloud_type *type = cloud_type_get(name);
    struct cloud_usage u = cloud_usage_get(op->store, op->account);
    int64_t quota = u.quota_vcpus >= 0 ? u.quota_vcpus : op->config->quota_vcpus;
    if (type == NULL)
        return err_set(err, ERR_INSTANCE_ATTRIBUTE, "Invalid value '%.64s' for InstanceType.",
                       name);
    if (need_stopped(row, err) != ERR_OK)
        return err->code;
    if (type->vcpus > row->vcpus && u.vcpus - row->vcpus + type->vcpus > quota)
        return err_set(err, ERR_VCPU_LIMIT,
                       "You have requested more vCPU capacity than your quota leaves: %s takes "
                       "%lld vCPUs, your instances have %lld of %lld",
                       type->name, (long long)type->vcpus, (long long)u.vcpus, (long long)quota);
    row->type = type->name;
    row->vcpus = type->vcpus;
    row->memory_mib = type->memory_mib;
    return ERR_OK;
}

static enum err_code set_one(struct cloud_op *op, struct cloud_instance *row,
                             enum cloud_attribute attribute, const char *value, struct err *err)
{
    switch (attribute) {
    case CLOUD_ATTRIBUTE_TYPE:
        return set_type(op, row, value, err);
    case CLOUD_ATTRIBUTE_USER_DATA:
        row->user_data = value;
        return need_stopped(row, err);
    case CLOUD_ATTRIBUTE_NO_TERMINATE:
        row->no_terminate = str_eq(value, "true");
        return ERR_OK;
    case CLOUD_ATTRIBUTE_NO_STOP:
        row->no_stop = str_eq(value, "true");
        return ERR_OK;
    case CLOUD_ATTRIBUTE_ON_SHUTDOWN:
        row->on_shutdown = value;
        return ERR_OK;
    }
    return ERR_OK;
}

enum err_code cloud_instance_modify(struct cloud_op *op, const char *id,
                                    enum cloud_attribute attribute, const char *value,
                                    struct err *err)
{
    struct cloud_instance row;
    if (cloud_authorize(op, CLOUD_DO_MODIFY_INSTANCE_ATTRIBUTE, err) != ERR_OK ||
        find_living(op, id, &row, err) != ERR_OK ||
        set_one(op, &row, attribute, value, err) != ERR_OK)
        return err->code;
    cloud_instance_save_attributes(op->store, &row);
    if (attribute == CLOUD_ATTRIBUTE_TYPE || attribute == CLOUD_ATTRIBUTE_USER_DATA)
        cloud_instance_tell_again(op->store, id);
    return ERR_OK;
}

enum err_code cloud_instances_monitor(struct cloud_op *op, enum cloud_action_id action,
                                      const char *const *ids, size_t len,
                                      struct cloud_instances *out, struct err *err)
{
    if (cloud_authorize(op, action, err) != ERR_OK)
        return err->code;
    *out = (struct cloud_instances){.list = arena_alloc(op->arena, (len + 1) * sizeof *out->list)};
    for (size_t i = 0; i < len; i++) {
        struct cloud_instance *row = &out->list[out->len++];
        if (find_living(op, ids[i], row, err) != ERR_OK)
            return err->code;
        row->is_monitored = action == CLOUD_DO_MONITOR_INSTANCES;
        cloud_instance_save_attributes(op->store, row);
    }
    return ERR_OK;
}

/* ---- metadata options ---------------------------------------------------------------------- */

struct cloud_imds cloud_instance_imds(const struct cloud_instance *row)
{
    return (struct cloud_imds){.is_off = row->imds_off != 0,
                               .is_required = row->imds_required != 0,
                               .shows_tags = row->imds_tags != 0,
                               .hops = row->imds_hops};
}

static enum err_code refuse_word(const char *name, const char *word, struct err *err)
{
    return err_set(err, ERR_INVALID_PARAMETER, "Value (%.64s) for parameter %s is invalid.", word,
                   name);
}

enum err_code cloud_imds_apply(struct cloud_imds *imds, const struct cloud_imds_change *change,
                               struct err *err)
{
    if (change->endpoint != NULL && !cloud_imds_set_endpoint(imds, change->endpoint))
        return refuse_word("HttpEndpoint", change->endpoint, err);
    if (change->tokens != NULL && !cloud_imds_set_tokens(imds, change->tokens))
        return refuse_word("HttpTokens", change->tokens, err);
    if (change->tags != NULL && !cloud_imds_set_tags(imds, change->tags))
        return refuse_word("InstanceMetadataTags", change->tags, err);
    if (change->hops != 0)
        imds->hops = change->hops;
    return ERR_OK;
}

enum err_code cloud_instance_modify_imds(struct cloud_op *op, const char *id,
                                         const struct cloud_imds_change *change,
                                         struct cloud_imds *out, struct err *err)
{
    struct cloud_instance row;
    if (cloud_authorize(op, CLOUD_DO_MODIFY_METADATA_OPTIONS, err) != ERR_OK ||
        find_living(op, id, &row, err) != ERR_OK)
        return err->code;
    *out = cloud_instance_imds(&row);
    if (cloud_imds_apply(out, change, err) != ERR_OK)
        return err->code;
    row.imds_off = out->is_off;
    row.imds_required = out->is_required;
    row.imds_tags = out->shows_tags;
    row.imds_hops = out->hops;
    cloud_instance_save_attributes(op->store, &row);
    cloud_instance_tell_again(op->store, id);
    return ERR_OK;
}
