/* pulse.h - do a network's guests answer for their addresses? The router's namespace is their
 * neighbour: it asks by ARP where it does not know, and tells when each was heard last. */
#pragma once

#include "base/err.h"
#include "computer-manager/model/job.h"
#include "computer-manager/network/survey.h"
#include "computer-manager/network/vpc.h"

/* Fills answered_ms of that network's ports, and has the kernel ask those that are quiet; what they
 * answer is in the next listing. `out` lists the survey's ports in its order. */
enum err_code pulse_take(const struct vpc *v, const struct survey *survey,
                         struct host_net_list *out, struct err *err);
