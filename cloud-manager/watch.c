/* watch.c - who watches, and what they are told: server-sent events (front.h).
 *
 * A watcher is a number, up to which its account's changes have been told (store/change.h), and an
 * answer that goes on. At the end of each turn whoever is behind is told more, at most WATCH_BATCH
 * at once; the number of an event is its cursor, and events leave after the commit that made them.
 * RAM only: who is cut off comes back with Last-Event-ID. A watcher that has gone is not heard of;
 * so each is ended after a while, and an account's oldest makes room for a new one. */
#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "cloud-manager/api/ec2_instance.h"
#include "cloud-manager/api/progress.h"
#include "cloud-manager/front.h"
#include "cloud-manager/model/instance_state.h"
#include "cloud-manager/store/change.h"

#include <stdlib.h>
#include <string.h>

enum {
    WATCH_BATCH = 100,
    PAUSE_MS = 100,           /* between two batches to one that is far behind */
    BEAT_MS = 10 * 1000,      /* a line of nothing: the connection lives */
    LIFE_MS = 15 * 60 * 1000, /* then it comes again */
    ACCOUNT_MAX = 16,
    ALL_MAX = 500 /* watchers */
};

struct cloud_watcher {
    struct list link; /* oldest first */
    uint64_t request_id;
    char account[16];
    int64_t told; /* all up to this number */
    int64_t beat_mono_ms, end_mono_ms;
    int64_t ended; /* in which turn, 0 = not yet; freed by a later one: that one may be lost */
    bool is_lost;  /* what it was told was not committed */
};

static struct cloud_watcher *watcher_of(struct list *link)
{
    return LIST_ENTRY(link, struct cloud_watcher, link);
}

static void watcher_free(struct cloud_core *c, struct cloud_watcher *w)
{
    PRE(c->watchers_len > 0);
    list_remove(&w->link);
    c->watchers_len--;
    free(w);
}

static void end(struct cloud_core *c, struct cloud_watcher *w)
{
    effect_more(c->out,
                &(struct effect_more){.request_id = w->request_id, .data = "", .is_last = true});
    w->ended = c->seals + 1;
    w->is_lost = false;
}

/* ---- opening -------------------------------------------------------------------------------- */

/* The oldest of the account, or of all, makes room. */
static void make_room(struct cloud_core *c, const char *account)
{
    struct cloud_watcher *oldest = NULL;
    size_t own = 0;
    LIST_EACH (it, &c->watchers) {
        if (watcher_of(it)->ended != 0 || !str_eq(watcher_of(it)->account, account))
            continue;
        if (own++ == 0)
            oldest = watcher_of(it);
    }
    if (own >= ACCOUNT_MAX)
        end(c, oldest);
    else if (c->watchers_len >= ALL_MAX)
        end(c, watcher_of(c->watchers.next));
}

static enum err_code decode_after(struct cloud_query *q, int64_t newest, int64_t *after,
                                  struct err *err)
{
    const char *text = cloud_query_get(q, "After");
    *after = newest;
    if (text != NULL && !str_parse_i64(text, 0, newest, after))
        return err_set(err, ERR_INVALID_PAGING_TOKEN, "there was no event '%.32s'", text);
    return cloud_query_done(q, err);
}

/* What is gone may have been forgotten since. */
static const char *first_words(struct arena *arena, int64_t after, int64_t newest)
{
    bool is_old = after > 0 && after < newest - CLOUD_CHANGES_KEPT;
    return arena_printf(arena, "retry: 1000\nid: %lld\nevent: %s\ndata: {}\n\n", (long long)after,
                        is_old ? "reset" : "ready");
}

static void open_answer(struct cloud_core *c, uint64_t request_id, const char *words)
{
    static const struct header headers[] = {{"Cache-Control", "no-store"}};
    effect_reply_with(c->out, &(struct effect_reply){.request_id = request_id,
                                                     .status = 200,
                                                     .content_type = "text/event-stream",
                                                     .headers = headers,
                                                     .headers_len = 1,
                                                     .body = words,
                                                     .body_len = strlen(words),
                                                     .is_open = true});
}

enum err_code cloud_watch_open(struct cloud_core *c, const struct cloud_op *op,
                               const struct cloud_asked *asked, struct cloud_query *query,
                               struct err *err)
{
    int64_t newest = cloud_change_newest(c->store), after;
    if (cloud_authorize(op, CLOUD_DO_WATCH_EVENTS, err) != ERR_OK ||
        decode_after(query, newest, &after, err) != ERR_OK)
        return err->code;
    make_room(c, op->account);
    struct cloud_watcher *w = check_alloc(sizeof *w);
    *w = (struct cloud_watcher){.request_id = asked->request->id,
                                .told = after,
                                .beat_mono_ms = op->mono_ms + BEAT_MS,
                                .end_mono_ms = op->mono_ms + LIFE_MS};
    str_copy(w->account, sizeof w->account, op->account);
    list_append(&c->watchers, &w->link);
    c->watchers_len++;
    open_answer(c, w->request_id, first_words(op->arena, after, newest));
    return ERR_OK;
}

/* ---- telling -------------------------------------------------------------------------------- */

/* An instance as far as it is told of: itself, or the one that a volume belongs to. */
static struct cloud_instance instance_of(const struct cloud_change *change)
{
    return (struct cloud_instance){.state = change->instance_state,
                                   .has_run = change->has_run,
                                   .generation = change->generation,
                                   .seen_generation = change->seen_generation,
                                   .step = change->step,
                                   .step_percent = change->step_percent};
}

/* "" of what has none. */
static const char *state_of(const struct cloud_change *change, const struct cloud_instance *row)
{
    if (row->state < 0)
        return change->image_state;
    if (str_eq(change->kind, "volumes"))
        return cloud_text_volume_state(row);
    return cloud_instance_state_text((enum cloud_instance_state)row->state);
}

static void write_change(struct cloud_tree *tree, const struct cloud_change *change)
{
    struct cloud_instance row = instance_of(change);
    cloud_tree_text(tree, "kind", change->kind);
    cloud_tree_text(tree, "id", change->id);
    cloud_tree_text(tree, "state", state_of(change, &row));
    if (str_eq(change->kind, "instances")) {
        struct cloud_progress progress = cloud_progress_of(tree->arena, &row);
        cloud_progress_write(tree, &progress);
    }
    cloud_tree_text(tree, "isGone", change->is_gone ? "true" : "false");
}

static void write_event(struct arena *arena, struct buf *out, const struct cloud_change *change)
{
    struct cloud_tree tree;
    cloud_tree_init(&tree, arena);
    write_change(&tree, change);
    buf_printf(out, "id: %lld\nevent: change\ndata: ", (long long)change->number);
    cloud_rest_object(arena, CLOUD_SHAPE_CHANGE, tree.root, out);
    buf_text(out, "\n\n");
}

/* Gives whether it may still be behind. */
static bool tell(struct cloud_core *c, struct cloud_watcher *w, int64_t newest, int64_t mono_ms)
{
    CLEANUP(buf_fini) struct buf text = {0};
    struct cloud_change_list changes = cloud_change_list(c->store, c->out->arena, w->account,
                                                         w->told, WATCH_BATCH);
    for (size_t i = 0; i < changes.len; i++)
        write_event(c->out->arena, &text, &changes.list[i]);
    bool is_behind = changes.len == WATCH_BATCH;
    w->told = is_behind ? changes.list[changes.len - 1].number : newest;
    if (changes.len == 0)
        return false;
    effect_more(c->out, &(struct effect_more){
                            .request_id = w->request_id, .data = text.data, .len = text.len});
    w->beat_mono_ms = mono_ms + BEAT_MS;
    return is_behind;
}

static void beat(struct cloud_core *c, struct cloud_watcher *w, int64_t mono_ms)
{
    static const char nothing[] = ":\n\n";
    effect_more(c->out, &(struct effect_more){.request_id = w->request_id,
                                              .data = nothing,
                                              .len = sizeof nothing - 1});
    w->beat_mono_ms = mono_ms + BEAT_MS;
}

static void serve(struct cloud_core *c, struct cloud_watcher *w, int64_t newest, int64_t mono_ms)
{
    if (w->is_lost || w->end_mono_ms <= mono_ms) {
        end(c, w);
        return;
    }
    bool is_behind = w->told < newest && tell(c, w, newest, mono_ms);
    if (w->beat_mono_ms <= mono_ms)
        beat(c, w, mono_ms);
    int64_t due = is_behind ? mono_ms + PAUSE_MS : w->beat_mono_ms;
    due = due < w->end_mono_ms ? due : w->end_mono_ms;
    c->watch_mono_ms = due < c->watch_mono_ms ? due : c->watch_mono_ms;
}

void cloud_watch_seal(struct cloud_core *c, const struct event *at)
{
    int64_t mono_ms = at->at.mono_ms;
    int64_t newest = c->watchers_len > 0 ? cloud_change_newest(c->store) : 0;
    c->watch_mono_ms = INT64_MAX;
    LIST_EACH_SAFE (it, &c->watchers) {
        struct cloud_watcher *w = watcher_of(it);
        if (w->ended != 0 && w->ended <= c->seals)
            watcher_free(c, w);
        else if (w->ended == 0)
            serve(c, w, newest, mono_ms);
    }
    c->seals++;
}

void cloud_watch_lost(struct cloud_core *c)
{
    LIST_EACH (it, &c->watchers) {
        watcher_of(it)->is_lost = true;
        watcher_of(it)->ended = 0;
    }
    c->watch_mono_ms = 0; /* at once */
}

void cloud_watchers_fini(struct cloud_core *c)
{
    LIST_EACH_SAFE (it, &c->watchers)
        watcher_free(c, watcher_of(it));
}
