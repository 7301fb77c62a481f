/* news.c - see news.h. */
#include "cli/news.h"

#include "base/check.h"
#include "base/str.h"
#include "cli/http.h"
#include "cli/interrupt.h"
#include "cli/screen.h"
#include "proto/auth/digest.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { SETTLE_MS = 100, AGAIN_MS = 10 * 1000, WORD_SIZE = 32 };

struct cli_news {
    struct cli *cli;
    char payload[DIGEST_SHA256_HEX_SIZE]; /* of no body */
    struct cli_http_stream *stream;       /* NULL: there is none now, */
    int64_t again_ms;                     /* and not before then */
    bool is_live, is_new;
    int64_t new_ms;       /* since when it is */
    char line[WORD_SIZE]; /* its beginning */
    size_t line_len;
};

struct cli_news *cli_news_open(struct cli *cli)
{
    struct cli_news *n = check_alloc(sizeof *n);
    n->cli = cli;
    digest_sha256_hex(n->payload, "", 0);
    return n;
}

bool cli_news_is_live(const struct cli_news *n)
{
    return n->is_live;
}

static void note(struct cli_news *n)
{
    if (!n->is_new)
        n->new_ms = cli_now_ms(n->cli);
    n->is_new = true;
}

/* What changes from now on nobody tells: it is looked at once, and then by time. */
static void end(struct cli_news *n)
{
    if (n->is_live)
        note(n);
    cli_http_stream_close(n->stream);
    n->stream = NULL;
    n->is_live = false;
    n->again_ms = cli_now_ms(n->cli) + AGAIN_MS;
}

void cli_news_close(struct cli_news *n)
{
    if (n == NULL)
        return;
    cli_http_stream_close(n->stream);
    free(n);
}

/* What was before it was ready nobody has told. */
static void judge(struct cli_news *n)
{
    bool is_ready = str_eq(n->line, "event: ready");
    n->is_live = n->is_live || is_ready;
    if (is_ready || str_eq(n->line, "event: change") || str_eq(n->line, "event: reset"))
        note(n);
}

static void hear(void *self, const char *data, size_t len)
{
    struct cli_news *n = self;
    for (size_t i = 0; i < len; i++) {
        if (data[i] == '\n') {
            n->line[n->line_len] = '\0';
            judge(n);
            n->line_len = 0;
        } else if (n->line_len + 1 < sizeof n->line) {
            n->line[n->line_len++] = data[i];
        }
    }
}

static void begin(struct cli_news *n)
{
    struct cli_http_ask ask = {.service = "tercet",
                               .endpoint = n->cli->profile.endpoint,
                               .method = "GET",
                               .path = "/v1/events",
                               .source = {.fd = -1},
                               .payload_sha256 = n->payload,
                               .sink_fd = -1};
    n->line_len = 0;
    n->stream = cli_http_stream_open(n->cli->http, &ask, hear, n);
    if (n->stream == NULL)
        end(n);
}

/* Gives whether there is input. */
static bool drive(struct cli_news *n, int64_t ms, int input_fd)
{
    struct pollfd input = {.fd = input_fd, .events = POLLIN};
    bool has_input = false;
    if (n->stream == NULL && cli_now_ms(n->cli) >= n->again_ms)
        begin(n);
    if (n->stream == NULL)
        return poll(&input, 1, (int)(ms < AGAIN_MS ? ms : AGAIN_MS)) > 0;
    if (!cli_http_stream_drive(n->stream, ms, input_fd, &has_input))
        end(n);
    return has_input;
}

enum cli_news_end cli_news_wait(struct cli_news *n, int64_t ms, int input_fd)
{
    int64_t until_ms = cli_now_ms(n->cli) + ms;
    for (;;) {
        int64_t now_ms = cli_now_ms(n->cli), due_ms = until_ms;
        if (n->is_new && n->new_ms + SETTLE_MS < due_ms)
            due_ms = n->new_ms + SETTLE_MS;
        if (cli_interrupted())
            return CLI_NEWS_INTERRUPTED;
        if (now_ms >= due_ms || cli_screen_was_resized()) {
            bool was_new = n->is_new;
            n->is_new = false;
            return was_new ? CLI_NEWS_CHANGE : CLI_NEWS_TIME;
        }
        if (drive(n, due_ms - now_ms, input_fd))
            return CLI_NEWS_INPUT;
    }
}
