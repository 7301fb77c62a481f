/* subscriber.h - what subscribers do all day: run, stop, start, reboot, terminate; retry what
 * had no answer with the same token; look. A scene says how an order is spelled and sent. */
#pragma once

#include "tests/sim/shadow.h"
#include "tests/sim/world.h"

enum { SIM_ORDERS_MAX = SIM_GUESTS_MAX, SIM_TOKEN_SIZE = 40 };

enum sim_answer { SIM_DONE, SIM_NEVER, SIM_UNKNOWN };

struct sim_subscriber;

/* What is being asked for one guest; stays until it has an answer that settles it. */
struct sim_order {
    struct sim_subscriber *subscriber;
    struct sim_guest *guest; /* of a RUN: the first of `count` that stand in a row */
    size_t count;
    enum sim_verb verb;
    char token[SIM_TOKEN_SIZE];
    bool is_open, is_sent;
};

struct sim_subscriber {
    struct sim_world *world;
    struct sim_shadow *shadow;
    /* Sends; sim_order_answered follows, once. */
    void (*send)(struct sim_subscriber *s, struct sim_order *o);
    /* Asks for a description of all instances. */
    void (*look)(struct sim_subscriber *s);
    /* The other size for a guest; NULL where there is one size only. */
    int64_t (*size_mib)(struct sim_subscriber *s, const struct sim_guest *g);
    bool can_lock;                           /* metadata services can be told to want tokens */
    struct sim_order orders[SIM_ORDERS_MAX]; /* by the guest's place in the shadow */
    uint64_t tokens;
    size_t core_len;                          /* turns of the live core */
    size_t living_max, guests_max, count_max; /* count_max: instances of one RUN */
    bool is_ready;                            /* whatever has to be there first (an image) is */
};

void sim_subscriber_begin(struct sim_subscriber *s);
/* `ids` of a RUN that was done, each at its place of the launch; they may be fewer than were asked
 * for, and NULL where one is no more. */
void sim_order_answered(struct sim_order *o, enum sim_answer answer, const char *const *ids,
                        size_t len);
const char *sim_verb_name(enum sim_verb verb);
