/* ec2_hosts.c - the hosts of the cloud, for its admins; actions and members are our own. */
#include "cloud-manager/api/call.h"
#include "base/str.h"
#include "cloud-manager/ops/host.h"
#include "cloud-manager/ops/placement.h"

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
        cloud_xml_text(call->xml, "drained", hosts[i].is_drained ? "true" : "false");
        cloud_xml_i64(call->xml, "instances", hosts[i].seen->instances);
        write_room(call->xml, hosts[i].seen);
        cloud_xml_close(call->xml);
    }
    cloud_xml_close(call->xml);
    return ERR_OK;
}

static enum err_code drain(struct cloud_call *call, enum cloud_action_id action, struct err *err)
{
    struct cloud_texts ids = cloud_query_list(call->query, "HostId");
    const char *zone = cloud_query_get(call->query, "AvailabilityZone");
    if (cloud_query_done(call->query, err) != ERR_OK)
        return err->code;
    if (ids.len == 0)
        return err_set(err, ERR_MISSING_PARAMETER, "The request must contain the parameter HostId");
    if (cloud_hosts_drain(call->op, action, ids.list, ids.len, zone != NULL ? zone : "", err) !=
        ERR_OK)
        return err->code;
    cloud_write_done(call->xml);
    return ERR_OK;
}

enum err_code cloud_ec2_drain_hosts(struct cloud_call *call, struct err *err)
{
    return drain(call, CLOUD_DO_DRAIN_HOSTS, err);
}

enum err_code cloud_ec2_undrain_hosts(struct cloud_call *call, struct err *err)
{
    return drain(call, CLOUD_DO_UNDRAIN_HOSTS, err);
}

static void write_placement(struct cloud_xml *x, const struct wire_placement *p)
{
    cloud_xml_text_if(x, "hostId", p->host);
    cloud_xml_text(x, "strategy", p->strategy);
    cloud_xml_time(x, "decisionTime", p->at_wall_ms);
    cloud_xml_text(x, "message", p->counts);
    cloud_xml_open(x, "verdictSet");
    for (size_t i = 0; i < p->verdicts_len; i++) {
        cloud_xml_open(x, "item");
        cloud_xml_text(x, "hostId", p->verdicts[i].host);
        cloud_xml_text(x, "chosen", str_eq(p->verdicts[i].host, p->host) ? "true" : "false");
        cloud_xml_text(x, "message", p->verdicts[i].text);
        cloud_xml_close(x);
    }
    cloud_xml_close(x);
}

enum err_code cloud_ec2_explain_placement(struct cloud_call *call, struct err *err)
{
    struct cloud_placement placement;
    const char *id;
    if (cloud_query_need(call->query, "InstanceId", &id, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK ||
        cloud_placement_read(call->op, id, &placement, err) != ERR_OK)
        return err->code;
    if (placement.can_ask && !call->is_again) {
        call->wait = CLOUD_WAIT_NOTE;
        call->wait_note = "placement";
        call->wait_node = placement.node;
        call->wait_id = id;
        return ERR_OK;
    }
    if (placement.said == NULL)
        return err_set(err, ERR_RESOURCE_NOT_FOUND,
                       "The cluster of '%.64s' has said nothing of its placement", id);
    cloud_xml_text(call->xml, "instanceId", id);
    cloud_xml_text(call->xml, "availabilityZone", placement.zone);
    write_placement(call->xml, placement.said);
    return ERR_OK;
}
