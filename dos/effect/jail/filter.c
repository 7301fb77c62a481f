/* filter.c - the system calls of a converter. What is not named here is refused with EPERM: no
 * socket, no child, no exec but the one that starts it, no mount, no ptrace, no key, no bpf. */
#include "dos/effect/jail/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { CODE_MAX = 4096 };

static const int allowed[] = {
    /* the two files */
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),
    SCMP_SYS(preadv),
    SCMP_SYS(pwritev),
    SCMP_SYS(lseek),
    SCMP_SYS(open),
    SCMP_SYS(openat),
    SCMP_SYS(close),
    SCMP_SYS(stat),
    SCMP_SYS(fstat),
    SCMP_SYS(lstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(fstatfs),
    SCMP_SYS(statfs),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(readlink),
    SCMP_SYS(getcwd),
    SCMP_SYS(fcntl),
    SCMP_SYS(fallocate),
    SCMP_SYS(ftruncate),
    SCMP_SYS(fsync),
    SCMP_SYS(fdatasync),
    SCMP_SYS(copy_file_range),
    SCMP_SYS(flock),
    /* memory */
    SCMP_SYS(brk),
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(mprotect),
    SCMP_SYS(madvise),
    /* threads of its own and waiting */
    SCMP_SYS(futex),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(set_tid_address),
    SCMP_SYS(rseq),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(membarrier),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(select),
    SCMP_SYS(pselect6),
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(eventfd2),
    SCMP_SYS(pipe2),
    SCMP_SYS(signalfd4),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(restart_syscall),
    /* signals, itself, the end */
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigpending),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(getrandom),
    SCMP_SYS(getrusage),
    SCMP_SYS(sysinfo),
    SCMP_SYS(uname),
    SCMP_SYS(arch_prctl),
    SCMP_SYS(getrlimit),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
};

/* Calls of which only one use is harmless. */
static bool add_narrow(scmp_filter_ctx filter)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                            SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)) == 0 &&
           /* its flags lie in memory: say that there is none, and clone is used */
           seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOTTY), SCMP_SYS(ioctl), 0) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
                            SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME)) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1,
                            SCMP_A2(SCMP_CMP_EQ, 0)) == 0 &&
           /* the one that starts it: this descriptor cannot exist afterwards */
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(execveat), 2,
                            SCMP_A0(SCMP_CMP_EQ, JAIL_PROGRAM_FD),
                            SCMP_A4(SCMP_CMP_EQ, AT_EMPTY_PATH)) == 0;
}

/* The program of the kernel's filter, by way of a pipe; it is smaller than one. */
static bool export(scmp_filter_ctx filter, struct sock_fprog *out)
{
    static struct sock_filter code[CODE_MAX];
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    bool fine = seccomp_export_bpf(filter, ends[1]) == 0;
    close(ends[1]);
    ssize_t len = fine ? read(ends[0], code, sizeof code) : -1;
    close(ends[0]);
    if (len <= 0 || len == sizeof code || (size_t)len % sizeof *code != 0)
        return false;
    *out = (struct sock_fprog){.len = (unsigned short)((size_t)len / sizeof *code), .filter = code};
    return true;
}

enum err_code jail_filter_make(struct sock_fprog *out, struct err *err)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    bool fine = filter != NULL && add_narrow(filter);
    for (size_t i = 0; fine && i < sizeof allowed / sizeof *allowed; i++)
        fine = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0) == 0;
    fine = fine && export(filter, out);
    seccomp_release(filter);
    return fine ? ERR_OK : err_set(err, ERR_IO, "the system call filter could not be made");
}

enum err_code jail_filter_load(const struct sock_fprog *filter, struct err *err)
{
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter) != 0)
        return err_set(err, ERR_IO, "the system call filter could not be loaded: %s",
                       strerror(errno));
    return ERR_OK;
}
