/* daemons.h - the daemons of this machine, by what they say of themselves (proto/http/status.h).
 *
 * For doctor. Asks plain HTTP on loopback, sends nothing that is ours. */
#pragma once

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

enum { CLI_DAEMON_CHECKS = 16 };

struct cli_daemon {
    const char *where;          /* "127.0.0.1:8791" */
    const char *name, *version; /* "tercet-dos", "0.1.0" */
    const char *unfit; /* its checks that do not hold: "parent: ...; room: ..."; "" = fit */
    int64_t certificate_ends_s; /* since 1970; 0 = it has none */
};

/* False: nobody answers there, or it is none of ours. Texts live in `arena`. */
bool cli_daemon_ask(const char *where, struct arena *arena, struct cli_daemon *out);
