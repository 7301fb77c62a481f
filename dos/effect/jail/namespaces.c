/* namespaces.c - the jail's own view of users, mounts, network, processes and names. */
#include "dos/effect/jail/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool fine = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return fine;
}

/* Without root the capability to mount comes from a user namespace, in which we are nobody. */
static bool own_users(void)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();
    char uids[64], gids[64];
    if (uid == 0)
        return true;
    snprintf(uids, sizeof uids, "%d %u 1\n", JAIL_UID, (unsigned)uid);
    snprintf(gids, sizeof gids, "%d %u 1\n", JAIL_UID, (unsigned)gid);
    return unshare(CLONE_NEWUSER) == 0 && write_file("/proc/self/setgroups", "deny") &&
           write_file("/proc/self/uid_map", uids) && write_file("/proc/self/gid_map", gids);
}

enum err_code jail_isolate(struct err *err)
{
    int flags = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;
    if (!own_users() || unshare(flags) != 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        return err_set(err, ERR_IO, "namespaces: %s", strerror(errno));
    return ERR_OK;
}
