/* cut.h - ends the connections that a change of rules forbids, and no other.
 *
 * The filters ask about a connection's first packet only. After each change the connections that it
 * may concern are asked about again (model/verdict.c) and the refused ones taken out of the
 * kernel's table; their next packets meet the new rules. What the rules are is remembered in this
 * process alone: whatever is not known yet lets everything stay. */
#pragma once

#include "base/err.h"
#include "computer-manager/model/job.h"

#include <stdbool.h>
#include <stdint.h>

/* After the port's rules, or the group's members, were loaded. `zone` is the network's. */
enum err_code cut_port(const struct host_port *port, uint16_t zone, struct err *err);
enum err_code cut_group(const struct host_net_group *group, bool lost_any, uint16_t zone,
                        struct err *err);
/* The group as it was loaded last; NULL = that is not known. */
const struct host_net_group *cut_known(int64_t vni, const char *group);
/* The port is gone, as wished: its address may be another's tomorrow. */
enum err_code cut_address(const char *port, uint32_t address, uint16_t zone, struct err *err);
void cut_forget_network(int64_t vni);
