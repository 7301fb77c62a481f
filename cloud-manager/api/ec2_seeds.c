/* ec2_seeds.c - images on the hosts of a zone before anybody starts from them, for admins; actions
 * and members are our own. */
#include "cloud-manager/api/call.h"
#include "cloud-manager/ops/seed.h"

static enum err_code seed(struct cloud_call *call, enum cloud_action_id action, struct err *err)
{
    const char *image, *zone;
    if (cloud_query_need(call->query, "ImageId", &image, err) != ERR_OK ||
        cloud_query_need(call->query, "AvailabilityZone", &zone, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK ||
        cloud_image_seed(call->op, action, image, zone, err) != ERR_OK)
        return err->code;
    cloud_write_done(call->xml);
    return ERR_OK;
}

enum err_code cloud_ec2_seed_image(struct cloud_call *call, struct err *err)
{
    return seed(call, CLOUD_DO_SEED_IMAGE, err);
}

enum err_code cloud_ec2_unseed_image(struct cloud_call *call, struct err *err)
{
    return seed(call, CLOUD_DO_UNSEED_IMAGE, err);
}

enum err_code cloud_ec2_describe_image_seeds(struct cloud_call *call, struct err *err)
{
    struct cloud_seeding *seeds;
    size_t len;
    if (cloud_query_done(call->query, err) != ERR_OK ||
        cloud_seeds_describe(call->op, &seeds, &len, err) != ERR_OK)
        return err->code;
    cloud_xml_open(call->xml, "imageSeedSet");
    for (size_t i = 0; i < len; i++) {
        cloud_xml_open(call->xml, "item");
        cloud_xml_text(call->xml, "imageId", seeds[i].row->image);
        cloud_xml_text(call->xml, "name", seeds[i].name);
        cloud_xml_text(call->xml, "availabilityZone", seeds[i].zone);
        cloud_xml_i64(call->xml, "hosts", seeds[i].row->hosts);
        cloud_xml_i64(call->xml, "wholeHosts", seeds[i].row->whole);
        cloud_xml_text_if(call->xml, "message", seeds[i].row->detail);
        cloud_xml_close(call->xml);
    }
    cloud_xml_close(call->xml);
    return ERR_OK;
}
