/* tap.c - persistent taps over /dev/net/tun. */
#include "computer-manager/network/tap.h"

#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum err_code tap_ensure(const char *name, int64_t owner, struct err *err)
{
    struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
    str_copy(ifr.ifr_name, sizeof ifr.ifr_name, name);
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return err_set(err, ERR_IO, "/dev/net/tun: %s", strerror(errno));
    int why = 0;
    if (ioctl(fd, TUNSETIFF, &ifr) != 0)
        why = errno == EBUSY ? 0 : errno; /* busy: it exists and a guest has it open */
    else if (ioctl(fd, TUNSETPERSIST, 1) != 0 ||
             (owner >= 0 && ioctl(fd, TUNSETOWNER, (unsigned long)owner) != 0))
        why = errno;
    close(fd);
    return why == 0 ? ERR_OK : err_set(err, ERR_IO, "tap %s: %s", name, strerror(why));
}
