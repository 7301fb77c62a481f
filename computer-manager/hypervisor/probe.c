/* probe.c - a boot sector that computes and then says one byte; see probe.h. */
#include "computer-manager/hypervisor/probe.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "computer-manager/effect/child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SECTOR = 512, WORD = 0x2a, EXIT_STATUS = WORD << 1 | 1 };

/* What the firmware jumps to at 0x7c00: into 64-bit mode with paging, as every kernel goes, then
 * a loop of 10^8 rounds, then WORD to the exit device, which ends QEMU with EXIT_STATUS.
 * Firmware alone would prove too little: there is a KVM (kvm_pvm, on a machine that is itself a
 * guest) that gets there by emulating each instruction, a thousand times too slowly, so that
 * guests seem to hang in their kernel's decompression. */
static const unsigned char program[] = {
    0xfa,                                        /* cli */
    0x31, 0xc0,                                  /* xor %ax,%ax */
    0x8e, 0xd8,                                  /* mov %ax,%ds */
    0x8e, 0xc0,                                  /* mov %ax,%es */
    0x8e, 0xd0,                                  /* mov %ax,%ss */
    0xbc, 0x00, 0x7c,                            /* mov $0x7c00,%sp */
    0xfc,                                        /* cld */
    0xbf, 0x00, 0x10,                            /* mov $0x1000,%di: three page tables */
    0xb9, 0x00, 0x18,                            /* mov $0x1800,%cx */
    0xf3, 0xab,                                  /* rep stosw */
    0xc7, 0x06, 0x00, 0x10, 0x03, 0x20,          /* movw $0x2003,0x1000 */
    0xc7, 0x06, 0x00, 0x20, 0x03, 0x30,          /* movw $0x3003,0x2000 */
    0xc7, 0x06, 0x00, 0x30, 0x83, 0x00,          /* movw $0x83,0x3000: the first 2 MiB */
    0x0f, 0x20, 0xe0,                            /* mov %cr4,%eax */
    0x0c, 0x20,                                  /* or $0x20,%al: PAE */
    0x0f, 0x22, 0xe0,                            /* mov %eax,%cr4 */
    0x66, 0xb8, 0x00, 0x10, 0x00, 0x00,          /* mov $0x1000,%eax */
    0x0f, 0x22, 0xd8,                            /* mov %eax,%cr3 */
    0x66, 0xb9, 0x80, 0x00, 0x00, 0xc0,          /* mov $0xc0000080,%ecx: EFER */
    0x0f, 0x32,                                  /* rdmsr */
    0x80, 0xcc, 0x01,                            /* or $1,%ah: LME */
    0x0f, 0x30,                                  /* wrmsr */
    0x0f, 0x01, 0x16, 0x88, 0x7c,                /* lgdt 0x7c88 */
    0x0f, 0x20, 0xc0,                            /* mov %cr0,%eax */
    0x66, 0x0d, 0x01, 0x00, 0x00, 0x80,          /* or $0x80000001,%eax: PG, PE */
    0x0f, 0x22, 0xc0,                            /* mov %eax,%cr0 */
    0xea, 0x5b, 0x7c, 0x08, 0x00,                /* ljmp $8,$0x7c5b; from here on 64 bits */
    0x0f, 0x20, 0xd8,                            /* mov %cr3,%rax */
    0x0f, 0x22, 0xd8,                            /* mov %rax,%cr3 */
    0x31, 0xc0,                                  /* xor %eax,%eax */
    0x0f, 0xa2,                                  /* cpuid */
    0xb9, 0x00, 0xe1, 0xf5, 0x05,                /* mov $100000000,%ecx */
    0xff, 0xc9,                                  /* dec %ecx */
    0x75, 0xfc,                                  /* jnz to the dec */
    0xb0, WORD,                                  /* mov $WORD,%al */
    0xe6, 0xf4,                                  /* out %al,$0xf4 */
    0xf4,                                        /* hlt */
    0xeb, 0xfd,                                  /* jmp to the hlt */
    0x0f, 0x1f, 0x00,                            /* filler */
    0,    0,    0,    0,    0,    0,    0,    0, /* 0x7c78: GDT: null, */
    0,    0,    0,    0,    0,    0x9a, 0x20, 0, /* 64-bit code */
    15,   0,    0x78, 0x7c, 0,    0,             /* 0x7c88: its limit and address */
};

static int make_disk(void)
{
    unsigned char sector[SECTOR] = {0};
    memcpy(sector, program, sizeof program);
    sector[SECTOR - 2] = 0x55;
    sector[SECTOR - 1] = 0xaa;
    int fd = memfd_create("tercet-probe", MFD_CLOEXEC);
    if (fd >= 0 && write(fd, sector, SECTOR) != SECTOR) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static bool run(const char *const *argv, int disk, int64_t deadline_ms, struct err *err)
{
    struct host_child child = {.argv = argv, .pass_fd = disk, .deadline_ms = deadline_ms};
    struct host_child_end end;
    if (host_child_run(&child, &end, err) != ERR_OK)
        return false;
    if (end.status != EXIT_STATUS)
        err_set(err, ERR_UNSUPPORTED, "the probe guest ended with %d: %s", end.status, end.said);
    return end.status == EXIT_STATUS;
}

bool host_probe_boots(const char *emulator, const char *accelerator, const char *cpu,
                      int64_t deadline_ms, struct err *err)
{
    char machine[64];
    snprintf(machine, sizeof machine, "pc-i440fx-7.2,accel=%s", accelerator);
    const char *const argv[] = {emulator,
                                "-nodefaults",
                                "-no-user-config",
                                "-display",
                                "none",
                                "-machine",
                                machine,
                                "-cpu",
                                cpu,
                                "-m",
                                "16",
                                "-device",
                                "isa-debug-exit,iobase=0xf4,iosize=4",
                                "-drive",
                                "if=ide,format=raw,file=/proc/self/fd/3",
                                NULL};
    int disk = make_disk();
    if (disk < 0) {
        err_set(err, ERR_IO, "probe disk: %s", strerror(errno));
        return false;
    }
    bool boots = run(argv, disk, deadline_ms, err);
    close(disk);
    return boots;
}

static bool read_cache(const char *path, const char *boot, bool *has_kvm)
{
    char text[128];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0)
        close(fd);
    if (len <= 0)
        return false;
    text[len] = '\0';
    size_t boot_len = strlen(boot);
    if (!str_has_prefix(text, boot) || text[boot_len] != ' ')
        return false;
    *has_kvm = str_eq(text + boot_len, " kvm\n");
    return *has_kvm || str_eq(text + boot_len, " tcg\n");
}

/* A cache that is lost or half written is probed again: no fsync, but never half read. */
static void write_cache(const char *path, const char *boot, bool has_kvm)
{
    CLEANUP(buf_fini) struct buf temporary = {0}, text = {0};
    buf_printf(&temporary, "%s.%d", path, (int)getpid());
    buf_printf(&text, "%s %s\n", boot, has_kvm ? "kvm" : "tcg");
    int fd = open(buf_str(&temporary), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return;
    bool is_written = write(fd, text.data, text.len) == (ssize_t)text.len;
    close(fd);
    if (!is_written || rename(buf_str(&temporary), path) != 0)
        unlink(buf_str(&temporary));
}

bool host_probe_has_kvm(const char *emulator, const char *cpu, const char *cache_path,
                        const char *boot)
{
    bool has_kvm = false;
    if (read_cache(cache_path, boot, &has_kvm))
        return has_kvm;
    struct err err = {0};
    char enforced[64];
    snprintf(enforced, sizeof enforced, "%s,enforce", cpu);
    if (access("/dev/kvm", R_OK | W_OK) != 0)
        err_set(&err, ERR_UNSUPPORTED, "/dev/kvm: %s", strerror(errno));
    else
        has_kvm = host_probe_boots(emulator, "kvm", enforced, HOST_PROBE_MS, &err);
    log_info("probe", "accelerator", has_kvm ? "kvm" : "tcg", "why", err.text, NULL);
    write_cache(cache_path, boot, has_kvm);
    return has_kvm;
}
