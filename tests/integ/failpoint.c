/* failpoint.c - stands between a program and the C library, counts the calls that change a file or
 * speak on a socket, and at the N-th kills the program before it, half way through it, or lets it
 * fail. Preloaded by dos_crash.py and tier_crash.py, which steer it through the file that FAILPOINT
 * names.
 *
 * Counted is what matters after a crash, in the order of all threads: whatever else a program does
 * between two of these calls leaves nothing behind. Its log and its own pipes do not count. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum mode { OFF, KILL, KILL_HALF, FAIL_ONCE, FAIL_ON };

/* The page that we share with the test; struct.unpack knows this layout. */
struct control {
    uint32_t mode;
    uint32_t at;            /* the first call is 1 */
    int32_t error;          /* of FAIL_*: what a call on a file answers */
    _Atomic uint32_t count; /* so many came */
    char what[112];         /* the call that was hit */
    uint32_t is_files_only; /* what is said on sockets does not count */
};

static struct control *control;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("FAILPOINT");
    int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
    unsetenv("LD_PRELOAD"); /* what it starts is another program */
    if (fd < 0)
        return;
    void *page = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    control = page != MAP_FAILED ? page : NULL;
    close(fd);
}

static void *next(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL)
        abort();
    return found;
}

/* Each wrapper asks once for the function behind it. */
#define NEXT(name)                          \
    static __typeof__(&(name)) real;        \
    if (real == NULL) {                     \
        void *found = next(#name);          \
        memcpy(&real, &found, sizeof real); \
    }

enum verdict { GO, HALF, FAIL };

/* Which file a descriptor is of. */
static const char *path_of(int fd, char *out, size_t size)
{
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, out, size - 1);
    out[len > 0 ? len : 0] = '\0';
    return out;
}

/* `path` is looked for when it is NULL. */
static enum verdict judge(const char *name, int fd, const char *path, int is_file)
{
    uint32_t mode = control->mode;
    uint32_t n = atomic_fetch_add(&control->count, 1) + 1;
    char found[80];
    if (n < control->at || (n > control->at && mode != FAIL_ON))
        return GO;
    if (n == control->at)
        snprintf(control->what, sizeof control->what, "%s %s", name,
                 path != NULL ? path : path_of(fd, found, sizeof found));
    if (mode == KILL)
        kill(getpid(), SIGKILL);
    return mode == KILL_HALF ? HALF : is_file ? FAIL : GO;
}

/* For calls that name a file. */
static enum verdict judge_path(const char *name, const char *path)
{
    if (control == NULL || control->mode == OFF)
        return GO;
    enum verdict verdict = judge(name, -1, path, 1);
    if (verdict == HALF)
        kill(getpid(), SIGKILL); /* it cannot be done by half */
    return verdict;
}

/* For calls on a descriptor. */
static enum verdict judge_fd(const char *name, int fd)
{
    struct stat st;
    if (control == NULL || control->mode == OFF || fstat(fd, &st) != 0)
        return GO;
    int is_file = S_ISREG(st.st_mode) || S_ISDIR(st.st_mode);
    if (fd <= STDERR_FILENO || (!is_file && (control->is_files_only || !S_ISSOCK(st.st_mode))))
        return GO;
    return judge(name, fd, NULL, is_file);
}

static int fails(enum verdict verdict)
{
    if (verdict == HALF)
        kill(getpid(), SIGKILL);
    if (verdict == FAIL)
        errno = control->error;
    return verdict == FAIL;
}

/* --- the calls ---------------------------------------------------------------------------- */

#define OPENER(name, makes, parameters, arguments) \
    int name parameters                            \
    {                                              \
        NEXT(name)                                 \
        unsigned mode = 0;                         \
        if (flags & O_CREAT) {                     \
            va_list args;                          \
            va_start(args, flags);                 \
            mode = va_arg(args, unsigned);         \
            va_end(args);                          \
            if (fails(judge_path(#name, path)))    \
                return -1;                         \
        }                                          \
        return real arguments;                     \
    }

OPENER(open, flags, (const char *path, int flags, ...), (path, flags, mode))
OPENER(open64, flags, (const char *path, int flags, ...), (path, flags, mode))
OPENER(openat, flags, (int at, const char *path, int flags, ...), (at, path, flags, mode))
OPENER(openat64, flags, (int at, const char *path, int flags, ...), (at, path, flags, mode))

#define PATH_CALL(name, parameters, arguments)                       \
    int name parameters                                              \
    {                                                                \
        NEXT(name)                                                   \
        return fails(judge_path(#name, path)) ? -1 : real arguments; \
    }

PATH_CALL(rename, (const char *path, const char *to), (path, to))
PATH_CALL(renameat, (int a, const char *path, int b, const char *to), (a, path, b, to))
PATH_CALL(unlink, (const char *path), (path))
PATH_CALL(unlinkat, (int at, const char *path, int flags), (at, path, flags))

#define FD_CALL(name, parameters, arguments)                     \
    int name parameters                                          \
    {                                                            \
        NEXT(name)                                               \
        return fails(judge_fd(#name, fd)) ? -1 : real arguments; \
    }

FD_CALL(fsync, (int fd), (fd))
FD_CALL(fdatasync, (int fd), (fd))
FD_CALL(ftruncate, (int fd, off_t size), (fd, size))
FD_CALL(ftruncate64, (int fd, off64_t size), (fd, size))
FD_CALL(fallocate, (int fd, int mode, off_t at, off_t len), (fd, mode, at, len))

/* A part of it is done, then the end comes. */
#define WRITER(name, len, parameters, half, whole)  \
    ssize_t name parameters                         \
    {                                               \
        NEXT(name)                                  \
        enum verdict verdict = judge_fd(#name, fd); \
        if (verdict == HALF && (len) > 1)           \
            (void)!real half;                       \
        return fails(verdict) ? -1 : real whole;    \
    }

WRITER(write, size, (int fd, const void *data, size_t size), (fd, data, size / 2), (fd, data, size))
WRITER(pwrite, size, (int fd, const void *data, size_t size, off_t at), (fd, data, size / 2, at),
       (fd, data, size, at))
WRITER(pwrite64, size, (int fd, const void *data, size_t size, off64_t at),
       (fd, data, size / 2, at), (fd, data, size, at))
WRITER(send, size, (int fd, const void *data, size_t size, int flags), (fd, data, size / 2, flags),
       (fd, data, size, flags))
WRITER(writev, count, (int fd, const struct iovec *parts, int count), (fd, parts, count / 2),
       (fd, parts, count))
WRITER(sendmsg, 0, (int fd, const struct msghdr *message, int flags), (fd, message, flags),
       (fd, message, flags))
WRITER(sendfile, size, (int fd, int from, off_t *at, size_t size), (fd, from, at, size / 2),
       (fd, from, at, size))
WRITER(sendfile64, size, (int fd, int from, off64_t *at, size_t size), (fd, from, at, size / 2),
       (fd, from, at, size))
