/* tiers.c - makes the cores of cloud, clusters and hosts. */
#include "tests/sim/tiers.h"

#include "base/check.h"
#include "base/str.h"
#include "cloud-manager/core.h"
#include "cluster-manager/core.h"
#include "computer-manager/core.h"
#include "proto/auth/token.h"
#include "proto/sync/admit.h"
#include "proto/sync/parent.h"
#include "tests/sim/ec2.h"
#include "tests/sim/joiner.h"
#include "tests/sim/machine.h"

#include <stdlib.h>
#include <string.h>

/* ---- cloud-manager
 * ---------------------------------------------------------------------------------- */

enum { SIGN_MS = 40, TERMINATED_VISIBLE_MS = 3600 * 1000 };

static struct cloud_config cloud_config(const struct sim_node *n)
{
    return (struct cloud_config){.region = "sim",
                                 .public_domain = "",
                                 .timing = sim_world_timing(n->world),
                                 .terminated_visible_ms = TERMINATED_VISIBLE_MS,
                                 .quota_instances = SIM_QUOTA_INSTANCES,
                                 .quota_vcpus = SIM_QUOTA_VCPUS,
                                 /* Fewer than there are guests: they are given on all the time. */
                                 .pool = {.ranges = {{0xcb007101, 0xcb007105}}, .len = 1},
                                 .quota_groups = SIM_QUOTA_GROUPS,
                                 .endpoint = "ec2.sim"};
}

static void *cloud_new(struct sim_node *n, const struct rng *rng)
{
    struct cloud_config config = cloud_config(n);
    return cloud_core_new(n->store, rng, &config);
}

static void cloud_free(void *core)
{
    cloud_core_free(core);
}

static struct core cloud_as_core(void *core)
{
    return cloud_core_as_core(core);
}

/* A certificate under way from the CA. */
struct signing {
    struct sim_node *cloud;
    uint64_t life, job_id;
    struct admit_sign sign;
};

static void signed_fire(struct sim_world *w, const struct sim_due *due)
{
    (void)w;
    struct signing *s = due->what;
    /* All that the scene needs of a certificate is its serial. */
    char serial[2 * sizeof s->sign.serial + 1];
    str_hex(serial, s->sign.serial, sizeof s->sign.serial);
    if (s->cloud->core != NULL && s->cloud->life == s->life) {
        char *pem = check_strdup(serial);
        struct job_done done = {.job_id = s->job_id,
                                .kind = CLOUD_JOB_SIGN,
                                .text = "",
                                .result = pem,
                                .result_size = strlen(pem)};
        sim_node_take_job(s->cloud, &done, pem);
    }
    free(s);
}

static void cloud_job(struct sim_node *n, const struct effect_job *job)
{
    PRE(job->kind == CLOUD_JOB_SIGN && job->spec_size == sizeof(struct admit_sign));
    struct signing *s = check_alloc(sizeof *s);
    *s = (struct signing){.cloud = n, .life = n->life, .job_id = job->job_id};
    memcpy(&s->sign, job->spec, sizeof s->sign);
    sim_world_after(n->world, 1 + (int64_t)sim_world_draw(n->world, SIGN_MS), signed_fire, s, 0);
}

/* What the restore tool does (PROTOCOL R14). */
static void open_recovery(struct store *st, const struct rng *rng)
{
    (void)rng;
    sync_parent_open_recovery(st);
}

const struct sim_tier sim_tier_cloud = {.name = "cloud",
                                        .schema = &cloud_schema,
                                        .core_new = cloud_new,
                                        .core_free = cloud_free,
                                        .as_core = cloud_as_core,
                                        .job = cloud_job};

const struct sim_tier sim_tier_kept_cloud = {.name = "cloud",
                                             .schema = &cloud_schema,
                                             .core_new = cloud_new,
                                             .core_free = cloud_free,
                                             .as_core = cloud_as_core,
                                             .job = cloud_job,
                                             .restore = open_recovery};

void sim_tiers_setup(struct sim_node *cloud, struct sim_node *const *children, size_t len,
                     struct sim_ec2_key *key)
{
    struct cloud_config config = cloud_config(cloud);
    struct cloud_root root = {0};
    struct err err = {0};
    struct rng rng = rng_seeded(&cloud->random);
    int64_t wall_ms = sim_node_clock(cloud).wall_ms;
    store_begin(cloud->store);
    cloud_setup(cloud->store, &rng, &config, wall_ms, &root);
    for (size_t i = 0; i < len; i++) {
        char token[64], hash[DIGEST_SHA256_HEX_SIZE];
        sim_joiner_token(children[i], token);
        token_hash(hash, token);
        admit_token_add(cloud->store, hash, children[i]->name, children[i]->tier->name,
                        wall_ms + 3600 * 1000);
    }
    enum err_code code = store_commit(cloud->store, &err);
    POST(code == ERR_OK);
    str_copy(key->id, sizeof key->id, root.key_id);
    str_copy(key->secret, sizeof key->secret, root.secret);
}

/* ---- cluster-manager
 * -------------------------------------------------------------------------------- */

struct cluster {
    struct cluster_config config;
    struct cluster_core *core;
};

static void *cluster_new(struct sim_node *n, const struct rng *rng)
{
    struct cluster *c = check_alloc(sizeof *c);
    c->config = (struct cluster_config){.node = n->name,
                                        .timing = sim_world_timing(n->world),
                                        .vcpu_overcommit_pct = 400,
                                        .disk_overcommit_pct = 100};
    c->config.strategy = (enum place_strategy)(n->world->seed % PLACE_STRATEGIES);
    memcpy(c->config.link_key, n->link_key, sizeof c->config.link_key);
    c->core = cluster_core_new(n->store, rng, &c->config);
    return c;
}

static void cluster_free(void *core)
{
    struct cluster *c = core;
    cluster_core_free(c->core);
    free(c);
}

static struct core cluster_as_core(void *core)
{
    struct cluster *c = core;
    return cluster_core_as_core(c->core);
}

static void no_job(struct sim_node *n, const struct effect_job *job)
{
    (void)n, (void)job;
}

const struct sim_tier sim_tier_cluster = {.name = "cluster",
                                          .schema = &cluster_schema,
                                          .core_new = cluster_new,
                                          .core_free = cluster_free,
                                          .as_core = cluster_as_core,
                                          .job = no_job,
                                          .restore = open_recovery};

/* ---- computer-manager
 * ------------------------------------------------------------------------------- */

struct host {
    struct host_config config;
    struct host_core *core;
};

static void *host_new(struct sim_node *n, const struct rng *rng)
{
    const struct sim_machine *m = n->machine;
    struct host *h = check_alloc(sizeof *h);
    h->config = (struct host_config){.node = n->name,
                                     .tunnel = m != NULL ? m->tunnel : "",
                                     .share_url = m != NULL ? m->share_url : "",
                                     .timing = sim_world_timing(n->world),
                                     .job_ms = 30000,
                                     .stop_ms = 90000,
                                     .list_ms = 2000,
                                     .net_list_ms = 3000,
                                     .reserve_mib = 2048,
                                     .mtu = 1450,
                                     /* always too much (disks.c): all that may go goes */
                                     .cache_bytes = (int64_t)SIM_CACHE_BASES << 30,
                                     /* an operator changes his mind */
                                     .profile = 1 + (int64_t)(n->life % HOST_PROFILE_NEWEST)};
    h->core = host_core_new(n->store, rng, &h->config);
    return h;
}

static void host_free(void *core)
{
    struct host *h = core;
    host_core_free(h->core);
    free(h);
}

static struct core host_as_core(void *core)
{
    struct host *h = core;
    return host_core_as_core(h->core);
}

const struct sim_tier sim_tier_host = {.name = "host",
                                       .schema = &host_schema,
                                       .core_new = host_new,
                                       .core_free = host_free,
                                       .as_core = host_as_core,
                                       .job = sim_machine_job,
                                       .power = sim_machine_power};

const struct metadata_instance *sim_tiers_metadata(struct sim_node *host, int64_t vni,
                                                   uint32_t address)
{
    const struct host *h = host->core;
    return h != NULL ? host_core_metadata(h->core, vni, address) : NULL;
}

/* ---- both
 * ------------------------------------------------------------------------------------------- */

void sim_tiers_join(struct sim_node *parent, struct sim_node *child, const char *kind)
{
    struct sync_parent p;
    struct sync_parent_hooks hooks = {0};
    struct sync_timing timing = sync_timing_default();
    struct rng rng = rng_seeded(&parent->random);
    sync_parent_init(&p, parent->store, &rng, &hooks, &timing);
    sync_parent_add(&p, child->name, kind, child->serial);
    sync_parent_fini(&p);
}

static void check_lease(struct sim_world *w, const struct sim_node *host)
{
    const struct cluster *c = host->parent->core;
    const struct host *h = host->core;
    if (c == NULL || h == NULL)
        return;
    const struct sync_timing *t = &c->config.timing;
    if (!cluster_core_calls_down(c->core, host->name, sim_node_clock(host->parent).mono_ms))
        return;
    int64_t boot_ms = sim_node_clock(host).boot_ms - t->kill_ms + t->kill_ms / 20;
    if (boot_ms > 0 && host_core_has_lease(h->core, boot_ms))
        sim_world_fail(w, "LEASE", host->name, "is called down and has a lease");
}

void sim_tiers_check_plans(struct sim_world *w, struct sim_node *n)
{
    enum { EVERY = 4 };
    char why[SIM_WHY_SIZE];
    if (n->core == NULL || sim_node_is_crashed(n) || w->is_measured || w->events % EVERY != 0)
        return;
    if (n->tier == &sim_tier_host) {
        const struct host *h = n->core;
        if (!host_core_is_planned(h->core, why, sizeof why))
            sim_world_fail(w, "PLANNED", n->name, "%s", why);
    } else if (n->tier == &sim_tier_cluster) {
        const struct cluster *c = n->core;
        if (!cluster_core_is_counted(c->core, why, sizeof why))
            sim_world_fail(w, "COUNTED", n->name, "%s", why);
    }
}

void sim_tiers_check_leases(struct sim_world *w)
{
    for (size_t i = 0; i < w->nodes_len; i++)
        if (w->nodes[i].tier == &sim_tier_host)
            check_lease(w, &w->nodes[i]);
}
