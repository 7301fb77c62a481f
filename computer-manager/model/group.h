/* group.h - one security group on this host: its rules, and its members: who is wished to be in, by
 * pages, and whether computer-network has been told. Pure; the core gives out what is told as jobs.
 *
 *   forgotten --told anew--> known --a page comes or goes--> differs --told, the difference
 * loaded--. ^ ^--------------------------------------------------------------------'
 *       '-- the host starts, the network comes anew, a job's outcome is not known
 */
#pragma once

#include "computer-manager/model/job.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct host_group {
    struct host_net_group wished; /* as it is told: pages that somebody is in */
    bool has_rules;               /* its own item is here: rules of this host may name it */
    struct host_rule *rules;      /* owned; in the order of that item */
    size_t rules_len;
    int64_t wished_n, ordered_n, told_n; /* counts changes: of what is wished, ordered, told */
    uint64_t job_id;                     /* under way; 0 = none. The rest is the core's */
    int64_t attempt, next_ms;
};

struct host_group *host_group_new(const char *id, int64_t vni);
void host_group_free(struct host_group *g);
/* Its item is here with these rules, which it takes; NULL = it is not. */
void host_group_set_rules(struct host_group *g, struct host_rule *rules, size_t len);
/* False: a network has no so many pages. */
bool host_group_set(struct host_group *g, const struct host_net_page *page);
void host_group_drop(struct host_group *g, uint32_t base);
/* computer-network knows nothing of it. */
void host_group_forget(struct host_group *g);
/* Nothing is to be told, and nothing is under way. */
bool host_group_is_settled(const struct host_group *g);
/* Nobody is wished to be in it, and no rule can name it. */
bool host_group_is_empty(const struct host_group *g);
/* What is wished goes out; gives the size of the job. */
size_t host_group_order(struct host_group *g, struct host_net_group *out);
/* The job under way ended, well or not. */
void host_group_done(struct host_group *g, bool is_well);
