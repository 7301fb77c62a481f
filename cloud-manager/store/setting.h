/* setting.h - single texts: the CA, what was made once at setup. Table setting. */
#pragma once

#include "base/arena.h"
#include "base/store.h"

/* In `arena`; NULL when it was never saved. */
const char *cloud_setting_get(struct store *st, struct arena *arena, const char *name);
void cloud_setting_save(struct store *st, const char *name, const char *value);
