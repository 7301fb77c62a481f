/* probe.h - can this machine do it at all? Asked once, at the start. */
#pragma once

#include "base/err.h"
#include "computer-manager/network/network.h"

/* Tries bridge, taps' gates, zones, masquerade in a namespace of its own that is gone afterwards,
 * and looks for the programs. `err` names what is missing and what brings it. */
enum err_code probe_run(const struct network *net, struct err *err);
