/* get.c - GetObject and HeadObject: conditions, ranges, and bytes from the index, from a file or
 * from the files of parts. */
#include "dos/api/s3/exchange.h"

#include "base/check.h"
#include "base/str.h"
#include "dos/api/s3/headers.h"
#include "dos/segments.h"
#include "dos/model/condition.h"

#include <stdio.h>
#include <string.h>

enum { OWN_HEADERS = 8 };

/* An object as the index told it, and what of it is to be said. */
struct view {
    enum dos_body_kind kind;
    int64_t size_bytes, modified_ms;
    const char *etag, *headers;
    bool is_partial;
    int64_t offset, len; /* bytes wanted */
};

static enum err_code ask(struct s3_exchange *x, enum dos_op_kind kind)
{
    x->ask.op.kind = kind;
    x->ask.op.range = dos_range_parse(request_header(x->request, "range"));
    return ERR_OK;
}

enum err_code s3_get_object_ask(struct s3_exchange *x, struct err *err)
{
    (void)err;
    return ask(x, DOS_OP_GET_OBJECT);
}

enum err_code s3_head_object_ask(struct s3_exchange *x, struct err *err)
{
    (void)err;
    return ask(x, DOS_OP_HEAD_OBJECT);
}

static struct view read_view(struct dos_unpack *fields)
{
    struct view v = {.kind = (enum dos_body_kind)dos_unpack_i64(fields),
                     .size_bytes = dos_unpack_i64(fields)};
    v.etag = dos_unpack_text(fields);
    v.modified_ms = dos_unpack_i64(fields);
    v.headers = dos_unpack_text(fields);
    return v;
}

/* response-content-type and its sisters: a signed query may rename what is said. */
static const char *override_of(struct s3_exchange *x, const char *name)
{
    return s3_target_param(&x->target, arena_printf(&x->arena, "response-%s", name));
}

static void set_headers(struct s3_exchange *x, const struct view *v, struct http_pool_reply *reply)
{
    struct header *h = arena_alloc(&x->arena, (S3_HEADERS_LEN_MAX + OWN_HEADERS) * sizeof *h);
    char *date = arena_alloc(&x->arena, DOS_HTTP_DATE_SIZE);
    size_t len = s3_headers_replay(v->headers, &x->arena, &reply->content_type, h,
                                   S3_HEADERS_LEN_MAX);
    for (size_t i = 0; i < len; i++) {
        const char *other = override_of(x, h[i].name);
        h[i].value = other != NULL ? other : h[i].value;
    }
    const char *type = override_of(x, "content-type");
    reply->content_type = type != NULL ? type : reply->content_type;
    dos_http_date(date, v->modified_ms);
    h[len++] = (struct header){"Last-Modified", date};
    h[len++] = (struct header){"ETag", arena_printf(&x->arena, "\"%s\"", v->etag)};
    h[len++] = (struct header){"Accept-Ranges", "bytes"};
    if (v->is_partial)
        h[len++] = (struct header){
            "Content-Range",
            arena_printf(&x->arena, "bytes %lld-%lld/%lld", (long long)v->offset,
                         (long long)(v->offset + v->len - 1), (long long)v->size_bytes)};
    reply->headers = h;
    reply->headers_len = len;
}

static void not_modified(struct s3_exchange *x, const struct view *v)
{
    struct http_pool_reply reply = {.status = 304, .body = "", .fd = -1};
    set_headers(x, v, &reply);
    s3_reply_send(x, &reply);
}

/* Which bytes; false when an answer was given already: 304 says what it stands for, 412 and 416 are
 * errors. */
static bool settle(struct s3_exchange *x, struct view *v)
{
    struct err err = {0};
    enum err_code code = dos_condition(x->request, v->etag, v->modified_ms);
    if (code == ERR_NOT_MODIFIED) {
        not_modified(x, v);
        return false;
    }
    if (!dos_condition_range(x->request, v->etag))
        x->ask.op.range = (struct dos_range){0};
    if (code == ERR_PRECONDITION)
        err_set(&err, code, "At least one of the pre-conditions you specified did not hold");
    else if (!dos_range_resolve(&x->ask.op.range, v->size_bytes, &v->offset, &v->len))
        err_set(&err, ERR_INVALID_RANGE, "The requested range is not satisfiable");
    v->is_partial = x->ask.op.range.is_given;
    if (err.code != ERR_OK)
        s3_reply_error(x, &err);
    return err.code == ERR_OK;
}

void s3_head_object_answer(struct s3_exchange *x, struct dos_unpack *fields)
{
    struct view v = read_view(fields);
    if (!settle(x, &v))
        return;
    struct http_pool_reply reply = {.status = v.is_partial ? 206 : 200,
                                    .body = "",
                                    .fd = -1,
                                    .fd_size = (uint64_t)v.len,
                                    .is_length_only = true};
    set_headers(x, &v, &reply);
    s3_reply_send(x, &reply);
}

static void gone(struct s3_exchange *x)
{
    struct err err = {0};
    err_set(&err, ERR_IO, "the object's file is not there");
    s3_reply_error(x, &err);
}

static void send_file(struct s3_exchange *x, struct http_pool_reply *reply, const char *ref,
                      int64_t offset, int64_t len)
{
    const struct dos_bodies *bodies = &x->s3->options.bodies;
    reply->fd = bodies->open(bodies->self, DOS_FOLDER_OBJECTS, ref);
    reply->fd_offset = (uint64_t)offset;
    reply->fd_size = (uint64_t)len;
    if (reply->fd < 0)
        gone(x);
    else
        s3_reply_send(x, reply);
}

static void send_parts(struct s3_exchange *x, struct http_pool_reply *reply, const struct view *v,
                       struct dos_unpack *fields)
{
    struct dos_segments *s = dos_segments_new(&x->s3->options.bodies, v->offset);
    while (dos_unpack_more(fields)) {
        const char *ref = dos_unpack_text(fields);
        int64_t start = dos_unpack_i64(fields);
        dos_segments_add(s, ref, start, dos_unpack_i64(fields));
    }
    reply->read = dos_segments_read;
    reply->read_free = dos_segments_free;
    reply->source = s;
    reply->read_size = (uint64_t)v->len;
    s3_reply_send(x, reply);
}

void s3_get_object_answer(struct s3_exchange *x, struct dos_unpack *fields)
{
    struct view v = read_view(fields);
    bool was_partial = x->ask.op.range.is_given;
    if (!settle(x, &v))
        return;
    size_t len;
    struct http_pool_reply reply = {.status = v.is_partial ? 206 : 200, .body = "", .fd = -1};
    set_headers(x, &v, &reply);
    switch (v.kind) {
    case DOS_BODY_INLINE:
        reply.body = (const char *)dos_unpack_blob(fields, &len) + v.offset;
        reply.body_len = (size_t)v.len;
        s3_reply_send(x, &reply);
        break;
    case DOS_BODY_FILE:
        send_file(x, &reply, dos_unpack_text(fields), v.offset, v.len);
        break;
    case DOS_BODY_PARTS:
        if (was_partial && !v.is_partial) /* If-Range: everything is wanted after all */
            dos_index_ask(x->s3->options.index, &x->ask);
        else
            send_parts(x, &reply, &v, fields);
        break;
    }
}
