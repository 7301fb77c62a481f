/* status.h - is a guest that runs well? Pure (PROTOCOL 8, the end).
 *
 *   initializing --answered--> ok --two minutes of silence--> impaired --answered--> ok
 *        +-----------two minutes of silence-------------------------^
 *
 * A paused guest is impaired whatever it answers. All times are the daemon's now_ms. */
#pragma once

#include "proto/wire/states.h"

#include <stdbool.h>
#include <stdint.h>

enum { HOST_STATUS_SILENT_MS = 120000 };

struct host_pulse {
    enum guest_status before;
    bool is_paused;
    int64_t run_ms;      /* when this run of it began; an answer of before says nothing */
    int64_t heard_ms;    /* since when anybody listens */
    int64_t answered_ms; /* the newest answer; -1 = none */
};

enum guest_status host_status(const struct host_pulse *p, int64_t now_ms);
