/* live.c - see live.h. */
#include "cli/live.h"

#include "base/check.h"
#include "base/str.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/screen.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct live {
    struct cli *cli;
    const char *title;
    cli_live_look look;
    bool is_screen;
    struct cli_news *news; /* NULL: nobody tells of these */
    struct buf shown;      /* of the last look that went well */
};

/* One turn of its own: what it allocates and resolves is gone after it. */
static enum cli_exit look_once(struct live *l, struct buf *out, struct cli_fault *fault)
{
    struct cli turn = *l->cli;
    turn.arena = (struct arena){0};
    size_t size = turn.line.len * sizeof *turn.line.values;
    turn.line.values = arena_memdup(&turn.arena, turn.line.values, size);
    enum cli_exit exit = l->look(&turn, out, fault);
    arena_fini(&turn.arena);
    return exit;
}

static void put_clock(struct buf *out, int64_t wall_ms)
{
    long long s = (long long)(wall_ms / 1000 % 86400);
    buf_printf(out, "%02lld:%02lld:%02lld UTC", s / 3600, s / 60 % 60, s % 60);
}

static void draw(struct live *l, const struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf out = {0};
    bool is_coloured = cli_output_is_coloured(1);
    buf_printf(&out, "%s%s%s   ", is_coloured ? "\x1b[1m" : "", l->title,
               is_coloured ? "\x1b[0m" : "");
    put_clock(&out, l->cli->clock.read(l->cli->clock.self).wall_ms);
    buf_text(&out, "   q: leave\n");
    if (fault != NULL) {
        buf_text(&out, is_coloured ? "\x1b[31m" : "");
        cli_fault_line(fault, &out);
        buf_text(&out, is_coloured ? "; still trying\x1b[0m\n" : "; still trying\n");
    } else {
        buf_char(&out, '\n');
    }
    buf_append(&out, buf_str(&l->shown), l->shown.len);
    cli_screen_draw(&out);
}

static bool has_line(const struct buf *text, const char *line, size_t len)
{
    for (const char *at = buf_str(text); *at != '\0';) {
        size_t have = strcspn(at, "\n");
        if (have == len && memcmp(at, line, len) == 0)
            return true;
        at += have + (at[have] == '\n');
    }
    return false;
}

static enum cli_exit print_new(const struct live *l, const struct buf *now, struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf out = {0};
    for (const char *at = buf_str(now); *at != '\0';) {
        size_t len = strcspn(at, "\n");
        if (!has_line(&l->shown, at, len))
            buf_printf(&out, "%.*s\n", (int)len, at);
        at += len + (at[len] == '\n');
    }
    return out.len > 0 ? cli_output_bytes(buf_str(&out), out.len, fault) : CLI_OK;
}

static enum cli_exit turn(struct live *l, struct cli_fault *fault)
{
    struct buf now = {0};
    enum cli_exit exit = look_once(l, &now, fault);
    if (exit == CLI_OK && !l->is_screen)
        exit = print_new(l, &now, fault);
    if (exit == CLI_OK) {
        buf_fini(&l->shown);
        l->shown = now;
    } else {
        buf_fini(&now);
    }
    if (l->is_screen && (exit == CLI_OK || exit == CLI_UNREACHABLE))
        draw(l, exit == CLI_OK ? NULL : fault);
    return exit;
}

/* Until it is time to look again; false: it is over. */
static bool pause_of(const struct live *l)
{
    if (l->news == NULL)
        return l->is_screen ? cli_screen_wait(CLI_LIVE_MS) : cli_pause(CLI_LIVE_MS);
    int64_t most_ms = cli_news_is_live(l->news) ? CLI_TOLD_MS : CLI_LIVE_MS;
    enum cli_news_end end = cli_news_wait(l->news, most_ms, l->is_screen ? STDIN_FILENO : -1);
    return end == CLI_NEWS_INPUT ? cli_screen_wait(0) : end != CLI_NEWS_INTERRUPTED;
}

enum cli_exit cli_live(struct cli *cli, const char *title, cli_live_look look,
                       struct cli_news *news, struct cli_fault *fault)
{
    struct live l = {
        .cli = cli, .title = title, .look = look, .news = news, .is_screen = cli_screen_open()};
    enum cli_exit exit;
    cli_interrupt_watch();
    do
        exit = turn(&l, fault);
    while ((exit == CLI_OK || exit == CLI_UNREACHABLE) && pause_of(&l));
    cli_screen_close();
    buf_fini(&l.shown);
    return exit == CLI_UNREACHABLE || cli_interrupted() ? CLI_OK : exit;
}

static enum cli_exit look_again(struct cli *turn, struct buf *out, struct cli_fault *fault)
{
    turn->screen = out;
    return turn->line.command->handler(turn, fault);
}

/* Of what does /v1/events tell? */
static bool is_told(const char *noun)
{
    static const char *const nouns[] = {"instance", "image", "keypair", "volume",
                                        "address",  "group", "rule"};
    for (size_t i = 0; i < sizeof nouns / sizeof nouns[0]; i++)
        if (str_eq(nouns[i], noun))
            return true;
    return false;
}

enum cli_exit cli_watch(struct cli *cli, struct cli_fault *fault)
{
    const char *title = arena_printf(&cli->arena, "tercet %s", cli_doing(cli));
    struct cli_news *news = is_told(cli->line.command->noun) ? cli_news_open(cli) : NULL;
    enum cli_exit exit = cli_live(cli, title, look_again, news, fault);
    cli_news_close(news);
    return exit;
}
