/* console.c - tail and bound of serial logs; see console.h. */
#include "computer-manager/hypervisor/console.h"

#include "base/id.h"
#include "base/log.h"
#include "computer-manager/effect/layout.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* -1 with errno; never follows a link, never waits for the other end of a fifo. */
static int open_regular(const char *path, int flags, struct stat *st)
{
    int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return -1;
    if (fstat(fd, st) == 0 && S_ISREG(st->st_mode))
        return fd;
    close(fd);
    errno = EINVAL;
    return -1;
}

static int64_t read_at(int fd, char *out, size_t size, off_t at)
{
    size_t len = 0;
    while (len < size) {
        ssize_t got = pread(fd, out + len, size - len, at + (off_t)len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        len += (size_t)got;
    }
    return (int64_t)len;
}

enum err_code host_console_tail(struct host_hv_console *out, const char *path, struct err *err)
{
    struct stat st;
    out->len = 0;
    int fd = open_regular(path, O_RDONLY, &st);
    if (fd < 0 && errno == ENOENT)
        return ERR_OK;
    if (fd < 0)
        return err_set(err, ERR_IO, "console log: %s", strerror(errno));
    off_t from = st.st_size > HOST_CONSOLE_BYTES ? st.st_size - HOST_CONSOLE_BYTES : 0;
    int64_t len = read_at(fd, out->bytes, sizeof out->bytes, from);
    int saved = errno;
    close(fd);
    if (len < 0)
        return err_set(err, ERR_IO, "console log: %s", strerror(saved));
    out->len = len;
    return ERR_OK;
}

/* Cuts the first `len` bytes; both calls are atomic against the writer's appends. */
static int cut_head(int fd, off_t len)
{
    if (fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, len) == 0)
        return 0;
    return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, len);
}

static enum err_code bound_open(int fd, const struct stat *st, struct err *err)
{
    off_t block = st->st_blksize > 0 ? (off_t)st->st_blksize : 4096;
    off_t surplus = (st->st_size - HOST_CONSOLE_LOG_KEEP) / block * block;
    if (cut_head(fd, surplus) != 0)
        return err_set(err, ERR_IO, "console log was not cut: %s", strerror(errno));
    return ERR_OK;
}

enum err_code host_console_bound(const char *path, struct err *err)
{
    struct stat st;
    int fd = open_regular(path, O_RDWR, &st);
    if (fd < 0)
        return errno == ENOENT ? ERR_OK : err_set(err, ERR_IO, "console log: %s", strerror(errno));
    enum err_code code = ERR_OK;
    /* st_blocks counts what is really there: a file with a hole at its head is short. */
    if (st.st_size > HOST_CONSOLE_LOG_MAX && st.st_blocks * 512 > HOST_CONSOLE_LOG_MAX)
        code = bound_open(fd, &st, err);
    close(fd);
    return code;
}

void host_console_bound_all(const char *state_dir)
{
    DIR *dir = opendir(state_dir);
    if (dir == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[HOST_PATH_SIZE];
        struct err err = {0};
        if (!id_is(entry->d_name, "i"))
            continue;
        host_layout_console(path, state_dir, entry->d_name);
        if (host_console_bound(path, &err) != ERR_OK)
            log_warn("console.bound", "instance", entry->d_name, "error", err.text, NULL);
    }
    closedir(dir);
}
