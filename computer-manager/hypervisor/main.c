/* main.c - computer-hypervisor: the one process of a host that links libvirt.
 *
 * Started by computer-manager, or by systemd for it, with its end of a channel at descriptor 3;
 * lives as long as that does. It keeps nothing: the manager kills it when a job passes its deadline
 * and starts another, which finds the domains as they are. It never decides anything, and never
 * talks to anybody but the manager and the hypervisor service. */
#include "base/clock.h"
#include "base/check.h"
#include "base/daemon.h"
#include "base/log.h"
#include "base/str.h"
#include "computer-manager/effect/arguments.h"
#include "computer-manager/effect/channel.h"
#include "computer-manager/effect/layout.h"
#include "computer-manager/effect/tether.h"
#include "computer-manager/hypervisor/dispatch.h"

#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    TICK_MS = 1000,
    /* what a directory's path may use of HOST_PATH_SIZE: ids and file names come after it */
    DIRECTORY_MAX = HOST_PATH_SIZE - 128,
};

static const char usage[] =
    "usage: tercet-computer-hypervisor --uri URI --state-dir DIR --images-dir DIR\n"
    "  --uri URI                 of the hypervisor service (qemu:///system)\n"
    "  --state-dir DIR           root disks and serial logs\n"
    "  --images-dir DIR          bases of images\n"
    "  --accelerator A           auto, kvm or tcg (auto: kvm where a probe guest boots on it)\n"
    "  --emulator PROGRAM        that the probe runs (qemu-system-x86_64)\n"
    "  --reboot-deadline-ms N    for a guest to hear a reboot before it is reset (60000)\n"
    "  --config FILE             instead of all these: the computer-manager's configuration\n"
    "Started by computer-manager or for it, never by hand: descriptor 3 is the channel to it.\n";

static const struct option names[] = {
    {"uri", required_argument, NULL, 'u'},
    {"state-dir", required_argument, NULL, 's'},
    {"images-dir", required_argument, NULL, 'i'},
    {"accelerator", required_argument, NULL, 'a'},
    {"emulator", required_argument, NULL, 'e'},
    {"reboot-deadline-ms", required_argument, NULL, 'r'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

_Noreturn static void refuse(const char *why)
{
    fprintf(stderr, "tercet-computer-hypervisor: %s\n%s", why, usage);
    exit(2);
}

/* Without links, so that overlays, XML and the service all use the same words. */
static const char *directory(const char *path)
{
    char *real = realpath(path, NULL);
    if (real == NULL || strlen(real) > DIRECTORY_MAX || access(real, R_OK | X_OK) != 0)
        refuse("a directory is not there, or its path is too long");
    return real;
}

static bool is_accelerator(const char *text)
{
    return str_eq(text, "auto") || str_eq(text, "kvm") || str_eq(text, "tcg");
}

static void parse(struct host_dispatch_options *o, int argc, char **argv)
{
    *o = (struct host_dispatch_options){
        .emulator = "qemu-system-x86_64", .accelerator = "auto", .reboot_deadline_ms = 60000};
    for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        if (c == 'u')
            o->uri = optarg;
        else if (c == 's')
            o->state_dir = directory(optarg);
        else if (c == 'i')
            o->images_dir = directory(optarg);
        else if (c == 'a' && is_accelerator(optarg))
            o->accelerator = optarg;
        else if (c == 'e')
            o->emulator = optarg;
        else if (c != 'r' || !str_parse_i64(optarg, 1, 3600000, &o->reboot_deadline_ms))
            refuse(c == 'h' ? "help" : "an option is not valid");
    }
    if (o->uri == NULL || o->state_dir == NULL || o->images_dir == NULL || optind != argc)
        refuse("--uri, --state-dir and --images-dir must be given");
}

static int64_t now_ms(void)
{
    struct clock clock = clock_system();
    return clock.read(clock.self).mono_ms;
}

/* Takes all that is there; false when the manager is gone. */
static bool take_all(struct host_dispatch *d, struct channel_message *m)
{
    for (;;) {
        switch (channel_recv(CHANNEL_FD, m)) {
        case CHANNEL_OK:
            if (m->fd >= 0)
                close(m->fd); /* no job of ours brings one */
            host_dispatch_take(d, m);
            break;
        case CHANNEL_EMPTY:
            return true;
        case CHANNEL_CLOSED:
            return false;
        case CHANNEL_BROKEN:
            log_error("channel.broken", NULL);
            return false;
        }
    }
}

static void serve(struct host_dispatch *d)
{
    struct channel_message *m = check_alloc(sizeof *m);
    fcntl(CHANNEL_FD, F_SETFL, O_NONBLOCK);
    int64_t tick_at = now_ms();
    for (;;) {
        int64_t left = tick_at - now_ms();
        struct pollfd p = {.fd = CHANNEL_FD, .events = POLLIN};
        int ready = poll(&p, 1, left > 0 ? (int)left : 0);
        if (ready > 0 && !take_all(d, m))
            break;
        if (now_ms() < tick_at)
            continue;
        host_dispatch_tick(d, now_ms());
        tick_at = now_ms() + TICK_MS;
    }
    free(m);
}

int main(int argc, char **argv)
{
    static struct host_arguments_own own;
    struct host_dispatch_options options;
    struct host_dispatch *d;
    struct err err = {0};
    own.argc = argc;
    own.argv = argv;
    if (host_arguments_own_hypervisor(&own, &err) != ERR_OK)
        refuse(err.text);
    parse(&options, own.argc, own.argv);
    signal(SIGPIPE, SIG_IGN); /* a service that dies while libvirt writes to it ends nobody else */
    log_init("computer-hypervisor", LOG_INFO);
    daemon_keep_private();
    if (host_dispatch_new(&d, &options, CHANNEL_FD, &err) != ERR_OK) {
        log_error("start", "error", err.text, NULL);
        return 1;
    }
    if (tether_is_given())
        tether_hold();
    log_info("start", "version", TERCET_VERSION, "uri", options.uri, NULL);
    serve(d);
    log_info("end", NULL);
    /* Threads may be inside the service's calls: end at once, without their leave. */
    _exit(0);
}
