/* dnsmasq.c - starting, finding and ending dnsmasq. */
#include "computer-manager/network/dnsmasq.h"

#include "base/check.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A starting one is up to three processes. */
enum { STOP_MS = 5000, STOP_TRIES = 8 };

const char *dnsmasq_user(void)
{
    return getpwnam("dnsmasq") != NULL ? "dnsmasq" : "nobody";
}

static void conf_argument(char out[RUNFILE_PATH_SIZE + 16], const struct lease_paths *paths)
{
    snprintf(out, RUNFILE_PATH_SIZE + 16, "--conf-file=%s", paths->conf);
}

/* Is `pid` a process whose second argument names our configuration? */
static bool is_ours(int64_t pid, const struct lease_paths *paths)
{
    char path[64], ours[RUNFILE_PATH_SIZE + 16];
    CLEANUP(buf_fini) struct buf line = {0};
    snprintf(path, sizeof path, "/proc/%lld/cmdline", (long long)pid);
    runfile_read(path, &line);
    conf_argument(ours, paths);
    const char *first = buf_str(&line);
    size_t skip = strlen(first) + 1;
    return line.len > skip && str_eq(first + skip, ours);
}

/* The process that says it is up, or 0. */
static pid_t find(const struct lease_paths *paths)
{
    CLEANUP(buf_fini) struct buf text = {0};
    int64_t pid;
    runfile_read(paths->pid, &text);
    char *line = text.data;
    if (line == NULL)
        return 0;
    line[strcspn(line, "\n")] = '\0';
    if (!str_parse_i64(line, 2, INT32_MAX, &pid) || !is_ours(pid, paths))
        return 0;
    return (pid_t)pid;
}

/* Any process of ours, or 0: one that a killed computer-network had just started has its sockets
 * before it has written its pid. */
static pid_t find_any(const struct lease_paths *paths)
{
    pid_t found = find(paths);
    DIR *proc = found == 0 ? opendir("/proc") : NULL;
    if (proc == NULL)
        return found;
    for (struct dirent *entry; found == 0 && (entry = readdir(proc)) != NULL;) {
        int64_t pid;
        if (str_parse_i64(entry->d_name, 2, INT32_MAX, &pid) && is_ours(pid, paths))
            found = (pid_t)pid;
    }
    closedir(proc);
    return found;
}

bool dnsmasq_runs(const struct lease_paths *paths)
{
    return find(paths) != 0;
}

/* Keeps the first line of what it complains about. */
static void read_complaint(int fd, char *out, size_t size)
{
    size_t len = 0;
    ssize_t got;
    while (len + 1 < size && (got = read(fd, out + len, size - len - 1)) > 0)
        len += (size_t)got;
    out[len] = '\0';
    size_t blank = strspn(out, "\n");
    memmove(out, out + blank, len - blank + 1);
    out[strcspn(out, "\n")] = '\0';
}

static int spawn(const struct network *net, const struct lease_paths *paths, int err_fd, pid_t *pid)
{
    char conf[RUNFILE_PATH_SIZE + 16], name[] = "dnsmasq",
                                       path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    char *argv[] = {name, conf, NULL}, *env[] = {path, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    conf_argument(conf, paths);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&files, err_fd, 2);
    posix_spawn_file_actions_addclosefrom_np(&files, 3);
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
    int why = posix_spawn(pid, net->dnsmasq, &files, &attributes, argv, env);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return why;
}

enum err_code dnsmasq_start(const struct network *net, const struct lease_paths *paths,
                            struct err *err)
{
    int complaint[2], status = 0;
    pid_t pid;
    char text[160];
    if (pipe2(complaint, O_CLOEXEC) != 0)
        return err_set(err, ERR_IO, "pipe: %s", strerror(errno));
    int why = spawn(net, paths, complaint[1], &pid);
    close(complaint[1]);
    if (why != 0) {
        close(complaint[0]);
        return err_set(err, ERR_IO, "%s: %s", net->dnsmasq, strerror(why));
    }
    /* Its first process ends once the daemon behind it listens, or has said why it cannot. */
    read_complaint(complaint[0], text, sizeof text);
    close(complaint[0]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return err_set(err, ERR_IO, "%s", text[0] != '\0' ? text : "dnsmasq ended at once");
    return ERR_OK;
}

static int open_process(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* Is it gone after that signal and that time? */
static bool ends(int fd, int signal_number, int ms)
{
    struct pollfd gone = {.fd = fd, .events = POLLIN};
    syscall(SYS_pidfd_send_signal, fd, signal_number, NULL, 0);
    return poll(&gone, 1, ms) > 0;
}

static bool end_process(pid_t pid, const struct lease_paths *paths)
{
    int fd = open_process(pid);
    if (fd < 0)
        return true;
    /* Between reading its name and opening it the number could have gone to another. */
    bool over = !is_ours(pid, paths) || ends(fd, SIGTERM, STOP_MS) || ends(fd, SIGKILL, STOP_MS);
    close(fd);
    return over;
}

enum err_code dnsmasq_stop(const struct lease_paths *paths, struct err *err)
{
    pid_t pid = 0;
    for (int tries = 0; tries < STOP_TRIES && (pid = find_any(paths)) != 0; tries++)
        if (!end_process(pid, paths))
            break;
    return pid == 0 || find_any(paths) == 0
               ? ERR_OK
               : err_set(err, ERR_TIMEOUT, "dnsmasq %d does not end", (int)pid);
}

enum err_code dnsmasq_reread(const struct lease_paths *paths, struct err *err)
{
    pid_t pid = find(paths);
    if (pid == 0 || kill(pid, SIGHUP) != 0)
        return err_set(err, ERR_IO, "dnsmasq is not running");
    return ERR_OK;
}
