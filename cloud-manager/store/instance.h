/* instance.h - instances: what is wanted, what was seen, what is shown. Table instance.
 *
 * A row lives (is_live) until its cluster has said that the instance is gone; it is described for a
 * while after that, and kept a day longer so that its ClientToken still answers. */
#pragma once

#include "cloud-manager/store/row.h"

#include <stdbool.h>

#define CLOUD_INSTANCE_ROW(TEXT, INT)                                             \
    TEXT(id) /* i-... */                                                          \
    TEXT(account)                                                                 \
    TEXT(reservation) /* r-... */                                                 \
    INT(launch_index)                                                             \
    INT(minimum)                                                                  \
    INT(count)                                                                    \
    TEXT(image)                                                                   \
    TEXT(manifest)                                                                \
    INT(image_bytes)                                                              \
    INT(is_cdrom) /* so is its image: it starts with an empty disk */             \
    TEXT(architecture)                                                            \
    TEXT(boot_mode) /* of its image */                                            \
    TEXT(type)                                                                    \
    INT(vcpus)                                                                    \
    INT(memory_mib)                                                               \
    TEXT(key_name)                                                                \
    TEXT(key)       /* OpenSSH line */                                            \
    TEXT(user_data) /* base64 */                                                  \
    TEXT(client_token)                                                            \
    TEXT(on_shutdown) /* "stop", "terminate": when the guest powers itself off */ \
    INT(no_terminate) /* what only its owner's API call would end, is refused */  \
    INT(no_stop)                                                                  \
    INT(is_monitored)                                                             \
    INT(imds_off) /* options of its metadata service: model/imds.h */             \
    INT(imds_required)                                                            \
    INT(imds_tags)                                                                \
    INT(imds_hops)                                                                \
    INT(is_public) /* a public address is lent to it at each start */             \
    TEXT(root_device)                                                             \
    TEXT(letter) /* of its zone */                                                \
    TEXT(node)   /* the cluster; never changes */                                 \
    TEXT(vpc)                                                                     \
    TEXT(subnet)                                                                  \
    INT(launch_wall_ms)                                                           \
    INT(want)            /* enum cloud_want */                                    \
    INT(generation)      /* grows with each change of want */                     \
    INT(sent_generation) /* the cluster was told; 0 = nothing yet */              \
    INT(sent_rev)        /* under this revision; CLOUD_NOT_SENT */                \
    INT(reboot_n)                                                                 \
    INT(seen) /* enum cloud_instance_seen */                                      \
    INT(seen_generation)                                                          \
    INT(has_run)                                                                  \
    TEXT(status)        /* while it runs: GUEST_STATUSES of states.def */         \
    TEXT(status_why)    /* of "impaired", for people */                           \
    INT(status_wall_ms) /* since when */                                          \
    TEXT(step)          /* of a pending one: STEPs of states.def */               \
    INT(step_percent)                                                             \
    INT(state)        /* enum cloud_instance_state: what was last shown */        \
    TEXT(reason_code) /* EC2's StateReason code, "" = none */                     \
    TEXT(reason)      /* its message */                                           \
    INT(reason_wall_ms)                                                           \
    INT(groups_n) /* how often its security groups were changed */                \
    INT(is_live)                                                                  \
    INT(terminated_ms) /* daemon's time; 0 = not yet */                           \
    INT(is_dirty)

struct cloud_instance {
    ROW_FIELDS(CLOUD_INSTANCE_ROW)
};

/* sent_rev of what its cluster was not told yet: later than every revision. */
#define CLOUD_NOT_SENT INT64_MAX

struct cloud_instances {
    struct cloud_instance *list;
    size_t len;
};

void cloud_instance_insert(struct store *st, const struct cloud_instance *row);
/* Any account's; a caller's own are asked for by cloud_instance_of(). */
bool cloud_instance_get(struct store *st, struct arena *arena, const char *id,
                        struct cloud_instance *out);
/* That account's, if it may still be described: living, or ended at or after `since_ms`. */
bool cloud_instance_of(struct store *st, struct arena *arena, const char *account, const char *id,
                       int64_t since_ms, struct cloud_instance *out);
/* A piece of a list by reservation and launch index: what stands behind that place. */
struct cloud_instance_span {
    const char *reservation; /* "" = from the beginning */
    int64_t launch_index;
    int64_t max;  /* rows of a piece; below zero = all */
    bool is_over; /* no row stands behind it */
};

/* Those of an account that may be described; `span` goes on behind them. */
struct cloud_instances cloud_instance_list(struct store *st, struct arena *arena,
                                           const char *account, int64_t since_ms,
                                           struct cloud_instance_span *span);
struct cloud_instances cloud_instance_list_reservation(struct store *st, struct arena *arena,
                                                       const char *account,
                                                       const char *reservation);
struct cloud_instances cloud_instance_list_dirty(struct store *st, struct arena *arena);
/* Rows whose time has come, at most `max`. */
struct cloud_instances cloud_instance_list_ended(struct store *st, struct arena *arena,
                                                 int64_t before_ms, int64_t max);

/* What its owner asked: want, reboot_n, on_shutdown and the reason of `row`; one generation up. */
void cloud_instance_save_want(struct store *st, const struct cloud_instance *row);
/* Everything that can be changed after the launch and is no want: size, user data, on_shutdown, the
 * flags, the metadata options. The generation stays. */
void cloud_instance_save_attributes(struct store *st, const struct cloud_instance *row);
/* Its cluster is told of it again, under the same generation; of one that ended nobody is. */
void cloud_instance_tell_again(struct store *st, const char *id);
/* The same of the instance that is `resource` or has it: its wish carries the tags. */
void cloud_instance_tell_tags(struct store *st, const char *account, const char *resource);
/* status, status_why, status_wall_ms, step, step_percent of `row`. */
void cloud_instance_save_status(struct store *st, const struct cloud_instance *row);
/* seen, seen_generation, has_run, state, reason of `row`; marks it dirty. */
void cloud_instance_save_seen(struct store *st, const struct cloud_instance *row);
/* What it is told has changed beside its want: one generation up. */
void cloud_instance_touch(struct store *st, const char *id);
/* After a restore: its generation is at least that. */
void cloud_instance_raise(struct store *st, const char *id, int64_t generation);
/* Its groups are others now. Not a new want: what is known of it holds on. */
void cloud_instance_regroup(struct store *st, const char *id);
/* After a restore: as often as that. */
void cloud_instance_raise_groups(struct store *st, const char *id, int64_t groups_n);
void cloud_instance_settled(struct store *st, const char *id, int64_t sent_generation,
                            int64_t sent_rev);
void cloud_instance_end(struct store *st, const char *id, int64_t now_ms);
void cloud_instance_delete(struct store *st, const char *id);
bool cloud_reservation_has_rows(struct store *st, const char *account, const char *reservation);
/* The daemon's time at which the next row will have ended for `age_ms`; INT64_MAX = none. */
int64_t cloud_instance_next_end(struct store *st, int64_t age_ms);

/* Sums of one type. */
struct cloud_in_flight {
    const char *type;
    int64_t count, vcpus, memory_mib, disk_gib;
};
/* Living instances of a cluster that it may not have counted yet, by type: told after revision
 * `placed_rev`, or not told at all. What has run is counted: it keeps its place when stopped. */
struct cloud_in_flight *cloud_instance_in_flight(struct store *st, struct arena *arena,
                                                 const char *node, int64_t placed_rev, size_t *len);

/* What was said last of its placement, in `arena`; NULL when nothing was. */
const char *cloud_placement_get(struct store *st, struct arena *arena, const char *instance);
void cloud_placement_save(struct store *st, const char *instance, const char *body);
void cloud_placement_delete(struct store *st, const char *instance);
/* The last text of its console, in `arena`; NULL when there is none. */
const char *cloud_console_get(struct store *st, struct arena *arena, const char *instance,
                              int64_t *at_wall_ms);
void cloud_console_save(struct store *st, const char *instance, const char *text,
                        int64_t at_wall_ms);
void cloud_console_delete(struct store *st, const char *instance);
