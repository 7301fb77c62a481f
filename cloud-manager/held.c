/* held.c - requests that are answered later (state.h). RAM only: a client that hears nothing
 * repeats its request. */
#include "base/check.h"
#include "base/str.h"
#include "cloud-manager/state.h"

#include <stdlib.h>
#include <string.h>

static struct request copy_request(struct arena *arena, const struct request *r)
{
    struct request copy = *r;
    struct header *headers = arena_alloc(arena, (r->headers_len + 1) * sizeof *headers);
    for (size_t i = 0; i < r->headers_len; i++)
        headers[i] = (struct header){arena_strdup(arena, r->headers[i].name),
                                     arena_strdup(arena, r->headers[i].value)};
    copy.headers = headers;
    copy.method = arena_strdup(arena, r->method);
    copy.target = arena_strdup(arena, r->target);
    copy.body = arena_strndup(arena, r->body, r->body_len);
    copy.peer_node = arena_strdup(arena, r->peer_node);
    copy.peer_serial = arena_strdup(arena, r->peer_serial);
    copy.remote = arena_strdup(arena, r->remote);
    copy.trace = arena_strdup(arena, r->trace);
    return copy;
}

enum err_code cloud_hold(struct cloud_core *c, const struct event *ev, enum cloud_held_kind kind,
                         int64_t due_mono_ms, struct cloud_held **out, struct err *err)
{
    PRE(ev->kind == EVENT_REQUEST);
    if (c->held_len >= CLOUD_HELD_MAX)
        return err_set(err, ERR_UNAVAILABLE, "too many requests wait for their answer");
    struct cloud_held *held = check_alloc(sizeof *held);
    memset(held, 0, sizeof *held);
    held->kind = kind;
    held->due_mono_ms = due_mono_ms;
    held->request = copy_request(&held->arena, &ev->request);
    list_append(&c->held, &held->link);
    c->held_len++;
    *out = held;
    return ERR_OK;
}

void cloud_held_free(struct cloud_core *c, struct cloud_held *held)
{
    PRE(c->held_len > 0);
    list_remove(&held->link);
    c->held_len--;
    arena_fini(&held->arena);
    free(held);
}

struct cloud_held *cloud_held_by_job(struct cloud_core *c, uint64_t job_id)
{
    LIST_EACH (it, &c->held) {
        struct cloud_held *held = LIST_ENTRY(it, struct cloud_held, link);
        if (held->kind == CLOUD_HELD_JOB && held->job_id == job_id)
            return held;
    }
    return NULL;
}
