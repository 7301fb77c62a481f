/* instance_ask.c - start, stop, reboot, terminate: what an owner asks of instances that exist. */
#include "base/check.h"
#include "base/id.h"
#include "base/str.h"
#include "cloud-manager/ops/instance.h"
#include "cloud-manager/ops/public_address.h"

enum err_code cloud_instance_find(const struct cloud_op *op, const char *id,
                                  struct cloud_instance *out, struct err *err)
{
    if (!id_is(id, "i"))
        return err_set(err, ERR_INSTANCE_MALFORMED, "Invalid id: \"%.64s\"", id);
    if (!cloud_instance_of(op->store, op->arena, op->account, id, cloud_visible_since(op), out))
        return err_set(err, ERR_INSTANCE_NOT_FOUND, "The instance ID '%s' does not exist", id);
    return ERR_OK;
}

/* Changes `row` to what is asked; false when it is so already. */
typedef enum err_code change(const struct cloud_op *op, struct cloud_instance *row, bool *changed,
                             struct err *err);

/* Repeated ids count once. */
static bool is_listed(const struct cloud_changes *out, const char *id)
{
    for (size_t i = 0; i < out->len; i++)
        if (str_eq(out->list[i].id, id))
            return true;
    return false;
}

/* What was lent comes with a start and goes with a stop. */
static void follow_address(struct cloud_op *op, const struct cloud_instance *row)
{
    if (row->want != CLOUD_WANT_RUNNING)
        cloud_public_part(op, row, row->generation + 1);
    else if (row->is_public)
        cloud_public_lend(op, row);
}

static enum err_code change_all(struct cloud_op *op, const char *const *ids, size_t len,
                                change *apply, struct cloud_changes *out, struct err *err)
{
    *out = (struct cloud_changes){
        .list = arena_alloc(op->arena, (len + 1) * sizeof *out->list),
        .before = arena_alloc(op->arena, (len + 1) * sizeof *out->before)};
    for (size_t i = 0; i < len; i++) {
        struct cloud_instance *row = &out->list[out->len];
        bool changed = false;
        if (is_listed(out, ids[i]))
            continue;
        if (cloud_instance_find(op, ids[i], row, err) != ERR_OK)
            return err->code;
        out->before[out->len++] = (enum cloud_instance_state)row->state;
        if (apply(op, row, &changed, err) != ERR_OK)
            return err->code;
        if (!changed)
            continue;
        row->state = cloud_instance_state_show((enum cloud_instance_state)row->state,
                                               (enum cloud_want)row->want,
                                               (enum cloud_instance_seen)row->seen, false);
        cloud_instance_save_want(op->store, row);
        follow_address(op, row);
    }
    return ERR_OK;
}

static void set_reason(const struct cloud_op *op, struct cloud_instance *row, const char *code,
                       const char *reason)
{
    row->reason_code = code;
    row->reason = reason;
    row->reason_wall_ms = op->wall_ms;
}

static void by_user(const struct cloud_op *op, struct cloud_instance *row)
{
    set_reason(op, row, "Client.UserInitiatedShutdown",
               "Client.UserInitiatedShutdown: User initiated shutdown");
}

static enum err_code refuse(const struct cloud_instance *row, const char *what, struct err *err)
{
    return err_set(err, ERR_INSTANCE_STATE,
                   "The instance '%s' is %s, a state from which it cannot be %s", row->id,
                   cloud_instance_state_text((enum cloud_instance_state)row->state), what);
}

static enum err_code refuse_protected(const struct cloud_instance *row, const char *what,
                                      const char *attribute, struct err *err)
{
    return err_set(err, ERR_NOT_PERMITTED,
                   "The instance '%s' may not be %s. Modify its '%s' instance attribute and try "
                   "again.",
                   row->id, what, attribute);
}

static enum err_code start(const struct cloud_op *op, struct cloud_instance *row, bool *changed,
                           struct err *err)
{
    switch ((enum cloud_instance_state)row->state) {
    case CLOUD_INSTANCE_PENDING:
    case CLOUD_INSTANCE_RUNNING:
        return ERR_OK;
    case CLOUD_INSTANCE_STOPPED:
        row->want = CLOUD_WANT_RUNNING;
        row->launch_wall_ms = op->wall_ms;
        set_reason(op, row, "", "");
        *changed = true;
        return ERR_OK;
    case CLOUD_INSTANCE_STOPPING:
    case CLOUD_INSTANCE_SHUTTING_DOWN:
    case CLOUD_INSTANCE_TERMINATED:
        return refuse(row, "started", err);
    }
    IMPOSSIBLE("an instance in no state");
}

static enum err_code stop(const struct cloud_op *op, struct cloud_instance *row, bool *changed,
                          struct err *err)
{
    switch ((enum cloud_instance_state)row->state) {
    case CLOUD_INSTANCE_PENDING:
    case CLOUD_INSTANCE_RUNNING:
        if (row->no_stop != 0)
            return refuse_protected(row, "stopped", "disableApiStop", err);
        row->want = CLOUD_WANT_STOPPED;
        by_user(op, row);
        *changed = true;
        return ERR_OK;
    case CLOUD_INSTANCE_STOPPING:
    case CLOUD_INSTANCE_STOPPED:
        return ERR_OK;
    case CLOUD_INSTANCE_SHUTTING_DOWN:
    case CLOUD_INSTANCE_TERMINATED:
        return refuse(row, "stopped", err);
    }
    IMPOSSIBLE("an instance in no state");
}

static enum err_code reboot(const struct cloud_op *op, struct cloud_instance *row, bool *changed,
                            struct err *err)
{
    (void)op;
    switch ((enum cloud_instance_state)row->state) {
    case CLOUD_INSTANCE_PENDING:
    case CLOUD_INSTANCE_RUNNING:
        row->reboot_n++;
        *changed = true;
        return ERR_OK;
    case CLOUD_INSTANCE_STOPPING:
    case CLOUD_INSTANCE_STOPPED:
    case CLOUD_INSTANCE_SHUTTING_DOWN:
    case CLOUD_INSTANCE_TERMINATED:
        return refuse(row, "rebooted", err);
    }
    IMPOSSIBLE("an instance in no state");
}

static enum err_code terminate(const struct cloud_op *op, struct cloud_instance *row, bool *changed,
                               struct err *err)
{
    if (row->want == CLOUD_WANT_TERMINATED)
        return ERR_OK;
    if (row->no_terminate != 0)
        return refuse_protected(row, "terminated", "disableApiTermination", err);
    row->want = CLOUD_WANT_TERMINATED;
    by_user(op, row);
    *changed = true;
    return ERR_OK;
}

enum err_code cloud_instances_start(struct cloud_op *op, const char *const *ids, size_t len,
                                    struct cloud_changes *out, struct err *err)
{
    return cloud_authorize(op, CLOUD_DO_START_INSTANCES, err) != ERR_OK
               ? err->code
               : change_all(op, ids, len, start, out, err);
}

enum err_code cloud_instances_stop(struct cloud_op *op, const char *const *ids, size_t len,
                                   struct cloud_changes *out, struct err *err)
{
    return cloud_authorize(op, CLOUD_DO_STOP_INSTANCES, err) != ERR_OK
               ? err->code
               : change_all(op, ids, len, stop, out, err);
}

enum err_code cloud_instances_reboot(struct cloud_op *op, const char *const *ids, size_t len,
                                     struct cloud_changes *out, struct err *err)
{
    return cloud_authorize(op, CLOUD_DO_REBOOT_INSTANCES, err) != ERR_OK
               ? err->code
               : change_all(op, ids, len, reboot, out, err);
}

enum err_code cloud_instances_terminate(struct cloud_op *op, const char *const *ids, size_t len,
                                        struct cloud_changes *out, struct err *err)
{
    return cloud_authorize(op, CLOUD_DO_TERMINATE_INSTANCES, err) != ERR_OK
               ? err->code
               : change_all(op, ids, len, terminate, out, err);
}

enum err_code cloud_instances_describe(struct cloud_op *op, enum cloud_action_id action,
                                       const char *const *ids, size_t len,
                                       struct cloud_instance_span *span,
                                       struct cloud_instances *out, struct err *err)
{
    if (cloud_authorize(op, action, err) != ERR_OK)
        return err->code;
    if (span != NULL)
        span->is_over = true;
    if (len == 0) {
        INV(span != NULL);
        *out = cloud_instance_list(op->store, op->arena, op->account, cloud_visible_since(op),
                                   span);
        return ERR_OK;
    }
    *out = (struct cloud_instances){.list = arena_alloc(op->arena, len * sizeof *out->list)};
    for (size_t i = 0; i < len; i++)
        if (cloud_instance_find(op, ids[i], &out->list[out->len++], err) != ERR_OK)
            return err->code;
    return ERR_OK;
}
