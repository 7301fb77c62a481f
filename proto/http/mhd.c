/* mhd.c - settings of libmicrohttpd 0.9.75, and why. */
#include "proto/http/mhd.h"

#include "base/check.h"
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

/* It tries TCP options on socket pairs with each answer, and complains each time. */
static void on_log(void *self, const char *format, va_list args)
{
    (void)self;
    if (strncmp(format, "Setting %s option", 17) == 0)
        return;
    char text[256];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    vsnprintf(text, sizeof text, format, args);
#pragma GCC diagnostic pop
    log_debug("http.library", "says", text, NULL);
}

/* Signatures and our own decoder read the raw target; decoded twice is a hole. */
static size_t leave_escaped(void *self, struct MHD_Connection *mhd, char *text)
{
    (void)self;
    (void)mhd;
    return strlen(text);
}

struct MHD_Daemon *http_mhd_start(const struct http_mhd_hooks *hooks,
                                  const struct http_listen *listen, bool own_thread)
{
    unsigned flags = MHD_USE_ERROR_LOG | MHD_USE_EPOLL | MHD_USE_ITC | MHD_USE_NO_LISTEN_SOCKET |
                     MHD_ALLOW_SUSPEND_RESUME;
    if (own_thread)
        flags |= MHD_USE_INTERNAL_POLLING_THREAD;
    return MHD_start_daemon(flags, 0, NULL, NULL, hooks->handle, hooks->self, /**/
                            MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL, /* first: it is asked early */
                            MHD_OPTION_URI_LOG_CALLBACK, hooks->line, hooks->self,        /**/
                            MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL,            /**/
                            MHD_OPTION_NOTIFY_COMPLETED, hooks->completed, hooks->self,   /**/
                            MHD_OPTION_NOTIFY_CONNECTION, hooks->connection, hooks->self, /**/
                            MHD_OPTION_CONNECTION_LIMIT, listen->connections_max,         /**/
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, listen->memory_bytes,     /**/
                            MHD_OPTION_CONNECTION_TIMEOUT, 0u,    /* the sweeper's work */
                            MHD_OPTION_STRICT_FOR_CLIENT, 0,      /* it wants a host: so do we */
                            MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, /* sendfile is used only then */
                            MHD_OPTION_END);
}

unsigned http_mhd_connections_max(const struct http_listen *listen)
{
    enum { WANTED = 20000, RESERVE = 256, EACH_TLS = 3 };
    struct rlimit files = {0};
    unsigned wanted = listen->connections_max > 0 ? listen->connections_max : WANTED;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur <= 2 * RESERVE)
        return wanted < RESERVE / EACH_TLS ? wanted : RESERVE / EACH_TLS;
    rlim_t room = (files.rlim_cur - RESERVE) / (listen->tls != NULL ? EACH_TLS : 1);
    return wanted < room ? wanted : (unsigned)room;
}

unsigned http_mhd_idle_max(const struct http_listen *listen, size_t memory_bytes)
{
    enum { WHOLE = 32 << 20, EACH_TLS = 24 << 10 };
    size_t each = memory_bytes + (listen->tls != NULL ? EACH_TLS : 0);
    return listen->idle_max > 0 ? listen->idle_max : (unsigned)(WHOLE / each);
}

struct http_conn *http_mhd_conn(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    INV(info != NULL && info->socket_context != NULL);
    return info->socket_context;
}

int http_mhd_fd(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    INV(info != NULL);
    return info->connect_fd;
}

/* The head of a request. */

void http_intake_begin(struct http_intake *in, struct http_conn *conn, enum face face,
                       const char *target, const struct rng *rng)
{
    in->conn = conn;
    id_uuid(in->trace, rng);
    in->request = (struct request){.face = face,
                                   .target = arena_strdup(&in->arena, target != NULL ? target : ""),
                                   .method = "",
                                   .body = "",
                                   .peer_node = conn->peer.node,
                                   .peer_serial = conn->peer.serial,
                                   .peer_not_before_ms = conn->peer.not_before_ms,
                                   .peer_not_after_ms = conn->peer.not_after_ms,
                                   .remote = conn->peer.remote,
                                   .trace = in->trace};
}

struct collector {
    struct gate_header headers[GATE_HEADERS_MAX + 1]; /* one more, so that the gate sees it */
    size_t len;
};

static enum MHD_Result collect(void *self, enum MHD_ValueKind kind, const char *name,
                               size_t name_len, const char *value, size_t value_len)
{
    struct collector *c = self;
    (void)kind;
    c->headers[c->len++] = (struct gate_header){.name = name,
                                                .name_len = name_len,
                                                .value = value != NULL ? value : "",
                                                .value_len = value != NULL ? value_len : 0};
    return c->len <= GATE_HEADERS_MAX ? MHD_YES : MHD_NO;
}

static void keep_headers(struct http_intake *in, const struct collector *c)
{
    struct header *headers = arena_alloc(&in->arena, c->len * sizeof *headers + 1);
    for (size_t i = 0; i < c->len; i++) {
        const struct gate_header *h = &c->headers[i];
        headers[i] = (struct header){arena_strndup(&in->arena, h->name, h->name_len),
                                     arena_strndup(&in->arena, h->value, h->value_len)};
    }
    in->request.headers = headers;
    in->request.headers_len = c->len;
}

void http_intake_judge(struct http_intake *in, struct MHD_Connection *mhd, const char *method,
                       const char *version)
{
    struct collector c = {.len = 0};
    MHD_get_connection_values_n(mhd, MHD_HEADER_KIND, collect, &c);
    in->request.method = arena_strdup(&in->arena, method);
    in->verdict = gate_judge(&(struct gate_request){.method = method,
                                                    .target = in->request.target,
                                                    .version = version,
                                                    .headers = c.headers,
                                                    .headers_len = c.len});
    if (in->verdict.status == 0)
        keep_headers(in, &c);
}

void http_intake_fini(struct http_intake *in)
{
    arena_fini(&in->arena);
}

/* Answers. */

bool http_header_is_fit(const char *name, const char *value)
{
    if (*name == '\0' || strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789!#$%&'*+-.^_`|~") != strlen(name))
        return false;
    for (const char *p = value; *p != '\0'; p++)
        if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f)
            return false;
    return true;
}

struct MHD_Response *http_mhd_response(const char *body, size_t len)
{
    char *copy = check_alloc(len);
    if (len > 0)
        memcpy(copy, body, len);
    struct MHD_Response *response = MHD_create_response_from_buffer(len, copy,
                                                                    MHD_RESPMEM_MUST_FREE);
    INV(response != NULL);
    return response;
}

static bool put(struct MHD_Response *response, const char *name, const char *value)
{
    return http_header_is_fit(name, value) &&
           MHD_add_response_header(response, name, value) == MHD_YES;
}

bool http_mhd_dress(struct MHD_Response *response, const char *content_type,
                    const struct header *headers, size_t headers_len, const char *trace)
{
    if (content_type != NULL && *content_type != '\0' &&
        !put(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type))
        return false;
    for (size_t i = 0; i < headers_len; i++)
        if (!put(response, headers[i].name, headers[i].value))
            return false;
    /* The second spelling is where Amazon's libraries look for what they log. */
    return put(response, "x-request-id", trace) && put(response, "x-amzn-requestid", trace);
}

enum MHD_Result http_mhd_say(struct MHD_Connection *mhd, int status, const char *reason,
                             const char *trace, bool is_last)
{
    char text[128];
    int len = snprintf(text, sizeof text, "%s\n", reason);
    INV(len > 0 && (size_t)len < sizeof text);
    struct MHD_Response *response = http_mhd_response(text, (size_t)len);
    http_mhd_dress(response, "text/plain", NULL, 0, trace);
    if (is_last)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    enum MHD_Result result = MHD_queue_response(mhd, (unsigned)status, response);
    MHD_destroy_response(response);
    return result;
}
