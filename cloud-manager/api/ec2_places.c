/* ec2_places.c - DescribeRegions, DescribeAvailabilityZones, DescribeInstanceTypes. */
#include "base/str.h"
#include "cloud-manager/api/call.h"
#include "cloud-manager/model/boot.h"
#include "cloud-manager/model/type.h"
#include "cloud-manager/ops/place_list.h"

#include <string.h>

static bool is_named(const struct cloud_texts *names, const char *name)
{
    for (size_t i = 0; i < names->len; i++)
        if (str_eq(names->list[i], name))
            return true;
    return names->len == 0;
}

enum err_code cloud_ec2_describe_regions(struct cloud_call *call, struct err *err)
{
    static const char *const known[] = {"region-name", "endpoint", "opt-in-status", NULL};
    const char *region = call->op->config->region;
    struct cloud_texts names = cloud_query_list(call->query, "RegionName");
    struct cloud_facts facts = {.arena = call->op->arena};
    struct cloud_filters filters;
    bool all;
    if (cloud_filters_decode(&filters, call->query, known, err) != ERR_OK ||
        cloud_query_bool(call->query, "AllRegions", false, &all, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK ||
        cloud_authorize(call->op, CLOUD_DO_DESCRIBE_REGIONS, err) != ERR_OK)
        return err->code;
    for (size_t i = 0; i < names.len; i++)
        if (!str_eq(names.list[i], region))
            return err_set(err, ERR_INVALID_PARAMETER, "Invalid region name: %.64s", names.list[i]);
    cloud_facts_add(&facts, "region-name", region);
    cloud_facts_add(&facts, "endpoint", call->op->config->endpoint);
    cloud_facts_add(&facts, "opt-in-status", "opt-in-not-required");
    cloud_xml_open(call->xml, "regionInfo");
    if (cloud_filters_match(&filters, &facts)) {
        cloud_xml_open(call->xml, "item");
        cloud_xml_text(call->xml, "regionName", region);
        cloud_xml_text(call->xml, "regionEndpoint", call->op->config->endpoint);
        cloud_xml_text(call->xml, "optInStatus", "opt-in-not-required");
        cloud_xml_close(call->xml);
    }
    cloud_xml_close(call->xml);
    return ERR_OK;
}

/* ---- zones -------------------------------------------------------------------------------- */

static void add_zone_facts(struct cloud_facts *facts, const struct cloud_op *op,
                           const struct cloud_zone *zone)
{
    cloud_facts_add(facts, "zone-name", zone->name);
    cloud_facts_add(facts, "zone-id", zone->id);
    cloud_facts_add(facts, "zone-type", "availability-zone");
    cloud_facts_add(facts, "region-name", op->config->region);
    cloud_facts_add(facts, "group-name", op->config->region);
    cloud_facts_add(facts, "network-border-group", op->config->region);
    cloud_facts_add(facts, "opt-in-status", "opt-in-not-required");
    cloud_facts_add(facts, "state", zone->is_available ? "available" : "unavailable");
}

static void write_zone(struct cloud_xml *x, const struct cloud_op *op,
                       const struct cloud_zone *zone)
{
    cloud_xml_open(x, "item");
    cloud_xml_text(x, "zoneName", zone->name);
    cloud_xml_text(x, "zoneState", zone->is_available ? "available" : "unavailable");
    cloud_xml_text(x, "optInStatus", "opt-in-not-required");
    cloud_xml_text(x, "regionName", op->config->region);
    cloud_xml_text(x, "zoneId", zone->id);
    cloud_xml_text(x, "groupName", op->config->region);
    cloud_xml_text(x, "networkBorderGroup", op->config->region);
    cloud_xml_text(x, "zoneType", "availability-zone");
    cloud_xml_open(x, "messageSet");
    if (!zone->is_available) {
        cloud_xml_open(x, "item");
        cloud_xml_text(x, "message", "The cluster of this zone is not connected");
        cloud_xml_close(x);
    }
    cloud_xml_close(x);
    cloud_xml_close(x);
}

static enum err_code check_zones(const struct cloud_zone *zones, size_t len,
                                 const struct cloud_texts *names, bool by_id, struct err *err)
{
    for (size_t i = 0; i < names->len; i++) {
        size_t at = 0;
        while (at < len && !str_eq(by_id ? zones[at].id : zones[at].name, names->list[i]))
            at++;
        if (at == len)
            return err_set(err, ERR_INVALID_PARAMETER, "Invalid availability zone: [%.64s]",
                           names->list[i]);
    }
    return ERR_OK;
}

enum err_code cloud_ec2_describe_zones(struct cloud_call *call, struct err *err)
{
    static const char *const known[] = {"zone-name",   "zone-id",       "zone-type",
                                        "region-name", "group-name",    "network-border-group",
                                        "state",       "opt-in-status", NULL};
    struct cloud_texts names = cloud_query_list(call->query, "ZoneName");
    struct cloud_texts ids = cloud_query_list(call->query, "ZoneId");
    struct cloud_filters filters;
    struct cloud_page page;
    struct cloud_zone *zones;
    size_t len;
    bool all;
    if (cloud_filters_decode(&filters, call->query, known, err) != ERR_OK ||
        cloud_query_bool(call->query, "AllAvailabilityZones", false, &all, err) != ERR_OK ||
        cloud_page_decode_whole(&page, call->query, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK ||
        cloud_zones_describe(call->op, CLOUD_DO_DESCRIBE_AVAILABILITY_ZONES, &zones, &len, err) !=
            ERR_OK ||
        check_zones(zones, len, &names, false, err) != ERR_OK ||
        check_zones(zones, len, &ids, true, err) != ERR_OK)
        return err->code;
    struct cloud_walk walk = {.page = &page};
    cloud_xml_open(call->xml, "availabilityZoneInfo");
    for (size_t i = 0; i < len && !walk.more; i++) {
        struct cloud_facts facts = {.arena = call->op->arena};
        add_zone_facts(&facts, call->op, &zones[i]);
        if (is_named(&names, zones[i].name) && is_named(&ids, zones[i].id) &&
            cloud_filters_match(&filters, &facts) && cloud_walk_takes(&walk, zones[i].name))
            write_zone(call->xml, call->op, &zones[i]);
    }
    cloud_xml_close(call->xml);
    cloud_write_next(call, &walk);
    return ERR_OK;
}

/* ---- types -------------------------------------------------------------------------------- */

static void write_list(struct cloud_xml *x, const char *name, const char *const *items)
{
    cloud_xml_open(x, name);
    for (; *items != NULL; items++)
        cloud_xml_text(x, "item", *items);
    cloud_xml_close(x);
}

static void write_type_network(struct cloud_xml *x)
{
    cloud_xml_open(x, "networkInfo");
    cloud_xml_text(x, "networkPerformance", "Up to the host's");
    cloud_xml_i64(x, "maximumNetworkInterfaces", 1);
    cloud_xml_i64(x, "maximumNetworkCards", 1);
    cloud_xml_i64(x, "defaultNetworkCardIndex", 0);
    cloud_xml_i64(x, "ipv4AddressesPerInterface", 1);
    cloud_xml_i64(x, "ipv6AddressesPerInterface", 0);
    cloud_xml_bool(x, "ipv6Supported", false);
    cloud_xml_text(x, "enaSupport", "unsupported");
    cloud_xml_bool(x, "efaSupported", false);
    cloud_xml_bool(x, "encryptionInTransitSupported", false);
    cloud_xml_close(x);
}

static void write_type_hardware(struct cloud_xml *x, const struct cloud_type *type)
{
    static const char *const architectures[] = {"x86_64", NULL};
    cloud_xml_open(x, "processorInfo");
    write_list(x, "supportedArchitectures", architectures);
    cloud_xml_close(x);
    cloud_xml_open(x, "vCpuInfo");
    cloud_xml_i64(x, "defaultVCpus", type->vcpus);
    cloud_xml_i64(x, "defaultCores", type->vcpus);
    cloud_xml_i64(x, "defaultThreadsPerCore", 1);
    cloud_xml_close(x);
    cloud_xml_open(x, "memoryInfo");
    cloud_xml_i64(x, "sizeInMiB", type->memory_mib);
    cloud_xml_close(x);
    cloud_xml_bool(x, "instanceStorageSupported", false);
    cloud_xml_open(x, "ebsInfo");
    cloud_xml_text(x, "ebsOptimizedSupport", "unsupported");
    cloud_xml_text(x, "encryptionSupport", "unsupported");
    cloud_xml_text(x, "nvmeSupport", "unsupported");
    cloud_xml_close(x);
}

static void write_type(struct cloud_xml *x, const struct cloud_type *type)
{
    static const char *const usages[] = {"on-demand", NULL};
    static const char *const roots[] = {"ebs", NULL};
    static const char *const virtualizations[] = {"hvm", NULL};
    static const char *const boots[] = {CLOUD_BOOT_BIOS, CLOUD_BOOT_UEFI, NULL};
    cloud_xml_open(x, "item");
    cloud_xml_text(x, "instanceType", type->name);
    cloud_xml_bool(x, "currentGeneration", true);
    cloud_xml_bool(x, "freeTierEligible", false);
    write_list(x, "supportedUsageClasses", usages);
    write_list(x, "supportedRootDeviceTypes", roots);
    write_list(x, "supportedVirtualizationTypes", virtualizations);
    cloud_xml_bool(x, "bareMetal", false);
    cloud_xml_text(x, "hypervisor", "xen");
    write_type_hardware(x, type);
    write_type_network(x);
    cloud_xml_bool(x, "hibernationSupported", false);
    cloud_xml_bool(x, "burstablePerformanceSupported", false);
    cloud_xml_bool(x, "dedicatedHostsSupported", false);
    cloud_xml_bool(x, "autoRecoverySupported", false);
    write_list(x, "supportedBootModes", boots);
    cloud_xml_close(x);
}

/* What is the same for all types; write_type says the same. */
static const struct cloud_fact type_facts[] = {
    {"auto-recovery-supported", "false"},
    {"dedicated-hosts-supported", "false"},
    {"ebs-info.ebs-optimized-support", "unsupported"},
    {"ebs-info.encryption-support", "unsupported"},
    {"ebs-info.nvme-support", "unsupported"},
    {"hibernation-supported", "false"},
    {"network-info.efa-supported", "false"},
    {"network-info.ena-support", "unsupported"},
    {"network-info.encryption-in-transit-supported", "false"},
    {"network-info.ipv4-addresses-per-interface", "1"},
    {"network-info.ipv6-addresses-per-interface", "0"},
    {"network-info.ipv6-supported", "false"},
    {"network-info.maximum-network-cards", "1"},
    {"network-info.maximum-network-interfaces", "1"},
    {"network-info.network-performance", "Up to the host's"},
    {"vcpu-info.default-threads-per-core", "1"},
};

static void add_type_facts(struct cloud_facts *facts, const struct cloud_type *type)
{
    for (size_t i = 0; i < sizeof type_facts / sizeof type_facts[0]; i++)
        cloud_facts_add(facts, type_facts[i].name, type_facts[i].value);
    cloud_facts_add(facts, "instance-type", type->name);
    cloud_facts_add(facts, "current-generation", "true");
    cloud_facts_add(facts, "free-tier-eligible", "false");
    cloud_facts_add(facts, "bare-metal", "false");
    cloud_facts_add(facts, "hypervisor", "xen");
    cloud_facts_add(facts, "burstable-performance-supported", "false");
    cloud_facts_add(facts, "instance-storage-supported", "false");
    cloud_facts_add(facts, "processor-info.supported-architecture", "x86_64");
    cloud_facts_add(facts, "supported-root-device-type", "ebs");
    cloud_facts_add(facts, "supported-virtualization-type", "hvm");
    cloud_facts_add(facts, "supported-usage-class", "on-demand");
    cloud_facts_add(facts, "supported-boot-mode", CLOUD_BOOT_BIOS);
    cloud_facts_add(facts, "supported-boot-mode", CLOUD_BOOT_UEFI);
    cloud_facts_add_i64(facts, "vcpu-info.default-vcpus", type->vcpus);
    cloud_facts_add_i64(facts, "vcpu-info.default-cores", type->vcpus);
    cloud_facts_add_i64(facts, "memory-info.size-in-mib", type->memory_mib);
}

static enum err_code check_types(const struct cloud_texts *names, struct err *err)
{
    for (size_t i = 0; i < names->len; i++)
        if (cloud_type_get(names->list[i]) == NULL)
            return err_set(err, ERR_INSTANCE_TYPE,
                           "The following supplied instance types do not exist: [%.64s]",
                           names->list[i]);
    return ERR_OK;
}

static void write_types(struct cloud_call *call, const struct cloud_texts *names,
                        const struct cloud_filters *filters, const struct cloud_page *page)
{
    struct cloud_walk walk = {.page = page};
    cloud_xml_open(call->xml, "instanceTypeSet");
    for (size_t i = 0; cloud_type_at(i) != NULL && !walk.more; i++) {
        const struct cloud_type *type = cloud_type_at(i);
        struct cloud_facts facts = {.arena = call->op->arena};
        add_type_facts(&facts, type);
        if (is_named(names, type->name) && cloud_filters_match(filters, &facts) &&
            cloud_walk_takes(&walk, arena_printf(call->op->arena, "%03zu", i)))
            write_type(call->xml, type);
    }
    cloud_xml_close(call->xml);
    cloud_write_next(call, &walk);
}

enum err_code cloud_ec2_describe_types(struct cloud_call *call, struct err *err)
{
    static const char *const known[] = {"auto-recovery-supported",
                                        "bare-metal",
                                        "burstable-performance-supported",
                                        "current-generation",
                                        "dedicated-hosts-supported",
                                        "ebs-info.ebs-optimized-support",
                                        "ebs-info.encryption-support",
                                        "ebs-info.nvme-support",
                                        "free-tier-eligible",
                                        "hibernation-supported",
                                        "hypervisor",
                                        "instance-storage-supported",
                                        "instance-type",
                                        "memory-info.size-in-mib",
                                        "network-info.efa-supported",
                                        "network-info.ena-support",
                                        "network-info.encryption-in-transit-supported",
                                        "network-info.ipv4-addresses-per-interface",
                                        "network-info.ipv6-addresses-per-interface",
                                        "network-info.ipv6-supported",
                                        "network-info.maximum-network-cards",
                                        "network-info.maximum-network-interfaces",
                                        "network-info.network-performance",
                                        "processor-info.supported-architecture",
                                        "supported-boot-mode",
                                        "supported-root-device-type",
                                        "supported-usage-class",
                                        "supported-virtualization-type",
                                        "vcpu-info.default-cores",
                                        "vcpu-info.default-threads-per-core",
                                        "vcpu-info.default-vcpus",
                                        NULL};
    struct cloud_texts names = cloud_query_list(call->query, "InstanceType");
    struct cloud_filters filters;
    struct cloud_page page;
    if (cloud_filters_decode(&filters, call->query, known, err) != ERR_OK ||
        cloud_page_decode(&page, call->query, 5, 100, names.len > 0, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK || check_types(&names, err) != ERR_OK ||
        cloud_authorize(call->op, CLOUD_DO_DESCRIBE_INSTANCE_TYPES, err) != ERR_OK)
        return err->code;
    write_types(call, &names, &filters, &page);
    return ERR_OK;
}
