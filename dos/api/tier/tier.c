/* tier.c - the flow of a host's request: who and what is granted is settled by the headers, what
 * the manifest names by the index. */
#include "dos/api/tier/tier.h"

#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "dos/model/name.h"
#include "proto/auth/grant.h"

#include <stdlib.h>
#include <string.h>

enum { HASH_LEN = 64 };

/* One request; the ask is first, so that the index's callback finds its way back. */
struct fetch {
    struct dos_ask ask;
    struct dos_tier *tier;
    struct http_exchange *http;
    const struct request *request;
    char manifest[HASH_LEN + 1], chunk[HASH_LEN + 1];
};

static void reply_error(struct fetch *f, const struct err *err)
{
    CLEANUP(buf_fini) struct buf text = {0};
    buf_printf(&text, "%s: %s\n", err_row(err->code)->name, err->text);
    log_info("tier.refused", "request", f->request->trace, "node", f->request->peer_node, "target",
             f->request->target, "code", err_row(err->code)->name, "why", err->text, NULL);
    http_exchange_reply(f->http, &(struct http_pool_reply){.status = err_row(err->code)->http,
                                                           .content_type = "text/plain",
                                                           .body = text.data,
                                                           .body_len = text.len,
                                                           .fd = -1});
}

static bool take_hash(char out[HASH_LEN + 1], const char *target, const char *folder)
{
    if (!str_has_prefix(target, folder) || !dos_name_is_hex(target + strlen(folder), HASH_LEN))
        return false;
    return str_copy(out, HASH_LEN + 1, target + strlen(folder));
}

/* "v1.NODE.MANIFEST.EXPIRY.MAC": the third field from the end, since a node's name has dots. */
static bool granted_manifest(char out[HASH_LEN + 1], const char *grant)
{
    const char *end = strrchr(grant, '.');
    const char *start = end;
    for (int dots = 0; start != NULL && start > grant && dots < 2;) {
        end = start;
        start--;
        while (start > grant && *start != '.')
            start--;
        dots++;
    }
    if (start == NULL || *start != '.' || end - start - 1 != HASH_LEN)
        return false;
    memcpy(out, start + 1, HASH_LEN);
    out[HASH_LEN] = '\0';
    return dos_name_is_hex(out, HASH_LEN);
}

static enum err_code check_peer(const struct fetch *f, int64_t wall_ms, struct err *err)
{
    const struct request *r = f->request;
    if (*r->peer_node == '\0')
        return err_set(err, ERR_PEER_DENIED, "a client certificate is needed");
    if (wall_ms > r->peer_not_after_ms || wall_ms < r->peer_not_before_ms)
        return err_set(err, ERR_PEER_DENIED, "the client certificate has expired");
    return ERR_OK;
}

static enum err_code check_grant(const struct fetch *f, const char *grant, int64_t wall_ms,
                                 struct err *err)
{
    char hex[DOS_SECRET_SIZE];
    unsigned char key[GRANT_KEY_SIZE];
    if (!dos_directory_secret(f->tier->directory, "grant", hex) || !str_unhex(key, sizeof key, hex))
        return err_set(err, ERR_UNAVAILABLE, "the key of grants is not here yet");
    enum err_code code = grant_check(grant, key, f->request->peer_node, f->manifest, wall_ms, err);
    explicit_bzero(key, sizeof key);
    explicit_bzero(hex, sizeof hex);
    return code;
}

static enum err_code begin(struct fetch *f, struct err *err)
{
    const struct request *r = f->request;
    const char *grant = request_header(r, "x-tercet-grant");
    int64_t wall_ms = f->tier->clock.read(f->tier->clock.self).wall_ms;
    char granted[HASH_LEN + 1];
    bool is_manifest = take_hash(f->manifest, r->target, "/v1/manifests/");
    if (!is_manifest && !take_hash(f->chunk, r->target, "/v1/chunks/"))
        return err_set(err, ERR_NO_SUCH_KEY, "there is nothing here");
    if (!str_eq(r->method, "GET"))
        return err_set(err, ERR_METHOD_NOT_ALLOWED, "only GET is allowed here");
    if (check_peer(f, wall_ms, err) != ERR_OK)
        return err->code;
    if (grant == NULL || !granted_manifest(granted, grant) ||
        (is_manifest && !str_eq(granted, f->manifest)))
        return err_set(err, ERR_DENIED, "there is no grant for this");
    memcpy(f->manifest, granted, sizeof granted);
    return check_grant(f, grant, wall_ms, err);
}

static void send_chunk(struct fetch *f, int64_t size)
{
    const struct dos_bodies *bodies = &f->tier->bodies;
    struct err err = {0};
    struct http_pool_reply reply = {.status = 200,
                                    .content_type = "application/octet-stream",
                                    .fd = bodies->open(bodies->self, DOS_FOLDER_CHUNKS, f->chunk),
                                    .fd_size = (uint64_t)size};
    if (reply.fd >= 0) {
        http_exchange_reply(f->http, &reply);
        return;
    }
    err_set(&err, ERR_IO, "the chunk's file is not there");
    reply_error(f, &err);
}

static void answered(struct dos_ask *ask, const char *bytes, size_t len)
{
    struct fetch *f = (struct fetch *)(void *)ask;
    struct dos_unpack fields;
    struct err err = {0};
    size_t text_len;
    if (dos_answer_read(bytes, len, &fields, &err) != ERR_OK) {
        reply_error(f, &err);
    } else if (ask->op.kind == DOS_OP_GET_CHUNK) {
        send_chunk(f, dos_unpack_i64(&fields));
    } else {
        const char *text = dos_unpack_blob(&fields, &text_len);
        http_exchange_reply(f->http, &(struct http_pool_reply){.status = 200,
                                                               .content_type = "application/json",
                                                               .body = text,
                                                               .body_len = text_len,
                                                               .fd = -1});
    }
}

static bool on_headers(void *self, struct http_exchange *http, const struct http_head *head)
{
    struct fetch *f = check_alloc(sizeof *f);
    struct err err = {0};
    *f = (struct fetch){.tier = self, .http = http, .request = &head->request};
    http_exchange_set(http, f);
    if (head->content_length == 0 && begin(f, &err) == ERR_OK)
        return true;
    if (err.code == ERR_OK)
        err_set(&err, ERR_BAD_REQUEST, "no body is taken here");
    reply_error(f, &err);
    return false;
}

static size_t on_data(void *self, struct http_exchange *http, const char *data, size_t len)
{
    (void)self, (void)http, (void)data;
    return len; /* on_headers takes no request that has a body */
}

static void on_body_end(void *self, struct http_exchange *http)
{
    (void)self;
    struct fetch *f = http_exchange_user(http);
    f->ask.answered = answered;
    f->ask.op = (struct dos_op){.kind = *f->chunk != '\0' ? DOS_OP_GET_CHUNK : DOS_OP_GET_MANIFEST,
                                .account = "",
                                .bucket = "",
                                .key = "",
                                .upload = "",
                                .tier = {f->request->peer_node, f->manifest, f->chunk}};
    dos_index_ask(f->tier->index, &f->ask);
}

static void on_end(void *self, struct http_exchange *http, bool is_sent)
{
    (void)self, (void)is_sent;
    free(http_exchange_user(http));
}

struct http_pool_handler dos_tier_handler(struct dos_tier *tier)
{
    return (struct http_pool_handler){.self = tier,
                                      .on_headers = on_headers,
                                      .on_data = on_data,
                                      .on_body_end = on_body_end,
                                      .on_end = on_end};
}
