/* ec2_attributes.c - DescribeInstanceAttribute, ModifyInstanceAttribute, MonitorInstances,
 * UnmonitorInstances. */
#include "base/str.h"
#include "cloud-manager/api/ec2_instance.h"
#include "cloud-manager/ops/attribute.h"
#include "cloud-manager/ops/port_groups.h"

/* ---- DescribeInstanceAttribute -------------------------------------------------------------- */

static void write_value(struct cloud_xml *x, const char *name, const char *value)
{
    cloud_xml_open(x, name);
    cloud_xml_text_if(x, "value", value);
    cloud_xml_close(x);
}

static const char *truth(int64_t flag)
{
    return flag != 0 ? "true" : "false";
}

static void write_type(struct cloud_xml *x, const struct cloud_instance_view *v)
{
    write_value(x, "instanceType", v->row->type);
}

static void write_user_data(struct cloud_xml *x, const struct cloud_instance_view *v)
{
    write_value(x, "userData", v->row->user_data);
}

static void write_no_terminate(struct cloud_xml *x, const struct cloud_instance_view *v)
{
    write_value(x, "disableApiTermination", truth(v->row->no_terminate));
}

static void write_no_stop(struct cloud_xml *x, const struct cloud_instance_view *v)
{
    write_value(x, "disableApiStop", truth(v->row->no_stop));
}

static void write_on_shutdown(struct cloud_xml *x, const struct cloud_instance_view *v)
{
    write_value(x, "instanceInitiatedShutdownBehavior", v->row->on_shutdown);
}

static void write_root_device(struct cloud_xml *x, const struct cloud_instance_view *v)
{
    write_value(x, "rootDeviceName", v->row->root_device);
}

static void write_groups(struct cloud_xml *x, const struct cloud_instance_view *v)
{
    cloud_write_groups(x, v->groups, v->groups_len);
}

/* What is the same for every instance. */
static void write_source_check(struct cloud_xml *x, const struct cloud_instance_view *v)
{
    (void)v;
    write_value(x, "sourceDestCheck", "true");
}

static void write_ebs_optimized(struct cloud_xml *x, const struct cloud_instance_view *v)
{
    (void)v;
    write_value(x, "ebsOptimized", "false");
}

static void write_ena(struct cloud_xml *x, const struct cloud_instance_view *v)
{
    (void)v;
    write_value(x, "enaSupport", "false");
}

static void write_enclave(struct cloud_xml *x, const struct cloud_instance_view *v)
{
    (void)v;
    cloud_xml_open(x, "enclaveOptions");
    cloud_xml_bool(x, "enabled", false);
    cloud_xml_close(x);
}

static void write_product_codes(struct cloud_xml *x, const struct cloud_instance_view *v)
{
    (void)v;
    cloud_xml_open(x, "productCodes");
    cloud_xml_close(x);
}

static void write_kernel(struct cloud_xml *x, const struct cloud_instance_view *v)
{
    (void)v;
    write_value(x, "kernel", "");
}

static void write_ramdisk(struct cloud_xml *x, const struct cloud_instance_view *v)
{
    (void)v;
    write_value(x, "ramdisk", "");
}

static void write_sriov(struct cloud_xml *x, const struct cloud_instance_view *v)
{
    (void)v;
    write_value(x, "sriovNetSupport", "");
}

static const struct {
    const char *name;
    void (*write)(struct cloud_xml *x, const struct cloud_instance_view *v);
} readable[] = {
    {"instanceType", write_type},
    {"userData", write_user_data},
    {"disableApiTermination", write_no_terminate},
    {"disableApiStop", write_no_stop},
    {"instanceInitiatedShutdownBehavior", write_on_shutdown},
    {"rootDeviceName", write_root_device},
    {"blockDeviceMapping", cloud_write_mappings},
    {"groupSet", write_groups},
    {"sourceDestCheck", write_source_check},
    {"ebsOptimized", write_ebs_optimized},
    {"enaSupport", write_ena},
    {"enclaveOptions", write_enclave},
    {"productCodes", write_product_codes},
    {"kernel", write_kernel},
    {"ramdisk", write_ramdisk},
    {"sriovNetSupport", write_sriov},
};
enum { READABLE = sizeof readable / sizeof readable[0] };

enum err_code cloud_ec2_describe_instance_attribute(struct cloud_call *call, struct err *err)
{
    const char *id, *name;
    struct cloud_instances rows;
    struct cloud_instance_view view;
    size_t at = 0;
    if (cloud_query_need(call->query, "InstanceId", &id, err) != ERR_OK ||
        cloud_query_need(call->query, "Attribute", &name, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK ||
        cloud_instances_describe(call->op, CLOUD_DO_DESCRIBE_INSTANCE_ATTRIBUTE, &id, 1, NULL,
                                 &rows, err) != ERR_OK)
        return err->code;
    while (at < READABLE && !str_eq(readable[at].name, name))
        at++;
    if (at == READABLE)
        return err_set(err, ERR_INVALID_PARAMETER,
                       "Value (%.64s) for parameter attribute is invalid. Unknown attribute.",
                       name);
    cloud_instance_view(call, &rows.list[0], &view);
    cloud_xml_text(call->xml, "instanceId", id);
    readable[at].write(call->xml, &view);
    return ERR_OK;
}

/* ---- ModifyInstanceAttribute ---------------------------------------------------------------- */

typedef enum err_code check(struct cloud_call *call, const char *name, const char *value,
                            struct err *err);

static enum err_code invalid(const char *name, const char *value, struct err *err)
{
    return err_set(err, ERR_INVALID_PARAMETER, "Value (%.64s) for parameter %s is invalid.", value,
                   name);
}

static enum err_code check_nothing(struct cloud_call *call, const char *name, const char *value,
                                   struct err *err)
{
    (void)call, (void)name, (void)value, (void)err;
    return ERR_OK;
}

static enum err_code check_user_data(struct cloud_call *call, const char *name, const char *value,
                                     struct err *err)
{
    (void)call, (void)name;
    return cloud_check_user_data(value, err);
}

static enum err_code check_bool(struct cloud_call *call, const char *name, const char *value,
                                struct err *err)
{
    (void)call;
    return str_eq(value, "true") || str_eq(value, "false") ? ERR_OK : invalid(name, value, err);
}

static enum err_code check_shutdown(struct cloud_call *call, const char *name, const char *value,
                                    struct err *err)
{
    (void)call;
    return str_eq(value, "stop") || str_eq(value, "terminate") ? ERR_OK : invalid(name, value, err);
}

static const struct writable {
    const char *name;      /* as the old form has it: Attribute=...&Value=... */
    const char *parameter; /* as the new form has it */
    enum cloud_attribute attribute;
    check *check;
} writable[] = {
    {"instanceType", "InstanceType.Value", CLOUD_ATTRIBUTE_TYPE, check_nothing},
    {"userData", "UserData.Value", CLOUD_ATTRIBUTE_USER_DATA, check_user_data},
    {"disableApiTermination", "DisableApiTermination.Value", CLOUD_ATTRIBUTE_NO_TERMINATE,
     check_bool},
    {"disableApiStop", "DisableApiStop.Value", CLOUD_ATTRIBUTE_NO_STOP, check_bool},
    {"instanceInitiatedShutdownBehavior", "InstanceInitiatedShutdownBehavior.Value",
     CLOUD_ATTRIBUTE_ON_SHUTDOWN, check_shutdown},
};
enum { WRITABLE = sizeof writable / sizeof writable[0] };

/* The one attribute that is to be changed, and its value. */
struct asked {
    const struct writable *what; /* NULL = one that always is what was asked for */
    const char *value;
    size_t len;                /* attributes named */
    struct cloud_texts groups; /* or new security groups */
};

static enum err_code find_old_form(struct cloud_query *q, struct asked *asked, struct err *err)
{
    const char *name = cloud_query_get(q, "Attribute");
    const char *value = cloud_query_get(q, "Value");
    size_t at = 0;
    if (name == NULL && value == NULL)
        return ERR_OK;
    if (name == NULL || value == NULL)
        return err_set(err, ERR_MISSING_PARAMETER, "The request must contain the parameter %s",
                       name == NULL ? "Attribute" : "Value");
    while (at < WRITABLE && !str_eq(writable[at].name, name))
        at++;
    if (at == WRITABLE)
        return err_set(err, ERR_UNSUPPORTED, "The attribute %.64s cannot be changed", name);
    *asked = (struct asked){.what = &writable[at], .value = value, .len = asked->len + 1};
    return ERR_OK;
}

/* What an instance always is may be asked for; anything else of it is refused by its name. */
static void find_fixed(struct cloud_query *q, struct asked *asked)
{
    static const struct {
        const char *name, *value;
    } fixed[] = {{"EbsOptimized.Value", "false"}, {"SourceDestCheck.Value", "true"}};
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        if (cloud_query_accept(q, fixed[i].name, fixed[i].value))
            asked->len++;
}

static enum err_code find_asked(struct cloud_query *q, struct asked *asked, struct err *err)
{
    *asked = (struct asked){.groups = cloud_query_list(q, "GroupId")};
    asked->len = asked->groups.len > 0;
    if (find_old_form(q, asked, err) != ERR_OK)
        return err->code;
    for (size_t i = 0; i < WRITABLE; i++) {
        const char *value = cloud_query_get(q, writable[i].parameter);
        if (value != NULL)
            *asked = (struct asked){.what = &writable[i], .value = value, .len = asked->len + 1};
    }
    find_fixed(q, asked);
    if (cloud_query_done(q, err) != ERR_OK)
        return err->code;
    if (asked->len == 0)
        return err_set(err, ERR_MISSING_PARAMETER, "The request must contain an attribute");
    if (asked->len > 1)
        return err_set(err, ERR_PARAMETER_COMBINATION,
                       "Fields for multiple attribute types specified");
    return ERR_OK;
}

enum err_code cloud_ec2_modify_instance_attribute(struct cloud_call *call, struct err *err)
{
    const char *id;
    struct asked asked;
    struct cloud_instances rows;
    if (cloud_query_need(call->query, "InstanceId", &id, err) != ERR_OK ||
        find_asked(call->query, &asked, err) != ERR_OK)
        return err->code;
    if (asked.groups.len > 0) {
        if (cloud_instance_set_groups(call->op, id, asked.groups.list, asked.groups.len, err) !=
            ERR_OK)
            return err->code;
    } else if (asked.what == NULL) {
        if (cloud_instances_describe(call->op, CLOUD_DO_MODIFY_INSTANCE_ATTRIBUTE, &id, 1, NULL,
                                     &rows, err) != ERR_OK)
            return err->code;
    } else if (asked.what->check(call, asked.what->name, asked.value, err) != ERR_OK ||
               cloud_instance_modify(call->op, id, asked.what->attribute, asked.value, err) !=
                   ERR_OK) {
        return err->code;
    }
    cloud_write_done(call->xml);
    return ERR_OK;
}

/* ---- monitoring ----------------------------------------------------------------------------- */

static enum err_code monitor(struct cloud_call *call, enum cloud_action_id action, struct err *err)
{
    struct cloud_texts ids;
    struct cloud_instances rows;
    if (cloud_decode_instance_ids(call, &ids, err) != ERR_OK ||
        cloud_instances_monitor(call->op, action, ids.list, ids.len, &rows, err) != ERR_OK)
        return err->code;
    cloud_xml_open(call->xml, "instancesSet");
    for (size_t i = 0; i < rows.len; i++) {
        cloud_xml_open(call->xml, "item");
        cloud_xml_text(call->xml, "instanceId", rows.list[i].id);
        cloud_xml_open(call->xml, "monitoring");
        cloud_xml_text(call->xml, "state", cloud_text_monitoring(&rows.list[i]));
        cloud_xml_close(call->xml);
        cloud_xml_close(call->xml);
    }
    cloud_xml_close(call->xml);
    return ERR_OK;
}

enum err_code cloud_ec2_monitor_instances(struct cloud_call *call, struct err *err)
{
    return monitor(call, CLOUD_DO_MONITOR_INSTANCES, err);
}

enum err_code cloud_ec2_unmonitor_instances(struct cloud_call *call, struct err *err)
{
    return monitor(call, CLOUD_DO_UNMONITOR_INSTANCES, err);
}
