/* sweep.h - removes what lost its owner: what a crash, or somebody with `ip link del`, left. */
#pragma once

#include "base/err.h"
#include "computer-manager/network/network.h"
#include "computer-manager/network/survey.h"

/* Taps without a label, networks without a port, chains and tables of ports without a tap. */
enum err_code sweep_strays(struct network *net, const struct survey *survey, struct err *err);
/* The shared table goes when `survey` shows no network other than `but`. */
enum err_code sweep_base(struct network *net, const struct survey *survey, int64_t but,
                         struct err *err);
/* Addresses under which the map of ingress chains knows a port on that network; at most `max`. */
enum err_code sweep_addresses(struct network *net, const char *port, int64_t vni,
                              uint32_t *addresses, size_t max, size_t *len, struct err *err);
