/* pulse.c - neighbours of the gateway; see pulse.h. */
#include "computer-manager/network/pulse.h"

#include "computer-manager/model/netname.h"
#include "computer-manager/network/space.h"

struct pulse {
    const struct vpc *v;
    const struct survey *survey;
    struct host_net_list *out;
    struct netlink netlink;
};

static void on_neighbour(void *self, const struct netlink_neighbour *n)
{
    struct pulse *p = self;
    for (size_t i = 0; n->is_heard && i < p->survey->ports_len; i++)
        if (p->survey->ports[i].vni == p->v->vni && p->survey->ports[i].address == n->address)
            p->out->ports[i].answered_ms = n->quiet_ms;
}

static enum err_code ask_all(struct pulse *p, struct err *err)
{
    for (size_t i = 0; i < p->survey->ports_len; i++)
        if (p->survey->ports[i].vni == p->v->vni &&
            netlink_ask_neighbour(&p->netlink, HOST_NETNAME_GATEWAY, p->survey->ports[i].address,
                                  err) != ERR_OK)
            return err->code;
    return ERR_OK;
}

static enum err_code take_inside(void *self, struct err *err)
{
    struct pulse *p = self;
    if (netlink_open(&p->netlink, err) != ERR_OK ||
        netlink_list_neighbours(&p->netlink, HOST_NETNAME_GATEWAY, on_neighbour, p, err) != ERR_OK)
        return err->code;
    return ask_all(p, err);
}

enum err_code pulse_take(const struct vpc *v, const struct survey *survey,
                         struct host_net_list *out, struct err *err)
{
    struct pulse p = {.v = v, .survey = survey, .out = out};
    enum err_code code = space_visit(v->space, take_inside, &p, err);
    netlink_close(&p.netlink);
    return code;
}
