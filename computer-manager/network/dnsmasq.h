/* dnsmasq.h - the one dnsmasq of each network, in its router namespace: DHCP and names.
 *
 * It outlives computer-network, is found again by its pid file, and is only believed to be ours
 * when its command line names our configuration. */
#pragma once

#include "base/err.h"
#include "computer-manager/network/lease.h"
#include "computer-manager/network/network.h"

#include <stdbool.h>

/* The user it drops to. */
const char *dnsmasq_user(void);
bool dnsmasq_runs(const struct lease_paths *paths);
/* Starts it in the namespace the process is in, and waits until it listens (it then detaches). */
enum err_code dnsmasq_start(const struct network *net, const struct lease_paths *paths,
                            struct err *err);
/* Ends it and waits until it is gone; none running is fine. */
enum err_code dnsmasq_stop(const struct lease_paths *paths, struct err *err);
/* Has it read leases and names again. */
enum err_code dnsmasq_reread(const struct lease_paths *paths, struct err *err);
