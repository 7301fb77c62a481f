/* http.c - see http.h. */
#include "cli/http.h"

#include "base/check.h"
#include "base/str.h"
#include "cli/interrupt.h"
#include "proto/auth/sigv4.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum {
    CONNECT_TIMEOUT_MS = 5000,
    ANSWER_TIMEOUT_MS = 60000, /* of a request that is no bulk */
    STALL_S = 60,              /* of one that is */
    REPLY_MAX = 64 << 20,
};

struct cli_http {
    CURL *easy;
    const struct cli_profile *profile;
    struct clock clock;
    bool is_verbose;
    struct cli_http_seen seen;
};

/* One exchange under way: what curl's callbacks are given. */
struct exchange {
    struct cli_http *http;
    CURL *easy;
    const struct cli_http_ask *ask;
    struct cli_http_reply *reply;
    uint64_t sent, received;
    bool is_sink_broken;
    int sink_errno;
};

/* ---- curl's callbacks --------------------------------------------------------------------- */

static size_t give_body(char *to, size_t size, size_t count, void *self)
{
    struct exchange *x = self;
    const struct cli_http_source *s = &x->ask->source;
    size_t room = size * count;
    uint64_t left = s->size - x->sent;
    ssize_t got = pread(s->fd, to, left < room ? (size_t)left : room, s->offset + (off_t)x->sent);
    if (got < 0 || (got == 0 && left > 0))
        return CURL_READFUNC_ABORT;
    x->sent += (uint64_t)got;
    return (size_t)got;
}

static int rewind_body(void *self, curl_off_t offset, int origin)
{
    struct exchange *x = self;
    if (origin != SEEK_SET || offset < 0)
        return CURL_SEEKFUNC_FAIL;
    x->sent = (uint64_t)offset;
    return CURL_SEEKFUNC_OK;
}

static bool write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t put = write(fd, data, len);
        if (put < 0 && errno != EINTR)
            return false;
        if (put > 0) {
            data += put;
            len -= (size_t)put;
        }
    }
    return true;
}

/* The body of a refusal never goes into the file. */
static size_t take_body(char *data, size_t size, size_t count, void *self)
{
    struct exchange *x = self;
    size_t len = size * count;
    long status = 0;
    curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
    if (x->ask->sink_fd >= 0 && status >= 200 && status < 300) {
        x->received += len;
        if (write_all(x->ask->sink_fd, data, len))
            return len;
        x->is_sink_broken = true;
        x->sink_errno = errno;
        return 0;
    }
    if (x->reply->body.len + len > REPLY_MAX)
        return 0;
    buf_append(&x->reply->body, data, len);
    return len;
}

static void take_value(char *to, size_t to_size, const char *line, size_t len)
{
    while (len > 0 && (*line == ' ' || *line == '"')) {
        line++;
        len--;
    }
    while (len > 0 && strchr("\r\n \"", line[len - 1]) != NULL)
        len--;
    if (len < to_size) {
        memcpy(to, line, len);
        to[len] = '\0';
    }
}

static void note_date(struct cli_http *http, const char *text, size_t len)
{
    char value[64];
    take_value(value, sizeof value, text, len);
    time_t at = curl_getdate(value, NULL);
    http->seen.server_wall_ms = at > 0 ? (int64_t)at * 1000 : 0;
}

static size_t take_header(char *line, size_t size, size_t count, void *self)
{
    static const char etag[] = "etag:", id[] = "x-amz-request-id:", date[] = "date:";
    struct exchange *x = self;
    size_t len = size * count;
    if (len >= sizeof etag && strncasecmp(line, etag, sizeof etag - 1) == 0)
        take_value(x->reply->etag, sizeof x->reply->etag, line + sizeof etag - 1,
                   len - (sizeof etag - 1));
    if (len >= sizeof id && strncasecmp(line, id, sizeof id - 1) == 0)
        take_value(x->reply->request_id, sizeof x->reply->request_id, line + sizeof id - 1,
                   len - (sizeof id - 1));
    if (len >= sizeof date && strncasecmp(line, date, sizeof date - 1) == 0)
        note_date(x->http, line + sizeof date - 1, len - (sizeof date - 1));
    return len;
}

/* Also how Ctrl-C ends a transfer. */
static int note_progress(void *self, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                         curl_off_t up)
{
    struct exchange *x = self;
    bool is_down = x->ask->sink_fd >= 0;
    if (x->ask->moved != NULL)
        x->ask->moved(x->ask->self, (uint64_t)(is_down ? down : up),
                      (uint64_t)(is_down ? down_total : up_total));
    return cli_interrupted() ? 1 : 0;
}

/* ---- signing ------------------------------------------------------------------------------ */

static const char *host_of(const char *endpoint)
{
    const char *at = strstr(endpoint, "://");
    INV(at != NULL);
    return at + 3;
}

static void add_header(struct curl_slist **list, const char *name, const char *value)
{
    CLEANUP(buf_fini) struct buf line = {0};
    buf_printf(&line, "%s: %s", name, value);
    struct curl_slist *grown = curl_slist_append(*list, buf_str(&line));
    INV(grown != NULL);
    *list = grown;
}

/* The target is signed as it goes out: an endpoint may have a path of its own. */
static enum cli_exit sign(struct cli_http *http, const struct cli_http_ask *ask,
                          struct curl_slist **list, struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf authorization = {0};
    CLEANUP(buf_fini) struct buf host = {0};
    CLEANUP(buf_fini) struct buf target = {0};
    const char *at = host_of(ask->endpoint);
    size_t host_len = strcspn(at, "/");
    struct header headers[3];
    size_t len = 0;
    char date[SIGV4_DATE_SIZE];
    struct err err = {0};
    buf_append(&host, at, host_len);
    buf_printf(&target, "%s%s", at + host_len, ask->path);
    if (ask->content_type != NULL)
        headers[len++] = (struct header){"content-type", ask->content_type};
    if (str_eq(ask->service, "s3"))
        headers[len++] = (struct header){"x-amz-content-sha256", ask->payload_sha256};
    if (ask->call_id != NULL)
        headers[len++] = (struct header){"amz-sdk-invocation-id", ask->call_id};
    int64_t now_ms = http->clock.read(http->clock.self).wall_ms;
    struct sigv4_sign what = {.method = ask->method,
                              .target = buf_str(&target),
                              .host = buf_str(&host),
                              .headers = headers,
                              .headers_len = len,
                              .payload = ask->payload_sha256,
                              .key_id = http->profile->access_key,
                              .secret = http->profile->secret_key,
                              .region = http->profile->region,
                              .service = ask->service,
                              .wall_ms = ask->wall_ms != 0 ? ask->wall_ms : now_ms};
    if (sigv4_sign(&what, date, &authorization, &err) != ERR_OK)
        return cli_fault_set(fault, CLI_USAGE, "cannot sign the request: %s", err.text);
    for (size_t i = 0; i < len; i++)
        add_header(list, headers[i].name, headers[i].value);
    add_header(list, "Host", buf_str(&host));
    add_header(list, "X-Amz-Date", date);
    add_header(list, "Authorization", buf_str(&authorization));
    if (ask->content_type == NULL)
        add_header(list, "Content-Type", ""); /* curl would make one up for a body */
    return CLI_OK;
}

/* ---- one exchange ------------------------------------------------------------------------- */

static void set_body(CURL *easy, struct exchange *x)
{
    const struct cli_http_ask *ask = x->ask;
    if (ask->source.fd >= 0) {
        curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_body);
        curl_easy_setopt(easy, CURLOPT_READDATA, x);
        curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, rewind_body);
        curl_easy_setopt(easy, CURLOPT_SEEKDATA, x);
        curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)ask->source.size);
    } else if (ask->body != NULL || str_eq(ask->method, "POST") || str_eq(ask->method, "PUT")) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)ask->body_len);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, ask->body != NULL ? ask->body : "");
    } else if (str_eq(ask->method, "HEAD")) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, ask->method);
}

static void set_bounds(CURL *easy, const struct cli_http_ask *ask)
{
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    if (ask->is_bulk) {
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)STALL_S);
    } else {
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)ANSWER_TIMEOUT_MS);
    }
}

static void set_all(struct exchange *x, const char *url, struct curl_slist *headers)
{
    CURL *easy = x->easy;
    curl_easy_reset(easy);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "localhost,127.0.0.1,::1");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "tercet/" TERCET_VERSION);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, note_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, x);
    if (*x->http->profile->ca != '\0')
        curl_easy_setopt(easy, CURLOPT_CAINFO, x->http->profile->ca);
    set_bounds(easy, x->ask);
    set_body(easy, x);
}

static enum cli_http_loss loss_of(CURLcode code)
{
    if (code == CURLE_OK)
        return CLI_HTTP_ANSWERED;
    if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ||
        code == CURLE_COULDNT_RESOLVE_PROXY)
        return CLI_HTTP_REFUSED;
    if (code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING ||
        code == CURLE_PARTIAL_FILE || code == CURLE_OPERATION_TIMEDOUT || code == CURLE_HTTP2)
        return CLI_HTTP_LOST;
    return CLI_HTTP_BROKEN;
}

static enum cli_exit explain(const struct exchange *x, CURLcode code, struct cli_fault *fault)
{
    const char *endpoint = x->ask->endpoint;
    if (cli_interrupted())
        return cli_fault_set(fault, CLI_INTERRUPTED, "interrupted");
    if (x->is_sink_broken)
        return cli_fault_set(fault, CLI_FAILED, "cannot write: %s", strerror(x->sink_errno));
    cli_fault_set(fault, loss_of(code) == CLI_HTTP_BROKEN ? CLI_FAILED : CLI_UNREACHABLE,
                  "no answer from %.200s", endpoint);
    cli_fault_cause(fault, "%s", curl_easy_strerror(code));
    if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
        return cli_fault_try(fault, "--ca FILE, with the certificate of the cloud");
    return cli_fault_try(fault, "is the cloud up, and this its endpoint? (--endpoint, "
                                "TERCET_ENDPOINT; for objects --s3-endpoint)");
}

static void report(struct cli_http *http, const struct cli_http_ask *ask, int status,
                   int64_t from_ms)
{
    if (http->is_verbose)
        fprintf(stderr, "%s %s%s: %d, %lld ms\n", ask->method, ask->endpoint, ask->path, status,
                (long long)(http->clock.read(http->clock.self).mono_ms - from_ms));
}

enum cli_exit cli_http_do(struct cli_http *http, const struct cli_http_ask *ask,
                          struct cli_http_reply *reply, enum cli_http_loss *loss,
                          struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf url = {0};
    struct curl_slist *headers = NULL;
    struct exchange x = {.http = http, .easy = http->easy, .ask = ask, .reply = reply};
    int64_t from_ms = http->clock.read(http->clock.self).mono_ms;
    long status = 0;
    *loss = CLI_HTTP_BROKEN;
    if (sign(http, ask, &headers, fault) != CLI_OK) {
        curl_slist_free_all(headers);
        return fault->exit;
    }
    buf_printf(&url, "%s%s", ask->endpoint, ask->path);
    set_all(&x, buf_str(&url), headers);
    CURLcode code = curl_easy_perform(http->easy);
    curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    reply->status = (int)status;
    *loss = loss_of(code);
    if (code == CURLE_OK) {
        struct instant now = http->clock.read(http->clock.self);
        http->seen.local_wall_ms = now.wall_ms;
        http->seen.spent_ms = now.mono_ms - from_ms;
    }
    report(http, ask, reply->status, from_ms);
    return code == CURLE_OK ? CLI_OK : explain(&x, code, fault);
}

/* ---- an answer that goes on ---------------------------------------------------------------- */

struct cli_http_stream {
    struct exchange exchange;
    struct cli_http_ask ask;
    struct curl_slist *headers;
    CURLM *multi;
    void (*heard)(void *self, const char *data, size_t len);
    void *self;
};

static size_t hear(char *data, size_t size, size_t count, void *self)
{
    struct cli_http_stream *s = self;
    long status = 0;
    curl_easy_getinfo(s->exchange.easy, CURLINFO_RESPONSE_CODE, &status);
    if (status == 200)
        s->heard(s->self, data, size * count);
    return status == 200 ? size * count : 0; /* a refusal ends it */
}

struct cli_http_stream *
cli_http_stream_open(struct cli_http *http, const struct cli_http_ask *ask,
                     void (*heard)(void *self, const char *data, size_t len), void *self)
{
    CLEANUP(buf_fini) struct buf url = {0};
    struct cli_fault ignored;
    struct cli_http_stream *s = check_alloc(sizeof *s);
    *s = (struct cli_http_stream){.ask = *ask, .heard = heard, .self = self};
    s->exchange = (struct exchange){.http = http, .easy = curl_easy_init(), .ask = &s->ask};
    s->multi = curl_multi_init();
    INV(s->exchange.easy != NULL && s->multi != NULL);
    if (sign(http, &s->ask, &s->headers, &ignored) != CLI_OK) {
        cli_http_stream_close(s);
        return NULL;
    }
    buf_printf(&url, "%s%s", ask->endpoint, ask->path);
    set_all(&s->exchange, buf_str(&url), s->headers);
    CURL *easy = s->exchange.easy;
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 0L); /* it has no end */
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, hear);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, s);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, NULL);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, NULL);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 1L);
    curl_multi_add_handle(s->multi, easy);
    return s;
}

bool cli_http_stream_drive(struct cli_http_stream *s, int64_t ms, int input_fd, bool *has_input)
{
    struct curl_waitfd input = {.fd = input_fd, .events = CURL_WAIT_POLLIN};
    int running = 0, wait_ms = ms < 60000 ? (int)ms : 60000;
    *has_input = false;
    if (curl_multi_perform(s->multi, &running) != CURLM_OK || running == 0)
        return false;
    curl_multi_poll(s->multi, &input, input_fd >= 0 ? 1 : 0, wait_ms, NULL);
    *has_input = input_fd >= 0 && input.revents != 0;
    return curl_multi_perform(s->multi, &running) == CURLM_OK && running > 0;
}

void cli_http_stream_close(struct cli_http_stream *s)
{
    if (s == NULL)
        return;
    curl_multi_remove_handle(s->multi, s->exchange.easy);
    curl_easy_cleanup(s->exchange.easy);
    curl_multi_cleanup(s->multi);
    curl_slist_free_all(s->headers);
    free(s);
}

/* ---- life --------------------------------------------------------------------------------- */

struct cli_http *cli_http_open(const struct cli_profile *profile, struct clock clock,
                               bool is_verbose)
{
    struct cli_http *http = check_alloc(sizeof *http);
    *http = (struct cli_http){
        .profile = profile, .clock = clock, .is_verbose = is_verbose, .seen.spent_ms = -1};
    INV(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    http->easy = curl_easy_init();
    INV(http->easy != NULL);
    return http;
}

struct cli_http_seen cli_http_seen(const struct cli_http *http)
{
    return http->seen;
}

void cli_http_close(struct cli_http *http)
{
    if (http == NULL)
        return;
    curl_easy_cleanup(http->easy);
    curl_global_cleanup();
    free(http);
}

void cli_http_reply_fini(struct cli_http_reply *reply)
{
    buf_fini(&reply->body);
}
