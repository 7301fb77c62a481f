/* timing.c - the times of the protocol. */
#include "proto/sync/timing.h"

#include "base/check.h"

struct sync_timing sync_timing_default(void)
{
    return (struct sync_timing){
        .heartbeat_ms = 2000,
        .call_ms = 4000,
        .retry_ms = 2000,
        .suspect_ms = 6000,
        .lease_ms = 15000,
        .kill_ms = 5000,
        .tombstone_ms = 24 * 3600 * 1000,
        .page_bytes = 1 << 20,
    };
}

struct sync_timing sync_timing_scaled(int64_t by)
{
    PRE(by > 0);
    struct sync_timing t = sync_timing_default();
    t.heartbeat_ms /= by;
    t.call_ms /= by;
    t.retry_ms /= by;
    t.suspect_ms /= by;
    t.lease_ms /= by;
    t.kill_ms /= by;
    t.tombstone_ms /= by;
    return t;
}

int64_t sync_lease_believed_ms(const struct sync_timing *t)
{
    return t->lease_ms + t->lease_ms / 50 + t->kill_ms;
}
