/* shadow.h - what is really so, and what subscribers were told: the model that all checkers of
 * instances read. It is fed by machines, by subscribers and by answers on the wire, never by a
 * daemon's store. The first thing that is wrong ends the run.
 *
 *   I1 one running domain     I3 room of a host          I4 one token, one instance
 *   SIZE a guest starts with the size that was promised
 *   I5 what was told stays    I7 terminated is nowhere   I11 one port per address
 *   I12 tunnels lead to their own network's guests, and to all of them
 *   PROFILE the hardware of record stays                 I12 who runs has a port behind its rules
 *   STEP of what is done for it one that is pending tells, and no other
 *   I8 the quota              I19, I25 nothing is ended that nobody wanted ended   I23 states move
 * forward only */
#pragma once

#include "tests/sim/machine.h"
#include "tests/sim/world.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* MISSED: from then on who is broken is given nothing new (PROTOCOL 5: down after 20.3 s). */
enum { SIM_GUESTS_MAX = 256, SIM_MACHINES_MAX = 8, SIM_MISSED_MS = 30 * 1000 };

/* What a subscriber sees: EC2's states. */
enum sim_state {
    SIM_STATE_UNSEEN,
    SIM_STATE_PENDING,
    SIM_STATE_RUNNING,
    SIM_STATE_STOPPING,
    SIM_STATE_STOPPED,
    SIM_STATE_SHUTTING_DOWN,
    SIM_STATE_TERMINATED,
};

enum sim_told { SIM_NOTHING, SIM_ASKED, SIM_TOLD };

enum sim_verb {
    SIM_RUN,
    SIM_STOP,
    SIM_START,
    SIM_REBOOT,
    SIM_TERMINATE,
    SIM_RESIZE,
    SIM_LOCK,
    SIM_VERBS
};

struct sim_guest {
    char token[40];
    int64_t launch_index;          /* of the instances that were asked for with that token */
    char id[HOST_ID_SIZE];         /* "" until a subscriber was told */
    enum sim_told told[SIM_VERBS]; /* the newest order of each kind */
    uint64_t asked_n[SIM_VERBS];   /* how often each was asked for */
    enum sim_verb last;            /* newest of RUN, STOP, START that was TOLD */
    bool is_refused;               /* the newest answer to RUN was a definite no */
    enum sim_state seen;           /* newest on the wire */
    uint32_t public_address;       /* newest on the wire; 0 = none */
    bool was_seen_running;
    bool ended_alone; /* by itself, or with its process or machine, since START */
    bool ever_ended_alone;
    int64_t size_mib; /* that the RESIZE, one in its life, asks for */
    bool is_blurred; /* an order was refused, and a double of it may still come: its want is open */
    bool is_of_core; /* promised by the live core */
    uint64_t listed; /* number of the newest description that named it */
};

struct sim_shadow {
    struct sim_world *world;
    struct sim_machine *machines[SIM_MACHINES_MAX];
    size_t machines_len;
    struct sim_guest *guests; /* SIM_GUESTS_MAX; owned */
    size_t guests_len;
    int64_t quota; /* of instances that live; 0 = none (I8) */
    bool
        is_placed_by_room; /* by a cloud-manager; a crown takes the next cluster, whoever that is */
    uint64_t lists;        /* descriptions on the wire until now */
    int64_t restored_ms;
    bool was_restored; /* a store went back in time: states may, once */
};

extern const struct sim_machine_watch sim_shadow_watch;

void sim_shadow_init(struct sim_shadow *s, struct sim_world *w);
void sim_shadow_fini(struct sim_shadow *s);
/* `m->shadow` names it from then on. */
void sim_shadow_add_machine(struct sim_shadow *s, struct sim_machine *m);

/* A fault of a machine's own: its service restarts, or one of its guests ends. */
void sim_shadow_fault(struct sim_shadow *s, enum sim_fault fault);

/* NULL where no subscriber was told of that id. */
struct sim_guest *sim_shadow_find(struct sim_shadow *s, const char *id);
struct sim_guest *sim_shadow_new_guest(struct sim_shadow *s, const char *token,
                                       int64_t launch_index);

/* A subscriber asks; he is told that it is done (for RUN: the id), or that it never will be. */
void sim_shadow_ask(struct sim_shadow *s, struct sim_guest *g, enum sim_verb verb);
void sim_shadow_tell(struct sim_shadow *s, struct sim_guest *g, enum sim_verb verb, const char *id);
/* A definite no: it was not done. */
void sim_shadow_untell(struct sim_shadow *s, struct sim_guest *g, enum sim_verb verb);

/* A description is on the wire: _see for each instance in it, between _begin and _end. */
/* The cloud's store went back: an order that was told may be lost, and what no cluster had heard of
 * is as if it had never been. What a cluster holds, token and all, is not (I4). */
void sim_shadow_restored(struct sim_shadow *s);
void sim_shadow_see_begin(struct sim_shadow *s);
void sim_shadow_see_end(struct sim_shadow *s);
/* It says that `id`, number `launch_index` of those made for `token`, is in that state. */
void sim_shadow_see(struct sim_shadow *s, const char *id, const char *token, int64_t launch_index,
                    const char *state);
enum sim_state sim_state_parse(const char *text);
const char *sim_state_word(enum sim_state state);

/* ... and has that public address; "" = none. */
void sim_shadow_see_address(struct sim_shadow *s, const char *id, const char *address);
/* ... and the reason of its state has that code; "" = none. */
void sim_shadow_see_reason(struct sim_shadow *s, const char *id, const char *state,
                           const char *code);
/* On how many machines it runs. */
unsigned sim_shadow_running(const struct sim_shadow *s, const char *id);
/* No machine ever had anything of it: the cloud may have made it after the backup, and told nobody
 * below. If it was told after all, it turns up as a stranger. */
bool sim_shadow_may_forget(const struct sim_shadow *s, const struct sim_guest *g);
/* The part of _finish that is about tunnels. */
void sim_shadow_check_tunnels(struct sim_shadow *s);
/* The part of _finish that is about one of them. */
void sim_shadow_finish_guest(struct sim_shadow *s, const struct sim_guest *g);
/* What the live core can settle alone has settled. */
void sim_shadow_finish_core(struct sim_shadow *s);
/* Q: all has settled. */
void sim_shadow_finish(struct sim_shadow *s);
