/* cluster_rig.h - a cluster-manager's core in a test, between a cloud and hosts that the test
 * plays. Virtual time; the store is real SQL in memory. */
#pragma once

#include "base/turn.h"
#include "cluster-manager/core.h"
#include "proto/wire/messages.h"

#include <stdbool.h>

enum { CLUSTER_RIG_HOSTS = 3, CLUSTER_RIG_ITEMS = 32 };

/* A host: "h1", "h2", "h3". */
struct cluster_rig_host {
    char node[8], boot[8];
    int64_t boot_n, seq, acked, fact, applied;
    uint64_t sum;
    const char *capacity, *health; /* of its next syncs */
    char start_id[40], store_id[40];
    struct wire_item held[CLUSTER_RIG_ITEMS]; /* every wish and tombstone; in the rig's arena */
    size_t held_len;
    struct {
        const char *id;
        uint64_t hash; /* of its live fact */
    } said[CLUSTER_RIG_ITEMS];
    size_t said_len;
    struct wire_sync_reply last;
};

struct cluster_rig {
    struct store *store;
    struct rng_seeded seed;
    struct rng rng;
    struct cluster_config config;
    struct cluster_core *core;
    struct turn turn;
    struct instant at;
    struct arena arena; /* what the test was given to read */
    struct cluster_rig_host hosts[CLUSTER_RIG_HOSTS];
    /* as the cloud: */
    struct wire_sync_request idle, busy;      /* its newest syncs of both kinds */
    uint64_t idle_call, busy_call;            /* 0 = answered */
    struct wire_item want[CLUSTER_RIG_ITEMS]; /* live wishes */
    size_t want_len;
    int64_t rev;
    /* of the request at hand: */
    uint64_t request;
    int status;
    const char *answer;
};

/* A cluster with its three hosts known, started; none was heard yet. */
void cluster_rig_init(struct cluster_rig *r);
void cluster_rig_fini(struct cluster_rig *r);
/* The store as it was when `dump` was made, opened as the restore tool leaves it. */
void cluster_rig_restore(struct cluster_rig *r, const void *dump, size_t len);
void cluster_rig_restart(struct cluster_rig *r);             /* as after a kill */
void cluster_rig_advance(struct cluster_rig *r, int64_t ms); /* and ticks */

/* The cloud answers with one wish more (`gone` "" and a body) or with an end. */
void cluster_rig_wish(struct cluster_rig *r, const char *kind, const char *id, int64_t generation,
                      const char *gone, const char *body);
/* The cloud takes what facts there are, and asks something ephemeral with its answer; what is told
 * stands in the next syncs. */
void cluster_rig_ask(struct cluster_rig *r, const char *kind, const char *id);
/* The wish of an instance with that memory, one vCPU and 1 GiB of disk. */
const char *cluster_rig_instance(struct cluster_rig *r, int memory_mib);
/* The cloud answers, so that the next sync comes; gives what it says of its room. */
struct wire_capacity cluster_rig_capacity(struct cluster_rig *r);
/* What it said of that instance last, or NULL. */
const struct wire_item *cluster_rig_said(const struct cluster_rig *r, const char *id);

/* A sync of a host, with a fact of `kind` unless that is NULL; body NULL = gone. */
void cluster_rig_host(struct cluster_rig *r, struct cluster_rig_host *h, const char *kind,
                      const char *id, int64_t pepoch, const char *body);
/* A new run of it; with `is_new` over an empty store, as after it was installed anew. */
void cluster_rig_reboot(struct cluster_rig_host *h, bool is_new);
/* The host returns all it holds; what it sees it says with its next sync. */
void cluster_rig_return(struct cluster_rig *r, struct cluster_rig_host *h);
/* The wish of that instance that the host has, or NULL. */
const struct wire_item *cluster_rig_held(const struct cluster_rig_host *h, const char *id);
