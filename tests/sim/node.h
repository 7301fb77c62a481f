/* node.h - one daemon on its machine: a real core, a real store, a real turn; a clock, a boot
 * and a life of our making.
 *
 * A crash drops the core and rolls the store back; what is durable, and what runs on the
 * machine, stays. Whatever is under way names the life that it belongs to. */
#pragma once

#include "base/rng.h"
#include "base/turn.h"
#include "tests/sim/clock.h"
#include "tests/sim/world.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SIM_NAME_SIZE = 32, SIM_PENDING_MAX = 512 };

/* A kind of daemon. Each function is told the node; `core` is what core_new made. */
struct sim_tier {
    const char *name;
    const struct store_schema *schema;
    /* Writes what an installation writes before the first start (root account, known peers). */
    void (*found)(struct sim_node *n);
    void *(*core_new)(struct sim_node *n, const struct rng *rng);
    void (*core_free)(void *core);
    struct core (*as_core)(void *core);
    /* A job leaves the core after COMMIT; sim_job_* brings the answer. */
    void (*job)(struct sim_node *n, const struct effect_job *job);
    /* The machine lost its power, or has it again; may be NULL. */
    void (*power)(struct sim_node *n, bool is_on);
    /* Opens a restored store in RECOVERY (PROTOCOL R14); NULL: a tier that is never restored. */
    void (*restore)(struct store *st, const struct rng *rng);
};

struct sim_parcel;

/* An event that waits for its turn, and the memory that it points into. */
struct sim_inbox_item {
    struct event event;
    struct sim_parcel *parcel; /* of requests and replies; owned */
    void *result;              /* of a job; owned */
};

/* A request that was given to the core and not answered yet. */
struct sim_pending {
    uint64_t request_id, call;
    struct sim_node *from; /* NULL: a client */
    bool is_forged;
};

enum sim_crash {
    SIM_CRASH_NONE,
    SIM_CRASH_BEFORE,
    SIM_CRASH_AFTER,
    SIM_CRASH_LOSE,
    SIM_CRASH_DISK
};

struct sim_node {
    struct sim_world *world;
    size_t index;
    char name[SIM_NAME_SIZE];
    char serial[40];                  /* of its certificate, hex */
    int64_t certified_ms, expires_ms; /* when that was made, and how long it is good: dates */
    const struct sim_tier *tier;
    struct sim_node *parent; /* whom it dials; NULL: nobody */
    void *machine;           /* what outlives the daemon; the scene's own */
    struct sim_clock clock;
    struct store *store;
    struct sim_disk *disk;    /* level B; NULL: the store is in memory, and a crash is a rollback */
    struct rng_seeded random; /* of the core */
    struct rng_seeded luck;   /* of what its disk had not synced */
    int64_t frozen_ms;        /* until then it stands still (SIGSTOP) */
    bool is_powered;
    bool is_held;               /* not installed yet: it does not start */
    bool is_later;              /* it speaks the next version of the protocol (version.h) */
    bool is_broken;             /* it does not start, and has no power again (damage.h) */
    unsigned char link_key[32]; /* of a child of the cloud; what joining gave */
    void *core;                 /* NULL while the daemon is down */
    struct core real;           /* of the core; the turn holds a wrapper */
    struct turn turn;
    struct arena arena;
    uint64_t life;                /* counts starts */
    uint64_t boot;                /* counts boots of the machine */
    uint64_t heard_boot;          /* the last in which its parent answered a sync */
    struct sim_inbox_item *inbox; /* owned */
    size_t inbox_len, inbox_cap;
    bool turn_is_due;
    uint64_t tick; /* number of the tick that counts */
    int64_t tick_at_ms;
    struct sim_pending pending[SIM_PENDING_MAX];
    size_t pending_len;
    enum sim_crash crash; /* planned for the turn that runs */
    size_t crash_at;      /* event after which it happens */
    size_t stepped;
    bool step_may_fail;
    uint64_t looks;     /* committed turns; who runs the daemon looks at some of them */
    bool has_no_backup; /* yet: the scene is still being installed */
    void *backup;       /* a dump of the store; owned */
    size_t backup_len;
    int64_t backup_at_ms; /* virtual time of that backup */
    bool was_restored;
};

/* Adds a node to the world; it is started by sim_world_run. */
struct sim_node *sim_node_add(struct sim_world *w, const char *name, const struct sim_tier *tier,
                              struct sim_node *parent);
void sim_node_fini(struct sim_node *n);
/* A new life; nothing where it is up or has no power. */
void sim_node_start(struct sim_node *n);
/* kill -9. */
void sim_node_kill(struct sim_node *n);
/* In the turn at hand: nothing that its core has in mind counts any more. */
bool sim_node_is_crashed(const struct sim_node *n);
/* The machine: off (with its daemon), and on again under a new boot. */
void sim_node_power_off(struct sim_node *n);
void sim_node_power_on(struct sim_node *n);
/* It stands still for so long, and goes on with what it had in mind; with `is_asleep` its machine
 * does too, which CLOCK_MONOTONIC does not count. */
void sim_node_freeze(struct sim_node *n, int64_t ms, bool is_asleep);
/* Stops the daemon, puts the kept backup in place of its store, starts it. */
void sim_node_restore(struct sim_node *n);
void sim_node_backup(struct sim_node *n);
/* Its machine is installed anew: an empty store; what runs beside the daemon runs on. It is held
 * until somebody has let it join again. */
void sim_node_reinstall(struct sim_node *n);

/* Its store, opened if need be: on a disk it is closed by each death. */
struct store *sim_node_store(struct sim_node *n);
struct instant sim_node_clock(const struct sim_node *n);
/* Each takes ownership of the parcel or the result. */
void sim_node_take_request(struct sim_node *n, struct sim_parcel *p, uint64_t request_id);
void sim_node_take_reply(struct sim_node *n, struct sim_parcel *p, uint64_t call_id);
void sim_node_take_job(struct sim_node *n, const struct job_done *done, void *result);
