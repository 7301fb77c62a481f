/* tether.h - the helper's side of a channel that systemd made for it.
 *
 * Where the helpers are services of their own, the manager connects and systemd starts a process
 * for that connection. The manager has no right to kill it: it lets go of the channel instead, and
 * the process ends itself, at once and whatever it is doing. */
#pragma once

#include <stdbool.h>

/* Was CHANNEL_FD given to this process by systemd? */
bool tether_is_given(void);
/* Ends this process once the manager lets go. A thread of its own with what rights the caller has
 * now; called once, when nothing of privilege is left to give up. */
void tether_hold(void);
