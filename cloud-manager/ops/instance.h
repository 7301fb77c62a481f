/* instance.h - instances: launching, what their owner asks of them, what their cluster says. */
#pragma once

#include "cloud-manager/model/imds.h"
#include "cloud-manager/model/instance_state.h"
#include "cloud-manager/ops/op.h"
#include "cloud-manager/ops/tag.h"
#include "cloud-manager/store/instance.h"
#include "cloud-manager/store/network.h"
#include "cloud-manager/store/volume.h"
#include "proto/wire/messages.h"

enum { CLOUD_LAUNCH_MAX = 1000, CLOUD_PORT_GROUPS_MAX = 5, CLOUD_USER_DATA_MAX = 16384 };

/* What RunInstances asks for. Texts are "" when absent. */
struct cloud_launch {
    const char *image, *type, *key_name;
    const char *user_data;    /* base64, checked */
    const char *client_token; /* with params_hash: what it stands for */
    const char *params_hash;
    const char *zone, *subnet;
    const char *on_shutdown; /* "stop", "terminate" */
    bool no_terminate, no_stop, is_monitored;
    struct cloud_imds imds;
    const char *address;     /* of the one instance */
    const char *description; /* of its interface */
    enum cloud_wish_public {
        CLOUD_PUBLIC_AS_SUBNET, /* one if there is a free one */
        CLOUD_PUBLIC_YES,       /* or it is not launched */
        CLOUD_PUBLIC_NO
    } public_address;
    int64_t min, max;
    const char *const *groups; /* ids */
    size_t groups_len;
    const char *const *group_names; /* in the default VPC */
    size_t group_names_len;
    const char *device; /* of the mapping that was given, or "" */
    int64_t disk_gib;   /* 0 = as the image says */
    const char *volume_type;
    struct cloud_tag_specs tags;
};

/* All or nothing, in this transaction; gives the rows. A ClientToken seen before gives those of the
 * reservation of then, as they are now. */
enum err_code cloud_instance_run(struct cloud_op *op, const struct cloud_launch *launch,
                                 struct cloud_instances *out, struct err *err);

/* Instances with their state before; `list[i]` is the row after, `before[i]` the state before. */
struct cloud_changes {
    struct cloud_instance *list;
    enum cloud_instance_state *before;
    size_t len;
};

/* Each works on all of `ids` or on none. Repeating one that is done is fine. ERR_NOT_PERMITTED: its
 * owner has protected one of them from that. */
enum err_code cloud_instances_start(struct cloud_op *op, const char *const *ids, size_t len,
                                    struct cloud_changes *out, struct err *err);
enum err_code cloud_instances_stop(struct cloud_op *op, const char *const *ids, size_t len,
                                   struct cloud_changes *out, struct err *err);
enum err_code cloud_instances_reboot(struct cloud_op *op, const char *const *ids, size_t len,
                                     struct cloud_changes *out, struct err *err);
enum err_code cloud_instances_terminate(struct cloud_op *op, const char *const *ids, size_t len,
                                        struct cloud_changes *out, struct err *err);

/* The caller's, by id: ERR_INSTANCE_MALFORMED, ERR_INSTANCE_NOT_FOUND. */
enum err_code cloud_instance_find(const struct cloud_op *op, const char *id,
                                  struct cloud_instance *out, struct err *err);
/* The caller's in that span, or those named, which are one piece. By reservation and launch index.
 * `action` is whichever describes them. Beside ids `span` may be NULL. */
enum err_code cloud_instances_describe(struct cloud_op *op, enum cloud_action_id action,
                                       const char *const *ids, size_t len,
                                       struct cloud_instance_span *span,
                                       struct cloud_instances *out, struct err *err);

/* A fact of kind "instance" from its cluster. */
void cloud_instance_hear(struct cloud_op *op, const char *node, const struct wire_item *fact);
/* It is gone: gives back address, disk and quota. */
void cloud_instance_free(struct cloud_op *op, const struct cloud_instance *row);
/* Removes rows whose time has passed. */
void cloud_instances_purge(struct cloud_op *op);
