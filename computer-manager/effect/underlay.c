/* underlay.c - asks the kernel for addresses and links. */
#include "computer-manager/effect/underlay.h"

#include "base/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MTU_USUAL = 1500 };

/* The address that packets to the world would have; of a connected datagram socket, unused. */
static void ask_default(char out[UNDERLAY_ADDRESS_SIZE])
{
    struct sockaddr_in far = {.sin_family = AF_INET, .sin_port = htons(9)}, here = {0};
    socklen_t len = sizeof here;
    far.sin_addr.s_addr = htonl(0xc0000201u); /* 192.0.2.1, which is nobody's (RFC 5737) */
    out[0] = '\0';
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    if (connect(fd, (struct sockaddr *)&far, sizeof far) == 0 &&
        getsockname(fd, (struct sockaddr *)&here, &len) == 0 && here.sin_family == AF_INET)
        inet_ntop(AF_INET, &here.sin_addr, out, UNDERLAY_ADDRESS_SIZE);
    close(fd);
}

static int64_t mtu_of(const char *link)
{
    struct ifreq ifr = {0};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    str_copy(ifr.ifr_name, sizeof ifr.ifr_name, link);
    int64_t mtu = fd >= 0 && ioctl(fd, SIOCGIFMTU, &ifr) == 0 ? ifr.ifr_mtu : MTU_USUAL;
    if (fd >= 0)
        close(fd);
    return mtu;
}

/* The link that has the address; false where none has. */
static bool find_link(const struct ifaddrs *all, const char *address, int64_t *mtu)
{
    struct in_addr wanted;
    if (inet_pton(AF_INET, address, &wanted) != 1)
        return false;
    for (const struct ifaddrs *a = all; a != NULL; a = a->ifa_next) {
        if (a->ifa_addr == NULL || a->ifa_addr->sa_family != AF_INET)
            continue;
        struct sockaddr_in in;
        memcpy(&in, a->ifa_addr, sizeof in);
        if (in.sin_addr.s_addr != wanted.s_addr)
            continue;
        *mtu = mtu_of(a->ifa_name);
        return true;
    }
    return false;
}

enum err_code underlay_find(struct underlay *out, const char *wanted, struct err *err)
{
    struct ifaddrs *all = NULL;
    *out = (struct underlay){.mtu = MTU_USUAL};
    if (*wanted == '\0')
        ask_default(out->address);
    else if (!str_copy(out->address, sizeof out->address, wanted))
        return err_set(err, ERR_CONFIG, "network.tunnel-address: %.60s is no IPv4 address", wanted);
    if (out->address[0] == '\0')
        return ERR_OK;
    if (getifaddrs(&all) != 0)
        return err_set(err, ERR_IO, "getifaddrs: %s", strerror(errno));
    bool found = find_link(all, out->address, &out->mtu);
    freeifaddrs(all);
    return found ? ERR_OK
                 : err_set(err, ERR_CONFIG,
                           "network.tunnel-address: no link of this machine has %s", out->address);
}
