/* link.h - what the parts of a parent's end share. Nobody else includes it. */
#pragma once

#include "proto/sync/parent.h"

enum { ASKS_MAX = 16 };

/* What RAM knows of a child: who waits, when it was heard. Lost at each start, on purpose. */
struct sync_link {
    struct list held;    /* while an idle sync is held */
    struct list dirty;   /* while wishes, asks or an answer wait for it */
    struct list curious; /* while held, and what it follows has changed */
    char node[64];
    uint64_t idle_request; /* 0 = none */
    uint64_t busy_request; /* carries facts: answered at this turn's seal */
    struct wire_echo idle_echo, busy_echo;
    char idle_boot[40], busy_boot[40];
    int64_t idle_applied, busy_applied;
    int64_t idle_due_mono_ms;
    int64_t idle_turn;          /* number of the turn it came in */
    int64_t idle_seq, busy_seq; /* newest of the boot at hand */
    char boot[40];
    int64_t heard_mono_ms;   /* 0 = not in this run */
    int64_t granted_mono_ms; /* last reply that carried a lease */
    bool need_full;
    bool is_recalled; /* this run of it was asked for all it holds, in the RECOVERY at hand */
    size_t asks_len;
    struct {
        char kind[32], id[128];
    } asks[ASKS_MAX];
};

/* parent.c: the link to a child, or NULL. */
struct sync_link *sync_link_get(const struct sync_parent *p, const char *node);
/* parent.c: this turn has something for that child. */
void sync_link_touch(struct sync_parent *p, const char *node);
/* parent_wish.c: the revision of this turn. */
int64_t sync_parent_turn_rev(struct sync_parent *p);
/* parent_wish.c: a tombstone ended; what it had blocked may appear. */
void sync_parent_unblock(struct sync_parent *p, const char *kind, const char *id);
/* parent_shared.c: the sum of what the topics hold that a child follows. */
uint64_t sync_shared_sum(struct sync_parent *p, const char *node);
/* parent_shared.c: has any of them changed after `applied`, or come to be followed? */
bool sync_shared_has_news(struct sync_parent *p, const char *node, int64_t applied);
/* parent_shared.c: all was numbered anew. */
void sync_shared_wish_anew(struct sync_parent *p);
/* parent_fact.c: takes what a request carries; in RECOVERY for later, and nothing ends by it. */
void sync_parent_take_facts(struct sync_parent *p, struct sync_link *l,
                            const struct wire_sync_request *m, const struct event *ev);
/* parent_fact.c: everything of that child is to be said again. */
void sync_parent_forget_numbers(struct sync_parent *p, const char *node);
/* parent_answer.c: holds the request until seal. */
void sync_parent_hold(struct sync_parent *p, struct sync_link *l, const struct wire_sync_request *m,
                      const struct event *ev);
/* recovery.c: at EVENT_START; a return counts only under the start at hand. */
void sync_recovery_start(struct sync_parent *p);
/* recovery.c: is there a sign that this store is older than its children? Then RECOVERY begins. */
void sync_recovery_watch(struct sync_parent *p, const struct wire_sync_request *m);
/* recovery.c: takes what a child returns and says; the last one ends RECOVERY by the core's merge.
 */
void sync_recovery_take(struct sync_parent *p, struct sync_link *l,
                        const struct wire_sync_request *m, const struct event *ev);
/* recovery.c: has that child returned all it holds? */
bool sync_recovery_has(struct sync_parent *p, const char *node);
/* recovery.c: takes wishes and lease out of an answer in RECOVERY and asks for what is held. */
void sync_recovery_answer(struct sync_parent *p, const char *node, struct wire_sync_reply *r);
