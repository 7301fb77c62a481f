/* net.c - calls and parcels. */
#include "tests/sim/net.h"

#include "base/check.h"
#include "base/str.h"
#include "tests/sim/node.h"
#include "tests/sim/version.h"

#include <stdlib.h>
#include <string.h>

enum {
    SLOTS_MAX = 4096, /* calls open at once */
    NEAR_MS = 3,      /* usual delay, one way */
    SLOW_MS = 2500,   /* a little more than a heartbeat */
    LATE_MS = 20000,
    RESET_MS = 20,
};

/* One exchange; open until its answer or its end was told to the caller. */
struct call {
    uint64_t number; /* never used again; 0 = a free slot */
    struct sim_node *from, *to;
    uint64_t from_life, call_id;
    void *client;
    void (*done)(void *self, int status, const char *body, size_t body_len);
    char target[64];
};

struct sim_net {
    struct sim_world *world;
    struct call calls[SLOTS_MAX];
    size_t calls_len; /* slots ever used */
    uint64_t serial, request_id;
    struct list parcels;
    int cuts[SIM_NODES_MAX][SIM_NODES_MAX];
    int64_t clogged_ms[SIM_NODES_MAX][SIM_NODES_MAX]; /* until then */
};

struct sim_net *sim_net_new(struct sim_world *w)
{
    struct sim_net *net = check_alloc(sizeof *net);
    net->world = w;
    list_init(&net->parcels);
    return net;
}

void sim_net_free(struct sim_net *net)
{
    LIST_EACH_SAFE (it, &net->parcels)
        sim_parcel_free(LIST_ENTRY(it, struct sim_parcel, link));
    free(net);
}

/* ---- calls ---------------------------------------------------------------------------------- */

static struct call *call_new(struct sim_net *net)
{
    size_t at = 0;
    while (at < net->calls_len && net->calls[at].number != 0)
        at++;
    INV(at < SLOTS_MAX);
    if (at == net->calls_len)
        net->calls_len++;
    net->calls[at] = (struct call){.number = ++net->serial * SLOTS_MAX + at};
    return &net->calls[at];
}

static struct call *call_get(struct sim_net *net, uint64_t number)
{
    struct call *c = &net->calls[number % SLOTS_MAX];
    return number != 0 && c->number == number ? c : NULL;
}

/* Tells the caller the end of its call: an answer's parcel (taken), or NULL for no answer. */
static void call_end(struct sim_net *net, struct call *c, struct sim_parcel *p)
{
    struct call done = *c;
    *c = (struct call){0};
    if (done.from == NULL) {
        done.done(done.client, p != NULL ? p->status : 0, p != NULL ? p->body : "",
                  p != NULL ? p->body_len : 0);
        sim_parcel_free(p);
        return;
    }
    if (done.from->core == NULL || done.from->life != done.from_life) {
        sim_parcel_free(p);
        return;
    }
    if (p == NULL) {
        p = check_alloc(sizeof *p + 1);
        list_init(&p->link);
        p->world = net->world;
        p->body = (char *)(p + 1);
    }
    if (p->status == 200 && str_eq(done.target, "/v1/sync"))
        done.from->heard_boot = done.from->boot;
    sim_node_take_reply(done.from, p, done.call_id);
}

static void deadline_fire(struct sim_world *w, const struct sim_due *due)
{
    struct call *c = call_get(w->net, due->number);
    if (c != NULL)
        call_end(w->net, c, NULL);
}

/* ---- parcels -------------------------------------------------------------------------------- */

void sim_parcel_free(struct sim_parcel *p)
{
    if (p == NULL)
        return;
    list_remove(&p->link);
    free(p);
}

static char *place(char **at, const char *text, size_t len)
{
    char *copy = *at;
    if (len > 0)
        memcpy(copy, text, len);
    copy[len] = '\0';
    *at += len + 1;
    return copy;
}

static char *place_text(char **at, const char *text)
{
    return place(at, text, strlen(text));
}

/* A copy in one block of everything that `like` points to. */
static struct sim_parcel *parcel_new(struct sim_net *net, const struct sim_parcel *like)
{
    size_t size = sizeof *like + like->headers_len * sizeof *like->headers + like->body_len +
                  strlen(like->method) + strlen(like->target) + strlen(like->peer_node) +
                  strlen(like->peer_serial) + 5;
    for (size_t i = 0; i < like->headers_len; i++)
        size += strlen(like->headers[i].name) + strlen(like->headers[i].value) + 2;
    struct sim_parcel *p = check_alloc(size);
    struct header *headers = (struct header *)(p + 1);
    char *at = (char *)(headers + like->headers_len);
    *p = *like;
    p->world = net->world;
    list_init(&p->link);
    for (size_t i = 0; i < like->headers_len; i++) {
        headers[i].name = place_text(&at, like->headers[i].name);
        headers[i].value = place_text(&at, like->headers[i].value);
    }
    p->headers = headers;
    p->method = place_text(&at, like->method);
    p->target = place_text(&at, like->target);
    p->peer_node = place_text(&at, like->peer_node);
    p->peer_serial = place_text(&at, like->peer_serial);
    p->body = place(&at, like->body, like->body_len);
    return p;
}

static bool is_cut(const struct sim_net *net, const struct sim_parcel *p)
{
    return p->from != NULL && p->to != NULL && net->cuts[p->from->index][p->to->index] > 0;
}

static int64_t draw_delay(struct sim_world *w)
{
    int64_t wait = 1 + (int64_t)sim_world_draw(w, NEAR_MS);
    if (sim_faults_hit(&w->faults, SIM_FAULT_SLOW_NETWORK))
        wait += (int64_t)sim_faults_draw(&w->faults, SIM_FAULT_SLOW_NETWORK, SLOW_MS);
    if (sim_faults_hit(&w->faults, SIM_FAULT_LATE_MESSAGE))
        wait += (int64_t)sim_faults_draw(&w->faults, SIM_FAULT_LATE_MESSAGE, LATE_MS);
    return wait;
}

static void arrive_fire(struct sim_world *w, const struct sim_due *due);

/* What is in a clogged link waits there for the burst at its end. */
static int64_t clogged_wait(struct sim_net *net, const struct sim_parcel *p, int64_t wait_ms)
{
    enum { BURST_MS = 50 };
    struct sim_world *w = net->world;
    int64_t left = p->from != NULL && p->to != NULL
                       ? net->clogged_ms[p->from->index][p->to->index] - w->now_ms
                       : 0;
    if (wait_ms >= left)
        return wait_ms;
    return left + (int64_t)sim_faults_draw(&w->faults, SIM_FAULT_CLOG_LINK, BURST_MS);
}

static void ship(struct sim_net *net, struct sim_parcel *p, int64_t wait_ms)
{
    wait_ms = clogged_wait(net, p, wait_ms);
    list_append(&net->parcels, &p->link);
    sim_world_after(net->world, wait_ms, arrive_fire, p, 0);
}

/* ---- requests ------------------------------------------------------------------------------- */

/* The same bytes under the certificate of some other node: I17. */
static void forge(struct sim_net *net, const struct sim_parcel *like)
{
    struct sim_world *w = net->world;
    if (like->from == NULL || !sim_faults_hit(&w->faults, SIM_FAULT_FORGE_NODE))
        return;
    struct sim_node *other =
        &w->nodes[sim_faults_draw(&w->faults, SIM_FAULT_FORGE_NODE, w->nodes_len)];
    if (other == like->from)
        return;
    struct sim_parcel false_one = *like;
    false_one.is_forged = true;
    false_one.call = 0;
    false_one.peer_node = other->name;
    false_one.peer_serial = other->serial;
    false_one.peer_since_ms = other->certified_ms;
    false_one.peer_until_ms = other->expires_ms;
    SIM_TRACE_FAULT(w, other->name, "forge", "", "as %s", like->from->name);
    ship(net, parcel_new(net, &false_one), draw_delay(w));
}

static void send_request(struct sim_net *net, const struct sim_parcel *like)
{
    struct sim_world *w = net->world;
    w->scene->on_wire(w, like);
    forge(net, like);
    if (sim_faults_hit(&w->faults, SIM_FAULT_DOUBLE_REQUEST))
        ship(net, parcel_new(net, like), draw_delay(w) * 2);
    if (sim_faults_hit(&w->faults, SIM_FAULT_LOSE_REQUEST) || is_cut(net, like))
        return;
    struct sim_parcel *p = parcel_new(net, like);
    if (p->face == FACE_TIER && p->body_len > 0 &&
        sim_faults_hit(&w->faults, SIM_FAULT_TEAR_MESSAGE)) {
        p->body_len = sim_faults_draw(&w->faults, SIM_FAULT_TEAR_MESSAGE, p->body_len);
        p->body[p->body_len] = '\0';
    }
    ship(net, p, draw_delay(w));
}

void sim_net_call_parent(struct sim_node *from, const struct effect_call *e)
{
    struct sim_net *net = from->world->net;
    CLEANUP(buf_fini) struct buf body = {0};
    INV(from->parent != NULL);
    sim_version_speak(from, false, e->body, e->body_len, &body);
    struct call *c = call_new(net);
    c->from = from;
    c->to = from->parent;
    c->from_life = from->life;
    c->call_id = e->call_id;
    str_copy(c->target, sizeof c->target, e->target);
    static const struct header headers[] = {{"host", "parent"},
                                            {"content-type", "application/json"}};
    sim_world_after(net->world, sim_clock_span(&from->clock, e->timeout_ms), deadline_fire, NULL,
                    c->number);
    send_request(net, &(struct sim_parcel){.call = c->number,
                                           .from = from,
                                           .to = from->parent,
                                           .face = FACE_TIER,
                                           .method = e->method,
                                           .target = e->target,
                                           .headers = headers,
                                           .headers_len = 2,
                                           .body = (char *)(uintptr_t)buf_str(&body),
                                           .body_len = body.len,
                                           .peer_node = from->name,
                                           .peer_serial = from->serial,
                                           .peer_since_ms = from->certified_ms,
                                           .peer_until_ms = from->expires_ms});
}

void sim_net_call_client(struct sim_node *to, const struct sim_client_call *call)
{
    struct sim_net *net = to->world->net;
    struct call *c = call_new(net);
    c->to = to;
    c->client = call->self;
    c->done = call->done;
    str_copy(c->target, sizeof c->target, call->target);
    sim_world_after(net->world, call->timeout_ms, deadline_fire, NULL, c->number);
    send_request(net, &(struct sim_parcel){.call = c->number,
                                           .to = to,
                                           .face = call->face,
                                           .method = call->method,
                                           .target = call->target,
                                           .headers = call->headers,
                                           .headers_len = call->headers_len,
                                           .body = (char *)(uintptr_t)call->body,
                                           .body_len = call->body_len,
                                           .peer_node = "",
                                           .peer_serial = ""});
}

static void reset_fire(struct sim_world *w, const struct sim_due *due)
{
    deadline_fire(w, due);
}

/* The caller hears that the connection is gone. */
static void reset(struct sim_net *net, uint64_t call)
{
    sim_world_after(net->world, 1 + (int64_t)sim_world_draw(net->world, RESET_MS), reset_fire, NULL,
                    call);
}

static void request_arrives(struct sim_net *net, struct sim_parcel *p)
{
    struct sim_node *n = p->to;
    if (n->core == NULL || n->pending_len == SIM_PENDING_MAX) {
        if (n->is_powered)
            reset(net, p->call);
        sim_parcel_free(p);
        return;
    }
    sim_trace_mix(&net->world->trace, p->body, p->body_len);
    n->pending[n->pending_len++] = (struct sim_pending){.request_id = ++net->request_id,
                                                        .call = p->call,
                                                        .from = p->from,
                                                        .is_forged = p->is_forged};
    sim_node_take_request(n, p, net->request_id);
}

/* ---- answers -------------------------------------------------------------------------------- */

/* Some open call between the same two, for the answer to another. */
static struct call *find_like(struct sim_net *net, const struct sim_parcel *p)
{
    for (size_t i = 0; i < net->calls_len; i++) {
        struct call *c = &net->calls[i];
        if (c->number != 0 && c->from == p->to && c->to == p->from && c->from != NULL)
            return c;
    }
    return NULL;
}

static void reply_arrives(struct sim_net *net, struct sim_parcel *p)
{
    struct sim_world *w = net->world;
    struct call *c = call_get(net, p->call);
    if (c == NULL && p->to != NULL && w->faults.rate[SIM_FAULT_DOUBLE_REPLY] > 0 && w->faults.on) {
        c = find_like(net, p);
        if (c != NULL)
            SIM_TRACE_FAULT(w, p->to->name, "stray-answer", "", "from %s", p->from->name);
    }
    if (c == NULL) {
        sim_parcel_free(p);
        return;
    }
    sim_trace_mix(&w->trace, p->body, p->body_len);
    call_end(net, c, p);
}

static void arrive_fire(struct sim_world *w, const struct sim_due *due)
{
    struct sim_parcel *p = due->what;
    list_remove(&p->link);
    if (is_cut(w->net, p))
        sim_parcel_free(p);
    else if (p->is_reply)
        reply_arrives(w->net, p);
    else
        request_arrives(w->net, p);
}

/* The connection ends within the answer: whoever reads it has a part of the body, or nothing. */
static void halve(struct sim_parcel *p)
{
    struct sim_faults *f = &p->world->faults;
    if (p->to == NULL || p->body_len == 0 || !sim_faults_hit(f, SIM_FAULT_HALF_ANSWER))
        return;
    p->body_len = sim_faults_draw(f, SIM_FAULT_HALF_ANSWER, p->body_len);
    p->body[p->body_len] = '\0';
    if (sim_faults_draw(f, SIM_FAULT_HALF_ANSWER, 2) == 0)
        p->status = 0;
}

static bool take_pending(struct sim_node *n, uint64_t request_id, struct sim_pending *out)
{
    for (size_t i = 0; i < n->pending_len; i++) {
        if (n->pending[i].request_id != request_id)
            continue;
        *out = n->pending[i];
        n->pending[i] = n->pending[--n->pending_len];
        return true;
    }
    return false;
}

void sim_net_answer(struct sim_node *from, const struct effect_reply *e)
{
    struct sim_net *net = from->world->net;
    struct sim_world *w = net->world;
    struct sim_pending pending;
    if (!take_pending(from, e->request_id, &pending)) {
        sim_world_fail(w, "HTTP", from->name, "request %lu was answered twice, or never came",
                       (unsigned long)e->request_id);
        return;
    }
    if (pending.is_forged) {
        if (e->status < 400)
            sim_world_fail(w, "I17", from->name, "a node acted for another: status %d", e->status);
        return;
    }
    struct call *c = call_get(net, pending.call);
    CLEANUP(buf_fini) struct buf body = {0};
    if (pending.from != NULL)
        sim_version_speak(from, true, e->body, e->body_len, &body);
    else
        buf_append(&body, e->body, e->body_len);
    struct sim_parcel like = {.call = pending.call,
                              .from = from,
                              .to = pending.from,
                              .is_reply = true,
                              .status = e->status,
                              .method = "",
                              .target = c != NULL ? c->target : "",
                              .headers = e->headers,
                              .headers_len = e->headers_len,
                              .body = (char *)(uintptr_t)buf_str(&body),
                              .body_len = body.len,
                              .peer_node = "",
                              .peer_serial = ""};
    w->scene->on_wire(w, &like);
    if (sim_faults_hit(&w->faults, SIM_FAULT_DOUBLE_REPLY))
        ship(net, parcel_new(net, &like),
             (int64_t)sim_faults_draw(&w->faults, SIM_FAULT_DOUBLE_REPLY, LATE_MS));
    if (sim_faults_hit(&w->faults, SIM_FAULT_LOSE_REPLY) || is_cut(net, &like))
        return;
    struct sim_parcel *p = parcel_new(net, &like);
    halve(p);
    ship(net, p, draw_delay(w));
}

/* ---- ends ----------------------------------------------------------------------------------- */

void sim_net_node_died(struct sim_node *n, bool is_silent)
{
    struct sim_net *net = n->world->net;
    for (size_t i = 0; i < net->calls_len; i++)
        if (net->calls[i].number != 0 && net->calls[i].from == n)
            net->calls[i] = (struct call){0};
    for (size_t i = 0; i < n->pending_len && !is_silent; i++)
        reset(net, n->pending[i].call);
}

void sim_net_cut(struct sim_world *w, const struct sim_node *from, const struct sim_node *to)
{
    w->net->cuts[from->index][to->index]++;
}

void sim_net_mend(struct sim_world *w, const struct sim_node *from, const struct sim_node *to)
{
    if (w->net->cuts[from->index][to->index] > 0)
        w->net->cuts[from->index][to->index]--;
}

void sim_net_clog(struct sim_world *w, const struct sim_node *from, const struct sim_node *to,
                  int64_t until_ms)
{
    w->net->clogged_ms[from->index][to->index] = until_ms;
}

void sim_net_mend_all(struct sim_world *w)
{
    memset(w->net->cuts, 0, sizeof w->net->cuts);
    memset(w->net->clogged_ms, 0, sizeof w->net->clogged_ms);
}
