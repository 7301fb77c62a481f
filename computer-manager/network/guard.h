/* guard.h - is what was made still so? What somebody removed, flushed or changed by hand, and what
 * died, shows in the next listing, and the manager has it made again.
 *
 * Cheap while nothing changes: the kernel counts the generations of a namespace's rules, and the
 * links are listed anyway; only where one of both moved are the rules read and compared with what
 * was read right after they were loaded. Remembered in this process alone: after its start nothing
 * counts as whole until it was made once more. */
#pragma once

#include "base/err.h"
#include "computer-manager/model/filter.h"
#include "computer-manager/model/job.h"
#include "computer-manager/network/network.h"
#include "computer-manager/network/survey.h"
#include "computer-manager/network/vpc.h"

#include <stdbool.h>

/* Remembers what was just loaded: the shared table's own chains, a port's chains and gates, a
 * group's set, the router's table (called inside its namespace). Of a set only what changed is
 * counted; `before` is the rules' generation of just before: where that change alone has moved it,
 * there is nothing to look at. */
enum err_code guard_learn_shared(struct network *net, const char *loaded, struct err *err);
enum err_code guard_learn_port(struct network *net, const struct host_port *port, struct err *err);
enum err_code guard_learn_group(struct network *net, const struct host_net_group *group,
                                const struct host_filter_change *change, uint32_t before,
                                struct err *err);
enum err_code guard_learn_router(int64_t vni, struct err *err);
/* It is gone, as wished. */
void guard_forget_port(const char *port);
void guard_forget_network(int64_t vni);

/* Reads what is loaded where links or rules moved since the last look; *is_moved says so. */
enum err_code guard_look(struct network *net, const struct survey *survey, bool *is_moved,
                         struct err *err);
/* As of the newest look: bridge, router namespace, its rules and dnsmasq. */
bool guard_network_is_whole(struct vpc *v, const struct survey_network *seen);
/* Its tap is up and on that bridge, behind its filters; the network's own wholeness apart. */
bool guard_port_is_whole(const struct vpc *v, const struct survey_network *network,
                         const struct survey_port *port);
