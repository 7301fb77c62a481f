/* sync_rig.h - a parent and its children in one process: real turns over real SQL in memory,
 * virtual time, and a transport that is the test's own hand.
 *
 * What a test wishes or says is queued and done in the next turn of that side, so that several
 * things can share one transaction. Calls and answers wait until the test carries them. */
#pragma once

#include "base/turn.h"
#include "proto/sync/child.h"
#include "proto/sync/parent.h"

enum { RIG_CHILDREN = 3, RIG_OPS = 64, RIG_CALLS = 256, RIG_NOTED = 512 };

enum rig_op_kind {
    RIG_WANT,
    RIG_END,
    RIG_DROP,
    RIG_SHARE, /* under the topic `node` */
    RIG_UNSHARE,
    RIG_FOLLOW, /* the topic `id` */
    RIG_UNFOLLOW,
    RIG_ASK,
    RIG_SAY,
    RIG_GONE,
    RIG_TELL,
    RIG_FILL, /* the disk is full from here: the turn is lost */
};

struct rig_op {
    enum rig_op_kind kind;
    const char *node, *what, *id, *text; /* literals, or kept by the test */
    int64_t generation, pepoch;
};

struct rig_ops {
    struct rig_op list[RIG_OPS];
    size_t len;
};

/* One call of a child, from its sending to the end. */
struct rig_call {
    uint64_t id;      /* the child's call_id */
    char *body;       /* owned */
    bool is_sent;     /* the parent has it */
    uint64_t request; /* as which */
    int status;       /* of the answer; 0 = none yet */
    char *answer;     /* owned */
    bool is_over;     /* the child has the answer, or was told that there is none */
};

/* A fact or a wish as a core heard it. */
struct rig_noted {
    char node[64], kind[32], id[64], gone[16], error[64], body[64];
    int64_t generation, pepoch, number;
};

struct rig_notes {
    struct rig_noted list[RIG_NOTED];
    size_t len;
};

struct rig_side {
    struct rig *rig;
    char node[64];
    struct store *store;
    struct rng_seeded seed;
    struct rng rng;
    struct turn turn;
    struct arena arena;
    struct rig_ops ops;
    enum turn_outcome last;
    struct sync_child child; /* of a child */
    struct rig_call calls[RIG_CALLS];
    size_t calls_len;
    struct rig_notes wishes; /* what on_wish heard */
    unsigned asked;          /* how often on_ask was called */
    const char *refuses;     /* a kind whose wishes are refused, or NULL */
    bool lists_late;         /* it has not listed when it starts: the test says when */
    const char *capacity;    /* what it says of its room, "" */
};

struct rig {
    struct instant at;
    struct sync_timing timing;
    struct rig_side up; /* the parent's */
    struct sync_parent parent;
    uint64_t next_request;
    int64_t peer_since_ms; /* not-before of the certificates that are shown */
    struct rig_side down[RIG_CHILDREN];
    size_t children;
    struct rig_notes facts; /* what on_fact heard */
    unsigned told, capacities, recovered;
    unsigned fulls; /* answers that asked for a full */
};

/* Everything started, children added with serial "s0"; `by_page` bytes a page, 0 = default. */
struct rig *rig_new(size_t children, int64_t by_page);
/* Two children, each of which has had its first answer: both ends know each other. */
struct rig *rig_new_met(void);
void rig_free(struct rig *r);
void rig_pass(struct rig *r, int64_t ms);

/* ---- queued for the next turn of that side ------------------------------------------------- */
void rig_op(struct rig_side *side, struct rig_op op);
void rig_want(struct rig *r, size_t child, const char *id, int64_t generation, int64_t pepoch,
              const char *body);
void rig_end(struct rig *r, size_t child, const char *id, int64_t generation, int64_t pepoch,
             const char *gone);
void rig_say(struct rig *r, size_t child, const char *id, int64_t generation, int64_t pepoch,
             const char *body);
void rig_gone(struct rig *r, size_t child, const char *id, int64_t generation, int64_t pepoch);

/* ---- turns --------------------------------------------------------------------------------- */
void rig_parent_turn(struct rig *r);
void rig_child_turn(struct rig *r, size_t child);
/* The process dies and comes back over the same store. */
void rig_parent_restart(struct rig *r);
void rig_child_restart(struct rig *r, size_t child);

/* ---- the transport ------------------------------------------------------------------------- */
/* The oldest call that nobody carried yet and that carries facts (`busy`) or does not; or NULL. */
struct rig_call *rig_waiting(struct rig *r, size_t child, bool busy);
/* Carries a call up (again, when it was carried before). Gives the status of an answer that came in
 * the same turn, 0 when it is held. */
int rig_carry(struct rig *r, size_t child, struct rig_call *call);
/* Carries its answer down. */
void rig_answer(struct rig *r, size_t child, struct rig_call *call);
/* The child hears that there is no answer. */
void rig_lose(struct rig *r, size_t child, struct rig_call *call);
/* Turns and carries until nothing moves any more; held calls stay held. */
void rig_settle(struct rig *r);
/* The same, with some pauses between rounds: what many are told alike is told by then. */
void rig_settle_rounds(struct rig *r);
/* A hand-made request with this certificate: its status, and the error's code in `code`. */
int rig_request(struct rig *r, const struct wire_sync_request *m, const char *peer_node,
                const char *peer_serial, int64_t not_after_ms);
/* A hand-made answer to that call. */
void rig_reply(struct rig *r, size_t child, struct rig_call *call, const struct wire_sync_reply *m);

/* ---- looking ------------------------------------------------------------------------------- */
void rig_read_call(struct rig *r, const struct rig_call *call, struct wire_sync_request *m);
void rig_read_answer(struct rig *r, const struct rig_call *call, struct wire_sync_reply *m);
/* The newest note of that id, or NULL. */
const struct rig_noted *rig_noted(const struct rig_notes *notes, const char *id);
int64_t rig_changes(struct rig_side *side);
/* The recorded wish: its generation, -1 = none, -2 = a tombstone. */
int64_t rig_got(struct rig *r, size_t child, const char *id, int64_t pepoch);
bool rig_holds(struct rig *r, const char *id);
/* Live wishes and facts are the same on both ends, and the sums say so. */
void rig_check_agreement(struct rig *r, size_t child);

/* ---- between the files of this rig --------------------------------------------------------- */
struct core rig_parent_core(struct rig *r);
struct sync_parent_hooks rig_parent_hooks(struct rig *r);
struct core rig_child_core(struct rig_side *side);
struct sync_child_hooks rig_child_hooks(struct rig_side *side);
void rig_parse_call(const struct rig_call *call, struct arena *arena, struct wire_sync_request *m);
