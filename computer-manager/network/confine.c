/* confine.c - capabilities and system calls. */
#include "computer-manager/network/confine.h"

#include "base/check.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/prctl.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const unsigned kept[] = {
    CAP_NET_ADMIN, CAP_NET_RAW, CAP_NET_BIND_SERVICE, /* links, filters, ports 53, 67, 80 */
    CAP_SYS_ADMIN,                                    /* namespaces and their names */
    CAP_SETUID,    CAP_SETGID,                        /* dnsmasq becomes its own user */
    CAP_KILL,                                         /* and is told to read again */
};

static uint64_t kept_mask(void)
{
    uint64_t mask = 0;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        mask |= UINT64_C(1) << kept[i];
    return mask;
}

static enum err_code drop_capabilities(struct err *err)
{
    uint64_t mask = kept_mask();
    for (unsigned long c = 0; c <= CAP_LAST_CAP; c++)
        if ((mask & UINT64_C(1) << c) == 0 &&
            prctl(PR_CAPBSET_READ, c, 0, 0, 0) == 1 && /* else the unit has taken it already */
            prctl(PR_CAPBSET_DROP, c, 0, 0, 0) != 0)
            return err_set(err, ERR_IO, "dropping capability %lu: %s", c, strerror(errno));
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    for (int i = 0; i < 2; i++) {
        uint32_t half = (uint32_t)(mask >> (32 * i));
        data[i] = (struct __user_cap_data_struct){.effective = half, .permitted = half};
    }
    if (syscall(SYS_capset, &head, data) != 0)
        return err_set(err, ERR_IO, "capset: %s", strerror(errno));
    return ERR_OK;
}

/* A deny list: what would reach beyond networks, were this process or dnsmasq taken over. */
static const int refused[] = {
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(keyctl),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(reboot),
    SCMP_SYS(swapon),
    SCMP_SYS(swapoff),
    SCMP_SYS(acct),
    SCMP_SYS(quotactl),
    SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime),
    SCMP_SYS(adjtimex),
    SCMP_SYS(clock_adjtime),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(mknod),
    SCMP_SYS(mknodat),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(sethostname),
    SCMP_SYS(setdomainname),
    SCMP_SYS(iopl),
    SCMP_SYS(ioperm),
    SCMP_SYS(syslog),
    SCMP_SYS(vhangup),
    SCMP_SYS(personality),
};

static enum err_code refuse_calls(struct err *err)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (filter == NULL)
        return err_set(err, ERR_IO, "seccomp: no context");
    int why = 0;
    for (size_t i = 0; i < sizeof refused / sizeof *refused && why == 0; i++)
        why = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), refused[i], 0);
    if (why == 0)
        why = seccomp_load(filter);
    seccomp_release(filter);
    return why == 0 ? ERR_OK : err_set(err, ERR_IO, "seccomp: %s", strerror(-why));
}

enum err_code confine_self(struct err *err)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return err_set(err, ERR_IO, "no_new_privs: %s", strerror(errno));
    if (drop_capabilities(err) != ERR_OK)
        return err->code;
    return refuse_calls(err);
}
