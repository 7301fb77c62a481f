/* machine.h - a host without its manager: hypervisor service, domains, root disks, ports. It
 * outlives the daemon, and only a power cut takes its running things away.
 *
 * Jobs of the host core (computer-manager/model/job.h) come in through sim_machine_job; their
 * answers go back as EVENT_JOB_DONE. Times and fates are drawn here: a job may fail, hang, pass
 * its deadline, and be done after it (an order that was queued in the service). */
#pragma once

#include "base/event.h"
#include "base/list.h"
#include "computer-manager/model/job.h"
#include "tests/sim/node.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SIM_DOMAINS_MAX = 64,
    SIM_PORTS_MAX = 64,
    SIM_ROOTS_MAX = 128,
    SIM_BASES_MAX = 32,
    SIM_CACHE_BASES = 3, /* so many the cache of a host may hold */
    SIM_SETS_MAX = 64,
    SIM_SET_MEMBERS = 64,
    SIM_PEERS_MAX = 256,
    SIM_TUNNEL_SIZE = 16,
};

enum sim_end { SIM_END_JOB, SIM_END_GUEST, SIM_END_CRASH, SIM_END_POWER };

struct sim_domain {
    bool is_defined;
    struct host_hv_start spec; /* as defined last */
    bool runs;
    bool is_stopping;          /* the guest heard the power button */
    bool is_paused;            /* it runs, and waits for room on its disk */
    uint64_t run;              /* counts its starts */
    enum host_off_why off_why; /* as this service knows it */
    uint64_t started_boot;
};

struct sim_root {
    bool is_there;
    struct host_disk_root spec;
    int64_t profile; /* hardware that first started from it; 0 = none yet */
};

struct sim_base {
    char manifest[HOST_HASH_SIZE]; /* "" = free */
    bool is_there;
    int64_t evicted_ms; /* world time when it was let go last; 0 = never */
};

/* What the machine's tunnels know of a network's address: whose it is, and on which machine. */
struct sim_peer {
    int64_t vni; /* 0 = free */
    struct host_net_peer at;
};

/* The members of a security group on one network. */
struct sim_set {
    char group[HOST_ID_SIZE]; /* "": free */
    int64_t vni, len;
    uint32_t members[SIM_SET_MEMBERS];
};

struct sim_machine;
struct sim_shadow;

/* What the shadow model hears, as it happens. */
struct sim_machine_watch {
    void (*on_run)(struct sim_machine *m, const struct sim_domain *d);
    void (*on_end)(struct sim_machine *m, const struct sim_domain *d, enum sim_end how);
    /* A port was applied, for the first time or again, or removed. */
    void (*on_port)(struct sim_machine *m, const struct host_port *port, bool is_there);
    void (*on_peer)(struct sim_machine *m, const struct sim_peer *peer, bool is_there);
    void (*on_root)(struct sim_machine *m, const struct host_disk_root *root, bool is_there);
    /* An order reached the machine: what the daemon wants to happen. */
    void (*on_order)(struct sim_machine *m, int kind, const void *spec);
};

struct sim_machine {
    struct sim_node *node;
    const struct sim_machine_watch *watch;
    struct sim_shadow *shadow; /* of whoever watches */
    int64_t memory_mib, vcpus, disk_bytes;
    int64_t full_ms; /* until then there is no room on its disk */
    bool service_is_up;
    uint64_t service; /* counts its starts */
    uint64_t helper;  /* counts runs of computer-hypervisor within a life of the daemon */
    struct sim_domain domains[SIM_DOMAINS_MAX];
    struct sim_root roots[SIM_ROOTS_MAX];
    struct sim_base bases[SIM_BASES_MAX];
    struct host_port ports[SIM_PORTS_MAX]; /* port[0] == '\0': free */
    bool is_flushed[SIM_PORTS_MAX];        /* somebody took that port's rules away */
    uint64_t network_of[SIM_PORTS_MAX];    /* which making of its network */
    uint64_t networks;                     /* counts the makings of them */
    char tunnel[SIM_TUNNEL_SIZE];          /* its address among the machines; "" = none */
    char share_url[HOST_URL_SIZE];         /* where it gives images away; "" = nowhere */
    struct host_share_key share; /* of grants that are shown there; "" = nobody is let in */
    struct sim_peer peers[SIM_PEERS_MAX];
    struct sim_set sets[SIM_SETS_MAX];
    struct list jobs;
};

/* What a job came to. */
struct sim_outcome {
    enum err_code code;
    void *result; /* owned */
    size_t size;
};

struct sim_machine *sim_machine_new(struct sim_node *n, const struct sim_machine_watch *watch);
void sim_machine_free(struct sim_machine *m);
void sim_machine_job(struct sim_node *n, const struct effect_job *job);
/* Starts that were ordered by the daemon that lives, and not answered yet. */
size_t sim_machine_starting(const struct sim_machine *m);
void sim_machine_power(struct sim_node *n, bool is_on);
/* Faults of their own: the service restarts; a guest powers itself off, or its process dies. */
void sim_machine_restart_service(struct sim_machine *m);
/* The service is gone for so long: what is ordered meanwhile is never done, guests run on. */
void sim_machine_stop_service(struct sim_machine *m, int64_t ms);
void sim_machine_end_guest(struct sim_machine *m, uint64_t which, enum sim_end how);
/* The disk is full for so long, and one guest writes to it. */
void sim_machine_fill_disk(struct sim_machine *m, uint64_t which, int64_t ms);
bool sim_machine_has_room(const struct sim_machine *m);

struct sim_domain *sim_machine_domain(struct sim_machine *m, const char *instance);

/* The parts; each does what the job asks, now. */
void sim_hypervisor_do(struct sim_machine *m, int kind, const void *spec, struct sim_outcome *out);
/* The first half of a START; the second is sim_hypervisor_create. */
enum err_code sim_hypervisor_define(struct sim_machine *m, const struct host_hv_start *spec);
void sim_hypervisor_create(struct sim_machine *m, const char *instance);
void sim_hypervisor_end(struct sim_machine *m, struct sim_domain *d, enum sim_end how);
void sim_hypervisor_say(struct sim_machine *m, const char *instance);
void sim_ports_do(struct sim_machine *m, int kind, const void *spec, struct sim_outcome *out);
void sim_ports_lose(struct sim_machine *m);
/* By hand: one of the ports goes, or its rules do. */
void sim_ports_spoil(struct sim_machine *m, uint64_t which, bool is_removed);
/* Has that instance a port, behind its rules? */
bool sim_ports_has(const struct sim_machine *m, const char *instance);
/* The part of computer-network that knows who lives elsewhere. */
void sim_tunnel_do(struct sim_machine *m, const struct host_net_peers *spec,
                   struct sim_outcome *out);
/* A port here has the address from now on; the network is not here any more. */
void sim_tunnel_yield(struct sim_machine *m, int64_t vni, uint32_t address);
void sim_tunnel_lose(struct sim_machine *m, int64_t vni);
/* NULL where it has none. */
const struct sim_set *sim_ports_set(const struct sim_machine *m, const char *group, int64_t vni);
bool sim_disks_has_base(const struct sim_machine *m, const char *manifest);
void sim_disks_do(struct sim_machine *m, int kind, const void *spec, struct sim_outcome *out);
