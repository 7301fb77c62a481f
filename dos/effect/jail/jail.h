/* jail.h - the parts of tercet-image-jail, a small program that runs a converter which reads what a
 * tenant wrote, and trusts it with nothing; and what dos says to it.
 *
 *   tercet-image-jail ROOT PROGRAM [ARGUMENT...]
 *
 * Descriptor 3 is an AF_UNIX SOCK_SEQPACKET: one end of a pair, or the connection for which systemd
 * started it as a user of its own. Over it come one order and three descriptors, and goes one
 * answer: the exit status. When the other end is gone before that, everything in the jail is
 * killed.
 *
 * The program finds its two files as /input (read-only) and /output; beside them it sees its own
 * binary and libraries, read-only, and its own descriptors, in a file system that has nothing else:
 * no other /proc, no /dev, no /etc. It has no network, no capability, no child, no further exec, a
 * uid of nobody where we may choose one, and limits on memory, CPU, file size, descriptors and
 * time. ROOT is an empty folder on which that file system is mounted, inside of a mount namespace
 * only. */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum {
    JAIL_CHANNEL_FD = 3,
    JAIL_INPUT_FD = 4, /* the descriptors of an order, in this order */
    JAIL_OUTPUT_FD = 5,
    JAIL_SAID_FD = 6,     /* a pipe: what the program writes to its standard output and error */
    JAIL_PROGRAM_FD = 63, /* = the limit of descriptors: closed by exec and never to be had again */
    JAIL_FDS = 3,
    JAIL_UID = 65534, /* as whom it runs, when we are root */
};

/* The answer, an int32_t: the program's own exit status if it exited, otherwise one of these. */
enum {
    JAIL_EXIT_SETUP = 120,  /* the jail could not be built; the program never ran */
    JAIL_EXIT_TIME = 121,   /* killed: wall clock */
    JAIL_EXIT_SIGNAL = 122, /* ended by a signal: a limit (CPU, file size), or a crash */
};

/* No field may be 0. */
struct jail_order {
    uint64_t file_bytes, memory_bytes, cpu_s, wall_s;
};

struct jail {
    const char *root;
    const char *program;
    char *const *argv; /* of the program; argv[0] is its path */
    struct jail_order order;
};

/* order.c: waits for the order; its descriptors are at their places then. Refused from anybody but
 * who owns the two files: no other user of the machine has them opened or changed here. */
enum err_code jail_take_order(struct jail *j, struct err *err);
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
