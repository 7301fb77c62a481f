/* report.c - what a computer-manager has to say of itself: core.report. */
#include "computer-manager/host.h"

#define FAMILY(id, name, type, help) \
    static const struct report_family id = {name, REPORT_##type, help};
#include "computer-manager/metrics.def"
#undef FAMILY

static const struct {
    const char *name;
    enum host_dom dom;
} states[] = {{"running", HOST_DOM_RUNNING},
              {"paused", HOST_DOM_PAUSED},
              {"stopping", HOST_DOM_STOPPING},
              {"off", HOST_DOM_OFF}};
enum { STATES = sizeof states / sizeof *states };

static size_t state_of(const struct host_record *rec)
{
    size_t at = 0;
    while (at < STATES && states[at].dom != rec->dom)
        at++;
    return at;
}

static void tell_guests(const struct host_core *c, struct report *r)
{
    int64_t len[STATES + 1] = {0}, ill = 0, ready = 0, busy = 0, again = 0;
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&c->records, &at)) != NULL;) {
        const struct host_record *rec = e->value;
        len[state_of(rec)]++;
        ill += rec->status == GUEST_IMPAIRED;
        ready += rec->is_queued;
        busy += rec->job_id != 0;
        again += rec->attempt > 0;
    }
    for (size_t i = 0; i <= STATES; i++)
        report_number(r, &guests, len[i], "state", i < STATES ? states[i].name : "other", NULL);
    report_number(r, &impaired, ill, NULL);
    report_number(r, &queued, ready, NULL);
    report_number(r, &jobs, busy, NULL);
    report_number(r, &failing, again, NULL);
}

static void tell_disks(const struct host_core *c, struct report *r)
{
    int64_t whole = 0;
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&c->bases, &at)) != NULL;)
        whole += ((const struct host_base *)e->value)->is_ready;
    report_number(r, &bases, whole, NULL);
    if (c->disks == NULL)
        return;
    report_number(r, &cached, c->disks->cached_bytes, NULL);
    report_number(r, &disk, c->disks->total_bytes, NULL);
    report_number(r, &disk_free, c->disks->free_bytes, NULL);
}

void host_report(const void *self, const struct instant *now, struct report *r)
{
    const struct host_core *c = self;
    tell_guests(c, r);
    tell_disks(c, r);
    sync_child_report(&c->up, now, r);
    report_check(r, "hypervisor",
                 c->probe.memory_mib == 0 && *c->hv_health == '\0' ? "it was not heard yet"
                                                                   : c->hv_health);
    report_check(r, "room", host_cache_has_room(c) ? "" : "less than 10 % of the disk is free");
}
