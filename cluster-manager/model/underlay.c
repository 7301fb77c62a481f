/* underlay.c - the rule of tunnels between hosts. */
#include "cluster-manager/model/underlay.h"

#include "base/str.h"

bool underlay_tells(const struct underlay_port *port, const struct underlay_host *host)
{
    return *port->host != '\0' && port->tunnel != NULL && host->tunnel != NULL && host->has_guest &&
           !str_eq(port->host, host->name);
}
