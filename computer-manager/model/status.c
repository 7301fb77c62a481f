/* status.c - see status.h. */
#include "computer-manager/model/status.h"

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

enum guest_status host_status(const struct host_pulse *p, int64_t now_ms)
{
    bool has_answered = p->answered_ms >= p->run_ms;
    int64_t quiet_ms = later(later(p->run_ms, p->heard_ms), has_answered ? p->answered_ms : 0);
    if (p->is_paused)
        return GUEST_IMPAIRED;
    if (has_answered && now_ms - p->answered_ms < HOST_STATUS_SILENT_MS)
        return GUEST_OK;
    if (now_ms - quiet_ms >= HOST_STATUS_SILENT_MS)
        return GUEST_IMPAIRED;
    return p->before == GUEST_NONE ? GUEST_INITIALIZING : p->before;
}
