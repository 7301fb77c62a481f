/* relay.c - a handshake, then two pumps.
 *
 *            SSL_read               send
 *   client ------------> in ------------------> plain end | libmicrohttpd's end
 *          <------------ out <-----------------
 *            SSL_write              recv
 *
 * What one side does not take waits in `in` or `out`, and as long as it does nothing more is read
 * from the other. When libmicrohttpd has closed, the rest is sent, the write side is shut, and
 * the client's last bytes are read and dropped for a moment: a close with unread bytes would be
 * a reset, which can destroy the answer on its way. */
#include "proto/http/relay.h"

#include "base/check.h"
#include "base/log.h"
#include "proto/http/acceptor.h"
#include "proto/http/framing.h"
#include "proto/http/pending.h"
#include "proto/http/sweeper.h"
#include "proto/http/tls_context.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    RECORD = 16 * 1024, /* the most that SSL_read gives at once */
    ROUNDS = 8,         /* of a pump in one go */
    DRAIN_MS = 2000,
    NUDGE_MS = 10,
    NUDGES = 20,
};

enum state { STATE_HANDSHAKE, STATE_OPEN, STATE_DRAIN, STATE_DEAD };

struct http_relay {
    struct list link;
    struct http_relay_owner *owner;
    SSL *ssl;
    int client_fd, plain_fd; /* plain_fd: -1 outside STATE_OPEN */
    uv_poll_t client_poll, plain_poll;
    int client_events, plain_events; /* what the polls wait for */
    unsigned open_handles;
    enum state state;
    int64_t since_ms; /* of the state; in STATE_OPEN: of plain_eof */
    struct pending in, out;
    bool client_eof, plain_eof, is_told;
    unsigned nudges;
    struct list told;    /* in the owner's list while libmicrohttpd may have missed the end */
    struct list shaking; /* in the owner's list in STATE_HANDSHAKE */
    bool wants_write;    /* OpenSSL does, for its own purposes */
    struct framing framing;
    struct http_peer peer;
};

/* The end of a connection. */

static void on_closed(uv_handle_t *handle)
{
    struct http_relay *c = handle->data;
    if (--c->open_handles > 0)
        return;
    struct http_relay_owner *owner = c->owner;
    list_remove(&c->link);
    owner->len--;
    free(c);
    owner->gone(owner);
}

static void close_plain(struct http_relay *c)
{
    if (c->plain_fd < 0)
        return;
    uv_close((uv_handle_t *)&c->plain_poll, on_closed);
    list_remove(&c->told);
    close(c->plain_fd);
    c->plain_fd = -1;
    pending_drop(&c->in);
}

/* The handshake is over, one way or the other. */
static void leave_handshake(struct http_relay *c, enum state next)
{
    INV(c->state == STATE_HANDSHAKE);
    list_remove(&c->shaking);
    c->owner->shaking_len--;
    c->state = next;
}

static void cut(struct http_relay *c)
{
    if (c->state == STATE_DEAD)
        return;
    if (c->state == STATE_HANDSHAKE)
        leave_handshake(c, STATE_DEAD);
    c->state = STATE_DEAD;
    close_plain(c);
    pending_drop(&c->out);
    uv_close((uv_handle_t *)&c->client_poll, on_closed);
    SSL_free(c->ssl);
    close(c->client_fd);
}

/* The last word to a client whose head was malformed. */
static void say_refused(struct http_relay *c)
{
    static const char answer[] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n"
                                 "Content-Type: text/plain\r\nContent-Length: 18\r\n\r\n"
                                 "malformed request\n";
    ERR_clear_error();
    SSL_write(c->ssl, answer, sizeof answer - 1);
}

static void begin_drain(struct http_relay *c)
{
    close_plain(c);
    if (c->framing.reason != NULL && framing_is_in_head(&c->framing))
        say_refused(c);
    ERR_clear_error();
    SSL_shutdown(c->ssl);
    shutdown(c->client_fd, SHUT_WR);
    c->state = STATE_DRAIN;
    c->since_ms = http_now_ms();
}

static void drain(struct http_relay *c)
{
    for (unsigned n = 0; n < ROUNDS; n++) {
        ssize_t len = recv(c->client_fd, c->owner->scratch, HTTP_RELAY_SCRATCH, 0);
        if (len > 0)
            continue;
        if (len == 0 || (errno != EAGAIN && errno != EINTR))
            cut(c);
        return;
    }
}

/* The pumps. */

/* What SSL_read, SSL_write or SSL_accept meant by `result`. True: later. False: cut, or the end. */
static bool is_patient(struct http_relay *c, int result, bool *is_end)
{
    switch (SSL_get_error(c->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return true;
    case SSL_ERROR_WANT_WRITE:
        c->wants_write = true;
        return true;
    case SSL_ERROR_ZERO_RETURN:
        *is_end = true;
        return false;
    default:
        return false;
    }
}

static bool flush_in(struct http_relay *c)
{
    size_t sent;
    if (c->in.data == NULL)
        return true;
    bool is_done = pending_send(c->plain_fd, c->in.data + c->in.at, c->in.len - c->in.at, &sent);
    c->in.at += sent;
    if (is_done)
        pending_drop(&c->in);
    return is_done;
}

/* How much of what was read may go on. After a malformed byte libmicrohttpd sees the end of the
 * stream in the middle of a request: it answers those before and closes. Whether the request of a
 * malformed chunk has been answered only libmicrohttpd knows, so it is handed one that it refuses,
 * too. */
static size_t inspect(struct http_relay *c, size_t len)
{
    static const char no_chunk[] = {'z', 'z'};
    size_t good;
    const char *reason = framing_feed(&c->framing, c->owner->scratch, len, &good);
    if (reason != NULL) {
        log_info("http.refused", "remote", c->peer.remote, "reason", reason, NULL);
        c->client_eof = true;
        if (framing_is_in_chunk(&c->framing) && good + sizeof no_chunk < HTTP_RELAY_SCRATCH) {
            memcpy(c->owner->scratch + good, no_chunk, sizeof no_chunk);
            good += sizeof no_chunk;
        }
    }
    return good;
}

/* An end that comes together with the last bytes is missed: libmicrohttpd stops reading at a short
 * read and waits for an edge that has been. A further shutdown, later, is another edge. Nobody
 * says when it has read, so there are a few. */
static void on_nudge(uv_timer_t *timer)
{
    struct http_relay_owner *owner = timer->data;
    LIST_EACH_SAFE (it, &owner->told) {
        struct http_relay *c = LIST_ENTRY(it, struct http_relay, told);
        shutdown(c->plain_fd, SHUT_WR);
        if (++c->nudges == NUDGES)
            list_remove(&c->told);
    }
    if (list_is_empty(&owner->told))
        uv_timer_stop(timer);
}

static void tell_end(struct http_relay *c)
{
    struct http_relay_owner *owner = c->owner;
    if (c->is_told)
        return;
    c->is_told = true;
    shutdown(c->plain_fd, SHUT_WR);
    list_append(&owner->told, &c->told);
    if (!uv_is_active((const uv_handle_t *)&owner->nudge))
        uv_timer_start(&owner->nudge, on_nudge, NUDGE_MS, NUDGE_MS);
}

/* Client to libmicrohttpd. */
static void pump_in(struct http_relay *c)
{
    struct http_relay_owner *owner = c->owner;
    for (unsigned n = 0; n < ROUNDS && c->state == STATE_OPEN && flush_in(c); n++) {
        if (c->client_eof) {
            tell_end(c);
            return;
        }
        ERR_clear_error();
        int len = SSL_read(c->ssl, owner->scratch, HTTP_RELAY_SCRATCH);
        if (len <= 0) {
            if (is_patient(c, len, &c->client_eof))
                return;
            if (!c->client_eof)
                cut(c);
            continue;
        }
        size_t sent, good = inspect(c, (size_t)len);
        if (!pending_send(c->plain_fd, owner->scratch, good, &sent))
            pending_keep(&c->in, owner->scratch + sent, good - sent);
        if (len < RECORD && SSL_pending(c->ssl) == 0 && !c->client_eof)
            return; /* likely all there was: the poll tells of more */
    }
}

/* Writes to the client; true when all of it went. */
static bool send_client(struct http_relay *c, const char *data, size_t len, size_t *sent)
{
    *sent = 0;
    while (*sent < len) {
        bool is_end = false;
        ERR_clear_error();
        int n = SSL_write(c->ssl, data + *sent, (int)(len - *sent));
        if (n > 0) {
            *sent += (size_t)n;
            continue;
        }
        if (!is_patient(c, n, &is_end))
            cut(c);
        return false;
    }
    return true;
}

static bool flush_out(struct http_relay *c)
{
    size_t sent;
    if (c->out.data == NULL)
        return true;
    bool is_done = send_client(c, c->out.data + c->out.at, c->out.len - c->out.at, &sent);
    if (c->state != STATE_OPEN)
        return false;
    c->out.at += sent;
    if (is_done)
        pending_drop(&c->out);
    return is_done;
}

/* libmicrohttpd to client. */
static void pump_out(struct http_relay *c)
{
    struct http_relay_owner *owner = c->owner;
    for (unsigned n = 0; n < ROUNDS && c->state == STATE_OPEN && flush_out(c); n++) {
        if (c->plain_eof) {
            begin_drain(c);
            return;
        }
        ssize_t len = recv(c->plain_fd, owner->scratch, HTTP_RELAY_SCRATCH, 0);
        if (len < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (len <= 0) {
            c->plain_eof = true;
            c->since_ms = http_now_ms();
            continue;
        }
        size_t sent;
        if (!send_client(c, owner->scratch, (size_t)len, &sent) && c->state == STATE_OPEN)
            pending_keep(&c->out, owner->scratch + sent, (size_t)len - sent);
        if (len < HTTP_RELAY_SCRATCH)
            return;
    }
}

/* What to wait for. */

static void on_client(uv_poll_t *poll, int status, int events);
static void on_plain(uv_poll_t *poll, int status, int events);

/* libuv makes two system calls of each change, so only changes are told. */
static void watch_poll(uv_poll_t *poll, int *now, int events, uv_poll_cb callback)
{
    if (*now == events)
        return;
    *now = events;
    if (events == 0)
        uv_poll_stop(poll);
    else
        uv_poll_start(poll, events, callback);
}

static void watch(struct http_relay *c)
{
    int client = 0, plain = 0;
    if (c->state == STATE_DEAD)
        return;
    if (c->state != STATE_OPEN || (c->in.data == NULL && !c->client_eof))
        client |= UV_READABLE;
    if (c->out.data != NULL || c->wants_write)
        client |= UV_WRITABLE;
    watch_poll(&c->client_poll, &c->client_events, client, on_client);
    if (c->state != STATE_OPEN)
        return;
    if (c->out.data == NULL && !c->plain_eof)
        plain |= UV_READABLE;
    if (c->in.data != NULL)
        plain |= UV_WRITABLE;
    watch_poll(&c->plain_poll, &c->plain_events, plain, on_plain);
}

/* Handshake. */

static bool open_pair(struct http_relay *c)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0) {
        log_warn("tls.no_pair", "why", strerror(errno), NULL);
        return false;
    }
    c->plain_fd = pair[0];
    INV(uv_poll_init(c->owner->uv, &c->plain_poll, pair[0]) == 0);
    c->plain_poll.data = c;
    c->open_handles++;
    leave_handshake(c, STATE_OPEN);
    c->owner->front_owner.deliver(c->owner->front_owner.self, pair[1], &c->peer);
    return true;
}

static void shake(struct http_relay *c)
{
    bool is_end = false;
    if (c->owner->handshakes_left == 0)
        return; /* still readable: the next iteration goes on */
    c->owner->handshakes_left--;
    ERR_clear_error();
    int result = SSL_accept(c->ssl);
    if (result != 1) {
        if (is_patient(c, result, &is_end))
            return;
        log_info("tls.refused", "remote", c->peer.remote, "why", http_tls_why(), NULL);
        cut(c);
        return;
    }
    if (!http_tls_read_peer(c->ssl, &c->peer)) {
        log_info("tls.refused", "remote", c->peer.remote, "why", "unfit subject", NULL);
        cut(c);
    } else if (!open_pair(c)) {
        cut(c);
    }
}

/* Does what became possible: moving bytes in, moving bytes out. */
static void advance(struct http_relay *c, bool may_in, bool may_out)
{
    bool wanted_write = c->wants_write;
    c->wants_write = false;
    if (c->state == STATE_HANDSHAKE) {
        shake(c);
        may_in = true; /* the first request may have come with the last flight */
    }
    if (c->state == STATE_DRAIN)
        drain(c);
    if (c->state == STATE_OPEN && (may_in || wanted_write))
        pump_in(c);
    if (c->state == STATE_OPEN && (may_out || wanted_write || c->out.data != NULL))
        pump_out(c);
    watch(c);
}

/* After an error libuv has stopped the poll by itself. The next read or write will say what it
 * was, perhaps after bytes that are still there; so it counts as both, and is polled again. */
static void on_client(uv_poll_t *poll, int status, int events)
{
    struct http_relay *c = poll->data;
    if (status < 0)
        c->client_events = 0;
    advance(c, status < 0 || (events & UV_READABLE) != 0,
            status < 0 || (events & UV_WRITABLE) != 0);
}

static void on_plain(uv_poll_t *poll, int status, int events)
{
    struct http_relay *c = poll->data;
    if (status < 0)
        c->plain_events = 0;
    advance(c, status < 0 || (events & UV_WRITABLE) != 0,
            status < 0 || (events & UV_READABLE) != 0);
}

/* From outside. */

void http_relay_open(struct http_relay_owner *owner, int fd, SSL *ssl, const struct sockaddr *from,
                     socklen_t len)
{
    struct http_relay *c = check_alloc(sizeof *c);
    c->owner = owner;
    c->client_fd = fd;
    c->plain_fd = -1;
    c->ssl = ssl;
    c->since_ms = http_now_ms();
    list_init(&c->told);
    memcpy(&c->peer.address, from, len);
    c->peer.address_len = len;
    http_address_format(c->peer.remote, sizeof c->peer.remote, from);
    INV(uv_poll_init(owner->uv, &c->client_poll, fd) == 0);
    c->client_poll.data = c;
    c->open_handles = 1;
    list_append(&owner->relays, &c->link);
    owner->len++;
    list_append(&owner->shaking, &c->shaking);
    owner->shaking_len++;
    watch(c);
}

static bool is_due(const struct http_relay *c, int64_t now_ms)
{
    const struct http_limits *l = &c->owner->limits;
    switch (c->state) {
    case STATE_HANDSHAKE:
        return now_ms - c->since_ms > l->handshake_ms;
    case STATE_OPEN:
        return c->plain_eof && now_ms - c->since_ms > l->body_window_ms;
    case STATE_DRAIN:
        return now_ms - c->since_ms > DRAIN_MS;
    case STATE_DEAD:
        return false;
    }
    IMPOSSIBLE("a connection in no state");
}

void http_relay_cut_oldest(struct http_relay_owner *owner)
{
    PRE(!list_is_empty(&owner->shaking));
    struct http_relay *oldest = LIST_ENTRY(owner->shaking.next, struct http_relay, shaking);
    log_info("tls.displaced", "remote", oldest->peer.remote, NULL);
    cut(oldest);
}

void http_relay_sweep(struct http_relay_owner *owner, int64_t now_ms)
{
    LIST_EACH (it, &owner->relays) {
        struct http_relay *c = LIST_ENTRY(it, struct http_relay, link);
        if (is_due(c, now_ms))
            cut(c);
    }
}

void http_relay_cut_all(struct http_relay_owner *owner)
{
    LIST_EACH (it, &owner->relays) {
        struct http_relay *c = LIST_ENTRY(it, struct http_relay, link);
        if (c->state == STATE_OPEN)
            pump_out(c); /* last answers */
        cut(c);
    }
}
