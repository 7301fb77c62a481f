/* admit.c - who may become a child, and under which certificate. */
#include "proto/sync/admit.h"

#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "proto/auth/cert.h"
#include "proto/auth/digest.h"
#include "proto/auth/token.h"

#include <string.h>

const char admit_schema[] =
    "CREATE TABLE admit_token(hash TEXT PRIMARY KEY, node TEXT NOT NULL, kind TEXT NOT NULL,"
    " expires_wall_ms INTEGER NOT NULL, csr_hash TEXT NOT NULL DEFAULT '') WITHOUT ROWID;"
    "CREATE TABLE admitted(node TEXT PRIMARY KEY, kind TEXT NOT NULL, certificate TEXT NOT NULL)"
    " WITHOUT ROWID;";

enum { SIGN_MS = 10000 };

void admit_init(struct admit *a, struct store *store, const struct rng *rng,
                struct sync_parent *parent, int job_kind, const struct admit_facts *facts)
{
    *a = (struct admit){
        .store = store, .rng = *rng, .parent = parent, .job_kind = job_kind, .facts = *facts};
}

void admit_token_add(struct store *store, const char *hash, const char *node, const char *kind,
                     int64_t expires_wall_ms)
{
    store_run(store,
              "INSERT INTO admit_token(hash, node, kind, expires_wall_ms) VALUES(?, ?, ?, ?)",
              "sssi", hash, node, kind, expires_wall_ms);
}

static struct admit_pending *free_slot(struct admit *a)
{
    for (size_t i = 0; i < ADMIT_PENDING_MAX; i++)
        if (a->pending[i].job_id == 0)
            return &a->pending[i];
    return NULL;
}

static enum err_code order(struct admit *a, const struct event *ev, uint64_t job_id,
                           const struct wire_join *join, const struct admit_pending *who,
                           struct effects *out, struct err *err)
{
    struct admit_sign spec = {.wall_ms = ev->at.wall_ms};
    struct admit_pending *slot = free_slot(a);
    if (slot == NULL)
        return err_set(err, ERR_UNAVAILABLE, "too many nodes join at once; try again");
    if (!str_copy(spec.node, sizeof spec.node, join->node) ||
        !str_copy(spec.csr, sizeof spec.csr, join->csr))
        return err_set(err, ERR_BAD_REQUEST, "a name or a CSR that is too long");
    str_copy(spec.kind, sizeof spec.kind, who->kind);
    a->rng.fill(a->rng.self, spec.seed, sizeof spec.seed);
    *slot = *who;
    slot->job_id = job_id;
    slot->request_id = ev->request.id;
    effect_job(out, &(struct effect_job){.job_id = job_id,
                                         .kind = a->job_kind,
                                         .spec = &spec,
                                         .spec_size = sizeof spec,
                                         .timeout_ms = SIGN_MS});
    return ERR_OK;
}

/* A token is good for one CSR: the same one may ask again when its answer was lost. */
static enum err_code check_token(struct admit *a, const struct event *ev,
                                 const struct wire_join *join, struct admit_pending *who,
                                 struct err *err)
{
    struct query q;
    bool good = false;
    token_hash(who->token_hash, join->token);
    digest_sha256_hex(who->csr_hash, join->csr, strlen(join->csr));
    query_open(&q, a->store,
               "SELECT node, kind, expires_wall_ms, csr_hash FROM admit_token WHERE hash=?", "s",
               who->token_hash);
    if (query_next(&q)) {
        good = str_eq(query_text(&q, 0), join->node) && ev->at.wall_ms <= query_i64(&q, 2) &&
               (*query_text(&q, 3) == '\0' || str_eq(query_text(&q, 3), who->csr_hash));
        str_copy(who->kind, sizeof who->kind, query_text(&q, 1));
        query_close(&q);
    }
    if (!good)
        return err_set(err, ERR_TOKEN_INVALID,
                       "this token is unknown, used, expired or for another name: make a new one");
    str_copy(who->node, sizeof who->node, join->node);
    return ERR_OK;
}

enum err_code admit_join(struct admit *a, const struct event *ev, uint64_t job_id,
                         struct effects *out, struct err *err)
{
    struct arena arena = {0};
    struct wire_join join;
    struct admit_pending who = {0};
    enum err_code code = wire_decode(&wire_join_type, ev->request.body, ev->request.body_len,
                                     &arena, &join, err);
    if (code == ERR_OK)
        code = check_token(a, ev, &join, &who, err);
    if (code == ERR_OK)
        code = order(a, ev, job_id, &join, &who, out, err);
    arena_fini(&arena);
    return code;
}

/* The certificate may have expired (racks are switched off), the key may not have changed. */
static enum err_code check_renewal(struct admit *a, const struct event *ev,
                                   const struct wire_join *join, struct admit_pending *who,
                                   struct err *err)
{
    struct query q;
    bool known = false, same = false;
    if (!str_eq(ev->request.peer_node, join->node))
        return err_set(err, ERR_PEER_DENIED, "certificate of '%s' used for '%s'",
                       ev->request.peer_node, join->node);
    query_open(&q, a->store,
               "SELECT a.kind, a.certificate FROM admitted a JOIN child c ON c.node=a.node"
               " WHERE a.node=? AND c.removed=0",
               "s", join->node);
    if (query_next(&q)) {
        known = true;
        str_copy(who->kind, sizeof who->kind, query_text(&q, 0));
        same = cert_same_key(query_text(&q, 1), join->csr);
        query_close(&q);
    }
    if (!known || !same)
        return err_set(err, ERR_PEER_UNKNOWN, "'%s' is not known here by this key: join anew",
                       join->node);
    str_copy(who->node, sizeof who->node, join->node);
    return ERR_OK;
}

enum err_code admit_renew(struct admit *a, const struct event *ev, uint64_t job_id,
                          struct effects *out, struct err *err)
{
    struct arena arena = {0};
    struct wire_join join;
    struct admit_pending who = {0};
    enum err_code code = wire_decode(&wire_join_type, ev->request.body, ev->request.body_len,
                                     &arena, &join, err);
    if (code == ERR_OK)
        code = check_renewal(a, ev, &join, &who, err);
    if (code == ERR_OK)
        code = order(a, ev, job_id, &join, &who, out, err);
    arena_fini(&arena);
    return code;
}

static void admit_node(struct admit *a, const struct admit_pending *who, const char *certificate,
                       const char *serial)
{
    store_run(a->store,
              "INSERT INTO admitted VALUES(?1, ?2, ?3) ON CONFLICT DO UPDATE SET kind=?2,"
              " certificate=?3",
              "sss", who->node, who->kind, certificate);
    if (who->token_hash[0] == '\0')
        sync_parent_renew(a->parent, who->node, serial);
    else
        sync_parent_add(a->parent, who->node, who->kind, serial);
    if (who->token_hash[0] != '\0')
        store_run(a->store, "UPDATE admit_token SET csr_hash=? WHERE hash=?", "ss", who->csr_hash,
                  who->token_hash);
    log_info("node.admitted", "node", who->node, "kind", who->kind, "serial", serial, NULL);
}

void admit_reload(struct admit *a)
{
    memset(a->pending, 0, sizeof a->pending);
}

/* Another key may have used the token while this one was being signed for. */
static bool is_still_good(struct admit *a, const struct admit_pending *who)
{
    return who->token_hash[0] == '\0' ||
           store_has(a->store, "SELECT 1 FROM admit_token WHERE hash=?1 AND csr_hash IN ('', ?2)",
                     "ss", who->token_hash, who->csr_hash);
}

static void reply_error(struct effects *out, uint64_t request_id, const struct err *err)
{
    effect_reply(out, request_id, err_row(err->code)->http, "text/plain", err->text,
                 strlen(err->text));
}

bool admit_signed(struct admit *a, const struct event *ev, struct effects *out)
{
    struct admit_pending *slot = NULL;
    for (size_t i = 0; i < ADMIT_PENDING_MAX; i++)
        if (a->pending[i].job_id != 0 && a->pending[i].job_id == ev->job.job_id)
            slot = &a->pending[i];
    if (slot == NULL)
        return false;
    struct admit_pending who = *slot;
    *slot = (struct admit_pending){0};
    struct err err = {.code = ev->job.code};
    CLEANUP(buf_fini) struct buf certificate = {0};
    struct cert_info info;
    str_copy(err.text, sizeof err.text, ev->job.text);
    buf_append(&certificate, ev->job.result, ev->job.result_size);
    if (!is_still_good(a, &who)) {
        err_set(&err, ERR_TOKEN_INVALID, "this token was used meanwhile: make a new one");
        reply_error(out, who.request_id, &err);
        return true;
    }
    if (ev->job.code != ERR_OK || cert_info_read(&info, buf_str(&certificate), &err) != ERR_OK) {
        reply_error(out, who.request_id, &err);
        return true;
    }
    admit_node(a, &who, buf_str(&certificate), info.serial);
    CLEANUP(buf_fini) struct buf body = {0};
    wire_encode(&body, &wire_joined_type,
                &(struct wire_joined){.certificate = buf_str(&certificate),
                                      .ca = a->facts.ca_pem,
                                      .parent = a->facts.parent,
                                      .region = a->facts.region,
                                      .zone = a->facts.zone});
    effect_reply(out, who.request_id, 200, "application/json", body.data, body.len);
    return true;
}
