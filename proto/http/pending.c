/* pending.c - a copy of what is to be sent later. */
#include "proto/http/pending.h"

#include "base/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

void pending_keep(struct pending *p, const char *data, size_t len)
{
    INV(p->data == NULL && len > 0);
    *p = (struct pending){.data = check_alloc(len), .len = len};
    memcpy(p->data, data, len);
}

void pending_drop(struct pending *p)
{
    free(p->data);
    *p = (struct pending){0};
}

bool pending_send(int fd, const char *data, size_t len, size_t *sent)
{
    *sent = 0;
    while (*sent < len) {
        ssize_t n = send(fd, data + *sent, len - *sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno != EAGAIN;
        *sent += (size_t)n;
    }
    return true;
}
