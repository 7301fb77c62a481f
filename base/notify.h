/* notify.h - tells systemd that a daemon is ready, and that it is alive. Where nobody asked (no
 * NOTIFY_SOCKET) nothing happens. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Called once by each main(), when it listens. False when somebody asked and could not be told; the
 * daemon runs on. */
bool notify_ready(void);

/* Within which time systemd wants to hear the next notify_alive (WatchdogSec=), else it kills this
 * process; 0 = it does not ask. */
int64_t notify_watchdog_ms(void);
/* Said by the loop itself (loop_watch.c), never by a thread beside it. */
bool notify_alive(void);
