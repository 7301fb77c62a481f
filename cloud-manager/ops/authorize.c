/* authorize.c - who may do what, and small things that every operation needs. */
#include "base/id.h"
#include "base/str.h"
#include "cloud-manager/ops/op.h"
#include "cloud-manager/store/account.h"

enum action_effect { READS, SETTLES, CHANGES };

static const enum action_effect effects[CLOUD_ACTIONS] = {
#define EC2(id, name, handler, effect, secrecy) [CLOUD_DO_##id] = effect,
#define STS(id, name, handler, effect, secrecy) [CLOUD_DO_##id] = effect,
#define REST(id, name, effect, secrecy)         [CLOUD_DO_##id] = effect,
#include "cloud-manager/ops/actions.def"
#undef EC2
#undef STS
#undef REST
};

/* What shows or changes the machines under the cloud: for its admins, who have the first account.
 */
static const bool for_admins[CLOUD_ACTIONS] = {
    [CLOUD_DO_DESCRIBE_HOSTS] = true,       [CLOUD_DO_DRAIN_HOSTS] = true,
    [CLOUD_DO_UNDRAIN_HOSTS] = true,        [CLOUD_DO_EXPLAIN_PLACEMENT] = true,
    [CLOUD_DO_SEED_IMAGE] = true,           [CLOUD_DO_UNSEED_IMAGE] = true,
    [CLOUD_DO_DESCRIBE_IMAGE_SEEDS] = true,
};

enum err_code cloud_authorize(const struct cloud_op *op, enum cloud_action_id action,
                              struct err *err)
{
    /* An account's own key may do everything within the account, and sees nothing beyond it:
     * every statement of the store names the account. */
    if (*op->account == '\0' || (unsigned)action >= CLOUD_ACTIONS ||
        (for_admins[action] && !cloud_account_is_first(op->store, op->account)))
        return err_set(err, ERR_DENIED, "You are not authorized to perform this operation.");
    if (op->is_dry_run)
        return err_set(err, ERR_DRY_RUN, "Request would have succeeded, but DryRun flag is set.");
    if (op->is_recovering && effects[action] != READS)
        return err_set(err, ERR_UNAVAILABLE,
                       "The cloud was restored from a backup and waits for its children to say "
                       "what they hold. Nothing can be changed until then.");
    return ERR_OK;
}

int64_t cloud_visible_since(const struct cloud_op *op)
{
    return op->now_ms - op->config->terminated_visible_ms;
}

const char *cloud_zone_name(const struct cloud_op *op, const char *letter)
{
    return arena_printf(op->arena, "%s%s", op->config->region, letter);
}

const char *cloud_zone_id(const struct cloud_op *op, const char *letter)
{
    return arena_printf(op->arena, "%s-az%d", op->config->region, *letter - 'a' + 1);
}

const char *cloud_id(const struct cloud_op *op, const char *prefix)
{
    char id[ID_SIZE];
    id_new_at(id, prefix, op->wall_ms, (*op->ids_made)++, op->rng);
    return arena_strdup(op->arena, id);
}
