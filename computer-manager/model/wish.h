/* wish.h - what is wished of a placement that has not ended, decoded once when it comes: what the
 * planner and the orders read. About 2.7 KiB with its port; what only the guest's metadata tells
 * stays in the store. */
#pragma once

#include "computer-manager/model/job.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HOST_GROUPS_MAX = 16 };

struct host_wish {
    struct host_disk_base image; /* the base under its root disk, */
    bool is_cdrom;               /* or in its CD-ROM drive, beside an empty disk */
    char volume[HOST_ID_SIZE];
    int64_t disk_bytes, vcpus, memory_mib;
    enum host_firmware firmware;
    size_t groups_len;
    char groups[HOST_GROUPS_MAX][HOST_ID_SIZE]; /* that its port is in, in this order */
    struct host_port *port; /* owned; ends before its rules, which are those of the groups */
    uint64_t port_sum;      /* of the port with its rules; 0 = not known, a group has changed */
};
