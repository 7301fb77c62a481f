/* ec2_snapshots.c - DescribeSnapshots: each image has one, of its root disk. */
#include "base/str.h"
#include "cloud-manager/api/call.h"
#include "cloud-manager/ops/image.h"

static const char *const filter_names[] = {
    "description", "encrypted", "owner-alias",  "owner-id", "progress",      "snapshot-id",
    "start-time",  "status",    "storage-tier", "tag-key",  "transfer-type", "volume-id",
    "volume-size", NULL};

/* EC2's id for the volume of a snapshot that was made of none. */
#define NO_VOLUME "vol-ffffffff"

static const char *state_of(const struct cloud_image *image)
{
    if (str_eq(image->state, "available"))
        return "completed";
    return str_eq(image->state, "failed") ? "error" : "pending";
}

static const char *progress_of(const struct cloud_op *op, const struct cloud_image *image)
{
    int64_t percent = str_eq(image->state, "available") ? 100 : image->percent;
    return arena_printf(op->arena, "%lld%%", (long long)percent);
}

static const char *description_of(const struct cloud_op *op, const struct cloud_image *image)
{
    return arena_printf(op->arena, "Created by RegisterImage for %s", image->id);
}

static void add_facts(struct cloud_call *call, const struct cloud_image *image,
                      const struct cloud_tags *tags, struct cloud_facts *f)
{
    cloud_facts_add(f, "description", description_of(call->op, image));
    cloud_facts_add(f, "encrypted", "false");
    cloud_facts_add(f, "owner-id", image->account);
    cloud_facts_add(f, "progress", progress_of(call->op, image));
    cloud_facts_add(f, "snapshot-id", image->snapshot);
    cloud_facts_add(f, "start-time", cloud_text_time(call->op, image->created_wall_ms));
    cloud_facts_add(f, "status", state_of(image));
    cloud_facts_add(f, "storage-tier", "standard");
    cloud_facts_add(f, "volume-id", NO_VOLUME);
    cloud_facts_add_i64(f, "volume-size", image->disk_gib);
    cloud_facts_add_tags(f, tags);
}

static void write_snapshot(struct cloud_call *call, const struct cloud_image *image,
                           const struct cloud_tags *tags)
{
    struct cloud_xml *x = call->xml;
    cloud_xml_open(x, "item");
    cloud_xml_text(x, "snapshotId", image->snapshot);
    cloud_xml_text(x, "volumeId", NO_VOLUME);
    cloud_xml_text(x, "status", state_of(image));
    if (str_eq(image->state, "failed"))
        cloud_xml_text(x, "statusMessage", image->detail);
    cloud_xml_time(x, "startTime", image->created_wall_ms);
    cloud_xml_text(x, "progress", progress_of(call->op, image));
    cloud_xml_text(x, "ownerId", image->account);
    cloud_xml_i64(x, "volumeSize", image->disk_gib);
    cloud_xml_text(x, "description", description_of(call->op, image));
    cloud_xml_bool(x, "encrypted", false);
    cloud_xml_text(x, "storageTier", "standard");
    cloud_write_tags(x, tags);
    cloud_xml_close(x);
}

/* Is the caller among them? Nobody else's snapshots are shown. */
static bool names_caller(const struct cloud_op *op, const struct cloud_texts *names)
{
    for (size_t i = 0; i < names->len; i++)
        if (str_eq(names->list[i], "self") || str_eq(names->list[i], op->account))
            return true;
    return names->len == 0;
}

enum err_code cloud_ec2_describe_snapshots(struct cloud_call *call, struct err *err)
{
    struct cloud_texts ids = cloud_query_list(call->query, "SnapshotId");
    struct cloud_texts owners = cloud_query_list(call->query, "Owner");
    struct cloud_texts users = cloud_query_list(call->query, "RestorableBy");
    struct cloud_filters filters;
    struct cloud_page page;
    struct cloud_image *images;
    size_t len;
    if (cloud_filters_decode(&filters, call->query, filter_names, err) != ERR_OK ||
        cloud_page_decode(&page, call->query, 5, 1000, ids.len > 0, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK ||
        cloud_snapshots_describe(call->op, ids.list, ids.len, &images, &len, err) != ERR_OK)
        return err->code;
    struct cloud_walk walk = {.page = &page};
    bool is_asked = names_caller(call->op, &owners) && names_caller(call->op, &users);
    cloud_xml_open(call->xml, "snapshotSet");
    for (size_t i = 0; i < len && is_asked && !walk.more; i++) {
        struct cloud_tags tags = cloud_tag_list(call->op->store, call->op->arena,
                                                images[i].snapshot);
        struct cloud_facts facts = {.arena = call->op->arena};
        add_facts(call, &images[i], &tags, &facts);
        const char *key = arena_printf(call->op->arena, "%020lld/%s",
                                       (long long)images[i].created_wall_ms, images[i].snapshot);
        if (cloud_filters_match(&filters, &facts) && cloud_walk_takes(&walk, key))
            write_snapshot(call, &images[i], &tags);
    }
    cloud_xml_close(call->xml);
    cloud_write_next(call, &walk);
    return ERR_OK;
}
