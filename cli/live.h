/* live.h - what is asked again and again: --watch, and the screens of `top`.
 *
 * On a terminal it is drawn anew; into a pipe go the lines that were not there the time before. A
 * cloud that is away for a moment does not end it. */
#pragma once

#include "cli/cli.h"
#include "cli/news.h"

enum {
    CLI_LIVE_MS = 2000,
    CLI_TOLD_MS = 10000, /* what changes is told, but not all that stands in a table */
};

/* One look: appends what is to be seen. It has an arena of its own turn. */
typedef enum cli_exit (*cli_live_look)(struct cli *turn, struct buf *out, struct cli_fault *fault);

/* Until q or Ctrl-C, or a fault that will not pass. `title` stands above, on a terminal. `news` of
 * what is looked at, or NULL. */
enum cli_exit cli_live(struct cli *cli, const char *title, cli_live_look look,
                       struct cli_news *news, struct cli_fault *fault);
/* --watch of a command that reads: its own handler, again and again. */
enum cli_exit cli_watch(struct cli *cli, struct cli_fault *fault);
