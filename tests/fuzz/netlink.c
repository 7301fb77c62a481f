/* netlink.c - target: what the kernel answers about links and neighbours
 * (computer-manager/network/netlink.h, netlink_vxlan.h).
 *
 * First byte: which question; then pieces as the socket would give them: two bytes of length, then
 * so many bytes; the last word is an error. Holds: whatever is heard is whole, and nothing is read
 * behind what came. libmnl itself is real; its socket is this file. */
#include "computer-manager/network/netlink_talk.h"
#include "computer-manager/network/netlink_vxlan.h"

#include "base/check.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__clang__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, len)   ((void)(at), (void)(len))
#define ASAN_UNPOISON_MEMORY_REGION(at, len) ((void)(at), (void)(len))
#endif

static struct fuzz *answers;
static char *poisoned;
static size_t poisoned_len;

static void unpoison(void)
{
    if (poisoned != NULL)
        ASAN_UNPOISON_MEMORY_REGION(poisoned, poisoned_len);
    poisoned = NULL;
}

/* These are libmnl's; the linker takes ours. */
struct mnl_socket *mnl_socket_open2(int bus, int flags)
{
    INV(bus == NETLINK_ROUTE && flags != 0);
    return fuzz_byte(answers) == 'x' ? NULL : (struct mnl_socket *)(void *)&answers;
}

int mnl_socket_bind(struct mnl_socket *s, unsigned groups, pid_t pid)
{
    INV(s != NULL && groups == 0 && pid == MNL_SOCKET_AUTOPID);
    return fuzz_byte(answers) == 'x' ? -1 : 0;
}

int mnl_socket_close(struct mnl_socket *s)
{
    INV(s != NULL);
    return 0;
}

unsigned mnl_socket_get_portid(const struct mnl_socket *s)
{
    INV(s != NULL);
    return 0;
}

/* What is asked is a message that ends where it says. */
ssize_t mnl_socket_sendto(const struct mnl_socket *s, const void *message, size_t len)
{
    const struct nlmsghdr *head = message;
    INV(s != NULL && head->nlmsg_len == len && len <= NETLINK_REQUEST_SIZE &&
        mnl_nlmsg_ok(head, (int)len));
    return (ssize_t)len;
}

ssize_t mnl_socket_recvfrom(const struct mnl_socket *s, void *out, size_t size)
{
    INV(s != NULL);
    unpoison();
    size_t len = fuzz_byte(answers);
    len |= (size_t)fuzz_byte(answers) << 8;
    errno = len == 0 && fuzz_byte(answers) == 'i' ? EINTR : ENOBUFS;
    if (answers->len == 0 || len == 0)
        return -1;
    len = len < answers->len ? len : answers->len;
    len = len < size ? len : size;
    memcpy(out, answers->at, len);
    *answers = (struct fuzz){answers->at + len, answers->len - len};
    poisoned = (char *)out + len;
    poisoned_len = size - len;
    ASAN_POISON_MEMORY_REGION(poisoned, poisoned_len);
    return (ssize_t)len;
}

static bool hold_link(void *self, const struct netlink_link *link)
{
    size_t *seen = self;
    INV(memchr(link->name, '\0', sizeof link->name) != NULL);
    INV(memchr(link->alias, '\0', sizeof link->alias) != NULL);
    return ++*seen < 20;
}

static void hold_neigh(void *self, const struct netlink_neigh *neigh)
{
    (void)neigh;
    ++*(size_t *)self;
}

static void hold_neighbour(void *self, const struct netlink_neighbour *neighbour)
{
    INV(neighbour->quiet_ms >= 0);
    ++*(size_t *)self;
}

static void change_links(struct netlink *n, struct err *err)
{
    static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
    const struct netlink_change change = {
        .alias = "alias", .mac = mac, .mtu = 1450, .master = "bridge", .up = true};
    const struct netlink_vxlan vxlan = {
        .vni = 7, .mtu = 1450, .local = 1, .udp_port = 4789, .master = "bridge"};
    bool is_taken;
    netlink_add_bridge(n, "bridge", err);
    netlink_add_veth(n, "here", "there", 0, err);
    netlink_set(n, "here", &change, err);
    netlink_add_vxlan(n, "tunnel", &vxlan, err);
    netlink_add_address(n, "here", 1, 24, err);
    netlink_add_route(n, 1, 24, 2, "here", &is_taken, err);
    netlink_add_onlink(n, 1, 24, "here", err);
    netlink_delete(n, "here", err);
}

static void change_entries(struct netlink *n, struct err *err)
{
    const struct netlink_neigh neigh = {.address = 1, .mac = {2, 0, 0, 0, 0, 1}};
    netlink_neigh_set(n, 1, &neigh, err);
    netlink_neigh_delete(n, 1, 1, err);
    netlink_fdb_set(n, 1, neigh.mac, 1, err);
    netlink_fdb_delete(n, 1, neigh.mac, err);
    netlink_ask_neighbour(n, "here", 1, err);
}

static void ask(struct netlink *n, uint8_t which, struct err *err)
{
    size_t seen = 0;
    struct netlink_neigh neigh;
    enum err_code code = ERR_OK;
    switch (which % 6) {
    case 0:
        code = netlink_list(n, hold_link, &seen, err);
        break;
    case 1:
        code = netlink_list_neighbours(n, "here", hold_neighbour, &seen, err);
        break;
    case 2:
        code = netlink_neigh_list(n, 1, hold_neigh, &seen, err);
        break;
    case 3:
        if (netlink_neigh_get(n, 1, 1, &neigh))
            INV(neigh.address == 1);
        netlink_fdb_get(n, 1, neigh.mac);
        break;
    case 4:
        change_links(n, err);
        break;
    default:
        change_entries(n, err);
    }
    INV(code == ERR_OK || (code == err->code && err->text[0] != '\0'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz input = {data, len};
    struct err err = {0};
    struct netlink n;
    uint8_t which = fuzz_byte(&input);
    answers = &input;
    if (netlink_open(&n, &err) == ERR_OK) {
        ask(&n, which, &err);
        netlink_close(&n);
    }
    unpoison();
    return 0;
}
