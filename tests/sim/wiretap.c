/* wiretap.c - reads two fields of each sync; full decoding would cost more than the syncs. */
#include "tests/sim/wiretap.h"

#include "base/arena.h"
#include "base/str.h"
#include "proto/wire/messages.h"
#include "tests/sim/node.h"

#include <stdlib.h>
#include <string.h>

/* Has a restore anywhere on this link explained it? */
static bool is_explained(const struct sim_node *a, const struct sim_node *b)
{
    return a->was_restored || b->was_restored;
}

static void hear_request(struct sim_wiretap *t, struct sim_world *w, const struct sim_parcel *p)
{
    static const char name[] = "\"applied_rev\":";
    const char *at = strstr(p->body, name);
    int64_t rev = at != NULL ? strtoll(at + sizeof name - 1, NULL, 10) : 0;
    if (rev < t->applied[p->from->index] && !is_explained(p->from, p->to))
        sim_world_fail(w, "SUM", p->from->name, "the wishes differ: revision %ld after %ld",
                       (long)rev, (long)t->applied[p->from->index]);
    t->applied[p->from->index] = rev;
}

/* A fact says its state first: of the steps in it none may stand behind another one than pending.
 */
static void hear_steps(struct sim_world *w, const struct sim_parcel *p)
{
    static const char state[] = "\"state\":\"", pending[] = "\"state\":\"pending\"";
    const char *last = NULL;
    for (const char *at = p->body; *at != '\0'; at++) {
        if (*at != '"')
            continue;
        if (strncmp(at, state, sizeof state - 1) == 0)
            last = at;
        if (strncmp(at, "\"step\":", 7) == 0 &&
            (last == NULL || strncmp(last, pending, sizeof pending - 1) != 0))
            sim_world_fail(w, "STEP", p->from->name,
                           "a fact tells a step of what is not pending:"
                           " %.60s",
                           last != NULL ? last : at);
    }
}

/* ---- for the reader of a report
 * ------------------------------------------------------------------ */

static void note(struct sim_world *w, const struct sim_parcel *p, const char *what,
                 const struct wire_item *items, size_t len)
{
    for (size_t i = 0; i < len; i++)
        SIM_TRACE(w, p->from->name, what, items[i].id, "%s g%ld p%ld n%ld %s%s %.60s",
                  items[i].kind, (long)items[i].generation, (long)items[i].pepoch,
                  (long)items[i].number, items[i].gone, items[i].error, items[i].body);
}

static void read_sync(struct sim_world *w, const struct sim_parcel *p)
{
    struct arena arena = {0};
    struct wire_sync_request q;
    struct wire_sync_reply r;
    struct err err;
    if (!p->is_reply &&
        wire_decode(&wire_sync_request_type, p->body, p->body_len, &arena, &q, &err) == ERR_OK) {
        SIM_TRACE(w, p->from->name, "asks", "sync", "seq %ld rev %ld facts %ld-%ld", (long)q.seq,
                  (long)q.applied_rev, (long)q.facts_from, (long)q.facts_to);
        note(w, p, "fact", q.seen, q.seen_len);
        note(w, p, "held", q.held, q.held_len);
    } else if (p->is_reply && p->status == 200 &&
               wire_decode(&wire_sync_reply_type, p->body, p->body_len, &arena, &r, &err) ==
                   ERR_OK) {
        SIM_TRACE(w, p->from->name, "answers", "sync", "%s seq %ld rev %ld ack %ld%s%s%s",
                  p->to->name, r.echo != NULL ? (long)r.echo->seq : 0, (long)r.rev,
                  (long)r.seen_ack, r.need_full ? " need_full" : "", r.need_all ? " need_all" : "",
                  r.recovery ? " recovery" : "");
        note(w, p, "want", r.want, r.want_len);
    } else if (p->is_reply) {
        SIM_TRACE(w, p->from->name, "answers", "sync", "%s: %d %.60s", p->to->name, p->status,
                  p->body);
    }
    arena_fini(&arena);
}

void sim_wiretap_hear(struct sim_wiretap *t, struct sim_world *w, const struct sim_parcel *p)
{
    if (p->from == NULL || p->to == NULL)
        return;
    if (w->reads_wires && str_eq(p->target, "/v1/sync"))
        read_sync(w, p);
    if (!p->is_reply && str_eq(p->target, "/v1/sync")) {
        hear_request(t, w, p);
        hear_steps(w, p);
    } else if (p->is_reply && p->status == 200 && strstr(p->body, "\"need_full\":true") != NULL &&
               !is_explained(p->from, p->to))
        sim_world_fail(w, "SUM", p->to->name, "the facts differ: %s asks for a full",
                       p->from->name);
}
