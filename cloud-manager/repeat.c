/* repeat.c - answers to changing requests, kept for who did not hear them (front.h).
 *
 * Must 3: the same signature again is a client that did not hear us; it gets what it was given. In
 * REST a client may bring a key of its own: then the same holds for whatever it signs with that key
 * for a day, and another request under that key is refused. A launch with a ClientToken is not
 * kept: that lives longer than the instances do, and done again it comes to the same ones. What
 * holds a secret is sealed, to its name. */
#include "base/check.h"
#include "base/str.h"
#include "cloud-manager/front.h"
#include "cloud-manager/store/replay.h"

#include <string.h>

enum {
    SIGNED_MS = 2 * SIGV4_SKEW_MS, /* from the earliest to the latest time of one signature */
    KEYED_MS = 24 * 3600 * 1000,
    KEY_MAX = 64,
    HASH_LEN = DIGEST_SHA256_HEX_SIZE - 1,
};

static struct seal_key master(const struct cloud_core *c)
{
    struct seal_key key;
    memcpy(key.bytes, c->config.master_key, sizeof key.bytes);
    return key;
}

static enum err_code check_key(const char *key, struct err *err)
{
    size_t len = strlen(key);
    for (const char *p = key; *p != '\0'; p++)
        if (*p <= ' ' || *p > '~')
            len = 0;
    if (len == 0 || len > KEY_MAX)
        return err_set(err, ERR_INVALID_PARAMETER,
                       "Idempotency-Key has 1 to %d visible characters of ASCII", KEY_MAX);
    return ERR_OK;
}

/* Would it be done once more? */
static bool is_kept(const struct cloud_asked *asked, const struct cloud_query *query)
{
    return asked->action->effect == CHANGES && !(asked->action->run == cloud_ec2_run_instances &&
                                                 cloud_query_has(query, "ClientToken"));
}

enum err_code cloud_repeat_name(struct cloud_repeat *out, const struct cloud_op *op,
                                const struct cloud_asked *asked, const struct cloud_query *query,
                                struct err *err)
{
    static const char *const without[] = {NULL};
    char hash[DIGEST_SHA256_HEX_SIZE];
    const char *key = request_header(asked->request, "Idempotency-Key");
    *out = (struct cloud_repeat){
        .is_kept = is_kept(asked, query), .signature = asked->caller.signature, .hash = ""};
    if (asked->spelling != SPELLING_REST || key == NULL)
        return ERR_OK;
    if (check_key(key, err) != ERR_OK)
        return err->code;
    if (!out->is_kept)
        return ERR_OK;
    cloud_query_hash(query, without, hash);
    out->hash = arena_strdup(op->arena, hash);
    out->key = arena_printf(op->arena, "key|%s|%s", op->account, key);
    return ERR_OK;
}

static enum err_code open_kept(struct cloud_core *c, const struct cloud_op *op,
                               const struct cloud_asked *asked, const char *name, const char *kept,
                               struct buf *out, struct err *err)
{
    if (asked->action->secrecy == OPEN) {
        buf_text(out, kept);
        return ERR_OK;
    }
    struct seal_key key = master(c);
    enum err_code code = seal_unwrap(&key, arena_printf(op->arena, "replay|%s", name), kept, out,
                                     err);
    seal_key_wipe(&key);
    return code;
}

static enum err_code find_keyed(struct cloud_core *c, const struct cloud_op *op,
                                const struct cloud_asked *asked, const struct cloud_repeat *repeat,
                                struct buf *body, bool *is_known, struct err *err)
{
    const char *kept = cloud_replay_get(c->store, op->arena, repeat->key);
    *is_known = kept != NULL;
    if (kept == NULL)
        return ERR_OK;
    if (strncmp(kept, repeat->hash, HASH_LEN) != 0)
        return err_set(err, ERR_IDEMPOTENT_MISMATCH,
                       "this Idempotency-Key belongs to another request");
    return open_kept(c, op, asked, repeat->key, kept + HASH_LEN, body, err);
}

enum err_code cloud_repeat_find(struct cloud_core *c, const struct cloud_op *op,
                                const struct cloud_asked *asked, const struct cloud_repeat *repeat,
                                struct buf *body, bool *is_known, struct err *err)
{
    *is_known = false;
    if (!repeat->is_kept)
        return ERR_OK;
    const char *kept = cloud_replay_get(c->store, op->arena, repeat->signature);
    *is_known = kept != NULL;
    if (kept != NULL)
        return open_kept(c, op, asked, repeat->signature, kept, body, err);
    return repeat->key != NULL ? find_keyed(c, op, asked, repeat, body, is_known, err) : ERR_OK;
}

static void keep(struct cloud_core *c, const struct cloud_op *op, const struct cloud_asked *asked,
                 const char *name, const char *hash, const struct buf *body, int64_t keep_ms)
{
    CLEANUP(buf_fini) struct buf kept = {0};
    buf_text(&kept, hash);
    if (asked->action->secrecy == SECRET) {
        struct seal_key key = master(c);
        seal_wrap(&key, arena_printf(op->arena, "replay|%s", name), buf_str(body), body->len,
                  &c->rng, &kept);
        seal_key_wipe(&key);
    } else {
        buf_text(&kept, buf_str(body));
    }
    cloud_replay_save(c->store, name, buf_str(&kept), op->wall_ms + keep_ms);
}

void cloud_repeat_keep(struct cloud_core *c, const struct cloud_op *op,
                       const struct cloud_asked *asked, const struct cloud_repeat *repeat,
                       const struct buf *body)
{
    if (!repeat->is_kept)
        return;
    keep(c, op, asked, repeat->signature, "", body, SIGNED_MS);
    if (repeat->key != NULL)
        keep(c, op, asked, repeat->key, repeat->hash, body, KEYED_MS);
}
