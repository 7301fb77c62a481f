/* permission.h - who else may launch an image. Table launch_permission. */
#pragma once

#include "cloud-manager/store/row.h"

#include <stdbool.h>

/* Stands for every account. */
#define CLOUD_PERMISSION_ALL "all"

void cloud_permission_add(struct store *st, const char *image, const char *user);
void cloud_permission_remove(struct store *st, const char *image, const char *user);
void cloud_permission_remove_all(struct store *st, const char *image);
/* Exactly that user, who may be CLOUD_PERMISSION_ALL. */
bool cloud_permission_has(struct store *st, const char *image, const char *user);
/* In order. */
const char **cloud_permission_list(struct store *st, struct arena *arena, const char *image,
                                   size_t *len);
