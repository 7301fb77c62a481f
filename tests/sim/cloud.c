/* cloud.c - the scene of cloud.h. */
#include "tests/sim/cloud.h"

#include "base/check.h"
#include "base/str.h"
#include "computer-manager/model/metadata.h"
#include "tests/sim/admin.h"
#include "tests/sim/dos.h"
#include "tests/sim/ec2.h"
#include "tests/sim/groups.h"
#include "tests/sim/joiner.h"
#include "tests/sim/machine.h"
#include "tests/sim/node.h"
#include "tests/sim/subscriber.h"
#include "tests/sim/tiers.h"
#include "tests/sim/wiretap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CLUSTERS = 2,
    HOSTS = 6,
    JOINERS = CLUSTERS + 1, /* and dos */
    COUNT_MAX = 3,          /* instances of one RunInstances */
    ANSWER_MS = 8000,
    SIGN_AGAIN_MS = 10 * 60 * 1000, /* within which a repeat carries the same signature */
};

struct cloud_scene {
    struct sim_world *world;
    struct sim_shadow shadow;
    struct sim_subscriber subscriber;
    struct sim_groups groups;
    struct sim_admin admin;
    struct sim_wiretap tap;
    struct sim_node *cloud;
    struct sim_joiner joiners[JOINERS];
    struct sim_ec2_key key;
    struct sim_ec2 signs[SIM_ORDERS_MAX]; /* of each order */
    char tokens[SIM_ORDERS_MAX][SIM_TOKEN_SIZE];
    struct sim_ec2 registrations[SIM_SEEDS_MAX];
    char images[SIM_SEEDS_MAX][24]; /* guests are made of the first */
    size_t images_len;
};

static struct cloud_scene *scene_of(struct sim_world *w)
{
    return w->scene_self;
}

/* ---- orders
 * ------------------------------------------------------------------------------------------- */

/* A guest's type follows from its place: a repeat must ask for the same. */
static const struct {
    const char *name;
    int64_t memory_mib;
} types[] = {{"t1.nano", 128}, {"t1.micro", 256}, {"t1.medium", 1024}, {"m1.small", 2048}};
enum { TYPES = sizeof types / sizeof types[0] };

static size_t type_of(const struct cloud_scene *c, const struct sim_guest *g)
{
    return (size_t)(g - c->shadow.guests) % TYPES;
}

/* Up for some, beyond the whole machine for some, down for others. A whole launch shares the type
 * of its first, so the other size is one that none of them can have. */
static const struct {
    const char *name;
    int64_t memory_mib;
} others[TYPES] = {{"m1.large", 8192}, {"t1.small", 512}, {"t1.small", 512}, {"m1.medium", 4096}};

static int64_t other_size(struct sim_subscriber *s, const struct sim_guest *g)
{
    return others[type_of(scene_of(s->world), g)].memory_mib;
}

static void spell(const struct cloud_scene *c, const struct sim_order *o, char *out, size_t size)
{
    static const char *const actions[] = {"RunInstances", "StopInstances", "StartInstances",
                                          "RebootInstances", "TerminateInstances"};
    size_t type = type_of(c, o->guest);
    if (o->verb == SIM_RUN)
        snprintf(out, size,
                 "Action=RunInstances&ClientToken=%s&ImageId=%s&InstanceType=%s&MaxCount=%zu"
                 "&MinCount=%zu",
                 o->token, c->images[0], types[type].name, o->count, type % 2 == 0 ? o->count : 1);
    else if (o->verb == SIM_RESIZE)
        snprintf(out, size, "Action=ModifyInstanceAttribute&InstanceId=%s&InstanceType.Value=%s",
                 o->guest->id, others[type].name);
    else if (o->verb == SIM_LOCK)
        snprintf(out, size,
                 "Action=ModifyInstanceMetadataOptions&InstanceId=%s&HttpTokens=required",
                 o->guest->id);
    else
        snprintf(out, size, "Action=%s&InstanceId.1=%s", actions[o->verb], o->guest->id);
}

/* What the cloud says it will never do. Room and quota may be there later; a clock that jumped
 * makes a signature wrong for a while. */
static bool is_never(int status, const char *body)
{
    return status >= 400 && status < 500 && strstr(body, "<Code>RequestExpired<") == NULL &&
           strstr(body, "<Code>SignatureDoesNotMatch<") == NULL;
}

/* The ids of an answer, each at its place of the launch; NULL where the one of that place is no
 * more (a store that went back may have lost it). One behind the last. */
static size_t read_ids(const char *body, char texts[COUNT_MAX][HOST_ID_SIZE],
                       const char *ids[COUNT_MAX])
{
    const char *at = body;
    char id[HOST_ID_SIZE], index[8];
    size_t len = 0;
    while (sim_ec2_text(&at, NULL, "instanceId", id, sizeof id)) {
        const char *in = at;
        if (!sim_ec2_text(&in, strstr(at, "<instanceId>"), "amiLaunchIndex", index, sizeof index))
            break;
        size_t place = (size_t)strtoull(index, NULL, 10);
        if (place >= COUNT_MAX)
            break;
        str_copy(texts[place], HOST_ID_SIZE, id);
        ids[place] = texts[place];
        len = place >= len ? place + 1 : len;
    }
    return len;
}

static void answered(void *self, int status, const char *body, size_t body_len)
{
    struct sim_order *o = self;
    char texts[COUNT_MAX][HOST_ID_SIZE];
    const char *ids[COUNT_MAX] = {o->verb == SIM_RUN ? NULL : o->guest->id};
    size_t len = o->verb != SIM_RUN;
    (void)body_len;
    if (status == 200 && o->verb == SIM_RUN)
        len = read_ids(body, texts, ids);
    bool is_full = strstr(body, "<Code>InsufficientInstanceCapacity<") != NULL;
    sim_order_answered(o,
                       status == 200                       ? SIM_DONE
                       : is_never(status, body) || is_full ? SIM_NEVER
                                                           : SIM_UNKNOWN,
                       ids, len);
}

static void send(struct sim_subscriber *s, struct sim_order *o)
{
    struct cloud_scene *c = scene_of(s->world);
    size_t at = (size_t)(o - s->orders);
    /* Each try of a launch is signed anew, as SDKs do: its token says that it is the same one. A
     * late double of an earlier try of anything else has to be no order any more: it bears the same
     * signature. */
    bool is_repeat = o->verb != SIM_RUN && str_eq(c->tokens[at], o->token) &&
                     sim_ec2_now_ms(s->world) - c->signs[at].signed_ms < SIGN_AGAIN_MS;
    if (!is_repeat) {
        char query[SIM_EC2_BODY];
        spell(c, o, query, sizeof query);
        sim_ec2_sign(&c->signs[at], &c->key, sim_ec2_wall_ms(s->world), sim_ec2_now_ms(s->world),
                     query);
        str_copy(c->tokens[at], SIM_TOKEN_SIZE, o->token);
    }
    sim_ec2_send(&c->signs[at], c->cloud, ANSWER_MS, o, answered);
}

/* ---- looking
 * ------------------------------------------------------------------------------------------ */

static void looked(void *self, int status, const char *body, size_t body_len)
{
    (void)self, (void)status, (void)body, (void)body_len;
}

static void registered(void *self, int status, const char *body, size_t body_len)
{
    struct cloud_scene *c = self;
    const char *at = body;
    char id[24];
    (void)body_len;
    SIM_TRACE(c->world, "subscriber", "register", "", "%d", status);
    if (status != 200 || !sim_ec2_text(&at, NULL, "imageId", id, sizeof id))
        return;
    for (size_t i = 0; i < c->images_len; i++)
        if (str_eq(c->images[i], id))
            return; /* the answer to an earlier one, once more */
    str_copy(c->images[c->images_len++], sizeof c->images[0], id);
}

static void seed_images(struct cloud_scene *c)
{
    for (size_t i = 0; i < c->images_len; i++)
        str_copy(c->admin.seeds[i].image, sizeof c->admin.seeds[i].image, c->images[i]);
    c->admin.seeds_len = c->images_len;
}

static void described_images(void *self, int status, const char *body, size_t body_len)
{
    struct cloud_scene *c = self;
    const char *at = body;
    size_t available = 0;
    (void)body_len;
    while (status == 200 && (at = strstr(at, "<imageState>available<")) != NULL)
        available++, at++;
    if (available < c->images_len)
        return;
    if (!c->subscriber.is_ready)
        SIM_TRACE(c->world, "subscriber", "image-ready", "", "%s", c->images[0]);
    c->subscriber.is_ready = true;
    c->cloud->has_no_backup = false;
    seed_images(c);
}

static void ask(struct cloud_scene *c, const char *query,
                void (*done)(void *self, int status, const char *body, size_t body_len))
{
    struct sim_ec2 r = {0};
    sim_ec2_sign(&r, &c->key, sim_ec2_wall_ms(c->world), sim_ec2_now_ms(c->world), query);
    sim_ec2_send(&r, c->cloud, ANSWER_MS, c, done);
}

/* One after the other; each try of one carries the same signature. */
static void register_next(struct cloud_scene *c)
{
    struct sim_ec2 *r = &c->registrations[c->images_len];
    char query[96];
    snprintf(query, sizeof query,
             "Action=RegisterImage&Name=tiny-%zu&ImageLocation=images%%2Ftiny.raw", c->images_len);
    if (r->signed_ms == 0)
        sim_ec2_sign(r, &c->key, sim_ec2_wall_ms(c->world), sim_ec2_now_ms(c->world) + 1, query);
    sim_ec2_send(r, c->cloud, ANSWER_MS, c, registered);
}

static void look(struct sim_subscriber *s)
{
    struct cloud_scene *c = scene_of(s->world);
    if (c->images_len < SIM_SEEDS_MAX)
        register_next(c);
    else if (!s->is_ready)
        ask(c, "Action=DescribeImages", described_images);
    else
        ask(c, "Action=DescribeInstances", looked);
}

/* In the order of commits, whoever hears it later. */
static void hear_instances(struct sim_shadow *s, const char *body)
{
    const char *at = body;
    char id[HOST_ID_SIZE], state[16], token[40], index[8], address[16], code[64];
    sim_shadow_see_begin(s);
    while (sim_ec2_text(&at, NULL, "instanceId", id, sizeof id)) {
        const char *end = strstr(at, "<instanceId>"), *in = at;
        bool has_state = (in = strstr(at, "<instanceState>")) != NULL &&
                         sim_ec2_text(&in, end, "name", state, sizeof state);
        in = at;
        bool has_index = sim_ec2_text(&in, end, "amiLaunchIndex", index, sizeof index);
        in = at;
        if (has_state && has_index && sim_ec2_text(&in, end, "clientToken", token, sizeof token))
            sim_shadow_see(s, id, token, strtoll(index, NULL, 10), state);
        else
            sim_world_fail(s->world, "WIRE", id,
                           "is described without a state, a token or a launch index");
        in = at;
        if (!sim_ec2_text(&in, end, "ipAddress", address, sizeof address))
            address[0] = '\0';
        sim_shadow_see_address(s, id, address);
        in = strstr(at, "<stateReason>");
        if (in == NULL || !sim_ec2_text(&in, end, "code", code, sizeof code))
            code[0] = '\0';
        sim_shadow_see_reason(s, id, has_state ? state : "", code);
    }
    sim_shadow_see_end(s);
}

/* ---- the scene
 * ---------------------------------------------------------------------------------------- */

static void build_hosts(struct cloud_scene *c, struct sim_node **clusters)
{
    char name[SIM_NAME_SIZE];
    for (size_t i = 0; i < HOSTS; i++) {
        snprintf(name, sizeof name, "host-%zu", i + 1);
        struct sim_node *host = sim_node_add(c->world, name, &sim_tier_host,
                                             clusters[i % CLUSTERS]);
        sim_tiers_join(host->parent, host, "host");
        struct sim_machine *m = host->machine = sim_machine_new(host, &sim_shadow_watch);
        snprintf(m->tunnel, sizeof m->tunnel, "10.0.0.%zu", i + 1);
        snprintf(m->share_url, sizeof m->share_url, "https://10.0.0.%zu:8784", i + 1);
        sim_shadow_add_machine(&c->shadow, m);
    }
}

static void build_with(struct sim_world *w, const struct sim_tier *cloud)
{
    struct cloud_scene *c = check_alloc(sizeof *c);
    struct sim_node *children[JOINERS];
    char name[SIM_NAME_SIZE];
    w->scene_self = c;
    c->world = w;
    sim_shadow_init(&c->shadow, w);
    c->shadow.quota = SIM_QUOTA_INSTANCES;
    c->shadow.is_placed_by_room = true;
    c->cloud = sim_node_add(w, "cloud", cloud, NULL);
    c->cloud->has_no_backup = true;
    for (size_t i = 0; i < CLUSTERS; i++) {
        snprintf(name, sizeof name, "cluster-%zu", i + 1);
        children[i] = sim_node_add(w, name, &sim_tier_cluster, c->cloud);
    }
    children[CLUSTERS] = sim_node_add(w, "dos", &sim_tier_dos, c->cloud);
    sim_tiers_setup(c->cloud, children, JOINERS, &c->key);
    for (size_t i = 0; i < JOINERS; i++)
        sim_joiner_begin(&c->joiners[i], children[i]);
    build_hosts(c, children);
    c->subscriber = (struct sim_subscriber){.world = w,
                                            .shadow = &c->shadow,
                                            .send = send,
                                            .look = look,
                                            .size_mib = other_size,
                                            .can_lock = true,
                                            .living_max = SIM_QUOTA_INSTANCES + 3,
                                            .guests_max = 60,
                                            .count_max = COUNT_MAX};
    sim_subscriber_begin(&c->subscriber);
    c->groups = (struct sim_groups){
        .world = w, .shadow = &c->shadow, .cloud = c->cloud, .key = &c->key};
    c->admin = (struct sim_admin){
        .world = w, .shadow = &c->shadow, .cloud = c->cloud, .key = &c->key};
    if (w->is_plain)
        return;
    sim_groups_begin(&c->groups);
    sim_admin_begin(&c->admin);
}

static void build(struct sim_world *w)
{
    build_with(w, &sim_tier_cloud);
}

/* Where the cloud-manager's own store goes back as well, in every seed. */
static void build_region(struct sim_world *w)
{
    enum { RESTORES_S = 30 };
    build_with(w, &sim_tier_kept_cloud);
    w->faults.rate[SIM_FAULT_RESTORE] = RESTORES_S;
}

static void scene_free(struct sim_world *w)
{
    sim_shadow_fini(&scene_of(w)->shadow);
    free(w->scene_self);
}

static void after_turn(struct sim_world *w, struct sim_node *n)
{
    sim_tiers_check_leases(w);
    sim_tiers_check_plans(w, n);
}

static void on_wire(struct sim_world *w, const struct sim_parcel *p)
{
    struct cloud_scene *c = scene_of(w);
    sim_wiretap_hear(&c->tap, w, p);
    if (p->is_reply && p->to == NULL && p->status == 200 &&
        strstr(p->body, "<DescribeInstancesResponse") != NULL) {
        hear_instances(&c->shadow, p->body);
        sim_groups_hear(&c->groups, p->body);
    }
}

static void fault(struct sim_world *w, enum sim_fault f)
{
    sim_shadow_fault(&scene_of(w)->shadow, f);
}

/* Of a cluster: what subscribers were told stands in the store above it, and still holds. */
static void on_restore(struct sim_world *w, struct sim_node *n)
{
    if (n->tier != &sim_tier_kept_cloud)
        return;
    sim_shadow_restored(&scene_of(w)->shadow);
    sim_groups_restored(&scene_of(w)->groups);
}

static void heal(struct sim_world *w)
{
    (void)w;
}

/* What a guest would be answered on this machine; NULL = it has no port there, or its manager is
 * down. */
static const struct metadata_instance *answer_of(const struct sim_machine *m, const char *id)
{
    for (size_t i = 0; i < SIM_PORTS_MAX; i++)
        if (m->ports[i].port[0] != '\0' && str_eq(m->ports[i].instance, id))
            return sim_tiers_metadata(m->node, m->ports[i].vni, m->ports[i].address);
    return NULL;
}

/* What was promised of a metadata service is what its guest meets. */
static void check_locks(const struct sim_shadow *s)
{
    for (size_t i = 0; i < s->guests_len && !s->was_restored; i++) {
        const struct sim_guest *g = &s->guests[i];
        if (g->told[SIM_LOCK] != SIM_TOLD || g->seen != SIM_STATE_RUNNING)
            continue;
        for (size_t k = 0; k < s->machines_len; k++) {
            const struct metadata_instance *m = answer_of(s->machines[k], g->id);
            if (m != NULL && m->tokens != METADATA_TOKENS_REQUIRED)
                sim_world_fail(s->world, "LOCK", g->id, "answers without a token on %s",
                               s->machines[k]->node->name);
        }
    }
}

static void finish_core(struct sim_world *w)
{
    sim_shadow_finish_core(&scene_of(w)->shadow);
}

static void finish(struct sim_world *w)
{
    check_locks(&scene_of(w)->shadow);
    sim_shadow_finish(&scene_of(w)->shadow);
    if (w->is_plain)
        return;
    sim_groups_finish(&scene_of(w)->groups);
    sim_admin_finish(&scene_of(w)->admin);
}

const struct sim_scene sim_scene_cloud = {.name = "cloud",
                                          .build = build,
                                          .free = scene_free,
                                          .after_turn = after_turn,
                                          .on_wire = on_wire,
                                          .fault = fault,
                                          .on_restore = on_restore,
                                          .heal = heal,
                                          .finish_core = finish_core,
                                          .finish = finish};

const struct sim_scene sim_scene_region = {.name = "region",
                                           .build = build_region,
                                           .free = scene_free,
                                           .after_turn = after_turn,
                                           .on_wire = on_wire,
                                           .fault = fault,
                                           .on_restore = on_restore,
                                           .heal = heal,
                                           .finish_core = finish_core,
                                           .finish = finish};
