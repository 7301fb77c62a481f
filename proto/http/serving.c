/* serving.c - a request comes in, is held, is answered. */
#include "proto/http/serving.h"

#include "base/check.h"
#include "base/log.h"
#include "base/loop.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    SLOT_BITS = 20,        /* of a request id; the rest is a sequence */
    SURPLUS = 1024 * 1024, /* read and dropped of a chunked body that is too large */
};

enum stage { STAGE_HEAD, STAGE_BODY, STAGE_HELD, STAGE_STREAM, STAGE_ANSWERED };

/* A request, from its first line to the end of its answer. */
struct http_serving {
    struct http_intake intake;
    struct http_listener *listener;
    struct MHD_Connection *mhd;
    enum stage stage;
    struct buf body;
    bool is_too_large;
    size_t slot; /* while held or open */
    struct http_stream stream;
};

/* Held requests by number. */

static uint64_t hold(struct http_server *server, struct http_serving *s)
{
    if (server->free_slot == server->slots_len) {
        size_t len = server->slots_len > 0 ? server->slots_len * 2 : 64;
        INV(len <= (size_t)1 << SLOT_BITS);
        server->slots = check_realloc(server->slots, len * sizeof *server->slots);
        for (size_t i = server->slots_len; i < len; i++)
            server->slots[i] = (struct http_slot){.next_free = i + 1};
        server->slots_len = len;
    }
    s->slot = server->free_slot;
    struct http_slot *slot = &server->slots[s->slot];
    server->free_slot = slot->next_free;
    *slot = (struct http_slot){.serving = s, .sequence = ++server->sequence};
    server->held++;
    s->listener->held++;
    s->stage = STAGE_HELD;
    return slot->sequence << SLOT_BITS | s->slot;
}

static struct http_serving *find(const struct http_server *server, uint64_t request_id)
{
    size_t at = request_id & (((size_t)1 << SLOT_BITS) - 1);
    if (at >= server->slots_len || server->slots[at].serving == NULL ||
        server->slots[at].sequence != request_id >> SLOT_BITS)
        return NULL;
    return server->slots[at].serving;
}

static void release(struct http_server *server, struct http_serving *s)
{
    INV((s->stage == STAGE_HELD || s->stage == STAGE_STREAM) &&
        server->slots[s->slot].serving == s);
    server->slots[s->slot].serving = NULL;
    server->slots[s->slot].next_free = server->free_slot;
    server->free_slot = s->slot;
    server->held--;
    s->listener->held--;
    s->stage = STAGE_ANSWERED;
}

static void set_phase(struct http_serving *s, enum http_phase phase, size_t size)
{
    http_sweeper_phase(&s->listener->sweeper, s->intake.conn, phase, (int64_t)size, http_now_ms());
}

/* A request comes in. */

static void on_connection(void *self, struct MHD_Connection *mhd, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct http_listener *l = self;
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        *context = http_sweeper_begin(&l->sweeper, http_mhd_fd(mhd), http_now_ms());
    else
        http_sweeper_end(&l->sweeper, *context);
}

static void *on_line(void *self, const char *target, struct MHD_Connection *mhd)
{
    struct http_listener *l = self;
    struct http_serving *s = check_alloc(sizeof *s);
    s->listener = l;
    s->mhd = mhd;
    http_intake_begin(&s->intake, http_mhd_conn(mhd), l->options.face, target, &l->server->rng);
    set_phase(s, HTTP_PHASE_HEADERS, 0);
    return s;
}

static enum MHD_Result refuse(struct http_serving *s, int status, const char *reason)
{
    const struct request *r = &s->intake.request;
    log_info("http.refused", "request", s->intake.trace, "remote", r->remote, "reason", reason,
             NULL);
    http_tally_refusal(&s->listener->tally, status, reason);
    s->stage = STAGE_ANSWERED;
    set_phase(s, HTTP_PHASE_ANSWER, 0);
    return http_mhd_say(s->mhd, status, reason, s->intake.trace, true);
}

static enum MHD_Result take_head(struct http_serving *s, const char *method, const char *version)
{
    const struct http_listen *options = &s->listener->options;
    http_intake_judge(&s->intake, s->mhd, method, version);
    const struct gate_verdict *verdict = &s->intake.verdict;
    if (verdict->status != 0)
        return refuse(s, verdict->status, verdict->reason);
    if (verdict->length > 0 && (uint64_t)verdict->length > options->body_max_bytes)
        return refuse(s, 413, "the body is too large");
    if (s->listener->held >= options->held_max)
        return refuse(s, 503, "too many requests wait");
    s->stage = STAGE_BODY;
    set_phase(s, HTTP_PHASE_BODY, verdict->length > 0 ? (size_t)verdict->length : 0);
    return MHD_YES;
}

/* MHD_NO cuts the connection. */
static enum MHD_Result take_body(struct http_serving *s, const char *data, size_t len)
{
    size_t max = s->listener->options.body_max_bytes;
    http_sweeper_progress(&s->listener->sweeper, s->intake.conn, (int64_t)len);
    if (s->body.len + len > max) {
        s->is_too_large = true;
        return s->intake.conn->moved > (int64_t)(max + SURPLUS) ? MHD_NO : MHD_YES;
    }
    buf_append(&s->body, data, len);
    return MHD_YES;
}

static struct MHD_Response *make_response(struct http_serving *s, const struct effect_reply *reply)
{
    struct MHD_Response *response = reply->is_open
                                        ? http_stream_response(&s->stream, s->mhd)
                                        : http_mhd_response(reply->body, reply->body_len);
    if (http_mhd_dress(response, reply->content_type, reply->headers, reply->headers_len,
                       s->intake.trace))
        return response;
    MHD_destroy_response(response);
    return NULL;
}

static void answer(struct http_serving *s, const struct effect_reply *reply)
{
    PRE(reply->status >= 200 && reply->status < 600);
    struct MHD_Response *response = make_response(s, reply);
    if (response == NULL) {
        log_error("http.bad_answer", "request", s->intake.trace, "why",
                  "a header held a control byte", NULL);
        http_tally_answer(&s->listener->tally, 500);
        http_mhd_say(s->mhd, 500, "internal error", s->intake.trace, false);
        return;
    }
    http_tally_answer(&s->listener->tally, reply->status);
    MHD_queue_response(s->mhd, (unsigned)reply->status, response);
    MHD_destroy_response(response);
}

static enum MHD_Result answer_here(struct http_serving *s)
{
    const struct http_listen *options = &s->listener->options;
    CLEANUP(buf_fini) struct buf body = {0};
    struct effect_reply reply = {.status = 500};
    options->answer(options->answer_self, &s->intake.request, &reply, &body);
    reply.body = buf_str(&body);
    reply.body_len = body.len;
    s->stage = STAGE_ANSWERED;
    set_phase(s, HTTP_PHASE_ANSWER, body.len);
    answer(s, &reply);
    return MHD_YES;
}

static enum MHD_Result post(struct http_serving *s)
{
    if (s->is_too_large)
        return refuse(s, 413, "the body is too large");
    if (s->listener->server->closing > 0)
        return refuse(s, 503, "going down");
    if (s->listener->options.answer != NULL)
        return answer_here(s);
    struct event ev = {.kind = EVENT_REQUEST, .request = s->intake.request};
    ev.request.id = hold(s->listener->server, s);
    ev.request.body = buf_str(&s->body);
    ev.request.body_len = s->body.len;
    set_phase(s, HTTP_PHASE_HELD, 0);
    MHD_suspend_connection(s->mhd);
    loop_post(s->listener->server->loop, &ev);
    buf_fini(&s->body);
    return MHD_YES;
}

static enum MHD_Result on_handle(void *self, struct MHD_Connection *mhd, const char *url,
                                 const char *method, const char *version, const char *data,
                                 size_t *data_len, void **context)
{
    struct http_serving *s = *context;
    (void)self;
    (void)mhd;
    (void)url; /* decoded: never read */
    PRE(s != NULL);
    if (s->stage == STAGE_HEAD)
        return take_head(s, method, version);
    if (s->stage != STAGE_BODY)
        return MHD_YES;
    size_t len = *data_len;
    *data_len = 0;
    return len > 0 ? take_body(s, data, len) : post(s);
}

static void on_completed(void *self, struct MHD_Connection *mhd, void **context,
                         enum MHD_RequestTerminationCode how)
{
    struct http_serving *s = *context;
    (void)self;
    (void)mhd;
    (void)how;
    if (s == NULL)
        return;
    *context = NULL;
    if (s->stage == STAGE_HELD || s->stage == STAGE_STREAM)
        release(s->listener->server, s);
    set_phase(s, HTTP_PHASE_IDLE, 0);
    buf_fini(&s->body);
    http_stream_fini(&s->stream);
    http_intake_fini(&s->intake);
    free(s);
}

struct http_mhd_hooks http_serving_hooks(struct http_listener *listener)
{
    return (struct http_mhd_hooks){.self = listener,
                                   .line = on_line,
                                   .handle = on_handle,
                                   .completed = on_completed,
                                   .connection = on_connection};
}

/* Answers. */

static void resume(struct http_serving *s)
{
    MHD_resume_connection(s->mhd);
    http_listener_kick(s->listener);
}

void http_server_reply(struct http_server *server, const struct effect_reply *reply)
{
    struct http_serving *s = find(server, reply->request_id);
    if (s == NULL || s->stage != STAGE_HELD)
        return;
    if (reply->is_open) {
        s->stage = STAGE_STREAM; /* and held by its number: it waits for us */
        http_stream_add(&s->stream, reply->body, reply->body_len);
    } else {
        release(server, s);
        set_phase(s, HTTP_PHASE_ANSWER, reply->body_len);
    }
    answer(s, reply);
    resume(s);
}

static void cut(struct http_serving *s)
{
    log_info("http.slow_reader", "request", s->intake.trace, "remote", s->intake.request.remote,
             NULL);
    s->stream.is_cut = true;
    shutdown(s->intake.conn->fd, SHUT_RDWR);
}

void http_server_more(struct http_server *server, const struct effect_more *more)
{
    struct http_serving *s = find(server, more->request_id);
    if (s == NULL || s->stage != STAGE_STREAM)
        return;
    if (!http_stream_add(&s->stream, more->data, more->len))
        cut(s);
    s->stream.is_last = more->is_last;
    if (more->is_last || s->stream.is_cut) {
        release(server, s);
        set_phase(s, HTTP_PHASE_ANSWER, s->stream.waiting.len - s->stream.sent);
    }
    if (s->stream.is_suspended) {
        s->stream.is_suspended = false;
        resume(s);
    }
}

size_t http_server_held(const struct http_server *server)
{
    return server->held;
}

void http_serving_refuse_held(struct http_server *server)
{
    for (size_t i = 0; i < server->slots_len; i++) {
        uint64_t id = server->slots[i].sequence << SLOT_BITS | i;
        if (server->slots[i].serving == NULL)
            continue;
        http_server_reply(server, &(struct effect_reply){.request_id = id,
                                                         .status = 503,
                                                         .content_type = "text/plain",
                                                         .body = "going down\n",
                                                         .body_len = 11});
        http_server_more(server,
                         &(struct effect_more){.request_id = id, .data = "", .is_last = true});
    }
}
