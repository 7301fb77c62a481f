/* permission.h - IpPermissions.N as several actions take them, and how EC2 writes a rule. */
#pragma once

#include "cloud-manager/api/call.h"
#include "cloud-manager/ops/rule.h"

/* IPv6 ranges and prefix lists are not built: no rule has them. What would add one is refused by
 * name; what would take one away finds none. */
enum cloud_unbuilt_ends { CLOUD_ENDS_REFUSED, CLOUD_ENDS_ABSENT };

/* IpPermissions.N. ERR_MISSING_PARAMETER, ERR_INVALID_PARAMETER, ERR_UNSUPPORTED,
 * ERR_GROUP_NOT_FOUND. */
enum err_code cloud_decode_permissions(struct cloud_call *call, enum cloud_unbuilt_ends unbuilt,
                                       struct cloud_permissions *out, struct err *err);
/* The old flat form of one ingress rule: IpProtocol, FromPort, ToPort, CidrIp,
 * SourceSecurityGroupName. Adds to `out`. */
enum err_code cloud_decode_flat_permission(struct cloud_call *call, struct cloud_permissions *out,
                                           struct err *err);
/* One rule out of parameters that begin with `prefix`: IpProtocol, FromPort, ToPort, CidrIpv4 or
 * ReferencedGroupId, Description. */
enum err_code cloud_decode_rule(struct cloud_call *call, const char *prefix,
                                struct cloud_permission *out, struct err *err);

/* <item> of a securityGroupRuleSet. */
void cloud_write_rule(struct cloud_call *call, const struct cloud_rule *rule);
