/* console.c - `instance console`: what a guest wrote to its serial line, decoded; --follow asks
 * again and prints what is new. */
#include "base/check.h"
#include "base/str.h"
#include "cli/handlers.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/query.h"
#include "cli/safe.h"
#include "proto/auth/base64.h"

#include <string.h>

enum { FOLLOW_MS = 1500 };

static enum cli_exit read_console(struct cli *cli, const struct cli_params *params,
                                  struct buf *text, struct cli_node **answer,
                                  struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf packed = {0};
    if (cli_query_call(cli, params, answer, fault) != CLI_OK)
        return fault->exit;
    /* Others break base64 into lines. */
    for (const char *at = cli_node_text(*answer, "output"); *at != '\0'; at++)
        if (strchr(" \r\n\t", *at) == NULL)
            buf_char(&packed, *at);
    buf_clear(text);
    if (!base64_decode(text, buf_str(&packed), packed.len))
        return cli_fault_set(fault, CLI_FAILED, "%s: the answer is not base64", cli_doing(cli));
    return CLI_OK;
}

/* The log is a window that moves on: it begins with what the old one ended with. The longest such
 * piece is what was printed. */
static size_t new_from(const struct buf *old, const struct buf *now)
{
    size_t len = old->len < now->len ? old->len : now->len;
    while (len > 0 && memcmp(old->data + old->len - len, now->data, len) != 0)
        len--;
    return len;
}

/* A guest writes what it likes, and a terminal obeys: only --raw gives it as it is. */
static enum cli_exit print(const struct cli *cli, struct cli_plain *plain, const char *data,
                           size_t len, struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf text = {0};
    if (cli_line_has(&cli->line, "raw"))
        return cli_output_bytes(data, len, fault);
    cli_plain_take(plain, &text, data, len);
    return cli_output_bytes(buf_str(&text), text.len, fault);
}

static enum cli_exit follow(struct cli *cli, const struct cli_params *params, struct buf *seen,
                            struct cli_plain *plain, struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf now = {0};
    struct cli_node *answer;
    cli_interrupt_watch();
    while (cli_pause(FOLLOW_MS)) {
        enum cli_exit exit = read_console(cli, params, &now, &answer, fault);
        if (exit == CLI_UNREACHABLE)
            continue;
        if (exit != CLI_OK)
            return cli_interrupted() ? CLI_OK : exit;
        size_t from = new_from(seen, &now);
        if (now.len > from && print(cli, plain, now.data + from, now.len - from, fault) != CLI_OK)
            return fault->exit;
        struct buf swap = *seen;
        *seen = now;
        now = swap;
    }
    return CLI_OK;
}

enum cli_exit cli_do_instance_console(struct cli *cli, struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf text = {0};
    struct cli_params params = {0};
    struct cli_plain plain = {0};
    struct cli_node *answer;
    if (cli_query_prepare(cli, &params, fault) != CLI_OK ||
        read_console(cli, &params, &text, &answer, fault) != CLI_OK)
        return fault->exit;
    if (cli_output_is_data(cli))
        return cli_output(cli, answer, fault);
    if (text.len > 0 && print(cli, &plain, text.data, text.len, fault) != CLI_OK)
        return fault->exit;
    return cli_line_has(&cli->line, "follow") ? follow(cli, &params, &text, &plain, fault) : CLI_OK;
}
