/* profile.c - the table of hardware profiles. */
#include "computer-manager/hypervisor/profile.h"

#include "computer-manager/model/job.h"

#include <assert.h>
#include <stddef.h>

/* Debian's package ovmf: without secure boot, for no key of ours is in it. */
#define OVMF "/usr/share/OVMF/"

/* 1: i440fx, because every BIOS guest boots on it and its one bus takes 20 hot-plugged disks or
 * interfaces without spare ports planned beforehand. qemu64 is what QEMU emulates whole. Under
 * KVM Nehalem, the x86-64-v2 level of 2009 that today's distributions are built for: each host
 * of a cluster has it, so a guest starts on any of them.
 * 2: q35, for guests that want PCIe. Each device hangs on a port of the root, and a port cannot be
 * added to a guest that runs: five are taken at the start, the others wait for what is plugged in.
 * Drives hang where the machine's own controller is, which every system can read its medium from.
 */
static const struct host_profile_row rows[] = {
    {.number = 1,
     .machine = "pc-i440fx-7.2",
     .cpu_tcg = "qemu64",
     .cpu_kvm = "Nehalem",
     .uefi_code = OVMF "OVMF_CODE_4M.fd",
     .uefi_vars = OVMF "OVMF_VARS_4M.fd",
     .cdrom_bus = "ide",
     .cdrom_dev = "hda",
     .tcg_cache_mib = 32,
     .balloon_stats_s = 10,
     .vcpus_max = 240,
     .memory_mib_min = 16,
     .memory_mib_max = 4 * 1024 * 1024},
    {.number = 2,
     .machine = "pc-q35-7.2",
     .cpu_tcg = "qemu64",
     .cpu_kvm = "Nehalem",
     .uefi_code = OVMF "OVMF_CODE_4M.fd",
     .uefi_vars = OVMF "OVMF_VARS_4M.fd",
     .cdrom_bus = "sata",
     .cdrom_dev = "sda",
     .tcg_cache_mib = 32,
     .balloon_stats_s = 10,
     .pcie_ports = 24,
     .vcpus_max = 240,
     .memory_mib_min = 16,
     .memory_mib_max = 4 * 1024 * 1024},
};
static_assert(sizeof rows / sizeof rows[0] == HOST_PROFILE_NEWEST, "the newest is the last row");

const struct host_profile_row *host_profile_find(int64_t number)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].number == number)
            return &rows[i];
    return NULL;
}
