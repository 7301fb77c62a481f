/* ec2_instance.h - an instance with all that is said of it, and how EC2 writes it. */
#pragma once

#include "cloud-manager/api/call.h"
#include "cloud-manager/ops/attribute.h"
#include "cloud-manager/ops/public_address.h"

/* A row and what belongs to it. Port and volume are gone from one that ended. */
struct cloud_instance_view {
    const struct cloud_instance *row;
    struct cloud_port port;
    struct cloud_volume volume;
    struct cloud_public address; /* the public one, where has_address */
    bool has_port, has_volume, has_address;
    struct cloud_port_group *groups;
    size_t groups_len;
    struct cloud_tags tags;
};

void cloud_instance_view(struct cloud_call *call, const struct cloud_instance *row,
                         struct cloud_instance_view *out);
/* <item> of an instancesSet. */
void cloud_write_instance(struct cloud_call *call, const struct cloud_instance_view *view);
/* reservationId, ownerId, groupSet, instancesSet of rows that share a reservation. */
void cloud_write_reservation(struct cloud_call *call, const struct cloud_instance *rows,
                             size_t len);
/* Where a page begins: rows are read in pieces, so that it costs what it gives and not what there
 * is.
 */
struct cloud_instance_span cloud_instance_span_of(const struct cloud_op *op,
                                                  const struct cloud_page *page);
/* In the order of pages. In the op's arena. */
const char *cloud_instance_sort_key(const struct cloud_op *op, const struct cloud_instance *row);
/* <name> with code and name of a state. */
void cloud_write_state(struct cloud_xml *xml, const char *name, enum cloud_instance_state state);
/* <blockDeviceMapping> */
void cloud_write_mappings(struct cloud_xml *xml, const struct cloud_instance_view *view);
/* <name> with metadata options. */
void cloud_write_imds(struct cloud_xml *xml, const char *name, const struct cloud_imds *imds);
/* "enabled", "disabled" */
const char *cloud_text_monitoring(const struct cloud_instance *row);
/* Metadata options under names that begin with `prefix`. ERR_INVALID_PARAMETER. */
enum err_code cloud_decode_imds(struct cloud_call *call, const char *prefix,
                                struct cloud_imds_change *out, struct err *err);
/* ERR_USER_DATA, ERR_INVALID_PARAMETER: no base64, or too long. */
enum err_code cloud_check_user_data(const char *base64, struct err *err);
/* InstanceId.N and nothing else: at least one. */
enum err_code cloud_decode_instance_ids(struct cloud_call *call, struct cloud_texts *ids,
                                        struct err *err);
/* Whose a public address is: the account that allocated it, "amazon" for a lent one, as EC2 says.
 */
const char *cloud_text_owner(const struct cloud_instance_view *view);
/* <association> of a port or of one of its addresses, nothing without a public address. */
enum cloud_association_ids { CLOUD_ASSOCIATION_PLAIN, CLOUD_ASSOCIATION_IDS }; /* as EC2's model */
void cloud_write_association(struct cloud_call *call, const struct cloud_instance_view *view,
                             enum cloud_association_ids ids);
/* <groupSet> */
void cloud_write_groups(struct cloud_xml *xml, const struct cloud_port_group *groups, size_t len);
/* "User initiated (2026-11-20 09:13:35 GMT)", "" when nothing happened; in the op's arena. */
const char *cloud_text_transition(const struct cloud_op *op, const struct cloud_instance *row);
/* "eni-attach-0123..." of a port: it is attached once, to its instance. In the op's arena. */
const char *cloud_text_attachment(const struct cloud_op *op, const struct cloud_port *port);
/* EC2's words for a root disk: of the attachment, and of the volume. */
const char *cloud_text_attached(const struct cloud_instance *row);
const char *cloud_text_volume_state(const struct cloud_instance *row);

extern const char *const cloud_instance_filters[];
void cloud_instance_facts(struct cloud_call *call, const struct cloud_instance_view *view,
                          struct cloud_facts *facts);
