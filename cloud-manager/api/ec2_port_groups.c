/* ec2_port_groups.c - ModifyNetworkInterfaceAttribute: the security groups of a living port. */
#include "cloud-manager/api/call.h"
#include "cloud-manager/ops/port_groups.h"

enum err_code cloud_ec2_modify_port(struct cloud_call *call, struct err *err)
{
    struct cloud_texts groups = cloud_query_list(call->query, "SecurityGroupId");
    const char *id;
    if (cloud_query_need(call->query, "NetworkInterfaceId", &id, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK ||
        cloud_port_change_groups(call->op, id, groups.list, groups.len, err) != ERR_OK)
        return err->code;
    cloud_write_done(call->xml);
    return ERR_OK;
}
