/* job.h - what the computer-manager asks of the things that do I/O, as fixed structs.
 *
 * The core emits these as jobs; the shell hands them to computer-hypervisor and
 * computer-network over SOCK_SEQPACKET, or to a worker (disks); the simulator hands them to
 * its model of a host. Plain data without pointers: the bytes are the message, both ends are
 * the same build of the same machine. Receivers check every field all the same.
 *
 * All jobs are idempotent. A job that passes its timeout has an unknown outcome. What undoes is a
 * barrier: after an HV_ERASE, a NET_UNPORT or a DISK_ERASE that succeeded, nothing ordered before
 * it for that instance can come back (the domain is undefined, computer-network does one job after
 * the other and dies with a late one, the folder of the disk is gone). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    HOST_ID_SIZE = 24,   /* "i-" and 17 digits, NUL */
    HOST_HASH_SIZE = 65, /* SHA-256 in hex, NUL */
    HOST_NAME_SIZE = 64,
    HOST_GRANT_SIZE = 256,
    HOST_RULES_MAX = 640,  /* of one port: 5 groups of 60 rules in each direction, and room */
    HOST_PAGES_MAX = 256,  /* /24s of a network, which is a /16 at most */
    HOST_PAGE_LEN = 256,   /* addresses of one */
    HOST_PEERS_MAX = 4096, /* ports on other hosts that one NET_PEERS names */
    HOST_DOMAINS_MAX = 1024,
    HOST_PORTS_MAX = 1024,
    HOST_CONSOLE_BYTES = 65536,
    HOST_PINS_MAX = 1024, /* images of one host's instances */
    HOST_SOURCES_MAX = 3, /* hosts that one image is fetched from before dos */
    HOST_URL_SIZE = 128,
    HOST_PROFILE_CURRENT = 1,      /* hardware profile of a first start, unless configured */
    HOST_PROFILE_NEWEST = 2,       /* the last row of hypervisor/profile.c */
    HOST_MESSAGE_MAX = 128 * 1024, /* larger than any struct below */
};

enum host_job_kind {
    /* computer-hypervisor */
    HOST_JOB_HV_PROBE = 1,
    HOST_JOB_HV_LIST,
    HOST_JOB_HV_START,
    HOST_JOB_HV_SHUTDOWN, /* ACPI power button, and the guest agent; returns at once */
    HOST_JOB_HV_DESTROY,  /* power off now; a domain that is off is fine */
    HOST_JOB_HV_REBOOT,   /* ACPI reboot where the guest hears it, reset after 60 s where not */
    HOST_JOB_HV_RESUME,   /* let one go on that an error of its disk paused; any other is fine */
    HOST_JOB_HV_ERASE,    /* destroy and undefine: no start ordered before can bring it back */
    HOST_JOB_HV_CONSOLE,
    /* computer-network */
    HOST_JOB_NET_LIST,
    HOST_JOB_NET_PORT,   /* ensure: network, tap, lease, filters; default drop comes first */
    HOST_JOB_NET_UNPORT, /* remove; the network goes with its last port */
    HOST_JOB_NET_GROUP,  /* who is in a security group on one network */
    HOST_JOB_NET_PEERS,  /* who of a network lives on other hosts, within a range of addresses */
    /* workers of the manager itself */
    HOST_JOB_DISK_BASE,  /* fetch chunks, verify, assemble the base of an image */
    HOST_JOB_DISK_ROOT,  /* linked qcow2 on that base */
    HOST_JOB_DISK_ERASE, /* root disk, console log, NVRAM of an instance */
    HOST_JOB_DISK_LIST,
    HOST_JOB_DISK_EVICT, /* bases that nobody uses, until the bounds hold */
    HOST_JOB_SHARE_KEY,  /* the key of grants with which other hosts may read bases here */
    /* said by computer-hypervisor without being asked: struct host_hv_event; list at once */
    HOST_HV_EVENT,
    /* said by computer-network without being asked, job_id 0: struct host_net_listener */
    HOST_NET_LISTENER,
    /* said by a worker that fetches a base, with each chunk, job_id 0: struct host_disk_progress */
    HOST_DISK_PROGRESS,
};

/* ---- hypervisor ------------------------------------------------------------------------ */

enum host_domain_state {
    HOST_DOMAIN_OFF,      /* defined, not running */
    HOST_DOMAIN_RUNNING,  /* also while the guest reboots */
    HOST_DOMAIN_PAUSED,   /* by an I/O error: impaired */
    HOST_DOMAIN_STOPPING, /* shutting down on ACPI request */
};

enum host_off_why {
    HOST_OFF_NONE,
    HOST_OFF_GUEST,
    HOST_OFF_CRASH,
    HOST_OFF_HOST,
    HOST_OFF_UNKNOWN
};

struct host_domain {
    char instance[HOST_ID_SIZE]; /* from the domain's own metadata */
    int64_t pepoch, generation;
    enum host_domain_state state;
    enum host_off_why off_why; /* of HOST_DOMAIN_OFF: GUEST = it powered itself off */
    bool is_disk_error;        /* of HOST_DOMAIN_PAUSED: an error of its disk holds it */
    int64_t profile;           /* hardware that it was defined with; 0 = it does not say */
};

/* A listing is whole or an error. off_why of a domain that went with a former boot of the
 * machine is HOST; UNKNOWN: it went in this boot, and the service was restarted since. */
struct host_hv_list {
    char service[HOST_NAME_SIZE]; /* names one run of the hypervisor service (PROTOCOL R7) */
    char boot[HOST_NAME_SIZE];    /* names one boot of the machine (boot_id) */
    int64_t idle_permille; /* of all cores since the listing before; -1 = not known (pace.h) */
    int64_t len;
    struct host_domain domains[HOST_DOMAINS_MAX]; /* ours only: those that carry our metadata */
};

struct host_hv_probe {
    char accelerator[8];          /* "kvm" where a probe guest got past its firmware, else "tcg" */
    char version[HOST_NAME_SIZE]; /* of the hypervisor */
    char cpu[HOST_NAME_SIZE];     /* the CPU baseline given to guests */
    int64_t vcpus, memory_mib;    /* of the machine */
};

enum host_firmware { HOST_FIRMWARE_BIOS, HOST_FIRMWARE_UEFI, HOST_FIRMWARE_COUNT };

/* The virtual hardware of record: written at an instance's first start and kept. */
struct host_profile {
    int64_t number;   /* of the profile's definition in hypervisor/profile.c */
    int64_t firmware; /* enum host_firmware: by the image, which never changes */
};

struct host_hv_start {
    char instance[HOST_ID_SIZE];
    int64_t pepoch, generation;
    struct host_profile profile;
    int64_t vcpus, memory_mib;
    char volume[HOST_ID_SIZE]; /* root volume id; its text without the dash is the disk's serial */
    char manifest[HOST_HASH_SIZE]; /* of its image: names the base under the root disk, */
    int64_t is_cdrom;              /* or the medium in its CD-ROM drive */
    char tap[16];                  /* made by computer-network before */
    uint8_t mac[6];
    int64_t mtu;
};

/* SHUTDOWN, DESTROY, REBOOT, RESUME, ERASE, CONSOLE. A domain of another pepoch is left alone, but
 * for ERASE and DESTROY, which end every domain of that instance at or below this pepoch. */
struct host_hv_target {
    char instance[HOST_ID_SIZE];
    int64_t pepoch;
};

/* HOST_HV_EVENT: a domain changed its state, or ("") the service itself came or went. */
struct host_hv_event {
    char instance[HOST_ID_SIZE];
};

struct host_hv_console {
    int64_t len;
    char bytes[HOST_CONSOLE_BYTES]; /* the newest of the serial log */
};

/* ---- network --------------------------------------------------------------------------- */

/* One rule of what is let through; everything else is dropped. Addresses in host order. */
struct host_rule {
    uint8_t egress;   /* 0: to the guest, 1: from the guest */
    uint8_t protocol; /* IP protocol number; 0 = every protocol */
    int32_t from, to; /* TCP/UDP ports; ICMP type and code; -1 = every */
    uint32_t cidr;    /* other end, when group is "" */
    uint8_t cidr_len;
    char group[HOST_ID_SIZE]; /* other end: a member of this group */
};

struct host_port {
    char port[HOST_ID_SIZE]; /* eni-... */
    char instance[HOST_ID_SIZE];
    char vpc[HOST_ID_SIZE];
    int64_t vni; /* 1 .. 2^24-1, unique per VPC; names bridge, namespace, zone */
    uint8_t mac[6];
    uint32_t address, subnet; /* host order */
    uint8_t subnet_len;
    uint32_t vpc_cidr;
    uint8_t vpc_cidr_len;
    uint32_t public_address;       /* translated to `address` and back; 0 = none */
    uint32_t gateway;              /* subnet base + 1; the resolver answers at VPC base + 2 too */
    char hostname[HOST_NAME_SIZE]; /* ip-172-31-0-5 */
    char domain[HOST_NAME_SIZE];   /* REGION.compute.internal */
    int64_t mtu;
    int64_t rules_len;
    struct host_rule rules[HOST_RULES_MAX];
};

struct host_net_unport {
    char port[HOST_ID_SIZE];
    int64_t vni;
};

/* The members of a group that have an address in one /24. */
struct host_net_page {
    uint32_t base;                   /* its first address, host order; ascending within a job */
    uint8_t bits[HOST_PAGE_LEN / 8]; /* the highest of the first byte is that of the base */
};

/* All pages of a group: whoever is in none is out. What differs from the job before is loaded; all
 * of it, where that one is not known or `is_anew` says that it counts for nothing. The size of the
 * job ends with its last page. */
struct host_net_group {
    char group[HOST_ID_SIZE];
    int64_t vni;
    int64_t is_anew;
    int64_t len;
    struct host_net_page pages[HOST_PAGES_MAX];
};

/* An address of a network, and whose it is on another host of the cluster. */
struct host_net_peer {
    uint32_t address; /* host order; ascending within a job */
    uint32_t tunnel;  /* of its host: where VXLAN sends; 0 = the address is nobody's elsewhere */
    uint8_t mac[6];
    uint8_t nothing[2];
};

/* Each entry says all of its address. A page says besides that nobody else is elsewhere from
 * address `from` to address `to`: several of them find whatever a crash left behind. The size of
 * the job ends with its last entry. */
struct host_net_peers {
    int64_t vni;
    int64_t mtu; /* of guests */
    int64_t is_page;
    uint32_t from, to;
    int64_t len;
    struct host_net_peer peers[HOST_PEERS_MAX];
};

struct host_net_peers_done {
    int64_t kept, made, removed;
};

struct host_net_port_done {
    char tap[16];
    int64_t
        network; /* names one making of it: another one has no members of groups, and no peers */
};

/* The metadata socket of a network, listening in its router namespace on 169.254.169.254:80, comes
 * along as a descriptor; it replaces the one before. Without a descriptor the network is gone:
 * close the listener and its connections, they hold the namespace. Said when a network comes up or
 * goes, and for every network before the first NET_LIST of a channel is answered: with that answer,
 * whatever an earlier channel brought and this one did not is gone too. */
struct host_net_listener {
    int64_t vni;
};

struct host_net_list {
    int64_t len;
    struct {
        char port[HOST_ID_SIZE];
        int64_t vni;
        bool is_whole;       /* nothing of it or of its network is missing or was changed: else the
                              * NET_PORT again, and the groups of its network after it */
        int64_t answered_ms; /* so long ago the guest answered for its address; -1 = not known */
    } ports[HOST_PORTS_MAX];
};

/* ---- disks ----------------------------------------------------------------------------- */

/* Another host that has a base whole, and is asked before dos; once it is in doubt, no more. */
struct host_source {
    char node[HOST_NAME_SIZE]; /* in its certificate */
    char url[HOST_URL_SIZE];
    char grant[HOST_GRANT_SIZE];
};

struct host_disk_base {
    char manifest[HOST_HASH_SIZE]; /* SHA-256 of the image's manifest: the image's name */
    int64_t size_bytes;            /* virtual size */
    char url[HOST_NAME_SIZE * 4];  /* https://host:port of dos */
    char grant[HOST_GRANT_SIZE];   /* shown to dos */
    int64_t sources_len;
    struct host_source sources[HOST_SOURCES_MAX];
};

struct host_share_key {
    char key[HOST_HASH_SIZE]; /* 32 bytes as hex */
};

struct host_disk_progress {
    char manifest[HOST_HASH_SIZE];
    int64_t done_bytes, total_bytes;
};

struct host_disk_root {
    char instance[HOST_ID_SIZE];
    int64_t pepoch;
    char manifest[HOST_HASH_SIZE];
    int64_t size_bytes; /* of the disk; not below the image's */
    int64_t is_cdrom; /* the image is no disk: an empty one is made, and the base is kept for it */
};

struct host_disk_target {
    char instance[HOST_ID_SIZE];
    int64_t pepoch; /* disks at or below it */
};

/* Bases go, the least recently used first, until all of them take cache_bytes at most and so much
 * of their file system is free. Never one that a root disk stands on or a drive has, that is named
 * here, or that was asked for within idle_ms. */
struct host_disk_evict {
    int64_t cache_bytes, free_percent, idle_ms;
    int64_t pins_len;
    char pins[HOST_PINS_MAX][HOST_HASH_SIZE];
};

struct host_disk_evicted {
    int64_t bases, freed_bytes;
};

struct host_disk_list {
    int64_t total_bytes, free_bytes;               /* of the file system of the disks */
    int64_t images_total_bytes, images_free_bytes; /* of that of the images */
    int64_t cached_bytes;                          /* of all bases, and of parts of bases */
    int64_t bases_len;
    struct {
        char manifest[HOST_HASH_SIZE];
        int64_t size_bytes; /* that it takes */
    } bases[HOST_PINS_MAX]; /* whole ones; where there are more, so many of them */
    int64_t len;
    struct {
        char instance[HOST_ID_SIZE];
        int64_t pepoch;
    } roots[HOST_DOMAINS_MAX];
};
