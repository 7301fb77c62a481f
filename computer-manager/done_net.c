/* done_net.c - what a listing of ports says, against what is wished: a port that lacks something is
 * made again, one that nobody wishes goes. Level-triggered, as the hypervisor's listing is. */
#include "base/log.h"
#include "base/str.h"
#include "computer-manager/host.h"

#include <string.h>

/* Its place in the listing, or -1. */
static int64_t find(const struct host_net_list *list, const struct host_record *r)
{
    for (int64_t i = 0; i < list->len && i < HOST_PORTS_MAX; i++)
        if (str_eq(list->ports[i].port, r->port))
            return i;
    return -1;
}

static bool is_whole(const struct host_net_list *list, const struct host_record *r)
{
    int64_t at = find(list, r);
    return at >= 0 && list->ports[at].is_whole;
}

static void hear(struct host_core *c, struct host_record *r, const struct host_net_list *list)
{
    int64_t at = find(list, r);
    if (r->has_port && r->want != HOST_WANT_GONE)
        host_pulse_hear(c, r, at >= 0 ? list->ports[at].answered_ms : -1);
}

/* Only of what was applied before the listing was asked for, and is not being worked on. */
static void check_record(struct host_core *c, struct host_record *r,
                         const struct host_net_list *list)
{
    if (!r->has_port || r->port_sum == 0 || r->job_id != 0 || r->order_seq >= c->net_list_seq ||
        r->want == HOST_WANT_GONE || is_whole(list, r))
        return;
    log_warn("port.lacking", "id", r->id, "port", r->port, NULL);
    r->port_sum = 0;                /* unknown: it is applied again */
    host_groups_forget(c, r->vni);  /* they go to a network's filters once */
    host_peers_touch(c, r->vni, 0); /* and so do its peers */
    host_mark(c, r);
}

static bool is_wished(const struct host_core *c, const char *port)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&c->records, &at)) != NULL;) {
        const struct host_record *r = e->value;
        if (str_eq(r->port, port) && (r->has_port || r->job_id != 0))
            return true;
    }
    return false;
}

/* Before all wishes are heard, and while a domain runs that nobody wishes (R13), a port that seems
 * to be nobody's may be somebody's. */
static void check_strays(struct host_core *c, const struct host_net_list *list)
{
    if (c->has_strays || c->boot[0] == '\0' || !str_eq(c->boot, c->fresh_boot) ||
        !sync_child_is_fresh(&c->up))
        return;
    for (int64_t i = 0; i < list->len && i < HOST_PORTS_MAX; i++) {
        struct host_net_unport spec = {.vni = list->ports[i].vni};
        if (!str_copy(spec.port, sizeof spec.port, list->ports[i].port) || is_wished(c, spec.port))
            continue;
        log_warn("port.stray", "port", spec.port, NULL);
        host_job(c, HOST_JOB_NET_UNPORT, &spec, sizeof spec);
    }
}

void host_done_net(struct host_core *c, const struct job_done *done)
{
    const struct host_net_list *list = done->result;
    c->net_list_job = 0;
    c->net_list_next_ms = c->at.now_ms + c->config->net_list_ms;
    if (done->code != ERR_OK || done->result_size != sizeof *list)
        return; /* says nothing: asked again */
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&c->records, &at)) != NULL;) {
        hear(c, e->value, list);
        check_record(c, e->value, list);
    }
    check_strays(c, list);
}
