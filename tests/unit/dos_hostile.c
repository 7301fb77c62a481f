/* dos_hostile.c - a converter that an image has taken over. dos_jail_test runs it inside of the
 * real jail: it tries what it was told to and exits 0 when that was refused, 1 when it was not.
 * Linked with nothing but the C library. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int refused(int is_refused)
{
    return is_refused ? 0 : 1;
}

/* Is every kind of socket refused? */
static int try_network(void)
{
    static const int families[] = {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK, AF_PACKET, AF_VSOCK};
    int pair[2];
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (socket(families[i], SOCK_STREAM, 0) >= 0 || socket(families[i], SOCK_RAW, 0) >= 0)
            return 1;
    return refused(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0);
}

/* Is there nothing to see, and nowhere to write but /output? */
static int try_files(void)
{
    static const char *const paths[] = {"/etc/passwd",
                                        "/etc/shadow",
                                        "/proc/self/status",
                                        "/proc/1/root/etc/passwd",
                                        "/dev/null",
                                        "/dev/vda",
                                        "/sys/kernel",
                                        "/opt",
                                        "/home",
                                        "/root",
                                        "/var",
                                        "/bin/sh",
                                        "../../../../etc/passwd",
                                        "/fd/../proc/self/status",
                                        "/fd/1/../passwd"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (open(paths[i], O_RDONLY) >= 0)
            return 1;
    if (write(4, "x", 1) >= 0 || fchmod(4, 0777) == 0) /* the input, as it was handed over */
        return 1;
    return refused(open("/new", O_CREAT | O_WRONLY, 0600) < 0 && open("/input", O_WRONLY) < 0 &&
                   mkdir("/new", 0700) != 0 && symlink("/etc/passwd", "/output2") != 0 &&
                   unlink("/output") != 0 && rename("/output", "/x") != 0 &&
                   open("/input", O_RDONLY) >= 0 && open("/output", O_RDWR) >= 0);
}

static int try_processes(void)
{
    char *const argv[] = {"/input", NULL};
    if (fork() >= 0 || syscall(SYS_vfork) >= 0 || execve("/input", argv, argv) == 0)
        return 1;
    execve("/output", argv, argv);
    for (int fd = 0; fd < 70; fd++)
        syscall(SYS_execveat, fd, "", argv, argv, AT_EMPTY_PATH);
    /* A copy of ourselves at the descriptor that started us cannot be had. */
    int self = open("/input", O_RDONLY);
    return refused(dup2(self, 63) < 0 && fcntl(self, F_DUPFD, 63) < 0 && kill(1, 0) != 0 &&
                   ptrace(PTRACE_TRACEME, 0, 0, 0) != 0);
}

static int try_privileges(void)
{
    return refused(setuid(0) != 0 && unshare(CLONE_NEWUSER) != 0 && unshare(CLONE_NEWNS) != 0 &&
                   mount("x", "/", "tmpfs", 0, NULL) != 0 && chroot("/") != 0 &&
                   syscall(SYS_bpf, 0, 0, 0) != 0 && syscall(SYS_keyctl, 0, 0, 0) != 0 &&
                   syscall(SYS_memfd_create, "x", 0) < 0 && syscall(SYS_io_uring_setup, 1, 0) < 0 &&
                   syscall(SYS_userfaultfd, 0) < 0 &&
                   syscall(SYS_perf_event_open, 0, 0, 0, 0, 0) < 0 &&
                   prctl(PR_SET_DUMPABLE, 1) != 0 && geteuid() != 0);
}

static int try_memory(void)
{
    size_t got = 0;
    for (int i = 0; i < 4096; i++)
        if (mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
            MAP_FAILED)
            got++;
    return refused(got < 1024); /* the jail of the test gives 1 GiB */
}

/* Ends by a signal, never by this exit. */
static int try_cpu(void)
{
    for (volatile unsigned long n = 0;; n++)
        ;
    return 1;
}

static int try_time(void)
{
    for (;;)
        poll(NULL, 0, 1000);
    return 1;
}

static int try_size(void)
{
    static char block[1 << 16];
    signal(SIGXFSZ, SIG_IGN);
    int fd = open("/output", O_WRONLY);
    for (int i = 0; i < 1000; i++)
        if (write(fd, block, sizeof block) != (ssize_t)sizeof block)
            return refused(errno == EFBIG || errno == 0);
    return 1;
}

static int try_descriptors(void)
{
    int count = 0;
    while (open("/input", O_RDONLY) >= 0)
        count++;
    return refused(count < 64);
}

static void *nothing(void *arg)
{
    return arg;
}

/* What a real converter needs must work: read, write, threads. */
static int try_work(void)
{
    char text[16] = "";
    pthread_t thread;
    int in = open("/input", O_RDONLY), out = open("/output", O_WRONLY);
    int fine = read(in, text, 5) == 5 && strcmp(text, "input") == 0 &&
               write(out, "output", 6) == 6 && pthread_create(&thread, NULL, nothing, NULL) == 0 &&
               pthread_join(thread, NULL) == 0 && getenv("PATH") == NULL && getpid() == 1;
    return fine ? 0 : 1;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(void);
    } tries[] = {{"network", try_network},
                 {"files", try_files},
                 {"processes", try_processes},
                 {"privileges", try_privileges},
                 {"memory", try_memory},
                 {"cpu", try_cpu},
                 {"time", try_time},
                 {"size", try_size},
                 {"descriptors", try_descriptors},
                 {"work", try_work}};
    for (size_t i = 0; argc == 2 && i < sizeof tries / sizeof *tries; i++)
        if (strcmp(argv[1], tries[i].name) == 0)
            return tries[i].run();
    return 2;
}
