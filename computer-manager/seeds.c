/* seeds.c - images that are to be here before anybody starts from them: fetched one after the
 * other, pinned while they are wished, never beyond the bounds of the cache. */
#include "base/check.h"
#include "base/str.h"
#include "computer-manager/host.h"
#include "computer-manager/model/cache.h"
#include "computer-manager/plan/plan_seed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_hash(const char *text)
{
    return strlen(text) == HOST_HASH_SIZE - 1 &&
           strspn(text, "0123456789abcdef") == HOST_HASH_SIZE - 1;
}

static enum err_code decode(const char *json, struct arena *arena, struct host_disk_base *out,
                            struct err *err)
{
    struct wire_seed body;
    if (wire_decode(&wire_seed_type, json, strlen(json), arena, &body, err) != ERR_OK)
        return err->code;
    *out = (struct host_disk_base){.size_bytes = body.image_bytes};
    if (!is_hash(body.manifest) || !str_copy(out->manifest, sizeof out->manifest, body.manifest) ||
        !str_copy(out->url, sizeof out->url, body.dos_url) ||
        !str_copy(out->grant, sizeof out->grant, body.grant))
        return err_set(err, ERR_MALFORMED_JSON, "a seed without a manifest that could be fetched");
    host_share_sources(out, body.sources, body.sources_len);
    return ERR_OK;
}

static struct host_seed *seed_of(struct host_core *c, const char *image)
{
    struct host_seed *seed = map_get(&c->seeds, image);
    if (seed == NULL) {
        seed = check_alloc(sizeof *seed);
        map_put(&c->seeds, image, seed);
    }
    return seed;
}

enum err_code host_seeds_take(struct host_core *c, const struct wire_item *wish,
                              struct arena *arena, struct err *err)
{
    struct host_disk_base fetch;
    if (*wish->gone != '\0') {
        free(map_remove(&c->seeds, wish->id));
        sync_child_gone(&c->up, "seed", wish->id, wish->generation, wish->pepoch, &c->at);
        return ERR_OK;
    }
    if (decode(wish->body, arena, &fetch, err) != ERR_OK)
        return err->code;
    struct host_seed *seed = seed_of(c, wish->id);
    seed->fetch = fetch;
    seed->generation = wish->generation;
    return ERR_OK;
}

void host_seeds_load(struct host_core *c)
{
    struct arena arena = {0};
    struct query q;
    STORE_EACH (c->store, q,
                "SELECT id, generation, body FROM got WHERE kind='seed' AND gone='' ORDER BY id",
                "") {
        struct host_disk_base fetch;
        struct err err;
        if (decode(query_text(&q, 2), &arena, &fetch, &err) != ERR_OK)
            continue; /* it was refused when it came */
        struct host_seed *seed = seed_of(c, query_text(&q, 0));
        seed->fetch = fetch;
        seed->generation = query_i64(&q, 1);
    }
    arena_fini(&arena);
}

/* ---- which fit ----------------------------------------------------------------------------- */

static bool is_here(const struct host_base *base)
{
    return base->is_ready || base->is_listed;
}

/* What is kept until now: `names` are the bases that it stands for, each counted once. */
struct sum {
    struct host_cache_claim claim;
    struct host_cache_bounds bounds;
    struct map names;
};

static bool keep(struct host_core *c, struct sum *s, const char *manifest)
{
    if (*manifest == '\0' || map_put(&s->names, manifest, s) != NULL)
        return false;
    const struct host_base *base = host_cache_base(c, manifest);
    s->claim.pinned_bytes += base->size_bytes;
    if (base->is_listed)
        s->claim.loose_bytes -= base->size_bytes;
    return true;
}

static void keep_used(struct host_core *c, struct sum *s)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&c->records, &at)) != NULL;)
        keep(c, s, ((const struct host_record *)e->value)->manifest);
    at = 0;
    for (struct map_entry *e; (e = map_next(&c->bases, &at)) != NULL;)
        if (((const struct host_base *)e->value)->job_id != 0)
            keep(c, s, e->key);
}

static void judge(struct host_core *c, struct sum *s, struct host_seed *seed)
{
    struct host_base *base = host_cache_base(c, seed->fetch.manifest);
    if (!base->is_listed)
        base->size_bytes = seed->fetch.size_bytes;
    s->claim.size_bytes = base->size_bytes;
    s->claim.missing_bytes = base->is_listed ? 0 : base->size_bytes;
    seed->left_bytes = host_cache_left(&s->claim, &s->bounds);
    seed->fits = map_get(&s->names, seed->fetch.manifest) != NULL ||
                 host_cache_fits(&s->claim, &s->bounds);
    if (seed->fits && keep(c, s, seed->fetch.manifest) && !base->is_listed)
        s->bounds.free_bytes -= base->size_bytes;
}

static void judge_all(struct host_core *c, struct sum *s, bool are_here)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&c->seeds, &at)) != NULL;) {
        struct host_seed *seed = e->value;
        if (is_here(host_cache_base(c, seed->fetch.manifest)) == are_here)
            judge(c, s, seed);
    }
}

/* Instances come first, then what is here already. */
void host_seeds_judge(struct host_core *c)
{
    if (c->disks == NULL || c->seeds.live == 0)
        return;
    struct sum s = {.claim = {.loose_bytes = c->disks->cached_bytes},
                    .bounds = {.cache_bytes = c->config->cache_bytes,
                               .total_bytes = c->disks->images_total_bytes,
                               .free_bytes = c->disks->images_free_bytes,
                               .free_percent = c->config->cache_free_percent}};
    keep_used(c, &s);
    judge_all(c, &s, true);
    judge_all(c, &s, false);
    map_fini(&s.names);
}

/* ---- what is done -------------------------------------------------------------------------- */

static void say(struct host_core *c, const char *image, const struct host_seed *seed,
                enum seed_state state, const char *detail)
{
    CLEANUP(buf_fini) struct buf body = {0};
    wire_encode(&body, &wire_seed_seen_type,
                &(struct wire_seed_seen){.state = seed_state_text(state), .detail = detail});
    sync_child_say(&c->up, "seed", image, seed->generation, 0, buf_str(&body));
}

static void refuse(struct host_core *c, const char *image, const struct host_seed *seed)
{
    char why[128];
    int64_t left = seed->left_bytes > 0 ? seed->left_bytes : 0;
    snprintf(why, sizeof why, "it takes %lld MiB, and %lld MiB are left for images to be kept",
             (long long)((seed->fetch.size_bytes + (1 << 20) - 1) >> 20), (long long)(left >> 20));
    say(c, image, seed, SEED_REFUSED, why);
}

/* Is a seed's base under way? Guests' own come beside it. */
static bool is_fetching(struct host_core *c)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&c->seeds, &at)) != NULL;)
        if (host_cache_base(c, ((const struct host_seed *)e->value)->fetch.manifest)->job_id != 0)
            return true;
    return false;
}

static void act(struct host_core *c, const char *image, const struct host_seed *seed)
{
    const struct host_base *base = host_cache_base(c, seed->fetch.manifest);
    struct host_seed_view view = {.fits = seed->fits,
                                  .is_here = is_here(base),
                                  .is_coming = base->job_id != 0,
                                  .may_fetch = c->evict_job == 0 && !is_fetching(c) &&
                                               host_cache_may_fetch(c, base),
                                  .has_room = host_cache_has_room(c)};
    enum host_seed_action action = host_plan_seed(&view);
    if (action == HOST_SEED_FETCH)
        host_cache_fetch(c, &seed->fetch);
    if (action == HOST_SEED_KEEP)
        say(c, image, seed, SEED_WHOLE, "");
    else if (action == HOST_SEED_REFUSE)
        refuse(c, image, seed);
    else
        say(c, image, seed, SEED_FETCHING, view.has_room ? base->why : "its disk is full");
}

void host_seeds_act(struct host_core *c)
{
    size_t at = 0;
    if (c->disks == NULL)
        return; /* what is here is not known yet */
    host_seeds_judge(c);
    for (struct map_entry *e; (e = map_next(&c->seeds, &at)) != NULL;)
        act(c, e->key, e->value);
}
