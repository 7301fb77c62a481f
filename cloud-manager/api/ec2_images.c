/* ec2_images.c - RegisterImage, DescribeImages, DeregisterImage. */
#include "base/str.h"
#include "cloud-manager/api/ec2_image.h"
#include "cloud-manager/model/boot.h"
#include "cloud-manager/store/permission.h"

#include <string.h>

static const char *or_else(const char *text, const char *otherwise)
{
    return text != NULL ? text : otherwise;
}

static enum err_code check_register(const struct cloud_registration *r, struct err *err)
{
    if (!str_eq(r->architecture, "x86_64"))
        return err_set(err, ERR_UNSUPPORTED, "The architecture %.32s is not offered: x86_64",
                       r->architecture);
    if (!cloud_boot_mode_is(r->boot_mode))
        return err_set(err, ERR_INVALID_PARAMETER,
                       "Invalid BootMode %.32s: legacy-bios, uefi or uefi-preferred", r->boot_mode);
    if (!str_has_prefix(r->root_device, "/dev/") || strlen(r->root_device) > 31)
        return err_set(err, ERR_INVALID_PARAMETER, "Invalid device name %.64s", r->root_device);
    if (strlen(r->description) > 255)
        return err_set(err, ERR_INVALID_PARAMETER, "A description has at most 255 characters");
    return ERR_OK;
}

static enum err_code decode_register(struct cloud_call *call, struct cloud_registration *r,
                                     struct err *err)
{
    static const char *const types[] = {"image", "snapshot", NULL};
    struct cloud_query *q = call->query;
    if (cloud_query_need(q, "Name", &r->name, err) != ERR_OK ||
        cloud_query_need(q, "ImageLocation", &r->location, err) != ERR_OK ||
        cloud_decode_tag_specs(call, types, &r->tags, err) != ERR_OK)
        return err->code;
    r->description = or_else(cloud_query_get(q, "Description"), "");
    r->architecture = or_else(cloud_query_get(q, "Architecture"), "x86_64");
    r->boot_mode = or_else(cloud_query_get(q, "BootMode"), CLOUD_BOOT_BIOS);
    r->root_device = or_else(cloud_query_get(q, "RootDeviceName"), "/dev/sda1");
    const char *mapped = or_else(cloud_query_get(q, "BlockDeviceMapping.1.DeviceName"),
                                 r->root_device);
    cloud_query_accept(q, "VirtualizationType", "hvm");
    cloud_query_accept(q, "EnaSupport", "false");
    cloud_query_accept(q, "BlockDeviceMapping.1.Ebs.DeleteOnTermination", "true");
    cloud_query_accept(q, "BlockDeviceMapping.1.Ebs.Encrypted", "false");
    if (cloud_query_i64(q, "BlockDeviceMapping.1.Ebs.VolumeSize", 1, 16384, 0, &r->disk_gib, err) !=
            ERR_OK ||
        cloud_query_done(q, err) != ERR_OK)
        return err->code;
    if (!str_eq(mapped, r->root_device))
        return err_set(err, ERR_UNSUPPORTED, "Only the root device %s can be mapped, not %.64s",
                       r->root_device, mapped);
    return check_register(r, err);
}

enum err_code cloud_ec2_register_image(struct cloud_call *call, struct err *err)
{
    struct cloud_registration r = {0};
    const char *id;
    if (decode_register(call, &r, err) != ERR_OK ||
        cloud_image_register(call->op, &r, &id, err) != ERR_OK)
        return err->code;
    cloud_xml_text(call->xml, "imageId", id);
    return ERR_OK;
}

enum err_code cloud_ec2_deregister_image(struct cloud_call *call, struct err *err)
{
    const char *id;
    if (cloud_query_need(call->query, "ImageId", &id, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK ||
        cloud_image_deregister(call->op, id, err) != ERR_OK)
        return err->code;
    cloud_write_done(call->xml);
    return ERR_OK;
}

#define FAILED_CODE "Client.ImageImportFailed"

/* ---- DescribeImages ----------------------------------------------------------------------- */

static const char *location(const struct cloud_op *op, const struct cloud_image *image)
{
    return arena_printf(op->arena, "%s/%s", image->bucket, image->key);
}

static bool is_public(struct cloud_call *call, const struct cloud_image *image)
{
    return cloud_permission_has(call->op->store, image->id, CLOUD_PERMISSION_ALL);
}

/* Stock clients have no better field for it. */
static const char *platform_of(const struct cloud_image *image)
{
    return image->is_cdrom ? "CD-ROM" : "Linux/UNIX";
}

static void add_facts(struct cloud_call *call, const struct cloud_image *image,
                      const struct cloud_tags *tags, struct cloud_facts *f)
{
    cloud_facts_add(f, "architecture", image->architecture);
    cloud_facts_add(f, "block-device-mapping.delete-on-termination", "true");
    cloud_facts_add(f, "block-device-mapping.device-name", image->root_device);
    cloud_facts_add(f, "block-device-mapping.snapshot-id", image->snapshot);
    cloud_facts_add_i64(f, "block-device-mapping.volume-size", image->disk_gib);
    cloud_facts_add(f, "block-device-mapping.encrypted", "false");
    cloud_facts_add(f, "block-device-mapping.volume-type", "gp2");
    cloud_facts_add(f, "creation-date", cloud_text_time(call->op, image->created_wall_ms));
    cloud_facts_add(f, "description", image->description);
    cloud_facts_add(f, "ena-support", "false");
    cloud_facts_add(f, "hypervisor", "xen");
    cloud_facts_add(f, "image-id", image->id);
    cloud_facts_add(f, "image-type", "machine");
    cloud_facts_add(f, "is-public", is_public(call, image) ? "true" : "false");
    cloud_facts_add(f, "manifest-location", location(call->op, image));
    cloud_facts_add(f, "name", image->name);
    cloud_facts_add(f, "owner-id", image->account);
    cloud_facts_add(f, "root-device-name", image->root_device);
    cloud_facts_add(f, "root-device-type", "ebs");
    cloud_facts_add(f, "state", image->state);
    cloud_facts_add(f, "virtualization-type", "hvm");
    cloud_facts_add_tags(f, tags);
    if (!str_eq(image->state, "failed"))
        return;
    cloud_facts_add(f, "state-reason-code", FAILED_CODE);
    cloud_facts_add(f, "state-reason-message", image->detail);
}

void cloud_write_image_mappings(struct cloud_xml *x, const struct cloud_image *image)
{
    cloud_xml_open(x, "blockDeviceMapping");
    cloud_xml_open(x, "item");
    cloud_xml_text(x, "deviceName", image->root_device);
    cloud_xml_open(x, "ebs");
    cloud_xml_text(x, "snapshotId", image->snapshot);
    if (image->disk_gib > 0)
        cloud_xml_i64(x, "volumeSize", image->disk_gib);
    cloud_xml_bool(x, "deleteOnTermination", true);
    cloud_xml_text(x, "volumeType", "gp2");
    cloud_xml_bool(x, "encrypted", false);
    cloud_xml_close(x);
    cloud_xml_close(x);
    cloud_xml_close(x);
}

static void write_mapping(struct cloud_xml *x, const struct cloud_image *image)
{
    cloud_xml_text(x, "rootDeviceType", "ebs");
    cloud_xml_text(x, "rootDeviceName", image->root_device);
    cloud_write_image_mappings(x, image);
}

static void write_image(struct cloud_call *call, const struct cloud_image *image,
                        const struct cloud_tags *tags)
{
    struct cloud_xml *x = call->xml;
    cloud_xml_open(x, "item");
    cloud_xml_text(x, "imageId", image->id);
    cloud_xml_text(x, "imageLocation", location(call->op, image));
    cloud_xml_text(x, "imageState", image->state);
    cloud_xml_text(x, "imageOwnerId", image->account);
    cloud_xml_bool(x, "isPublic", is_public(call, image));
    cloud_xml_text(x, "architecture", image->architecture);
    cloud_xml_text(x, "imageType", "machine");
    cloud_xml_text(x, "name", image->name);
    cloud_xml_text(x, "description", image->description);
    cloud_xml_time(x, "creationDate", image->created_wall_ms);
    write_mapping(x, image);
    cloud_xml_text(x, "virtualizationType", "hvm");
    cloud_xml_text(x, "hypervisor", "xen");
    cloud_xml_bool(x, "enaSupport", false);
    cloud_xml_text(x, "bootMode", image->boot_mode);
    cloud_xml_text(x, "platformDetails", platform_of(image));
    cloud_xml_text(x, "usageOperation", "RunInstances");
    if (str_eq(image->state, "failed")) {
        cloud_xml_open(x, "stateReason");
        cloud_xml_text(x, "code", FAILED_CODE);
        cloud_xml_text(x, "message", image->detail);
        cloud_xml_close(x);
    }
    cloud_write_tags(x, tags);
    cloud_xml_close(x);
}

static bool is_owner(const struct cloud_op *op, const struct cloud_texts *owners,
                     const struct cloud_image *image)
{
    for (size_t i = 0; i < owners->len; i++) {
        const char *owner = str_eq(owners->list[i], "self") ? op->account : owners->list[i];
        if (str_eq(owner, image->account))
            return true;
    }
    return owners->len == 0;
}

/* ExecutableBy: "all" is everybody's, "self" is what somebody lets the caller launch, an account's
 * number is what lets that one. */
static bool is_executable(struct cloud_call *call, const struct cloud_texts *users,
                          const struct cloud_image *image)
{
    const struct cloud_op *op = call->op;
    for (size_t i = 0; i < users->len; i++) {
        const char *user = str_eq(users->list[i], "self") ? op->account : users->list[i];
        bool may_tell = str_eq(image->account, op->account) || str_eq(user, op->account) ||
                        str_eq(user, CLOUD_PERMISSION_ALL);
        if (may_tell && cloud_permission_has(op->store, image->id, user))
            return true;
    }
    return users->len == 0;
}

static const char *const filter_names[] = {"architecture",
                                           "block-device-mapping.delete-on-termination",
                                           "block-device-mapping.device-name",
                                           "block-device-mapping.encrypted",
                                           "block-device-mapping.snapshot-id",
                                           "block-device-mapping.volume-size",
                                           "block-device-mapping.volume-type",
                                           "creation-date",
                                           "description",
                                           "ena-support",
                                           "free-tier-eligible",
                                           "hypervisor",
                                           "image-id",
                                           "image-type",
                                           "is-public",
                                           "kernel-id",
                                           "manifest-location",
                                           "name",
                                           "owner-alias",
                                           "owner-id",
                                           "platform",
                                           "product-code",
                                           "product-code.type",
                                           "ramdisk-id",
                                           "root-device-name",
                                           "root-device-type",
                                           "source-image-id",
                                           "source-image-region",
                                           "source-instance-id",
                                           "sriov-net-support",
                                           "state",
                                           "state-reason-code",
                                           "state-reason-message",
                                           "tag-key",
                                           "virtualization-type",
                                           NULL};

/* Tags are its owner's own. */
static struct cloud_tags tags_of(struct cloud_call *call, const struct cloud_image *image)
{
    if (!str_eq(image->account, call->op->account))
        return (struct cloud_tags){0};
    return cloud_tag_list(call->op->store, call->op->arena, image->id);
}

enum err_code cloud_ec2_describe_images(struct cloud_call *call, struct err *err)
{
    struct cloud_texts ids = cloud_query_list(call->query, "ImageId");
    struct cloud_texts owners = cloud_query_list(call->query, "Owner");
    struct cloud_texts users = cloud_query_list(call->query, "ExecutableBy");
    struct cloud_filters filters;
    struct cloud_page page;
    struct cloud_image *images;
    size_t len;
    bool ignored;
    if (cloud_filters_decode(&filters, call->query, filter_names, err) != ERR_OK ||
        cloud_page_decode(&page, call->query, 1, 1000, ids.len > 0, err) != ERR_OK ||
        cloud_query_bool(call->query, "IncludeDeprecated", false, &ignored, err) != ERR_OK ||
        cloud_query_bool(call->query, "IncludeDisabled", false, &ignored, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK ||
        cloud_images_describe(call->op, ids.list, ids.len, &images, &len, err) != ERR_OK)
        return err->code;
    struct cloud_walk walk = {.page = &page};
    cloud_xml_open(call->xml, "imagesSet");
    for (size_t i = 0; i < len && !walk.more; i++) {
        struct cloud_tags tags = tags_of(call, &images[i]);
        struct cloud_facts facts = {.arena = call->op->arena};
        if (!is_owner(call->op, &owners, &images[i]) || !is_executable(call, &users, &images[i]))
            continue;
        add_facts(call, &images[i], &tags, &facts);
        const char *key = arena_printf(call->op->arena, "%020lld/%s",
                                       (long long)images[i].created_wall_ms, images[i].id);
        if (cloud_filters_match(&filters, &facts) && cloud_walk_takes(&walk, key))
            write_image(call, &images[i], &tags);
    }
    cloud_xml_close(call->xml);
    cloud_write_next(call, &walk);
    return ERR_OK;
}
