/* conntrack.c - requests to nfnetlink's conntrack subsystem by libmnl. */
#include "computer-manager/network/conntrack.h"

#include "base/buf.h"
#include "base/check.h"
#include "computer-manager/network/spent.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>

enum { ROOM_SIZE = 32768, TUPLE_SIZE = 160 };

/* What names an entry in a request to delete it. */
struct doomed {
    uint16_t zone, tuple_size;
    uint32_t id;
    char tuple[TUPLE_SIZE]; /* the payload of CTA_TUPLE_ORIG, as it came */
};

struct entry {
    const struct nlattr *tuple;
    struct host_flow flow;
    uint16_t zone;
    uint32_t id;
};

struct reading {
    uint16_t zone;
    bool (*ends)(void *self, const struct host_flow *f);
    void *self;
    struct buf doomed; /* of struct doomed: none is deleted while they are being read */
};

/* ---- one entry ------------------------------------------------------------------------- */

static int on_address(const struct nlattr *a, void *self)
{
    struct host_flow *f = self;
    if (mnl_attr_validate(a, MNL_TYPE_U32) != 0)
        return MNL_CB_OK;
    if (mnl_attr_get_type(a) == CTA_IP_V4_SRC)
        f->from = ntohl(mnl_attr_get_u32(a));
    if (mnl_attr_get_type(a) == CTA_IP_V4_DST)
        f->to = ntohl(mnl_attr_get_u32(a));
    return MNL_CB_OK;
}

static int on_protocol(const struct nlattr *a, void *self)
{
    struct host_flow *f = self;
    bool is_u8 = mnl_attr_validate(a, MNL_TYPE_U8) == 0;
    bool is_u16 = mnl_attr_validate(a, MNL_TYPE_U16) == 0;
    switch (mnl_attr_get_type(a)) {
    case CTA_PROTO_NUM:
        f->protocol = is_u8 ? mnl_attr_get_u8(a) : 0;
        break;
    case CTA_PROTO_SRC_PORT:
        f->from_port = is_u16 ? ntohs(mnl_attr_get_u16(a)) : 0;
        break;
    case CTA_PROTO_DST_PORT:
        f->to_port = is_u16 ? ntohs(mnl_attr_get_u16(a)) : 0;
        break;
    case CTA_PROTO_ICMP_TYPE:
        f->type = is_u8 ? mnl_attr_get_u8(a) : 0;
        break;
    case CTA_PROTO_ICMP_CODE:
        f->code = is_u8 ? mnl_attr_get_u8(a) : 0;
        break;
    default:
        break;
    }
    return MNL_CB_OK;
}

static int on_tuple(const struct nlattr *a, void *self)
{
    if (mnl_attr_get_type(a) == CTA_TUPLE_IP)
        mnl_attr_parse_nested(a, on_address, self);
    if (mnl_attr_get_type(a) == CTA_TUPLE_PROTO)
        mnl_attr_parse_nested(a, on_protocol, self);
    return MNL_CB_OK;
}

static int on_attribute(const struct nlattr *a, void *self)
{
    struct entry *e = self;
    if (mnl_attr_get_type(a) == CTA_TUPLE_ORIG) {
        e->tuple = a;
        mnl_attr_parse_nested(a, on_tuple, &e->flow);
    }
    if (mnl_attr_get_type(a) == CTA_ZONE && mnl_attr_validate(a, MNL_TYPE_U16) == 0)
        e->zone = ntohs(mnl_attr_get_u16(a));
    if (mnl_attr_get_type(a) == CTA_ID && mnl_attr_validate(a, MNL_TYPE_U32) == 0)
        e->id = mnl_attr_get_u32(a);
    return MNL_CB_OK;
}

static int on_entry(const struct nlmsghdr *head, void *self)
{
    struct reading *r = self;
    struct entry e = {0};
    mnl_attr_parse(head, sizeof(struct nfgenmsg), on_attribute, &e);
    if (e.tuple == NULL || e.zone != r->zone || mnl_attr_get_payload_len(e.tuple) > TUPLE_SIZE ||
        !r->ends(r->self, &e.flow))
        return MNL_CB_OK;
    struct doomed d = {.zone = e.zone, .tuple_size = mnl_attr_get_payload_len(e.tuple), .id = e.id};
    memcpy(d.tuple, mnl_attr_get_payload(e.tuple), d.tuple_size);
    buf_append(&r->doomed, &d, sizeof d);
    return MNL_CB_OK;
}

/* ---- requests -------------------------------------------------------------------------- */

static struct nlmsghdr *request(void *room, uint16_t type, uint16_t flags)
{
    struct nlmsghdr *head = mnl_nlmsg_put_header(room); /* which clears its part */
    head->nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type);
    head->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    struct nfgenmsg *family = mnl_nlmsg_put_extra_header(head, sizeof *family);
    family->nfgen_family = AF_INET;
    family->version = NFNETLINK_V0;
    return head;
}

/* Sends and reads until the end of the answer; 0 or an errno. */
static int talk(struct mnl_socket *socket, struct nlmsghdr *head, mnl_cb_t each, void *self)
{
    static _Alignas(16) char reply[ROOM_SIZE];
    static unsigned seq;
    head->nlmsg_seq = ++seq;
    if (mnl_socket_sendto(socket, head, head->nlmsg_len) < 0)
        return errno;
    for (;;) {
        ssize_t got = mnl_socket_recvfrom(socket, reply, sizeof reply);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno;
        int more = mnl_cb_run(reply, (size_t)got, seq, mnl_socket_get_portid(socket), each, self);
        if (more < 0)
            return errno;
        if (more == MNL_CB_STOP)
            return 0;
    }
}

/* A kernel that cannot choose by zone sends all; they are looked at here anyway. */
static int read_zone(struct mnl_socket *socket, struct reading *r)
{
    _Alignas(16) char room[256];
    struct nlmsghdr *head = request(room, IPCTNL_MSG_CT_GET, NLM_F_DUMP);
    mnl_attr_put_u16(head, CTA_ZONE, htons(r->zone));
    return talk(socket, head, on_entry, r);
}

/* Its id sees to it that no later connection of the same ends is meant. */
static int delete_one(struct mnl_socket *socket, const struct doomed *d)
{
    _Alignas(16) char room[512];
    struct nlmsghdr *head = request(room, IPCTNL_MSG_CT_DELETE, NLM_F_ACK);
    mnl_attr_put(head, CTA_TUPLE_ORIG | NLA_F_NESTED, d->tuple_size, d->tuple);
    mnl_attr_put_u16(head, CTA_ZONE, htons(d->zone));
    mnl_attr_put_u32(head, CTA_ID, d->id);
    int why = talk(socket, head, NULL, NULL);
    return why == ENOENT ? 0 : why; /* it ended by itself */
}

static int end_all(struct mnl_socket *socket, struct reading *r, size_t *len)
{
    int why = mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) != 0 ? errno : read_zone(socket, r);
    for (size_t at = 0; why == 0 && at < r->doomed.len; at += sizeof(struct doomed)) {
        struct doomed d;
        memcpy(&d, r->doomed.data + at, sizeof d);
        why = delete_one(socket, &d);
        *len += why == 0;
    }
    return why;
}

enum err_code conntrack_end(uint16_t zone, bool (*ends)(void *self, const struct host_flow *f),
                            void *self, size_t *len, struct err *err)
{
    PRE(zone > 0);
    struct reading r = {.zone = zone, .ends = ends, .self = self};
    struct mnl_socket *socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
    *len = 0;
    if (socket == NULL)
        return err_set(err, ERR_IO, "netfilter socket: %s", strerror(errno));
    int why = end_all(socket, &r, len);
    spent_socket(socket);
    buf_fini(&r.doomed);
    return why == 0 ? ERR_OK : err_set(err, ERR_IO, "connections: %s", strerror(why));
}
