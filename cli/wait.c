/* wait.c - see wait.h. */
#include "cli/wait.h"

#include "base/check.h"
#include "base/str.h"
#include "cli/call.h"
#include "cli/columns.h"
#include "cli/interrupt.h"
#include "cli/news.h"
#include "cli/progress.h"
#include "cli/resolve.h"
#include "cli/safe.h"

#include <stdio.h>
#include <string.h>

enum { FIRST_MS = 500, MOST_MS = 3000 };

struct wait_row {
    enum cli_ref ref;
    const char *path, *want, *fails;
    bool gone_is_fine;
    int64_t timeout_ms;
};

static const struct wait_row waits[] = {
    {CLI_REF_NONE, "", "", "", false, 0},
#define WAIT(id, ref, path, want, fails, gone_is_fine, timeout_ms) \
    {CLI_REF_##ref, path, want, fails, gone_is_fine, timeout_ms},
#include "cli/waits.def"
#undef WAIT
};

enum verdict { ON_THE_WAY, THERE, NEVER };

struct waiting {
    struct cli *cli;
    const struct wait_row *row;
    const char *const *ids;
    size_t len;
    const struct cli_node **rows;
    enum verdict *verdicts;
    size_t there, never, under_way; /* an index that is */
    struct cli_progress progress;
    struct cli_news *news;
};

bool cli_wait_parse_time(const char *text, int64_t *ms)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"", 1000}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
    char number[16];
    int64_t value;
    size_t len = strspn(text, "0123456789");
    if (len == 0 || len >= sizeof number)
        return false;
    memcpy(number, text, len);
    number[len] = '\0';
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (str_eq(text + len, units[i].unit) && str_parse_i64(number, 0, 1000000, &value)) {
            *ms = value * units[i].ms;
            return true;
        }
    return false;
}

/* ---- one look ----------------------------------------------------------------------------- */

static bool is_word_of(const char *words, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = words; (at = strstr(at, word)) != NULL; at += len)
        if ((at == words || at[-1] == ' ') && (at[len] == '\0' || at[len] == ' ') && len > 0)
            return true;
    return false;
}

static enum verdict judge(const struct wait_row *row, const struct cli_node *node)
{
    if (node == NULL)
        return row->gone_is_fine ? THERE : NEVER;
    const char *state = cli_node_text(node, row->path);
    if (str_eq(state, row->want))
        return THERE;
    return is_word_of(row->fails, state) ? NEVER : ON_THE_WAY;
}

static const struct cli_node *row_of(const struct cli_nodes *rows, const char *path, const char *id)
{
    for (size_t i = 0; i < rows->len; i++)
        if (str_eq(cli_node_text(rows->list[i], path), id))
            return rows->list[i];
    return NULL;
}

static void take(struct waiting *w, const struct cli_nodes *rows)
{
    w->there = w->never = 0;
    for (size_t i = 0; i < w->len; i++) {
        if (w->verdicts[i] == ON_THE_WAY) {
            w->rows[i] = row_of(rows, cli_ref_row(w->row->ref)->id_path, w->ids[i]);
            w->verdicts[i] = judge(w->row, w->rows[i]);
        }
        w->there += w->verdicts[i] == THERE;
        w->never += w->verdicts[i] == NEVER;
        if (w->verdicts[i] == ON_THE_WAY)
            w->under_way = i;
    }
}

/* By filter and not by id: what is gone is then no error. CLI_UNREACHABLE may pass. */
static enum cli_exit look(struct waiting *w, struct cli_fault *fault)
{
    const struct cli_ref_row *ref = cli_ref_row(w->row->ref);
    struct cli_params params = {.arena = &w->cli->arena};
    struct cli_node *answer;
    cli_params_add(&params, "Filter.1.Name", ref->id_filter);
    for (size_t i = 0, n = 1; i < w->len; i++)
        if (w->verdicts[i] == ON_THE_WAY)
            cli_params_add(&params, arena_printf(&w->cli->arena, "Filter.1.Value.%zu", n++),
                           w->ids[i]);
    if (cli_call(w->cli, CLI_EC2, ref->action, &params, &answer, fault) != CLI_OK)
        return fault->exit;
    struct cli_nodes rows = cli_node_all(answer, ref->rows, &w->cli->arena);
    take(w, &rows);
    return CLI_OK;
}

/* ---- the end ------------------------------------------------------------------------------ */

static const char *how_to_go_on(const struct waiting *w)
{
    return arena_printf(&w->cli->arena, "tercet %s get %s", cli_ref_row(w->row->ref)->noun,
                        w->ids[w->under_way]);
}

static enum cli_exit failed(const struct waiting *w, struct cli_fault *fault)
{
    size_t at = 0;
    while (w->verdicts[at] != NEVER)
        at++;
    const struct cli_node *row = w->rows[at];
    const char *state = row != NULL ? cli_node_text(row, w->row->path) : "gone";
    const char *why = row != NULL ? cli_node_text(row, "stateReason/message") : "";
    if (row != NULL && *why == '\0')
        why = cli_node_text(row, "reason");
    cli_fault_set(fault, w->there > 0 ? CLI_PARTIAL : CLI_FAILED, "%.100s: %.40s is %.40s, not %s",
                  cli_doing(w->cli), w->ids[at], state, w->row->want);
    if (w->never > 1)
        cli_fault_cause(fault, "%s%s(%zu of %zu failed)", why, *why != '\0' ? " " : "", w->never,
                        w->len);
    else
        cli_fault_cause(fault, "%s", why);
    if (w->row->ref == CLI_REF_INSTANCE && row != NULL)
        return cli_fault_try(fault, "tercet instance console %s", w->ids[at]);
    return fault->exit;
}

static enum cli_exit too_late(const struct waiting *w, int64_t timeout_ms, struct cli_fault *fault)
{
    const struct cli_node *row = w->rows[w->under_way];
    cli_fault_set(fault, CLI_UNREACHABLE, "%.100s: %.40s is not %s after %llds", cli_doing(w->cli),
                  w->ids[w->under_way], w->row->want, (long long)(timeout_ms / 1000));
    cli_fault_cause(fault, "it is %s; nothing was undone",
                    row != NULL ? cli_node_text(row, w->row->path) : "not known");
    return cli_fault_try(fault, "%s", how_to_go_on(w));
}

static enum cli_exit stopped_by_user(const struct waiting *w, struct cli_fault *fault)
{
    cli_fault_set(fault, CLI_INTERRUPTED, "interrupted; what was asked for goes on");
    return cli_fault_try(fault, "%s", how_to_go_on(w));
}

/* "pending, fetching its image, 40 %": of one that is under way. */
static void put_state(struct buf *out, const struct cli_node *row, const char *path)
{
    const struct cli_node *reason = row != NULL ? cli_node_get(row, "stateReason") : NULL;
    const char *step = reason != NULL ? cli_columns_step(reason) : "";
    cli_safe_text(out, row != NULL ? cli_node_text(row, path) : "asked for");
    buf_text(out, *step != '\0' ? ", " : "");
    cli_safe_text(out, step);
}

static void say(struct waiting *w, enum cli_exit exit)
{
    CLEANUP(buf_fini) struct buf text = {0};
    if (w->len > 1)
        buf_printf(&text, "%zu of %zu %s, the others ", w->there, w->len, w->row->want);
    else
        buf_printf(&text, "%.40s: ", w->ids[w->under_way]);
    put_state(&text, w->rows[w->under_way], w->row->path);
    buf_text(&text, exit == CLI_OK ? "" : " (no answer, still trying)");
    cli_progress_say(&w->progress, cli_now_ms(w->cli), buf_str(&text));
}

static enum cli_exit follow(struct waiting *w, int64_t timeout_ms, struct cli_fault *fault)
{
    int64_t until_ms = cli_now_ms(w->cli) + timeout_ms, pause_ms = FIRST_MS;
    for (;;) {
        enum cli_exit exit = look(w, fault);
        if (cli_interrupted())
            return stopped_by_user(w, fault);
        if (exit != CLI_OK && exit != CLI_UNREACHABLE)
            return exit;
        if (w->there + w->never == w->len)
            return w->never > 0 ? failed(w, fault) : CLI_OK;
        int64_t left_ms = until_ms - cli_now_ms(w->cli);
        if (left_ms <= 0)
            return exit != CLI_OK ? exit : too_late(w, timeout_ms, fault);
        say(w, exit);
        if (cli_news_wait(w->news, pause_ms < left_ms ? pause_ms : left_ms, -1) ==
            CLI_NEWS_INTERRUPTED)
            return stopped_by_user(w, fault);
        pause_ms = pause_ms * 5 / 4 < MOST_MS ? pause_ms * 5 / 4 : MOST_MS;
    }
}

enum cli_exit cli_wait(struct cli *cli, enum cli_wait_id wait, const char *const *ids, size_t len,
                       const struct cli_node **rows, struct cli_fault *fault)
{
    PRE(wait != CLI_WAIT_NONE && len > 0);
    cli_interrupt_watch();
    struct waiting w = {.cli = cli,
                        .row = &waits[wait],
                        .ids = ids,
                        .len = len,
                        .rows = rows,
                        .verdicts = arena_alloc(&cli->arena, len * sizeof(enum verdict)),
                        .progress = cli_progress_begin(cli_now_ms(cli)),
                        .news = cli_news_open(cli)};
    const char *asked = cli_line_get(&cli->line, "timeout");
    int64_t timeout_ms = w.row->timeout_ms;
    if (asked != NULL)
        INV(cli_wait_parse_time(asked, &timeout_ms)); /* main has looked */
    enum cli_exit exit = follow(&w, timeout_ms, fault);
    cli_progress_end(&w.progress);
    cli_news_close(w.news);
    return exit;
}
