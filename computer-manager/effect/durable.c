/* durable.c - fdatasync, rename, fsync of the directory. */
#include "computer-manager/effect/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum err_code host_durable_dir(const char *dir, struct err *err)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_set(err, ERR_IO, "%s: %s", dir, strerror(errno));
    int rc = fsync(fd), saved = errno;
    close(fd);
    return rc == 0 ? ERR_OK : err_set(err, ERR_IO, "fsync %s: %s", dir, strerror(saved));
}

enum err_code host_durable_publish(int fd, const char *temporary, const char *name, const char *dir,
                                   struct err *err)
{
    if (fdatasync(fd) != 0)
        return err_set(err, errno == ENOSPC ? ERR_NO_SPACE : ERR_IO, "fdatasync %s: %s", temporary,
                       strerror(errno));
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, name, RENAME_NOREPLACE) != 0) {
        if (errno != EEXIST)
            return err_set(err, ERR_IO, "rename to %s: %s", name, strerror(errno));
        unlink(temporary);
    }
    return host_durable_dir(dir, err);
}
