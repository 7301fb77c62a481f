/* options.h - dos's options, made from options.def. */
#pragma once

#include "base/config.h"

#define OPTION_TEXT(name) char name[CONFIG_TEXT_SIZE];
#define OPTION_PATH(name) char name[CONFIG_TEXT_SIZE];
#define OPTION_INT(name)  int64_t name;
#define OPTION_SIZE(name) int64_t name;
struct dos_options {
#define OPTION(section, key, name, kind, otherwise, min, max, help) OPTION_##kind(name)
#include "dos/options.def"
#undef OPTION
};
#undef OPTION_TEXT
#undef OPTION_PATH
#undef OPTION_INT
#undef OPTION_SIZE
