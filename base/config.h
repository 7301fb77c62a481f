/* config.h - options of a daemon, from one table (its options.def).
 *
 * The same rows give the parser, --help, the man page and the sample file. Files are INI
 * (libinih): [section] key = value. An unknown key is refused, with the nearest match. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum config_kind { CONFIG_TEXT, CONFIG_INT, CONFIG_SIZE, CONFIG_BOOL, CONFIG_PATH };

struct config_option {
    const char *section, *key;
    enum config_kind kind;
    const char *otherwise; /* default as text; NULL = must be given */
    int64_t min, max;      /* of CONFIG_INT */
    size_t offset;         /* into the daemon's options struct: char[CONFIG_TEXT_SIZE] or int64_t */
    const char *help;
};

enum { CONFIG_TEXT_SIZE = 256 };

/* Fills `options` with defaults, then the file, then section.key=value overrides. On failure
 * `err` names file, line and what to do. */
enum err_code config_load(void *options, const struct config_option *table, size_t len,
                          const char *path, const char *const *overrides, size_t overrides_len,
                          struct err *err);
/* A commented sample file. */
void config_sample(struct buf *out, const struct config_option *table, size_t len);
