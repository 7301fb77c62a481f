/* timing.h - the times of the protocol (PROTOCOL 5). Tests scale all of them at once. */
#pragma once

#include <stdint.h>

struct sync_timing {
    int64_t heartbeat_ms; /* a sync without facts is held this long, +-10 % */
    int64_t call_ms;      /* a sync ends after this */
    int64_t retry_ms;     /* and is tried again within this, drawn at random */
    int64_t suspect_ms;   /* no new placements on a child unheard for this */
    int64_t lease_ms;     /* granted from the child's own time of sending */
    int64_t kill_ms;      /* what a guard needs to end what runs */
    int64_t tombstone_ms; /* a child keeps what it reported gone for this */
    int64_t page_bytes;   /* of one message's items */
};

/* heartbeat 2 s, call 4 s, retry 2 s, suspect 6 s, lease 15 s, kill 5 s, tombstones 24 h, 1 MiB */
struct sync_timing sync_timing_default(void);
/* All times but page_bytes divided by `by`. */
struct sync_timing sync_timing_scaled(int64_t by);
/* R4: how long after its reply a parent believes in a lease that it granted. */
int64_t sync_lease_believed_ms(const struct sync_timing *t);
