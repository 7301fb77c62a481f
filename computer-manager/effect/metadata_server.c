/* metadata_server.c - sockets of the metadata service on libuv. */
#include "computer-manager/effect/metadata_server.h"

#include "base/check.h"
#include "base/list.h"
#include "base/log.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

struct metadata_server {
    uv_loop_t *loop;
    metadata_find *find;
    void *self;
    struct clock clock;
    uint8_t key[METADATA_KEY_SIZE];
    struct list listeners;
    size_t handles; /* open or closing: the server's memory stays until there are none */
    bool dying;
};

struct listener {
    struct list link;
    uv_tcp_t tcp;
    struct metadata_server *server;
    int64_t vni;
    bool former; /* of an earlier channel */
    struct list connections;
    size_t connections_len;
};

enum phase { PHASE_READING, PHASE_WRITING, PHASE_LINGERING };

struct connection {
    struct list link;
    uv_tcp_t tcp;
    uv_timer_t deadline;
    uv_write_t write;
    uv_shutdown_t shutdown;
    struct metadata_server *server;
    struct listener *listener; /* NULL once closing */
    enum phase phase;
    bool ended; /* the guest sends no more */
    int open;   /* handles not closed yet */
    uint32_t peer;
    size_t len;
    char in[METADATA_HEAD_MAX];
    struct buf out;
};

/* ---- lifetimes ------------------------------------------------------------------------- */

static void handle_gone(struct metadata_server *s)
{
    INV(s->handles > 0);
    if (--s->handles == 0 && s->dying)
        free(s);
}

static void on_connection_closed(uv_handle_t *handle)
{
    struct connection *c = handle->data;
    struct metadata_server *s = c->server;
    if (--c->open == 0) {
        buf_fini(&c->out);
        free(c);
    }
    handle_gone(s);
}

static void close_connection(struct connection *c)
{
    if (c->listener == NULL)
        return;
    list_remove(&c->link);
    c->listener->connections_len--;
    c->listener = NULL;
    uv_close((uv_handle_t *)&c->tcp, on_connection_closed);
    uv_close((uv_handle_t *)&c->deadline, on_connection_closed);
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct listener *l = handle->data;
    struct metadata_server *s = l->server;
    free(l);
    handle_gone(s);
}

static void close_listener(struct listener *l)
{
    LIST_EACH_SAFE (link, &l->connections)
        close_connection(LIST_ENTRY(link, struct connection, link));
    list_remove(&l->link);
    uv_close((uv_handle_t *)&l->tcp, on_listener_closed);
}

/* ---- one connection -------------------------------------------------------------------- */

static void on_deadline(uv_timer_t *timer)
{
    close_connection(timer->data);
}

static void expect(struct connection *c, enum phase phase, uint64_t ms)
{
    c->phase = phase;
    uv_timer_start(&c->deadline, on_deadline, ms, 0);
}

static const char *reason(int status)
{
    static const struct {
        int status;
        const char *text;
    } known[] = {{200, "OK"},
                 {400, "Bad Request"},
                 {401, "Unauthorized"},
                 {403, "Forbidden"},
                 {404, "Not Found"},
                 {405, "Method Not Allowed"},
                 {413, "Payload Too Large"},
                 {414, "URI Too Long"},
                 {431, "Request Header Fields Too Large"},
                 {501, "Not Implemented"},
                 {505, "HTTP Version Not Supported"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].status == status)
            return known[i].text;
    return "Error";
}

static void format_answer(struct buf *out, const struct metadata_answer *a, bool with_body)
{
    buf_printf(out,
               "HTTP/1.1 %d %s\r\nServer: EC2ws\r\nContent-Type: %s\r\nContent-Length: %zu\r\n",
               a->status, reason(a->status), a->type, a->body.len);
    if (a->token_ttl_s > 0)
        buf_printf(out, "X-Aws-Ec2-Metadata-Token-Ttl-Seconds: %lld\r\n",
                   (long long)a->token_ttl_s);
    buf_text(out, "Connection: close\r\n\r\n");
    if (with_body)
        buf_append(out, a->body.data, a->body.len);
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
    struct connection *c = request->data;
    if (status != 0)
        close_connection(c);
}

/* Says the end and waits for the guest's: closing with its bytes unread would reset the answer. */
static void on_written(uv_write_t *request, int status)
{
    struct connection *c = request->data;
    if (c->listener == NULL)
        return;
    c->shutdown.data = c;
    if (status != 0 || c->ended ||
        uv_shutdown(&c->shutdown, (uv_stream_t *)&c->tcp, on_shutdown) != 0) {
        close_connection(c);
        return;
    }
    expect(c, PHASE_LINGERING, METADATA_LINGER_MS);
}

/* A token travels as few hops as its instance allows, so that a forwarder in the guest does not
 * hand it out. */
static void limit_hops(struct connection *c, int hops)
{
    uv_os_fd_t fd;
    if (uv_fileno((uv_handle_t *)&c->tcp, &fd) == 0)
        setsockopt(fd, IPPROTO_IP, IP_TTL, &hops, sizeof hops);
}

static void say(struct connection *c, const struct metadata_answer *a, bool with_body)
{
    format_answer(&c->out, a, with_body);
    uv_buf_t part = uv_buf_init(c->out.data, (unsigned)c->out.len);
    c->write.data = c;
    if (uv_write(&c->write, (uv_stream_t *)&c->tcp, &part, 1, on_written) != 0)
        close_connection(c);
    else
        expect(c, PHASE_WRITING, METADATA_WRITE_MS);
}

static void serve(struct connection *c, const struct metadata_request *r)
{
    struct metadata_server *s = c->server;
    struct metadata_answer a;
    const struct metadata_instance *i = s->find(s->self, c->listener->vni, c->peer);
    if (i == NULL)
        metadata_refuse(&a, 404);
    else
        metadata_answer(&a, i, r, s->key, s->clock.read(s->clock.self).boot_ms);
    if (i != NULL && r->method == METADATA_PUT)
        limit_hops(c, i->hop_limit > 0 ? i->hop_limit : 1);
    say(c, &a, r->method != METADATA_HEAD);
    metadata_answer_fini(&a);
}

static void read_request(struct connection *c)
{
    struct metadata_request r;
    int got = metadata_request_parse(&r, c->in, c->len);
    if (got == METADATA_MORE)
        return;
    if (got == METADATA_WHOLE) {
        serve(c, &r);
        return;
    }
    struct metadata_answer a;
    metadata_refuse(&a, got);
    say(c, &a, true);
    metadata_answer_fini(&a);
}

/* After the request, what a guest still sends lands in the same room and is forgotten. */
static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *room)
{
    struct connection *c = handle->data;
    (void)wanted;
    size_t from = c->phase == PHASE_READING ? c->len : 0;
    *room = uv_buf_init(c->in + from, (unsigned)(sizeof c->in - from));
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *room)
{
    struct connection *c = stream->data;
    (void)room;
    if (got < 0) {
        /* A guest may say its end before it has read ours. */
        c->ended = true;
        if (c->phase != PHASE_WRITING || got != UV_EOF)
            close_connection(c);
        else
            uv_read_stop(stream);
        return;
    }
    if (c->phase != PHASE_READING)
        return;
    c->len += (size_t)got;
    INV(c->len <= sizeof c->in);
    read_request(c);
}

/* ---- listeners ------------------------------------------------------------------------- */

static bool peer_of(const uv_tcp_t *tcp, uint32_t *out)
{
    struct sockaddr_storage name;
    int len = sizeof name;
    if (uv_tcp_getpeername(tcp, (struct sockaddr *)&name, &len) != 0 || name.ss_family != AF_INET)
        return false;
    *out = ntohl(((const struct sockaddr_in *)(const void *)&name)->sin_addr.s_addr);
    return true;
}

static bool has_room(const struct listener *l, uint32_t peer)
{
    size_t same = 0;
    LIST_EACH (link, &l->connections)
        same += LIST_ENTRY(link, struct connection, link)->peer == peer;
    return l->connections_len < METADATA_CONNECTIONS_MAX && same < METADATA_PEER_MAX;
}

static struct connection *new_connection(struct listener *l)
{
    struct connection *c = check_alloc(sizeof *c);
    c->server = l->server;
    c->listener = l;
    c->open = 2;
    c->tcp.data = c->deadline.data = c;
    uv_tcp_init(l->server->loop, &c->tcp);
    uv_timer_init(l->server->loop, &c->deadline);
    l->server->handles += 2;
    return c;
}

static void on_connection(uv_stream_t *stream, int status)
{
    struct listener *l = stream->data;
    if (status != 0)
        return;
    struct connection *c = new_connection(l);
    bool fine = uv_accept(stream, (uv_stream_t *)&c->tcp) == 0 && peer_of(&c->tcp, &c->peer) &&
                has_room(l, c->peer);
    list_append(&l->connections, &c->link);
    l->connections_len++;
    if (!fine || uv_read_start((uv_stream_t *)&c->tcp, on_room, on_read) != 0)
        close_connection(c);
    else
        expect(c, PHASE_READING, METADATA_HEAD_MS);
}

void metadata_server_listen(struct metadata_server *s, int64_t vni, int fd)
{
    PRE(!s->dying && fd >= 0);
    metadata_server_drop(s, vni);
    struct listener *l = check_alloc(sizeof *l);
    l->server = s;
    l->vni = vni;
    l->tcp.data = l;
    list_init(&l->connections);
    list_append(&s->listeners, &l->link);
    uv_tcp_init(s->loop, &l->tcp);
    s->handles++;
    int why = uv_tcp_open(&l->tcp, fd);
    if (why != 0)
        close(fd);
    else
        why = uv_listen((uv_stream_t *)&l->tcp, METADATA_CONNECTIONS_MAX, on_connection);
    if (why != 0) {
        log_error("metadata.listen.failed", "why", uv_strerror(why), NULL);
        close_listener(l);
    }
}

void metadata_server_drop(struct metadata_server *s, int64_t vni)
{
    LIST_EACH_SAFE (link, &s->listeners) {
        struct listener *l = LIST_ENTRY(link, struct listener, link);
        if (l->vni == vni)
            close_listener(l);
    }
}

void metadata_server_age(struct metadata_server *s)
{
    LIST_EACH (link, &s->listeners)
        LIST_ENTRY(link, struct listener, link)->former = true;
}

void metadata_server_settle(struct metadata_server *s)
{
    LIST_EACH_SAFE (link, &s->listeners) {
        struct listener *l = LIST_ENTRY(link, struct listener, link);
        if (l->former)
            close_listener(l);
    }
}

size_t metadata_server_connections(const struct metadata_server *s)
{
    size_t len = 0;
    LIST_EACH (link, &s->listeners)
        len += LIST_ENTRY(link, struct listener, link)->connections_len;
    return len;
}

/* ---- the whole ------------------------------------------------------------------------- */

struct metadata_server *metadata_server_new(struct uv_loop_s *loop, metadata_find *find, void *self,
                                            const struct rng *rng, const struct clock *clock)
{
    PRE(find != NULL);
    struct metadata_server *s = check_alloc(sizeof *s);
    s->loop = loop;
    s->find = find;
    s->self = self;
    s->clock = *clock;
    rng->fill(rng->self, s->key, sizeof s->key);
    list_init(&s->listeners);
    return s;
}

void metadata_server_free(struct metadata_server *s)
{
    if (s == NULL)
        return;
    s->dying = true;
    LIST_EACH_SAFE (link, &s->listeners)
        close_listener(LIST_ENTRY(link, struct listener, link));
    if (s->handles == 0)
        free(s);
}
