/* landlock.c - the three calls, which the C library does not have. */
#include "base/landlock.h"

#include "base/check.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What came after the version of Debian 12's headers. */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

enum { VERSION_MIN = 2, VERSION_TRUNCATE = 3 };

static const uint64_t of_reading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
/* No device nodes: nobody here makes any. */
static const uint64_t of_writing = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
                                   LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                                   LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM |
                                   LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                   LANDLOCK_ACCESS_FS_REFER;
static const uint64_t of_devices = LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK;

/* Of a file, what can be done with a file. */
static const uint64_t of_files = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE |
                                 LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE;

static uint64_t all_of(long version)
{
    uint64_t all = of_reading | of_writing | of_devices | LANDLOCK_ACCESS_FS_EXECUTE;
    return version >= VERSION_TRUNCATE ? all | LANDLOCK_ACCESS_FS_TRUNCATE : all;
}

static uint64_t rights_of(enum landlock_use use)
{
    switch (use) {
    case LANDLOCK_READ:
    case LANDLOCK_BESIDE:
        return of_reading;
    case LANDLOCK_RUN:
        return of_reading | LANDLOCK_ACCESS_FS_EXECUTE;
    case LANDLOCK_WRITE:
        return of_reading | of_writing | LANDLOCK_ACCESS_FS_TRUNCATE;
    }
    IMPOSSIBLE("a use that is none");
}

/* A set of rules that is being made. */
struct ruleset {
    int fd;
    uint64_t handled; /* the rights that it takes from everything else */
};

static enum err_code add(const struct ruleset *r, const char *path, uint64_t rights,
                         struct err *err)
{
    struct stat st;
    int fd = *path != '\0' ? open(path, O_PATH | O_CLOEXEC) : -1;
    if (fd < 0)
        return ERR_OK;
    rights &= r->handled;
    if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
        rights &= of_files;
    const struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = fd};
    long code = syscall(SYS_landlock_add_rule, r->fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    int why = errno;
    close(fd);
    return code == 0 ? ERR_OK : err_set(err, ERR_IO, "landlock: %.200s: %s", path, strerror(why));
}

static enum err_code add_folder_of(const struct ruleset *r, const char *path, uint64_t rights,
                                   struct err *err)
{
    char folder[PATH_MAX];
    const char *end = strrchr(path, '/');
    if (end == NULL || end == path || !str_copy(folder, sizeof folder, path))
        return ERR_OK;
    folder[end - path] = '\0';
    return add(r, folder, rights, err);
}

static enum err_code add_path(const struct ruleset *r, const struct landlock_path *p,
                              struct err *err)
{
    char real[PATH_MAX];
    uint64_t rights = rights_of(p->use);
    if (p->use != LANDLOCK_BESIDE)
        return add(r, p->path, rights, err);
    enum err_code code = add_folder_of(r, p->path, rights, err);
    if (code == ERR_OK && realpath(p->path, real) != NULL)
        code = add_folder_of(r, real, rights, err);
    return code;
}

static enum err_code enforce(const struct ruleset *r, const struct landlock_path *paths, size_t len,
                             struct err *err)
{
    for (size_t i = 0; i < len; i++)
        if (add_path(r, &paths[i], err) != ERR_OK)
            return err->code;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_landlock_restrict_self, r->fd, 0) != 0)
        return err_set(err, ERR_IO, "landlock: %s", strerror(errno));
    return ERR_OK;
}

enum err_code landlock_restrict(const struct landlock_path *paths, size_t len, struct err *err)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < VERSION_MIN)
        return err_set(err, ERR_UNSUPPORTED, "this kernel has no Landlock, or its first version");
    const struct landlock_ruleset_attr attr = {.handled_access_fs = all_of(version)};
    struct ruleset r = {(int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0),
                        attr.handled_access_fs};
    if (r.fd < 0)
        return err_set(err, ERR_IO, "landlock: %s", strerror(errno));
    enum err_code code = enforce(&r, paths, len, err);
    close(r.fd);
    return code;
}
