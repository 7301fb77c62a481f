/* ec2_groups.c - CreateSecurityGroup, DeleteSecurityGroup. */
#include "base/str.h"
#include "cloud-manager/api/call.h"
#include "cloud-manager/ops/group.h"

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

enum err_code cloud_ec2_create_group(struct cloud_call *call, struct err *err)
{
    static const char *const types[] = {"security-group", NULL};
    struct cloud_group_spec spec = {.vpc = or_empty(cloud_query_get(call->query, "VpcId"))};
    struct cloud_group group;
    if (cloud_query_need(call->query, "GroupName", &spec.name, err) != ERR_OK ||
        cloud_query_need(call->query, "GroupDescription", &spec.description, err) != ERR_OK ||
        cloud_decode_tag_specs(call, types, &spec.tags, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK ||
        cloud_group_create(call->op, &spec, &group, err) != ERR_OK)
        return err->code;
    struct cloud_tags tags = cloud_tag_list(call->op->store, call->op->arena, group.id);
    cloud_write_done(call->xml);
    cloud_xml_text(call->xml, "groupId", group.id);
    cloud_write_tags(call->xml, &tags);
    return ERR_OK;
}

enum err_code cloud_ec2_delete_group(struct cloud_call *call, struct err *err)
{
    const char *id = or_empty(cloud_query_get(call->query, "GroupId"));
    const char *name = or_empty(cloud_query_get(call->query, "GroupName"));
    struct cloud_group group;
    if (cloud_query_done(call->query, err) != ERR_OK ||
        cloud_group_remove(call->op, id, name, &group, err) != ERR_OK)
        return err->code;
    cloud_write_done(call->xml);
    cloud_xml_text(call->xml, "groupId", group.id);
    return ERR_OK;
}
