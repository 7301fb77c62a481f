/* share.c - one request a chunk: who asks and with what leave is settled by the headers. */
#include "computer-manager/effect/share.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "computer-manager/effect/have.h"
#include "computer-manager/effect/layout.h"
#include "computer-manager/model/job.h"
#include "proto/auth/grant.h"
#include "proto/http/pool.h"
#include "proto/wire/manifest.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { THREADS = 2, CONNECTIONS_A_TRANSFER = 4, GRACE_MS = 1000, HASH_LEN = HOST_HASH_SIZE - 1 };
#define FOLDER "/v1/bases/"

struct host_share {
    struct http_pool *pool;
    size_t listener;
    char *images_dir; /* owned */
    int transfers;
    atomic_int active;
    pthread_mutex_t mutex; /* of the key */
    bool has_key;
    unsigned char key[GRANT_KEY_SIZE];
};

enum what { CHUNK, MANIFEST, HAVE };

struct transfer {
    struct host_share *share;
    const struct request *request;
    char manifest[HOST_HASH_SIZE];
    enum what what;
    int64_t number; /* of a chunk */
    bool is_counted;
};

/* ---- may it? ------------------------------------------------------------------------------- */

static bool parse_leaf(struct transfer *t, const char *leaf)
{
    t->what = str_eq(leaf, "manifest") ? MANIFEST : str_eq(leaf, "have") ? HAVE : CHUNK;
    return t->what != CHUNK || str_parse_i64(leaf, 0, INT32_MAX, &t->number);
}

static enum err_code parse(struct transfer *t, struct err *err)
{
    const char *at = t->request->target + strlen(FOLDER);
    if (!str_has_prefix(t->request->target, FOLDER) || strspn(at, "0123456789abcdef") != HASH_LEN ||
        at[HASH_LEN] != '/' || !parse_leaf(t, at + HASH_LEN + 1))
        return err_set(err, ERR_NO_SUCH_KEY, "there is nothing here");
    memcpy(t->manifest, at, HASH_LEN);
    if (!str_eq(t->request->method, "GET"))
        return err_set(err, ERR_METHOD_NOT_ALLOWED, "only GET is allowed here");
    return ERR_OK;
}

static enum err_code check_grant(struct transfer *t, int64_t wall_ms, struct err *err)
{
    struct host_share *s = t->share;
    const char *grant = request_header(t->request, "x-tercet-grant");
    unsigned char key[GRANT_KEY_SIZE];
    pthread_mutex_lock(&s->mutex);
    bool has_key = s->has_key;
    memcpy(key, s->key, sizeof key);
    pthread_mutex_unlock(&s->mutex);
    if (!has_key)
        return err_set(err, ERR_UNAVAILABLE, "the key of grants is not here yet");
    if (grant == NULL)
        return err_set(err, ERR_DENIED, "there is no grant for this");
    enum err_code code = grant_check(grant, key, t->request->peer_node, t->manifest, wall_ms, err);
    explicit_bzero(key, sizeof key);
    return code;
}

static enum err_code check(struct transfer *t, struct err *err)
{
    const struct request *r = t->request;
    struct clock clock = clock_system();
    int64_t wall_ms = clock.read(clock.self).wall_ms;
    if (parse(t, err) != ERR_OK)
        return err->code;
    if (*r->peer_node == '\0' || wall_ms > r->peer_not_after_ms || wall_ms < r->peer_not_before_ms)
        return err_set(err, ERR_PEER_DENIED, "a valid client certificate is needed");
    return check_grant(t, wall_ms, err);
}

/* One of the few that may be at once; given back at its end. */
static enum err_code take_turn(struct transfer *t, struct err *err)
{
    t->is_counted = true;
    if (atomic_fetch_add(&t->share->active, 1) < t->share->transfers)
        return ERR_OK;
    return err_set(err, ERR_UNAVAILABLE, "others are being served");
}

/* ---- the answer ---------------------------------------------------------------------------- */

static void refuse(struct http_exchange *http, const struct transfer *t, const struct err *err)
{
    log_info("share.refused", "node", t->request->peer_node, "target", t->request->target, "code",
             err_row(err->code)->name, "why", err->text, NULL);
    http_exchange_reply(http, &(struct http_pool_reply){.status = err_row(err->code)->http,
                                                        .content_type = "text/plain",
                                                        .body = err->text,
                                                        .body_len = strlen(err->text),
                                                        .fd = -1});
}

/* A file of ours: a regular one, no link. */
static int open_file(const char *path, uint64_t *size)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
        close(fd);
        return -1;
    }
    *size = fd >= 0 ? (uint64_t)st.st_size : 0;
    return fd;
}

/* The base, or what has come of it until now; in between the one becomes the other. */
static int open_base(const struct transfer *t, uint64_t *size, bool *is_part)
{
    enum { ROUNDS = 2 };
    char base[HOST_PATH_SIZE], part[HOST_PATH_SIZE];
    int fd = -1;
    host_layout_base(base, t->share->images_dir, t->manifest);
    host_layout_part(part, t->share->images_dir, t->manifest);
    for (int i = 0; i < ROUNDS && fd < 0; i++) {
        fd = open_file(base, size);
        *is_part = fd < 0;
        if (fd < 0)
            fd = open_file(part, size);
    }
    return fd;
}

static bool find_chunk(const struct transfer *t, struct http_pool_reply *out)
{
    uint64_t size;
    bool is_part;
    out->fd = open_base(t, &size, &is_part);
    out->fd_offset = (uint64_t)t->number * MANIFEST_CHUNK_SIZE;
    if (out->fd < 0 || out->fd_offset >= size)
        return false;
    uint64_t left = size - out->fd_offset;
    out->fd_size = left < MANIFEST_CHUNK_SIZE ? left : MANIFEST_CHUNK_SIZE;
    return !is_part || host_have_is(out->fd, (off_t)out->fd_offset, (off_t)out->fd_size);
}

static bool find_manifest(const struct transfer *t, struct http_pool_reply *out)
{
    char path[HOST_PATH_SIZE];
    host_layout_manifest(path, t->share->images_dir, t->manifest);
    out->fd = open_file(path, &out->fd_size);
    return out->fd >= 0;
}

/* Where there is nothing yet, that is said, too. */
static void say_have(struct http_exchange *http, const struct transfer *t)
{
    uint64_t size;
    bool is_part;
    CLEANUP(buf_fini) struct buf bits = {0};
    int fd = open_base(t, &size, &is_part);
    if (fd >= 0 && size <= MANIFEST_MAX_SIZE)
        host_have_write(&bits, fd, (off_t)size, is_part);
    if (fd >= 0)
        close(fd);
    http_exchange_reply(http, &(struct http_pool_reply){.status = 200,
                                                        .content_type = "application/octet-stream",
                                                        .body = buf_str(&bits),
                                                        .body_len = bits.len,
                                                        .fd = -1});
}

static bool on_headers(void *self, struct http_exchange *http, const struct http_head *head)
{
    struct transfer *t = check_alloc(sizeof *t);
    struct err err = {0};
    *t = (struct transfer){.share = self, .request = &head->request};
    http_exchange_set(http, t);
    if (head->content_length != 0)
        err_set(&err, ERR_BAD_REQUEST, "no body is taken here");
    else if (check(t, &err) == ERR_OK && take_turn(t, &err) == ERR_OK)
        return true;
    refuse(http, t, &err);
    return false;
}

static size_t on_data(void *self, struct http_exchange *http, const char *data, size_t len)
{
    (void)self, (void)http, (void)data;
    return len; /* on_headers takes no request that has a body */
}

static void on_body_end(void *self, struct http_exchange *http)
{
    const struct transfer *t = http_exchange_user(http);
    struct http_pool_reply reply = {
        .status = 200, .content_type = "application/octet-stream", .fd = -1};
    struct err err = {0};
    (void)self;
    if (t->what == HAVE) {
        say_have(http, t);
        return;
    }
    if (t->what == MANIFEST ? find_manifest(t, &reply) : find_chunk(t, &reply)) {
        http_exchange_reply(http, &reply);
        return;
    }
    if (reply.fd >= 0)
        close(reply.fd);
    err_set(&err, ERR_NO_SUCH_KEY, "it is not here");
    refuse(http, t, &err);
}

static void on_end(void *self, struct http_exchange *http, bool is_sent)
{
    struct transfer *t = http_exchange_user(http);
    (void)self, (void)is_sent;
    if (t->is_counted)
        atomic_fetch_sub(&t->share->active, 1);
    free(t);
}

/* ---- life ---------------------------------------------------------------------------------- */

enum err_code host_share_open(struct host_share **out, const struct host_share_config *config,
                              struct err *err)
{
    PRE(config->transfers > 0 && config->bytes_s > 0);
    struct host_share *s = check_alloc(sizeof *s);
    *s = (struct host_share){.images_dir = check_strdup(config->images_dir),
                             .transfers = config->transfers};
    pthread_mutex_init(&s->mutex, NULL);
    const struct http_pool_handler handler = {.self = s,
                                              .on_headers = on_headers,
                                              .on_data = on_data,
                                              .on_body_end = on_body_end,
                                              .on_end = on_end};
    int64_t pace = config->bytes_s / config->transfers;
    s->pool = http_pool_new(&handler, THREADS);
    struct http_listen listen = {.name = "share",
                                 .face = FACE_TIER,
                                 .address = config->address,
                                 .tcp_port = config->tcp_port,
                                 .tls = config->tls,
                                 .client_cert = HTTP_CERT_REQUIRED,
                                 .connections_max = (unsigned)config->transfers *
                                                    CONNECTIONS_A_TRANSFER,
                                 .pace_bytes_s = pace < UINT32_MAX ? (uint32_t)pace : UINT32_MAX};
    if (http_pool_listen(s->pool, &listen, &s->listener, err) == ERR_OK)
        *out = s;
    else
        host_share_close(s);
    return err->code;
}

uint16_t host_share_tcp_port(const struct host_share *share)
{
    return http_pool_tcp_port(share->pool, share->listener);
}

enum err_code host_share_set_key(struct host_share *share, const char *hex, struct err *err)
{
    unsigned char key[GRANT_KEY_SIZE];
    if (!str_unhex(key, sizeof key, hex))
        return err_set(err, ERR_INVALID_PARAMETER, "the key of grants is malformed");
    pthread_mutex_lock(&share->mutex);
    memcpy(share->key, key, sizeof key);
    share->has_key = true;
    pthread_mutex_unlock(&share->mutex);
    explicit_bzero(key, sizeof key);
    return ERR_OK;
}

enum err_code host_share_reload(struct host_share *share, const struct http_tls *tls,
                                struct err *err)
{
    return http_pool_reload(share->pool, share->listener, tls, err);
}

void host_share_close(struct host_share *share)
{
    if (share == NULL || !http_pool_free(share->pool, GRACE_MS))
        return;
    pthread_mutex_destroy(&share->mutex);
    explicit_bzero(share->key, sizeof share->key);
    free(share->images_dir);
    free(share);
}
