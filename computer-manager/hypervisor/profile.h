/* profile.h - virtual hardware of record: what a guest was born with, by number.
 *
 * An instance keeps the number of its first start for ever, because guests remember their
 * hardware. A row is never changed once it has been released; a better machine is a new row,
 * and the option hypervisor.profile moves on for new instances only. */
#pragma once

#include <stdint.h>

struct host_profile_row {
    int64_t number;
    const char *machine;     /* pinned: a newer QEMU gives the same devices */
    const char *cpu_tcg;     /* CPU model under emulation */
    const char *cpu_kvm;     /* CPU model under KVM: the least that a host must have */
    const char *uefi_code;   /* the firmware's program, where an image wants UEFI */
    const char *uefi_vars;   /* what its memory is at the first start */
    const char *cdrom_bus;   /* of the drive, where an image is a medium: */
    const char *cdrom_dev;   /* and its name there */
    int64_t tcg_cache_mib;   /* QEMU's translation cache, which no guest memory limit counts */
    int64_t balloon_stats_s; /* period of the balloon's statistics */
    int64_t pcie_ports;      /* of the root; what is plugged in at the start takes some. 0 = PCI */
    int64_t vcpus_max, memory_mib_min, memory_mib_max;
};

/* The row, or NULL: this build does not know it, and must not guess. */
const struct host_profile_row *host_profile_find(int64_t number);
