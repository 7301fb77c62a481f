/* Joining and renewal: a token lets one key in, once, under one name; a renewal is for the same key
 * only (PROTOCOL 10, I17). Signing is real; the job is done by the test. */
#include "tests/unit/unit.h"

#include "base/check.h"
#include "base/str.h"
#include "base/turn.h"
#include "proto/auth/cert.h"
#include "proto/auth/token.h"
#include "proto/sync/admit.h"

#include <string.h>

enum { JOB_KIND = 7, WALL = 1763632415 };

static const int64_t wall_ms = (int64_t)WALL * 1000;

/* Keys and requests are made once: they cost time. */
static struct buf ca_key, ca_cert, key_a, csr_a, csr_a2, csr_b;
static struct rng_seeded ca_seed = {.state = 1};

struct fixture {
    struct store *store;
    struct rng_seeded seed;
    struct rng rng;
    struct sync_parent parent;
    struct admit admit;
    struct arena arena;
    struct effects out;
    uint64_t next;
    int64_t wall_ms;
    unsigned let_in;    /* how often on_admit was called */
    enum err_code lets; /* what it says */
};

static void no_fact(void *core, const char *node, const struct wire_item *fact,
                    const struct event *ev)
{
    (void)core, (void)node, (void)fact, (void)ev;
}

static enum err_code on_admit(void *core, const char *node, const char *kind,
                              const struct event *ev, struct err *err)
{
    struct fixture *f = core;
    (void)node, (void)kind, (void)ev;
    f->let_in++;
    return f->lets == ERR_OK ? ERR_OK : err_set(err, f->lets, "no room");
}

/* The link's key is told with each joining, and with no renewal. */
static void on_told(void *core, const char *node, struct arena *arena, struct buf *link_key,
                    struct wire_joined *out)
{
    const struct fixture *f = core;
    (void)node, (void)arena;
    if (link_key != NULL)
        buf_printf(link_key, "key %u", f->let_in);
    out->ca = buf_str(&ca_cert);
    out->region = "lab";
    out->zone = "laba";
}

static int make_keys(void **state)
{
    (void)state;
    struct err err = {0};
    struct buf other = {0};
    struct rng rng = rng_seeded(&ca_seed);
    bool fine = cert_make_key(&ca_key, &err) == ERR_OK && cert_make_key(&key_a, &err) == ERR_OK &&
                cert_make_key(&other, &err) == ERR_OK &&
                cert_make_root(&(struct cert_root){.key_pem = buf_str(&ca_key),
                                                   .cn = "test-ca",
                                                   .wall_ms = wall_ms,
                                                   .life_s = CERT_CA_LIFE_S,
                                                   .rng = &rng},
                               &ca_cert, &err) == ERR_OK &&
                cert_make_csr(buf_str(&key_a), "a", &csr_a, &err) == ERR_OK &&
                cert_make_csr(buf_str(&key_a), "a", &csr_a2, &err) == ERR_OK &&
                cert_make_csr(buf_str(&other), "a", &csr_b, &err) == ERR_OK;
    buf_fini(&other);
    return fine ? 0 : -1;
}

static int drop_keys(void **state)
{
    (void)state;
    struct buf *const all[] = {&ca_key, &ca_cert, &key_a, &csr_a, &csr_a2, &csr_b};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        buf_fini(all[i]);
    return 0;
}

static int set_up(void **state)
{
    static struct fixture f;
    const char *const migrations[] = {sync_parent_schema, admit_schema};
    const struct store_schema schema = {migrations, 2};
    const struct sync_timing timing = sync_timing_default();
    const struct sync_parent_hooks parent = {.on_fact = no_fact};
    const struct admit_hooks hooks = {.core = &f, .on_admit = on_admit, .on_told = on_told};
    struct err err = {0};
    f = (struct fixture){.seed = {.state = 5}, .wall_ms = wall_ms};
    f.rng = rng_seeded(&f.seed);
    f.out.arena = &f.arena;
    if (store_open(&f.store, ":memory:", &schema, &err) != ERR_OK)
        return -1;
    sync_parent_init(&f.parent, f.store, &f.rng, &parent, &timing);
    sync_parent_start(&f.parent, &(struct event){.kind = EVENT_START});
    admit_init(&f.admit, f.store, &f.rng, &f.parent, JOB_KIND, &hooks);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    sync_parent_fini(&f->parent);
    store_close(f->store);
    arena_fini(&f->arena);
    return 0;
}

static void add_token(struct fixture *f, const char *token, const char *node)
{
    char hash[DIGEST_SHA256_HEX_SIZE];
    token_hash(hash, token);
    admit_token_add(f->store, hash, node, "host", f->wall_ms + ADMIT_TOKEN_LIFE_MS);
}

/* A request to join (or to renew, as `peer`); ERR_OK: a job numbered f->next was ordered. */
static enum err_code ask(struct fixture *f, const char *node, const char *token, const char *csr,
                         const char *peer)
{
    struct err err = {0};
    CLEANUP(buf_fini) struct buf body = {0};
    struct wire_join join = {.node = node, .token = token, .csr = csr};
    wire_encode(&body, &wire_join_type, &join);
    struct event ev = {.kind = EVENT_REQUEST,
                       .at = {.wall_ms = f->wall_ms},
                       .request = {.id = ++f->next,
                                   .body = buf_str(&body),
                                   .body_len = body.len,
                                   .peer_node = peer,
                                   .peer_serial = ""}};
    f->out.first = f->out.last = NULL;
    enum err_code code = *peer != '\0' ? admit_renew(&f->admit, &ev, f->next, &f->out, &err)
                                       : admit_join(&f->admit, &ev, f->next, &f->out, &err);
    assert_true((code == ERR_OK) == (f->out.first != NULL));
    return code;
}

/* Does job `id` as the shell would, for `spec`; the status that the request hears, 0 = nothing. */
static int sign_spec(struct fixture *f, uint64_t id, const struct admit_sign *spec)
{
    CLEANUP(buf_fini) struct buf pem = {0};
    struct err err = {0};
    struct admit_sign drawn = *spec;
    struct rng rng = admit_sign_rng(&drawn);
    const struct cert_sign s = {.ca_cert_pem = buf_str(&ca_cert),
                                .ca_key_pem = buf_str(&ca_key),
                                .csr_pem = spec->csr,
                                .cn = spec->node,
                                .kind = CERT_LEAF,
                                .wall_ms = spec->wall_ms,
                                .life_s = CERT_LEAF_LIFE_S,
                                .rng = &rng};
    enum err_code code = cert_sign(&s, &pem, &err);
    struct event ev = {.kind = EVENT_JOB_DONE,
                       .job = {.job_id = id,
                               .kind = JOB_KIND,
                               .code = code,
                               .text = err.text,
                               .result = pem.data,
                               .result_size = pem.len}};
    f->out.first = f->out.last = NULL;
    code = admit_signed(&f->admit, &ev, &f->out, &err);
    if (code != ERR_OK)
        return admit_failed(&f->admit, id) != 0 ? err_row(code)->http : 0;
    return f->out.first != NULL ? f->out.first->reply.status : 0;
}

/* What the last request was answered. */
static struct wire_joined joined(struct fixture *f)
{
    struct wire_joined m;
    struct err err = {0};
    const struct effect *e = f->out.first;
    assert_non_null(e);
    assert_int_equal(e->kind, EFFECT_REPLY);
    assert_int_equal(
        wire_decode(&wire_joined_type, e->reply.body, e->reply.body_len, &f->arena, &m, &err),
        ERR_OK);
    return m;
}

static struct admit_sign ordered(const struct fixture *f)
{
    const struct effect *e = f->out.first;
    assert_int_equal(e->kind, EFFECT_JOB);
    assert_int_equal(e->job.kind, JOB_KIND);
    assert_int_equal(e->job.spec_size, sizeof(struct admit_sign));
    struct admit_sign spec;
    memcpy(&spec, e->job.spec, sizeof spec);
    return spec;
}

static int sign(struct fixture *f)
{
    struct admit_sign spec = ordered(f);
    return sign_spec(f, f->next, &spec);
}

static bool is_known(struct fixture *f, const char *node)
{
    return store_has(f->store, "SELECT 1 FROM child WHERE node=? AND removed=0", "s", node);
}

static void a_token_lets_its_node_in(void **state)
{
    struct fixture *f = *state;
    struct cert_info info;
    struct err err = {0};
    add_token(f, "token", "a");
    assert_int_equal(ask(f, "a", "token", buf_str(&csr_a), ""), ERR_OK);
    assert_string_equal(ordered(f).node, "a");
    assert_string_equal(ordered(f).kind, "host");
    assert_false(is_known(f, "a")); /* not before its certificate is made */
    assert_int_equal(sign(f), 200);
    assert_true(is_known(f, "a"));
    struct wire_joined told = joined(f);
    assert_int_equal(cert_verify(told.ca, told.certificate, f->wall_ms, &err), ERR_OK);
    assert_int_equal(cert_info_read(&info, told.certificate, &err), ERR_OK);
    assert_string_equal(info.cn, "a");
    assert_true(
        store_has(f->store, "SELECT 1 FROM child WHERE node='a' AND serial=?", "s", info.serial));
    assert_string_equal(told.region, "lab");
    assert_string_equal(told.zone, "laba");
    assert_string_equal(told.link_key, "key 1");
}

static void a_token_is_good_for_one_key(void **state)
{
    struct fixture *f = *state;
    add_token(f, "token", "a");
    assert_int_equal(ask(f, "a", "token", buf_str(&csr_a), ""), ERR_OK);
    assert_int_equal(sign(f), 200);
    assert_int_equal(ask(f, "a", "token", buf_str(&csr_b), ""), ERR_TOKEN_INVALID);
}

/* Two who ask at once with one token: one of them gets a certificate. */
static void a_token_is_good_for_one_key_also_at_once(void **state)
{
    struct fixture *f = *state;
    int granted = 0;
    add_token(f, "token", "a");
    assert_int_equal(ask(f, "a", "token", buf_str(&csr_a), ""), ERR_OK);
    uint64_t first_id = f->next;
    struct admit_sign first = ordered(f);
    bool second_ordered = ask(f, "a", "token", buf_str(&csr_b), "") == ERR_OK;
    struct admit_sign second = second_ordered ? ordered(f) : (struct admit_sign){0};
    granted += sign_spec(f, first_id, &first) == 200;
    granted += second_ordered && sign_spec(f, f->next, &second) == 200;
    assert_int_equal(granted, 1);
}

/* The answer may have been lost, or the network doubled the request: it is answered as it was, for
 * an answer with another certificate or key would make the first one worthless. */
static void the_same_request_may_ask_again(void **state)
{
    struct fixture *f = *state;
    add_token(f, "token", "a");
    assert_int_equal(ask(f, "a", "token", buf_str(&csr_a), ""), ERR_OK);
    uint64_t first_id = f->next;
    struct admit_sign first = ordered(f);
    assert_int_equal(ask(f, "a", "token", buf_str(&csr_a), ""), ERR_OK); /* before it is signed */
    struct admit_sign second = ordered(f);
    assert_int_equal(sign_spec(f, f->next, &second), 200);
    struct wire_joined told = joined(f);
    assert_int_equal(sign_spec(f, first_id, &first), 200);
    assert_string_equal(joined(f).certificate, told.certificate);
    assert_int_equal(ask(f, "a", "token", buf_str(&csr_a), ""), ERR_OK); /* and after */
    assert_string_equal(joined(f).certificate, told.certificate);
    assert_string_equal(joined(f).link_key, told.link_key);
    assert_int_equal(f->let_in, 1);
}

/* Who was killed before it had kept the answer asks with the key that it kept, in a new CSR. */
static void who_joins_again_by_its_key_is_answered_as_before(void **state)
{
    struct fixture *f = *state;
    add_token(f, "token", "a");
    assert_int_equal(ask(f, "a", "token", buf_str(&csr_a), ""), ERR_OK);
    assert_int_equal(sign(f), 200);
    struct wire_joined told = joined(f);
    assert_string_not_equal(buf_str(&csr_a), buf_str(&csr_a2));
    assert_int_equal(ask(f, "a", "token", buf_str(&csr_a2), ""), ERR_OK);
    assert_string_equal(joined(f).certificate, told.certificate);
    assert_string_equal(joined(f).link_key, told.link_key);
    assert_int_equal(ask(f, "a", "token", "no csr", ""), ERR_TOKEN_INVALID);
    assert_int_equal(f->let_in, 1);
}

static void join_a(struct fixture *f)
{
    add_token(f, "token", "a");
    assert_int_equal(ask(f, "a", "token", buf_str(&csr_a), ""), ERR_OK);
    assert_int_equal(sign(f), 200);
}

/* Its kind is part of what it is; and who was removed, or joined anew, is not told by an old token.
 */
static void an_old_token_tells_nothing(void **state)
{
    struct fixture *f = *state;
    char hash[DIGEST_SHA256_HEX_SIZE];
    join_a(f);
    token_hash(hash, "of another kind");
    admit_token_add(f->store, hash, "a", "dos", f->wall_ms + 1000);
    assert_int_equal(ask(f, "a", "of another kind", buf_str(&csr_a), ""), ERR_TOKEN_INVALID);
    sync_parent_remove(&f->parent, "a");
    assert_int_equal(ask(f, "a", "token", buf_str(&csr_a), ""), ERR_TOKEN_INVALID);
    add_token(f, "a newer token", "a");
    assert_int_equal(ask(f, "a", "a newer token", buf_str(&csr_b), ""), ERR_OK);
    assert_int_equal(sign(f), 200);
    assert_int_equal(ask(f, "a", "token", buf_str(&csr_a), ""), ERR_TOKEN_INVALID);
    assert_true(is_known(f, "a"));
}

/* The core may refuse; the turn then takes back all that was written. */
static void the_core_may_refuse(void **state)
{
    struct fixture *f = *state;
    f->lets = ERR_ZONE_UNAVAILABLE;
    add_token(f, "token", "a");
    assert_int_equal(ask(f, "a", "token", buf_str(&csr_a), ""), ERR_OK);
    assert_int_equal(sign(f), err_row(ERR_ZONE_UNAVAILABLE)->http);
}

static void a_token_is_bound_to_a_name_and_a_time(void **state)
{
    struct fixture *f = *state;
    add_token(f, "token", "a");
    assert_int_equal(ask(f, "b", "token", buf_str(&csr_a), ""), ERR_TOKEN_INVALID);
    assert_int_equal(ask(f, "a", "another", buf_str(&csr_a), ""), ERR_TOKEN_INVALID);
    assert_int_equal(ask(f, "a", "", buf_str(&csr_a), ""), ERR_TOKEN_INVALID);
    f->wall_ms += ADMIT_TOKEN_LIFE_MS + 1;
    assert_int_equal(ask(f, "a", "token", buf_str(&csr_a), ""), ERR_TOKEN_INVALID);
    f->wall_ms -= 1;
    assert_int_equal(ask(f, "a", "token", buf_str(&csr_a), ""), ERR_OK);
}

static void tokens_are_not_kept_as_text(void **state)
{
    struct fixture *f = *state;
    add_token(f, "token", "a");
    assert_true(store_has(f->store, "SELECT 1 FROM admit_token", ""));
    assert_false(store_has(f->store, "SELECT 1 FROM admit_token WHERE hash LIKE '%token%'", ""));
}

/* A CSR that is garbage costs the token nothing. */
static void what_cannot_be_signed_is_refused_and_leaves_the_token(void **state)
{
    struct fixture *f = *state;
    add_token(f, "token", "a");
    assert_int_equal(ask(f, "a", "token", "no csr", ""), ERR_OK);
    assert_int_equal(sign(f), 400);
    assert_false(is_known(f, "a"));
    assert_int_equal(ask(f, "a", "token", buf_str(&csr_a), ""), ERR_OK);
    assert_int_equal(sign(f), 200);
}

static void a_renewal_is_for_the_same_key_and_the_same_name(void **state)
{
    struct fixture *f = *state;
    join_a(f);
    assert_int_equal(ask(f, "a", "", buf_str(&csr_b), "a"), ERR_PEER_UNKNOWN);
    assert_int_equal(ask(f, "a", "", buf_str(&csr_a2), "b"), ERR_PEER_DENIED);
    assert_int_equal(ask(f, "b", "", buf_str(&csr_a2), "b"), ERR_PEER_UNKNOWN);
    assert_int_equal(ask(f, "a", "", buf_str(&csr_a2), "a"), ERR_OK);
    assert_int_equal(sign(f), 200);
    assert_string_equal(joined(f).link_key, "");
    assert_int_equal(f->let_in, 1);
}

/* PROTOCOL 10: racks are switched off. An expired certificate may do this one thing. */
static void an_expired_node_may_renew_and_a_removed_one_may_not(void **state)
{
    struct fixture *f = *state;
    join_a(f);
    f->wall_ms += (int64_t)CERT_LEAF_LIFE_S * 1000 + 86400000;
    assert_int_equal(ask(f, "a", "", buf_str(&csr_a2), "a"), ERR_OK);
    assert_int_equal(sign(f), 200);
    sync_parent_remove(&f->parent, "a");
    assert_int_equal(ask(f, "a", "", buf_str(&csr_a2), "a"), ERR_PEER_UNKNOWN);
}

/* A renewal that is being signed when its node is removed. */
static void who_is_removed_meanwhile_is_not_renewed(void **state)
{
    struct fixture *f = *state;
    join_a(f);
    assert_int_equal(ask(f, "a", "", buf_str(&csr_a2), "a"), ERR_OK);
    struct admit_sign spec = ordered(f);
    sync_parent_remove(&f->parent, "a");
    assert_int_equal(sign_spec(f, f->next, &spec), err_row(ERR_PEER_UNKNOWN)->http);
    assert_false(is_known(f, "a"));
}

static void what_does_not_fit_is_refused(void **state)
{
    struct fixture *f = *state;
    char name[65], csr[8193]; /* the longest of the message, one more than is kept */
    memset(name, 'n', sizeof name - 1);
    memset(csr, 'c', sizeof csr - 1);
    name[sizeof name - 1] = csr[sizeof csr - 1] = '\0';
    add_token(f, "token", "a");
    add_token(f, "of a long name", name);
    assert_int_equal(ask(f, "a", "token", csr, ""), ERR_BAD_REQUEST);
    assert_int_equal(ask(f, name, "of a long name", buf_str(&csr_a), ""), ERR_BAD_REQUEST);
}

static void what_is_no_message_is_refused(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    const struct event ev = {.kind = EVENT_REQUEST,
                             .at = {.wall_ms = f->wall_ms},
                             .request = {.id = 1, .body = "{", .body_len = 1, .peer_node = "a"}};
    assert_int_equal(admit_join(&f->admit, &ev, 1, &f->out, &err), ERR_MALFORMED_JSON);
    assert_int_equal(admit_renew(&f->admit, &ev, 1, &f->out, &err), ERR_MALFORMED_JSON);
    assert_null(f->out.first);
}

static void a_renewal_keeps_the_certificate_before_it_and_no_older_one(void **state)
{
    struct fixture *f = *state;
    join_a(f);
    int64_t before = store_i64(f->store, 0, "SELECT count(DISTINCT serial) FROM child", "");
    assert_int_equal(before, 1);
    char first[64] = "";
    struct query q;
    query_open(&q, f->store, "SELECT serial FROM child", "");
    assert_true(query_next(&q));
    str_copy(first, sizeof first, query_text(&q, 0));
    query_close(&q);
    assert_int_equal(ask(f, "a", "", buf_str(&csr_a2), "a"), ERR_OK);
    assert_int_equal(sign(f), 200);
    assert_true(store_has(f->store, "SELECT 1 FROM child WHERE serial<>?1 AND serial_before=?1",
                          "s", first));
    assert_int_equal(ask(f, "a", "", buf_str(&csr_a2), "a"), ERR_OK);
    assert_int_equal(sign(f), 200);
    assert_false(
        store_has(f->store, "SELECT 1 FROM child WHERE serial=?1 OR serial_before=?1", "s", first));
}

/* Slots are few: each ends with its job, however that ends. */
static void those_who_wait_are_bounded_and_let_go(void **state)
{
    struct fixture *f = *state;
    add_token(f, "token", "a");
    for (int round = 0; round < 2; round++) {
        uint64_t first = f->next + 1;
        for (int i = 0; i < ADMIT_PENDING_MAX; i++)
            assert_int_equal(ask(f, "a", "token", buf_str(&csr_a), ""), ERR_OK);
        assert_int_equal(ask(f, "a", "token", buf_str(&csr_a), ""), ERR_UNAVAILABLE);
        for (uint64_t id = first; id < first + ADMIT_PENDING_MAX; id++) {
            struct event ev = {
                .kind = EVENT_JOB_DONE,
                .job = {.job_id = id, .kind = JOB_KIND, .code = ERR_TIMEOUT, .text = "too late"}};
            f->out.first = f->out.last = NULL;
            struct err err = {0};
            assert_int_equal(admit_signed(&f->admit, &ev, &f->out, &err), ERR_TIMEOUT);
            assert_true(admit_failed(&f->admit, id) != 0);
            assert_int_equal(admit_failed(&f->admit, id), 0); /* once */
            assert_int_equal(admit_signed(&f->admit, &ev, &f->out, &err), ERR_OK);
            assert_null(f->out.first);
        }
    }
}

#define ADMIT_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ADMIT_TEST(a_token_lets_its_node_in),
        ADMIT_TEST(a_token_is_good_for_one_key),
        ADMIT_TEST(a_token_is_good_for_one_key_also_at_once),
        ADMIT_TEST(the_same_request_may_ask_again),
        ADMIT_TEST(who_joins_again_by_its_key_is_answered_as_before),
        ADMIT_TEST(an_old_token_tells_nothing),
        ADMIT_TEST(the_core_may_refuse),
        ADMIT_TEST(a_token_is_bound_to_a_name_and_a_time),
        ADMIT_TEST(tokens_are_not_kept_as_text),
        ADMIT_TEST(what_cannot_be_signed_is_refused_and_leaves_the_token),
        ADMIT_TEST(a_renewal_is_for_the_same_key_and_the_same_name),
        ADMIT_TEST(an_expired_node_may_renew_and_a_removed_one_may_not),
        ADMIT_TEST(who_is_removed_meanwhile_is_not_renewed),
        ADMIT_TEST(what_does_not_fit_is_refused),
        ADMIT_TEST(what_is_no_message_is_refused),
        ADMIT_TEST(a_renewal_keeps_the_certificate_before_it_and_no_older_one),
        ADMIT_TEST(those_who_wait_are_bounded_and_let_go),
    };
    return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
