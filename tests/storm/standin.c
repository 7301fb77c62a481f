/* standin.c - stands in for computer-hypervisor and computer-network where a test wants many hosts
 * and no guests: it answers the jobs of model/job.h by that contract, and keeps domains and ports
 * as files, so that they outlive it as real ones do. Which of the two it is, the name says that it
 * was started by; --uri, --run-dir: the folder of its files.
 *
 * A domain's file says how often it ran: a test sees a guest that was started twice, or ended, as
 * it would see a missing heartbeat. */
#include "base/check.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "computer-manager/effect/channel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATH_SIZE = 512, TICK_MS = 100, GUEST_STOPS_MS = 300, VCPUS = 64, MEMORY_MIB = 65536 };

static const char *folder;

/* The file of a domain; its first line is for tests. */
struct domain {
    char shown[64]; /* "runs=2 state=1\n" */
    struct host_hv_start spec;
    int64_t runs, stops_at_ms;
    enum host_domain_state state;
    enum host_off_why off_why;
};

struct port {
    char port[HOST_ID_SIZE];
    int64_t vni;
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_BOOTTIME, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- files: whole or not there -------------------------------------------------------------- */

static void path_of(char out[PATH_SIZE], const char *name, const char *end)
{
    INV(strchr(name, '/') == NULL && *name != '\0');
    INV(snprintf(out, PATH_SIZE, "%s/%s%s", folder, name, end) < PATH_SIZE);
}

static bool load(const char *name, void *out, size_t size)
{
    char path[PATH_SIZE];
    path_of(path, name, "");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool is_there = fd >= 0 && read(fd, out, size) == (ssize_t)size;
    if (fd >= 0)
        close(fd);
    return is_there;
}

static void keep(const char *name, const void *data, size_t size)
{
    char path[PATH_SIZE], temporary[PATH_SIZE];
    path_of(path, name, "");
    path_of(temporary, name, ".new");
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    INV(fd >= 0 && write(fd, data, size) == (ssize_t)size && close(fd) == 0);
    INV(rename(temporary, path) == 0);
}

static void drop(const char *name)
{
    char path[PATH_SIZE];
    path_of(path, name, "");
    INV(unlink(path) == 0 || errno == ENOENT);
}

/* Calls `visit` with the name of each file. */
static void each(void (*visit)(const char *name, void *arg), void *arg)
{
    DIR *dir = opendir(folder);
    INV(dir != NULL);
    for (struct dirent *e; (e = readdir(dir)) != NULL;)
        if (e->d_name[0] != '.' && strstr(e->d_name, ".new") == NULL)
            visit(e->d_name, arg);
    closedir(dir);
}

/* ---- domains -------------------------------------------------------------------------------- */

static void keep_domain(struct domain *d)
{
    memset(d->shown, 0, sizeof d->shown);
    snprintf(d->shown, sizeof d->shown, "runs=%" PRId64 " state=%d\n", d->runs, d->state);
    keep(d->spec.instance, d, sizeof *d);
}

static void say(const char *instance)
{
    struct host_hv_event ev = {0};
    struct channel_head head = {.kind = HOST_HV_EVENT, .size = sizeof ev};
    str_copy(ev.instance, sizeof ev.instance, instance);
    channel_send(CHANNEL_FD, &head, &ev, -1);
}

static void end(struct domain *d, enum host_off_why why)
{
    if (d->state == HOST_DOMAIN_OFF)
        return;
    d->state = HOST_DOMAIN_OFF;
    d->off_why = why;
    keep_domain(d);
    say(d->spec.instance);
}

static enum err_code start(const struct host_hv_start *s, struct err *err)
{
    struct domain d;
    bool is_known = load(s->instance, &d, sizeof d);
    if (is_known && (d.spec.pepoch != s->pepoch || d.spec.generation > s->generation))
        return err_set(err, ERR_PRECONDITION, "another placement has a domain here");
    if (is_known && d.state != HOST_DOMAIN_OFF)
        return ERR_OK;
    if (!is_known)
        memset(&d, 0, sizeof d);
    d.spec = *s;
    d.runs++;
    d.state = HOST_DOMAIN_RUNNING;
    d.off_why = HOST_OFF_NONE;
    keep_domain(&d);
    say(s->instance);
    return ERR_OK;
}

static enum err_code act(uint32_t kind, const struct host_hv_target *t, struct err *err)
{
    struct domain d;
    bool is_upto = kind == HOST_JOB_HV_DESTROY || kind == HOST_JOB_HV_ERASE;
    if (!load(t->instance, &d, sizeof d) || (is_upto && d.spec.pepoch > t->pepoch))
        return ERR_OK;
    if (!is_upto && d.spec.pepoch != t->pepoch)
        return err_set(err, ERR_PRECONDITION, "another placement has a domain here");
    if (is_upto)
        end(&d, HOST_OFF_HOST);
    if (kind == HOST_JOB_HV_ERASE)
        drop(t->instance);
    if (kind == HOST_JOB_HV_SHUTDOWN && d.state == HOST_DOMAIN_RUNNING) {
        d.state = HOST_DOMAIN_STOPPING;
        d.stops_at_ms = now_ms() + GUEST_STOPS_MS;
        keep_domain(&d);
    }
    return ERR_OK;
}

static void stop_due(const char *name, void *now)
{
    struct domain d;
    if (load(name, &d, sizeof d) && d.state == HOST_DOMAIN_STOPPING &&
        d.stops_at_ms <= *(int64_t *)now)
        end(&d, HOST_OFF_GUEST);
}

static void list_domain(const char *name, void *arg)
{
    struct host_hv_list *r = arg;
    struct domain d;
    if (!load(name, &d, sizeof d))
        return;
    INV(r->len < HOST_DOMAINS_MAX);
    struct host_domain *to = &r->domains[r->len++];
    str_copy(to->instance, sizeof to->instance, d.spec.instance);
    to->pepoch = d.spec.pepoch;
    to->generation = d.spec.generation;
    to->profile = d.spec.profile.number;
    to->state = d.state;
    to->off_why = d.off_why;
}

static void list_domains(struct host_hv_list *r)
{
    memset(r, 0, sizeof *r);
    str_copy(r->service, sizeof r->service, "stand-in");
    str_copy(r->boot, sizeof r->boot, "stand-in");
    r->idle_permille = 500;
    each(list_domain, r);
}

static void do_hypervisor(const struct channel_message *m)
{
    static struct host_hv_list domains;
    static struct host_hv_console console;
    const struct host_hv_probe probe = {"tcg", "stand-in", "qemu64", VCPUS, MEMORY_MIB};
    struct err err = {0};
    const void *body = NULL;
    size_t size = 0;
    switch (m->head.kind) {
    case HOST_JOB_HV_PROBE:
        body = &probe, size = sizeof probe;
        break;
    case HOST_JOB_HV_LIST:
        list_domains(&domains);
        body = &domains, size = sizeof domains;
        break;
    case HOST_JOB_HV_CONSOLE:
        console.len = 9;
        memcpy(console.bytes, "stand-in\n", 9);
        body = &console, size = sizeof console;
        break;
    case HOST_JOB_HV_START:
        start((const struct host_hv_start *)(const void *)m->body, &err);
        break;
    default:
        act(m->head.kind, (const struct host_hv_target *)(const void *)m->body, &err);
    }
    channel_answer(CHANNEL_FD, &m->head, &err, body, (uint32_t)size);
}

/* ---- ports ---------------------------------------------------------------------------------- */

static void list_port(const char *name, void *arg)
{
    struct host_net_list *r = arg;
    struct port p;
    if (!load(name, &p, sizeof p))
        return;
    INV(r->len < HOST_PORTS_MAX);
    str_copy(r->ports[r->len].port, sizeof r->ports[0].port, p.port);
    r->ports[r->len].vni = p.vni;
    r->ports[r->len].is_whole = true;
    r->ports[r->len++].answered_ms = 0;
}

static void do_network(const struct channel_message *m)
{
    static struct host_net_list ports;
    const struct host_net_port_done made = {"tap0", 1};
    const struct host_net_peers_done kept = {0};
    const struct host_port *p = (const struct host_port *)(const void *)m->body;
    const void *body = NULL;
    size_t size = 0;
    if (m->head.kind == HOST_JOB_NET_LIST) {
        memset(&ports, 0, sizeof ports);
        each(list_port, &ports);
        body = &ports, size = sizeof ports;
    } else if (m->head.kind == HOST_JOB_NET_PORT) {
        struct port port = {.vni = p->vni};
        str_copy(port.port, sizeof port.port, p->port);
        keep(port.port, &port, sizeof port);
        body = &made, size = sizeof made;
    } else if (m->head.kind == HOST_JOB_NET_UNPORT) {
        drop(((const struct host_net_unport *)(const void *)m->body)->port);
    } else if (m->head.kind == HOST_JOB_NET_PEERS) {
        body = &kept, size = sizeof kept;
    }
    channel_answer(CHANNEL_FD, &m->head, NULL, body, (uint32_t)size);
}

/* ---- life ----------------------------------------------------------------------------------- */

static const char *argument(int argc, char **argv, const char *name)
{
    for (int i = 1; i + 1 < argc; i++)
        if (str_eq(argv[i], name))
            return argv[i + 1];
    return NULL;
}

int main(int argc, char **argv)
{
    bool is_network = strstr(argv[0], "network") != NULL;
    struct channel_message *m = check_alloc(sizeof *m);
    struct pollfd p = {.fd = CHANNEL_FD, .events = POLLIN};
    log_init(is_network ? "computer-network" : "computer-hypervisor", LOG_INFO);
    folder = argument(argc, argv, is_network ? "--run-dir" : "--uri");
    if (folder == NULL || (mkdir(folder, 0700) != 0 && errno != EEXIST))
        return 2;
    for (;;) {
        int64_t now = now_ms();
        if (!is_network)
            each(stop_due, &now);
        if (poll(&p, 1, TICK_MS) <= 0)
            continue;
        if (channel_recv(CHANNEL_FD, m) != CHANNEL_OK)
            break;
        (is_network ? do_network : do_hypervisor)(m);
    }
    free(m);
    return 0;
}
