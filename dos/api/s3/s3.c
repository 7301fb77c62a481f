/* s3.c - the flow of an S3 request. Begin reading at on_headers. */
#include "dos/api/s3/exchange.h"

#include "base/check.h"
#include "base/str.h"
#include "proto/auth/base64.h"
#include "proto/auth/seal.h"

#include <stdlib.h>
#include <string.h>

static bool takes_object(const struct s3_action *action)
{
    return action->body == S3_BODY_OBJECT || action->body == S3_BODY_PART;
}

/* A bucket that is not there, or another's, before its bytes are read. */
static enum err_code refuse_bucket(const struct s3_exchange *x, struct err *err)
{
    char account[DOS_ACCOUNT_SIZE];
    if (!dos_directory_bucket(x->s3->options.directory, x->target.bucket, account))
        return err_set(err, ERR_NO_SUCH_BUCKET, "The specified bucket does not exist");
    if (!str_eq(account, x->account))
        return err_set(err, ERR_DENIED, "Access Denied");
    return ERR_OK;
}

/* What can be refused before a body is read: the index decides again. */
static enum err_code refuse_early(const struct s3_exchange *x, int64_t length, struct err *err)
{
    const struct dos_s3_options *o = &x->s3->options;
    const char *owner = request_header(x->request, "x-amz-expected-bucket-owner");
    if (owner != NULL && !str_eq(owner, x->account)) /* one has access to one's own only */
        return err_set(err, ERR_DENIED, "Access Denied");
    if (!takes_object(x->action))
        return ERR_OK;
    if (length > o->object_bytes_max)
        return err_set(err, ERR_OBJECT_TOO_LARGE,
                       "Your proposed upload exceeds the maximum size of %lld bytes",
                       (long long)o->object_bytes_max);
    if (refuse_bucket(x, err) != ERR_OK)
        return err->code;
    return o->bodies.room(o->bodies.self, length > 0 ? length : 0, err);
}

static enum err_code begin(struct s3_exchange *x, const struct http_head *head, struct err *err)
{
    if (!dos_directory_is_ready(x->s3->options.directory))
        return err_set(err, ERR_UNAVAILABLE, "dos is starting");
    if (s3_target_read(&x->target, head->request.target, &x->arena, err) != ERR_OK ||
        s3_action_find(&x->action, x->request, &x->target, err) != ERR_OK ||
        s3_authenticate(x, err) != ERR_OK)
        return err->code;
    return refuse_early(x, head->content_length, err);
}

static bool on_headers(void *self, struct http_exchange *http, const struct http_head *head)
{
    struct s3_exchange *x = check_alloc(sizeof *x);
    struct err err = {0};
    *x = (struct s3_exchange){.s3 = self, .http = http, .request = &head->request};
    http_exchange_set(http, x);
    if (begin(x, head, &err) != ERR_OK) {
        s3_reply_error(x, &err);
        return false;
    }
    const struct s3_body_plan plan = {.kind = x->action->body,
                                      .length = head->content_length,
                                      .limit_bytes = x->s3->options.object_bytes_max,
                                      .is_md5_wanted = takes_object(x->action) ||
                                                       request_header(x->request, "content-md5") !=
                                                           NULL};
    s3_body_open(&x->body, &x->s3->options.bodies, &plan, x->request);
    return true;
}

static size_t on_data(void *self, struct http_exchange *http, const char *data, size_t len)
{
    (void)self;
    struct s3_exchange *x = http_exchange_user(http);
    s3_body_take(&x->body, data, len);
    return len;
}

static enum err_code check_md5(const struct s3_exchange *x, struct err *err)
{
    const char *value = request_header(x->request, "content-md5");
    CLEANUP(buf_fini) struct buf given = {0};
    if (value == NULL)
        return ERR_OK;
    if (!base64_decode(&given, value, strlen(value)) || given.len != DIGEST_MD5_SIZE)
        return err_set(err, ERR_INVALID_DIGEST, "The Content-MD5 you specified is not valid");
    if (!digest_equal(given.data, x->body.md5_bytes, DIGEST_MD5_SIZE))
        return err_set(err, ERR_BAD_DIGEST,
                       "The Content-MD5 you specified did not match what we received");
    return ERR_OK;
}

static enum err_code check_hashes(const struct s3_exchange *x, struct err *err)
{
    if (!x->payload.is_unsigned && !digest_text_equal(x->payload.sha256, x->body.sha256_hex))
        return err_set(err, ERR_CONTENT_SHA256,
                       "The provided 'x-amz-content-sha256' header does not match what was "
                       "computed");
    return check_md5(x, err);
}

static void answered(struct dos_ask *ask, const char *bytes, size_t len)
{
    struct s3_exchange *x = (struct s3_exchange *)(void *)ask;
    struct dos_unpack fields;
    struct err err = {0};
    if (dos_answer_read(bytes, len, &fields, &err) == ERR_OK) {
        x->action->answer(x, &fields);
        return;
    }
    if (*x->body.ref != '\0') /* kept for nothing */
        x->body.bodies->remove(x->body.bodies->self, DOS_FOLDER_OBJECTS, x->body.ref);
    s3_reply_error(x, &err);
}

static void on_body_end(void *self, struct http_exchange *http)
{
    (void)self;
    struct s3_exchange *x = http_exchange_user(http);
    struct err err = {0};
    x->ask.answered = answered;
    x->ask.op = (struct dos_op){
        .account = x->account, .bucket = x->target.bucket, .key = x->target.key, .upload = ""};
    if (s3_body_end(&x->body, &err) != ERR_OK || check_hashes(x, &err) != ERR_OK ||
        x->action->ask(x, &err) != ERR_OK)
        s3_reply_error(x, &err);
    else
        dos_index_ask(x->s3->options.index, &x->ask);
}

static void on_end(void *self, struct http_exchange *http, bool is_sent)
{
    (void)self, (void)is_sent;
    struct s3_exchange *x = http_exchange_user(http);
    s3_body_fini(&x->body);
    arena_fini(&x->arena);
    free(x);
}

struct dos_s3 *dos_s3_new(const struct dos_s3_options *options)
{
    struct dos_s3 *s3 = check_alloc(sizeof *s3);
    unsigned char random[20];
    *s3 = (struct dos_s3){.options = *options};
    options->rng->fill(options->rng->self, random, sizeof random);
    str_hex(s3->dummy_secret, random, sizeof random);
    return s3;
}

void dos_s3_free(struct dos_s3 *s3)
{
    free(s3);
}

struct http_pool_handler dos_s3_handler(struct dos_s3 *s3)
{
    return (struct http_pool_handler){.self = s3,
                                      .on_headers = on_headers,
                                      .on_data = on_data,
                                      .on_body_end = on_body_end,
                                      .on_end = on_end};
}
