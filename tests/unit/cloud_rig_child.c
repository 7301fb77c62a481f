/* cloud_rig_child.c - children as cloud_rig.h promises them. */
#include "tests/unit/cloud_rig.h"

#include "base/check.h"
#include "base/str.h"
#include "proto/auth/token.h"
#include "proto/sync/item.h"

#include <stdio.h>
#include <string.h>

#define MANIFEST "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static uint64_t tier(struct rig *r, const char *node, const char *serial, const char *target,
                     const struct buf *body)
{
    return rig_raw(r, &(struct request){.face = FACE_TIER,
                                        .method = "POST",
                                        .target = target,
                                        .body = buf_str(body),
                                        .body_len = body->len,
                                        .peer_node = node,
                                        .peer_serial = serial,
                                        .peer_not_after_ms = INT64_MAX,
                                        .remote = "127.0.0.1:6",
                                        .trace = "00000000-0000-4000-8000-000000000001"});
}

void rig_join(struct rig *r, struct rig_child *c, const char *kind, const char *node)
{
    struct err err = {0};
    struct wire_joined joined;
    CLEANUP(buf_fini) struct buf body = {0};
    char hash[DIGEST_SHA256_HEX_SIZE];
    const char *token = arena_printf(&r->arena, "tj1.test-%s", node);
    *c = (struct rig_child){.boot_n = 1, .capacity = ""};
    str_copy(c->node, sizeof c->node, node);
    snprintf(c->boot, sizeof c->boot, "boot-of-%.30s", node);
    token_hash(hash, token);
    store_begin(r->store);
    admit_token_add(r->store, hash, node, kind, r->at.wall_ms + 60000);
    enum err_code code = store_commit(r->store, &err);
    INV(code == ERR_OK);
    wire_encode(&body, &wire_join_type,
                &(struct wire_join){.node = node, .token = token, .csr = "a request"});
    uint64_t id = tier(r, "", "", "/v1/join", &body);
    INV(r->jobs_len == 1 && r->jobs[0].kind == CLOUD_JOB_SIGN);
    INV(str_eq(r->jobs[0].sign.node, node) && str_eq(r->jobs[0].sign.kind, kind));
    str_hex(c->serial, r->jobs[0].sign.serial, sizeof r->jobs[0].sign.serial);
    rig_job_done(r, ERR_OK, "a certificate", strlen("a certificate"));
    INV(rig_status(r, id) == 200);
    code = wire_decode(&wire_joined_type, rig_body(r, id), strlen(rig_body(r, id)), &r->arena,
                       &joined, &err);
    INV(code == ERR_OK);
    str_copy(c->link_key, sizeof c->link_key, joined.link_key);
    str_copy(c->zone, sizeof c->zone, joined.zone);
}

static void record(struct rig_child *c, const struct wire_item *wish)
{
    size_t i = 0;
    while (i < c->held_len &&
           !(str_eq(c->held[i].kind, wish->kind) && str_eq(c->held[i].id, wish->id)))
        i++;
    INV(i < RIG_FACTS);
    c->held[i] = *wish;
    if (i == c->held_len)
        c->held_len++;
}

/* Its answer to "all facts again": it starts anew, and says them when the test does. */
static void restart(struct rig_child *c)
{
    c->boot_n++;
    c->boot[0]++;
    c->seq = c->acked = c->fact = 0;
    c->sum = 0;
    c->said_len = 0;
}

static void take_answer(struct rig *r, struct rig_child *c, uint64_t id)
{
    struct err err = {0};
    INV(rig_status(r, id) == 200);
    enum err_code code = wire_decode(&wire_sync_reply_type, rig_body(r, id),
                                     strlen(rig_body(r, id)), &r->arena, &c->last, &err);
    INV(code == ERR_OK);
    for (size_t i = 0; i < c->last.want_len; i++)
        record(c, &c->last.want[i]);
    if (!c->last.recovery)
        c->applied = c->last.rev;
    str_copy(c->store_id, sizeof c->store_id, c->last.store_id);
    str_copy(c->start_id, sizeof c->start_id, c->last.start_id);
}

static void sync(struct rig *r, struct rig_child *c, struct wire_sync_request *m)
{
    CLEANUP(buf_fini) struct buf body = {0};
    m->proto = 1;
    m->node = c->node;
    m->boot = c->boot;
    m->boot_n = c->boot_n;
    m->seq = ++c->seq;
    m->t_send = r->at.boot_ms;
    m->store_id_seen = c->store_id;
    m->start_id_seen = c->start_id;
    m->applied_rev = c->applied;
    m->busy = m->seen_len > 0 || m->tell_len > 0 || m->held_len > 0;
    m->listed = true;
    m->more = m->held_len > 0; /* facts wait meanwhile */
    m->facts_from = c->acked + 1;
    m->facts_to = c->fact;
    m->facts_sum = c->sum;
    m->capacity = c->capacity;
    m->health = "";
    wire_encode(&body, &wire_sync_request_type, m);
    uint64_t id = tier(r, c->node, c->serial, "/v1/sync", &body);
    if (rig_status(r, id) == 0)
        rig_advance(r, r->config.timing.heartbeat_ms * 3 / 2);
    take_answer(r, c, id);
    c->acked = c->fact;
    if (c->last.need_full)
        restart(c);
}

/* The sum is over live facts: a newer one takes the place of the older. */
static void note_said(struct rig_child *c, const struct wire_item *item)
{
    for (size_t i = 0; i < c->said_len; i++) {
        if (!str_eq(c->said[i].kind, item->kind) || !str_eq(c->said[i].id, item->id))
            continue;
        c->sum -= sync_item_hash(item->kind, item->id, c->said[i].generation, item->pepoch,
                                 c->said[i].number);
        c->said[i] = c->said[--c->said_len];
    }
    if (*item->gone != '\0')
        return;
    INV(c->said_len < RIG_FACTS);
    str_copy(c->said[c->said_len].kind, sizeof c->said[0].kind, item->kind);
    str_copy(c->said[c->said_len].id, sizeof c->said[0].id, item->id);
    c->said[c->said_len].generation = item->generation;
    c->said[c->said_len++].number = item->number;
    c->sum += sync_item_hash(item->kind, item->id, item->generation, item->pepoch, item->number);
}

void rig_say(struct rig *r, struct rig_child *c, const char *kind, const char *id,
             int64_t generation, const char *body)
{
    struct wire_item item = {.kind = kind,
                             .id = id,
                             .generation = generation,
                             .pepoch = str_eq(kind, "instance"),
                             .number = ++c->fact,
                             .gone = body == NULL ? "deleted" : "",
                             .error = "",
                             .body = body == NULL ? "" : body};
    note_said(c, &item);
    sync(r, c, &(struct wire_sync_request){.seen = &item, .seen_len = 1});
}

void rig_pull(struct rig *r, struct rig_child *c)
{
    sync(r, c, &(struct wire_sync_request){.seq = 0});
}

void rig_capacity(struct rig *r, struct rig_child *c, const char *capacity_json)
{
    c->capacity = capacity_json;
    rig_pull(r, c);
}

void rig_return(struct rig *r, struct rig_child *c)
{
    rig_pull(r, c);
    INV(c->last.recovery && c->last.need_all);
    sync(r, c,
         &(struct wire_sync_request){.held = c->held,
                                     .held_len = c->held_len,
                                     .held_for = c->last.start_id,
                                     .held_from = 1});
    rig_pull(r, c); /* it has nothing to say */
}

void rig_tell(struct rig *r, struct rig_child *c, const char *kind, const char *id,
              const char *body)
{
    struct wire_note note = {kind, id, body};
    sync(r, c, &(struct wire_sync_request){.tell = &note, .tell_len = 1});
}

const struct wire_item *rig_wish(const struct rig_child *c, const char *kind, const char *id)
{
    const struct wire_item *found = NULL;
    for (size_t i = 0; i < c->last.want_len; i++)
        if (str_eq(c->last.want[i].kind, kind) && str_eq(c->last.want[i].id, id))
            found = &c->last.want[i];
    return found;
}

const struct wire_item *rig_known(const struct rig_child *c, const char *kind, const char *id)
{
    for (size_t i = 0; i < c->held_len; i++)
        if (str_eq(c->held[i].kind, kind) && str_eq(c->held[i].id, id))
            return &c->held[i];
    return NULL;
}

void rig_world(struct rig *r, struct rig_world *w)
{
    rig_join(r, &w->cluster, "cluster", "laba");
    rig_join(r, &w->dos, "dos", "dos");
    rig_capacity(r, &w->cluster,
                 "{\"placed_rev\":1000000,\"fits\":[{\"type\":\"t1.nano\",\"count\":100}]}");
    rig_capacity(r, &w->dos, "{\"dos_url\":\"https://dos:8783\"}");
    const char *body = rig_ok(r, "Action=RegisterImage&Version=2016-11-15&Name=tiny"
                                 "&ImageLocation=images%2Ftiny.qcow2");
    w->image = rig_text(r, body, "imageId");
    rig_say(r, &w->dos, "image", w->image, 1,
            "{\"state\":\"available\",\"manifest\":\"" MANIFEST "\",\"size_bytes\":134217728}");
    rig_pull(r, &w->cluster);
}

const char *rig_run(struct rig *r, struct rig_world *w, const char *more)
{
    rig_pull(r, &w->cluster);
    const char *form = arena_printf(&r->arena,
                                    "Action=RunInstances&Version=2016-11-15&ImageId=%s"
                                    "&InstanceType=t1.nano&MinCount=1&MaxCount=1%s",
                                    w->image, more);
    return rig_text(r, rig_ok(r, form), "instanceId");
}

static const char *add_page(struct rig *r, const char *text, const struct wire_item *item)
{
    struct wire_members page;
    unsigned char bits[32];
    bool is_read = wire_decode(&wire_members_type, item->body, strlen(item->body), &r->arena, &page,
                               NULL) == ERR_OK &&
                   str_unhex(bits, sizeof bits, page.bits);
    INV(is_read && str_eq(item->id, arena_printf(&r->arena, "%s/%s", page.group, page.base)));
    for (int at = 0; at < 256; at++)
        if (bits[at / 8] & 0x80 >> at % 8)
            text = arena_printf(&r->arena, "%s%s%.*s%d", text, *text != '\0' ? " " : "",
                                (int)strlen(page.base) - 1, page.base, at);
    return text;
}

const char *rig_members(struct rig *r, const struct rig_child *c, const char *group)
{
    const char *text = "", *prefix = arena_printf(&r->arena, "%s/", group);
    for (size_t i = 0; i < c->held_len; i++) {
        const struct wire_item *item = &c->held[i];
        if (str_eq(item->kind, "members") && str_has_prefix(item->id, prefix) &&
            rig_known(c, "members", item->id) == item && *item->gone == '\0')
            text = add_page(r, text, item);
    }
    return text;
}

/* ---- of a test ----------------------------------------------------------------------------- */

struct rig rig;
struct rig_world world;

int rig_set_up_bare(void **state)
{
    (void)state;
    rig_init(&rig);
    return 0;
}

int rig_set_up(void **state)
{
    rig_set_up_bare(state);
    rig_world(&rig, &world);
    return 0;
}

int rig_tear_down(void **state)
{
    (void)state;
    rig_fini(&rig);
    return 0;
}
