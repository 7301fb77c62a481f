/* domain_xml.h - what a domain is, as the XML that libvirt takes. Pure: a value in, text out.
 *
 * Nothing here is probed or left to a default of the service's version where a guest could see
 * it: formats, backing file, machine, CPU, cache mode are stated. */
#pragma once

#include "base/buf.h"
#include "computer-manager/hypervisor/metadata.h"
#include "computer-manager/hypervisor/profile.h"
#include "computer-manager/model/job.h"

#include <stdbool.h>

/* Everything borrowed. Paths are absolute and ours (effect/layout.h). */
struct host_domain_plan {
    const struct host_hv_start *start;
    const struct host_profile_row *profile;
    const struct host_metadata *metadata;
    bool is_kvm;
    bool is_direct; /* the disks' file system takes O_DIRECT */
    const char *root, *console;
    const char *base;  /* under the root disk, or the medium in the drive */
    const char *nvram; /* of UEFI */
};

/* Appends one <domain> element. */
void host_domain_xml(struct buf *out, const struct host_domain_plan *plan);
