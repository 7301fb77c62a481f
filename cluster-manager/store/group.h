/* group.h - which hosts need which security groups. Tables instance_group, group_ref, group_host,
 * group_changed; triggers keep the last two. */
#pragma once

#include "base/arena.h"
#include "base/store.h"
#include "proto/wire/messages.h"

/* The instance's port is in these groups from now on; NULL = there is no such port. */
void cluster_group_join(struct store *st, const char *instance, const struct wire_port *port);
/* These are the groups that the rules of one name; NULL = it has no rules. */
void cluster_group_refer(struct store *st, const char *id, const struct wire_group *group);

/* Is the host to know the group: has it a port of it, or of one whose rules name it? */
bool cluster_group_is_needed(struct store *st, const char *id, const char *host);

struct cluster_need {
    const char *group, *host;
};
/* Where that may be otherwise than when it was taken last. */
struct cluster_need *cluster_group_take_changed(struct store *st, struct arena *arena, size_t *len);
