/* cluster.h - the inside of the core: what its parts share. Nobody else includes it. */
#pragma once

#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "cluster-manager/core.h"
#include "cluster-manager/model/zone.h"
#include "proto/sync/admit.h"
#include "proto/sync/child.h"
#include "proto/sync/parent.h"

/* Every host that said something of itself in this run, by name (ops/roster.h). */
struct cluster_roster {
    struct place_host *hosts;
    struct cluster_host **of; /* in the same order */
    size_t len;
    struct zone zone;       /* the sums over them */
    struct list noted;      /* struct cluster_host: to be looked at again */
    int64_t silent_mono_ms; /* until then nobody who is up falls silent */
    bool is_whole;          /* false: all of it is read anew */
    bool is_read;           /* in the step at hand, whose rows may be rolled back */
};

struct cluster_core {
    struct store *store;
    struct rng rng;
    const struct cluster_config *config;
    struct sync_child up;    /* the link to the cloud-manager */
    struct sync_parent down; /* the links to the hosts */
    struct admit admit;      /* hosts that join */
    struct map rooms;        /* host -> struct cluster_host: what each last said of itself */
    struct cluster_roster roster;
    struct effects *out;    /* of the step at hand; NULL outside */
    int64_t mono_ms;        /* of the step at hand */
    int64_t listed_mono_ms; /* when the cloud was told of all hosts last; 0 = not yet */
    int64_t retry_mono_ms;  /* unplaced instances are looked at again; INT64_MAX = none wait */
    char placed_to[128];    /* the last reservation that this round of them looked at; "" = none */
    bool has_come;          /* one more waits since the round began */
    uint64_t next_job;
};

/* A host's word about itself; ephemeral. */
struct cluster_host {
    char node[64];
    struct buf said;   /* its word of its room, as it came */
    struct room total; /* after the machine's reserve */
    char health[128];  /* "" = well; else why it takes no new instances */
    int64_t instances; /* placed there; ops/roster.c reads it */
    size_t at;         /* place in the roster */
    struct list noted; /* heard, or counted with more than its rows: looked at again */
    bool is_counted;
};

/* api/cloud.c: what the cloud wishes. */
struct sync_child_hooks cluster_cloud_hooks(struct cluster_core *c);
/* api/host.c: what hosts say. */
struct sync_parent_hooks cluster_host_hooks(struct cluster_core *c);
/* api/host.c: the wish of an instance is here (again): what its host said last is judged by it. */
void cluster_hear_again(struct cluster_core *c, const char *host, const char *id, int64_t pepoch,
                        const struct event *ev);

/* ops/place.c: finds hosts for all that wait for one. */
void cluster_place_waiting(struct cluster_core *c, const struct event *ev);
/* ops/place.c: another host for one that its host would not start; false when there is none. */
bool cluster_place_again(struct cluster_core *c, const char *id, const char *why,
                         const struct event *ev);
/* ops/end.c: the cloud wishes the end of an instance. */
void cluster_end(struct cluster_core *c, const char *id, int64_t generation,
                 const struct event *ev);
/* ops/end.c: a host has nothing of it left; when none has, the cloud hears it. */
void cluster_end_confirmed(struct cluster_core *c, const char *id, const struct event *ev);
/* ops/end.c: after RECOVERY, every end that is wished and not done. */
void cluster_end_wished(struct cluster_core *c, const struct event *ev);
/* ops/group.c: tells hosts of the security groups that they need, and of no others. Once a step. */
void cluster_group_settle(struct cluster_core *c);
/* ops/group.c: what the cloud wishes of a group: its rules, and a page of its members. */
enum err_code cluster_group_take(struct cluster_core *c, const struct wire_item *wish,
                                 struct arena *arena, const struct event *ev, struct err *err);
enum err_code cluster_group_take_page(struct cluster_core *c, const struct wire_item *wish,
                                      struct arena *arena, const struct event *ev, struct err *err);
/* ops/underlay.c: tells hosts who of their networks lives on which other host. Once a step. */
void cluster_underlay_settle(struct cluster_core *c);
/* ops/underlay.c: a host says where its tunnels end. */
void cluster_underlay_hear(struct cluster_core *c, const char *host, const struct wire_item *fact);
/* ops/recover.c: merges what hosts returned with what this store remembers. */
void cluster_recover(void *core, const struct event *ev);
/* report.c: core.report; `self` is the core. */
void cluster_report(const void *self, const struct instant *now, struct report *r);
/* ops/capacity.c: the zone's room, for the cloud. */
void cluster_capacity_encode(struct cluster_core *c, struct buf *out);
