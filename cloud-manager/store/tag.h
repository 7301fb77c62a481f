/* tag.h - tags: (resource, key) -> value, of an account. Table tag. */
#pragma once

#include "cloud-manager/store/row.h"

#include <stdbool.h>

struct cloud_tag {
    const char *resource, *key, *value;
};

struct cloud_tags {
    struct cloud_tag *list; /* by resource, then key */
    size_t len;
};

struct cloud_tags cloud_tag_list(struct store *st, struct arena *arena, const char *resource);
/* Of all resources of an account. */
struct cloud_tags cloud_tag_list_account(struct store *st, struct arena *arena,
                                         const char *account);
/* Inserts or overwrites. */
void cloud_tag_save(struct store *st, const char *account, const struct cloud_tag *tag);
/* `value` NULL = whatever it is. */
void cloud_tag_delete(struct store *st, const char *account, const char *resource, const char *key,
                      const char *value);
void cloud_tag_delete_all(struct store *st, const char *resource);
/* Without those of the reserved prefix "aws:". */
int64_t cloud_tag_count(struct store *st, const char *resource);
/* Is there such a resource of that account? Of everything but instances. */
bool cloud_resource_is_of(struct store *st, const char *id, const char *account);
