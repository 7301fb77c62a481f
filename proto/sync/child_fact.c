/* child_fact.c - what a child says, as rows: numbered within a run, summed. */
#include "base/check.h"
#include "base/str.h"
#include "proto/sync/child_rows.h"
#include "proto/sync/item.h"

static void add_said_sum(struct sync_child *c, uint64_t hash)
{
    uint64_t sum = (uint64_t)sync_child_self(c, "SELECT said_sum FROM child_self");
    store_run(c->store, "UPDATE child_self SET said_sum=?", "i", (int64_t)(sum + hash));
}

int64_t sync_child_next_number(struct sync_child *c)
{
    store_run(c->store, "UPDATE child_self SET said_number=said_number+1", "");
    return sync_child_self(c, "SELECT said_number FROM child_self");
}

/* What the row adds to the sum now; gone facts are never summed. */
static uint64_t said_hash(struct sync_child *c, const char *kind, const char *id, int64_t pepoch)
{
    struct query q;
    uint64_t hash = 0;
    query_open(&q, c->store,
               "SELECT generation, number FROM said WHERE kind=? AND id=? AND pepoch=? AND gone=''",
               "ssi", kind, id, pepoch);
    if (query_next(&q)) {
        hash = sync_item_hash(kind, id, query_i64(&q, 0), pepoch, query_i64(&q, 1));
        query_close(&q);
    }
    return hash;
}

void sync_child_put_fact(struct sync_child *c, const struct wire_item *fact)
{
    if (store_has(c->store,
                  "SELECT 1 FROM said WHERE kind=? AND id=? AND pepoch=? AND generation=?"
                  " AND gone=? AND error=? AND body=?",
                  "ssiisss", fact->kind, fact->id, fact->pepoch, fact->generation, fact->gone,
                  fact->error, fact->body))
        return;
    uint64_t before = said_hash(c, fact->kind, fact->id, fact->pepoch);
    store_run(c->store,
              "INSERT INTO said(kind, id, pepoch, generation, number, gone, error, body)"
              " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO UPDATE SET"
              " generation=?4, number=?5, gone=?6, error=?7, body=?8",
              "ssiiisss", fact->kind, fact->id, fact->pepoch, fact->generation,
              sync_child_next_number(c), fact->gone, fact->error, fact->body);
    add_said_sum(c, said_hash(c, fact->kind, fact->id, fact->pepoch) - before);
}

void sync_child_say(struct sync_child *c, const char *kind, const char *id, int64_t generation,
                    int64_t pepoch, const char *body)
{
    sync_child_put_fact(c, &(struct wire_item){.kind = kind,
                                               .id = id,
                                               .generation = generation,
                                               .pepoch = pepoch,
                                               .gone = "",
                                               .error = "",
                                               .body = body});
}

void sync_child_gone(struct sync_child *c, const char *kind, const char *id, int64_t generation,
                     int64_t pepoch, const struct event *ev)
{
    sync_child_put_fact(c, &(struct wire_item){.kind = kind,
                                               .id = id,
                                               .generation = generation,
                                               .pepoch = pepoch,
                                               .gone = "deleted",
                                               .error = "",
                                               .body = ""});
    store_run(c->store,
              "UPDATE got SET gone_ms=max(?, 1) WHERE kind=? AND id=? AND pepoch=? AND gone<>''"
              " AND gone_ms=0",
              "issi", ev->now_ms, kind, id, pepoch);
}

enum { TELLS_MAX = 16 };

bool sync_child_can_tell(const struct sync_child *c)
{
    return c->tells_len < TELLS_MAX;
}

void sync_child_tell(struct sync_child *c, const char *kind, const char *id, const char *body)
{
    if (!sync_child_can_tell(c))
        return; /* ephemeral */
    struct wire_note note = {.kind = kind, .id = id, .body = body};
    if (c->tells_len++ > 0)
        buf_char(&c->tells, ',');
    wire_encode(&c->tells, &wire_note_type, &note);
}

/* Tombstones that everybody has forgotten: kept for tombstone_ms after their end was said. */
void sync_child_forget_old(struct sync_child *c, int64_t now_ms)
{
    int64_t before = now_ms - c->timing.tombstone_ms;
    store_run(c->store,
              "DELETE FROM said WHERE gone<>'' AND (kind, id, pepoch) IN"
              " (SELECT kind, id, pepoch FROM got WHERE gone_ms>0 AND gone_ms<?)",
              "i", before);
    store_run(c->store, "DELETE FROM got WHERE gone_ms>0 AND gone_ms<?", "i", before);
}

/* Facts are numbered within a run: a new one says them all, in the order of their keys. */
void sync_child_renumber(struct sync_child *c)
{
    store_run(c->store,
              "UPDATE said SET number=n FROM (SELECT kind AS k, id AS i, pepoch AS p,"
              " row_number() OVER (ORDER BY kind, id, pepoch) AS n FROM said)"
              " WHERE kind=k AND id=i AND pepoch=p",
              "");
    store_run(c->store, "UPDATE child_self SET said_number=(SELECT count(*) FROM said), said_sum=0",
              "");
    uint64_t sum = 0;
    struct query q;
    STORE_EACH (c->store, q,
                "SELECT kind, id, generation, pepoch, number FROM said WHERE gone=''"
                " ORDER BY number",
                "")
        sum += sync_item_hash(query_text(&q, 0), query_text(&q, 1), query_i64(&q, 2),
                              query_i64(&q, 3), query_i64(&q, 4));
    add_said_sum(c, sum);
}
