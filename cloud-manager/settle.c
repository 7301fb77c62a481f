/* settle.c - what is marked is planned, and what is planned is done: children are told.
 *
 * Runs once a turn, after its events and before the sync is sealed. Only rows decide; whatever
 * happens before COMMIT is undone with them, whatever after is planned again. */
#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "cloud-manager/api/wish.h"
#include "cloud-manager/ops/instance.h"
#include "cloud-manager/ops/public_address.h"
#include "cloud-manager/plan/image.h"
#include "cloud-manager/plan/instance.h"
#include "cloud-manager/plan/public_address.h"
#include "cloud-manager/state.h"
#include "cloud-manager/store/account.h"
#include "cloud-manager/store/drain.h"
#include "cloud-manager/store/seed.h"

#include <string.h>

/* The cloud's own placement of an instance never changes: the cluster counts its own. */
enum { INSTANCE_PEPOCH = 1, NO_PEPOCH = 0 };

enum { KEYS_EVERY_MS = 1000 };

static enum cloud_sent sent_of(int64_t sent, int64_t generation)
{
    return sent == 0 ? CLOUD_SENT_NEVER : sent < generation ? CLOUD_SENT_OLD : CLOUD_SENT_CURRENT;
}

static void tell_instance(struct cloud_core *c, struct cloud_op *op,
                          const struct cloud_instance *row)
{
    CLEANUP(buf_fini) struct buf body = {0};
    cloud_wish_instance(op, row, &body);
    sync_parent_want(&c->parent, row->node, "instance", row->id, row->generation, INSTANCE_PEPOCH,
                     buf_str(&body));
}

static void end_instance(struct cloud_core *c, struct cloud_op *op,
                         const struct cloud_instance *row)
{
    CLEANUP(buf_fini) struct buf body = {0};
    cloud_wish_end(op, row, &body);
    sync_parent_end_with(&c->parent, row->node, "instance", row->id, row->generation,
                         INSTANCE_PEPOCH, "deleted", buf_str(&body));
}

static void settle_instance(struct cloud_core *c, struct cloud_op *op,
                            const struct cloud_instance *row)
{
    enum cloud_instance_action action = cloud_plan_instance(
        (enum cloud_want)row->want, sent_of(row->sent_generation, row->generation),
        row->seen == CLOUD_SEEN_GONE);
    switch (action) {
    case CLOUD_INSTANCE_WAIT:
        cloud_instance_settled(c->store, row->id, row->sent_generation, row->sent_rev);
        return;
    case CLOUD_INSTANCE_WISH:
        tell_instance(c, op, row);
        break;
    case CLOUD_INSTANCE_END:
        end_instance(c, op, row);
        break;
    case CLOUD_INSTANCE_FREE:
        cloud_instance_free(op, row);
        return;
    }
    cloud_instance_settled(c->store, row->id, row->generation, sync_parent_rev(&c->parent));
}

static void settle_instances(struct cloud_core *c, struct cloud_op *op)
{
    struct cloud_instances dirty = cloud_instance_list_dirty(c->store, op->arena);
    for (size_t i = 0; i < dirty.len; i++)
        settle_instance(c, op, &dirty.list[i]);
}

static void settle_image(struct cloud_core *c, struct cloud_op *op, const struct cloud_image *row)
{
    CLEANUP(buf_fini) struct buf body = {0};
    enum cloud_image_action action = cloud_plan_image(
        row->is_named != 0, cloud_image_is_needed(c->store, row->id),
        sent_of(row->sent_generation, row->generation), row->is_gone != 0);
    switch (action) {
    case CLOUD_IMAGE_WAIT:
        cloud_image_settled(c->store, row->id, row->sent_generation);
        return;
    case CLOUD_IMAGE_WISH:
        cloud_wish_image(op, row, &body);
        sync_parent_want(&c->parent, row->node, "image", row->id, row->generation, NO_PEPOCH,
                         buf_str(&body));
        break;
    case CLOUD_IMAGE_END:
        sync_parent_end(&c->parent, row->node, "image", row->id, row->generation, NO_PEPOCH,
                        "deleted");
        break;
    case CLOUD_IMAGE_FORGET:
        cloud_seed_forget(c->store, row->id);
        cloud_image_delete(c->store, row->id);
        return;
    }
    cloud_image_settled(c->store, row->id, row->generation);
}

static void settle_images(struct cloud_core *c, struct cloud_op *op)
{
    size_t len;
    const struct cloud_image *dirty = cloud_image_list_dirty(c->store, op->arena, &len);
    for (size_t i = 0; i < len; i++)
        settle_image(c, op, &dirty[i]);
}

/* A host takes no instances for as long as the wish stands; nothing is made from it. */
static void settle_drains(struct cloud_core *c, struct cloud_op *op)
{
    size_t len;
    const struct cloud_drain *dirty = cloud_drain_list_dirty(c->store, op->arena, &len);
    for (size_t i = 0; i < len; i++) {
        const struct cloud_drain *d = &dirty[i];
        if (d->is_wanted)
            sync_parent_want(&c->parent, d->node, "drain", d->host, d->generation, NO_PEPOCH, "{}");
        else
            sync_parent_drop(&c->parent, d->node, "drain", d->host);
    }
    if (len > 0)
        cloud_drains_settled(c->store);
}

/* One that a restore found again waits until dos has said what it is. */
static void settle_seed(struct cloud_core *c, struct cloud_op *op, const struct cloud_seed *row)
{
    CLEANUP(buf_fini) struct buf body = {0};
    struct cloud_image image = {.manifest = ""};
    bool is_known = cloud_image_get(c->store, op->arena, row->image, &image);
    if (row->is_wanted != 0 && is_known && *image.manifest == '\0')
        return;
    if (row->is_wanted != 0 && is_known) {
        cloud_wish_seed(op, &image, &body);
        sync_parent_want(&c->parent, row->node, "seed", row->image, row->generation, NO_PEPOCH,
                         buf_str(&body));
    } else {
        sync_parent_drop(&c->parent, row->node, "seed", row->image);
    }
    cloud_seed_settled(c->store, row->node, row->image);
}

/* Before images: what ends with its image is told while the image is still known. */
static void settle_seeds(struct cloud_core *c, struct cloud_op *op)
{
    size_t len;
    const struct cloud_seed *dirty = cloud_seed_list_dirty(c->store, op->arena, &len);
    for (size_t i = 0; i < len; i++)
        settle_seed(c, op, &dirty[i]);
}

/* An admin's command may have made an account beside this process; dos is told of its key. */
static void settle_keys(struct cloud_core *c, const struct cloud_op *op, const struct event *ev)
{
    if (op->mono_ms < c->keys_due_mono_ms)
        return;
    c->keys_due_mono_ms = op->mono_ms + KEYS_EVERY_MS;
    int64_t count = cloud_access_key_count(c->store);
    if (count != c->keys_told)
        cloud_settle_nodes(c, ev);
    c->keys_told = count;
}

/* Whoever is given one is told with the instance, which is settled next. */
static void settle_public(struct cloud_core *c, struct cloud_public *row)
{
    switch (cloud_plan_public(row->want, row->held, *row->allocation != '\0')) {
    case CLOUD_PUBLIC_WAIT:
        break;
    case CLOUD_PUBLIC_GIVE:
        row->held = row->want;
        row->held_generation = 0;
        cloud_public_save(c->store, row);
        cloud_instance_touch(c->store, row->want);
        break;
    case CLOUD_PUBLIC_FORGET:
        cloud_public_delete(c->store, row->address);
        return;
    }
    cloud_public_settled(c->store, row->address);
}

static void settle_publics(struct cloud_core *c, struct cloud_op *op)
{
    struct cloud_publics dirty = cloud_public_list_dirty(c->store, op->arena);
    for (size_t i = 0; i < dirty.len; i++)
        settle_public(c, &dirty.list[i]);
}

void cloud_settle(struct cloud_core *c, const struct event *ev)
{
    struct cloud_op op = cloud_core_op(c, ev);
    if (op.is_recovering)
        return; /* R14: nothing is wished, freed or made; what is marked stays marked */
    settle_publics(c, &op);
    settle_instances(c, &op);
    settle_seeds(c, &op);
    settle_images(c, &op);
    cloud_settle_groups(c, &op);
    settle_drains(c, &op);
    settle_keys(c, &op, ev);
}
