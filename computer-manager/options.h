/* options.h - a computer-manager's options, made from options.def. */
#pragma once

#include "base/config.h"

#include <stddef.h>

#define OPTION_TEXT(name) char name[CONFIG_TEXT_SIZE];
#define OPTION_PATH(name) char name[CONFIG_TEXT_SIZE];
#define OPTION_INT(name)  int64_t name;
struct host_options {
#define OPTION(section, key, name, kind, otherwise, min, max, help) OPTION_##kind(name)
#include "computer-manager/options.def"
#undef OPTION
};
#undef OPTION_TEXT
#undef OPTION_PATH
#undef OPTION_INT

/* For base/config; the rows are those of options.def. */
const struct config_option *host_options_table(size_t *len);
