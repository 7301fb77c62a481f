/* tiers.h - the product's cores as the simulator's tiers, and what is checked on any of them. */
#pragma once

#include "tests/sim/node.h"

enum { SIM_QUOTA_INSTANCES = 14, SIM_QUOTA_VCPUS = 40, SIM_QUOTA_GROUPS = 12 };

struct sim_ec2_key;
struct metadata_instance;

extern const struct sim_tier sim_tier_cloud;
/* A cloud-manager whose store is restored from backups. */
extern const struct sim_tier sim_tier_kept_cloud;
extern const struct sim_tier sim_tier_cluster;
extern const struct sim_tier sim_tier_host;

/* Before the first start: `child` has joined `parent`. */
void sim_tiers_join(struct sim_node *parent, struct sim_node *child, const char *kind);
/* The cloud's root account and the tokens of its children, before its first start. */
void sim_tiers_setup(struct sim_node *cloud, struct sim_node *const *children, size_t len,
                     struct sim_ec2_key *key);
/* What the guest with that address on that network is told of itself; NULL = nothing, or the daemon
 * is down. Until the next call. */
const struct metadata_instance *sim_tiers_metadata(struct sim_node *host, int64_t vni,
                                                   uint32_t address);
/* LEASE: a host that its cluster calls down has no lease, and has had none for as long as a kill
 * takes (less the twentieth by which the clocks may differ). */
void sim_tiers_check_leases(struct sim_world *w);
/* PLANNED: after a turn of a host nothing is left to do for any of its instances that the turn has
 * not done, for want of a mark (computer-manager/records.c). Every few turns: it costs as much as
 * the turns that plan no more than they have to. */
void sim_tiers_check_plans(struct sim_world *w, struct sim_node *n);
