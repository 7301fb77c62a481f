/* group.h - security groups and their rules; who is in them: members.h. Tables security_group,
 * rule.
 */
#pragma once

#include "cloud-manager/store/row.h"

#include <stdbool.h>

#define CLOUD_GROUP_ROW(TEXT, INT)                \
    TEXT(id) /* sg-... */                         \
    TEXT(account)                                 \
    TEXT(vpc)                                     \
    TEXT(name)                                    \
    TEXT(description)                             \
    INT(generation) /* grows with its rules */    \
    INT(is_dirty)   /* clusters are to be told */ \
    INT(is_gone)    /* deleted; kept until every cluster was told to drop it */

struct cloud_group {
    ROW_FIELDS(CLOUD_GROUP_ROW)
};

#define CLOUD_RULE_ROW(TEXT, INT)                             \
    TEXT(id) /* sgr-... */                                    \
    TEXT(account)                                             \
    TEXT(grp)                                                 \
    INT(egress)                                               \
    INT(protocol) /* as struct cloud_match of model/rule.h */ \
    INT(from_port)                                            \
    INT(to_port)                                              \
    TEXT(cidr) /* either this */                              \
    TEXT(peer) /* or a group */                               \
    TEXT(description)

struct cloud_rule {
    ROW_FIELDS(CLOUD_RULE_ROW)
};

void cloud_group_insert(struct store *st, const struct cloud_group *row);
bool cloud_group_get(struct store *st, struct arena *arena, const char *account, const char *id,
                     struct cloud_group *out);
/* Of any account, deleted ones too. */
bool cloud_group_any(struct store *st, struct arena *arena, const char *id,
                     struct cloud_group *out);
bool cloud_group_by_name(struct store *st, struct arena *arena, const char *vpc, const char *name,
                         struct cloud_group *out);
struct cloud_group *cloud_group_list(struct store *st, struct arena *arena, const char *account,
                                     size_t *len);
/* Those that wait to be told to clusters, of all accounts. */
struct cloud_group *cloud_group_list_dirty(struct store *st, struct arena *arena, size_t *len);

/* Its rules changed: a new generation of it. */
void cloud_group_touch(struct store *st, const char *id);
/* Other clusters may need it now. */
void cloud_group_mark(struct store *st, const char *id);
void cloud_group_touch_all(struct store *st);
/* After a restore: its generation is at least that. */
void cloud_group_raise(struct store *st, const char *id, int64_t generation);
void cloud_group_settled(struct store *st, const char *id);

int64_t cloud_group_count(struct store *st, const char *account);
/* Does a living port have it, or a rule of another group name it? */
bool cloud_group_is_needed(struct store *st, const char *id);
/* Its owner sees it no more; the row goes when no cluster has it. */
void cloud_group_end(struct store *st, const char *id);
void cloud_group_delete(struct store *st, const char *id);

/* False where there is an equal one. */
bool cloud_rule_insert(struct store *st, const struct cloud_rule *row);
void cloud_rule_delete(struct store *st, const char *id);
void cloud_rule_describe(struct store *st, const char *id, const char *description);
/* Rules of one direction. */
int64_t cloud_rule_count(struct store *st, const char *group, bool egress);
/* All of an account, by id. */
struct cloud_rule *cloud_rule_list_account(struct store *st, struct arena *arena,
                                           const char *account, size_t *len);
bool cloud_rule_of(struct store *st, struct arena *arena, const char *account, const char *id,
                   struct cloud_rule *out);
/* In a fixed order: ingress first. */
struct cloud_rule *cloud_rule_list(struct store *st, struct arena *arena, const char *group,
                                   size_t *len);
bool cloud_rule_get(struct store *st, struct arena *arena, const char *group, const char *id,
                    struct cloud_rule *out);
/* The one that says the same, if any. */
bool cloud_rule_find(struct store *st, struct arena *arena, const struct cloud_rule *like,
                     struct cloud_rule *out);

/* Clusters that must know the group: with a port of it, or of a group that refers to it. */
const char **cloud_group_nodes(struct store *st, struct arena *arena, const char *group,
                               size_t *len);
