/* notify.h - tells systemd that a daemon is ready. Called once by each main(), when it listens;
 * where nobody asked (no NOTIFY_SOCKET) nothing happens. */
#pragma once

#include <stdbool.h>

/* False when somebody asked and could not be told; the daemon runs on. */
bool notify_ready(void);
