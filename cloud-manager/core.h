/* core.h - the cloud-manager as a step core: the page that a newcomer reads first.
 *
 * main.c and the simulator make one over a store, a source of randomness and a configuration,
 * and give it to a turn (base/turn.h). It does no I/O: what must block is a job. */
#pragma once

#include "base/rng.h"
#include "base/store.h"
#include "base/turn.h"
#include "cloud-manager/model/pool.h"
#include "proto/sync/timing.h"

#include <stdint.h>

/* Tables of the cloud-manager, by number. */
extern const struct store_schema cloud_schema;

/* Borrowed for the life of the core. */
struct cloud_config {
    const char *region;           /* "lab" ... ; zones are the region and one letter */
    unsigned char master_key[32]; /* wraps secrets at rest */
    struct sync_timing timing;
    int64_t terminated_visible_ms;        /* terminated instances stay describable: one hour */
    int64_t quota_instances, quota_vcpus; /* per account, unless its row says otherwise */
    int64_t quota_addresses;              /* that an account may allocate */
    struct cloud_pool pool;               /* public addresses to give out */
    const char *public_domain;            /* under which they have names; "" = they have none */
    int64_t quota_groups;                 /* security groups of one account */
    const char *endpoint; /* of the public face, as DescribeRegions gives it: "host:port" */
};

enum cloud_job_kind {
    CLOUD_JOB_RSA = 1, /* spec: none; result: struct cloud_rsa_done */
    CLOUD_JOB_SIGN, /* spec: struct admit_sign; a "cluster" gets an intermediate CA too, a "dos" a
                       leaf */
};

/* A key pair of sshkey.h, with what it needs of room. Private: wiped by whoever delivers it. */
struct cloud_rsa_done {
    char private_pem[4096];
    char public_line[2048]; /* without a comment */
    char fingerprint[64];
};

/* What setup prints once. */
struct cloud_root {
    char account[16]; /* 12 digits */
    char key_id[24];
    char secret[48];
};

/* Before a daemon first runs: the root account with its access key and default network. Within a
 * transaction of the caller's. */
void cloud_setup(struct store *store, const struct rng *rng, const struct cloud_config *config,
                 int64_t wall_ms, struct cloud_root *out);
/* One more account, as cloud_setup makes the first; also beside a running daemon, in a transaction
 * of the caller's. ERR_CONFIG for a name that is taken or no name. */
enum err_code cloud_account_add(struct store *store, const struct rng *rng,
                                const struct cloud_config *config, const char *name,
                                int64_t wall_ms, struct cloud_root *out, struct err *err);

/* The common name of the cloud-manager's own certificate. */
#define CLOUD_NODE "cloud"

struct cloud_core;

struct cloud_core *cloud_core_new(struct store *store, const struct rng *rng,
                                  const struct cloud_config *config);
void cloud_core_free(struct cloud_core *c);
/* The core as a turn sees it; valid while `c` lives. */
struct core cloud_core_as_core(struct cloud_core *c);
