/* enroll.c - one question to the parent, and the files that its answer becomes. */
#include "proto/http/enroll.h"

#include "base/check.h"
#include "base/loop.h"
#include "base/str.h"
#include "proto/auth/seal.h"
#include "proto/auth/token.h"
#include "proto/http/client.h"
#include "proto/http/tls.h"
#include "proto/wire/messages.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void path_of(char out[ENROLL_PATH_SIZE], const char *folder, const char *name)
{
    int len = snprintf(out, ENROLL_PATH_SIZE, "%.255s/%.32s", folder, name);
    PRE(len < ENROLL_PATH_SIZE);
}

static enum err_code read_file(struct buf *out, const char *folder, const char *name,
                               struct err *err)
{
    char path[ENROLL_PATH_SIZE];
    path_of(path, folder, name);
    return http_tls_read(out, path, err);
}

static enum err_code write_file(const char *folder, const char *name, const char *text, mode_t mode,
                                struct err *err)
{
    char path[ENROLL_PATH_SIZE];
    path_of(path, folder, name);
    return cert_write_file(path, text, mode, err);
}

bool enroll_is_joined(const char *folder)
{
    char path[ENROLL_PATH_SIZE];
    path_of(path, folder, "cert.pem");
    return access(path, R_OK) == 0;
}

/* "parent region zone" on one line. */
static enum err_code load_parent(struct enroll_identity *id, const char *folder, struct err *err)
{
    CLEANUP(buf_fini) struct buf line = {0};
    if (read_file(&line, folder, "parent", err) != ERR_OK)
        return err->code;
    if (sscanf(buf_str(&line), "%64s %31s %31s", id->parent, id->region, id->zone) != 3)
        return err_set(err, ERR_CONFIG, "%.100s/parent is damaged: join anew", folder);
    return ERR_OK;
}

/* A host has none: nothing is sealed for it. */
static enum err_code load_link_key(struct enroll_identity *id, const char *folder, struct err *err)
{
    CLEANUP(seal_wipe) struct buf link = {0};
    char path[ENROLL_PATH_SIZE];
    path_of(path, folder, "link.key");
    if (access(path, F_OK) != 0)
        return ERR_OK;
    if (http_tls_read(&link, path, err) != ERR_OK)
        return err->code;
    link.data[strcspn(link.data, "\n")] = '\0';
    if (!str_unhex(id->link_key, sizeof id->link_key, link.data))
        return err_set(err, ERR_CONFIG, "%.100s/link.key is damaged: join anew", folder);
    return ERR_OK;
}

enum err_code enroll_load(struct enroll_identity *id, const char *folder, struct err *err)
{
    *id = (struct enroll_identity){0};
    if (!enroll_is_joined(folder))
        return err_set(err, ERR_CONFIG, "%.100s has no certificate: join the parent with a token",
                       folder);
    if (read_file(&id->chain, folder, "cert.pem", err) != ERR_OK ||
        read_file(&id->key, folder, "key.pem", err) != ERR_OK ||
        read_file(&id->ca, folder, "ca.pem", err) != ERR_OK ||
        load_parent(id, folder, err) != ERR_OK ||
        cert_info_read(&id->info, buf_str(&id->chain), err) != ERR_OK)
        return err->code;
    if (load_link_key(id, folder, err) != ERR_OK)
        return err->code;
    buf_append(&id->chain, id->ca.data, id->ca.len);
    str_copy(id->node, sizeof id->node, id->info.cn);
    return ERR_OK;
}

void enroll_fini(struct enroll_identity *id)
{
    buf_fini(&id->chain);
    seal_wipe(&id->key);
    buf_fini(&id->ca);
    explicit_bzero(id->link_key, sizeof id->link_key);
}

/* ---- one question, in a loop of its own ---------------------------------------------------- */

struct question {
    struct loop *loop;
    struct http_client *client;
    const char *target;
    struct buf body;
    int64_t timeout_ms;
    int status;
    struct buf answer;
};

static enum err_code ask_step(void *self, const struct event *ev, struct effects *out,
                              struct err *err)
{
    struct question *q = self;
    (void)err;
    if (ev->kind == EVENT_START)
        effect_call(out, &(struct effect_call){.call_id = 1,
                                               .peer = "parent",
                                               .method = "POST",
                                               .target = q->target,
                                               .body = buf_str(&q->body),
                                               .body_len = q->body.len,
                                               .timeout_ms = q->timeout_ms});
    if (ev->kind == EVENT_REPLY) {
        q->status = ev->reply.status;
        buf_append(&q->answer, ev->reply.body, ev->reply.body_len);
        loop_stop(q->loop);
    }
    return ERR_OK;
}

static void ask_fail(void *self, const struct event *ev, const struct err *err, struct effects *out)
{
    (void)self, (void)ev, (void)err, (void)out;
}

static void ask_seal(void *self, const struct event *at, struct effects *out)
{
    (void)self, (void)at, (void)out;
}

static void ask_reload(void *self)
{
    (void)self;
}

static int64_t ask_wake_at(const void *self)
{
    (void)self;
    return INT64_MAX;
}

static void ask_call(void *self, const struct effect_call *call)
{
    http_client_call(((struct question *)self)->client, call);
}

static enum err_code ask(struct question *q, const struct http_tls *tls, const char *node_name,
                         const char *url, struct err *err)
{
    struct store *store = NULL;
    struct turn turn;
    struct core core = {.self = q,
                        .step = ask_step,
                        .fail = ask_fail,
                        .seal = ask_seal,
                        .reload = ask_reload,
                        .wake_at = ask_wake_at};
    struct loop_performer performer = {.self = q, .call = ask_call};
    if (store_open(&store, ":memory:", &(struct store_schema){0}, err) != ERR_OK)
        return err->code;
    q->loop = loop_new(NULL);
    q->client = http_client_new(q->loop);
    http_client_tls(q->client, tls);
    enum err_code code = http_client_peer(q->client, "parent", node_name, &url, 1, err);
    if (code == ERR_OK) {
        struct instant now = loop_now(q->loop);
        turn_init(&turn, &core, store, &now);
        loop_run(q->loop, &turn, &performer);
    }
    http_client_free(q->client);
    loop_free(q->loop);
    store_close(store);
    return code;
}

/* ---- joining and renewing ------------------------------------------------------------------ */

/* The key is made once and kept, so that a join that was cut off asks again with the same. */
static enum err_code own_key(const char *folder, struct buf *key, struct err *err)
{
    char path[ENROLL_PATH_SIZE];
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return err_set(err, ERR_IO, "cannot make %.200s: %s", folder, strerror(errno));
    path_of(path, folder, "key.pem");
    if (access(path, R_OK) == 0)
        return http_tls_read(key, path, err);
    if (cert_make_key(key, err) != ERR_OK)
        return err->code;
    return cert_write_file(path, buf_str(key), 0600, err);
}

static enum err_code keep(const char *folder, const struct wire_joined *joined, struct err *err)
{
    CLEANUP(buf_fini) struct buf line = {0};
    CLEANUP(seal_wipe) struct buf link = {0};
    buf_printf(&line, "%s %s %s\n", joined->parent, *joined->region != '\0' ? joined->region : "-",
               *joined->zone != '\0' ? joined->zone : "-");
    buf_printf(&link, "%s\n", joined->link_key);
    if (*joined->ca != '\0' && write_file(folder, "ca.pem", joined->ca, 0644, err) != ERR_OK)
        return err->code;
    if (*joined->link_key != '\0' &&
        write_file(folder, "link.key", buf_str(&link), 0600, err) != ERR_OK)
        return err->code;
    if (*joined->parent != '\0' &&
        write_file(folder, "parent", buf_str(&line), 0644, err) != ERR_OK)
        return err->code;
    return write_file(folder, "cert.pem", joined->certificate, 0644, err); /* last: now it counts */
}

static enum err_code take_answer(const struct question *q, const char *folder, struct err *err)
{
    struct arena arena = {0};
    struct wire_joined joined;
    if (q->status == 0)
        return err_set(err, ERR_TIMEOUT,
                       "the parent does not answer, or is another one than the"
                       " token says");
    if (q->status != 200)
        return err_set(err, ERR_TOKEN_INVALID, "the parent refused (%d): %.150s", q->status,
                       buf_str(&q->answer));
    enum err_code code = wire_decode(&wire_joined_type, buf_str(&q->answer), q->answer.len, &arena,
                                     &joined, err);
    if (code == ERR_OK)
        code = keep(folder, &joined, err);
    arena_fini(&arena);
    return code;
}

/* A token on a command line is for every user of the machine to read: "-" takes it from stdin. */
static const char *token_word(char room[TOKEN_TEXT_MAX + 2], const char *word)
{
    if (!str_eq(word, "-"))
        return word;
    if (fgets(room, TOKEN_TEXT_MAX + 2, stdin) == NULL)
        room[0] = '\0';
    room[strcspn(room, "\r\n")] = '\0';
    return room;
}

static enum err_code join(const char *folder, const char *token_text, int64_t timeout_ms,
                          struct err *err)
{
    struct token token;
    CLEANUP(seal_wipe) struct buf key = {0};
    CLEANUP(buf_fini) struct buf csr = {0};
    CLEANUP(buf_fini) struct buf url = {0};
    struct question q = {.target = "/v1/join", .timeout_ms = timeout_ms};
    if (token_parse(&token, token_text, err) != ERR_OK || own_key(folder, &key, err) != ERR_OK ||
        cert_make_csr(buf_str(&key), token.node, &csr, err) != ERR_OK)
        return err->code;
    buf_printf(&url, "https://%s", token.parent);
    wire_encode(&q.body, &wire_join_type,
                &(struct wire_join){.node = token.node, .token = token_text, .csr = buf_str(&csr)});
    enum err_code code = ask(&q, &(struct http_tls){.ca_sha256 = token.ca_sha256},
                             token.parent_node, buf_str(&url), err);
    if (code == ERR_OK)
        code = take_answer(&q, folder, err);
    explicit_bzero(&token, sizeof token);
    seal_wipe(&q.body);
    seal_wipe(&q.answer);
    return code;
}

enum err_code enroll_join(const char *folder, const char *token, int64_t timeout_ms,
                          struct err *err)
{
    char room[TOKEN_TEXT_MAX + 2];
    enum err_code code = join(folder, token_word(room, token), timeout_ms, err);
    explicit_bzero(room, sizeof room);
    return code;
}

enum err_code enroll_renew(const char *folder, const char *parent_url, int64_t timeout_ms,
                           struct err *err)
{
    struct enroll_identity id;
    CLEANUP(buf_fini) struct buf csr = {0};
    struct question q = {.target = "/v1/renew", .timeout_ms = timeout_ms};
    enum err_code code = enroll_load(&id, folder, err);
    if (code == ERR_OK)
        code = cert_make_csr(buf_str(&id.key), id.node, &csr, err);
    if (code == ERR_OK) {
        wire_encode(&q.body, &wire_join_type,
                    &(struct wire_join){.node = id.node, .token = "", .csr = buf_str(&csr)});
        code = ask(&q,
                   &(struct http_tls){.cert_pem = buf_str(&id.chain),
                                      .key_pem = buf_str(&id.key),
                                      .ca_pem = buf_str(&id.ca)},
                   id.parent, parent_url, err);
    }
    if (code == ERR_OK)
        code = take_answer(&q, folder, err);
    buf_fini(&q.body);
    buf_fini(&q.answer);
    enroll_fini(&id);
    return code;
}
