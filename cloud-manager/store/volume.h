/* volume.h - disks as EBS volumes; today each is the root disk of one instance. Table volume. */
#pragma once

#include "cloud-manager/store/row.h"

#include <stdbool.h>

#define CLOUD_VOLUME_REST(TEXT, INT)            \
    TEXT(account)                               \
    TEXT(instance)                              \
    TEXT(snapshot)                              \
    TEXT(letter) /* of its zone */              \
    INT(size_gib)                               \
    TEXT(type) /* as it was asked for: "gp2" */ \
    TEXT(device)                                \
    INT(created_wall_ms)
#define CLOUD_VOLUME_ROW(TEXT, INT) TEXT(id) /* vol-... */ CLOUD_VOLUME_REST(TEXT, INT)

struct cloud_volume {
    ROW_FIELDS(CLOUD_VOLUME_ROW)
};

void cloud_volume_insert(struct store *st, const struct cloud_volume *row);
void cloud_volume_delete(struct store *st, const struct cloud_volume *row);
bool cloud_volume_of_instance(struct store *st, struct arena *arena, const char *instance,
                              struct cloud_volume *out);
struct cloud_volume *cloud_volume_list(struct store *st, struct arena *arena, const char *account,
                                       size_t *len);
