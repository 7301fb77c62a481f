/* loop.c - inbox, turn, effects; and a watch over the loop's own lag. */
#include "base/loop.h"

#include "base/arena.h"
#include "base/check.h"
#include "base/log.h"
#include "base/loop_watch.h"

#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <uv.h>

enum { REQUESTS_MAX = 4096, BYTES_MAX = 64 * 1024 * 1024, HASTE_MAX = 100 };

/* Events that wait for a turn, with all that they point at. */
struct inbox {
    struct arena arena;
    struct event *events;
    size_t len, cap;
    size_t requests, bytes;
};

struct deferred {
    struct deferred *next;
    void (*fn)(void *arg);
    void *arg;
};

struct loop {
    uv_loop_t uv;
    struct loop_options options;
    struct turn *turn;
    struct loop_performer performer;
    struct inbox inboxes[2];
    struct inbox *filling; /* the other one is in a turn or empty */
    struct arena effects_arena;
    uv_check_t check; /* after I/O: the turn */
    uv_idle_t idle;   /* active while the inbox is not empty, so that poll does not sleep */
    uv_timer_t tick;
    uv_timer_t again; /* brings back what a lost turn held and nobody repeats */
    struct inbox lost;
    uv_async_t async;
    uv_signal_t signals[3];
    int64_t wake_ms; /* what core.wake_at said last */
    unsigned haste;  /* ticks in a row that were due at once */
    bool stopping;
    bool is_over; /* loop_run has returned */
    void (*hup)(void *self);
    void *hup_self;
    struct loop_watch *watch;
    struct loop_stats stats;
    uv_mutex_t deferred_mutex;
    struct deferred *deferred_first, **deferred_end;
};

static const int watched_signals[] = {SIGTERM, SIGINT, SIGHUP};

/* Copying events. */

static struct header *copy_headers(struct arena *a, const struct header *headers, size_t len)
{
    struct header *copy = arena_alloc(a, len * sizeof *copy + 1);
    for (size_t i = 0; i < len; i++)
        copy[i] = (struct header){arena_strdup(a, headers[i].name),
                                  arena_strdup(a, headers[i].value)};
    return copy;
}

static void copy_request(struct arena *a, struct request *r)
{
    r->method = arena_strdup(a, r->method);
    r->target = arena_strdup(a, r->target);
    r->headers = copy_headers(a, r->headers, r->headers_len);
    r->body = arena_strndup(a, r->body, r->body_len);
    r->peer_node = arena_strdup(a, r->peer_node);
    r->peer_serial = arena_strdup(a, r->peer_serial);
    r->remote = arena_strdup(a, r->remote);
    r->trace = arena_strdup(a, r->trace);
}

static void copy_event(struct arena *a, struct event *ev)
{
    switch (ev->kind) {
    case EVENT_REQUEST:
        copy_request(a, &ev->request);
        break;
    case EVENT_REPLY:
        ev->reply.body = arena_strndup(a, ev->reply.body, ev->reply.body_len);
        break;
    case EVENT_JOB_DONE:
        ev->job.text = arena_strdup(a, ev->job.text);
        ev->job.result = arena_memdup(a, ev->job.result, ev->job.result_size);
        break;
    case EVENT_START:
    case EVENT_TICK:
        break;
    }
}

/* The inbox. */

static void inbox_push(struct inbox *in, const struct event *ev)
{
    if (in->len == in->cap) {
        in->cap = in->cap > 0 ? in->cap * 2 : 64;
        in->events = check_realloc(in->events, in->cap * sizeof *in->events);
    }
    in->events[in->len] = *ev;
    copy_event(&in->arena, &in->events[in->len++]);
    if (ev->kind == EVENT_REQUEST) {
        in->requests++;
        in->bytes += ev->request.body_len;
    }
}

static void inbox_clear(struct inbox *in)
{
    in->len = in->requests = in->bytes = 0;
    arena_reset(&in->arena);
}

static void inbox_fini(struct inbox *in)
{
    free(in->events);
    arena_fini(&in->arena);
}

/* Effects. */

static void perform(struct loop *loop, const struct effects *effects)
{
    const struct loop_performer *p = &loop->performer;
    for (const struct effect *e = effects->first; e != NULL; e = e->next)
        switch (e->kind) {
        case EFFECT_REPLY:
            PRE(p->reply != NULL);
            p->reply(p->self, &e->reply);
            break;
        case EFFECT_MORE:
            PRE(p->more != NULL);
            p->more(p->self, &e->more);
            break;
        case EFFECT_CALL:
            PRE(p->call != NULL);
            p->call(p->self, &e->call);
            break;
        case EFFECT_JOB:
            PRE(p->job != NULL);
            p->job(p->self, &e->job);
            break;
        }
}

/* There is no room: the core says so in the caller's own spelling, outside any turn. */
static void refuse(struct loop *loop, const struct event *ev)
{
    const struct core *core = &loop->turn->core;
    struct arena arena = {0};
    struct effects effects = {.arena = &arena};
    const struct err err = {.code = ERR_UNAVAILABLE, .text = "too many requests wait"};
    core->fail(core->self, ev, &err, &effects);
    perform(loop, &effects);
    arena_fini(&arena);
}

static bool is_full(const struct loop *loop, const struct event *ev)
{
    const struct inbox *in = loop->filling;
    return in->requests >= loop->options.requests_max ||
           in->bytes + ev->request.body_len > loop->options.bytes_max;
}

static void on_idle(uv_idle_t *idle)
{
    (void)idle; /* its being active is what keeps the loop awake */
}

void loop_post(struct loop *loop, const struct event *ev)
{
    if (loop->is_over)
        return;
    PRE(loop->turn != NULL);
    struct event taken = *ev;
    taken.at = loop_now(loop);
    if (ev->kind == EVENT_REQUEST && is_full(loop, ev)) {
        loop->stats.refused++;
        refuse(loop, &taken);
        return;
    }
    inbox_push(loop->filling, &taken);
    uv_idle_start(&loop->idle, on_idle);
}

/* The turn. */

static void on_again(uv_timer_t *timer)
{
    struct loop *loop = timer->data;
    for (size_t i = 0; i < loop->lost.len; i++)
        loop_post(loop, &loop->lost.events[i]);
    inbox_clear(&loop->lost);
}

enum { AGAIN_MS = 1000 }; /* what a lost turn was to do of itself is tried again after this */

/* Requests were answered 503 and replies are asked for again; results of jobs come once. A daemon
 * whose very start was lost ends: whoever runs it starts it again. */
static void keep_lost(struct loop *loop, const struct inbox *in)
{
    for (size_t i = 0; i < in->len; i++) {
        if (in->events[i].kind == EVENT_START) {
            log_error("loop.start_lost", "try", "free some disk space and start it again", NULL);
            exit(EXIT_FAILURE);
        }
        if (in->events[i].kind == EVENT_JOB_DONE)
            inbox_push(&loop->lost, &in->events[i]);
    }
    if (loop->lost.len > 0)
        uv_timer_start(&loop->again, on_again, AGAIN_MS, 0);
}

static int64_t watch_us(void)
{
    return (int64_t)(uv_hrtime() / 1000);
}

static void note_turn(struct loop_stats *s, size_t events, enum turn_outcome outcome,
                      int64_t lag_us, int64_t turn_us)
{
    s->turns++;
    s->events += events;
    s->is_lost = outcome == TURN_LOST;
    s->turns_lost += s->is_lost;
    histogram_note(&s->lag, lag_us);
    histogram_note(&s->turn, turn_us);
}

struct loop_stats loop_stats(const struct loop *loop)
{
    struct loop_stats s = loop->stats;
    s.waiting = loop->filling->len;
    return s;
}

const struct turn *loop_turn(const struct loop *loop)
{
    return loop->turn;
}

static void run_turn(struct loop *loop)
{
    struct inbox *in = loop->filling;
    loop->filling = in == &loop->inboxes[0] ? &loop->inboxes[1] : &loop->inboxes[0];
    INV(loop->filling->len == 0);
    struct effects effects = {.arena = &loop->effects_arena};
    int64_t began_us = watch_us(), lag_ms = loop_now(loop).mono_ms - in->events[0].at.mono_ms;
    enum turn_outcome outcome = turn_run(loop->turn, in->events, in->len, &effects);
    note_turn(&loop->stats, in->len, outcome, lag_ms * 1000, watch_us() - began_us);
    if (outcome ==
        TURN_UNKNOWN) /* crash-only: what was in RAM may be ahead of the disk, or behind */
        exit(EXIT_FAILURE);
    if (outcome == TURN_LOST)
        keep_lost(loop, in);
    perform(loop, &effects);
    arena_reset(&loop->effects_arena);
    inbox_clear(in);
}

static void on_tick(uv_timer_t *timer);

/* Arms the next tick. A core that is always in haste gets one tick a millisecond; one whose turn
 * was lost has nothing else to do than what it could not. */
static void arm_tick(struct loop *loop)
{
    const struct core *core = &loop->turn->core;
    loop->wake_ms = core->wake_at(core->self);
    if (loop->wake_ms == INT64_MAX) {
        uv_timer_stop(&loop->tick);
        return;
    }
    int64_t wait_ms = loop->wake_ms - loop_now(loop).mono_ms;
    loop->haste = wait_ms > 0 ? 0 : loop->haste + 1;
    if (wait_ms <= 0)
        wait_ms = loop->haste > HASTE_MAX ? 1 : 0;
    if (loop->stats.is_lost && wait_ms < AGAIN_MS)
        wait_ms = AGAIN_MS;
    uv_update_time(&loop->uv);
    uv_timer_start(&loop->tick, on_tick, (uint64_t)wait_ms, 0);
}

static void on_tick(uv_timer_t *timer)
{
    struct loop *loop = timer->data;
    if (loop_now(loop).mono_ms >= loop->wake_ms) {
        loop->wake_ms = INT64_MAX; /* once; arm_tick asks again after the turn */
        loop_post(loop, &(struct event){.kind = EVENT_TICK});
    } else {
        arm_tick(loop);
    }
}

static void on_check(uv_check_t *check)
{
    struct loop *loop = check->data;
    if (loop->turn == NULL)
        return;
    bool had = loop->filling->len > 0;
    uv_idle_stop(&loop->idle);
    if (had)
        run_turn(loop);
    if (loop->filling->len > 0)
        uv_idle_start(&loop->idle, on_idle);
    if (had)
        arm_tick(loop);
    if (loop->stopping)
        uv_stop(&loop->uv);
}

/* From outside. */

static void on_signal(uv_signal_t *handle, int number)
{
    struct loop *loop = handle->data;
    if (number != SIGHUP)
        loop_stop(loop);
    else if (loop->hup != NULL)
        loop->hup(loop->hup_self);
}

static void on_async(uv_async_t *async)
{
    struct loop *loop = async->data;
    uv_mutex_lock(&loop->deferred_mutex);
    struct deferred *first = loop->deferred_first;
    loop->deferred_first = NULL;
    loop->deferred_end = &loop->deferred_first;
    uv_mutex_unlock(&loop->deferred_mutex);
    while (first != NULL) {
        struct deferred *next = first->next;
        first->fn(first->arg);
        free(first);
        first = next;
    }
}

void loop_defer(struct loop *loop, void (*fn)(void *arg), void *arg)
{
    struct deferred *d = check_alloc(sizeof *d);
    *d = (struct deferred){.fn = fn, .arg = arg};
    uv_mutex_lock(&loop->deferred_mutex);
    *loop->deferred_end = d;
    loop->deferred_end = &d->next;
    uv_mutex_unlock(&loop->deferred_mutex);
    uv_async_send(&loop->async);
}

void loop_on_hup(struct loop *loop, void (*hup)(void *self), void *self)
{
    loop->hup = hup;
    loop->hup_self = self;
}

void loop_stop(struct loop *loop)
{
    loop->stopping = true;
    uv_idle_start(&loop->idle, on_idle);
}

/* Life. */

static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* A large answer lives for one turn: memory that went back to the kernel each time would be mapped
 * and cleared anew for the next, a fifth of what such an answer costs. */
static void keep_memory(void)
{
    enum { MAPPED_FROM_BYTES = 4 << 20, KEPT_BYTES = 4 << 20 };
    mallopt(M_MMAP_THRESHOLD, MAPPED_FROM_BYTES);
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
}

static struct loop_options with_defaults(const struct loop_options *given)
{
    struct loop_options o = given != NULL ? *given : (struct loop_options){0};
    if (o.clock.read == NULL)
        o.clock = clock_system();
    o.requests_max = o.requests_max > 0 ? o.requests_max : REQUESTS_MAX;
    o.bytes_max = o.bytes_max > 0 ? o.bytes_max : BYTES_MAX;
    o.lag_warn_ms = o.lag_warn_ms > 0 ? o.lag_warn_ms : 5000;
    o.lag_abort_ms = o.lag_abort_ms > 0 ? o.lag_abort_ms : 30000;
    return o;
}

static void init_handles(struct loop *loop)
{
    uv_check_init(&loop->uv, &loop->check);
    uv_idle_init(&loop->uv, &loop->idle);
    uv_timer_init(&loop->uv, &loop->tick);
    uv_timer_init(&loop->uv, &loop->again);
    loop->again.data = loop;
    uv_async_init(&loop->uv, &loop->async, on_async);
    loop->check.data = loop->idle.data = loop->tick.data = loop->async.data = loop;
    uv_check_start(&loop->check, on_check);
    for (size_t i = 0; i < sizeof watched_signals / sizeof *watched_signals; i++) {
        uv_signal_init(&loop->uv, &loop->signals[i]);
        loop->signals[i].data = loop;
    }
}

struct loop *loop_new(const struct loop_options *options)
{
    struct loop *loop = check_alloc(sizeof *loop);
    loop->options = with_defaults(options);
    loop->filling = &loop->inboxes[0];
    loop->wake_ms = INT64_MAX;
    loop->deferred_end = &loop->deferred_first;
    INV(uv_loop_init(&loop->uv) == 0);
    INV(uv_mutex_init(&loop->deferred_mutex) == 0);
    init_handles(loop);
    signal(SIGPIPE, SIG_IGN);
    raise_file_limit();
    keep_memory();
    return loop;
}

struct uv_loop_s *loop_uv(struct loop *loop)
{
    return &loop->uv;
}

struct instant loop_now(const struct loop *loop)
{
    return loop->options.clock.read(loop->options.clock.self);
}

void loop_run(struct loop *loop, struct turn *turn, const struct loop_performer *performer)
{
    PRE(loop->turn == NULL && turn != NULL);
    loop->turn = turn;
    loop->turn->watch_us = watch_us;
    loop->stats.started_wall_ms = loop_now(loop).wall_ms;
    loop->performer = *performer;
    loop->watch = loop_watch_start(&loop->uv, loop->options.lag_warn_ms,
                                   loop->options.lag_abort_ms);
    for (size_t i = 0; i < sizeof watched_signals / sizeof *watched_signals; i++)
        uv_signal_start(&loop->signals[i], on_signal, watched_signals[i]);
    loop_post(loop, &(struct event){.kind = EVENT_START});
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    for (size_t i = 0; i < sizeof watched_signals / sizeof *watched_signals; i++)
        uv_signal_stop(&loop->signals[i]);
    loop_watch_stop(loop->watch);
    loop->turn = NULL;
    loop->is_over = true;
}

static void close_handles(struct loop *loop)
{
    uv_close((uv_handle_t *)&loop->check, NULL);
    uv_close((uv_handle_t *)&loop->idle, NULL);
    uv_close((uv_handle_t *)&loop->tick, NULL);
    uv_close((uv_handle_t *)&loop->again, NULL);
    uv_close((uv_handle_t *)&loop->async, NULL);
    for (size_t i = 0; i < sizeof watched_signals / sizeof *watched_signals; i++)
        uv_close((uv_handle_t *)&loop->signals[i], NULL);
}

void loop_free(struct loop *loop)
{
    if (loop == NULL)
        return;
    on_async(&loop->async); /* what was deferred owns memory of its own */
    close_handles(loop);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    INV(uv_loop_close(&loop->uv) == 0);
    uv_mutex_destroy(&loop->deferred_mutex);
    inbox_fini(&loop->inboxes[0]);
    inbox_fini(&loop->inboxes[1]);
    inbox_fini(&loop->lost);
    arena_fini(&loop->effects_arena);
    free(loop);
}
