/* ec2_hosts.c - DescribeHosts: the hosts of the cloud, for its admins; members are our own. */
#include "cloud-manager/api/call.h"
#include "cloud-manager/ops/host.h"

static void write_room(struct cloud_xml *x, const struct wire_host_seen *host)
{
    cloud_xml_open(x, "roomSet");
    for (size_t i = 0; i < host->room_len; i++) {
        cloud_xml_open(x, "item");
        cloud_xml_text(x, "class", host->room[i].class);
        cloud_xml_i64(x, "total", host->room[i].total);
        cloud_xml_i64(x, "free", host->room[i].free);
        cloud_xml_close(x);
    }
    cloud_xml_close(x);
}

enum err_code cloud_ec2_describe_hosts(struct cloud_call *call, struct err *err)
{
    struct cloud_host *hosts;
    size_t len;
    if (cloud_query_done(call->query, err) != ERR_OK ||
        cloud_hosts_describe(call->op, &hosts, &len, err) != ERR_OK)
        return err->code;
    cloud_xml_open(call->xml, "hostSet");
    for (size_t i = 0; i < len; i++) {
        cloud_xml_open(call->xml, "item");
        cloud_xml_text(call->xml, "hostId", hosts[i].seen->id);
        cloud_xml_text(call->xml, "availabilityZone", hosts[i].zone);
        cloud_xml_text(call->xml, "state", hosts[i].seen->state);
        cloud_xml_text(call->xml, "health", hosts[i].seen->health);
        cloud_xml_i64(call->xml, "instances", hosts[i].seen->instances);
        write_room(call->xml, hosts[i].seen);
        cloud_xml_close(call->xml);
    }
    cloud_xml_close(call->xml);
    return ERR_OK;
}
