/* survey.h - what is really there: ports and networks as the machine's links show them.
 *
 * A tap's alias names its port, a bridge's alias its slot; nothing is remembered elsewhere, so a
 * restarted computer-network knows as much as the one before. */
#pragma once

#include "computer-manager/model/job.h"
#include "computer-manager/model/netname.h"
#include "computer-manager/network/network.h"

#include <stddef.h>
#include <stdint.h>

enum { SURVEY_NETWORKS_MAX = HOST_PORTS_MAX, SURVEY_SLOTS = 65536 };

struct survey_port {
    char tap[HOST_LINK_SIZE];
    char port[HOST_ID_SIZE];
    int64_t vni;
    uint32_t address;
    int master;
    bool is_up;
};

struct survey_network {
    int64_t vni;
    uint16_t slot; /* 0: its bridge has no label yet */
    int bridge;    /* its index */
    bool is_up;
};

struct survey {
    size_t ports_len, networks_len, strays_len;
    struct survey_port ports[HOST_PORTS_MAX];
    struct survey_network networks[SURVEY_NETWORKS_MAX];
    char strays[16][HOST_LINK_SIZE]; /* taps of ours that nobody labelled: a creation cut short */
    uint8_t used[SURVEY_SLOTS / 8];  /* slots of every prefix on this machine */
    uint64_t sum;                    /* of all that bears our prefix: equal = nothing changed */
};

enum err_code survey_read(struct network *net, struct survey *out, struct err *err);
const struct survey_port *survey_port(const struct survey *s, const char *port);
const struct survey_network *survey_network(const struct survey *s, int64_t vni);
size_t survey_count(const struct survey *s, int64_t vni);
/* A slot nobody has, near what the vni suggests; 0 when there is none. */
uint16_t survey_free_slot(const struct survey *s, int64_t vni);

/* The labels. */
void survey_format_port(char out[NETLINK_ALIAS_SIZE], const struct host_port *port);
void survey_format_network(char out[NETLINK_ALIAS_SIZE], uint16_t slot);
