/* exchange.c - a request is streamed to the handler, waits for it, and is answered.
 *
 * Only a thread of libmicrohttpd touches its connection. Whoever else has something to say leaves
 * it in the exchange and wakes that thread: the handler may be quicker than the thread that is
 * still on its way to suspend the connection, so both meet under the exchange's mutex. */
#include "proto/http/exchange.h"

#include "base/check.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum stage {
    STAGE_HEAD,     /* the gate has not seen it */
    STAGE_DECIDING, /* on_headers said false */
    STAGE_BODY,
    STAGE_ENDED, /* on_body_end was called */
    STAGE_ANSWERED,
};

struct http_exchange {
    struct http_intake intake;
    struct http_head head;
    struct http_pool_listener *listener;
    struct MHD_Connection *mhd;
    enum stage stage;
    bool is_known;  /* to the handler: it hears of the end */
    size_t dropped; /* of the body, after an early answer */
    void *user;
    pthread_mutex_t mutex; /* guards all below */
    bool is_waiting;       /* suspended */
    bool is_woken;         /* by http_exchange_resume, not yet noticed */
    bool is_answered;      /* by the handler; the answer may be on its way yet */
    struct MHD_Response *response;
    int status;
    int64_t size; /* of the answer */
};

enum {
    DROP_MAX = 8 * 1024 * 1024, /* of a body that was answered before its end */
    SOURCE_BLOCK = 256 * 1024,  /* read at once from a source */
};

static void set_phase(struct http_exchange *x, enum http_phase phase, int64_t size)
{
    http_sweeper_phase(&x->listener->sweeper, x->intake.conn, phase, size, http_now_ms());
}

static void count(struct http_pool *pool, int step)
{
    pthread_mutex_lock(&pool->mutex);
    pool->live += (size_t)step;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->mutex);
}

/* Meeting of threads. */

/* Suspends unless something came meanwhile; then false. */
static bool wait_for_handler(struct http_exchange *x)
{
    pthread_mutex_lock(&x->mutex);
    bool is_ready = x->response != NULL || x->is_woken;
    x->is_woken = false;
    if (!is_ready) {
        http_sweeper_hold(&x->listener->sweeper, x->intake.conn, http_now_ms());
        x->is_waiting = true;
        MHD_suspend_connection(x->mhd);
    }
    pthread_mutex_unlock(&x->mutex);
    return !is_ready;
}

/* With the mutex held, which it gives back: after that the exchange may be gone. */
static void wake(struct http_exchange *x)
{
    if (x->is_waiting) {
        x->is_waiting = false;
        x->is_woken = false;
        MHD_resume_connection(x->mhd);
    }
    pthread_mutex_unlock(&x->mutex);
}

void http_exchange_resume(struct http_exchange *x)
{
    pthread_mutex_lock(&x->mutex);
    x->is_woken = true;
    wake(x);
}

/* Answers. */

static ssize_t read_nothing(void *self, uint64_t at, char *out, size_t max)
{
    (void)self;
    (void)at;
    (void)out;
    (void)max;
    return MHD_CONTENT_READER_END_WITH_ERROR; /* an answer to HEAD has no body to ask for */
}

/* Stands between the handler's source and libmicrohttpd, whose ends have values of their own. */
struct source {
    ssize_t (*read)(void *source, uint64_t at, char *to, size_t max);
    void (*free)(void *source);
    void *self;
};

static ssize_t read_source(void *arg, uint64_t at, char *out, size_t max)
{
    const struct source *s = arg;
    ssize_t n = s->read(s->self, at, out, max);
    return n > 0 ? n : MHD_CONTENT_READER_END_WITH_ERROR;
}

static void free_source(void *arg)
{
    struct source *s = arg;
    s->free(s->self);
    free(s);
}

static struct MHD_Response *make_streamed(const struct http_pool_reply *reply)
{
    struct source *s = check_alloc(sizeof *s);
    *s = (struct source){reply->read, reply->read_free, reply->source};
    return MHD_create_response_from_callback(reply->read_size, SOURCE_BLOCK, read_source, s,
                                             free_source);
}

static struct MHD_Response *make_response(const struct http_pool_reply *reply)
{
    if (reply->read != NULL)
        return make_streamed(reply);
    if (reply->is_length_only)
        return MHD_create_response_from_callback(reply->fd_size, 4096, read_nothing, NULL, NULL);
    if (reply->fd < 0)
        return http_mhd_response(reply->body, reply->body_len);
    if (reply->fd_size > 0)
        return MHD_create_response_from_fd_at_offset64(reply->fd_size, reply->fd, reply->fd_offset);
    close(reply->fd);
    return http_mhd_response("", 0);
}

static struct MHD_Response *dress(const struct http_exchange *x,
                                  const struct http_pool_reply *reply, int *status)
{
    struct MHD_Response *response = make_response(reply);
    INV(response != NULL);
    *status = reply->status;
    if (http_mhd_dress(response, reply->content_type, reply->headers, reply->headers_len,
                       x->intake.trace))
        return response;
    log_error("http.bad_answer", "request", x->intake.trace, "why", "a header held a control byte",
              NULL);
    MHD_destroy_response(response);
    *status = 500;
    response = http_mhd_response("internal error\n", 15);
    http_mhd_dress(response, "text/plain", NULL, 0, x->intake.trace);
    return response;
}

void http_exchange_reply(struct http_exchange *x, const struct http_pool_reply *reply)
{
    int status;
    PRE(reply->status >= 200 && reply->status < 600);
    PRE(!reply->is_length_only || (reply->fd < 0 && strcmp(x->head.request.method, "HEAD") == 0));
    struct MHD_Response *response = dress(x, reply, &status);
    pthread_mutex_lock(&x->mutex);
    PRE(!x->is_answered);
    x->is_answered = true;
    x->response = response;
    x->status = status;
    x->size = (int64_t)(reply->read != NULL ? reply->read_size
                        : reply->fd >= 0    ? reply->fd_size
                                            : reply->body_len);
    wake(x);
}

/* In libmicrohttpd's thread. Takes the answer if there is one. */
static bool take_answer(struct http_exchange *x, enum MHD_Result *result)
{
    pthread_mutex_lock(&x->mutex);
    struct MHD_Response *response = x->response;
    x->response = NULL;
    pthread_mutex_unlock(&x->mutex);
    if (response == NULL)
        return false;
    if (x->stage != STAGE_ENDED && x->head.content_length != 0)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    x->stage = STAGE_ANSWERED;
    set_phase(x, HTTP_PHASE_ANSWER, x->size);
    http_tally_answer(&x->listener->tally, x->status);
    *result = MHD_queue_response(x->mhd, (unsigned)x->status, response);
    MHD_destroy_response(response);
    return true;
}

/* The way in. */

static enum MHD_Result refuse(struct http_exchange *x, int status, const char *reason)
{
    log_info("http.refused", "request", x->intake.trace, "remote", x->intake.request.remote,
             "reason", reason, NULL);
    http_tally_refusal(&x->listener->tally, status, reason);
    x->stage = STAGE_ANSWERED;
    set_phase(x, HTTP_PHASE_ANSWER, 0);
    return http_mhd_say(x->mhd, status, reason, x->intake.trace, true);
}

/* False once the pool closes. */
static bool introduce(struct http_exchange *x)
{
    struct http_pool *pool = x->listener->pool;
    pthread_mutex_lock(&pool->mutex);
    x->is_known = !pool->is_closing;
    if (x->is_known) {
        pool->live++;
        x->intake.request.id = ++pool->sequence;
    }
    pthread_mutex_unlock(&pool->mutex);
    x->head = (struct http_head){.request = x->intake.request,
                                 .content_length = x->intake.verdict.length};
    return x->is_known;
}

static bool is_answered(struct http_exchange *x)
{
    pthread_mutex_lock(&x->mutex);
    bool is_answered = x->is_answered;
    pthread_mutex_unlock(&x->mutex);
    return is_answered;
}

static void begin_body(struct http_exchange *x)
{
    x->stage = STAGE_BODY;
    set_phase(x, HTTP_PHASE_BODY, x->head.content_length > 0 ? x->head.content_length : 0);
}

/* The handler resumed, or answered, and libmicrohttpd asks again. It closes a connection on which
 * it is given an answer at the head; without a body the answer can wait for its end, which is
 * next. */
static enum MHD_Result go_on_deciding(struct http_exchange *x)
{
    enum MHD_Result result;
    if (x->head.content_length != 0 && take_answer(x, &result))
        return result;
    begin_body(x);
    return MHD_YES;
}

/* After on_headers said false: an answer, or the body after all, or a wait for either. */
static enum MHD_Result decide(struct http_exchange *x)
{
    if (!is_answered(x) && wait_for_handler(x))
        return MHD_YES;
    return go_on_deciding(x);
}

static enum MHD_Result take_head(struct http_exchange *x, const char *method, const char *version)
{
    const struct http_pool_handler *handler = &x->listener->pool->handler;
    http_intake_judge(&x->intake, x->mhd, method, version);
    if (x->intake.verdict.status != 0)
        return refuse(x, x->intake.verdict.status, x->intake.verdict.reason);
    if (!introduce(x))
        return MHD_NO;
    x->stage = STAGE_DECIDING;
    if (!handler->on_headers(handler->self, x, &x->head))
        return decide(x);
    begin_body(x);
    return MHD_YES;
}

/* Gives how much of it was taken. What comes after an early answer is dropped: libmicrohttpd can
 * answer before a body or after it. */
static size_t offer(struct http_exchange *x, const char *data, size_t len)
{
    const struct http_pool_handler *handler = &x->listener->pool->handler;
    size_t taken = 0;
    while (taken < len && !is_answered(x)) {
        size_t n = handler->on_data(handler->self, x, data + taken, len - taken);
        PRE(n <= len - taken);
        taken += n;
        if (taken < len && wait_for_handler(x))
            return taken;
    }
    if (taken < len)
        x->dropped += len - taken;
    return len;
}

static enum MHD_Result take_body(struct http_exchange *x, const char *data, size_t *len)
{
    size_t taken = offer(x, data, *len);
    *len -= taken;
    http_sweeper_progress(&x->listener->sweeper, x->intake.conn, (int64_t)taken);
    return x->dropped > DROP_MAX ? MHD_NO : MHD_YES;
}

/* Sends the answer, or waits for it. */
static enum MHD_Result go_on_ended(struct http_exchange *x)
{
    enum MHD_Result result;
    while (!take_answer(x, &result))
        if (wait_for_handler(x))
            return MHD_YES;
    return result;
}

static enum MHD_Result end_body(struct http_exchange *x)
{
    const struct http_pool_handler *handler = &x->listener->pool->handler;
    bool is_early = is_answered(x);
    x->stage = STAGE_ENDED;
    if (!is_early)
        handler->on_body_end(handler->self, x);
    return go_on_ended(x);
}

static enum MHD_Result on_handle(void *self, struct MHD_Connection *mhd, const char *url,
                                 const char *method, const char *version, const char *data,
                                 size_t *data_len, void **context)
{
    struct http_exchange *x = *context;
    (void)self;
    (void)mhd;
    (void)url; /* decoded: never read */
    PRE(x != NULL);
    switch (x->stage) {
    case STAGE_HEAD:
        return take_head(x, method, version);
    case STAGE_DECIDING:
        return go_on_deciding(x);
    case STAGE_BODY:
        http_sweeper_release(&x->listener->sweeper, x->intake.conn, http_now_ms());
        return *data_len > 0 ? take_body(x, data, data_len) : end_body(x);
    case STAGE_ENDED:
        return go_on_ended(x);
    case STAGE_ANSWERED:
        *data_len = 0;
        return MHD_YES;
    }
    IMPOSSIBLE("an exchange in no stage");
}

/* Beginning and end. */

static void *on_line(void *self, const char *target, struct MHD_Connection *mhd)
{
    struct http_pool_listener *l = self;
    struct http_exchange *x = check_alloc(sizeof *x);
    INV(pthread_mutex_init(&x->mutex, NULL) == 0);
    x->listener = l;
    x->mhd = mhd;
    http_intake_begin(&x->intake, http_mhd_conn(mhd), l->options.face, target, &l->pool->rng);
    set_phase(x, HTTP_PHASE_HEADERS, 0);
    return x;
}

static void on_completed(void *self, struct MHD_Connection *mhd, void **context,
                         enum MHD_RequestTerminationCode how)
{
    struct http_pool_listener *l = self;
    const struct http_pool_handler *handler = &l->pool->handler;
    struct http_exchange *x = *context;
    (void)mhd;
    if (x == NULL)
        return;
    *context = NULL;
    pthread_mutex_lock(&x->mutex); /* whoever woke us is out of it now */
    pthread_mutex_unlock(&x->mutex);
    bool is_sent = x->stage == STAGE_ANSWERED && how == MHD_REQUEST_TERMINATED_COMPLETED_OK;
    if (x->is_known)
        handler->on_end(handler->self, x, is_sent);
    set_phase(x, HTTP_PHASE_IDLE, 0);
    if (x->response != NULL)
        MHD_destroy_response(x->response);
    http_intake_fini(&x->intake);
    pthread_mutex_destroy(&x->mutex);
    bool is_known = x->is_known;
    free(x);
    if (is_known)
        count(l->pool, -1);
}

static void on_connection(void *self, struct MHD_Connection *mhd, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct http_pool_listener *l = self;
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        *context = http_sweeper_begin(&l->sweeper, http_mhd_fd(mhd), http_now_ms());
    else
        http_sweeper_end(&l->sweeper, *context);
}

struct http_mhd_hooks http_exchange_hooks(struct http_pool_listener *listener)
{
    return (struct http_mhd_hooks){.self = listener,
                                   .line = on_line,
                                   .handle = on_handle,
                                   .completed = on_completed,
                                   .connection = on_connection};
}

void http_exchange_set(struct http_exchange *x, void *user)
{
    x->user = user;
}

void *http_exchange_user(const struct http_exchange *x)
{
    return x->user;
}
