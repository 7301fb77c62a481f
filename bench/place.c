/* place.c - one cluster of many hosts: what a placement costs, and how well it packs.
 *
 *   place STORE HOSTS INSTANCES CHURN
 *
 * Drives the cluster-manager's core in this process, with its real store in the file STORE: this
 * program is the cloud above it and the hosts below. INSTANCES are placed by `pack`, then CHURN
 * more come while others leave (bench/trace.h); each of these is a turn of its own and is measured.
 * Beside it stand a best fit with fractions over the same trace, and a bare turn of sqlite with one
 * row. Prints one line of name=value. */
#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "base/turn.h"
#include "bench/leaving.h"
#include "bench/trace.h"
#include "bench/turn_bare.h"
#include "cluster-manager/core.h"
#include "cluster-manager/model/place.h"
#include "proto/sync/item.h"
#include "proto/wire/messages.h"
#include "tests/unit/asking.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VCPUS = 64, MEMORY_MIB = 256 * 1024, DISK_GIB = 4096, FILL_PAGE = 64 };

struct guest {
    char id[24];
    struct trace_guest is;
    uint64_t hash;       /* of its wish, in the sum of the link */
    int host, best_host; /* where ours lives, and the best fit's; -1 = nowhere */
};

struct host {
    char node[24];
    int64_t seq, fact, applied;
    double memory_mib, vcpus; /* in use, as best fit counts */
    int64_t best_guests, guests;
};

struct zone {
    struct store *store;
    struct rng_seeded seed;
    struct rng rng;
    struct cluster_config config;
    struct cluster_core *core;
    struct turn turn;
    struct instant at;
    struct host *hosts;
    size_t hosts_len;
    struct guest *guests;
    size_t guests_len, alive;
    struct leaving leaving;
    int64_t rev, refused;
    uint64_t want_sum;
    struct wire_sync_request idle, busy;
    uint64_t idle_call, busy_call, request;
    char boot[40], store_id[40], start_id[40];
    struct trace trace;
    struct place_host *mirror; /* what the core is to believe of its hosts */
    int64_t fill_ns;           /* of all turns that filled it */
    int64_t *turn_ns, *choice_ns, *bare_ns;
    size_t turns;
};

static struct room need_of(const struct guest *g)
{
    return (struct room){room_memory_of(g->is.memory_mib), g->is.vcpus, g->is.disk_gib << 30};
}

/* ---- turns --------------------------------------------------------------------------------- */

static void take_call(struct zone *z, const struct effect_call *call)
{
    struct err err = {0};
    struct arena arena = {0};
    struct wire_sync_request m;
    enum err_code code = wire_decode(&wire_sync_request_type, call->body, call->body_len, &arena,
                                     &m, &err);
    INV(code == ERR_OK);
    str_copy(z->boot, sizeof z->boot, m.boot);
    *(m.busy ? &z->busy : &z->idle) = (struct wire_sync_request){
        .seq = m.seq, .t_send = m.t_send, .facts_from = m.facts_from, .facts_to = m.facts_to};
    *(m.busy ? &z->busy_call : &z->idle_call) = call->call_id;
    arena_fini(&arena);
}

static void take_reply(struct zone *z, struct host *h, const struct effect_reply *reply)
{
    struct err err = {0};
    struct arena arena = {0};
    struct wire_sync_reply r;
    INV(reply->status == 200 && h != NULL);
    enum err_code code = wire_decode(&wire_sync_reply_type, reply->body, reply->body_len, &arena,
                                     &r, &err);
    INV(code == ERR_OK && !r.recovery);
    h->applied = r.rev;
    str_copy(z->store_id, sizeof z->store_id, r.store_id);
    str_copy(z->start_id, sizeof z->start_id, r.start_id);
    arena_fini(&arena);
}

/* Gives the CPU time of the turn. */
static int64_t run(struct zone *z, struct event *ev, struct host *asking)
{
    struct arena arena = {0};
    struct effects out = {.arena = &arena};
    ev->at = z->at;
    int64_t began_ns = turn_cpu_ns();
    enum turn_outcome outcome = turn_run(&z->turn, ev, 1, &out);
    int64_t took_ns = turn_cpu_ns() - began_ns;
    INV(outcome == TURN_COMMITTED);
    for (const struct effect *e = out.first; e != NULL; e = e->next) {
        if (e->kind == EFFECT_CALL)
            take_call(z, &e->call);
        if (e->kind == EFFECT_REPLY && e->reply.request_id == z->request)
            take_reply(z, asking, &e->reply);
    }
    arena_fini(&arena);
    return took_ns;
}

/* What the core goes on with by itself, in turns of its own; their CPU time. */
static int64_t go_on(struct zone *z)
{
    int64_t took_ns = 0;
    while (z->turn.core.wake_at(z->turn.core.self) <= z->at.mono_ms)
        took_ns += run(z, &(struct event){.kind = EVENT_TICK}, NULL);
    return took_ns;
}

/* ---- the cloud above ----------------------------------------------------------------------- */

static int64_t answer(struct zone *z, const struct wire_sync_request *m, uint64_t call,
                      struct wire_item *want, size_t len)
{
    CLEANUP(buf_fini) struct buf body = {0};
    struct wire_echo echo = {z->boot, m->seq, m->t_send};
    wire_encode(&body, &wire_sync_reply_type,
                &(struct wire_sync_reply){.store_id = "cloud-store",
                                          .start_id = "cloud-start",
                                          .rev = z->rev,
                                          .want = want,
                                          .want_len = len,
                                          .want_sum = z->want_sum,
                                          .seen_ack = m->facts_to,
                                          .echo = &echo,
                                          .lease_ms = z->config.timing.lease_ms});
    return run(z,
               &(struct event){.kind = EVENT_REPLY,
                               .reply = {.call_id = call,
                                         .status = 200,
                                         .body = buf_str(&body),
                                         .body_len = body.len}},
               NULL);
}

static int64_t answer_idle(struct zone *z, struct wire_item *want, size_t len)
{
    uint64_t call = z->idle_call;
    INV(call != 0);
    z->idle_call = 0;
    z->idle.facts_to = z->idle.facts_from - 1;
    return answer(z, &z->idle, call, want, len);
}

static void answer_busy(struct zone *z)
{
    while (z->busy_call != 0) {
        uint64_t call = z->busy_call;
        z->busy_call = 0;
        answer(z, &z->busy, call, NULL, 0);
    }
}

static struct wire_item wish_of(struct zone *z, const struct guest *g, const char *body)
{
    struct wire_item wish = {.kind = "instance",
                             .id = g->id,
                             .generation = *body != '\0' ? 1 : 2,
                             .pepoch = 1,
                             .number = ++z->rev,
                             .gone = *body != '\0' ? "" : "deleted",
                             .error = "",
                             .body = body};
    return wish;
}

static const char *body_of(struct zone *z, const struct guest *g, struct arena *arena)
{
    size_t n = (size_t)(g - z->guests);
    return arena_printf(
        arena,
        "{\"want\":\"running\",\"account\":\"000000000001\",\"type\":\"t1.small\",\"vcpus\":%lld,"
        "\"memory_mib\":%lld,\"image\":\"ami-00000000000000001\",\"disk_bytes\":%lld,"
        "\"reservation\":\"r-%zu\",\"minimum\":1,\"count\":1,\"port\":{\"id\":\"eni-%zu\",\"vni\":"
        "%zu,\"mac\":\"02:00:00:%02zx:%02zx:%02zx\",\"address\":\"10.%zu.%zu.%zu\"}}",
        (long long)g->is.vcpus, (long long)g->is.memory_mib, (long long)g->is.disk_gib << 30, n, n,
        n + 1, n >> 16 & 255, n >> 8 & 255, n & 255, n >> 16 & 255, n >> 8 & 255, n & 255);
}

/* Where it was put, by the core's own rows. */
static void look(struct zone *z, struct guest *g)
{
    struct query q;
    query_open(&q, z->store, "SELECT host FROM instance WHERE id=?", "s", g->id);
    if (query_next(&q)) {
        g->host = *query_text(&q, 0) != '\0' ? (int)strtol(query_text(&q, 0) + 1, NULL, 10) : -1;
        query_close(&q);
    }
    if (g->host < 0) {
        z->refused++;
        return;
    }
    z->hosts[g->host].guests++;
    z->mirror[g->host].used = room_add_times(z->mirror[g->host].used, need_of(g), 1);
}

/* ---- the hosts below ----------------------------------------------------------------------- */

static void sync(struct zone *z, struct host *h, struct wire_item *gone, const char *capacity)
{
    CLEANUP(buf_fini) struct buf body = {0};
    h->fact += gone != NULL;
    if (gone != NULL)
        gone->number = h->fact;
    struct wire_sync_request m = {.t_send = z->at.boot_ms,
                                  .store_id_seen = z->store_id,
                                  .start_id_seen = z->start_id,
                                  .applied_rev = h->applied,
                                  .busy = true,
                                  .facts_from = h->fact + (gone == NULL),
                                  .facts_to = h->fact,
                                  .seen = gone,
                                  .seen_len = gone != NULL,
                                  .capacity = capacity};
    asking_fill(&m, h->node, h->node, 1, ++h->seq);
    wire_encode(&body, &wire_sync_request_type, &m);
    struct event ev = asking_event(++z->request, h->node, &body);
    run(z, &ev, h);
}

/* ---- best fit, beside it ------------------------------------------------------------------- */

/* The host on which the least is left of memory and vCPUs together. */
static void best_fit(struct zone *z, struct guest *g)
{
    double best = 3, memory = (double)room_memory_of(g->is.memory_mib), vcpus = (double)g->is.vcpus;
    g->best_host = -1;
    for (size_t i = 0; i < z->hosts_len; i++) {
        double left_memory = MEMORY_MIB - z->hosts[i].memory_mib - memory;
        double left_vcpus = VCPUS - z->hosts[i].vcpus - vcpus;
        double left = left_memory / MEMORY_MIB + left_vcpus / VCPUS;
        if (left_memory < 0 || left_vcpus < 0 || left >= best)
            continue;
        best = left;
        g->best_host = (int)i;
    }
    INV(g->best_host >= 0);
    struct host *h = &z->hosts[g->best_host];
    h->memory_mib += memory;
    h->vcpus += vcpus;
    h->best_guests++;
}

static void best_leave(struct zone *z, const struct guest *g)
{
    struct host *h = &z->hosts[g->best_host];
    h->memory_mib -= (double)room_memory_of(g->is.memory_mib);
    h->vcpus -= (double)g->is.vcpus;
    h->best_guests--;
}

/* ---- the trace ----------------------------------------------------------------------------- */

static struct guest *come(struct zone *z, struct trace_guest is)
{
    size_t n = z->guests_len++;
    struct guest *g = &z->guests[n];
    *g = (struct guest){.is = is, .host = -1};
    snprintf(g->id, sizeof g->id, "i-%017zx", n);
    leaving_put(&z->leaving, is.leaves_s, n);
    best_fit(z, g);
    z->alive++;
    return g;
}

/* Its wish goes down, the host has nothing of it left, the cloud takes that. */
static void leave(struct zone *z, struct guest *g)
{
    struct wire_item end = wish_of(z, g, "");
    best_leave(z, g);
    z->want_sum -= g->hash;
    answer_idle(z, &end, 1);
    z->alive--;
    if (g->host >= 0) {
        struct place_host *h = &z->mirror[g->host];
        struct wire_item gone = {.kind = "instance",
                                 .id = g->id,
                                 .generation = 2,
                                 .pepoch = 1,
                                 .gone = "deleted",
                                 .error = "",
                                 .body = ""};
        sync(z, &z->hosts[g->host], NULL, ""); /* it records the end */
        sync(z, &z->hosts[g->host], &gone, "");
        h->used = room_sub(h->used, need_of(g));
        z->hosts[g->host].guests--;
    }
    answer_busy(z);
}

/* A page of wishes; gives the CPU time of the turn that places them. */
static int64_t wish(struct zone *z, size_t from, size_t len)
{
    struct arena arena = {0};
    struct wire_item want[FILL_PAGE];
    INV(len <= FILL_PAGE);
    for (size_t i = 0; i < len; i++) {
        struct guest *g = &z->guests[from + i];
        want[i] = wish_of(z, g, body_of(z, g, &arena));
        g->hash = sync_item_hash("instance", g->id, 1, 1, z->rev);
        z->want_sum += g->hash;
    }
    int64_t took_ns = answer_idle(z, want, len) + go_on(z);
    answer_busy(z);
    for (size_t i = 0; i < len; i++)
        look(z, &z->guests[from + i]);
    arena_fini(&arena);
    return took_ns;
}

static void fill(struct zone *z, size_t count)
{
    for (size_t i = 0; i < count; i += FILL_PAGE) {
        size_t len = count - i < FILL_PAGE ? count - i : FILL_PAGE, from = z->guests_len;
        for (size_t k = 0; k < len; k++)
            come(z, trace_found(&z->trace));
        z->fill_ns += wish(z, from, len);
    }
}

/* The choice alone, on a copy of what the core goes by: and the core has to choose the same. */
static long choose(struct zone *z, const struct guest *g)
{
    struct place_counts counts = {0};
    int64_t began_ns = turn_cpu_ns();
    long choice = place_choose(PLACE_PACK, z->mirror, z->hosts_len, need_of(g), &counts);
    z->choice_ns[z->turns] = turn_cpu_ns() - began_ns;
    return choice;
}

static void churn(struct zone *z, size_t count, double standing)
{
    for (size_t i = 0; i < count; i++) {
        struct trace_guest next = trace_next(&z->trace, standing);
        while (leaving_before(&z->leaving, z->trace.at_s))
            leave(z, &z->guests[leaving_take(&z->leaving)]);
        struct guest *g = come(z, next);
        long choice = choose(z, g);
        z->turn_ns[z->turns++] = wish(z, z->guests_len - 1, 1);
        INV(g->host == choice);
    }
}

/* ---- start and end ------------------------------------------------------------------------- */

static void start(struct zone *z, const char *path)
{
    struct err err = {0};
    enum err_code code = store_open(&z->store, path, &cluster_schema, &err);
    INV(code == ERR_OK);
    store_begin(z->store);
    for (size_t i = 0; i < z->hosts_len; i++) {
        snprintf(z->hosts[i].node, sizeof z->hosts[i].node, "h%05zu", i);
        store_run(z->store, "INSERT INTO child(node, kind, serial) VALUES(?, 'host', '')", "s",
                  z->hosts[i].node);
        z->mirror[i] = (struct place_host){.node = z->hosts[i].node,
                                           .is_up = true,
                                           .total = {MEMORY_MIB, VCPUS, (int64_t)DISK_GIB << 30}};
    }
    code = store_commit(z->store, &err);
    INV(code == ERR_OK);
    z->core = cluster_core_new(z->store, &z->rng, &z->config);
    struct core steps = cluster_core_as_core(z->core);
    turn_init(&z->turn, &steps, z->store, &z->at);
    run(z, &(struct event){.kind = EVENT_START}, NULL);
    answer_idle(z, NULL, 0); /* a new start is noted with its first answer */
}

static void speak(struct zone *z)
{
    char room[256];
    snprintf(room, sizeof room,
             "{\"room\":[{\"class\":\"memory_mib\",\"total\":%d},{\"class\":\"vcpu\",\"total\":%d},"
             "{\"class\":\"disk_gib\",\"total\":%d}]}",
             MEMORY_MIB, VCPUS, DISK_GIB);
    for (size_t i = 0; i < z->hosts_len; i++)
        sync(z, &z->hosts[i], NULL, room);
}

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static double us_at(const int64_t *ns, size_t len, size_t percent)
{
    size_t at = len * percent / 100;
    return (double)ns[at] / 1e3;
}

static void report_times(const char *name, int64_t *ns, size_t len)
{
    qsort(ns, len, sizeof *ns, compare);
    printf("%s_p50_us=%.1f %s_p99_us=%.1f ", name, us_at(ns, len, 50), name, us_at(ns, len, 99));
}

static void report(struct zone *z)
{
    size_t used = 0, best = 0;
    double memory = 0;
    for (size_t i = 0; i < z->hosts_len; i++) {
        used += z->hosts[i].guests > 0;
        best += z->hosts[i].best_guests > 0;
        memory += z->hosts[i].memory_mib;
    }
    report_times("turn", z->turn_ns, z->turns);
    report_times("choice", z->choice_ns, z->turns);
    report_times("bare", z->bare_ns, z->turns);
    printf("fill_us=%.1f alive=%zu refused=%lld hosts_used=%zu best_fit_used=%zu least=%.0f\n",
           (double)z->fill_ns / 1e3 / (double)(z->guests_len - z->turns), z->alive,
           (long long)z->refused, used, best, memory / MEMORY_MIB);
}

int main(int argc, char **argv)
{
    int64_t hosts, instances, more;
    char path[512];
    static struct zone z;
    if (argc != 5 || !str_parse_i64(argv[2], 1, 99999, &hosts) ||
        !str_parse_i64(argv[3], 1, 10000000, &instances) ||
        !str_parse_i64(argv[4], 1, 10000000, &more)) {
        fprintf(stderr, "usage: place STORE HOSTS INSTANCES CHURN\n");
        return 2;
    }
    log_init("place", LOG_ERROR);
    z = (struct zone){.seed = {.state = 5},
                      .at = {.mono_ms = 1000, .boot_ms = 1000, .wall_ms = 1763632415000},
                      .hosts_len = (size_t)hosts,
                      .config = {.node = "zone",
                                 .timing = sync_timing_default(),
                                 .ca_pem = "",
                                 .region = "bench",
                                 .zone = "bencha",
                                 .strategy = PLACE_PACK,
                                 .vcpu_overcommit_pct = 100,
                                 .disk_overcommit_pct = 100}};
    size_t total = (size_t)(instances + more);
    z.rng = rng_seeded(&z.seed);
    z.hosts = check_alloc(z.hosts_len * sizeof *z.hosts);
    z.mirror = check_alloc(z.hosts_len * sizeof *z.mirror);
    z.guests = check_alloc(total * sizeof *z.guests);
    leaving_init(&z.leaving, total);
    z.turn_ns = check_alloc((size_t)more * sizeof *z.turn_ns);
    z.choice_ns = check_alloc((size_t)more * sizeof *z.choice_ns);
    z.bare_ns = check_alloc((size_t)more * sizeof *z.bare_ns);
    trace_init(&z.trace, 1);
    start(&z, argv[1]);
    speak(&z);
    fill(&z, (size_t)instances);
    churn(&z, (size_t)more, (double)instances);
    snprintf(path, sizeof path, "%s.bare", argv[1]);
    turn_bare(path, z.bare_ns, (size_t)more);
    report(&z);
    cluster_core_free(z.core);
    store_close(z.store);
    free(z.hosts), free(z.mirror), free(z.guests), leaving_fini(&z.leaving);
    free(z.turn_ns), free(z.choice_ns), free(z.bare_ns);
    return 0;
}
