/* status.c - the four pages of a daemon about itself. */
#include "proto/http/status.h"

#include "base/check.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/str.h"
#include "proto/auth/auth_report.h"
#include "proto/http/tally.h"
#include "proto/wire/version.h"

#include <stdio.h>
#include <stdlib.h>

struct status {
    struct status_config config;
    struct http_server *server;
    struct loop *loop;
};

static void fill(const struct status *s, struct report *r)
{
    loop_report(s->loop, s->config.daemon, r);
    if (s->config.not_after_ms != NULL && *s->config.not_after_ms != 0)
        http_tally_certificate(r, *s->config.not_after_ms, loop_now(s->loop).wall_ms);
    http_server_report(s->server, r);
    auth_report(r);
    if (s->config.report != NULL)
        s->config.report(s->config.self, r);
}

static int say_healthz(const struct status *s, struct buf *out)
{
    (void)s;
    buf_text(out, "ok\n");
    return 200;
}

static int say_readyz(const struct status *s, struct buf *out)
{
    struct report r = {0};
    fill(s, &r);
    buf_text(out, buf_str(&r.checks));
    int status = r.is_unfit ? 503 : 200;
    report_fini(&r);
    return status;
}

static int say_version(const struct status *s, struct buf *out)
{
    buf_printf(out, "{\"daemon\":\"%s\",\"version\":\"%s\",\"protocol\":%d}\n", s->config.daemon,
               TERCET_VERSION, wire_version());
    return 200;
}

static int say_metrics(const struct status *s, struct buf *out)
{
    struct report r = {0};
    fill(s, &r);
    report_text(&r, out);
    report_fini(&r);
    return 200;
}

static const struct {
    const char *target, *type;
    int (*say)(const struct status *s, struct buf *out);
} pages[] = {
    {"/healthz", "text/plain", say_healthz},
    {"/readyz", "text/plain", say_readyz},
    {"/version", "application/json", say_version},
    {"/metrics", "text/plain; version=0.0.4; charset=utf-8", say_metrics},
};

static void answer(void *self, const struct request *request, struct effect_reply *reply,
                   struct buf *body)
{
    reply->status = 404;
    reply->content_type = "text/plain";
    if (!str_eq(request->method, "GET")) {
        reply->status = 405;
        buf_text(body, "only GET is answered here\n");
        return;
    }
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (str_eq(request->target, pages[i].target)) {
            reply->status = pages[i].say(self, body);
            reply->content_type = pages[i].type;
            return;
        }
    buf_text(body, "here are /healthz, /readyz, /version and /metrics\n");
}

uint16_t status_open(struct http_server *server, struct loop *loop,
                     const struct status_config *config)
{
    struct err err = {0};
    size_t listener;
    char port[16];
    if (config->tcp_port < 0)
        return 0;
    struct status *s = check_alloc(sizeof *s);
    *s = (struct status){.config = *config, .server = server, .loop = loop};
    struct http_listen listen = {.name = "status",
                                 .face = FACE_STATUS,
                                 .address = config->address,
                                 .tcp_port = (uint16_t)config->tcp_port,
                                 .answer = answer,
                                 .answer_self = s};
    if (http_server_listen(server, &listen, &listener, &err) != ERR_OK) {
        log_warn("status.closed", "why", err.text, NULL);
        free(s);
        return 0;
    }
    uint16_t tcp_port = http_server_tcp_port(server, listener);
    snprintf(port, sizeof port, "%u", tcp_port);
    log_info("status.listens", "address", config->address, "port", port, NULL);
    return tcp_port;
}
