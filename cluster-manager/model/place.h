/* place.h - which host: a pure choice among candidates, and why not. */
#pragma once

#include "cluster-manager/model/room.h"

#include <stddef.h>

struct place_host {
    const char *node;
    bool is_up;       /* heard lately, and well */
    bool is_excluded; /* it refused this instance before */
    struct room total, used;
};

/* How many hosts said no, by the first reason that held. */
struct place_refusals {
    int64_t down, excluded, memory, vcpus, disk;
};

/* The host with the smallest share of its memory in use that has the room ("spread"); equal
 * shares go to the first name. -1 when there is none. Adds to `refusals`. */
long place_choose(const struct place_host *hosts, size_t len, struct room need,
                  struct place_refusals *refusals);
/* May what takes `from` of a host's room take `to` of it? What does not grow always may. */
bool place_may_grow(struct room total, struct room used, struct room from, struct room to);
/* "of 6 hosts: 2 not up, 4 without 2048 MiB of memory" */
void place_explain(char *out, size_t out_size, const struct place_refusals *r, size_t hosts,
                   struct room need);
