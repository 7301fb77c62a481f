/* channel.c - framing of jobs and answers between the manager and its helpers. */
#include "computer-manager/effect/channel.h"

#include "base/check.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

enum { CHANNEL_BUFFER_BYTES = 4 * HOST_MESSAGE_MAX };

void channel_widen(int fd)
{
    /* FORCE needs privilege and is for more than the machine's limit; the limit suffices. */
    int bytes = CHANNEL_BUFFER_BYTES;
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) != 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

enum err_code channel_pair(int *ours, int *theirs, struct err *err)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return err_set(err, ERR_IO, "socketpair: %s", strerror(errno));
    int flags = fcntl(pair[0], F_GETFL);
    POST(flags >= 0 && fcntl(pair[0], F_SETFL, flags | O_NONBLOCK) == 0);
    channel_widen(pair[0]);
    channel_widen(pair[1]);
    *ours = pair[0];
    *theirs = pair[1];
    return ERR_OK;
}

enum err_code channel_connect(int *ours, const char *path, struct err *err)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (!str_copy(to.sun_path, sizeof to.sun_path, path))
        return err_set(err, ERR_CONFIG, "%.64s...: too long for a socket", path);
    *ours = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*ours < 0)
        return err_set(err, ERR_IO, "socket: %s", strerror(errno));
    if (connect(*ours, (const struct sockaddr *)&to, sizeof to) == 0) {
        channel_widen(*ours);
        return ERR_OK;
    }
    err_set(err, ERR_UNAVAILABLE, "%s: %s", path, strerror(errno));
    close(*ours);
    *ours = -1;
    return err->code;
}

static enum channel_result failed(void)
{
    if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR)
        return CHANNEL_EMPTY;
    if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN)
        return CHANNEL_CLOSED;
    return CHANNEL_BROKEN;
}

union control {
    struct cmsghdr head;
    char room[CMSG_SPACE(sizeof(int))];
};

static void attach(struct msghdr *msg, union control *control, int fd)
{
    memset(control, 0, sizeof *control);
    msg->msg_control = control;
    msg->msg_controllen = sizeof *control;
    struct cmsghdr *c = CMSG_FIRSTHDR(msg);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
}

enum channel_result channel_send(int fd, const struct channel_head *head, const void *body,
                                 int pass_fd)
{
    PRE(head->size <= HOST_MESSAGE_MAX && (head->size == 0 || body != NULL));
    /* sendmsg does not write through these; iovec has no const of its own. */
    struct channel_head first = *head;
    union {
        const void *in;
        void *out;
    } rest = {body};
    struct iovec parts[2] = {{&first, sizeof first}, {rest.out, head->size}};
    struct msghdr msg = {.msg_iov = parts, .msg_iovlen = head->size > 0 ? 2 : 1};
    union control control;
    if (pass_fd >= 0)
        attach(&msg, &control, pass_fd);
    ssize_t sent;
    do
        sent = sendmsg(fd, &msg, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return failed();
    POST((size_t)sent == sizeof first + head->size); /* SEQPACKET: whole or not at all */
    return CHANNEL_OK;
}

/* Takes the first descriptor that came along; closes any other. */
static int take_fd(struct msghdr *msg)
{
    int taken = -1;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
            if (taken < 0)
                taken = fd;
            else
                close(fd);
        }
    }
    return taken;
}

static enum channel_result broken(struct channel_message *m)
{
    if (m->fd >= 0)
        close(m->fd);
    m->fd = -1;
    return CHANNEL_BROKEN;
}

enum channel_result channel_recv(int fd, struct channel_message *m)
{
    m->fd = -1;
    struct iovec parts[2] = {{&m->head, sizeof m->head}, {m->body, sizeof m->body}};
    union control control;
    struct msghdr msg = {.msg_iov = parts,
                         .msg_iovlen = 2,
                         .msg_control = &control,
                         .msg_controllen = sizeof control};
    ssize_t got;
    do
        got = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return failed();
    m->fd = take_fd(&msg);
    if (got == 0)
        return CHANNEL_CLOSED;
    if ((msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || (size_t)got < sizeof m->head)
        return broken(m);
    if (m->head.size != (size_t)got - sizeof m->head || m->head.code < 0 ||
        m->head.code >= ERR_COUNT || memchr(m->head.text, '\0', sizeof m->head.text) == NULL)
        return broken(m);
    return CHANNEL_OK;
}

enum channel_result channel_answer(int fd, const struct channel_head *job, const struct err *err,
                                   const void *body, uint32_t size)
{
    struct channel_head head = {.job_id = job->job_id, .kind = job->kind, .size = size};
    if (err != NULL && err->code != ERR_OK) {
        head.code = (int32_t)err->code;
        str_copy(head.text, sizeof head.text, err->text);
    }
    return channel_send(fd, &head, body, -1);
}
