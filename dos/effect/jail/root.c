/* root.c - a file system with nothing in it but one program, its libraries and two files. */
#include "dos/effect/jail/jail.h"

#include "base/check.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIST_SIZE = 32 * 1024 };

static enum err_code failed(struct err *err, const char *what)
{
    return err_set(err, ERR_IO, "%s: %s", what, strerror(errno));
}

/* Makes the folders above `path`, which begins with '/', below the current folder. */
static bool make_parents(const char *path)
{
    char part[PATH_MAX];
    if (!str_copy(part, sizeof part, path + 1))
        return false;
    for (char *at = strchr(part, '/'); at != NULL; at = strchr(at + 1, '/')) {
        *at = '\0';
        if (mkdir(part, 0755) != 0 && errno != EEXIST)
            return false;
        *at = '/';
    }
    return true;
}

/* Binds `from` to `path` below the current folder (the new root). */
static enum err_code bind_file(const char *from, const char *path, struct err *err)
{
    int fd = make_parents(path) ? open(path + 1, O_CREAT | O_RDONLY | O_CLOEXEC, 0644) : -1;
    if (fd < 0)
        return failed(err, path);
    close(fd);
    if (mount(from, path + 1, NULL, MS_BIND, NULL) != 0 ||
        mount(NULL, path + 1, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV,
              NULL) != 0)
        return failed(err, path);
    return ERR_OK;
}

/* What the dynamic loader would load, as ldd asks it; runs before anything of the tenant is near.
 */
static enum err_code list_libraries(const struct jail *j, char *list, struct err *err)
{
    int ends[2];
    size_t len = 0;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return failed(err, "pipe");
    pid_t child = fork();
    if (child == 0) {
        char *const environment[] = {(char[]){"LD_TRACE_LOADED_OBJECTS=1"}, NULL};
        char *const argv[] = {(char[]){"list"}, NULL};
        dup2(ends[1], STDOUT_FILENO);
        execve(j->program, argv, environment);
        _exit(127);
    }
    close(ends[1]);
    for (ssize_t n;
         len < LIST_SIZE - 1 && (n = read(ends[0], list + len, LIST_SIZE - 1 - len)) > 0;)
        len += (size_t)n;
    list[len] = '\0';
    close(ends[0]);
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0 || len == LIST_SIZE - 1)
        return err_set(err, ERR_IO, "cannot list the libraries of %s", j->program);
    return ERR_OK;
}

/* Lines are "name => /path (0x...)" or "/path (0x...)"; the vdso has no path. */
static enum err_code bind_libraries(char *list, struct err *err)
{
    for (char *line = list, *next; *line != '\0'; line = next) {
        next = line + strcspn(line, "\n");
        if (*next != '\0')
            *next++ = '\0';
        char *path = strchr(line, '/'), *end = path != NULL ? strstr(path, " (") : NULL;
        if (end == NULL)
            continue;
        *end = '\0';
        if (bind_file(path, path, err) != ERR_OK)
            return err->code;
    }
    return ERR_OK;
}

/* The two files are opened anew by way of the program's own descriptors: they come from folders
 * that this user cannot see, and from mounts that are not of our namespace. */
static enum err_code show_files(struct err *err)
{
    if (mkdir("fd", 0755) != 0 || mount("/proc/self/fd", "fd", NULL, MS_BIND, NULL) != 0 ||
        mount(NULL, "fd", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
              NULL) != 0 ||
        symlink("/fd/4", "input") != 0 || symlink("/fd/5", "output") != 0)
        return failed(err, "the two files");
    return ERR_OK;
}

static enum err_code fill(const struct jail *j, char *list, struct err *err)
{
    if (bind_file(j->program, j->program, err) != ERR_OK || bind_libraries(list, err) != ERR_OK ||
        show_files(err) != ERR_OK)
        return err->code;
    return ERR_OK;
}

/* The old root is gone afterwards. The descriptors that stay are of files: none leads to a folder.
 */
static enum err_code change_root(const struct jail *j, struct err *err)
{
    if (syscall(SYS_pivot_root, ".", ".") != 0 || umount2(".", MNT_DETACH) != 0 ||
        chdir("/") != 0 ||
        mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL) != 0)
        return failed(err, "pivot_root");
    int fd = open(j->program, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || dup3(fd, JAIL_PROGRAM_FD, O_CLOEXEC) < 0)
        return failed(err, j->program);
    close(fd);
    return ERR_OK;
}

enum err_code jail_enter_root(const struct jail *j, struct err *err)
{
    static char list[LIST_SIZE];
    if (list_libraries(j, list, err) != ERR_OK)
        return err->code;
    if (mount("tmpfs", j->root, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=0755") != 0 ||
        chdir(j->root) != 0)
        return failed(err, j->root);
    enum err_code code = fill(j, list, err);
    return code == ERR_OK ? change_root(j, err) : code;
}
