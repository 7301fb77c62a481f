/* host.h - the inside of the core: what its parts share. Nobody else includes it. */
#pragma once

#include "base/due.h"
#include "base/list.h"
#include "base/map.h"
#include "computer-manager/core.h"
#include "computer-manager/model/pace.h"
#include "computer-manager/model/record.h"
#include "computer-manager/model/wish.h"
#include "computer-manager/plan/plan_record.h"
#include "proto/sync/child.h"

/* An image's base: fetched once, however many instances wait for it. */
struct host_base {
    bool is_ready;
    uint64_t job_id;
    uint64_t ready_job; /* jobs given out before it was ready: a listing of those says nothing */
    int64_t attempt, next_ms;
    int64_t size_bytes; /* as listed while it is here, else as promised; 0 = not known */
    bool is_listed;     /* it is whole, as the newest listing of disks says */
    char why[128];      /* the last try came to nothing; "" = it did not */
    int64_t percent;    /* of it that is here, in tens, while it is fetched */
};

/* An image that is to be here before anybody starts from it. */
struct host_seed {
    struct host_disk_base fetch;
    int64_t generation;
    bool fits; /* as last judged: then it is pinned */
    int64_t left_bytes;
};

/* After so many tries in vain a placement is refused. */
enum { HOST_FETCH_ATTEMPTS = 6 };

/* Who asked for a console last; the answer is ephemeral, so a few are enough. */
enum { HOST_CONSOLES = 8 };
struct host_console {
    uint64_t job_id;
    char instance[HOST_ID_SIZE];
};

struct host_core {
    struct store *store;
    struct rng rng;
    const struct host_config *config;
    struct sync_child up;
    struct map records;           /* "id/pepoch" -> struct host_record: cache of the record table */
    struct map instances;         /* id -> one of its records; the others are its twins */
    struct list marked;           /* records that are to be planned (records.c) */
    struct due_heap dues;         /* records that are to be planned at a time */
    struct host_port *port;       /* compiled of the record at hand; owned */
    size_t queue_len;             /* records that wait for their turn to start */
    struct map bases;             /* manifest -> struct host_base */
    struct map seeds;             /* image -> struct host_seed */
    struct map groups;            /* group -> struct host_group */
    struct map pages;             /* id of a wish of members -> what it is of (groups.c) */
    bool groups_differ;           /* some may have something to tell */
    int64_t groups_due_ms;        /* or have it again by time */
    struct map peers;             /* port elsewhere -> its wish (peers.c) */
    struct map reaches;           /* network -> struct host_reach */
    bool peers_leave;             /* some wishes of peers were dropped and are not called gone */
    struct host_hv_probe probe;   /* zero until the hypervisor was probed */
    struct host_disk_list *disks; /* newest; NULL until listed */
    char boot[HOST_NAME_SIZE];    /* of the machine, as last listed */
    char fresh_boot[HOST_NAME_SIZE]; /* the boot in which wishes were last fresh (R16) */
    struct host_load load;           /* of the machine, as last listed */
    char hv_health[HOST_NAME_SIZE];  /* why the hypervisor does not list; "" = it does */
    struct host_console consoles[HOST_CONSOLES];
    size_t consoles_next;
    int64_t due_ms;   /* what is no record waits for this by time, now_ms */
    bool is_dirty;    /* a record is marked, or something else may be to do */
    int64_t heard_ms; /* now_ms since when guests' answers are listened for */
    uint64_t last_job;
    uint64_t sealed_job, sealed_before; /* last_job at the last two seals */
    bool is_sealed;                     /* no step since the last seal */
    uint64_t order_seq;                 /* counts orders to the hypervisor and their ends */
    uint64_t list_job, list_seq;        /* outstanding listing, and order_seq when it was asked */
    int64_t list_next_ms;
    uint64_t net_list_job, net_list_seq; /* the same of the network's listing */
    int64_t net_list_next_ms;
    bool has_strays; /* domains that nobody wishes are left alone, and so are all ports */
    uint64_t probe_job, disks_job;
    uint64_t evict_job;
    struct host_share_key share, shared; /* key of grants: as wished, and as in force; "" = none */
    uint64_t share_job;
    int64_t share_attempt, share_next_ms;
    int64_t disks_next_ms, probe_next_ms;
    struct arena answer; /* of host_core_metadata; reset at each call */
    struct effects *out; /* of the step at hand; NULL outside */
    struct event at;     /* clocks of the step at hand */
};

/* api/cluster.c: what the cluster wishes. */
struct sync_child_hooks host_cluster_hooks(struct host_core *c);

/* act.c: turns what is to do into jobs. Called at the end of each step. */
void host_act(struct host_core *c);
/* act.c: when host_act next has something to do by itself, in now_ms. */
int64_t host_act_due_ms(const struct host_core *c);
/* done.c: takes the result of a job. */
void host_done(struct host_core *c, const struct job_done *done);

/* starts.c: who is to be started now; NULL = nobody, or no more at once. */
struct host_record *host_starts_next(const struct host_core *c);
/* It is ready and waits for its turn from now on, or not any more. */
void host_starts_queue(struct host_core *c, struct host_record *r, bool waits);
void host_starts_note_load(struct host_core *c, int64_t idle_permille);

/* steps.c: what is being done for it now, `base` being fetched or NULL; says it where it is news.
 * When to ask again, in now_ms: what is told too soon after another step waits; INT64_MAX = never.
 */
int64_t host_steps_note(struct host_core *c, struct host_record *r, enum instance_step step,
                        const struct host_base *base);
/* It was said, or waits to be. */
bool host_steps_are_told(const struct host_core *c, const struct host_record *r,
                         enum instance_step step, const struct host_base *base);
/* steps.c: takes a HOST_DISK_PROGRESS. */
void host_steps_hear(struct host_core *c, const struct job_done *said);

/* cache.c: has bases go where their bounds do not hold; the disks were just listed. */
void host_cache_check(struct host_core *c);
void host_cache_done(struct host_core *c, const struct job_done *done);
/* cache.c: the base of that name; made known where it was not. */
struct host_base *host_cache_base(struct host_core *c, const char *manifest);
/* cache.c: has it fetched, unless it is being fetched or a try is waited for. */
void host_cache_fetch(struct host_core *c, const struct host_disk_base *spec);
bool host_cache_may_fetch(const struct host_core *c, const struct host_base *base);
/* cache.c: what came of a fetch; true = it is not to be had. */
bool host_cache_fetched(struct host_core *c, const char *manifest, struct host_base *base,
                        const struct job_done *done);
/* cache.c: the disks were just listed, by that job. */
void host_cache_listed(struct host_core *c, uint64_t job_id);

/* seeds.c: images that are to be here before anybody starts from them. */
void host_seeds_load(struct host_core *c);
enum err_code host_seeds_take(struct host_core *c, const struct wire_item *wish,
                              struct arena *arena, struct err *err);
/* Which of them fit, beside what else is kept. */
void host_seeds_judge(struct host_core *c);
void host_seeds_act(struct host_core *c);

/* share.c: images of this host for others of the cluster. */
void host_share_load(struct host_core *c);
enum err_code host_share_take(struct host_core *c, const struct wire_item *wish,
                              struct arena *arena, struct err *err);
void host_share_act(struct host_core *c);
int64_t host_share_due_ms(const struct host_core *c);
void host_share_done(struct host_core *c, const struct job_done *done);
/* share.c: which bases are here, and which are not any more. */
void host_share_say(struct host_core *c);
/* share.c: whom to ask before dos, out of a wish. */
void host_share_sources(struct host_disk_base *spec, const struct wire_source *from, size_t len);

/* cache.c: is there room for a guest that starts? Unknown counts as room. */
bool host_cache_has_room(const struct host_core *c);

/* done_net.c: takes a listing of ports. */
void host_done_net(struct host_core *c, const struct job_done *done);

/* records.c: the records in RAM; the table of the store is the caller's. */
void host_records_add(struct host_core *c, struct host_record *r); /* takes it */
void host_records_remove(struct host_core *c, struct host_record *r);
void host_records_free(struct map *records);
/* None is marked, due or a twin any more: before all are read anew. */
void host_records_forget(struct host_core *c);
/* No other placement of its instance may have a domain here (R8). */
bool host_record_is_alone(const struct host_core *c, const struct host_record *r);
/* records.c says what marks what. */
void host_mark(struct host_core *c, struct host_record *r);
void host_mark_twins(struct host_core *c, const struct host_record *r);
void host_mark_all(struct host_core *c);
void host_mark_base(struct host_core *c, const char *manifest);
void host_mark_group(struct host_core *c, const char *group);
void host_mark_due(struct host_core *c);
/* One that is to be planned, not marked any more; NULL = no more. */
struct host_record *host_marked_next(struct host_core *c);

/* wish.c: what is kept of a wish; NULL: it is malformed. */
struct host_wish *host_wish_new(struct host_core *c, const char *instance,
                                const struct wire_instance *body, struct err *err);
/* It is wished from now on; takes it. NULL = whatever the store has, when it is looked for. */
void host_wish_set(struct host_record *r, struct host_wish *w);
/* Complete; NULL where it is to go, or has no wish that could be read. */
const struct host_wish *host_wish_of(struct host_core *c, struct host_record *r);
/* As it came, from the store; texts in `arena`. */
bool host_wish_body(struct host_core *c, const struct host_record *r, struct arena *arena,
                    struct wire_instance *out);
/* Its port with the rules of its groups, as computer-network is told. */
void host_wish_port(const struct host_core *c, const struct host_wish *w, struct host_port *out);
bool host_wish_is_in(const struct host_wish *w, const char *group);
void host_wish_free(struct host_wish *w);

/* act.c: what a plan looks at beside the record; without a turn to start. */
struct host_view host_act_view(const struct host_core *c, const struct host_record *r,
                               const struct host_wish *w);
/* orders.c: does what was planned; after GONE the record is no more. */
void host_order(struct host_core *c, struct host_record *r, const struct host_wish *w,
                enum host_action action);

/* pulse.c: a port was listed, its guest answered so long ago (-1 = not known). */
void host_pulse_hear(struct host_core *c, struct host_record *r, int64_t age_ms);
/* pulse.c: what the status is now, and whether that is news. */
bool host_pulse_judge(const struct host_core *c, struct host_record *r);
const char *host_pulse_why(const struct host_core *c, const struct host_record *r);

/* groups.c: security groups of this host's ports, and their members. */
void host_groups_load(struct host_core *c);
void host_groups_free(struct host_core *c);
enum err_code host_groups_take(struct host_core *c, const struct wire_item *wish,
                               struct arena *arena, const struct event *ev, struct err *err);
enum err_code host_groups_take_page(struct host_core *c, const struct wire_item *wish,
                                    struct arena *arena, const struct event *ev, struct err *err);
void host_groups_act(struct host_core *c);
void host_groups_done(struct host_core *c, const struct job_done *done);
/* computer-network may have lost those of that network: they are told anew. */
void host_groups_forget(struct host_core *c, int64_t vni);

/* peers.c: who of this host's networks lives on other hosts. */
void host_peers_load(struct host_core *c);
void host_peers_free(struct host_core *c);
enum err_code host_peers_take(struct host_core *c, const struct wire_item *wish,
                              struct arena *arena, struct err *err);
void host_peers_act(struct host_core *c);
int64_t host_peers_due_ms(const struct host_core *c);
void host_peers_done(struct host_core *c, const struct job_done *done);
/* The network as it was just heard of; true: it was made anew, and knows nobody. */
bool host_peers_note_network(struct host_core *c, int64_t vni, int64_t network);
/* The address is no port's here any more; 0 = which one is not known. */
void host_peers_touch(struct host_core *c, int64_t vni, uint32_t address);

/* report.c: core.report; `self` is the core. */
void host_report(const void *self, const struct instant *now, struct report *r);

/* say.c: where this host's tunnels end. */
void host_say_tunnel(struct host_core *c);
/* say.c: says the fact of a record, if it changed. */
void host_say(struct host_core *c, const struct host_record *r);

/* A job: its id. */
uint64_t host_job(struct host_core *c, int kind, const void *spec, size_t size);
/* How long a first start may take, with an image of that size to fetch. */
int64_t host_start_ms(int64_t image_bytes);
uint64_t host_job_within(struct host_core *c, int kind, const void *spec, size_t size,
                         int64_t timeout_ms);
/* Milliseconds to wait after `attempt` failures: 1 s, 2 s, 4 s ... 30 s. */
int64_t host_backoff_ms(int64_t attempt);
