/* http_rig.h - a whole daemon in one process for the tests of proto/http and base/loop: an echo
 * core on sqlite, a loop, a server, a client, a job pool; and raw sockets from a second thread.
 *
 * The core inserts one row for each request and answers "METHOD TARGET NODE BODY". Some targets
 * mean more: /held is answered by a tick 30 ms later, /never not at all, /fail fails, /header
 * answers with a header that holds CR LF, /stream goes on with each of two ticks, /flood goes on as
 * fast as it can and never ends, /count tells how many requests are held. */
#pragma once

#include "base/job.h"
#include "base/loop.h"
#include "proto/http/client.h"
#include "proto/http/server.h"

#include <stdbool.h>

enum { RIG_ENDS_MAX = 16 };

/* How a call or a job ended. */
struct rig_end {
    uint64_t id;
    int status; /* HTTP, or enum err_code of a job */
    char body[256];
};

struct rig {
    struct loop *loop;
    struct store *store;
    struct turn turn;
    struct http_server *server;
    struct http_client *client;
    struct job_pool *jobs;
    uint64_t held_id;
    int64_t held_until_ms;
    const char *open;                       /* the target whose answer goes on; NULL = none does */
    unsigned more;                          /* how often it has */
    struct effect_call calls[RIG_ENDS_MAX]; /* sent at the start */
    size_t calls_len;
    struct effect_job jobs_wanted[RIG_ENDS_MAX]; /* started at the start */
    size_t jobs_len;
    struct rig_end ends[RIG_ENDS_MAX];
    size_t ends_len, ends_wanted; /* the loop stops when so many calls and jobs have ended */
    unsigned starts, ticks, fails;
    bool is_full; /* the store, when a tick comes; and there is always one due */
    int64_t began_ms;
};

void rig_init(struct rig *rig, const struct loop_options *options);
void rig_fini(struct rig *rig);
/* Runs until ends_wanted. */
void rig_run(struct rig *rig);
/* The end of call or job `id`. */
const struct rig_end *rig_end(const struct rig *rig, uint64_t id);
int64_t rig_rows(struct rig *rig);

/* Runs `script` in a thread of its own while the loop runs; the loop stops when it returns. */
void rig_run_beside(struct rig *rig, void (*script)(void *arg), void *arg);

/* Raw HTTP from the script: connects to loopback, sends `text`, reads until the other side closes
 * or 3 s pass without a byte; gives what came as text, which the caller frees. */
char *rig_talk(uint16_t tcp_port, const char *text);
int rig_connect(uint16_t tcp_port);
char *rig_read_all(int fd);

/* A tier's certificates, as PEM. */
struct rig_certs {
    struct buf root_key, root_cert;
    struct buf parent_key, parent_cert;     /* DNS:parent-1 */
    struct buf child_key, child_cert;       /* CN child-1 */
    struct buf old_cert;                    /* child-1 again, expired */
    struct buf stranger_key, stranger_cert; /* child-1 of another root */
    char root_sha256[65];
};
void rig_certs_init(struct rig_certs *certs);
void rig_certs_fini(struct rig_certs *certs);
