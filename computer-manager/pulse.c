/* pulse.c - does the guest answer? What the network's listing says of it, as a status. */
#include "computer-manager/host.h"
#include "computer-manager/model/status.h"
#include "computer-manager/store/record.h"

#include <string.h>

static bool is_on(const struct host_record *r)
{
    return r->dom == HOST_DOM_RUNNING || r->dom == HOST_DOM_PAUSED;
}

bool host_pulse_judge(const struct host_core *c, struct host_record *r)
{
    enum guest_status before = r->status;
    struct host_pulse pulse = {.before = before,
                               .is_paused = r->dom == HOST_DOM_PAUSED,
                               .run_ms = r->run_ms,
                               .heard_ms = c->heard_ms,
                               .answered_ms = r->answered_ms};
    r->status = is_on(r) ? host_status(&pulse, c->at.now_ms) : GUEST_NONE;
    return r->status != before;
}

const char *host_pulse_why(const struct host_core *c, const struct host_record *r)
{
    if (r->status != GUEST_IMPAIRED)
        return "";
    if (r->dom != HOST_DOM_PAUSED)
        return "the guest has not answered for its address for two minutes";
    if (!r->is_disk_error)
        return "the guest is paused";
    return host_cache_has_room(c) ? "the guest is paused by an error of its disk"
                                  : "the guest is paused for want of disk on its host";
}

void host_pulse_hear(struct host_core *c, struct host_record *r, int64_t age_ms)
{
    if (age_ms >= 0 && c->at.now_ms - age_ms > r->answered_ms)
        r->answered_ms = c->at.now_ms - age_ms;
    if (r->dom == HOST_DOM_UNLISTED || !host_pulse_judge(c, r))
        return;
    host_record_save(c->store, r);
    host_say(c, r);
}
