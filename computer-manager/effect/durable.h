/* durable.h - files that are there whole or not at all, also after a power cut. */
#pragma once

#include "base/err.h"

#include <stdbool.h>

/* Flushes the open file `fd` (as `temporary`) and gives it its name; both lie in `dir`. A file
 * that has the name already is never replaced: then `temporary` is removed and ERR_OK returned. */
enum err_code host_durable_publish(int fd, const char *temporary, const char *name, const char *dir,
                                   struct err *err);
/* Flushes names that were made or removed in `dir`. */
enum err_code host_durable_dir(const char *dir, struct err *err);
