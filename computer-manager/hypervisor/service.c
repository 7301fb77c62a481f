/* service.c - names the run of the service by its process; see service.h. */
#include "computer-manager/hypervisor/service.h"

#include "base/check.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static bool read_text(const char *path, char *out, size_t out_size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t len = read(fd, out, out_size - 1);
    close(fd);
    out[len > 0 ? len : 0] = '\0';
    return len > 0;
}

enum err_code host_service_boot(char out[HOST_NAME_SIZE], struct err *err)
{
    if (!read_text("/proc/sys/kernel/random/boot_id", out, HOST_NAME_SIZE))
        return err_set(err, ERR_IO, "the machine's boot id cannot be read");
    out[strcspn(out, "\n")] = '\0';
    return ERR_OK;
}

bool host_service_socket(char *out, size_t out_size, const char *uri)
{
    const char *query = strchr(uri, '?');
    const char *socket = query != NULL ? strstr(query, "socket=") : NULL;
    if (socket != NULL && (socket[-1] == '?' || socket[-1] == '&')) {
        socket += strlen("socket=");
        size_t len = strcspn(socket, "&");
        if (len == 0 || len >= out_size)
            return false;
        memcpy(out, socket, len);
        out[len] = '\0';
        return out[0] == '/';
    }
    if (str_has_prefix(uri, "qemu:///system") || str_has_prefix(uri, "qemu+unix:///system"))
        return str_copy(out, out_size, "/run/libvirt/libvirt-sock");
    return false;
}

/* Field 22 of /proc/PID/stat: when it started, in clock ticks since the machine's boot. The
 * second field is a name in parentheses that may hold anything; the last ')' ends it. */
static bool start_time(pid_t pid, char *comm, size_t comm_size, long long *out)
{
    char path[32], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if (!read_text(path, text, sizeof text))
        return false;
    char *name = strchr(text, '('), *at = strrchr(text, ')');
    if (name == NULL || at == NULL)
        return false;
    *at = '\0';
    str_copy(comm, comm_size, name + 1);
    const char *field = at + 1; /* the blank before field 3 */
    for (int i = 3; field != NULL && i < 22; i++)
        field = strchr(field + 1, ' ');
    if (field == NULL)
        return false;
    *out = strtoll(field, NULL, 10);
    return *out > 0;
}

static pid_t pid_from(const char *path)
{
    char text[24];
    int64_t pid;
    if (!read_text(path, text, sizeof text))
        return 0;
    text[strcspn(text, "\n")] = '\0';
    return str_parse_i64(text, 2, INT32_MAX, &pid) ? (pid_t)pid : 0;
}

/* The service's own pid file: beside its socket, or where Debian keeps it. */
static pid_t pid_beside(const char *socket_path)
{
    char path[256];
    const char *slash = strrchr(socket_path, '/');
    snprintf(path, sizeof path, "%.*s/libvirtd.pid", (int)(slash - socket_path), socket_path);
    pid_t pid = pid_from(path);
    return pid != 0 ? pid : pid_from("/run/libvirtd.pid");
}

/* Whoever listens at `path`; 0 where it lives in a pid namespace that we do not see. */
static enum err_code listener(const char *path, pid_t *pid, struct err *err)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (!str_copy(to.sun_path, sizeof to.sun_path, path))
        return err_set(err, ERR_CONFIG, "the socket's path is too long: %s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_set(err, ERR_IO, "socket: %s", strerror(errno));
    struct ucred peer = {0};
    socklen_t size = sizeof peer;
    int rc = connect(fd, (const struct sockaddr *)&to, sizeof to);
    if (rc == 0)
        rc = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
    int saved = errno;
    close(fd);
    if (rc != 0)
        return err_set(err, ERR_UNAVAILABLE, "the hypervisor service does not answer at %s: %s",
                       path, strerror(saved));
    *pid = peer.pid;
    return ERR_OK;
}

static bool name_process(char out[HOST_NAME_SIZE], pid_t pid, char *comm, size_t comm_size)
{
    long long started;
    if (pid <= 0 || !start_time(pid, comm, comm_size, &started))
        return false;
    snprintf(out, HOST_NAME_SIZE, "%d-%lld", (int)pid, started);
    return true;
}

enum err_code host_service_identity(char out[HOST_NAME_SIZE], const char *uri, const char *version,
                                    struct err *err)
{
    char path[108], comm[32] = "", boot[HOST_NAME_SIZE];
    pid_t pid = 0;
    if (str_has_prefix(uri, "test:") || strstr(uri, ":///embed") != NULL) {
        bool named = name_process(out, getpid(), comm, sizeof comm);
        POST(named);
        return ERR_OK;
    }
    if (host_service_socket(path, sizeof path, uri)) {
        if (listener(path, &pid, err) != ERR_OK)
            return err->code;
        if (name_process(out, pid, comm, sizeof comm) && pid != 1 && !str_eq(comm, "systemd"))
            return ERR_OK;
        if (name_process(out, pid_beside(path), comm, sizeof comm))
            return ERR_OK;
    }
    if (host_service_boot(boot, err) != ERR_OK)
        return err->code;
    snprintf(out, HOST_NAME_SIZE, "v%.20s-%.36s", version, boot);
    return ERR_OK;
}
