/* sweeper.c - a table of connections and their limits. */
#include "proto/http/sweeper.h"

#include "base/check.h"
#include "base/log.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum { ROOM = 32 }; /* connections that are cut at once, for as many others */

struct http_limits http_limits_complete(const struct http_limits *given)
{
    struct http_limits l = *given;
    l.handshake_ms = l.handshake_ms > 0 ? l.handshake_ms : 5000;
    l.header_ms = l.header_ms > 0 ? l.header_ms : 5000;
    l.idle_ms = l.idle_ms > 0 ? l.idle_ms : 120000;
    l.body_window_ms = l.body_window_ms > 0 ? l.body_window_ms : 20000;
    l.body_window_bytes = l.body_window_bytes > 0 ? l.body_window_bytes : 1024;
    l.total_ms = l.total_ms > 0 ? l.total_ms : 600000;
    l.total_rate = l.total_rate > 0 ? l.total_rate : 8192;
    l.sweep_ms = l.sweep_ms > 0 ? l.sweep_ms : 1000;
    return l;
}

static bool is_over_total(const struct http_conn *conn, const struct http_limits *l, int64_t now_ms)
{
    int64_t size = conn->size > conn->moved ? conn->size : conn->moved;
    int64_t for_size_ms = size / l->total_rate * 1000;
    return now_ms - conn->since_ms > l->total_ms + for_size_ms;
}

static bool is_body_due(struct http_conn *conn, const struct http_limits *l, int64_t now_ms)
{
    if (is_over_total(conn, l, now_ms))
        return true;
    if (now_ms - conn->window_ms <= l->body_window_ms)
        return false;
    if (conn->moved - conn->window_moved < l->body_window_bytes)
        return true;
    conn->window_ms = now_ms;
    conn->window_moved = conn->moved;
    return false;
}

bool http_conn_is_due(struct http_conn *conn, const struct http_limits *l, int64_t now_ms)
{
    switch (conn->phase) {
    case HTTP_PHASE_HEADERS:
        return now_ms - conn->since_ms > l->header_ms;
    case HTTP_PHASE_IDLE:
        return now_ms - conn->since_ms > l->idle_ms;
    case HTTP_PHASE_BODY:
        return is_body_due(conn, l, now_ms);
    case HTTP_PHASE_ANSWER:
        return is_over_total(conn, l, now_ms);
    case HTTP_PHASE_HELD:
        return false;
    }
    IMPOSSIBLE("a connection in no phase");
}

static struct http_conn *conn_of(struct list *link)
{
    return LIST_ENTRY(link, struct http_conn, link);
}

static const char *phase_name(enum http_phase phase)
{
    static const char *const names[] = {"headers", "idle", "body", "held", "answer"};
    return names[phase];
}

/* With the mutex held. */
static void cut_one(struct http_conn *conn)
{
    conn->is_cut = true;
    log_info("http.swept", "remote", conn->peer.remote, "phase", phase_name(conn->phase), NULL);
    shutdown(conn->fd, SHUT_RDWR);
}

/* With the mutex held. */
static void leave_idle(struct http_sweeper *s, struct http_conn *conn)
{
    if (list_is_empty(&conn->idle))
        return;
    list_remove(&conn->idle);
    s->idle_len--;
}

/* With the mutex held. The strangers that have been idle the longest. */
static void cut_idle(struct http_sweeper *s, unsigned len)
{
    for (unsigned n = 0; n < len && s->idle_len > 0; n++) {
        struct http_conn *conn = LIST_ENTRY(s->idle.next, struct http_conn, idle);
        leave_idle(s, conn);
        cut_one(conn);
        s->made_room++;
    }
}

/* With the mutex held. */
static void enter_idle(struct http_sweeper *s, struct http_conn *conn)
{
    if (*conn->peer.node != '\0' || conn->is_cut)
        return;
    list_append(&s->idle, &conn->idle);
    if (++s->idle_len > s->idle_max)
        cut_idle(s, 1);
}

void http_sweeper_init(struct http_sweeper *s, const struct http_limits *limits, unsigned idle_max)
{
    *s = (struct http_sweeper){.limits = http_limits_complete(limits), .idle_max = idle_max};
    list_init(&s->idle);
    list_init(&s->arriving);
    list_init(&s->live);
    INV(pthread_mutex_init(&s->mutex, NULL) == 0);
}

void http_sweeper_fini(struct http_sweeper *s)
{
    INV(list_is_empty(&s->live));
    LIST_EACH_SAFE (it, &s->arriving) {
        list_remove(it);
        free(conn_of(it));
    }
    pthread_mutex_destroy(&s->mutex);
}

unsigned http_sweeper_len(struct http_sweeper *s)
{
    pthread_mutex_lock(&s->mutex);
    unsigned len = s->len;
    pthread_mutex_unlock(&s->mutex);
    return len;
}

void http_sweeper_expect(struct http_sweeper *s, int fd, const struct http_peer *peer)
{
    struct http_conn *conn = check_alloc(sizeof *conn);
    conn->fd = fd;
    conn->peer = *peer;
    list_init(&conn->idle);
    pthread_mutex_lock(&s->mutex);
    list_append(&s->arriving, &conn->link);
    s->len++;
    pthread_mutex_unlock(&s->mutex);
}

/* With the mutex held. */
static struct http_conn *take_arriving(struct http_sweeper *s, int fd)
{
    LIST_EACH (it, &s->arriving)
        if (conn_of(it)->fd == fd) {
            list_remove(it);
            return conn_of(it);
        }
    IMPOSSIBLE("a connection that was not expected");
}

void http_sweeper_forget(struct http_sweeper *s, int fd)
{
    pthread_mutex_lock(&s->mutex);
    free(take_arriving(s, fd));
    s->len--;
    pthread_mutex_unlock(&s->mutex);
}

struct http_conn *http_sweeper_begin(struct http_sweeper *s, int fd, int64_t now_ms)
{
    pthread_mutex_lock(&s->mutex);
    struct http_conn *conn = take_arriving(s, fd);
    conn->phase = HTTP_PHASE_HEADERS;
    conn->since_ms = now_ms;
    list_append(&s->live, &conn->link);
    pthread_mutex_unlock(&s->mutex);
    return conn;
}

void http_sweeper_end(struct http_sweeper *s, struct http_conn *conn)
{
    pthread_mutex_lock(&s->mutex);
    list_remove(&conn->link);
    leave_idle(s, conn);
    s->len--;
    pthread_mutex_unlock(&s->mutex);
    free(conn);
}

void http_sweeper_phase(struct http_sweeper *s, struct http_conn *conn, enum http_phase phase,
                        int64_t size, int64_t now_ms)
{
    pthread_mutex_lock(&s->mutex);
    conn->phase = phase;
    conn->since_ms = conn->window_ms = now_ms;
    conn->window_moved = conn->moved = 0;
    conn->size = size;
    conn->is_looked_at = false;
    leave_idle(s, conn);
    if (phase == HTTP_PHASE_IDLE)
        enter_idle(s, conn);
    pthread_mutex_unlock(&s->mutex);
}

void http_sweeper_hold(struct http_sweeper *s, struct http_conn *conn, int64_t now_ms)
{
    pthread_mutex_lock(&s->mutex);
    conn->held_phase = conn->phase;
    conn->held_ms = now_ms;
    conn->phase = HTTP_PHASE_HELD;
    pthread_mutex_unlock(&s->mutex);
}

void http_sweeper_release(struct http_sweeper *s, struct http_conn *conn, int64_t now_ms)
{
    pthread_mutex_lock(&s->mutex);
    if (conn->phase == HTTP_PHASE_HELD) {
        conn->phase = conn->held_phase;
        conn->since_ms += now_ms - conn->held_ms;
        conn->window_ms += now_ms - conn->held_ms;
    }
    pthread_mutex_unlock(&s->mutex);
}

void http_sweeper_progress(struct http_sweeper *s, struct http_conn *conn, int64_t bytes)
{
    pthread_mutex_lock(&s->mutex);
    conn->moved += bytes;
    pthread_mutex_unlock(&s->mutex);
}

/* An end that came together with the last bytes: libmicrohttpd stops reading at a short read and
 * waits for an edge that has been. Idle ones, of which there are many, are looked at once. */
static bool has_ended(struct http_conn *conn)
{
    char byte;
    bool is_idle = conn->phase == HTTP_PHASE_IDLE;
    if (is_idle ? conn->is_looked_at
                : conn->phase != HTTP_PHASE_HEADERS && conn->phase != HTTP_PHASE_BODY)
        return false;
    conn->is_looked_at = is_idle;
    return recv(conn->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

bool http_sweeper_has_room(struct http_sweeper *s, unsigned max)
{
    pthread_mutex_lock(&s->mutex);
    bool has_room = s->len < max;
    if (!has_room)
        cut_idle(s, ROOM);
    pthread_mutex_unlock(&s->mutex);
    return has_room;
}

void http_sweeper_make_room(struct http_sweeper *s)
{
    pthread_mutex_lock(&s->mutex);
    cut_idle(s, ROOM);
    pthread_mutex_unlock(&s->mutex);
}

unsigned http_sweeper_run(struct http_sweeper *s, int64_t now_ms)
{
    pthread_mutex_lock(&s->mutex);
    unsigned swept = s->made_room;
    s->made_room = 0;
    LIST_EACH (it, &s->live) {
        struct http_conn *conn = conn_of(it);
        if (has_ended(conn))
            shutdown(conn->fd, SHUT_RDWR);
        if (conn->is_cut || !http_conn_is_due(conn, &s->limits, now_ms))
            continue;
        cut_one(conn);
        swept++;
    }
    pthread_mutex_unlock(&s->mutex);
    return swept;
}

void http_sweeper_cut_all(struct http_sweeper *s)
{
    pthread_mutex_lock(&s->mutex);
    LIST_EACH (it, &s->live)
        shutdown(conn_of(it)->fd, SHUT_RDWR);
    pthread_mutex_unlock(&s->mutex);
}

int64_t http_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
