/* event.c - the list of effects. */
#include "base/event.h"

#include "base/check.h"

#include <string.h>
#include <strings.h>

const char *request_header(const struct request *r, const char *name)
{
    for (size_t i = 0; i < r->headers_len; i++)
        if (strcasecmp(r->headers[i].name, name) == 0)
            return r->headers[i].value;
    return NULL;
}

static struct effect *append(struct effects *out, enum effect_kind kind)
{
    struct effect *e = arena_alloc(out->arena, sizeof *e);
    e->kind = kind;
    if (out->last != NULL)
        out->last->next = e;
    else
        out->first = e;
    out->last = e;
    return e;
}

static const char *keep(struct effects *out, const char *data, size_t len)
{
    return data != NULL ? arena_strndup(out->arena, data, len) : "";
}

void effect_reply_with(struct effects *out, const struct effect_reply *reply)
{
    struct effect *e = append(out, EFFECT_REPLY);
    e->reply = *reply;
    e->reply.content_type = arena_strdup(out->arena, reply->content_type);
    e->reply.body = keep(out, reply->body, reply->body_len);
    struct header *headers = arena_alloc(out->arena, reply->headers_len * sizeof *headers + 1);
    for (size_t i = 0; i < reply->headers_len; i++) {
        headers[i].name = arena_strdup(out->arena, reply->headers[i].name);
        headers[i].value = arena_strdup(out->arena, reply->headers[i].value);
    }
    e->reply.headers = headers;
}

void effect_reply(struct effects *out, uint64_t request_id, int status, const char *content_type,
                  const char *body, size_t body_len)
{
    effect_reply_with(out, &(struct effect_reply){.request_id = request_id,
                                                  .status = status,
                                                  .content_type = content_type,
                                                  .body = body,
                                                  .body_len = body_len});
}

void effect_more(struct effects *out, const struct effect_more *more)
{
    struct effect *e = append(out, EFFECT_MORE);
    e->more = *more;
    e->more.data = keep(out, more->data, more->len);
}

void effect_call(struct effects *out, const struct effect_call *call)
{
    PRE(call->timeout_ms > 0);
    struct effect *e = append(out, EFFECT_CALL);
    e->call = *call;
    e->call.peer = arena_strdup(out->arena, call->peer);
    e->call.method = arena_strdup(out->arena, call->method);
    e->call.target = arena_strdup(out->arena, call->target);
    e->call.body = keep(out, call->body, call->body_len);
}

void effect_job(struct effects *out, const struct effect_job *job)
{
    PRE(job->timeout_ms > 0);
    struct effect *e = append(out, EFFECT_JOB);
    e->job = *job;
    e->job.spec = arena_memdup(out->arena, job->spec, job->spec_size);
}

void effects_cut(struct effects *out, struct effect *mark)
{
    out->last = mark;
    if (mark != NULL)
        mark->next = NULL;
    else
        out->first = NULL;
}
