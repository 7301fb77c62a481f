/* cache.c - the bases of images on this host are bounded: what nobody stands on goes first of all
 * when the disk is full, and where that does not help nothing is started (PROTOCOL 8). */
#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "computer-manager/host.h"
#include "computer-manager/model/cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_PERCENT = 10 }; /* ARCHITECTURE 10: no starts below */

/* A base that was asked for as lately as this is kept: its root disk may be on its way. */
static const int64_t IDLE_MS = 60000;

bool host_cache_has_room(const struct host_core *c)
{
    return c->disks == NULL || c->disks->free_bytes >= c->disks->total_bytes / 100 * ROOM_PERCENT;
}

static bool pin(struct host_disk_evict *spec, const char *manifest)
{
    for (int64_t i = 0; i < spec->pins_len; i++)
        if (str_eq(spec->pins[i], manifest))
            return true;
    if (*manifest == '\0' || spec->pins_len == HOST_PINS_MAX)
        return *manifest == '\0';
    return str_copy(spec->pins[spec->pins_len++], HOST_HASH_SIZE, manifest);
}

/* Whatever a record names, running or not, what is being fetched, and seeds. False: more than fit,
 * and then nothing may go. */
static bool pin_all(const struct host_core *c, struct host_disk_evict *spec)
{
    bool fits = true;
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&c->records, &at)) != NULL;)
        fits = pin(spec, ((const struct host_record *)e->value)->manifest) && fits;
    at = 0;
    for (struct map_entry *e; (e = map_next(&c->bases, &at)) != NULL;)
        if (((const struct host_base *)e->value)->job_id != 0)
            fits = pin(spec, e->key) && fits;
    at = 0;
    for (struct map_entry *e; (e = map_next(&c->seeds, &at)) != NULL;) {
        const struct host_seed *seed = e->value;
        if (seed->fits)
            fits = pin(spec, seed->fetch.manifest) && fits;
    }
    return fits;
}

/* What may go is asked for again before anything is made of it. */
static void doubt_unpinned(struct host_core *c, struct host_disk_evict *spec)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&c->bases, &at)) != NULL;) {
        struct host_base *base = e->value;
        int64_t pins_len = spec->pins_len;
        if (base->job_id == 0 && (!pin(spec, e->key) || spec->pins_len > pins_len))
            base->is_ready = base->is_listed = false;
        spec->pins_len = pins_len;
    }
}

void host_cache_check(struct host_core *c)
{
    struct host_cache_bounds bounds = {.cache_bytes = c->config->cache_bytes,
                                       .total_bytes = c->disks->images_total_bytes,
                                       .free_bytes = c->disks->images_free_bytes,
                                       .free_percent = c->config->cache_free_percent};
    if (c->evict_job != 0 || c->disks->cached_bytes == 0 ||
        !host_cache_is_full(c->disks->cached_bytes, &bounds))
        return;
    struct host_disk_evict *spec = check_alloc(sizeof *spec);
    *spec = (struct host_disk_evict){
        .cache_bytes = bounds.cache_bytes, .free_percent = bounds.free_percent, .idle_ms = IDLE_MS};
    host_seeds_judge(c);
    if (pin_all(c, spec)) {
        doubt_unpinned(c, spec);
        c->evict_job = host_job(c, HOST_JOB_DISK_EVICT, spec, sizeof *spec);
    }
    free(spec);
}

struct host_base *host_cache_base(struct host_core *c, const char *manifest)
{
    struct host_base *base = map_get(&c->bases, manifest);
    if (base == NULL) {
        base = check_alloc(sizeof *base);
        map_put(&c->bases, manifest, base);
    }
    return base;
}

bool host_cache_may_fetch(const struct host_core *c, const struct host_base *base)
{
    return base->job_id == 0 && c->at.now_ms >= base->next_ms;
}

void host_cache_fetch(struct host_core *c, const struct host_disk_base *spec)
{
    struct host_base *base = host_cache_base(c, spec->manifest);
    PRE(host_cache_may_fetch(c, base));
    if (!base->is_listed)
        base->size_bytes = spec->size_bytes;
    if (base->percent != 0)
        host_mark_base(c, spec->manifest);
    base->percent = 0;
    base->job_id = host_job_within(c, HOST_JOB_DISK_BASE, spec, sizeof *spec,
                                   host_start_ms(spec->size_bytes));
}

bool host_cache_fetched(struct host_core *c, const char *manifest, struct host_base *base,
                        const struct job_done *done)
{
    base->job_id = 0;
    host_mark_base(c, manifest);
    if (done->code == ERR_OK) {
        base->is_ready = true;
        base->ready_job = c->last_job;
        base->why[0] = '\0';
        base->attempt = 0;
        host_share_say(c);
        return false;
    }
    log_warn("image.fetch_failed", "manifest", manifest, "why", done->text, NULL);
    snprintf(base->why, sizeof base->why, "%s", done->text);
    base->next_ms = c->at.now_ms + host_backoff_ms(++base->attempt);
    return err_row(done->code)->retry == ERR_NEVER || base->attempt >= HOST_FETCH_ATTEMPTS;
}

/* One that is not listed any more went by somebody's hand. */
void host_cache_listed(struct host_core *c, uint64_t job_id)
{
    const struct host_disk_list *list = c->disks;
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&c->bases, &at)) != NULL;)
        ((struct host_base *)e->value)->is_listed = false;
    for (int64_t i = 0; i < list->bases_len && i < HOST_PINS_MAX; i++) {
        struct host_base *base = host_cache_base(c, list->bases[i].manifest);
        base->is_listed = true;
        base->size_bytes = list->bases[i].size_bytes;
    }
    at = 0;
    for (struct map_entry *e; (e = map_next(&c->bases, &at)) != NULL;) {
        struct host_base *base = e->value;
        if (base->is_ready && !base->is_listed && job_id > base->ready_job) {
            base->is_ready = false;
            host_mark_base(c, e->key);
        }
    }
    c->is_dirty = c->is_dirty || c->seeds.live > 0;
    host_share_say(c);
}

void host_cache_done(struct host_core *c, const struct job_done *done)
{
    const struct host_disk_evicted *out = done->result;
    c->evict_job = 0;
    c->is_dirty = c->is_dirty || c->seeds.live > 0; /* they wait for its end */
    if (done->code != ERR_OK) {
        log_warn("image.evict_failed", "why", done->text, NULL);
    } else if (done->result_size == sizeof *out && out->bases > 0) {
        char freed[24];
        snprintf(freed, sizeof freed, "%lld", (long long)(out->freed_bytes >> 20));
        log_info("image.cache_cleaned", "freed_mib", freed, NULL);
        c->disks_next_ms = c->at.now_ms; /* a start may wait for that room */
    }
}
