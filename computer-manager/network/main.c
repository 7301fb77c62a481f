/* main.c - computer-network: links, filters, DHCP and metadata sockets of one host.
 *
 * Started by computer-manager with its end of a channel (effect/channel.h) as descriptor 3, as root
 * or with the capabilities of confine.c. It does one job after the other, keeps nothing that the
 * machine does not show, and ends when the channel does; guests, dnsmasq and filters stay.
 * It never runs a shell and opens no listening port but the guests' metadata address. */
#include "base/check.h"
#include "base/daemon.h"
#include "base/log.h"
#include "base/str.h"
#include "computer-manager/effect/arguments.h"
#include "computer-manager/effect/channel.h"
#include "computer-manager/effect/tether.h"
#include "computer-manager/model/address.h"
#include "computer-manager/network/confine.h"
#include "computer-manager/network/group.h"
#include "computer-manager/network/network.h"
#include "computer-manager/network/peers.h"
#include "computer-manager/network/port.h"
#include "computer-manager/network/probe.h"
#include "computer-manager/network/space.h"
#include "computer-manager/network/spent.h"
#include "computer-manager/network/survey.h"
#include "computer-manager/network/valid.h"
#include "computer-manager/network/vpc.h"

#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct channel_message message; /* the job at hand */
static struct host_net_list listing;

/* Networks whose metadata socket was sent over this channel. */
static struct {
    int64_t vnis[SURVEY_NETWORKS_MAX];
    size_t len;
} announced;

static void forget(int64_t vni)
{
    for (size_t i = 0; i < announced.len; i++)
        if (announced.vnis[i] == vni)
            announced.vnis[i] = announced.vnis[--announced.len];
}

static bool is_announced(int64_t vni)
{
    for (size_t i = 0; i < announced.len; i++)
        if (announced.vnis[i] == vni)
            return true;
    return false;
}

/* `fd` -1: the network is gone. */
static void say_listener(int64_t vni, int fd)
{
    struct host_net_listener body = {.vni = vni};
    struct channel_head head = {.kind = HOST_NET_LISTENER, .size = sizeof body};
    channel_send(CHANNEL_FD, &head, &body, fd); /* a closed channel shows at the next read */
}

static void retract(int64_t vni)
{
    say_listener(vni, -1);
    forget(vni);
}

/* A network whose socket cannot be had, as of one that is half made, is tried again with its next
 * job; its guests live on without metadata. */
static void announce(struct network *net, const struct survey *survey, int64_t vni)
{
    struct vpc v;
    struct err err = {0};
    if (is_announced(vni))
        return;
    vpc_init(&v, net, survey, vni);
    int fd = vpc_listen(&v, &err);
    if (fd < 0) {
        log_warn("network.metadata.failed", "space", v.space, "why", err.text, NULL);
        return;
    }
    say_listener(vni, fd);
    close(fd);
    INV(announced.len < SURVEY_NETWORKS_MAX);
    announced.vnis[announced.len++] = vni;
}

/* Brings what was said up to what is there. */
static void announce_all(struct network *net)
{
    static struct survey survey;
    struct err err = {0};
    if (survey_read(net, &survey, &err) != ERR_OK) {
        log_error("network.survey.failed", "why", err.text, NULL);
        return;
    }
    for (size_t i = announced.len; i-- > 0;)
        if (survey_network(&survey, announced.vnis[i]) == NULL)
            retract(announced.vnis[i]);
    for (size_t n = 0; n < survey.networks_len; n++)
        announce(net, &survey, survey.networks[n].vni);
}

/* ---- jobs ------------------------------------------------------------------------------ */

/* The body of the job at hand, when it has the size of its kind. */
static const void *body_of(size_t size, struct err *err)
{
    if (message.head.size == size)
        return message.body;
    err_set(err, ERR_INVALID_PARAMETER, "a job of kind %u has no %u bytes", message.head.kind,
            message.head.size);
    return NULL;
}

static void answer(const struct err *err, const void *body, size_t size)
{
    bool fine = err->code == ERR_OK; /* the manager logs what is not */
    channel_answer(CHANNEL_FD, &message.head, err, fine ? body : NULL, fine ? (uint32_t)size : 0);
}

static void do_list(struct network *net, struct err *err)
{
    if (body_of(0, err) != NULL && port_list(net, &listing, err) == ERR_OK)
        announce_all(net);
    answer(err, &listing, sizeof listing);
}

static void do_port(struct network *net, struct err *err)
{
    static struct survey survey;
    struct host_net_port_done done = {0};
    const struct host_port *port = body_of(sizeof *port, err);
    if (port != NULL && valid_port(port, net->link_base, err) == ERR_OK &&
        port_ensure(net, port, &done, err) == ERR_OK && !is_announced(port->vni) &&
        survey_read(net, &survey, err) == ERR_OK)
        announce(net, &survey, port->vni);
    answer(err, &done, sizeof done);
}

static void do_unport(struct network *net, struct err *err)
{
    bool last = false;
    const struct host_net_unport *unport = body_of(sizeof *unport, err);
    if (unport != NULL && valid_unport(unport, err) == ERR_OK)
        port_remove(net, unport, &last, err);
    if (last && err->code == ERR_OK) /* also when a former run announced it */
        retract(unport->vni);
    answer(err, NULL, 0);
}

static void do_group(struct network *net, struct err *err)
{
    const struct host_net_group *group = (const void *)message.body;
    if (valid_group(group, message.head.size, err) == ERR_OK)
        group_apply(net, group, err);
    answer(err, NULL, 0);
}

static void do_peers(struct network *net, struct err *err)
{
    struct host_net_peers_done done = {0};
    const struct host_net_peers *peers = (const void *)message.body;
    if (valid_peers(peers, message.head.size, err) == ERR_OK)
        peers_apply(net, peers, &done, err);
    answer(err, &done, sizeof done);
}

static void do_job(struct network *net, const struct err *unfit)
{
    struct err err = {0};
    if (unfit->code != ERR_OK)
        answer(unfit, NULL, 0);
    else if (message.head.kind == HOST_JOB_NET_LIST)
        do_list(net, &err);
    else if (message.head.kind == HOST_JOB_NET_PORT)
        do_port(net, &err);
    else if (message.head.kind == HOST_JOB_NET_UNPORT)
        do_unport(net, &err);
    else if (message.head.kind == HOST_JOB_NET_GROUP)
        do_group(net, &err);
    else if (message.head.kind == HOST_JOB_NET_PEERS)
        do_peers(net, &err);
    else {
        err_set(&err, ERR_INVALID_ACTION, "no job of kind %u", message.head.kind);
        answer(&err, NULL, 0);
    }
}

static int serve(struct network *net, const struct err *unfit)
{
    for (;;) {
        spent_end(); /* of the job before, or of the probe: while nobody waits */
        enum channel_result got = channel_recv(CHANNEL_FD, &message);
        if (got == CHANNEL_EMPTY)
            continue; /* a signal woke the blocking read */
        if (got == CHANNEL_CLOSED)
            return EXIT_SUCCESS;
        if (got == CHANNEL_BROKEN) {
            log_error("network.channel.broken", NULL);
            return EXIT_FAILURE;
        }
        if (message.fd >= 0) /* no job brings one */
            close(message.fd);
        do_job(net, unfit);
    }
}

/* ---- start ----------------------------------------------------------------------------- */

static const struct option options[] = {{"prefix", required_argument, NULL, 'p'},
                                        {"run-dir", required_argument, NULL, 'r'},
                                        {"dnsmasq", required_argument, NULL, 'd'},
                                        {"resolv-conf", required_argument, NULL, 'c'},
                                        {"tap-owner", required_argument, NULL, 'o'},
                                        {"link-base", required_argument, NULL, 'l'},
                                        {"tunnel-address", required_argument, NULL, 't'},
                                        {"tunnel-port", required_argument, NULL, 'u'},
                                        {"help", no_argument, NULL, 'h'},
                                        {NULL, 0, NULL, 0}};

static int usage(FILE *to, int code)
{
    fputs("usage: tercet-computer-network [options]      (started by tercet-computer-manager)\n"
          "  --prefix TEXT       of links, namespaces and tables: 1-6 of a-z 0-9 (tct)\n"
          "  --run-dir PATH      leases and pid files (/run/tercet/network)\n"
          "  --dnsmasq PATH      the program (/usr/sbin/dnsmasq)\n"
          "  --resolv-conf PATH  names the resolvers for guests' queries (/etc/resolv.conf)\n"
          "  --tap-owner UID     may open taps besides root (nobody)\n"
          "  --link-base ADDRESS first of the /14 that uplinks take addresses from (100.64.0.0)\n"
          "  --tunnel-address A  this machine's end of tunnels to other hosts (none)\n"
          "  --tunnel-port PORT  their UDP port (4789)\n"
          "  --config FILE       instead of all these: the computer-manager's configuration\n",
          to);
    return code;
}

static bool read_udp_port(const char *value, uint16_t *out)
{
    int64_t port = 0;
    bool is_one = str_parse_i64(value, 1, UINT16_MAX, &port);
    *out = (uint16_t)port;
    return is_one;
}

static bool read_option(struct network *net, int option, const char *value)
{
    switch (option) {
    case 'p':
        net->prefix = value;
        return host_netname_is_prefix(value);
    case 'r':
        net->run_dir = value;
        return value[0] == '/' && strlen(value) < RUNFILE_PATH_SIZE / 4 &&
               strpbrk(value, " ,\t\n") == NULL;
    case 'd':
        net->dnsmasq = value;
        return value[0] == '/';
    case 'c':
        net->resolv_conf = value;
        return value[0] == '/';
    case 'o':
        return str_parse_i64(value, 0, UINT32_MAX - 1, &net->tap_owner);
    case 'l':
        return host_address_parse(value, &net->link_base) &&
               host_address_is_cidr(net->link_base, 14);
    case 't':
        return host_address_parse(value, &net->tunnel.address);
    case 'u':
        return read_udp_port(value, &net->tunnel.udp_port);
    default:
        return false;
    }
}

/* 0, or what to exit with. */
static int read_options(struct network *net, int argc, char **argv)
{
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'h')
            exit(usage(stdout, EXIT_SUCCESS));
        if (option == '?')
            return usage(stderr, 2);
        if (!read_option(net, option, optarg)) {
            fprintf(stderr, "tercet-computer-network: bad value '%s'\n", optarg);
            return usage(stderr, 2);
        }
    }
    return optind == argc ? 0 : usage(stderr, 2);
}

int main(int argc, char **argv)
{
    static struct host_arguments_own own;
    struct err err = {0}, unfit = {0};
    struct network net = {.prefix = "tct",
                          .run_dir = "/run/tercet/network",
                          .dnsmasq = "/usr/sbin/dnsmasq",
                          .resolv_conf = "/etc/resolv.conf",
                          .tap_owner = -1,
                          .tunnel = {.udp_port = HOST_TUNNEL_PORT},
                          .link_base = 0x64400000};
    log_init("computer-network", LOG_INFO);
    daemon_keep_private();
    own.argc = argc;
    own.argv = argv;
    if (host_arguments_own_network(&own, &err) != ERR_OK) {
        fprintf(stderr, "tercet-computer-network: %s\n", err.text);
        return 2;
    }
    int code = read_options(&net, own.argc, own.argv);
    if (code != 0)
        return code;
    if (fcntl(CHANNEL_FD, F_SETFD, FD_CLOEXEC) != 0) {
        fputs("tercet-computer-network: descriptor 3 is no channel; computer-manager starts it\n",
              stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    umask(022);
    if (space_init(&err) != ERR_OK || netlink_open(&net.home, &err) != ERR_OK ||
        confine_self(&err) != ERR_OK || runfile_make_dir(net.run_dir, &err) != ERR_OK) {
        log_error("network.start.failed", "why", err.text, NULL);
        return EXIT_FAILURE;
    }
    if (tether_is_given())
        tether_hold();
    if (probe_run(&net, &unfit) != ERR_OK) /* every job is answered with what is missing */
        log_error("network.unfit", "why", unfit.text, NULL);
    code = serve(&net, &unfit);
    netlink_close(&net.home);
    return code;
}
