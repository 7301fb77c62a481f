/* crown.c - instances and their clusters. See crown.h. */
#include "tests/sim/self/crown.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/id.h"
#include "base/str.h"
#include "proto/sync/parent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ADDRESSES = 14, VNI = 7, NETWORKS = 2 }; /* fewer than subscribers would like to have */

static const char crown_tables[] =
    "CREATE TABLE instance(id TEXT PRIMARY KEY, token TEXT NOT NULL UNIQUE, cluster TEXT NOT NULL,"
    " generation INTEGER NOT NULL, address INTEGER UNIQUE, want TEXT NOT NULL,"
    " seen TEXT NOT NULL, seen_generation INTEGER NOT NULL, reboot_n INTEGER NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE asked(token TEXT PRIMARY KEY, status INTEGER NOT NULL, answer TEXT NOT NULL)"
    " WITHOUT ROWID;";

static const char *const migrations[] = {sync_parent_schema, crown_tables};
const struct store_schema crown_schema = {migrations, 2};

struct crown_core {
    struct store *store;
    struct rng rng;
    struct sync_parent parent;
};

struct row {
    char id[ID_SIZE], cluster[64], want[16], seen[16];
    int64_t generation, seen_generation, address, reboot_n;
};

static bool load(struct crown_core *c, const char *id, struct row *r)
{
    struct query q;
    query_open(&q, c->store,
               "SELECT cluster, want, seen, generation, seen_generation, address, reboot_n"
               " FROM instance WHERE id=?",
               "s", id);
    if (!query_next(&q))
        return false;
    *r = (struct row){.generation = query_i64(&q, 3),
                      .seen_generation = query_i64(&q, 4),
                      .address = query_i64(&q, 5),
                      .reboot_n = query_i64(&q, 6)};
    str_copy(r->id, sizeof r->id, id);
    str_copy(r->cluster, sizeof r->cluster, query_text(&q, 0));
    str_copy(r->want, sizeof r->want, query_text(&q, 1));
    str_copy(r->seen, sizeof r->seen, query_text(&q, 2));
    query_close(&q);
    return true;
}

/* What a subscriber sees: want, and what was heard under its generation. */
static const char *state_of(const struct row *r)
{
    bool is_current = r->seen_generation == r->generation;
    if (str_eq(r->want, "gone"))
        return "terminated";
    if (str_eq(r->want, "ending"))
        return "shutting-down";
    if (str_eq(r->want, "stopped"))
        return is_current && str_eq(r->seen, "off") ? "stopped" : "stopping";
    return str_eq(r->seen, "running") ? "running" : "pending";
}

/* ---- wishes
 * --------------------------------------------------------------------------------------- */

static void wish(struct crown_core *c, const struct row *r)
{
    char mac[18], address[16], volume[32], eni[32];
    snprintf(mac, sizeof mac, "02:00:00:00:00:%02x", (unsigned)r->address & 0xff);
    /* Two tenants whose networks have the same addresses (I12). */
    snprintf(address, sizeof address, "172.31.0.%u", ((unsigned)r->address & 0x7f) / NETWORKS + 10);
    snprintf(volume, sizeof volume, "vol-%s", r->id + 2);
    snprintf(eni, sizeof eni, "eni-%s", r->id + 2);
    const char *groups[] = {"sg-00000000000000001"}, *names[] = {"default"};
    struct wire_port port = {.id = eni,
                             .vpc = "vpc-00000000000000001",
                             .vni = VNI + r->address % NETWORKS,
                             .subnet = "subnet-00000000000000001",
                             .subnet_cidr = "172.31.0.0/20",
                             .vpc_cidr = "172.31.0.0/16",
                             .mac = mac,
                             .address = address,
                             .groups = groups,
                             .groups_len = 1,
                             .group_names = names,
                             .group_names_len = 1};
    CLEANUP(buf_fini) struct buf body = {0};
    wire_encode(&body, &wire_instance_type,
                &(struct wire_instance){
                    .want = r->want,
                    .reboot_n = r->reboot_n,
                    .account = "000000000001",
                    .type = "t3.nano",
                    .vcpus = 1,
                    .memory_mib = 512,
                    .image = "ami-00000000000000001",
                    .manifest = "00000000000000000000000000000000"
                                "00000000000000000000000000000001",
                    .image_bytes = CROWN_IMAGE_BYTES,
                    .volume = volume,
                    .disk_bytes = INT64_C(1) << 30,
                    .root_device = "/dev/sda1",
                    .reservation = r->id,
                    .minimum = 1,
                    .count = 1,
                    .hostname = "ip-172-31-0-10",
                    .domain = "sim.compute.internal",
                    .region = "sim",
                    .zone = "sima",
                    .port = &port,
                    .dos_url = "https://dos:8783",
                });
    sync_parent_want(&c->parent, r->cluster, "instance", r->id, r->generation, 1, body.data);
}

static void save(struct crown_core *c, const struct row *r)
{
    store_run(c->store,
              "UPDATE instance SET want=?, seen=?, generation=?, seen_generation=?, reboot_n=?"
              " WHERE id=?",
              "ssiiis", r->want, r->seen, r->generation, r->seen_generation, r->reboot_n, r->id);
}

static void want(struct crown_core *c, struct row *r, const char *what)
{
    r->generation++;
    str_copy(r->want, sizeof r->want, what);
    if (str_eq(what, "ending"))
        sync_parent_end(&c->parent, r->cluster, "instance", r->id, r->generation, 1, "deleted");
    else
        wish(c, r);
    save(c, r);
}

/* ---- orders
 * --------------------------------------------------------------------------------------- */

static void draw_cluster(struct crown_core *c, char out[64])
{
    int64_t len = store_i64(c->store, 0, "SELECT count(*) FROM child", "");
    int64_t at = (int64_t)rng_below(&c->rng, (uint64_t)len);
    struct query q;
    query_open(&q, c->store, "SELECT node FROM child ORDER BY node LIMIT 1 OFFSET ?", "i", at);
    if (query_next(&q))
        str_copy(out, 64, query_text(&q, 0));
    query_close(&q);
}

static enum err_code run(struct crown_core *c, const char *token, struct buf *out, struct err *err)
{
    struct row r = {.generation = 1, .want = "running"};
    for (int64_t a = 1; a <= ADDRESSES && r.address == 0; a++)
        if (!store_has(c->store, "SELECT 1 FROM instance WHERE address=?", "i", a))
            r.address = a;
    id_new(r.id, "i", &c->rng);
    draw_cluster(c, r.cluster);
    /* Written first, refused after: the savepoint has to take it back. */
    store_run(c->store,
              "INSERT INTO instance VALUES(?, ?, ?, 1, nullif(?, 0), 'running', '', 0, 0)", "sssi",
              r.id, token, r.cluster, r.address);
    if (r.address == 0)
        return err_set(err, ERR_NO_CAPACITY, "no address is free");
    wish(c, &r);
    buf_text(out, r.id);
    return ERR_OK;
}

static enum err_code change(struct crown_core *c, const char *verb, const char *id, struct err *err)
{
    struct row r;
    if (!load(c, id, &r))
        return err_set(err, ERR_INSTANCE_NOT_FOUND, "no instance %s", id);
    const char *state = state_of(&r);
    if (str_eq(verb, "terminate")) {
        if (!str_eq(r.want, "ending") && !str_eq(r.want, "gone"))
            want(c, &r, "ending");
        return ERR_OK;
    }
    const char *needed = str_eq(verb, "start") ? "stopped" : "running";
    if (!str_eq(state, needed))
        return err_set(err, ERR_INSTANCE_STATE, "%s is %s", id, state);
    if (str_eq(verb, "reboot"))
        r.reboot_n++;
    want(c, &r, str_eq(verb, "stop") ? "stopped" : "running");
    return ERR_OK;
}

static void list(struct crown_core *c, struct buf *out)
{
    struct query q;
    STORE_EACH (c->store, q,
                "SELECT id, token, want, seen, generation, seen_generation FROM instance"
                " ORDER BY id",
                "") {
        struct row r = {.generation = query_i64(&q, 4), .seen_generation = query_i64(&q, 5)};
        str_copy(r.want, sizeof r.want, query_text(&q, 2));
        str_copy(r.seen, sizeof r.seen, query_text(&q, 3));
        buf_printf(out, "%s %s %s\n", query_text(&q, 0), query_text(&q, 1), state_of(&r));
    }
}

/* The same token gets the same answer: a repeated order is not done again. */
static bool was_asked(struct crown_core *c, const char *token, const struct event *ev,
                      struct effects *out)
{
    struct query q;
    query_open(&q, c->store, "SELECT status, answer FROM asked WHERE token=?", "s", token);
    if (!query_next(&q))
        return false;
    effect_reply(out, ev->request.id, (int)query_i64(&q, 0), "text/plain", query_text(&q, 1),
                 strlen(query_text(&q, 1)));
    query_close(&q);
    return true;
}

static enum err_code take_order(struct crown_core *c, const struct event *ev, struct effects *out,
                                struct err *err)
{
    CLEANUP(buf_fini) struct buf answer = {0};
    char verb[16] = "", token[40] = "", id[ID_SIZE] = "";
    enum err_code code = ERR_OK;
    int words = sscanf(ev->request.body, "%15s %39s %23s", verb, token, id);
    if (words < 1)
        return err_set(err, ERR_BAD_REQUEST, "no order");
    if (words > 1 && was_asked(c, token, ev, out))
        return ERR_OK;
    if (sync_parent_in_recovery(&c->parent) && words > 1)
        return err_set(err, ERR_UNAVAILABLE, "in recovery");
    if (str_eq(verb, "list"))
        list(c, &answer);
    else if (str_eq(verb, "run"))
        code = run(c, token, &answer, err);
    else
        code = change(c, verb, id, err);
    if (code != ERR_OK)
        return code;
    if (words > 1)
        store_run(c->store, "INSERT INTO asked VALUES(?, 200, ?)", "ss", token, buf_str(&answer));
    effect_reply(out, ev->request.id, 200, "text/plain", buf_str(&answer), answer.len);
    return ERR_OK;
}

/* ---- facts
 * ---------------------------------------------------------------------------------------- */

static void take_gone(struct crown_core *c, struct row *r)
{
    if (!str_eq(r->want, "ending") || sync_parent_holds(&c->parent, "instance", r->id))
        return;
    str_copy(r->want, sizeof r->want, "gone");
    store_run(c->store, "UPDATE instance SET want='gone', address=NULL WHERE id=?", "s", r->id);
}

/* I18: an older generation's word changes no want. */
static void take_seen(struct crown_core *c, struct row *r, const struct wire_item *fact,
                      const struct wire_instance_seen *seen)
{
    bool goes_back = fact->generation == r->seen_generation && str_eq(r->seen, "running") &&
                     str_eq(seen->state, "pending");
    if (fact->generation < r->seen_generation || str_eq(r->want, "gone") || goes_back)
        return;
    str_copy(r->seen, sizeof r->seen, seen->state);
    r->seen_generation = fact->generation;
    save(c, r);
    if (fact->generation != r->generation || !str_eq(r->want, "running"))
        return;
    if (str_eq(seen->state, "refused") && !seen->ever_ran)
        want(c, r, "ending");
    else if (str_eq(seen->state, "refused") ||
             (str_eq(seen->state, "off") &&
              (str_eq(seen->why, "guest") || str_eq(seen->why, "unknown") ||
               str_eq(seen->why, "crash"))))
        want(c, r, "stopped");
}

static void on_fact(void *core, const char *node, const struct wire_item *fact,
                    const struct event *ev)
{
    struct crown_core *c = core;
    struct row r;
    (void)node, (void)ev;
    if (!str_eq(fact->kind, "instance") || !load(c, fact->id, &r))
        return;
    if (*fact->gone != '\0') {
        take_gone(c, &r);
        return;
    }
    struct arena arena = {0};
    struct wire_instance_seen seen;
    struct err err;
    if (wire_decode(&wire_instance_seen_type, fact->body, strlen(fact->body), &arena, &seen,
                    &err) == ERR_OK)
        take_seen(c, &r, fact, &seen);
    arena_fini(&arena);
}

static void on_capacity(void *core, const char *node, const char *json, const char *health,
                        const struct event *ev)
{
    (void)core, (void)node, (void)json, (void)health, (void)ev;
}

static void on_tell(void *core, const char *node, const struct wire_note *note,
                    const struct event *ev)
{
    (void)core, (void)node, (void)note, (void)ev;
}

/* ---- the core
 * ------------------------------------------------------------------------------------- */

static enum err_code step(void *self, const struct event *ev, struct effects *out, struct err *err)
{
    struct crown_core *c = self;
    if (ev->kind == EVENT_START)
        sync_parent_start(&c->parent, ev);
    if (ev->kind != EVENT_REQUEST)
        return ERR_OK;
    if (ev->request.face == FACE_TIER)
        return sync_parent_request(&c->parent, ev, err);
    return take_order(c, ev, out, err);
}

static void fail(void *self, const struct event *ev, const struct err *err, struct effects *out)
{
    (void)self;
    if (ev->kind == EVENT_REQUEST)
        effect_reply(out, ev->request.id, err_row(err->code)->http, "text/plain", err->text,
                     strlen(err->text));
}

static void seal(void *self, const struct event *at, struct effects *out)
{
    struct crown_core *c = self;
    sync_parent_seal(&c->parent, at, out);
}

static void reload(void *self)
{
    struct crown_core *c = self;
    sync_parent_reload(&c->parent);
}

static int64_t wake_at(const void *self)
{
    const struct crown_core *c = self;
    return sync_parent_wake_at(&c->parent);
}

struct crown_core *crown_core_new(struct store *store, const struct rng *rng,
                                  const struct sync_timing *timing)
{
    struct crown_core *c = check_alloc(sizeof *c);
    struct sync_parent_hooks hooks = {
        .core = c, .on_fact = on_fact, .on_capacity = on_capacity, .on_tell = on_tell};
    c->store = store;
    c->rng = *rng;
    sync_parent_init(&c->parent, store, rng, &hooks, timing);
    return c;
}

void crown_core_free(struct crown_core *c)
{
    sync_parent_fini(&c->parent);
    free(c);
}

struct core crown_core_as_core(struct crown_core *c)
{
    return (struct core){
        .self = c, .step = step, .fail = fail, .seal = seal, .reload = reload, .wake_at = wake_at};
}
