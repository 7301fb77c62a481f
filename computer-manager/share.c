/* share.c - images that are here are given to other hosts of the cluster: who may is told by the
 * cluster's key, what there is by facts, one for each base that is whole. */
#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "computer-manager/host.h"

#include <string.h>

static bool is_key(const char *hex)
{
    return strlen(hex) == HOST_HASH_SIZE - 1 &&
           strspn(hex, "0123456789abcdef") == HOST_HASH_SIZE - 1;
}

static enum err_code decode(struct host_core *c, const char *json, struct arena *arena,
                            struct err *err)
{
    struct wire_share body;
    if (wire_decode(&wire_share_type, json, strlen(json), arena, &body, err) != ERR_OK)
        return err->code;
    if (!is_key(body.key))
        return err_set(err, ERR_MALFORMED_JSON, "a key of grants that is none");
    str_copy(c->share.key, sizeof c->share.key, body.key);
    return ERR_OK;
}

/* A key that was is not taken back: it lets in whoever the cluster lets in, until it tells another.
 */
enum err_code host_share_take(struct host_core *c, const struct wire_item *wish,
                              struct arena *arena, struct err *err)
{
    if (*wish->gone == '\0')
        return decode(c, wish->body, arena, err);
    sync_child_gone(&c->up, "share", wish->id, wish->generation, wish->pepoch, &c->at);
    return ERR_OK;
}

static void say_url(struct host_core *c)
{
    CLEANUP(buf_fini) struct buf body = {0};
    wire_encode(&body, &wire_share_seen_type,
                &(struct wire_share_seen){.url = c->config->share_url});
    sync_child_say(&c->up, "share", "self", 0, 0, buf_str(&body));
}

void host_share_load(struct host_core *c)
{
    struct arena arena = {0};
    struct query q;
    struct err err;
    STORE_EACH (c->store, q,
                "SELECT body FROM got WHERE kind='share' AND id='self' AND gone='' ORDER BY pepoch",
                "")
        decode(c, query_text(&q, 0), &arena, &err); /* a bad one was refused when it came */
    arena_fini(&arena);
    say_url(c);
}

static bool is_due(const struct host_core *c)
{
    return *c->config->share_url != '\0' && c->share_job == 0 &&
           !str_eq(c->share.key, c->shared.key);
}

void host_share_act(struct host_core *c)
{
    if (is_due(c) && c->at.now_ms >= c->share_next_ms)
        c->share_job = host_job(c, HOST_JOB_SHARE_KEY, &c->share, sizeof c->share);
}

int64_t host_share_due_ms(const struct host_core *c)
{
    return is_due(c) ? c->share_next_ms : INT64_MAX;
}

void host_share_done(struct host_core *c, const struct job_done *done)
{
    c->share_job = 0;
    c->is_dirty = true; /* another one may have been wished meanwhile */
    c->share_attempt = done->code == ERR_OK ? 0 : c->share_attempt + 1;
    c->share_next_ms = c->share_attempt > 0 ? c->at.now_ms + host_backoff_ms(c->share_attempt) : 0;
    if (done->code == ERR_OK)
        c->shared = c->share;
    else
        log_warn("share.key_failed", "why", done->text, NULL);
}

static bool is_here(const struct host_core *c, const char *manifest)
{
    const struct host_base *base = map_get(&c->bases, manifest);
    return base != NULL && (base->is_ready || base->is_listed);
}

void host_share_say(struct host_core *c)
{
    struct query q;
    size_t at = 0;
    if (*c->config->share_url == '\0' || c->disks == NULL)
        return;
    for (struct map_entry *e; (e = map_next(&c->bases, &at)) != NULL;)
        if (is_here(c, e->key))
            sync_child_say(&c->up, "base", e->key, 0, 0, "{}");
    STORE_EACH (c->store, q, "SELECT id FROM said WHERE kind='base' AND gone='' ORDER BY id", "")
        if (!is_here(c, query_text(&q, 0)))
            sync_child_gone(&c->up, "base", query_text(&q, 0), 0, 0, &c->at);
}

void host_share_sources(struct host_disk_base *spec, const struct wire_source *from, size_t len)
{
    for (size_t i = 0; i < len && i < HOST_SOURCES_MAX; i++) {
        struct host_source *to = &spec->sources[spec->sources_len];
        spec->sources_len += str_copy(to->node, sizeof to->node, from[i].node) &&
                             str_copy(to->url, sizeof to->url, from[i].url) &&
                             str_copy(to->grant, sizeof to->grant, from[i].grant);
    }
}
