/* starts.c - whose turn it is to start: who was wished first, and not too many at once
 * (model/pace.h). Time that passes in this queue is not held against who waits. */
#include "base/str.h"
#include "computer-manager/host.h"

#include <string.h>

/* From the order until a listing begun after its end: only then is it seen in the load. */
static bool is_starting(const struct host_record *r)
{
    return r->job_kind == HOST_JOB_HV_START && (r->job_id != 0 || r->dom == HOST_DOM_UNLISTED);
}

static bool is_before(const struct host_record *a, const struct host_record *b)
{
    if (b == NULL || a->wished_ms != b->wished_ms)
        return b == NULL || a->wished_ms < b->wished_ms;
    return strcmp(a->id, b->id) < 0;
}

struct host_record *host_starts_next(const struct host_core *c)
{
    struct host_record *first = NULL;
    int64_t starting = 0;
    if (c->queue_len == 0)
        return NULL;
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&c->records, &at)) != NULL;) {
        struct host_record *r = e->value;
        starting += is_starting(r);
        if (r->is_queued && is_before(r, first))
            first = r;
    }
    return starting < host_pace(&c->load) ? first : NULL;
}

void host_starts_queue(struct host_core *c, struct host_record *r, bool waits)
{
    if (r->is_queued)
        r->waited_ms += c->at.now_ms - r->queued_ms;
    c->queue_len = c->queue_len + waits - r->is_queued;
    r->is_queued = waits;
    r->queued_ms = c->at.now_ms;
}

void host_starts_note_load(struct host_core *c, int64_t idle_permille)
{
    int64_t before = host_pace(&c->load);
    c->load = (struct host_load){.vcpus = c->probe.vcpus, .idle_permille = idle_permille};
    c->is_dirty = c->is_dirty || host_pace(&c->load) > before;
}
