/* valid.h - is what the manager sent fit to be acted upon? Every field, before anything is done:
 * names go into nft texts and file names, numbers into the kernel. Pure. */
#pragma once

#include "base/err.h"
#include "computer-manager/model/job.h"

#include <stddef.h>

/* `link_base`: the /14 that guests' networks must not overlap. */
enum err_code valid_port(const struct host_port *p, uint32_t link_base, struct err *err);
enum err_code valid_unport(const struct host_net_unport *u, struct err *err);
enum err_code valid_group(const struct host_net_group *g, size_t size, struct err *err);
/* `size`: of the message, which ends with the last entry. */
enum err_code valid_peers(const struct host_net_peers *p, size_t size, struct err *err);
