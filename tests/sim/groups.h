/* groups.h - a subscriber with security groups, and the shadow of what he was told: he makes and
 * deletes groups, lets in and takes back, and changes the groups of living instances. One order at
 * a time, asked for until it has an answer, so that what holds is known. When all is quiet, the
 * rules that each machine has for a port are those of its instance's groups, and each group that a
 * rule names has its members there (I12, as far as rules go).
 * A restore of the cloud takes back what no cluster had heard of. From then on he may be refused,
 * and believes what the cloud shows him: machines have to have that. */
#pragma once

#include "tests/sim/ec2.h"
#include "tests/sim/shadow.h"

enum {
    SIM_GROUPS_MAX = 5,   /* slot 0: the default group */
    SIM_GROUP_RULES = 11, /* what there is to let through, by number; groups.c says which */
};

struct sim_group {
    char id[HOST_ID_SIZE], name[16];
    bool is_there;
    uint32_t rules;         /* bit per number */
    unsigned foreign_rules; /* after a restore: such as refer to a group that he thought deleted */
};

enum sim_group_verb {
    SIM_GROUP_FIND, /* the default one */
    SIM_GROUP_CREATE,
    SIM_GROUP_DELETE,
    SIM_GROUP_ALLOW,
    SIM_GROUP_REVOKE,
    SIM_GROUP_MOVE, /* an instance into others */
    SIM_GROUP_LOOK, /* which rules there are, after a restore */
};

struct sim_groups {
    struct sim_world *world;
    struct sim_shadow *shadow;
    struct sim_node *cloud;
    const struct sim_ec2_key *key;
    struct sim_group list[SIM_GROUPS_MAX];
    uint64_t made; /* for names */
    unsigned last_moves;
    bool is_restored, has_looked;
    /* of each guest, by its place in the shadow */
    uint32_t member[SIM_GUESTS_MAX];  /* bit per slot; 0 = the default group */
    bool is_foreign[SIM_GUESTS_MAX];  /* after a restore: in a group that he thought deleted */
    bool is_leaving[SIM_GUESTS_MAX];  /* a change was refused: it must be on its way out */
    uint32_t address[SIM_GUESTS_MAX]; /* as described; 0 = not yet */
    int64_t dated_ms;                 /* his wall clock at the last signature */
    struct {
        enum sim_group_verb verb;
        bool is_open, is_sent;
        unsigned slot, rule;
        size_t guest;
        uint32_t to; /* of a MOVE */
        struct sim_ec2 signature;
        unsigned signs; /* how often it was signed: the date moved on, or was wrong */
    } order;
};

void sim_groups_begin(struct sim_groups *s);
/* An answer to DescribeInstances is on the wire: their addresses. */
void sim_groups_hear(struct sim_groups *s, const char *body);
/* The cloud's store went back in time. */
void sim_groups_restored(struct sim_groups *s);
/* Q */
void sim_groups_finish(struct sim_groups *s);
