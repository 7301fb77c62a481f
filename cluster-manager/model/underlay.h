/* underlay.h - who is told of whom: the rule of tunnels between hosts. Pure.
 *
 * A host is told of a port when the port lives on another host of the zone, both hosts have an
 * address for tunnels, and the host itself has a guest of that network. Nobody else is: what a host
 * has not been told of it neither sends to nor takes from. */
#pragma once

#include <stdbool.h>

struct underlay_port {
    const char *host;   /* where it lives; "" = nowhere */
    const char *tunnel; /* of that host; NULL = none */
};

struct underlay_host {
    const char *name;
    const char *tunnel; /* NULL = none */
    bool has_guest;     /* of the port's network */
};

bool underlay_tells(const struct underlay_port *port, const struct underlay_host *host);
