/* pace.h - how many guests a host may be starting at once. Pure.
 *
 * A start and the boot after it keep about one core busy, so as many go together as there are idle
 * cores: twenty orders at once do not pass their deadlines side by side on a machine that cannot do
 * twenty things. Two always go, for each of them also waits for the service and for disks: whoever
 * waits gets its turn, however busy the guests keep the machine. */
#pragma once

#include <stdint.h>

/* The most is below the threads of computer-hypervisor, so that an end never waits for starts, and
 * below what libvirt's service does at once for one client (max_client_requests: 5). */
#define HOST_STARTS_LEAST ((int64_t)2)
#define HOST_STARTS_MAX   ((int64_t)4)

struct host_load {
    int64_t vcpus;         /* of the machine; 0 = not known yet */
    int64_t idle_permille; /* of all cores lately, waiting for disks not counted; -1 = not known */
};

/* From HOST_STARTS_LEAST to HOST_STARTS_MAX. */
int64_t host_pace(const struct host_load *load);
