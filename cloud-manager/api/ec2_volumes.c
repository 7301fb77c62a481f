/* ec2_volumes.c - DescribeVolumes. */
#include "base/check.h"
#include "base/str.h"
#include "cloud-manager/api/ec2_instance.h"
#include "cloud-manager/ops/network.h"

static const char *const filter_names[] = {"attachment.attach-time",
                                           "attachment.delete-on-termination",
                                           "attachment.device",
                                           "attachment.instance-id",
                                           "attachment.status",
                                           "availability-zone",
                                           "availability-zone-id",
                                           "create-time",
                                           "encrypted",
                                           "fast-restored",
                                           "multi-attach-enabled",
                                           "size",
                                           "snapshot-id",
                                           "status",
                                           "tag-key",
                                           "volume-id",
                                           "volume-type",
                                           NULL};

static void add_facts(struct cloud_call *call, const struct cloud_volume *v,
                      const struct cloud_instance *row, const struct cloud_tags *tags,
                      struct cloud_facts *f)
{
    const char *created = cloud_text_time(call->op, v->created_wall_ms);
    cloud_facts_add(f, "attachment.attach-time", created);
    cloud_facts_add(f, "attachment.delete-on-termination", "true");
    cloud_facts_add(f, "attachment.device", v->device);
    cloud_facts_add(f, "attachment.instance-id", v->instance);
    cloud_facts_add(f, "attachment.status", cloud_text_attached(row));
    cloud_facts_add(f, "availability-zone", cloud_zone_name(call->op, v->letter));
    cloud_facts_add(f, "availability-zone-id", cloud_zone_id(call->op, v->letter));
    cloud_facts_add(f, "create-time", created);
    cloud_facts_add(f, "encrypted", "false");
    cloud_facts_add(f, "multi-attach-enabled", "false");
    cloud_facts_add_i64(f, "size", v->size_gib);
    cloud_facts_add(f, "snapshot-id", v->snapshot);
    cloud_facts_add(f, "status", cloud_text_volume_state(row));
    cloud_facts_add(f, "volume-id", v->id);
    cloud_facts_add(f, "volume-type", v->type);
    cloud_facts_add_tags(f, tags);
}

static void write_attachment(struct cloud_xml *x, const struct cloud_volume *v,
                             const struct cloud_instance *row)
{
    cloud_xml_open(x, "attachmentSet");
    cloud_xml_open(x, "item");
    cloud_xml_text(x, "volumeId", v->id);
    cloud_xml_text(x, "instanceId", v->instance);
    cloud_xml_text(x, "device", v->device);
    cloud_xml_text(x, "status", cloud_text_attached(row));
    cloud_xml_time(x, "attachTime", v->created_wall_ms);
    cloud_xml_bool(x, "deleteOnTermination", true);
    cloud_xml_close(x);
    cloud_xml_close(x);
}

static void write_volume(struct cloud_call *call, const struct cloud_volume *v,
                         const struct cloud_instance *row, const struct cloud_tags *tags)
{
    struct cloud_xml *x = call->xml;
    cloud_xml_open(x, "item");
    cloud_xml_text(x, "volumeId", v->id);
    cloud_xml_i64(x, "size", v->size_gib);
    cloud_xml_text(x, "snapshotId", v->snapshot);
    cloud_xml_text(x, "availabilityZone", cloud_zone_name(call->op, v->letter));
    cloud_xml_text(x, "status", cloud_text_volume_state(row));
    cloud_xml_time(x, "createTime", v->created_wall_ms);
    write_attachment(x, v, row);
    cloud_write_tags(x, tags);
    cloud_xml_text(x, "volumeType", v->type);
    cloud_xml_bool(x, "encrypted", false);
    cloud_xml_bool(x, "multiAttachEnabled", false);
    cloud_xml_close(x);
}

enum err_code cloud_ec2_describe_volumes(struct cloud_call *call, struct err *err)
{
    struct cloud_texts ids = cloud_query_list(call->query, "VolumeId");
    struct cloud_filters filters;
    struct cloud_page page;
    struct cloud_volume *volumes;
    size_t len;
    if (cloud_filters_decode(&filters, call->query, filter_names, err) != ERR_OK ||
        cloud_page_decode(&page, call->query, 5, 500, ids.len > 0, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK ||
        cloud_volumes_describe(call->op, ids.list, ids.len, &volumes, &len, err) != ERR_OK)
        return err->code;
    struct cloud_walk walk = {.page = &page};
    cloud_xml_open(call->xml, "volumeSet");
    for (size_t i = 0; i < len && !walk.more; i++) {
        struct cloud_instance row;
        struct cloud_tags tags = cloud_tag_list(call->op->store, call->op->arena, volumes[i].id);
        struct cloud_facts facts = {.arena = call->op->arena};
        bool found = cloud_instance_get(call->op->store, call->op->arena, volumes[i].instance,
                                        &row);
        INV(found); /* a root disk lives as long as its instance */
        add_facts(call, &volumes[i], &row, &tags, &facts);
        if (cloud_filters_match(&filters, &facts) && cloud_walk_takes(&walk, volumes[i].id))
            write_volume(call, &volumes[i], &row, &tags);
    }
    cloud_xml_close(call->xml);
    cloud_write_next(call, &walk);
    return ERR_OK;
}
