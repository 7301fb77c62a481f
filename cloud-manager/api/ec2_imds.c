/* ec2_imds.c - metadata options: ModifyInstanceMetadataOptions, and how they are spelled. */
#include "base/str.h"
#include "cloud-manager/api/ec2_instance.h"
#include "cloud-manager/ops/attribute.h"

enum err_code cloud_decode_imds(struct cloud_call *call, const char *prefix,
                                struct cloud_imds_change *out, struct err *err)
{
    struct cloud_query *q = call->query;
    struct arena *arena = call->op->arena;
    *out = (struct cloud_imds_change){
        .endpoint = cloud_query_get(q, arena_printf(arena, "%sHttpEndpoint", prefix)),
        .tokens = cloud_query_get(q, arena_printf(arena, "%sHttpTokens", prefix)),
        .tags = cloud_query_get(q, arena_printf(arena, "%sInstanceMetadataTags", prefix)),
    };
    cloud_query_accept(q, arena_printf(arena, "%sHttpProtocolIpv6", prefix), "disabled");
    return cloud_query_i64(q, arena_printf(arena, "%sHttpPutResponseHopLimit", prefix), 1,
                           CLOUD_IMDS_HOPS_MAX, 0, &out->hops, err);
}

void cloud_write_imds(struct cloud_xml *x, const char *name, const struct cloud_imds *imds)
{
    cloud_xml_open(x, name);
    cloud_xml_text(x, "state", "applied");
    cloud_xml_text(x, "httpTokens", cloud_imds_tokens(imds));
    cloud_xml_i64(x, "httpPutResponseHopLimit", imds->hops);
    cloud_xml_text(x, "httpEndpoint", cloud_imds_endpoint(imds));
    cloud_xml_text(x, "httpProtocolIpv6", "disabled");
    cloud_xml_text(x, "instanceMetadataTags", cloud_imds_tags(imds));
    cloud_xml_close(x);
}

enum err_code cloud_ec2_modify_metadata_options(struct cloud_call *call, struct err *err)
{
    const char *id;
    struct cloud_imds_change change;
    struct cloud_imds now;
    if (cloud_query_need(call->query, "InstanceId", &id, err) != ERR_OK ||
        cloud_decode_imds(call, "", &change, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK ||
        cloud_instance_modify_imds(call->op, id, &change, &now, err) != ERR_OK)
        return err->code;
    cloud_xml_text(call->xml, "instanceId", id);
    cloud_write_imds(call->xml, "instanceMetadataOptions", &now);
    return ERR_OK;
}
