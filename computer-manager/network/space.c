/* space.c - named network namespaces. */
#include "computer-manager/network/space.h"

#include "base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#define SPACE_DIR "/run/netns"
enum { PATH_SIZE = 128 };

static int home = -1; /* the namespace the process lives in */

static void path_of(char out[PATH_SIZE], const char *name)
{
    int len = snprintf(out, PATH_SIZE, SPACE_DIR "/%s", name);
    POST(len > 0 && len < PATH_SIZE && strchr(name, '/') == NULL);
}

enum err_code space_init(struct err *err)
{
    PRE(home < 0);
    home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    return home >= 0 ? ERR_OK : err_set(err, ERR_IO, "/proc/self/ns/net: %s", strerror(errno));
}

static void go_home(void)
{
    int back = setns(home, CLONE_NEWNET);
    INV(back == 0); /* anywhere else, the next change would hit a tenant's router */
}

bool space_exists(const char *name)
{
    char path[PATH_SIZE];
    struct statfs fs;
    path_of(path, name);
    return statfs(path, &fs) == 0 && fs.f_type == NSFS_MAGIC;
}

/* The directory is a shared mount, so that a name taken away here is gone in every mount
 * namespace that copied it; else their copies would hold the namespace for ever. */
static enum err_code prepare_directory(struct err *err)
{
    mkdir(SPACE_DIR, 0755);
    if (mount("", SPACE_DIR, "none", MS_SHARED | MS_REC, NULL) == 0)
        return ERR_OK;
    if (errno == EINVAL && mount(SPACE_DIR, SPACE_DIR, "none", MS_BIND | MS_REC, NULL) == 0 &&
        mount("", SPACE_DIR, "none", MS_SHARED | MS_REC, NULL) == 0)
        return ERR_OK;
    return err_set(err, ERR_IO, "preparing " SPACE_DIR ": %s", strerror(errno));
}

enum err_code space_ensure(const char *name, bool *made, struct err *err)
{
    char path[PATH_SIZE];
    *made = false;
    if (space_exists(name))
        return ERR_OK;
    if (prepare_directory(err) != ERR_OK)
        return err->code;
    path_of(path, name);
    int file = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0444);
    if (file < 0)
        return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    close(file);
    if (unshare(CLONE_NEWNET) != 0)
        return err_set(err, ERR_IO, "a new network namespace: %s", strerror(errno));
    int why = mount("/proc/self/ns/net", path, "none", MS_BIND, NULL) == 0 ? 0 : errno;
    go_home();
    if (why != 0)
        return err_set(err, ERR_IO, "naming %s: %s", path, strerror(why));
    *made = true;
    return ERR_OK;
}

enum err_code space_remove(const char *name, struct err *err)
{
    char path[PATH_SIZE];
    path_of(path, name);
    while (umount2(path, MNT_DETACH) == 0)
        ;
    if (unlink(path) != 0 && errno != ENOENT)
        return err_set(err, ERR_IO, "removing %s: %s", path, strerror(errno));
    return ERR_OK;
}

int space_open(const char *name, struct err *err)
{
    char path[PATH_SIZE];
    path_of(path, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    return fd;
}

enum err_code space_visit(const char *name, enum err_code (*fn)(void *self, struct err *err),
                          void *self, struct err *err)
{
    PRE(home >= 0);
    int there = space_open(name, err);
    if (there < 0)
        return err->code;
    if (setns(there, CLONE_NEWNET) != 0) {
        err_set(err, ERR_IO, "entering %s: %s", name, strerror(errno));
        close(there);
        return err->code;
    }
    close(there);
    enum err_code code = fn(self, err);
    go_home();
    return code;
}

enum err_code space_try(enum err_code (*fn)(void *self, struct err *err), void *self,
                        struct err *err)
{
    PRE(home >= 0);
    if (unshare(CLONE_NEWNET) != 0)
        return err_set(err, ERR_UNSUPPORTED, "a new network namespace: %s", strerror(errno));
    enum err_code code = fn(self, err);
    go_home();
    return code;
}
