/* domain_xml.c - builds the domain, device by device; see domain_xml.h.
 * Source of the elements: libvirt's "Domain XML format" of 9.0. */
#include "computer-manager/hypervisor/domain_xml.h"

#include "base/check.h"
#include "base/id.h"
#include "computer-manager/hypervisor/identity.h"
#include "computer-manager/hypervisor/xml.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void text_i64(char out[24], int64_t value)
{
    snprintf(out, 24, "%" PRId64, value);
}

static void memory(struct host_xml *x, const char *name, int64_t mib)
{
    char text[24];
    text_i64(text, mib);
    host_xml_open(x, name);
    host_xml_attr(x, "unit", "MiB");
    host_xml_text(x, text);
    host_xml_close(x);
}

static void smbios_entry(struct host_xml *x, const char *name, const char *value)
{
    host_xml_open(x, "entry");
    host_xml_attr(x, "name", name);
    host_xml_text(x, value);
    host_xml_close(x);
}

static void sysinfo(struct host_xml *x, const char *uuid)
{
    host_xml_open(x, "sysinfo");
    host_xml_attr(x, "type", "smbios");
    host_xml_open(x, "system");
    smbios_entry(x, "manufacturer", "Tercet");
    smbios_entry(x, "product", "Tercet instance");
    smbios_entry(x, "serial", uuid);
    smbios_entry(x, "uuid", uuid);
    host_xml_close(x);
    host_xml_close(x);
}

static void identity(struct host_xml *x, const struct host_domain_plan *p, const char *uuid)
{
    char genid[ID_UUID_SIZE];
    host_identity_genid(genid, p->start->instance, p->start->pepoch);
    host_xml_item(x, "name", p->start->instance);
    host_xml_item(x, "uuid", uuid);
    host_xml_item(x, "genid", genid);
    host_xml_open(x, "metadata");
    host_metadata_write(x, p->metadata);
    host_xml_close(x);
}

static void cpu(struct host_xml *x, const struct host_domain_plan *p)
{
    char count[24];
    text_i64(count, p->start->vcpus);
    host_xml_open(x, "vcpu");
    host_xml_attr(x, "placement", "static");
    host_xml_text(x, count);
    host_xml_close(x);
    host_xml_open(x, "cpu");
    host_xml_attr(x, "mode", "custom");
    host_xml_attr(x, "match", "exact");
    /* Under KVM a host without the baseline must refuse; QEMU emulates what it does not have. */
    host_xml_attr(x, "check", p->is_kvm ? "partial" : "none");
    host_xml_open(x, "model");
    host_xml_attr(x, "fallback", "forbid");
    host_xml_text(x, p->is_kvm ? p->profile->cpu_kvm : p->profile->cpu_tcg);
    host_xml_close(x);
    host_xml_leaf(x, "topology", "sockets", "1", "dies", "1", "cores", count, "threads", "1", NULL);
    host_xml_close(x);
}

/* Its memory is a file of the instance's own: copied from the template where there is none yet. */
static void uefi(struct host_xml *x, const struct host_domain_plan *p)
{
    PRE(p->nvram[0] == '/');
    host_xml_open(x, "loader");
    host_xml_attr(x, "readonly", "yes");
    host_xml_attr(x, "type", "pflash");
    host_xml_text(x, p->profile->uefi_code);
    host_xml_close(x);
    host_xml_open(x, "nvram");
    host_xml_attr(x, "template", p->profile->uefi_vars);
    host_xml_text(x, p->nvram);
    host_xml_close(x);
}

static void firmware(struct host_xml *x, const struct host_domain_plan *p)
{
    host_xml_open(x, "os");
    host_xml_open(x, "type");
    host_xml_attr(x, "arch", "x86_64");
    host_xml_attr(x, "machine", p->profile->machine);
    host_xml_text(x, "hvm");
    host_xml_close(x);
    if (p->start->profile.firmware == HOST_FIRMWARE_UEFI)
        uefi(x, p);
    host_xml_leaf(x, "boot", "dev", "hd", NULL);
    if (p->start->is_cdrom) /* while the disk has nothing to start from */
        host_xml_leaf(x, "boot", "dev", "cdrom", NULL);
    host_xml_leaf(x, "smbios", "mode", "sysinfo", NULL);
    host_xml_close(x);
}

static void features(struct host_xml *x, const struct host_domain_plan *p)
{
    host_xml_open(x, "features");
    host_xml_leaf(x, "acpi", NULL);
    host_xml_leaf(x, "apic", NULL);
    if (!p->is_kvm) {
        host_xml_open(x, "tcg");
        memory(x, "tb-cache", p->profile->tcg_cache_mib);
        host_xml_close(x);
    }
    host_xml_close(x);
}

static void clock_and_ends(struct host_xml *x)
{
    host_xml_open(x, "clock");
    host_xml_attr(x, "offset", "utc");
    host_xml_leaf(x, "timer", "name", "rtc", "tickpolicy", "catchup", NULL);
    host_xml_leaf(x, "timer", "name", "pit", "tickpolicy", "delay", NULL);
    host_xml_leaf(x, "timer", "name", "hpet", "present", "no", NULL);
    host_xml_close(x);
    host_xml_item(x, "on_poweroff", "destroy");
    host_xml_item(x, "on_reboot", "restart");
    host_xml_item(x, "on_crash", "destroy");
    host_xml_open(x, "pm"); /* a guest that sleeps would look dead and hear no power button */
    host_xml_leaf(x, "suspend-to-mem", "enabled", "no", NULL);
    host_xml_leaf(x, "suspend-to-disk", "enabled", "no", NULL);
    host_xml_close(x);
}

/* "vol-0123456789abcdef0" -> "vol0123456789abcdef0": a virtio serial carries 20 bytes. */
static void disk_serial(char out[HOST_ID_SIZE], const char *volume)
{
    size_t len = 0;
    for (const char *c = volume; *c != '\0'; c++)
        if (*c != '-')
            out[len++] = *c;
    out[len] = '\0';
    POST(len <= 20);
}

/* Stated, so that no image is asked what lies under it. */
static void under_disk(struct host_xml *x, const struct host_domain_plan *p)
{
    if (p->start->is_cdrom) {
        host_xml_leaf(x, "backingStore", NULL);
        return;
    }
    host_xml_open(x, "backingStore");
    host_xml_attr(x, "type", "file");
    host_xml_leaf(x, "format", "type", "raw", NULL);
    host_xml_leaf(x, "source", "file", p->base, NULL);
    host_xml_leaf(x, "backingStore", NULL);
    host_xml_close(x);
}

static void disk(struct host_xml *x, const struct host_domain_plan *p)
{
    char serial[HOST_ID_SIZE];
    disk_serial(serial, p->start->volume);
    host_xml_open(x, "disk");
    host_xml_attr(x, "type", "file");
    host_xml_attr(x, "device", "disk");
    host_xml_leaf(x, "driver", "name", "qemu", "type", "qcow2", "cache",
                  p->is_direct ? "none" : "writeback", "discard", "unmap", "error_policy", "stop",
                  NULL);
    host_xml_leaf(x, "source", "file", p->root, NULL);
    under_disk(x, p);
    host_xml_leaf(x, "target", "dev", "vda", "bus", "virtio", NULL);
    host_xml_item(x, "serial", serial);
    host_xml_close(x);
}

/* The base as it is, shared by all guests of this image: nobody writes to it. */
static void cdrom(struct host_xml *x, const struct host_domain_plan *p)
{
    if (!p->start->is_cdrom)
        return;
    host_xml_open(x, "disk");
    host_xml_attr(x, "type", "file");
    host_xml_attr(x, "device", "cdrom");
    host_xml_leaf(x, "driver", "name", "qemu", "type", "raw", NULL);
    host_xml_leaf(x, "source", "file", p->base, NULL);
    host_xml_leaf(x, "backingStore", NULL);
    host_xml_leaf(x, "target", "dev", p->profile->cdrom_dev, "bus", p->profile->cdrom_bus, NULL);
    host_xml_leaf(x, "readonly", NULL);
    host_xml_close(x);
}

static void interface(struct host_xml *x, const struct host_domain_plan *p)
{
    char mac[18], mtu[24];
    const uint8_t *m = p->start->mac;
    snprintf(mac, sizeof mac, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
    text_i64(mtu, p->start->mtu);
    host_xml_open(x, "interface");
    host_xml_attr(x, "type", "ethernet");
    host_xml_leaf(x, "mac", "address", mac, NULL);
    host_xml_leaf(x, "target", "dev", p->start->tap, "managed", "no", NULL);
    host_xml_leaf(x, "model", "type", "virtio", NULL);
    host_xml_leaf(x, "mtu", "size", mtu, NULL);
    host_xml_close(x);
}

static void serial_console(struct host_xml *x, const struct host_domain_plan *p)
{
    host_xml_open(x, "serial");
    host_xml_attr(x, "type", "pty");
    host_xml_leaf(x, "log", "file", p->console, "append", "on", NULL);
    host_xml_leaf(x, "target", "port", "0", NULL);
    host_xml_close(x);
    host_xml_open(x, "console");
    host_xml_attr(x, "type", "pty");
    host_xml_leaf(x, "target", "type", "serial", "port", "0", NULL);
    host_xml_close(x);
}

static void small_devices(struct host_xml *x, const struct host_domain_plan *p)
{
    char period[24];
    text_i64(period, p->profile->balloon_stats_s);
    host_xml_leaf(x, "controller", "type", "usb", "model", "none", NULL);
    host_xml_open(x, "channel"); /* of the guest agent; the service makes the socket's path */
    host_xml_attr(x, "type", "unix");
    host_xml_leaf(x, "target", "type", "virtio", "name", "org.qemu.guest_agent.0", NULL);
    host_xml_close(x);
    host_xml_open(x, "rng");
    host_xml_attr(x, "model", "virtio");
    host_xml_open(x, "backend");
    host_xml_attr(x, "model", "random");
    host_xml_text(x, "/dev/urandom");
    host_xml_close(x);
    host_xml_close(x);
    host_xml_open(x, "memballoon");
    host_xml_attr(x, "model", "virtio");
    host_xml_leaf(x, "stats", "period", period, NULL);
    host_xml_close(x);
}

/* Ports of a PCIe root cannot come later: all stand there from the first start on. */
static void pcie_ports(struct host_xml *x, const struct host_domain_plan *p)
{
    if (p->profile->pcie_ports == 0)
        return;
    host_xml_leaf(x, "controller", "type", "pci", "index", "0", "model", "pcie-root", NULL);
    for (int64_t i = 0; i < p->profile->pcie_ports; i++)
        host_xml_leaf(x, "controller", "type", "pci", "model", "pcie-root-port", NULL);
}

void host_domain_xml(struct buf *out, const struct host_domain_plan *p)
{
    PRE(p->root[0] == '/' && p->base[0] == '/' && p->console[0] == '/');
    struct host_xml x = {.out = out};
    char uuid[ID_UUID_SIZE];
    host_identity_uuid(uuid, p->start->instance);
    host_xml_open(&x, "domain");
    host_xml_attr(&x, "type", p->is_kvm ? "kvm" : "qemu");
    identity(&x, p, uuid);
    memory(&x, "memory", p->start->memory_mib);
    memory(&x, "currentMemory", p->start->memory_mib);
    cpu(&x, p);
    sysinfo(&x, uuid);
    firmware(&x, p);
    features(&x, p);
    clock_and_ends(&x);
    host_xml_open(&x, "devices");
    pcie_ports(&x, p);
    disk(&x, p);
    cdrom(&x, p);
    interface(&x, p);
    serial_console(&x, p);
    small_devices(&x, p);
    host_xml_close(&x);
    host_xml_close(&x);
    POST(x.depth == 0);
}
