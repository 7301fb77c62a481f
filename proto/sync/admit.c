/* admit.c - who may become a child, and under which certificate. */
#include "proto/sync/admit.h"

#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "proto/auth/cert.h"
#include "proto/auth/digest.h"
#include "proto/auth/seal.h"
#include "proto/auth/token.h"

#include <string.h>

const char admit_schema[] =
    "CREATE TABLE admit_token(hash TEXT PRIMARY KEY, node TEXT NOT NULL, kind TEXT NOT NULL,"
    " expires_wall_ms INTEGER NOT NULL, csr_hash TEXT NOT NULL DEFAULT '') WITHOUT ROWID;"
    "CREATE TABLE admitted(node TEXT PRIMARY KEY, kind TEXT NOT NULL, certificate TEXT NOT NULL)"
    " WITHOUT ROWID;";

enum { SIGN_MS = 30 * 1000, DAY_MS = 24 * 3600 * 1000 };

void admit_init(struct admit *a, struct store *store, const struct rng *rng,
                struct sync_parent *parent, int job_kind, const struct admit_hooks *hooks)
{
    *a = (struct admit){
        .store = store, .rng = *rng, .parent = parent, .job_kind = job_kind, .hooks = *hooks};
}

void admit_token_add(struct store *store, const char *hash, const char *node, const char *kind,
                     int64_t expires_wall_ms)
{
    store_run(store, "DELETE FROM admit_token WHERE expires_wall_ms<?", "i",
              expires_wall_ms - DAY_MS);
    store_run(store,
              "INSERT INTO admit_token(hash, node, kind, expires_wall_ms) VALUES(?, ?, ?, ?)",
              "sssi", hash, node, kind, expires_wall_ms);
}

void admit_reload(struct admit *a)
{
    memset(a->pending, 0, sizeof a->pending);
}

/* ---- the shell's part ---------------------------------------------------------------------- */

static void fill_serial(void *self, void *out, size_t len)
{
    PRE(len == ADMIT_SERIAL_SIZE);
    memcpy(out, self, len);
}

struct rng admit_sign_rng(struct admit_sign *sign)
{
    return (struct rng){.self = sign->serial, .fill = fill_serial};
}

/* ---- who asks ------------------------------------------------------------------------------ */

/* A child that was let in before. */
struct known {
    const char *kind, *certificate; /* NULL: there is none of that name */
    bool is_removed;
};

static struct known known_of(struct admit *a, const char *node, struct arena *arena)
{
    struct known k = {0};
    struct query q;
    query_open(&q, a->store,
               "SELECT a.kind, a.certificate, c.removed FROM admitted a JOIN child c"
               " ON c.node=a.node WHERE a.node=?",
               "s", node);
    if (query_next(&q)) {
        k = (struct known){arena_strdup(arena, query_text(&q, 0)),
                           arena_strdup(arena, query_text(&q, 1)), query_i64(&q, 2) != 0};
        query_close(&q);
    }
    return k;
}

static struct admit_pending *slot_of(struct admit *a, uint64_t job_id)
{
    for (size_t i = 0; i < ADMIT_PENDING_MAX; i++)
        if (a->pending[i].job_id == job_id)
            return &a->pending[i];
    return NULL;
}

static enum err_code order(struct admit *a, const struct event *ev, uint64_t job_id,
                           const struct wire_join *join, const struct admit_pending *who,
                           struct effects *out, struct err *err)
{
    PRE(job_id != 0);
    struct admit_sign spec = {.wall_ms = ev->at.wall_ms};
    struct admit_pending *slot = slot_of(a, 0);
    if (slot == NULL)
        return err_set(err, ERR_UNAVAILABLE, "too many nodes join at once; try again");
    if (!str_copy(spec.node, sizeof spec.node, join->node) ||
        !str_copy(spec.csr, sizeof spec.csr, join->csr))
        return err_set(err, ERR_BAD_REQUEST, "a name or a CSR that is too long");
    str_copy(spec.kind, sizeof spec.kind, who->kind);
    a->rng.fill(a->rng.self, spec.serial, sizeof spec.serial);
    /* Positive and without leading zeroes, so that it has one spelling. */
    spec.serial[0] = (unsigned char)((spec.serial[0] & 0x3f) | 0x40);
    *slot = *who;
    slot->job_id = job_id;
    slot->request_id = ev->request.id;
    str_hex(slot->serial, spec.serial, sizeof spec.serial);
    effect_job(out, &(struct effect_job){.job_id = job_id,
                                         .kind = a->job_kind,
                                         .spec = &spec,
                                         .spec_size = sizeof spec,
                                         .timeout_ms = SIGN_MS});
    return ERR_OK;
}

static void answer(struct admit *a, uint64_t request_id, const char *node, const char *certificate,
                   bool renews, struct effects *out)
{
    CLEANUP(seal_wipe) struct buf link_key = {0};
    CLEANUP(seal_wipe) struct buf body = {0};
    struct wire_joined joined = {.ca = "", .parent = "", .region = "", .zone = ""};
    a->hooks.on_told(a->hooks.core, node, out->arena, renews ? NULL : &link_key, &joined);
    joined.certificate = certificate;
    joined.link_key = buf_str(&link_key);
    wire_encode(&body, &wire_joined_type, &joined);
    effect_reply(out, request_id, 200, "application/json", body.data, body.len);
}

/* ---- by token ------------------------------------------------------------------------------ */

/* A join that was cut off asks again: in the same words, or, where the process had ended, in a CSR
 * of the same key, which is signed anew and so another text. */
static bool asked_before(struct admit *a, const char *csr_hash, const struct admit_pending *who,
                         const struct wire_join *join, struct arena *arena)
{
    struct known known = known_of(a, join->node, arena);
    return str_eq(csr_hash, who->csr_hash) ||
           (known.kind != NULL && cert_same_key(known.certificate, join->csr));
}

/* A token is good for one key. */
static enum err_code check_token(struct admit *a, const struct event *ev,
                                 const struct wire_join *join, struct admit_pending *who,
                                 bool *is_used, struct arena *arena, struct err *err)
{
    struct query q;
    bool good = false;
    const char *csr_hash = "";
    token_hash(who->token_hash, join->token);
    digest_sha256_hex(who->csr_hash, join->csr, strlen(join->csr));
    query_open(&q, a->store,
               "SELECT node, kind, expires_wall_ms, csr_hash FROM admit_token WHERE hash=?", "s",
               who->token_hash);
    if (query_next(&q)) {
        csr_hash = arena_strdup(arena, query_text(&q, 3));
        good = str_eq(query_text(&q, 0), join->node) && ev->at.wall_ms <= query_i64(&q, 2);
        str_copy(who->kind, sizeof who->kind, query_text(&q, 1));
        query_close(&q);
    }
    *is_used = *csr_hash != '\0';
    if (!good || (*is_used && !asked_before(a, csr_hash, who, join, arena)))
        return err_set(err, ERR_TOKEN_INVALID,
                       "this token is unknown, used, expired or for another name: make a new one");
    str_copy(who->node, sizeof who->node, join->node);
    return ERR_OK;
}

enum err_code admit_join(struct admit *a, const struct event *ev, uint64_t job_id,
                         struct effects *out, struct err *err)
{
    struct wire_join join;
    struct admit_pending who = {0};
    bool is_used = false;
    if (wire_decode(&wire_join_type, ev->request.body, ev->request.body_len, out->arena, &join,
                    err) != ERR_OK ||
        check_token(a, ev, &join, &who, &is_used, out->arena, err) != ERR_OK)
        return err->code;
    struct known known = known_of(a, who.node, out->arena);
    if (known.kind != NULL && !str_eq(known.kind, who.kind))
        return err_set(err, ERR_TOKEN_INVALID, "'%s' is known as a %s", who.node, known.kind);
    if (!is_used)
        return order(a, ev, job_id, &join, &who, out, err);
    if (known.kind == NULL || known.is_removed)
        return err_set(err, ERR_TOKEN_INVALID, "'%s' was removed: make a new token", who.node);
    answer(a, ev->request.id, who.node, known.certificate, false, out);
    return ERR_OK;
}

/* ---- by certificate ------------------------------------------------------------------------ */

/* The certificate may have expired (racks are switched off), the key may not have changed. */
enum err_code admit_renew(struct admit *a, const struct event *ev, uint64_t job_id,
                          struct effects *out, struct err *err)
{
    struct wire_join join;
    struct admit_pending who = {0};
    if (wire_decode(&wire_join_type, ev->request.body, ev->request.body_len, out->arena, &join,
                    err) != ERR_OK)
        return err->code;
    if (*ev->request.peer_node == '\0' || !str_eq(ev->request.peer_node, join.node))
        return err_set(err, ERR_PEER_DENIED, "certificate of '%s' used for '%s'",
                       ev->request.peer_node, join.node);
    struct known known = known_of(a, join.node, out->arena);
    if (known.kind == NULL || known.is_removed || !cert_same_key(known.certificate, join.csr))
        return err_set(err, ERR_PEER_UNKNOWN, "'%s' is not known here by this key: join anew",
                       join.node);
    str_copy(who.node, sizeof who.node, join.node);
    str_copy(who.kind, sizeof who.kind, known.kind);
    return order(a, ev, job_id, &join, &who, out, err);
}

/* ---- signed -------------------------------------------------------------------------------- */

static void keep(struct admit *a, const struct admit_pending *who, const char *certificate)
{
    store_run(a->store,
              "INSERT INTO admitted VALUES(?1, ?2, ?3) ON CONFLICT DO UPDATE SET kind=?2,"
              " certificate=?3",
              "sss", who->node, who->kind, certificate);
    log_info("node.admitted", "node", who->node, "kind", who->kind, "serial", who->serial, NULL);
}

static enum err_code renew(struct admit *a, const struct admit_pending *who,
                           const char *certificate, struct arena *arena, struct err *err)
{
    struct known known = known_of(a, who->node, arena);
    if (known.kind == NULL || known.is_removed)
        return err_set(err, ERR_PEER_UNKNOWN, "'%s' was removed meanwhile", who->node);
    sync_parent_renew(a->parent, who->node, who->serial);
    keep(a, who, certificate);
    return ERR_OK;
}

/* Another request may have used the token while this one was being signed for: one with another
 * key, and this one is refused; or the same one, and this one is answered as it was. */
static enum err_code admit(struct admit *a, const struct admit_pending *who,
                           const char **certificate, struct arena *arena, const struct event *ev,
                           struct err *err)
{
    if (store_has(a->store, "SELECT 1 FROM admit_token WHERE hash=? AND csr_hash=?", "ss",
                  who->token_hash, who->csr_hash)) {
        *certificate = known_of(a, who->node, arena).certificate;
        return ERR_OK;
    }
    if (store_run(a->store, "UPDATE admit_token SET csr_hash=? WHERE hash=? AND csr_hash=''", "ss",
                  who->csr_hash, who->token_hash) == 0)
        return err_set(err, ERR_TOKEN_INVALID, "this token was used meanwhile: make a new one");
    /* What was joined by before answers nobody any more. */
    store_run(a->store, "DELETE FROM admit_token WHERE node=? AND hash<>? AND csr_hash<>''", "ss",
              who->node, who->token_hash);
    sync_parent_add(a->parent, who->node, who->kind, who->serial);
    keep(a, who, *certificate);
    return a->hooks.on_admit != NULL
               ? a->hooks.on_admit(a->hooks.core, who->node, who->kind, ev, err)
               : ERR_OK;
}

enum err_code admit_signed(struct admit *a, const struct event *ev, struct effects *out,
                           struct err *err)
{
    struct admit_pending *slot = slot_of(a, ev->job.job_id);
    if (slot == NULL)
        return ERR_OK; /* of a turn that was lost */
    if (ev->job.code != ERR_OK)
        return err_set(err, ev->job.code, "%s", ev->job.text);
    bool renews = slot->token_hash[0] == '\0';
    const char *certificate = arena_strndup(out->arena, ev->job.result, ev->job.result_size);
    enum err_code code = renews ? renew(a, slot, certificate, out->arena, err)
                                : admit(a, slot, &certificate, out->arena, ev, err);
    if (code != ERR_OK)
        return code;
    answer(a, slot->request_id, slot->node, certificate, renews, out);
    *slot = (struct admit_pending){0};
    return ERR_OK;
}

uint64_t admit_failed(struct admit *a, uint64_t job_id)
{
    struct admit_pending *slot = slot_of(a, job_id);
    if (slot == NULL)
        return 0;
    uint64_t request_id = slot->request_id;
    *slot = (struct admit_pending){0};
    return request_id;
}
