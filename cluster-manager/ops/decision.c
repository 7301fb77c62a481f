/* decision.c - see decision.h. */
#include "cluster-manager/ops/decision.h"

#include "base/check.h"

enum { VERDICTS_MAX = 64 };

static struct wire_verdict verdict_of(const struct place_host *host, struct room need,
                                      struct arena *arena)
{
    char text[128];
    place_describe(text, sizeof text, host, need);
    return (struct wire_verdict){.host = arena_strdup(arena, host->node),
                                 .text = arena_strdup(arena, text)};
}

/* The chosen one first, then the others, as many as one note carries. */
struct wire_placement cluster_decision(const struct cluster_core *c, const struct place_host *hosts,
                                       size_t len, long choice, struct room need,
                                       const struct place_counts *counts, struct arena *arena,
                                       const struct event *ev)
{
    char text[256];
    PRE(choice < (long)len);
    place_explain(text, sizeof text, counts, len, need);
    struct wire_placement d = {
        .host = choice >= 0 ? arena_strdup(arena, hosts[choice].node) : "",
        .strategy = place_strategy_word(c->config->strategy),
        .at_wall_ms = ev->at.wall_ms,
        .counts = arena_strdup(arena, text),
        .verdicts = arena_alloc(arena, VERDICTS_MAX * sizeof *d.verdicts),
    };
    if (choice >= 0)
        d.verdicts[d.verdicts_len++] = verdict_of(&hosts[choice], need, arena);
    for (size_t i = 0; i < len && d.verdicts_len < VERDICTS_MAX; i++)
        if ((long)i != choice)
            d.verdicts[d.verdicts_len++] = verdict_of(&hosts[i], need, arena);
    return d;
}

void cluster_decision_save(struct cluster_core *c, const char *instance,
                           const struct wire_placement *decision)
{
    CLEANUP(buf_fini) struct buf body = {0};
    wire_encode(&body, &wire_placement_type, decision);
    store_run(c->store, "INSERT INTO decision VALUES(?1, ?2) ON CONFLICT DO UPDATE SET body=?2",
              "ss", instance, buf_str(&body));
}

void cluster_decision_tell(struct cluster_core *c, const char *instance, struct arena *arena)
{
    struct query q;
    query_open(&q, c->store, "SELECT body FROM decision WHERE instance=?", "s", instance);
    if (!query_next(&q))
        return;
    const char *body = arena_strdup(arena, query_text(&q, 0));
    query_close(&q);
    sync_child_tell(&c->up, "placement", instance, body);
}
