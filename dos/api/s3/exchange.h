/* exchange.h - one S3 request under way. Inside of api/s3 only.
 *
 * Made in on_headers, freed in on_end; in between owned by whoever owns the http exchange. */
#pragma once

#include "base/arena.h"
#include "dos/api/s3/body.h"
#include "dos/api/s3/s3.h"
#include "dos/api/s3/target.h"
#include "proto/auth/sigv4.h"

enum s3_scope { S3_SCOPE_SERVICE, S3_SCOPE_BUCKET, S3_SCOPE_OBJECT };

struct s3_exchange;

struct s3_action {
    const char *name, *method;
    enum s3_scope scope;
    const char *sub; /* the query parameter that makes it this action, "" = none */
    enum s3_body_kind body;
    /* The body is there and checked: fills x->ask.op. */
    enum err_code (*ask)(struct s3_exchange *x, struct err *err);
    /* The index said yes: replies. */
    void (*answer)(struct s3_exchange *x, struct dos_unpack *fields);
};

struct dos_s3 {
    struct dos_s3_options options;
    char dummy_secret[41]; /* against which unknown keys are checked */
};

struct s3_exchange {
    struct dos_ask ask; /* first, so that the index's callback finds its way back */
    struct dos_s3 *s3;
    struct http_exchange *http;
    const struct request *request; /* borrowed from the pool */
    const struct s3_action *action;
    struct s3_target target;
    struct sigv4_payload payload;
    char account[DOS_ACCOUNT_SIZE];
    struct s3_body body;
    struct arena arena; /* what the op and the reply borrow */
};

/* action.c: the row for a request. ERR_METHOD_NOT_ALLOWED, ERR_NOT_IMPLEMENTED with the name. */
enum err_code s3_action_find(const struct s3_action **out, const struct request *r,
                             const struct s3_target *t, struct err *err);
/* auth.c: sets x->account and x->payload. */
enum err_code s3_authenticate(struct s3_exchange *x, struct err *err);

/* reply.c: each gives the exchange back to the pool. */
void s3_reply_error(struct s3_exchange *x, const struct err *err);
void s3_reply_empty(struct s3_exchange *x, int status, const struct header *headers, size_t len);
void s3_reply_xml(struct s3_exchange *x, const struct buf *xml);
void s3_reply_send(struct s3_exchange *x, struct http_pool_reply *reply);
/* "<?xml ...><name xmlns=...>" */
void s3_xml_begin(struct buf *out, const char *name);
/* "2026-11-20T09:13:35.000Z" as an element. */
void s3_xml_time(struct buf *out, const char *name, int64_t wall_ms);
/* An ETag with its quotes. */
void s3_xml_etag(struct buf *out, const char *etag);

#define S3_ACTION(name, method, scope, sub, body, handler)                    \
    enum err_code s3_##handler##_ask(struct s3_exchange *x, struct err *err); \
    void s3_##handler##_answer(struct s3_exchange *x, struct dos_unpack *fields);
#include "dos/api/s3/actions.def"
#undef S3_ACTION
