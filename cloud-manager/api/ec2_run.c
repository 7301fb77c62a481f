/* ec2_run.c - RunInstances: its many parameters. The answer is written by ec2_instances.c. */
#include "base/check.h"
#include "base/str.h"
#include "cloud-manager/api/ec2_instance.h"
#include "cloud-manager/ops/attribute.h"
#include "proto/auth/base64.h"

#include <string.h>

/* Values that clients send and that are what happens anyway. */
static const struct {
    const char *name, *value;
} defaults[] = {
    {"EbsOptimized", "false"},
    {"Placement.Tenancy", "default"},
    {"HibernationOptions.Configured", "false"},
    {"EnclaveOptions.Enabled", "false"},
    {"CapacityReservationSpecification.CapacityReservationPreference", "open"},
    {"CreditSpecification.CpuCredits", "standard"},
    {"PrivateDnsNameOptions.HostnameType", "ip-name"},
    {"PrivateDnsNameOptions.EnableResourceNameDnsARecord", "false"},
    {"PrivateDnsNameOptions.EnableResourceNameDnsAAAARecord", "false"},
    {"MaintenanceOptions.AutoRecovery", "disabled"},
    {"NetworkInterface.1.DeviceIndex", "0"},
    {"NetworkInterface.1.NetworkCardIndex", "0"},
    {"NetworkInterface.1.DeleteOnTermination", "true"},
    {"NetworkInterface.1.InterfaceType", "interface"},
    {"NetworkInterface.1.SecondaryPrivateIpAddressCount", "0"},
    {"NetworkInterface.1.Ipv6AddressCount", "0"},
    {"BlockDeviceMapping.1.Ebs.DeleteOnTermination", "true"},
    {"BlockDeviceMapping.1.Ebs.Encrypted", "false"},
};

static const char *text_or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static enum err_code decode_counts(struct cloud_query *q, struct cloud_launch *launch,
                                   struct err *err)
{
    const char *text;
    if (cloud_query_need(q, "MinCount", &text, err) != ERR_OK ||
        cloud_query_need(q, "MaxCount", &text, err) != ERR_OK ||
        cloud_query_i64(q, "MinCount", 1, CLOUD_LAUNCH_MAX, 1, &launch->min, err) != ERR_OK ||
        cloud_query_i64(q, "MaxCount", 1, CLOUD_LAUNCH_MAX, 1, &launch->max, err) != ERR_OK)
        return err->code;
    if (launch->min > launch->max)
        return err_set(err, ERR_PARAMETER_COMBINATION, "MinCount is greater than MaxCount");
    return ERR_OK;
}

enum err_code cloud_check_user_data(const char *base64, struct err *err)
{
    CLEANUP(buf_fini) struct buf bytes = {0};
    if (!base64_decode(&bytes, base64, strlen(base64)))
        return err_set(err, ERR_USER_DATA, "Invalid BASE64 encoding of user data.");
    if (bytes.len > CLOUD_USER_DATA_MAX)
        return err_set(err, ERR_INVALID_PARAMETER, "User data is limited to %d bytes",
                       CLOUD_USER_DATA_MAX);
    return ERR_OK;
}

static enum err_code decode_user_data(struct cloud_query *q, struct cloud_launch *launch,
                                      struct err *err)
{
    launch->user_data = text_or_empty(cloud_query_get(q, "UserData"));
    return cloud_check_user_data(launch->user_data, err);
}

/* What its owner may change later. */
static enum err_code decode_attributes(struct cloud_call *call, struct cloud_launch *launch,
                                       struct err *err)
{
    struct cloud_query *q = call->query;
    struct cloud_imds_change change;
    launch->imds = cloud_imds_default();
    if (cloud_query_bool(q, "DisableApiTermination", false, &launch->no_terminate, err) != ERR_OK ||
        cloud_query_bool(q, "DisableApiStop", false, &launch->no_stop, err) != ERR_OK ||
        cloud_query_bool(q, "Monitoring.Enabled", false, &launch->is_monitored, err) != ERR_OK ||
        cloud_decode_imds(call, "MetadataOptions.", &change, err) != ERR_OK)
        return err->code;
    return cloud_imds_apply(&launch->imds, &change, err);
}

/* The address of the one instance, in either place. */
static enum err_code decode_address(struct cloud_query *q, struct cloud_launch *launch,
                                    struct err *err)
{
    const char *top = cloud_query_get(q, "PrivateIpAddress");
    const char *inner = cloud_query_get(q, "NetworkInterface.1.PrivateIpAddress");
    launch->address = text_or_empty(inner != NULL ? inner : top);
    launch->description = text_or_empty(cloud_query_get(q, "NetworkInterface.1.Description"));
    if (inner != NULL && top != NULL)
        return err_set(err, ERR_PARAMETER_COMBINATION,
                       "Network interfaces and an instance-level private IP address may not be "
                       "specified on the same request");
    if (*launch->address != '\0' && launch->max > 1)
        return err_set(err, ERR_PARAMETER_COMBINATION,
                       "A private IP address can be given to one instance only");
    if (strlen(launch->description) > 255)
        return err_set(err, ERR_INVALID_PARAMETER, "A description has at most 255 characters");
    return ERR_OK;
}

/* A subnet and groups stand at the top, or in the one interface; never in both. */
static enum err_code decode_network(struct cloud_query *q, struct cloud_launch *launch,
                                    struct err *err)
{
    struct cloud_texts ids = cloud_query_list(q, "SecurityGroupId");
    struct cloud_texts names = cloud_query_list(q, "SecurityGroup");
    struct cloud_texts port_ids = cloud_query_list(q, "NetworkInterface.1.SecurityGroupId");
    const char *subnet = cloud_query_get(q, "SubnetId");
    const char *port_subnet = cloud_query_get(q, "NetworkInterface.1.SubnetId");
    bool has_port = cloud_query_indices(q, "NetworkInterface").len > 0;
    if (has_port && (subnet != NULL || ids.len + names.len > 0))
        return err_set(err, ERR_PARAMETER_COMBINATION,
                       "Network interfaces and an instance-level subnet ID or security groups may "
                       "not be specified on the same request");
    launch->subnet = text_or_empty(has_port ? port_subnet : subnet);
    launch->groups = has_port ? port_ids.list : ids.list;
    launch->groups_len = has_port ? port_ids.len : ids.len;
    launch->group_names = names.list;
    launch->group_names_len = names.len;
    return ERR_OK;
}

static enum err_code decode_public(struct cloud_query *q, struct cloud_launch *launch,
                                   struct err *err)
{
    static const char name[] = "NetworkInterface.1.AssociatePublicIpAddress";
    bool wanted = false;
    launch->public_address = CLOUD_PUBLIC_AS_SUBNET;
    if (cloud_query_get(q, name) == NULL)
        return ERR_OK;
    if (cloud_query_bool(q, name, false, &wanted, err) != ERR_OK)
        return err->code;
    launch->public_address = wanted ? CLOUD_PUBLIC_YES : CLOUD_PUBLIC_NO;
    return ERR_OK;
}

static enum err_code decode_disk(struct cloud_query *q, struct cloud_launch *launch,
                                 struct err *err)
{
    launch->device = text_or_empty(cloud_query_get(q, "BlockDeviceMapping.1.DeviceName"));
    launch->volume_type = cloud_query_get(q, "BlockDeviceMapping.1.Ebs.VolumeType");
    if (launch->volume_type == NULL)
        launch->volume_type = "gp2";
    if (!str_eq(launch->volume_type, "standard") && !str_eq(launch->volume_type, "gp2") &&
        !str_eq(launch->volume_type, "gp3"))
        return err_set(err, ERR_UNSUPPORTED,
                       "Volumes of type %.32s are not offered: gp2, gp3 or standard",
                       launch->volume_type);
    if (cloud_query_indices(q, "BlockDeviceMapping").len > 0 && *launch->device == '\0')
        return err_set(err, ERR_MISSING_PARAMETER,
                       "The request must contain the parameter BlockDeviceMapping.1.DeviceName");
    return cloud_query_i64(q, "BlockDeviceMapping.1.Ebs.VolumeSize", 1, 16384, 0, &launch->disk_gib,
                           err);
}

static enum err_code decode_shutdown(struct cloud_query *q, struct cloud_launch *launch,
                                     struct err *err)
{
    const char *text = cloud_query_get(q, "InstanceInitiatedShutdownBehavior");
    launch->on_shutdown = text != NULL ? text : "stop";
    if (!str_eq(launch->on_shutdown, "stop") && !str_eq(launch->on_shutdown, "terminate"))
        return err_set(err, ERR_INVALID_PARAMETER,
                       "Value (%.64s) for parameter instanceInitiatedShutdownBehavior is invalid",
                       text);
    return ERR_OK;
}

static enum err_code decode_token(struct cloud_call *call, struct cloud_launch *launch,
                                  struct err *err)
{
    static const char *const without[] = {"ClientToken", "DryRun",  "Placement.AvailabilityZone",
                                          "Action",      "Version", NULL};
    char hash[DIGEST_SHA256_HEX_SIZE];
    launch->client_token = text_or_empty(cloud_query_get(call->query, "ClientToken"));
    if (strlen(launch->client_token) > 64)
        return err_set(err, ERR_INVALID_PARAMETER,
                       "Value for parameter ClientToken is longer than 64 characters");
    for (const char *p = launch->client_token; *p != '\0'; p++)
        if (*p < ' ' || *p > '~')
            return err_set(err, ERR_INVALID_PARAMETER,
                           "Value for parameter ClientToken is not ASCII");
    cloud_query_hash(call->query, without, hash);
    launch->params_hash = arena_strdup(call->op->arena, hash);
    return ERR_OK;
}

static enum err_code decode(struct cloud_call *call, struct cloud_launch *launch, struct err *err)
{
    static const char *const types[] = {"instance", "volume", "network-interface", NULL};
    struct cloud_query *q = call->query;
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++)
        cloud_query_accept(q, defaults[i].name, defaults[i].value);
    launch->type = text_or_empty(cloud_query_get(q, "InstanceType"));
    launch->key_name = text_or_empty(cloud_query_get(q, "KeyName"));
    launch->zone = text_or_empty(cloud_query_get(q, "Placement.AvailabilityZone"));
    if (*launch->type == '\0')
        launch->type = "m1.small";
    if (cloud_query_need(q, "ImageId", &launch->image, err) != ERR_OK ||
        decode_counts(q, launch, err) != ERR_OK || decode_user_data(q, launch, err) != ERR_OK ||
        decode_attributes(call, launch, err) != ERR_OK ||
        decode_network(q, launch, err) != ERR_OK || decode_public(q, launch, err) != ERR_OK ||
        decode_address(q, launch, err) != ERR_OK || decode_disk(q, launch, err) != ERR_OK ||
        decode_shutdown(q, launch, err) != ERR_OK || decode_token(call, launch, err) != ERR_OK ||
        cloud_decode_tag_specs(call, types, &launch->tags, err) != ERR_OK)
        return err->code;
    return cloud_query_done(q, err);
}

enum err_code cloud_ec2_run_instances(struct cloud_call *call, struct err *err)
{
    struct cloud_launch launch = {0};
    struct cloud_instances rows = {0};
    if (decode(call, &launch, err) != ERR_OK ||
        cloud_instance_run(call->op, &launch, &rows, err) != ERR_OK)
        return err->code;
    INV(rows.len > 0);
    cloud_write_reservation(call, rows.list, rows.len);
    return ERR_OK;
}
