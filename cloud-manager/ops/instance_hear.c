/* instance_hear.c - what a cluster says of an instance, and how an instance ends. */
#include "base/log.h"
#include "base/str.h"
#include "cloud-manager/ops/instance.h"
#include "cloud-manager/ops/public_address.h"
#include "cloud-manager/store/group.h"
#include "cloud-manager/store/image.h"
#include "cloud-manager/store/replay.h"
#include "proto/wire/states.h"

#include <string.h>

enum { DAY_MS = 24 * 3600 * 1000, PURGE_MAX = 500 };

/* The cluster or the guest ended what its owner wanted: the owner's want follows, with a reason. */
static void follow(struct cloud_op *op, struct cloud_instance *row, enum cloud_want want,
                   const char *code, const char *reason)
{
    row->want = want;
    row->reason_code = code;
    row->reason = reason;
    row->reason_wall_ms = op->wall_ms;
    row->state = cloud_instance_state_show((enum cloud_instance_state)row->state, want,
                                           (enum cloud_instance_seen)row->seen, false);
    cloud_instance_save_want(op->store, row);
    cloud_public_part(op, row, row->generation + 1);
}

static void hear_refusal(struct cloud_op *op, struct cloud_instance *row, const char *reason,
                         const char *detail)
{
    const char *code = *reason != '\0' ? reason : "Server.InternalError";
    const char *text = *detail != '\0' ? arena_printf(op->arena, "%s: %s", code, detail) : code;
    log_info("instance.refused", "id", row->id, "reason", text, NULL);
    /* One that never ran is nothing yet; one that did holds its owner's data. */
    follow(op, row, row->has_run ? CLOUD_WANT_STOPPED : CLOUD_WANT_TERMINATED, code, text);
}

static void hear_off(struct cloud_op *op, struct cloud_instance *row,
                     const struct wire_instance_seen *said)
{
    switch (off_why_parse(said->why)) {
    case OFF_GUEST:
        follow(op, row,
               str_eq(row->on_shutdown, "terminate") ? CLOUD_WANT_TERMINATED : CLOUD_WANT_STOPPED,
               "Client.InstanceInitiatedShutdown",
               "Client.InstanceInitiatedShutdown: Instance initiated shutdown");
        return;
    case OFF_UNKNOWN:
        follow(op, row, CLOUD_WANT_STOPPED, "Server.InternalError",
               "Server.InternalError: The instance was found powered off");
        return;
    case OFF_NONE:
    case OFF_ASKED:
    case OFF_CRASH:
    case OFF_HOST:
    case OFF_COUNT:
        return; /* it is started again below us */
    }
}

static enum cloud_instance_seen as_seen(enum seen_state state)
{
    switch (state) {
    case SEEN_RUNNING:
        return CLOUD_SEEN_RUNNING;
    case SEEN_OFF:
    case SEEN_REFUSED: /* nothing of it runs there */
        return CLOUD_SEEN_OFF;
    case SEEN_NONE:
    case SEEN_PENDING:
    case SEEN_STOPPING:
    case SEEN_COUNT:
        return CLOUD_SEEN_NOTHING;
    }
    return CLOUD_SEEN_NOTHING;
}

/* Shown as it is, whatever is wanted meanwhile. */
static void hear_status(struct cloud_op *op, struct cloud_instance *row,
                        const struct wire_instance_seen *said)
{
    if (str_eq(row->status, said->status) && str_eq(row->status_why, said->status_why) &&
        str_eq(row->step, said->step) && row->step_percent == said->step_percent)
        return;
    if (!str_eq(row->status, said->status))
        row->status_wall_ms = op->wall_ms;
    row->status = said->status;
    row->status_why = said->status_why;
    row->step = said->step;
    row->step_percent = said->step_percent;
    cloud_instance_save_status(op->store, row);
}

static void hear_state(struct cloud_op *op, struct cloud_instance *row,
                       const struct wire_item *fact, const struct wire_instance_seen *said)
{
    enum seen_state state = seen_state_parse(said->state);
    bool is_current = fact->generation == row->generation;
    struct cloud_instance before = *row;
    row->seen = as_seen(state);
    row->seen_generation = fact->generation;
    row->has_run = row->has_run || said->ever_ran || state == SEEN_RUNNING;
    row->state = cloud_instance_state_show((enum cloud_instance_state)row->state,
                                           (enum cloud_want)row->want,
                                           (enum cloud_instance_seen)row->seen, is_current);
    if (row->seen != before.seen || row->seen_generation != before.seen_generation ||
        row->has_run != before.has_run || row->state != before.state)
        cloud_instance_save_seen(op->store, row);
    hear_status(op, row, said);
    if (!is_current || row->want != CLOUD_WANT_RUNNING)
        return; /* what was said under an older want never changes this one */
    if (state == SEEN_REFUSED)
        hear_refusal(op, row, said->reason, said->detail);
    else if (state == SEEN_OFF)
        hear_off(op, row, said);
}

/* Believed only as the answer to our own tombstone. */
static void hear_gone(struct cloud_op *op, struct cloud_instance *row, const struct wire_item *fact)
{
    if (row->want != CLOUD_WANT_TERMINATED || fact->generation < row->generation)
        return;
    row->seen = CLOUD_SEEN_GONE;
    row->seen_generation = fact->generation;
    cloud_instance_save_seen(op->store, row);
    cloud_public_ended(op->store, row->id);
}

void cloud_instance_hear(struct cloud_op *op, const char *node, const struct wire_item *fact)
{
    struct cloud_instance row;
    struct wire_instance_seen said = {0};
    struct err err = {0};
    if (!cloud_instance_get(op->store, op->arena, fact->id, &row) || !str_eq(row.node, node) ||
        !row.is_live)
        return;
    if (*fact->gone != '\0') {
        hear_gone(op, &row, fact);
        return;
    }
    if (*fact->error != '\0') {
        log_error("instance.wish_failed", "id", fact->id, "node", node, "why", fact->error, NULL);
        if (fact->generation == row.generation && row.want == CLOUD_WANT_RUNNING)
            hear_refusal(op, &row, "Server.InternalError", fact->error);
        return;
    }
    if (wire_decode(&wire_instance_seen_type, fact->body, strlen(fact->body), op->arena, &said,
                    &err) != ERR_OK) {
        log_error("instance.fact_malformed", "id", fact->id, "node", node, "why", err.text, NULL);
        return;
    }
    hear_state(op, &row, fact, &said);
    cloud_public_hear(op, &row, fact->generation, said.public_address);
}

void cloud_instance_free(struct cloud_op *op, const struct cloud_instance *row)
{
    struct cloud_port port;
    struct cloud_volume volume;
    if (cloud_port_of_instance(op->store, op->arena, row->id, &port)) {
        cloud_tag_delete_all(op->store, port.id);
        cloud_port_delete(op->store, port.id);
    }
    if (cloud_volume_of_instance(op->store, op->arena, row->id, &volume)) {
        cloud_tag_delete_all(op->store, volume.id);
        cloud_volume_delete(op->store, &volume);
    }
    struct cloud_instance end = *row;
    end.state = cloud_instance_state_show((enum cloud_instance_state)row->state,
                                          CLOUD_WANT_TERMINATED, CLOUD_SEEN_GONE, true);
    cloud_instance_save_seen(op->store, &end);
    cloud_instance_end(op->store, row->id, op->now_ms);
    cloud_image_touch(op->store, row->image);
    log_info("instance.terminated", "id", row->id, NULL);
}

/* A ClientToken answers for a day after its instances ended, so their rows stay as long. */
void cloud_instances_purge(struct cloud_op *op)
{
    int64_t keep = op->config->terminated_visible_ms > DAY_MS ? op->config->terminated_visible_ms
                                                              : DAY_MS;
    struct cloud_instances ended = cloud_instance_list_ended(op->store, op->arena,
                                                             op->now_ms - keep, PURGE_MAX);
    for (size_t i = 0; i < ended.len; i++) {
        const struct cloud_instance *row = &ended.list[i];
        cloud_tag_delete_all(op->store, row->id);
        cloud_console_delete(op->store, row->id);
        cloud_placement_delete(op->store, row->id);
        cloud_instance_delete(op->store, row->id);
        if (!cloud_reservation_has_rows(op->store, row->account, row->reservation))
            cloud_token_forget(op->store, row->account, "RunInstances", row->client_token,
                               row->reservation);
    }
}
