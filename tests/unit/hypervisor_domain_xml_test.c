/* ARCHITECTURE 10, "Virtual hardware of record": the domain says everything that a guest or a
 * disk depends on; nothing is left to be probed. */
#include "tests/unit/hypervisor_cmocka.h"

#include "base/check.h"
#include "base/str.h"
#include "computer-manager/hypervisor/domain_xml.h"
#include "computer-manager/hypervisor/identity.h"

#include <stdio.h>
#include <string.h>

static struct host_hv_start start = {
    .instance = "i-0123456789abcdef0",
    .pepoch = 3,
    .generation = 5,
    .profile = {1},
    .vcpus = 2,
    .memory_mib = 512,
    .volume = "vol-0fedcba9876543210",
    .tap = "t-0123456789abc",
    .mac = {0x02, 0x00, 0xab, 0xcd, 0xef, 0x01},
    .mtu = 1450,
};

static void build_as(struct buf *out, int64_t profile, bool is_kvm, bool is_direct)
{
    struct host_metadata m = {"i-0123456789abcdef0", 3, 5, profile, "boot"};
    struct host_domain_plan plan = {.start = &start,
                                    .profile = host_profile_find(profile),
                                    .metadata = &m,
                                    .is_kvm = is_kvm,
                                    .is_direct = is_direct,
                                    .root = "/state/i/root-3.qcow2",
                                    .base = "/images/b.raw",
                                    .console = "/state/i/console.log",
                                    .nvram = "/state/i/nvram-3.fd"};
    host_domain_xml(out, &plan);
}

static void build(struct buf *out, bool is_kvm, bool is_direct)
{
    build_as(out, 1, is_kvm, is_direct);
}

static void has(const struct buf *xml, const char *part)
{
    if (strstr(buf_str(xml), part) == NULL)
        fail_msg("not in the XML: %s\n%s", part, buf_str(xml));
}

static void disks_are_stated_and_never_probed(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf xml = {0};
    build(&xml, false, true);
    has(&xml, "<driver name=\"qemu\" type=\"qcow2\" cache=\"none\" discard=\"unmap\" "
              "error_policy=\"stop\"/><source file=\"/state/i/root-3.qcow2\"/>"
              "<backingStore type=\"file\"><format type=\"raw\"/><source file=\"/images/b.raw\"/>"
              "<backingStore/></backingStore>");
    has(&xml, "<serial>vol0fedcba9876543210</serial>");
    buf_clear(&xml);
    build(&xml, false, false);
    has(&xml, "cache=\"writeback\"");
}

static void the_tap_is_the_networks(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf xml = {0};
    build(&xml, false, true);
    has(&xml, "<interface type=\"ethernet\"><mac address=\"02:00:ab:cd:ef:01\"/>"
              "<target dev=\"t-0123456789abc\" managed=\"no\"/><model type=\"virtio\"/>"
              "<mtu size=\"1450\"/></interface>");
}

static void hardware_is_pinned(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf xml = {0};
    build(&xml, false, true);
    has(&xml, "<domain type=\"qemu\"><name>i-0123456789abcdef0</name>");
    has(&xml, "<type arch=\"x86_64\" machine=\"pc-i440fx-7.2\">hvm</type>");
    has(&xml, "<model fallback=\"forbid\">qemu64</model>");
    has(&xml, "<tb-cache unit=\"MiB\">32</tb-cache>");
    has(&xml, "<on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot>"
              "<on_crash>destroy</on_crash>");
    has(&xml, "<log file=\"/state/i/console.log\" append=\"on\"/>");
    has(&xml, "org.qemu.guest_agent.0");
    has(&xml, "/dev/urandom");
    has(&xml, "<stats period=\"10\"/>");
    buf_clear(&xml);
    build(&xml, true, true);
    has(&xml, "<domain type=\"kvm\">");
    has(&xml, "<model fallback=\"forbid\">Nehalem</model>");
    assert_null(strstr(buf_str(&xml), "tb-cache"));
}

static void each_profile_is_a_machine_of_its_own(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf xml = {0};
    build_as(&xml, 1, false, true);
    has(&xml, " profile=\"1\"");
    assert_null(strstr(buf_str(&xml), "pcie-root"));
    buf_clear(&xml);
    build_as(&xml, 2, false, true);
    has(&xml, " profile=\"2\"");
    has(&xml, "<type arch=\"x86_64\" machine=\"pc-q35-7.2\">hvm</type>");
    has(&xml, "<devices><controller type=\"pci\" index=\"0\" model=\"pcie-root\"/>");
    int ports = 0;
    for (const char *at = buf_str(&xml); (at = strstr(at, "\"pcie-root-port\"")) != NULL; at++)
        ports++;
    assert_int_equal(ports, 24);
}

/* Its memory is the placement's own file; a BIOS knows of none. */
static void uefi_has_a_memory_of_its_own(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf xml = {0};
    for (int64_t profile = 1; profile <= HOST_PROFILE_NEWEST; profile++) {
        buf_clear(&xml);
        build_as(&xml, profile, false, true);
        assert_null(strstr(buf_str(&xml), "pflash"));
        assert_null(strstr(buf_str(&xml), "nvram"));
        buf_clear(&xml);
        start.profile.firmware = HOST_FIRMWARE_UEFI;
        build_as(&xml, profile, false, true);
        start.profile.firmware = HOST_FIRMWARE_BIOS;
        has(&xml, "hvm</type><loader readonly=\"yes\" type=\"pflash\">"
                  "/usr/share/OVMF/OVMF_CODE_4M.fd</loader>"
                  "<nvram template=\"/usr/share/OVMF/OVMF_VARS_4M.fd\">/state/i/nvram-3.fd</nvram>"
                  "<boot dev=\"hd\"/>");
    }
}

/* The disk is tried first, so that what was installed from the medium is what starts. */
static void a_medium_lies_in_a_drive(void **state)
{
    static const char *const drives[] = {"<target dev=\"hda\" bus=\"ide\"/><readonly/></disk>",
                                         "<target dev=\"sda\" bus=\"sata\"/><readonly/></disk>"};
    (void)state;
    CLEANUP(buf_fini) struct buf xml = {0};
    for (int64_t profile = 1; profile <= HOST_PROFILE_NEWEST; profile++) {
        buf_clear(&xml);
        build_as(&xml, profile, false, true);
        assert_null(strstr(buf_str(&xml), "cdrom"));
        buf_clear(&xml);
        start.is_cdrom = 1;
        build_as(&xml, profile, false, true);
        start.is_cdrom = 0;
        has(&xml, "<boot dev=\"hd\"/><boot dev=\"cdrom\"/>");
        has(&xml, "<source file=\"/state/i/root-3.qcow2\"/><backingStore/>");
        has(&xml, "<disk type=\"file\" device=\"cdrom\"><driver name=\"qemu\" type=\"raw\"/>"
                  "<source file=\"/images/b.raw\"/><backingStore/>");
        has(&xml, drives[profile - 1]);
    }
}

/* ds-identify: SMBIOS UUID and serial are equal and begin with ec2, else no EC2 source. */
static void cloud_init_finds_ec2(void **state)
{
    (void)state;
    char uuid[ID_UUID_SIZE], entry[80];
    CLEANUP(buf_fini) struct buf xml = {0};
    host_identity_uuid(uuid, start.instance);
    build(&xml, false, true);
    assert_true(str_has_prefix(uuid, "ec2"));
    assert_int_equal(strlen(uuid), 36);
    assert_int_equal(strspn(uuid, "0123456789abcdef-"), 36);
    snprintf(entry, sizeof entry, "<uuid>%s</uuid>", uuid);
    has(&xml, entry);
    snprintf(entry, sizeof entry, "<entry name=\"serial\">%s</entry>", uuid);
    has(&xml, entry);
    snprintf(entry, sizeof entry, "<entry name=\"uuid\">%s</entry>", uuid);
    has(&xml, entry);
    has(&xml, "<smbios mode=\"sysinfo\"/>");
}

static void identities_are_stable_and_distinct(void **state)
{
    (void)state;
    char a[ID_UUID_SIZE], b[ID_UUID_SIZE];
    /* Remembered by guests: this value never changes. Computed by sha256sum of the id. */
    host_identity_uuid(a, "i-0123456789abcdef0");
    assert_string_equal(a, "ec257df7-3291-4f7c-8539-919b062b1a6e");
    host_identity_uuid(b, "i-0123456789abcdef1");
    assert_string_not_equal(a, b);
    host_identity_genid(a, "i-0123456789abcdef0", 1);
    host_identity_genid(b, "i-0123456789abcdef0", 2);
    assert_string_not_equal(a, b);
}

static void unknown_profiles_are_not_guessed(void **state)
{
    (void)state;
    assert_null(host_profile_find(0));
    assert_null(host_profile_find(99));
    assert_non_null(host_profile_find(HOST_PROFILE_CURRENT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(disks_are_stated_and_never_probed),
        cmocka_unit_test(the_tap_is_the_networks),
        cmocka_unit_test(hardware_is_pinned),
        cmocka_unit_test(each_profile_is_a_machine_of_its_own),
        cmocka_unit_test(uefi_has_a_memory_of_its_own),
        cmocka_unit_test(a_medium_lies_in_a_drive),
        cmocka_unit_test(cloud_init_finds_ec2),
        cmocka_unit_test(identities_are_stable_and_distinct),
        cmocka_unit_test(unknown_profiles_are_not_guessed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
