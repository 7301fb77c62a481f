/* net.h - the network between the nodes, with the semantics of HTTP: a request, at most one
 * answer, a deadline; and with the habits of networks.
 *
 * A parcel may be lost, late, doubled, torn; links are cut one way; an answer to an earlier call,
 * or to a dead run, may be handed to a later call between the same two. When an end dies its
 * connections die: with a reset if only the daemon died, in silence if the machine did. */
#pragma once

#include "base/event.h"
#include "base/list.h"
#include "tests/sim/world.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_node;

/* One message under way; one block of memory with all that it points to. */
struct sim_parcel {
    struct list link; /* of all parcels under way */
    struct sim_world *world;
    uint64_t call;
    struct sim_node *from, *to; /* from NULL: a client; to NULL: back to a client */
    bool is_reply, is_forged;
    enum face face;
    int status;
    const char *method, *target;
    const struct header *headers;
    size_t headers_len;
    char *body; /* NUL after body_len bytes */
    size_t body_len;
    const char *peer_node, *peer_serial;
    int64_t peer_since_ms, peer_until_ms; /* of that certificate: dates */
};

/* A request of somebody who is no node. */
struct sim_client_call {
    void *self;
    /* Exactly once: status 0 = no answer. The body is borrowed. */
    void (*done)(void *self, int status, const char *body, size_t body_len);
    enum face face;
    const char *method, *target;
    const struct header *headers;
    size_t headers_len;
    const char *body;
    size_t body_len;
    int64_t timeout_ms;
};

struct sim_net *sim_net_new(struct sim_world *w);
void sim_net_free(struct sim_net *net);
/* For the shell of a node: what its core wants sent. */
void sim_net_call_parent(struct sim_node *from, const struct effect_call *call);
void sim_net_answer(struct sim_node *from, const struct effect_reply *reply);
/* A subscriber asks `to`. */
void sim_net_call_client(struct sim_node *to, const struct sim_client_call *call);
/* All connections of a life end. */
void sim_net_node_died(struct sim_node *n, bool is_silent);
/* One way; counted, so that cuts may overlap. */
void sim_net_cut(struct sim_world *w, const struct sim_node *from, const struct sim_node *to);
void sim_net_mend(struct sim_world *w, const struct sim_node *from, const struct sim_node *to);
/* One way: what is sent until then waits, and comes then. */
void sim_net_clog(struct sim_world *w, const struct sim_node *from, const struct sim_node *to,
                  int64_t until_ms);
void sim_net_mend_all(struct sim_world *w);
void sim_parcel_free(struct sim_parcel *p);
