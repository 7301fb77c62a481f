/* reach.h - one network as far as it reaches beyond this host: who is wished to be where, and what
 * of it computer-network has not been told. Pure; the core gives out what is planned here as jobs.
 *
 *   forgotten --pages: all of it, and nobody else--> known --set()--> some addresses differ
 *       ^                                              ^---- told one by one ----'
 *       '-- the host starts, the network comes anew
 *
 * What is told costs as much as what changed; only after a start it costs as much as there is. */
#pragma once

#include "base/list.h"
#include "base/map.h"
#include "computer-manager/model/job.h"

#include <stdbool.h>
#include <stdint.h>

/* An address of the network: whose it is elsewhere, or that it is nobody's any more. */
struct host_place {
    struct list differs; /* while computer-network may know otherwise */
    struct host_net_peer peer;
    bool is_under_way; /* in the job at hand */
};

struct host_reach {
    int64_t vni;
    int64_t network;   /* as it was made last (struct host_net_port_done); 0 = not known */
    bool is_absent;    /* this host has no such network */
    struct map places; /* address in hex -> struct host_place */
    struct list differs;
    bool is_forgotten; /* pages are told, from `from` on */
    uint32_t from, to; /* `to`: of the page under way */
    uint64_t job_id;   /* under way; 0 = none. The rest is the core's */
    bool is_page;      /* the job under way is one */
    int64_t attempt, next_ms;
};

struct host_reach *host_reach_new(int64_t vni);
void host_reach_free(struct host_reach *r);
/* The address is that peer's; tunnel 0 = nobody's. */
void host_reach_set(struct host_reach *r, const struct host_net_peer *peer);
/* Nobody's, if it was that peer's: its next owner may have been wished first. */
void host_reach_drop(struct host_reach *r, const struct host_net_peer *peer);
/* computer-network may have left it out: it is told again. */
void host_reach_touch(struct host_reach *r, uint32_t address);
/* computer-network knows nothing of this network. */
void host_reach_forget(struct host_reach *r);
/* Is anything wished to be elsewhere? */
bool host_reach_is_empty(const struct host_reach *r);
/* Nothing is to be told, and nothing is under way. */
bool host_reach_is_settled(const struct host_reach *r);
/* Fills the next job, all but its mtu; false when there is none. Then it is under way. */
bool host_reach_plan(struct host_reach *r, struct host_net_peers *out);
/* The job under way ended, well or not. */
void host_reach_done(struct host_reach *r, bool is_well);
