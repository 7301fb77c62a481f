/* order.c - what is to be converted, and for whom. */
#include "dos/effect/jail/jail.h"

#include "base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* With everything above the channel closed, the kernel gives them the lowest numbers, in order. */
static bool receive(struct jail_order *order)
{
    static const int places[JAIL_FDS] = {JAIL_INPUT_FD, JAIL_OUTPUT_FD, JAIL_SAID_FD};
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof places)];
    } control;
    struct iovec part = {order, sizeof *order};
    struct msghdr msg = {.msg_iov = &part,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = sizeof control};
    close_range(JAIL_CHANNEL_FD + 1, ~0U, 0);
    if (recvmsg(JAIL_CHANNEL_FD, &msg, 0) != (ssize_t)sizeof *order ||
        (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
        return false;
    const struct cmsghdr *head = CMSG_FIRSTHDR(&msg);
    return head != NULL && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
           head->cmsg_len == CMSG_LEN(sizeof places) &&
           memcmp(CMSG_DATA(head), places, sizeof places) == 0;
}

static bool is_file_of(int fd, uid_t uid)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == uid;
}

static bool is_theirs(void)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(JAIL_CHANNEL_FD, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           is_file_of(JAIL_INPUT_FD, peer.uid) && is_file_of(JAIL_OUTPUT_FD, peer.uid);
}

/* The input came opened for more: what the converter holds is for reading only. */
static bool narrow_input(void)
{
    int fd = open("/proc/self/fd/4", O_RDONLY | O_CLOEXEC);
    bool fine = fd >= 0 && dup2(fd, JAIL_INPUT_FD) == JAIL_INPUT_FD;
    if (fd >= 0)
        close(fd);
    return fine;
}

enum err_code jail_take_order(struct jail *j, struct err *err)
{
    _Static_assert(JAIL_INPUT_FD == 4, "narrow_input names it");
    struct jail_order *o = &j->order;
    if (!receive(o))
        return err_set(err, ERR_IO, "what came is no order");
    if (!is_theirs())
        return err_set(err, ERR_IO, "the order is not from who owns the files");
    if (o->file_bytes == 0 || o->memory_bytes == 0 || o->cpu_s == 0 || o->wall_s == 0)
        return err_set(err, ERR_IO, "an order without a limit");
    return narrow_input() ? ERR_OK : err_set(err, ERR_IO, "the input: %s", strerror(errno));
}
