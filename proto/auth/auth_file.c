/* auth_file.c - a file is the old one or the new one, whole, whenever the power goes. */
#include "proto/auth/auth_file.h"

#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err_code failed(struct err *err, const char *what, const char *path)
{
    return err_set(err, ERR_IO, "%s %.128s: %s", what, path, strerror(errno));
}

static bool write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, text, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        text += n;
        len -= (size_t)n;
    }
    return true;
}

static enum err_code write_temp(const char *temp, const char *text, mode_t mode, struct err *err)
{
    unlink(temp); /* left by a crash */
    int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return failed(err, "create", temp);
    bool fine = fchmod(fd, mode) == 0 && write_all(fd, text, strlen(text)) && fsync(fd) == 0;
    enum err_code code = fine ? ERR_OK : failed(err, "write", temp);
    close(fd);
    if (code != ERR_OK)
        unlink(temp);
    return code;
}

enum err_code auth_file_sync_folder(const char *path, struct err *err)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        str_copy(folder, sizeof folder, ".");
    else
        str_copy(folder, (size_t)(slash - path) + 2, path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return failed(err, "open", folder);
    enum err_code code = fsync(fd) == 0 ? ERR_OK : failed(err, "fsync", folder);
    close(fd);
    return code;
}

enum err_code auth_file_write(const char *path, const char *text, mode_t mode, struct err *err)
{
    char temp[PATH_MAX];
    if (snprintf(temp, sizeof temp, "%s.new", path) >= (int)sizeof temp)
        return err_set(err, ERR_IO, "the path is too long: %.64s...", path);
    enum err_code code = write_temp(temp, text, mode, err);
    if (code == ERR_OK && rename(temp, path) != 0) {
        code = failed(err, "rename", temp);
        unlink(temp);
    }
    return code != ERR_OK ? code : auth_file_sync_folder(path, err);
}
