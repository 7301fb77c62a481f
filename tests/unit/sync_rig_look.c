/* sync_rig_look.c - what tests see of both ends: messages, rows, and whether they agree. */
#include "tests/unit/unit.h"

#include "tests/unit/sync_rig.h"

#include "base/check.h"
#include "base/str.h"

#include <string.h>

const struct rig_noted *rig_noted(const struct rig_notes *notes, const char *id)
{
    for (size_t i = notes->len; i-- > 0;)
        if (str_eq(notes->list[i].id, id))
            return &notes->list[i];
    return NULL;
}

void rig_read_call(struct rig *r, const struct rig_call *call, struct wire_sync_request *m)
{
    rig_parse_call(call, &r->up.arena, m);
}

void rig_read_answer(struct rig *r, const struct rig_call *call, struct wire_sync_reply *m)
{
    struct err err = {0};
    INV(call->answer != NULL && call->status == 200);
    enum err_code code = wire_decode(&wire_sync_reply_type, call->answer, strlen(call->answer),
                                     &r->up.arena, m, &err);
    INV(code == ERR_OK);
}

int64_t rig_changes(struct rig_side *side)
{
    return store_i64(side->store, 0, "SELECT total_changes()", "");
}

int64_t rig_got(struct rig *r, size_t child, const char *id, int64_t pepoch)
{
    return store_i64(r->down[child].store, -1,
                     "SELECT CASE WHEN gone='' THEN generation ELSE -2 END FROM got"
                     " WHERE id=? AND pepoch=?",
                     "si", id, pepoch);
}

bool rig_holds(struct rig *r, const char *id)
{
    return sync_parent_holds(&r->parent, "instance", id);
}

static void dump(struct store *store, const char *sql, const char *node, struct buf *out)
{
    struct query q;
    STORE_EACH (store, q, sql, "s", node)
        buf_printf(out, "%s %s %lld %lld %lld %s\n", query_text(&q, 0), query_text(&q, 1),
                   (long long)query_i64(&q, 2), (long long)query_i64(&q, 3),
                   (long long)query_i64(&q, 4), query_text(&q, 5));
}

/* Its own, and of each topic that it follows. */
static uint64_t wished_sum(struct store *store, const char *node)
{
    uint64_t sum = 0;
    struct query q;
    STORE_EACH (store, q,
                "SELECT want_sum FROM child WHERE node=?1 UNION ALL SELECT t.sum FROM follows f"
                " JOIN topic t ON t.name=f.topic WHERE f.node=?1 ORDER BY 1",
                "s", node)
        sum += (uint64_t)query_i64(&q, 0);
    return sum;
}

void rig_check_agreement(struct rig *r, size_t child)
{
    CLEANUP(buf_fini) struct buf wished = {0};
    CLEANUP(buf_fini) struct buf got = {0};
    CLEANUP(buf_fini) struct buf said = {0};
    CLEANUP(buf_fini) struct buf heard = {0};
    struct rig_side *side = &r->down[child];
    dump(r->up.store,
         "SELECT kind, id, pepoch, generation, rev, body FROM wish WHERE node=?1 AND gone=''"
         " AND visible UNION ALL SELECT kind, id, 0, generation, s.rev, body FROM follows f JOIN"
         " shared s ON s.topic=f.topic WHERE f.node=?1 ORDER BY 1, 2, 3",
         side->node, &wished);
    dump(side->store,
         "SELECT kind, id, pepoch, generation, number, body FROM got WHERE gone='' AND number>0"
         " AND ?<>'' ORDER BY 1, 2, 3",
         side->node, &got);
    assert_string_equal(buf_str(&wished), buf_str(&got));
    dump(side->store,
         "SELECT kind, id, pepoch, generation, number, body FROM said WHERE gone='' AND ?<>''"
         " ORDER BY 1, 2, 3",
         side->node, &said);
    dump(r->up.store,
         "SELECT kind, id, pepoch, generation, number, body FROM heard WHERE node=? AND number>0"
         " ORDER BY 1, 2, 3",
         side->node, &heard);
    assert_string_equal(buf_str(&said), buf_str(&heard));
    assert_true(wished_sum(r->up.store, side->node) ==
                (uint64_t)store_i64(side->store, -2, "SELECT got_sum FROM child_self", ""));
    assert_true(
        store_i64(r->up.store, -1, "SELECT fact_sum FROM child WHERE node=?", "s", side->node) ==
        store_i64(side->store, -2, "SELECT said_sum FROM child_self", ""));
}
