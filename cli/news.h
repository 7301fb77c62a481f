/* news.h - that something of the account has changed (/v1/events), for who waits for that. Where a
 * cloud tells nothing, or is away, time alone passes: whoever waits looks again when it is over. */
#pragma once

#include "cli/cli.h"

struct cli_news;

/* Nothing is asked before the first wait. */
struct cli_news *cli_news_open(struct cli *cli);
void cli_news_close(struct cli_news *news);
/* Does the cloud tell what changes? */
bool cli_news_is_live(const struct cli_news *news);
enum cli_news_end { CLI_NEWS_TIME, CLI_NEWS_CHANGE, CLI_NEWS_INPUT, CLI_NEWS_INTERRUPTED };
/* Until something has changed, `ms` have passed, the terminal has another size, there is input on
 * `input_fd` (-1: none), or Ctrl-C. What changes at once is one change. */
enum cli_news_end cli_news_wait(struct cli_news *news, int64_t ms, int input_fd);
