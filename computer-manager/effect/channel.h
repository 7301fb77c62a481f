/* channel.h - what the computer-manager and its helper processes say to each other: one head
 * and one fixed struct of model/job.h per message, on an AF_UNIX SOCK_SEQPACKET pair.
 *
 * The helper finds its end at descriptor CHANNEL_FD. Each job is answered by one message with
 * the same job_id and kind, code and text (ERR_OK and "" when it was done), and the result
 * struct of that kind or nothing. Messages nobody asked for have job_id 0 (see
 * HOST_NET_LISTENER in model/job.h). Both ends are the same build, so the bytes are the
 * message; whoever receives checks every field of the body all the same.
 *
 * Never here: what a kind means. */
#pragma once

#include "base/err.h"
#include "computer-manager/model/job.h"

#include <stdint.h>

enum { CHANNEL_FD = 3 };

struct channel_head {
    uint64_t job_id;
    uint32_t kind;            /* enum host_job_kind */
    uint32_t size;            /* bytes of the body, at most HOST_MESSAGE_MAX */
    int32_t code;             /* enum err_code; of a job: ERR_OK */
    char text[ERR_TEXT_SIZE]; /* always ended by NUL; for people */
};

struct channel_message {
    struct channel_head head;
    int fd; /* that came along, close-on-exec; -1 = none. The receiver owns it. */
    _Alignas(16) unsigned char body[HOST_MESSAGE_MAX];
};

enum channel_result {
    CHANNEL_OK,
    CHANNEL_EMPTY,  /* recv: nothing there now; send: the pipe is full now (non-blocking only) */
    CHANNEL_CLOSED, /* the other end is gone */
    CHANNEL_BROKEN, /* not a message of ours: close the channel and start over */
};

/* A pair with buffers wide enough for the largest message, both ends close-on-exec. `theirs` is
 * for the helper, as CHANNEL_FD; `ours` is non-blocking. */
enum err_code channel_pair(int *ours, int *theirs, struct err *err);

/* To a helper that is a service of its own: what listens at `path` makes a process for each
 * connection. Non-blocking and close-on-exec. ERR_UNAVAILABLE: nobody is there. */
enum err_code channel_connect(int *ours, const char *path, struct err *err);
/* Buffers for the largest message; part of the two above, and of an end that came by other ways. */
void channel_widen(int fd);

/* Sends `head` and `head->size` bytes of `body`; `pass_fd` goes along (-1 = none) and stays the
 * caller's. All or nothing: a message is never sent in part. */
enum channel_result channel_send(int fd, const struct channel_head *head, const void *body,
                                 int pass_fd);

/* One message. Whatever is not whole, too long, or says another size than it has is
 * CHANNEL_BROKEN, and no descriptor leaks. Of a blocking fd it waits. */
enum channel_result channel_recv(int fd, struct channel_message *m);

/* The answer to `job`: its id and kind, code and text of `err` (NULL = fine), and a body. */
enum channel_result channel_answer(int fd, const struct channel_head *job, const struct err *err,
                                   const void *body, uint32_t size);
