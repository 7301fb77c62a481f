/* cli.h - one run of tercet: everything a command may use. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/rng.h"
#include "cli/line.h"
#include "cli/profile.h"

struct cli_http;

struct cli {
    struct arena arena; /* until the end of the run */
    struct cli_line line;
    struct cli_profile profile;
    struct cli_http *http; /* owned */
    struct buf *screen;    /* borrowed: output goes there; NULL: to stdout */
    struct clock clock;
    struct rng rng;
};

/* Monotonic. */
static inline int64_t cli_now_ms(const struct cli *cli)
{
    return cli->clock.read(cli->clock.self).mono_ms;
}

/* What faults call the command. */
static inline const char *cli_doing(struct cli *cli)
{
    return cli_line_doing(&cli->line, &cli->arena);
}
