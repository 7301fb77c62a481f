/* report.c - what the cloud-manager has to say of itself: core.report. */
#include "cloud-manager/report.h"

#include "cloud-manager/front.h"
#include "cloud-manager/store/account.h"

#define FAMILY(id, name, type, help) \
    static const struct report_family id = {name, REPORT_##type, help};
#include "cloud-manager/metrics.def"
#undef FAMILY

void cloud_count_request(struct cloud_core *c, int action, enum err_code code)
{
    bool is_ours = code != ERR_OK && err_row(code)->http >= 500;
    if (action < 0)
        c->unproven++;
    else if (code == ERR_OK)
        c->asked[action].ok++;
    else if (is_ours)
        c->asked[action].failed++;
    else
        c->asked[action].refused++;
}

static void tell_action(struct report *r, const char *name, const char *outcome, uint64_t len)
{
    if (len > 0)
        report_number(r, &asked, (int64_t)len, "action", name, "outcome", outcome, NULL);
}

void cloud_report(const void *self, const struct instant *now, struct report *r)
{
    const struct cloud_core *c = self;
    struct cloud_usage all = cloud_usage_all(c->store);
    for (int i = 0; i < CLOUD_ACTIONS; i++) {
        const char *name = cloud_action_name(i);
        tell_action(r, name, "ok", c->asked[i].ok);
        tell_action(r, name, "refused", c->asked[i].refused);
        tell_action(r, name, "failed", c->asked[i].failed);
    }
    report_number(r, &unproven, (int64_t)c->unproven, NULL);
    report_number(r, &instances, all.instances, NULL);
    report_number(r, &vcpus, all.vcpus, NULL);
    report_number(r, &waiting, (int64_t)c->held_len, NULL);
    report_number(r, &streams, (int64_t)c->watchers_len, NULL);
    sync_parent_report(&c->parent, now, r);
}
