/* sweeper.h - the connections of a listener, and when each has dawdled long enough.
 *
 * libmicrohttpd's own timeout is an idle timer that one byte in time defeats; so each connection
 * is in a table, with the phase that its request is in, and once a second whoever has passed a
 * limit of struct http_limits is shut down: libmicrohttpd then sees the end and cleans up. A held
 * request waits for us, not for its client, and is exempt.
 *
 * Called by server.c (one thread) and pool.c (any of its threads); a mutex guards the table. */
#pragma once

#include "base/list.h"
#include "proto/http/front.h"
#include "proto/http/listen.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum http_phase {
    HTTP_PHASE_HEADERS, /* since accept, or since the request line */
    HTTP_PHASE_IDLE,    /* between two requests */
    HTTP_PHASE_BODY,
    HTTP_PHASE_HELD,   /* we owe an answer */
    HTTP_PHASE_ANSWER, /* it is being sent */
};

/* One connection. The members from `phase` on belong to the sweeper. */
struct http_conn {
    struct list link;
    int fd; /* libmicrohttpd's end; open as long as this is in the table */
    struct http_peer peer;
    enum http_phase phase;
    int64_t since_ms;
    int64_t size;         /* bytes that this phase is to move; 0 = not known */
    int64_t moved;        /* of the body */
    int64_t window_ms;    /* when the window of the body began */
    int64_t window_moved; /* and `moved` then */
    int64_t held_ms;      /* when http_sweeper_hold stopped the clock */
    enum http_phase held_phase;
    bool is_cut;       /* shut down already */
    bool is_looked_at; /* since it became idle */
    struct list idle;  /* in the sweeper's list, a stranger that is idle */
};

struct http_sweeper {
    struct http_limits limits; /* complete: no zeroes */
    pthread_mutex_t mutex;
    struct list arriving; /* handed to libmicrohttpd, which has not named them yet */
    struct list live;
    unsigned len;
    struct list idle; /* strangers (without a certificate), the longest idle first */
    unsigned idle_len, idle_max;
    unsigned made_room; /* cut for others since the last run */
};

/* Of more than `idle_max` idle strangers the longest idle goes: libmicrohttpd keeps the memory of a
 * connection as long as it stands. */
void http_sweeper_init(struct http_sweeper *sweeper, const struct http_limits *limits,
                       unsigned idle_max);
/* Frees what never arrived; live connections must be gone. */
void http_sweeper_fini(struct http_sweeper *sweeper);
unsigned http_sweeper_len(struct http_sweeper *sweeper);

/* Is there room below `max`? If not, some strangers that have been idle the longest are cut, and
 * soon there is: who only keeps a connection does not keep others out. */
bool http_sweeper_has_room(struct http_sweeper *sweeper, unsigned max);
/* The same, where it is something else that runs short. */
void http_sweeper_make_room(struct http_sweeper *sweeper);

/* A socket is about to be handed over. */
void http_sweeper_expect(struct http_sweeper *sweeper, int fd, const struct http_peer *peer);
/* libmicrohttpd refused it (and closed it). */
void http_sweeper_forget(struct http_sweeper *sweeper, int fd);
/* libmicrohttpd begins to serve it. */
struct http_conn *http_sweeper_begin(struct http_sweeper *sweeper, int fd, int64_t now_ms);
/* libmicrohttpd is about to close it; `conn` is freed. */
void http_sweeper_end(struct http_sweeper *sweeper, struct http_conn *conn);

/* `size` = bytes that are to be moved in this phase, 0 when unknown. */
void http_sweeper_phase(struct http_sweeper *sweeper, struct http_conn *conn, enum http_phase phase,
                        int64_t size, int64_t now_ms);
/* We keep a body waiting: its clock stands until it is released. Releasing one that was not held
 * does nothing. */
void http_sweeper_hold(struct http_sweeper *sweeper, struct http_conn *conn, int64_t now_ms);
void http_sweeper_release(struct http_sweeper *sweeper, struct http_conn *conn, int64_t now_ms);
/* Some of the body came. */
void http_sweeper_progress(struct http_sweeper *sweeper, struct http_conn *conn, int64_t bytes);
/* Shuts down whatever is due, and gives how many those were since the last run; also whoever has
 * ended and owes or is owed nothing. */
unsigned http_sweeper_run(struct http_sweeper *sweeper, int64_t now_ms);
/* Shuts down every connection. */
void http_sweeper_cut_all(struct http_sweeper *sweeper);

/* Has `conn` passed a limit? Moves the window of a body on. */
bool http_conn_is_due(struct http_conn *conn, const struct http_limits *limits, int64_t now_ms);
/* `given` with zeroes replaced by the values in brackets. */
struct http_limits http_limits_complete(const struct http_limits *given);

/* Its clock: monotonic, ms. */
int64_t http_now_ms(void);
