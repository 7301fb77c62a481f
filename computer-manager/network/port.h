/* port.h - the jobs of computer-network: ensure a port, remove it, list.
 *
 * Each reads what is there, changes what differs, and may be cut short and repeated at any point:
 * a port's labelled tap comes first and goes last, so that whatever was begun is listed. */
#pragma once

#include "base/err.h"
#include "computer-manager/model/job.h"
#include "computer-manager/network/network.h"

#include <stdbool.h>

enum err_code port_ensure(struct network *net, const struct host_port *port,
                          struct host_net_port_done *done, struct err *err);
/* *last: the network went with it. */
enum err_code port_remove(struct network *net, const struct host_net_unport *unport, bool *last,
                          struct err *err);
/* Also removes what lost its port: half-made taps, networks without ports, rules without taps; and
 * says of each port whether it is still what was made (guard.h). */
enum err_code port_list(struct network *net, struct host_net_list *out, struct err *err);
