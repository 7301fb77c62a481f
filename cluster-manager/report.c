/* report.c - what a cluster-manager has to say of itself: core.report. */
#include "cluster-manager/cluster.h"
#include "cluster-manager/store/instance.h"

#define FAMILY(id, name, type, help) \
    static const struct report_family id = {name, REPORT_##type, help};
#include "cluster-manager/metrics.def"
#undef FAMILY

static const int64_t MIB = 1024 * 1024;

static void tell_hosts(const struct cluster_core *c, struct report *r)
{
    struct room total = {0};
    int64_t unwell_len = 0;
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&c->rooms, &at)) != NULL;) {
        const struct cluster_host *h = e->value;
        total.memory_mib += h->total.memory_mib;
        total.vcpus += h->total.vcpus;
        unwell_len += *h->health != '\0';
    }
    report_number(r, &memory, total.memory_mib * MIB, NULL);
    report_number(r, &vcpus, total.vcpus, NULL);
    report_number(r, &unwell, unwell_len, NULL);
}

void cluster_report(const void *self, const struct instant *now, struct report *r)
{
    const struct cluster_core *c = self;
    struct cluster_placed all = cluster_instance_placed(c->store);
    report_number(r, &placed, all.instances, NULL);
    report_number(r, &waiting, all.waiting, NULL);
    report_number(r, &memory_placed, all.use.memory_mib * MIB, NULL);
    report_number(r, &vcpus_placed, all.use.vcpus, NULL);
    tell_hosts(c, r);
    sync_parent_report(&c->down, now, r);
    sync_child_report(&c->up, now, r);
}
