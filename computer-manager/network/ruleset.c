/* ruleset.c - libnftables. */
#include "computer-manager/network/ruleset.h"

#include "base/check.h"
#include "computer-manager/network/spent.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <nftables/libnftables.h>
#include <string.h>

/* The first line of nft's complaint says what is wrong; the rest shows where. */
static void complain(struct err *err, const char *text)
{
    size_t len = strcspn(text, "\n");
    err_set(err, ERR_IO, "nft: %.*s", (int)(len < 200 ? len : 200), text);
}

/* A context of its own for each command: its netlink socket belongs to the namespace of now. */
static enum err_code run(const char *text, unsigned flags, struct buf *out, struct err *err)
{
    struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
    if (nft == NULL)
        return err_set(err, ERR_IO, "nft: no context");
    nft_ctx_buffer_output(nft);
    nft_ctx_buffer_error(nft);
    nft_ctx_output_set_flags(nft, flags);
    enum err_code code = ERR_OK;
    if (nft_run_cmd_from_buffer(nft, text) != 0) {
        code = ERR_IO;
        complain(err, nft_ctx_get_error_buffer(nft));
    } else if (out != NULL) {
        buf_text(out, nft_ctx_get_output_buffer(nft));
    }
    spent_context(nft);
    return code;
}

enum err_code ruleset_load(const char *text, struct err *err)
{
    return run(text, 0, NULL, err);
}

enum err_code ruleset_list(const char *command, enum ruleset_detail detail, struct buf *out,
                           struct err *err)
{
    struct err why = {0};
    unsigned flags = detail == RULESET_NAMES ? NFT_CTX_OUTPUT_TERSE : 0;
    if (run(command, flags, out, &why) == ERR_OK)
        return ERR_OK;
    if (strstr(why.text, "No such file or directory") != NULL)
        return ERR_OK;
    return err_set(err, why.code, "%s", why.text);
}

struct tables {
    void (*each)(void *self, const char *table);
    void *self;
};

static int on_attribute(const struct nlattr *a, void *self)
{
    const struct tables *tables = self;
    if (mnl_attr_get_type(a) == NFTA_TABLE_NAME && mnl_attr_validate(a, MNL_TYPE_NUL_STRING) == 0)
        tables->each(tables->self, mnl_attr_get_str(a));
    return MNL_CB_OK;
}

static int on_table(const struct nlmsghdr *head, void *self)
{
    mnl_attr_parse(head, sizeof(struct nfgenmsg), on_attribute, self);
    return MNL_CB_OK;
}

struct request {
    uint16_t type, flags;
    uint8_t family;
    mnl_cb_t each;
    void *self;
};

/* Sends the one request and reads its answer; 0 or an errno. */
static int talk(struct mnl_socket *socket, const struct request *r)
{
    static _Alignas(16) char room[32768];
    struct nlmsghdr *head = mnl_nlmsg_put_header(room);
    head->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | r->type);
    head->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | r->flags);
    head->nlmsg_seq = 1;
    struct nfgenmsg *family = mnl_nlmsg_put_extra_header(head, sizeof *family);
    family->nfgen_family = r->family;
    family->version = NFNETLINK_V0;
    if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) != 0 ||
        mnl_socket_sendto(socket, head, head->nlmsg_len) < 0)
        return errno;
    for (int more = MNL_CB_OK; more == MNL_CB_OK;) {
        ssize_t got = mnl_socket_recvfrom(socket, room, sizeof room);
        if (got < 0 && errno == EINTR)
            continue;
        more = got < 0 ? -1
                       : mnl_cb_run(room, (size_t)got, 1, mnl_socket_get_portid(socket), r->each,
                                    r->self);
        if (more < 0)
            return errno;
    }
    return 0;
}

static enum err_code ask(const struct request *r, const char *what, struct err *err)
{
    struct mnl_socket *socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
    if (socket == NULL)
        return err_set(err, ERR_IO, "netfilter socket: %s", strerror(errno));
    int why = talk(socket, r);
    spent_socket(socket);
    return why == 0 ? ERR_OK : err_set(err, ERR_IO, "%s: %s", what, strerror(why));
}

enum err_code ruleset_taps(void (*each)(void *self, const char *table), void *self, struct err *err)
{
    struct tables tables = {each, self};
    return ask(&(struct request){.type = NFT_MSG_GETTABLE,
                                 .flags = NLM_F_DUMP,
                                 .family = NFPROTO_NETDEV,
                                 .each = on_table,
                                 .self = &tables},
               "listing tables", err);
}

static int on_generation_id(const struct nlattr *a, void *self)
{
    if (mnl_attr_get_type(a) == NFTA_GEN_ID && mnl_attr_validate(a, MNL_TYPE_U32) == 0)
        *(uint32_t *)self = ntohl(mnl_attr_get_u32(a));
    return MNL_CB_OK;
}

static int on_generation(const struct nlmsghdr *head, void *self)
{
    mnl_attr_parse(head, sizeof(struct nfgenmsg), on_generation_id, self);
    return MNL_CB_STOP; /* one answer, and nothing follows it */
}

enum err_code ruleset_generation(uint32_t *out, struct err *err)
{
    *out = 0;
    return ask(
        &(struct request){
            .type = NFT_MSG_GETGEN, .family = NFPROTO_UNSPEC, .each = on_generation, .self = out},
        "the rules' generation", err);
}
