/* options.c - the table of options.def, for the manager and for helpers that are services. */
#include "computer-manager/options.h"

#include "computer-manager/model/job.h"

#include <stddef.h>

static const struct config_option table[] = {
#define OPTION(section, key, name, kind, otherwise, min, max, help) \
    {#section, #key, CONFIG_##kind, otherwise, min, max, offsetof(struct host_options, name), help},
#include "computer-manager/options.def"
#undef OPTION
};

const struct config_option *host_options_table(size_t *len)
{
    *len = sizeof table / sizeof table[0];
    return table;
}
