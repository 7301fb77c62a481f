/* wallclock.c - a wall clock that a test sets, for one program: preloaded by fleet_storm.py, which
 * steers it through the file that WALLCLOCK names. Monotonic clocks are left alone, as they are
 * when somebody sets the clock of a machine. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { NS = 1000000000 };

/* The page that we share with the test; struct.pack knows this layout. */
struct setting {
    _Atomic int64_t offset_ns, drift_ppm, since_ns; /* drift counts from `since`, true time */
};

static struct setting *setting;
static int (*real)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("WALLCLOCK");
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *page = fd >= 0 ? mmap(NULL, sizeof *setting, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    setting = page != MAP_FAILED ? page : NULL;
    if (fd >= 0)
        close(fd);
}

int clock_gettime(clockid_t id, struct timespec *out)
{
    if (real == NULL) {
        void *found = dlsym(RTLD_NEXT, "clock_gettime");
        memcpy(&real, &found, sizeof real);
    }
    int rc = real(id, out);
    if (rc != 0 || setting == NULL || (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE))
        return rc;
    int64_t now = out->tv_sec * (int64_t)NS + out->tv_nsec;
    now += setting->offset_ns + (now - setting->since_ns) / 1000000 * setting->drift_ppm;
    *out = (struct timespec){now / NS, now % NS};
    return 0;
}

time_t(time)(time_t *out) /* in brackets: defined, and not called */
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *out, void *zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *out = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}
