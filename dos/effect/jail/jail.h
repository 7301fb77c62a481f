/* jail.h - the parts of tercet-image-jail, a small program that runs a converter which reads what a
 * tenant wrote, and trusts it with nothing.
 *
 *   tercet-image-jail ROOT FILE_BYTES MEMORY_BYTES CPU_S WALL_S PROGRAM [ARGUMENT...]
 *
 * Descriptor 3 is the input, 4 the output (both regular files). The program finds them as /input
 * (read-only) and /output; beside them it sees its own binary and libraries, read-only, in a file
 * system that has nothing else: no /proc, no /dev, no /etc. It has no network, no capability, no
 * child, no further exec, a uid of nobody where we may choose one, and limits on memory, CPU, file
 * size, descriptors and time. ROOT is an empty folder on which that file system is mounted, inside
 * of a mount namespace only.
 *
 * Exit status: the program's own if it exited, otherwise one of these. */
#pragma once

#include "base/err.h"
#include "dos/effect/converter.h"

#include <stddef.h>
#include <stdint.h>

enum {
    JAIL_INPUT_FD = 3,
    JAIL_OUTPUT_FD = 4,
    JAIL_PROGRAM_FD = 63, /* = the limit of descriptors: closed by exec and never to be had again */
    JAIL_UID = DOS_CONVERTER_UID,

    JAIL_EXIT_SETUP = 120,  /* the jail could not be built; the program never ran */
    JAIL_EXIT_TIME = 121,   /* killed: wall clock */
    JAIL_EXIT_SIGNAL = 122, /* ended by a signal: a limit (CPU, file size), or a crash */
};

struct jail {
    const char *root;
    uint64_t file_bytes, memory_bytes, cpu_s, wall_s;
    const char *program;
    char *const *argv; /* of the program; argv[0] is its path */
};

/* namespaces.c: own user (without root), mount, network, pid, ipc and uts namespaces. The pid
 * namespace begins with the next fork. */
enum err_code jail_isolate(struct err *err);
/* root.c: an empty root with the program, its libraries, /input and /output; leaves PROGRAM's
 * descriptor at JAIL_PROGRAM_FD. */
enum err_code jail_enter_root(const struct jail *j, struct err *err);
/* limits.c: resource limits, then no capability and (as root) another uid, for good. */
enum err_code jail_limit(const struct jail *j, struct err *err);
/* filter.c: the system calls that a converter needs; every other is refused. Made before the limits
 * (it takes memory), put into force after them. */
struct sock_fprog;
enum err_code jail_filter_make(struct sock_fprog *filter, struct err *err);
enum err_code jail_filter_load(const struct sock_fprog *filter, struct err *err);
