/* netlink_talk.c - requests and answers by libmnl. */
#include "computer-manager/network/netlink_talk.h"

#include "base/check.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

enum { REPLY_SIZE = 32768 };

struct nlmsghdr *netlink_request(struct netlink_request *r, uint16_t type, uint16_t flags)
{
    memset(r, 0, sizeof *r);
    struct nlmsghdr *head = mnl_nlmsg_put_header(&r->u);
    head->nlmsg_type = type;
    head->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    return head;
}

struct ifinfomsg *netlink_link_request(struct netlink_request *r, uint16_t type, uint16_t flags)
{
    struct nlmsghdr *head = netlink_request(r, type, (uint16_t)(flags | NLM_F_ACK));
    struct ifinfomsg *link = mnl_nlmsg_put_extra_header(head, sizeof *link);
    link->ifi_family = AF_UNSPEC;
    return link;
}

/* Each message ends within what came. libmnl takes a length of 2 GiB and more for a small one. */
static bool is_whole(const char *reply, size_t len)
{
    while (len > 0) {
        uint32_t claimed = 0;
        if (len >= sizeof(struct nlmsghdr))
            memcpy(&claimed, reply + offsetof(struct nlmsghdr, nlmsg_len), sizeof claimed);
        if (claimed < sizeof(struct nlmsghdr) || claimed > len)
            return false;
        size_t step = (claimed + NLMSG_ALIGNTO - 1UL) & ~(NLMSG_ALIGNTO - 1UL);
        reply += step < len ? step : len;
        len -= step < len ? step : len;
    }
    return true;
}

int netlink_talk(struct netlink *n, struct netlink_request *r, mnl_cb_t each, void *self)
{
    static _Alignas(16) char reply[REPLY_SIZE];
    unsigned id = mnl_socket_get_portid(n->socket);
    PRE(n->socket != NULL);
    r->u.head.nlmsg_seq = ++n->seq;
    if (mnl_socket_sendto(n->socket, &r->u, r->u.head.nlmsg_len) < 0)
        return errno;
    for (;;) {
        ssize_t got = mnl_socket_recvfrom(n->socket, reply, sizeof reply);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno;
        if (!is_whole(reply, (size_t)got))
            return EBADMSG;
        int more = mnl_cb_run(reply, (size_t)got, n->seq, id, each, self);
        if (more < 0)
            return errno;
        if (more == MNL_CB_STOP)
            return 0;
    }
}

enum err_code netlink_failed(struct err *err, int why, const char *what, const char *name)
{
    enum err_code code = why == EOPNOTSUPP || why == EAFNOSUPPORT ? ERR_UNSUPPORTED : ERR_IO;
    return err_set(err, code, "%s %s: %s", what, name, strerror(why));
}
