/* runfile.c - small files under /run and settings under /proc/sys. */
#include "computer-manager/network/runfile.h"

#include "base/check.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RUNFILE_MAX = 65536 };

void runfile_read(const char *path, struct buf *out)
{
    char part[4096];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t got;
    size_t all = 0;
    while (all < RUNFILE_MAX && (got = read(fd, part, sizeof part)) > 0) {
        buf_append(out, part, (size_t)got);
        all += (size_t)got;
    }
    close(fd);
}

bool runfile_holds(const char *path, const char *text)
{
    CLEANUP(buf_fini) struct buf now = {0};
    struct stat st;
    if (stat(path, &st) != 0)
        return false;
    runfile_read(path, &now);
    return str_eq(buf_str(&now), text);
}

static bool write_all(int fd, const char *text)
{
    size_t len = strlen(text), done = 0;
    while (done < len) {
        ssize_t put = write(fd, text + done, len - done);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        done += (size_t)put;
    }
    return true;
}

enum err_code runfile_write(const char *path, const char *text, struct err *err)
{
    char temp[RUNFILE_PATH_SIZE];
    const char *slash = strrchr(path, '/');
    PRE(slash != NULL);
    /* A leading dot: dnsmasq passes over such files of a directory it reads. */
    int len = snprintf(temp, sizeof temp, "%.*s/.%s", (int)(slash - path), path, slash + 1);
    POST(len > 0 && len < (int)sizeof temp);
    int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_set(err, ERR_IO, "%s: %s", temp, strerror(errno));
    bool fine = write_all(fd, text);
    fine = close(fd) == 0 && fine;
    if (!fine || rename(temp, path) != 0) {
        err_set(err, ERR_IO, "writing %s: %s", path, strerror(errno));
        unlink(temp);
        return err->code;
    }
    return ERR_OK;
}

enum err_code runfile_remove(const char *path, struct err *err)
{
    if (unlink(path) != 0 && errno != ENOENT)
        return err_set(err, ERR_IO, "removing %s: %s", path, strerror(errno));
    return ERR_OK;
}

enum err_code runfile_make_dir(const char *path, struct err *err)
{
    char part[RUNFILE_PATH_SIZE];
    PRE(path[0] == '/');
    for (const char *p = strchr(path + 1, '/');; p = strchr(p + 1, '/')) {
        size_t len = p != NULL ? (size_t)(p - path) : strlen(path);
        PRE(len < sizeof part);
        memcpy(part, path, len);
        part[len] = '\0';
        if (mkdir(part, 0755) != 0 && errno != EEXIST)
            return err_set(err, ERR_IO, "%s: %s", part, strerror(errno));
        if (p == NULL)
            return ERR_OK;
    }
}

enum { DEPTH_MAX = 2 };

static void empty_dir(const char *path, int depth)
{
    DIR *dir = opendir(path);
    if (dir == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char below[RUNFILE_PATH_SIZE];
        if (str_eq(entry->d_name, ".") || str_eq(entry->d_name, ".."))
            continue;
        if (snprintf(below, sizeof below, "%s/%s", path, entry->d_name) >= (int)sizeof below)
            continue;
        if (unlink(below) == 0 || depth == DEPTH_MAX)
            continue;
        empty_dir(below, depth + 1);
        rmdir(below);
    }
    closedir(dir);
}

enum err_code runfile_remove_dir(const char *path, struct err *err)
{
    empty_dir(path, 1);
    if (rmdir(path) != 0 && errno != ENOENT)
        return err_set(err, ERR_IO, "removing %s: %s", path, strerror(errno));
    return ERR_OK;
}

static bool is_set(const char *path, const char *value)
{
    CLEANUP(buf_fini) struct buf now = {0};
    size_t len = strlen(value);
    runfile_read(path, &now);
    return strncmp(buf_str(&now), value, len) == 0 && str_eq(buf_str(&now) + len, "\n");
}

enum err_code runfile_sysctl(const char *name, const char *value, enum runfile_need need,
                             struct err *err)
{
    char path[RUNFILE_PATH_SIZE];
    int len = snprintf(path, sizeof path, "/proc/sys/%s", name);
    POST(len > 0 && len < (int)sizeof path);
    if (is_set(path, value)) /* where /proc/sys is read-only, what is right already is fine */
        return ERR_OK;
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && need == RUNFILE_OPTIONAL)
        return ERR_OK;
    bool fine = fd >= 0 && write_all(fd, value);
    int why = errno;
    if (fd >= 0)
        close(fd);
    return fine ? ERR_OK : err_set(err, ERR_IO, "setting %s: %s", name, strerror(why));
}
