/* limits.c - how much, and as whom. */
#include "dos/effect/jail/jail.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LAST_CAPABILITY = 63, THREADS_MAX = 256 };

static bool set(int resource, uint64_t value)
{
    const struct rlimit limit = {.rlim_cur = value, .rlim_max = value};
    return setrlimit((__rlimit_resource_t)resource, &limit) == 0;
}

/* The bounding set first: it takes a capability to drop one from it. As root we may choose another
 * uid; without root we are nobody inside of our user namespace. */
static bool drop_privileges(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct none[2] = {0};
    for (int cap = 0; cap <= LAST_CAPABILITY; cap++)
        if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0 && errno != EINVAL)
            return false;
    if (geteuid() == 0 &&
        (setgroups(0, NULL) != 0 || setresgid(JAIL_UID, JAIL_UID, JAIL_UID) != 0 ||
         setresuid(JAIL_UID, JAIL_UID, JAIL_UID) != 0))
        return false;
    return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0 &&
           syscall(SYS_capset, &head, none) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

enum err_code jail_limit(const struct jail *j, struct err *err)
{
    enum { STACK_BYTES = 1 << 20 }; /* of each of the converter's threads */
    if (!set(RLIMIT_CORE, 0) || !set(RLIMIT_STACK, STACK_BYTES) ||
        !set(RLIMIT_FSIZE, j->order.file_bytes) || !set(RLIMIT_CPU, j->order.cpu_s) ||
        !set(RLIMIT_NOFILE, JAIL_PROGRAM_FD) || !set(RLIMIT_NPROC, THREADS_MAX) ||
        !set(RLIMIT_MEMLOCK, 0) || !drop_privileges() || !set(RLIMIT_AS, j->order.memory_bytes))
        return err_set(err, ERR_IO, "limits and privileges: %s", strerror(errno));
    return ERR_OK;
}
