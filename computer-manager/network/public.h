/* public.h - the public address of a port, in place or not (model/public.h says how it works).
 * Called by port.c, whose jobs it is part of. The process is in the home namespace. */
#pragma once

#include "computer-manager/model/job.h"
#include "computer-manager/network/vpc.h"

/* The port has the public address that it names, and no other; 0 = none. Its network is there. */
enum err_code public_ensure(struct vpc *v, const struct host_port *port, struct err *err);
/* `address` has no public address any more; fine where it had none, or the network is gone. */
enum err_code public_remove(struct vpc *v, uint32_t address, struct err *err);
