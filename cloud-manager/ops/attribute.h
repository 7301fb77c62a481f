/* attribute.h - what of an instance can be changed after its launch, one thing at a time. */
#pragma once

#include "cloud-manager/model/imds.h"
#include "cloud-manager/ops/instance.h"

/* What ModifyInstanceAttribute can change. */
enum cloud_attribute {
    CLOUD_ATTRIBUTE_TYPE,         /* of a stopped instance: it is that size from its next start */
    CLOUD_ATTRIBUTE_USER_DATA,    /* of a stopped instance; base64, checked */
    CLOUD_ATTRIBUTE_NO_TERMINATE, /* "true", "false" */
    CLOUD_ATTRIBUTE_NO_STOP,      /* "true", "false" */
    CLOUD_ATTRIBUTE_ON_SHUTDOWN,  /* "stop", "terminate" */
};

/* ERR_INSTANCE_*, ERR_INSTANCE_ATTRIBUTE, ERR_INSTANCE_STATE, ERR_VCPU_LIMIT. */
enum err_code cloud_instance_modify(struct cloud_op *op, const char *id,
                                    enum cloud_attribute attribute, const char *value,
                                    struct err *err);
/* MonitorInstances (`action` says which), all of `ids` or none. */
enum err_code cloud_instances_monitor(struct cloud_op *op, enum cloud_action_id action,
                                      const char *const *ids, size_t len,
                                      struct cloud_instances *out, struct err *err);

/* The metadata options of a row. */
struct cloud_imds cloud_instance_imds(const struct cloud_instance *row);
/* What is asked for of `imds` is written over what the instance has; `*out` is all of it after. */
struct cloud_imds_change {
    const char *endpoint, *tokens, *tags; /* NULL = as it is */
    int64_t hops;                         /* 0 = as it is */
};
enum err_code cloud_imds_apply(struct cloud_imds *imds, const struct cloud_imds_change *change,
                               struct err *err);
enum err_code cloud_instance_modify_imds(struct cloud_op *op, const char *id,
                                         const struct cloud_imds_change *change,
                                         struct cloud_imds *out, struct err *err);
