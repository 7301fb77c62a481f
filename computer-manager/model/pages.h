/* pages.h - the members of a security group as struct host_net_group has them: by /24s, a bit each.
 * Pure. */
#pragma once

#include "computer-manager/model/job.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HOST_MEMBERS_MAX = HOST_PAGES_MAX * HOST_PAGE_LEN };

bool host_pages_has(const struct host_net_group *group, uint32_t address);
int64_t host_pages_count(const struct host_net_group *group);
/* Those in `group` and not in `other`, ascending; NULL = nobody is in that. Gives how many. */
size_t host_pages_others(uint32_t out[HOST_MEMBERS_MAX], const struct host_net_group *group,
                         const struct host_net_group *other);
/* Of the part of it that says something: up to its last page. */
size_t host_pages_size(const struct host_net_group *group);
