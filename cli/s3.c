/* s3.c - see s3.h. */
#include "cli/s3.h"

#include "base/check.h"
#include "base/str.h"
#include "cli/call.h"
#include "cli/interrupt.h"
#include "cli/params.h"
#include "proto/auth/digest.h"

#include <string.h>

enum { TRIES = 5, RETRY_FIRST_MS = 300 };

static const char *path_of(struct cli *cli, const struct cli_s3_ask *ask)
{
    CLEANUP(buf_fini) struct buf path = {0};
    buf_char(&path, '/');
    if (ask->bucket != NULL)
        cli_percent(&path, ask->bucket, "");
    if (ask->key != NULL) {
        buf_char(&path, '/');
        cli_percent(&path, ask->key, "/");
    }
    if (ask->query != NULL)
        buf_printf(&path, "?%s", ask->query);
    return arena_strdup(&cli->arena, buf_str(&path));
}

/* True: done, well or not. */
static bool attempt(struct cli *cli, const struct cli_http_ask *http, struct cli_node **answer,
                    char *etag, bool *was_there, enum cli_exit *exit, struct cli_fault *fault)
{
    struct cli_http_reply reply = {0};
    enum cli_http_loss loss;
    bool again;
    *exit = cli_http_do(cli->http, http, &reply, &loss, fault);
    *was_there = *was_there || loss == CLI_HTTP_LOST;
    again = loss == CLI_HTTP_LOST || (loss == CLI_HTTP_REFUSED && *was_there);
    if (*exit == CLI_OK && (reply.status < 200 || reply.status > 299)) {
        *exit = cli_call_refused(cli, reply.status, buf_str(&reply.body), reply.body.len,
                                 reply.request_id, fault);
        again = reply.status == 503;
    } else if (*exit == CLI_OK && answer != NULL) {
        *exit = cli_node_parse(answer, &cli->arena, buf_str(&reply.body), reply.body.len, fault);
    }
    if (etag != NULL)
        str_copy(etag, sizeof reply.etag, reply.etag);
    cli_http_reply_fini(&reply);
    return *exit == CLI_OK || !again;
}

enum cli_exit cli_s3(struct cli *cli, const struct cli_s3_ask *ask, enum cli_effect effect,
                     struct cli_node **answer, char *etag, struct cli_fault *fault)
{
    char hash[DIGEST_SHA256_HEX_SIZE];
    int64_t pause_ms = RETRY_FIRST_MS;
    enum cli_exit exit = CLI_OK;
    bool was_there = false;
    digest_sha256_hex(hash, ask->body != NULL ? ask->body : "", ask->body_len);
    struct cli_http_ask http = {.service = "s3",
                                .endpoint = cli->profile.s3_endpoint,
                                .method = ask->method,
                                .path = path_of(cli, ask),
                                .body = ask->body,
                                .body_len = ask->body_len,
                                .source = ask->source,
                                .payload_sha256 = ask->sha256 != NULL ? ask->sha256 : hash,
                                .sink_fd = ask->sink_fd,
                                .is_bulk = ask->source.fd >= 0 || ask->sink_fd >= 0,
                                .moved = ask->moved,
                                .self = ask->self};
    if (cli_profile_need_key(&cli->profile, fault) != CLI_OK)
        return fault->exit;
    for (int tries = 1; !attempt(cli, &http, answer, etag, &was_there, &exit, fault); tries++) {
        /* Half a download is in the sink. */
        if (effect == CLI_ONCE || tries == TRIES || ask->sink_fd >= 0)
            return exit;
        if (!cli_pause(pause_ms))
            return cli_fault_set(fault, CLI_INTERRUPTED, "interrupted");
        pause_ms *= 2;
    }
    return exit;
}

enum cli_exit cli_s3_bucket(struct cli *cli, const char *bucket, struct cli_fault *fault)
{
    struct cli_s3_ask ask = {
        .method = "PUT", .bucket = bucket, .source = {.fd = -1}, .sink_fd = -1};
    if (cli_s3(cli, &ask, CLI_REPEATABLE, NULL, NULL, fault) != CLI_OK &&
        !str_eq(fault->code, "BucketAlreadyOwnedByYou"))
        return fault->exit;
    return CLI_OK;
}

enum cli_exit cli_s3_split(struct cli *cli, const char *text, const char **bucket, const char **key,
                           struct cli_fault *fault)
{
    if (str_has_prefix(text, "s3://"))
        text += strlen("s3://");
    size_t len = strcspn(text, "/");
    if (len == 0) {
        cli_fault_set(fault, CLI_USAGE, "'%.60s' names no bucket", text);
        return cli_fault_try(fault, "BUCKET/KEY");
    }
    *bucket = arena_strndup(&cli->arena, text, len);
    *key = text[len] == '/' ? text + len + 1 : "";
    return CLI_OK;
}
