/* cluster_rig.c - see cluster_rig.h. */
#include "tests/unit/cluster_rig.h"

#include "base/check.h"
#include "base/str.h"
#include "proto/sync/item.h"
#include "proto/sync/parent.h"
#include "tests/unit/asking.h"

#include <stdio.h>
#include <string.h>

/* ---- the core ------------------------------------------------------------------------------ */

static void take_call(struct cluster_rig *r, const struct effect_call *call)
{
    struct err err = {0};
    struct wire_sync_request m;
    enum err_code code = wire_decode(&wire_sync_request_type, call->body, call->body_len, &r->arena,
                                     &m, &err);
    INV(code == ERR_OK);
    *(m.busy ? &r->busy : &r->idle) = m;
    *(m.busy ? &r->busy_call : &r->idle_call) = call->call_id;
}

static void run(struct cluster_rig *r, struct event *ev)
{
    struct arena arena = {0};
    struct effects out = {.arena = &arena};
    ev->at = r->at;
    enum turn_outcome outcome = turn_run(&r->turn, ev, 1, &out);
    INV(outcome == TURN_COMMITTED);
    for (const struct effect *e = out.first; e != NULL; e = e->next) {
        if (e->kind == EFFECT_CALL)
            take_call(r, &e->call);
        if (e->kind != EFFECT_REPLY || e->reply.request_id != r->request)
            continue;
        r->status = e->reply.status;
        r->answer = arena_strndup(&r->arena, e->reply.body, e->reply.body_len);
    }
    arena_fini(&arena);
}

static void boot(struct cluster_rig *r)
{
    r->core = cluster_core_new(r->store, &r->rng, &r->config);
    struct core steps = cluster_core_as_core(r->core);
    turn_init(&r->turn, &steps, r->store, &r->at);
    r->idle_call = r->busy_call = 0;
    run(r, &(struct event){.kind = EVENT_START});
}

void cluster_rig_init(struct cluster_rig *r)
{
    struct err err = {0};
    *r = (struct cluster_rig){
        .seed = {.state = 5},
        .at = {.mono_ms = 1000, .boot_ms = 1000, .wall_ms = 1763632415000},
        .config = {.node = "zone",
                   .timing = sync_timing_default(),
                   .ca_pem = "",
                   .region = "lab",
                   .zone = "laba",
                   .vcpu_overcommit_pct = 400,
                   .disk_overcommit_pct = 100},
    };
    r->rng = rng_seeded(&r->seed);
    enum err_code code = store_open(&r->store, ":memory:", &cluster_schema, &err);
    INV(code == ERR_OK);
    store_begin(r->store);
    for (int i = 0; i < CLUSTER_RIG_HOSTS; i++) {
        struct cluster_rig_host *h = &r->hosts[i];
        *h = (struct cluster_rig_host){.boot_n = 1, .capacity = "", .health = ""};
        snprintf(h->node, sizeof h->node, "h%d", i + 1);
        snprintf(h->boot, sizeof h->boot, "a%d", i + 1);
        store_run(r->store, "INSERT INTO child(node, kind, serial) VALUES(?, 'host', '')", "s",
                  h->node);
    }
    code = store_commit(r->store, &err);
    INV(code == ERR_OK);
    boot(r);
}

void cluster_rig_fini(struct cluster_rig *r)
{
    cluster_core_free(r->core);
    store_close(r->store);
    arena_fini(&r->arena);
}

void cluster_rig_restore(struct cluster_rig *r, const void *dump, size_t len)
{
    struct err err = {0};
    store_load(r->store, dump, len);
    store_begin(r->store);
    sync_parent_open_recovery(r->store);
    enum err_code code = store_commit(r->store, &err);
    INV(code == ERR_OK);
    cluster_core_free(r->core);
    boot(r);
}

void cluster_rig_restart(struct cluster_rig *r)
{
    cluster_core_free(r->core);
    boot(r);
}

void cluster_rig_advance(struct cluster_rig *r, int64_t ms)
{
    r->at.mono_ms += ms;
    r->at.boot_ms += ms;
    r->at.wall_ms += ms;
    run(r, &(struct event){.kind = EVENT_TICK});
}

/* ---- the cloud ----------------------------------------------------------------------------- */

static uint64_t want_sum(const struct cluster_rig *r)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < r->want_len; i++)
        if (*r->want[i].gone == '\0')
            sum += sync_item_hash(r->want[i].kind, r->want[i].id, r->want[i].generation,
                                  r->want[i].pepoch, r->want[i].number);
    return sum;
}

static void answer_sync(struct cluster_rig *r, const struct wire_sync_request *m, uint64_t call,
                        struct wire_item *want, size_t len, struct wire_note *ask)
{
    CLEANUP(buf_fini) struct buf body = {0};
    struct wire_echo echo = {m->boot, m->seq, m->t_send};
    wire_encode(&body, &wire_sync_reply_type,
                &(struct wire_sync_reply){.store_id = "cloud-store",
                                          .start_id = "cloud-start",
                                          .rev = r->rev,
                                          .want = want,
                                          .want_len = len,
                                          .ask = ask,
                                          .ask_len = ask != NULL,
                                          .want_sum = want_sum(r),
                                          .seen_ack = m->busy ? m->facts_to : m->facts_from - 1,
                                          .echo = &echo,
                                          .lease_ms = r->config.timing.lease_ms});
    run(r, &(struct event){
               .kind = EVENT_REPLY,
               .reply = {
                   .call_id = call, .status = 200, .body = buf_str(&body), .body_len = body.len}});
}

static void answer_idle(struct cluster_rig *r, struct wire_item *want, size_t len,
                        struct wire_note *ask)
{
    uint64_t call = r->idle_call;
    INV(call != 0);
    r->idle_call = 0;
    answer_sync(r,
                &(struct wire_sync_request){.boot = r->idle.boot,
                                            .seq = r->idle.seq,
                                            .t_send = r->idle.t_send,
                                            .facts_from = r->idle.facts_from},
                call, want, len, ask);
}

void cluster_rig_wish(struct cluster_rig *r, const char *kind, const char *id, int64_t generation,
                      const char *gone, const char *body)
{
    size_t i = 0;
    /* A new start is noted with its first answer, and wishes are taken from the next. */
    if (r->rev == 0)
        answer_idle(r, NULL, 0, NULL);
    while (i < r->want_len && !(str_eq(r->want[i].kind, kind) && str_eq(r->want[i].id, id)))
        i++;
    INV(i < CLUSTER_RIG_ITEMS);
    r->want_len += i == r->want_len;
    r->want[i] = (struct wire_item){.kind = kind,
                                    .id = id,
                                    .generation = generation,
                                    .pepoch = str_eq(kind, "instance"),
                                    .number = ++r->rev,
                                    .gone = gone,
                                    .error = "",
                                    .body = body};
    answer_idle(r, &r->want[i], 1, NULL);
}

void cluster_rig_ask(struct cluster_rig *r, const char *kind, const char *id)
{
    uint64_t facts = r->busy_call;
    r->busy_call = 0;
    if (facts != 0)
        answer_sync(r, &r->busy, facts, NULL, 0, NULL);
    answer_idle(r, NULL, 0, &(struct wire_note){.kind = kind, .id = id, .body = ""});
}

const char *cluster_rig_instance(struct cluster_rig *r, int memory_mib)
{
    return arena_printf(&r->arena,
                        "{\"want\":\"running\",\"vcpus\":1,\"memory_mib\":%d,\"disk_bytes\":"
                        "1073741824,\"reservation\":\"r-1\",\"minimum\":1,\"count\":1,\"port\":{"
                        "\"id\":\"eni-1\",\"vni\":1}}",
                        memory_mib);
}

struct wire_capacity cluster_rig_capacity(struct cluster_rig *r)
{
    struct err err = {0};
    struct wire_capacity said = {0};
    cluster_rig_advance(r, r->config.timing.heartbeat_ms); /* hosts are listed once in that time */
    answer_idle(r, NULL, 0, NULL);
    enum err_code code = wire_decode(&wire_capacity_type, r->idle.capacity,
                                     strlen(r->idle.capacity), &r->arena, &said, &err);
    INV(code == ERR_OK);
    return said;
}

const struct wire_item *cluster_rig_said(const struct cluster_rig *r, const char *id)
{
    const struct wire_item *found = NULL;
    for (size_t i = 0; i < r->busy.seen_len; i++)
        if (str_eq(r->busy.seen[i].id, id))
            found = &r->busy.seen[i];
    return found;
}

/* ---- a host -------------------------------------------------------------------------------- */

static void record(struct cluster_rig_host *h, const struct wire_item *wish)
{
    size_t i = 0;
    while (i < h->held_len &&
           !(str_eq(h->held[i].kind, wish->kind) && str_eq(h->held[i].id, wish->id) &&
             h->held[i].pepoch == wish->pepoch))
        i++;
    INV(i < CLUSTER_RIG_ITEMS);
    const char *body = i < h->held_len ? h->held[i].body : "";
    h->held_len += i == h->held_len;
    h->held[i] = *wish;
    if (*wish->gone != '\0' && *wish->body == '\0')
        h->held[i].body = body; /* a tombstone keeps what it ends */
}

static void sync(struct cluster_rig *r, struct cluster_rig_host *h, struct wire_sync_request *m)
{
    struct err err = {0};
    CLEANUP(buf_fini) struct buf body = {0};
    asking_fill(m, h->node, h->boot, h->boot_n, ++h->seq);
    m->t_send = r->at.boot_ms;
    m->more = *m->held_for != '\0'; /* facts wait meanwhile */
    m->store_id_seen = h->store_id;
    m->start_id_seen = h->start_id;
    m->applied_rev = h->applied;
    m->busy = true; /* so that it is answered at once */
    m->facts_from = h->acked + 1;
    m->facts_to = h->fact;
    m->facts_sum = h->sum;
    m->capacity = h->capacity;
    m->health = h->health;
    wire_encode(&body, &wire_sync_request_type, m);
    r->request++;
    r->status = 0;
    struct event ev = asking_event(r->request, h->node, &body);
    run(r, &ev);
    INV(r->status == 200);
    enum err_code code = wire_decode(&wire_sync_reply_type, r->answer, strlen(r->answer), &r->arena,
                                     &h->last, &err);
    INV(code == ERR_OK);
    for (size_t i = 0; i < h->last.want_len; i++)
        record(h, &h->last.want[i]);
    if (!h->last.recovery)
        h->applied = h->last.rev;
    str_copy(h->store_id, sizeof h->store_id, h->last.store_id);
    str_copy(h->start_id, sizeof h->start_id, h->last.start_id);
    h->acked = h->last.need_full ? 0 : h->last.seen_ack;
}

/* One kind of facts of each id in a test. */
static void note_said(struct cluster_rig_host *h, const struct wire_item *fact)
{
    size_t i = 0;
    while (i < h->said_len && !str_eq(h->said[i].id, fact->id))
        i++;
    INV(i < CLUSTER_RIG_ITEMS);
    if (i == h->said_len)
        h->said_len++;
    else
        h->sum -= h->said[i].hash;
    h->said[i].id = fact->id;
    h->said[i].hash = *fact->gone != '\0' ? 0
                                          : sync_item_hash(fact->kind, fact->id, fact->generation,
                                                           fact->pepoch, fact->number);
    h->sum += h->said[i].hash;
}

void cluster_rig_host(struct cluster_rig *r, struct cluster_rig_host *h, const char *kind,
                      const char *id, int64_t pepoch, const char *body)
{
    struct wire_sync_request m = {.seen_len = kind != NULL, .held_for = ""};
    const struct wire_item *wish = kind != NULL ? cluster_rig_held(h, id) : NULL;
    struct wire_item fact = {.kind = kind,
                             .id = id,
                             .generation = wish != NULL ? wish->generation : 0,
                             .pepoch = pepoch,
                             .number = h->fact + 1,
                             .gone = body == NULL ? "deleted" : "",
                             .error = "",
                             .body = body == NULL ? "" : body};
    m.seen = &fact;
    h->fact += kind != NULL;
    if (kind != NULL)
        note_said(h, &fact);
    sync(r, h, &m);
}

void cluster_rig_reboot(struct cluster_rig_host *h, bool is_new)
{
    h->boot[0]++;
    h->boot_n++;
    h->seq = h->acked = h->fact = 0;
    h->sum = h->said_len = 0;
    if (!is_new)
        return;
    h->held_len = 0;
    h->applied = 0;
    h->store_id[0] = h->start_id[0] = '\0';
}

void cluster_rig_return(struct cluster_rig *r, struct cluster_rig_host *h)
{
    sync(r, h, &(struct wire_sync_request){.held_for = ""});
    INV(h->last.recovery && h->last.need_all);
    sync(r, h,
         &(struct wire_sync_request){.held = h->held,
                                     .held_len = h->held_len,
                                     .held_for = h->last.start_id,
                                     .held_from = 1});
}

const struct wire_item *cluster_rig_held(const struct cluster_rig_host *h, const char *id)
{
    const struct wire_item *found = NULL;
    for (size_t i = 0; i < h->held_len; i++)
        if (str_eq(h->held[i].id, id))
            found = &h->held[i];
    return found;
}
