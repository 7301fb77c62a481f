/* call.c - see call.h. */
#include "cli/call.h"

#include "base/check.h"
#include "base/str.h"
#include "cli/http.h"
#include "cli/interrupt.h"
#include "proto/auth/digest.h"

enum {
    RETRY_FOR_MS = 20000, /* how long a lost answer is asked for again */
    RETRY_FIRST_MS = 200,
    RETRY_MOST_MS = 2000,
    PAGES_MAX = 10000,
    ID_SIZE = 33,
};

static const struct {
    const char *service, *version;
} apis[] = {[CLI_EC2] = {"ec2", "2016-11-15"}, [CLI_STS] = {"sts", "2011-06-15"}};

/* ---- errors ------------------------------------------------------------------------------- */

static const char *first_of(const struct cli_node *root, const char *a, const char *b,
                            const char *c)
{
    const char *const paths[] = {a, b, c};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        const struct cli_node *found = cli_node_get(root, paths[i]);
        if (found != NULL && *found->text != '\0')
            return found->text;
    }
    return "";
}

/* EC2: Response/Errors/Error; STS: ErrorResponse/Error; S3: Error. */
enum cli_exit cli_call_refused(struct cli *cli, int status, const char *body, size_t len,
                               const char *request_id, struct cli_fault *fault)
{
    struct cli_node *root = NULL;
    struct cli_fault ignored;
    const char *code = "";
    if (cli_node_parse(&root, &cli->arena, body, len, &ignored) == CLI_OK)
        code = first_of(root, "Errors/Error/Code", "Error/Code", "Code");
    if (*code == '\0') {
        cli_fault_set(fault, status == 404 ? CLI_NOT_FOUND : CLI_FAILED, "%.100s: HTTP status %d",
                      cli_doing(cli), status);
        str_copy(fault->request_id, sizeof fault->request_id, request_id);
        return cli_fault_cause(fault, "the answer says nothing more; is this the right endpoint?");
    }
    const char *id = first_of(root, "RequestID", "RequestId", "RequestId");
    return cli_fault_api(fault, cli_doing(cli), code,
                         first_of(root, "Errors/Error/Message", "Error/Message", "Message"),
                         *id != '\0' ? id : request_id);
}

/* ---- one attempt, and again --------------------------------------------------------------- */

enum outcome { DONE, AGAIN, OVER };

static enum outcome attempt(struct cli *cli, const struct cli_http_ask *ask,
                            struct cli_node **answer, enum cli_http_loss *loss,
                            struct cli_fault *fault)
{
    struct cli_http_reply reply = {0};
    enum outcome outcome = OVER;
    if (cli_http_do(cli->http, ask, &reply, loss, fault) != CLI_OK) {
        outcome = *loss == CLI_HTTP_LOST || *loss == CLI_HTTP_REFUSED ? AGAIN : OVER;
    } else if (reply.status == 200) {
        if (cli_node_parse(answer, &cli->arena, buf_str(&reply.body), reply.body.len, fault) ==
            CLI_OK)
            outcome = DONE;
    } else {
        cli_call_refused(cli, reply.status, buf_str(&reply.body), reply.body.len, reply.request_id,
                         fault);
        outcome = reply.status == 503 ? AGAIN : OVER;
    }
    cli_http_reply_fini(&reply);
    return outcome;
}

/* Where nobody ever answered, waiting would only hide that the endpoint is wrong. */
static enum cli_exit attempts(struct cli *cli, const struct cli_http_ask *ask,
                              struct cli_node **answer, struct cli_fault *fault)
{
    int64_t until_ms = cli_now_ms(cli) + RETRY_FOR_MS, pause_ms = RETRY_FIRST_MS;
    bool was_there = false;
    for (;;) {
        enum cli_http_loss loss = CLI_HTTP_ANSWERED;
        enum outcome outcome = attempt(cli, ask, answer, &loss, fault);
        was_there = was_there || loss == CLI_HTTP_LOST || loss == CLI_HTTP_ANSWERED;
        if (outcome == DONE)
            return CLI_OK;
        if (outcome == OVER || !was_there || cli_now_ms(cli) + pause_ms > until_ms)
            return fault->exit;
        if (!cli_pause(pause_ms))
            return cli_fault_set(fault, CLI_INTERRUPTED, "interrupted");
        pause_ms = pause_ms * 2 < RETRY_MOST_MS ? pause_ms * 2 : RETRY_MOST_MS;
    }
}

/* Signed with the rest: two equal calls in one second are two, one call sent twice is one. */
static void name_call(struct cli *cli, char id[ID_SIZE])
{
    unsigned char random[ID_SIZE / 2];
    cli->rng.fill(cli->rng.self, random, sizeof random);
    str_hex(id, random, sizeof random);
}

static enum cli_exit ask(struct cli *cli, enum cli_api api, const char *action,
                         const struct cli_params *params, const char *next_token,
                         struct cli_node **answer, struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf body = {0};
    char hash[DIGEST_SHA256_HEX_SIZE], id[ID_SIZE];
    buf_printf(&body, "Action=%s&Version=%s", action, apis[api].version);
    if (params->len > 0)
        buf_char(&body, '&');
    cli_params_encode(params, &body);
    if (next_token != NULL) {
        buf_text(&body, "&NextToken=");
        cli_percent(&body, next_token, "");
    }
    digest_sha256_hex(hash, buf_str(&body), body.len);
    name_call(cli, id);
    struct cli_http_ask http = {.service = apis[api].service,
                                .endpoint = cli->profile.endpoint,
                                .method = "POST",
                                .path = "/",
                                .content_type = "application/x-www-form-urlencoded; charset=utf-8",
                                .body = buf_str(&body),
                                .body_len = body.len,
                                .source = {.fd = -1},
                                .payload_sha256 = hash,
                                .call_id = id,
                                .wall_ms = cli->clock.read(cli->clock.self).wall_ms,
                                .sink_fd = -1};
    return attempts(cli, &http, answer, fault);
}

/* ---- pages -------------------------------------------------------------------------------- */

/* Children of each list of `page` go behind those of the same list of `whole`. */
static void join(struct cli_node *whole, struct cli_node *page)
{
    for (struct cli_node *list = page->first; list != NULL; list = list->next)
        for (struct cli_node *to = whole->first; to != NULL && list->first != NULL; to = to->next)
            if (str_eq(to->name, list->name)) {
                if (to->last != NULL)
                    to->last->next = list->first;
                else
                    to->first = list->first;
                to->last = list->last;
                break;
            }
}

/* The mark of more pages is no part of the whole. */
static void drop_token(struct cli_node *whole)
{
    struct cli_node *before = NULL;
    for (struct cli_node *at = whole->first; at != NULL; before = at, at = at->next)
        if (str_eq(at->name, "nextToken")) {
            *(before != NULL ? &before->next : &whole->first) = at->next;
            if (whole->last == at)
                whole->last = before;
            return;
        }
}

enum cli_exit cli_call(struct cli *cli, enum cli_api api, const char *action,
                       const struct cli_params *params, struct cli_node **answer,
                       struct cli_fault *fault)
{
    if (cli_profile_need_key(&cli->profile, fault) != CLI_OK ||
        ask(cli, api, action, params, NULL, answer, fault) != CLI_OK)
        return fault->exit;
    const char *next = cli_node_text(*answer, "nextToken");
    for (int pages = 1; *next != '\0' && pages < PAGES_MAX; pages++) {
        struct cli_node *page = NULL;
        if (ask(cli, api, action, params, next, &page, fault) != CLI_OK)
            return fault->exit;
        INV(page != NULL);
        next = cli_node_text(page, "nextToken");
        join(*answer, page);
    }
    drop_token(*answer);
    return CLI_OK;
}
