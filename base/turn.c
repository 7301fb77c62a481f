/* turn.c - events in, one transaction, effects out. */
#include "base/turn.h"

#include "base/check.h"
#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>

void turn_init(struct turn *t, const struct core *core, struct store *store,
               const struct instant *at)
{
    *t = (struct turn){.core = *core, .store = store, .mono_base_ms = at->mono_ms};
    store_run(store,
              "CREATE TABLE IF NOT EXISTS turn(one INTEGER PRIMARY KEY CHECK(one=1),"
              " now_ms INTEGER NOT NULL)",
              "");
    t->now_base_ms = store_i64(store, 0, "SELECT now_ms FROM turn", "");
}

int64_t turn_now_ms(const struct turn *t, const struct instant *at)
{
    return t->now_base_ms + (at->mono_ms - t->mono_base_ms);
}

static void step_one(struct turn *t, const struct event *ev, struct effects *out)
{
    struct err err = {0};
    struct effect *mark = out->last;
    store_savepoint(t->store);
    enum err_code code = t->core.step(t->core.self, ev, out, &err);
    if (code == ERR_OK) {
        store_release(t->store);
        return;
    }
    store_rollback_to(t->store);
    effects_cut(out, mark);
    t->core.fail(t->core.self, ev, &err, out);
}

/* A disk stays full for hours, and whoever is refused asks again: one line a second says so, with
 * the count of turns since the line before. */
static void tell_lost(struct turn *t, const struct err *why, int64_t mono_ms)
{
    enum { TELL_MS = 1000 };
    char turns[24];
    t->untold++;
    if (t->is_refused && mono_ms - t->told_ms < TELL_MS)
        return;
    snprintf(turns, sizeof turns, "%" PRIu64, t->untold);
    log_error("turn.lost", "why", why->text, "turns", turns, NULL);
    t->is_refused = true;
    t->told_ms = mono_ms;
    t->untold = 0;
}

/* What changed nothing does not show that there is room again. */
static void tell_kept(struct turn *t)
{
    char turns[24];
    snprintf(turns, sizeof turns, "%" PRIu64, t->untold);
    log_info("turn.kept", "lost", turns, NULL);
    t->is_refused = false;
    t->untold = 0;
}

/* Runs the event as a turn of its own that may not change anything; false: it is as if it had not
 * come. Nothing is sealed, for that writes what is due; who waits for the seal hears the next. */
static bool read_alone(struct turn *t, const struct event *ev, struct effects *out)
{
    struct effect *mark = out->last;
    struct err err = {0};
    step_one(t, ev, out);
    if (!store_is_changed(t->store) && store_commit(t->store, &err) == ERR_OK)
        return true;
    store_rollback(t->store);
    effects_cut(out, mark);
    t->core.reload(t->core.self);
    return false;
}

static bool begin_again(struct store *store)
{
    store_begin(store);
    bool is_there = !store_is_lost(store);
    if (!is_there)
        store_rollback(store);
    return is_there;
}

/* sqlite gave the whole turn up: who asked to change something hears 503 and nothing else happens.
 * Who only reads needs no room, but a store: where another process has it, nobody waits again. */
static enum turn_outcome lose(struct turn *t, const struct event *events, size_t len,
                              const struct err *why, struct effects *out)
{
    bool has_store = true;
    tell_lost(t, why, events[len - 1].at.mono_ms);
    store_rollback(t->store);
    effects_cut(out, NULL);
    t->core.reload(t->core.self);
    for (size_t i = 0; i < len; i++) {
        if (events[i].kind != EVENT_REQUEST)
            continue;
        has_store = has_store && begin_again(t->store);
        if (!has_store || !read_alone(t, &events[i], out))
            t->core.fail(t->core.self, &events[i], why, out);
    }
    return TURN_LOST;
}

/* The commit of a turn that changed something is the one with an fsync. */
static enum err_code commit(struct turn *t, struct err *err)
{
    bool is_timed = t->watch_us != NULL && store_is_changed(t->store);
    int64_t began_us = is_timed ? t->watch_us() : 0;
    enum err_code code = store_commit(t->store, err);
    if (is_timed)
        histogram_note(&t->commits, t->watch_us() - began_us);
    return code;
}

enum turn_outcome turn_run(struct turn *t, struct event *events, size_t len, struct effects *out)
{
    PRE(len > 0 && out->first == NULL);
    struct err err = {.code = ERR_STORE_FULL, .text = "the store is full"};
    store_begin(t->store);
    for (size_t i = 0; i < len && !store_is_lost(t->store); i++) {
        events[i].now_ms = turn_now_ms(t, &events[i].at);
        step_one(t, &events[i], out);
    }
    if (store_is_lost(t->store))
        return lose(t, events, len, &err, out);
    t->core.seal(t->core.self, &events[len - 1], out);
    if (store_is_changed(t->store))
        store_run(t->store,
                  "INSERT INTO turn VALUES(1,?1) ON CONFLICT DO UPDATE SET now_ms=max(now_ms,?1)",
                  "i", events[len - 1].now_ms);
    bool is_changed = store_is_changed(t->store);
    enum err_code code = store_is_lost(t->store) ? ERR_STORE_FULL : commit(t, &err);
    if (code == ERR_OK && is_changed && t->is_refused)
        tell_kept(t);
    if (code == ERR_OK)
        return TURN_COMMITTED;
    if (code != ERR_IO)
        return lose(t, events, len, &err, out);
    log_error("turn.unknown", "why", err.text, NULL);
    effects_cut(out, NULL);
    return TURN_UNKNOWN;
}
