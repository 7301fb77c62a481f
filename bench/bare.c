/* bare.c - the limit beside which bench/run puts the cloud-manager: libmicrohttpd and sqlite alone.
 *
 * The same shape as a daemon's loop, with nothing of ours in it: take what is ready, one
 * transaction (WAL, synchronous=FULL) for all of it, then answer. POST inserts its body as one row
 * and is answered after COMMIT; GET is answered at once with a fixed JSON text. Run as
 *
 *   bare STORE ANSWER_BYTES      prints its port, serves 127.0.0.1 until it is killed */
#include "base/buf.h"
#include "base/check.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 1024, POLL_MS = 1000 };

/* One request, from its first line to its answer. */
struct waiter {
    struct MHD_Connection *connection;
    struct buf body;
    bool is_stored;
};

struct bare {
    sqlite3 *db;
    sqlite3_stmt *insert;
    struct MHD_Daemon *daemon;
    struct MHD_Response *stored, *read;
    struct waiter *batch[BATCH];
    size_t batch_len;
};

static void exec(struct bare *b, const char *sql)
{
    if (sqlite3_exec(b->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        check_failed("STORE", sqlite3_errmsg(b->db), __FILE__, __LINE__, __func__);
}

/* ---- requests ----------------------------------------------------------------------------- */

static enum MHD_Result on_request(void *self, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *len, void **handle)
{
    struct bare *b = self;
    struct waiter *w = *handle;
    (void)url, (void)version;
    if (w == NULL) {
        *handle = w = check_alloc(sizeof *w);
        w->connection = connection;
        return MHD_YES;
    }
    if (*len > 0) {
        buf_append(&w->body, data, *len);
        *len = 0;
        return MHD_YES;
    }
    if (strcmp(method, "POST") != 0)
        return MHD_queue_response(connection, MHD_HTTP_OK, b->read);
    if (w->is_stored)
        return MHD_queue_response(connection, MHD_HTTP_OK, b->stored);
    if (b->batch_len == BATCH)
        return MHD_NO;
    MHD_suspend_connection(connection);
    b->batch[b->batch_len++] = w;
    return MHD_YES;
}

static void on_end(void *self, struct MHD_Connection *connection, void **handle,
                   enum MHD_RequestTerminationCode why)
{
    struct waiter *w = *handle;
    (void)self, (void)connection, (void)why;
    if (w == NULL)
        return;
    buf_fini(&w->body);
    free(w);
    *handle = NULL;
}

/* ---- one turn ------------------------------------------------------------------------------- */

static void store_batch(struct bare *b)
{
    exec(b, "BEGIN IMMEDIATE");
    for (size_t i = 0; i < b->batch_len; i++) {
        sqlite3_bind_text(b->insert, 1, b->batch[i]->body.data, (int)b->batch[i]->body.len,
                          SQLITE_STATIC);
        INV(sqlite3_step(b->insert) == SQLITE_DONE);
        sqlite3_reset(b->insert);
    }
    exec(b, "COMMIT");
    for (size_t i = 0; i < b->batch_len; i++) {
        b->batch[i]->is_stored = true;
        MHD_resume_connection(b->batch[i]->connection);
    }
    b->batch_len = 0;
}

/* MHD_run until it has nothing left that is ready. */
static void run_ready(struct bare *b)
{
    MHD_UNSIGNED_LONG_LONG wait_ms;
    do
        MHD_run(b->daemon);
    while (MHD_get_timeout(b->daemon, &wait_ms) == MHD_YES && wait_ms == 0);
}

static void serve(struct bare *b)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(b->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct pollfd ready = {.fd = info->epoll_fd, .events = POLLIN};
    for (;;) {
        poll(&ready, 1, POLL_MS);
        run_ready(b);
        while (b->batch_len > 0) {
            store_batch(b);
            run_ready(b);
        }
    }
}

/* ---- start ------------------------------------------------------------------------------------
 */

static void open_store(struct bare *b, const char *path)
{
    INV(sqlite3_open(path, &b->db) == SQLITE_OK);
    exec(b, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=8000;"
            "CREATE TABLE row(id INTEGER PRIMARY KEY, body TEXT NOT NULL)");
    INV(sqlite3_prepare_v2(b->db, "INSERT INTO row(body) VALUES(?)", -1, &b->insert, NULL) ==
        SQLITE_OK);
}

static struct MHD_Response *answer_of(size_t len)
{
    CLEANUP(buf_fini) struct buf text = {0};
    buf_text(&text, "{\"id\":\"");
    while (text.len + 2 < len)
        buf_char(&text, 'x');
    buf_text(&text, "\"}");
    return MHD_create_response_from_buffer(text.len, text.data, MHD_RESPMEM_MUST_COPY);
}

int main(int argc, char **argv)
{
    struct bare b = {0};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (argc != 3) {
        fprintf(stderr, "usage: bare STORE ANSWER_BYTES\n");
        return 2;
    }
    open_store(&b, argv[1]);
    b.stored = answer_of(200);
    b.read = answer_of((size_t)strtoul(argv[2], NULL, 10));
    b.daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request,
                                &b, MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL, MHD_OPTION_SOCK_ADDR,
                                &address, MHD_OPTION_CONNECTION_LIMIT, 2000u, MHD_OPTION_END);
    INV(b.daemon != NULL);
    printf("%u\n", MHD_get_daemon_info(b.daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    serve(&b);
}
