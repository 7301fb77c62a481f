/* instance.h - rows of instances in this zone. */
#pragma once

#include "base/arena.h"
#include "base/store.h"
#include "cluster-manager/model/room.h"
#include "proto/wire/messages.h"

struct cluster_instance {
    const char *id;
    int64_t generation;
    const char *reservation;
    int64_t minimum;
    struct room need;
    int64_t guest_mib; /* the memory of the guest itself, which need counts with its overhead */
    int64_t since_ms;  /* now_ms when it first came */
    const char *host;  /* "" = nowhere yet */
    int64_t pepoch;
    bool is_refused, is_ending;
    int64_t tries; /* placements after the first */
};

/* Texts live in `arena`. */
bool cluster_instance_load(struct store *st, const char *id, struct arena *arena,
                           struct cluster_instance *out);
/* Takes the newest wish; placement and epoch stay. */
void cluster_instance_save(struct store *st, const struct wire_item *wish,
                           const struct wire_instance *body, int64_t now_ms);
void cluster_instance_place(struct store *st, const char *id, const char *host, int64_t pepoch);
void cluster_instance_refuse(struct store *st, const char *id);
void cluster_instance_end(struct store *st, const char *id, int64_t generation);
void cluster_instance_delete(struct store *st, const char *id);
void cluster_instance_exclude(struct store *st, const char *id, const char *host);
/* Is any instance waiting for a host? */
bool cluster_instance_any_waiting(struct store *st);
/* The cloud's revision of the oldest that is; INT64_MAX = none. */
int64_t cluster_instance_first_waiting(struct store *st);
/* The sums of all hosts. */
struct cluster_placed {
    int64_t instances;
    int64_t waiting; /* for a host; 1000 at most are counted */
    struct room use;
};
struct cluster_placed cluster_instance_placed(struct store *st);
