/* rule.h - one rule of a security group: what EC2 lets in it. Pure. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    CLOUD_RULE_EVERY = 0, /* protocol: every one; EC2 says "-1" */
    CLOUD_RULE_ICMP = 1,
    CLOUD_RULE_TCP = 6,
    CLOUD_RULE_UDP = 17,
    CLOUD_RULES_MAX = 60, /* in one direction of one group, as EC2's default quota */
    CLOUD_PROTOCOL_SIZE = 8,
};

struct cloud_match {
    int64_t protocol; /* IP number; CLOUD_RULE_EVERY */
    int64_t from, to; /* TCP and UDP: ports; ICMP: type and code; -1 = every */
};

/* "tcp", "udp", "icmp", "-1" or a number from 1 to 255. */
enum err_code cloud_protocol_parse(const char *text, int64_t *out, struct err *err);
/* The same back: "tcp" for 6, "-1" for every one, "47" for what has no name. */
void cloud_protocol_format(char out[CLOUD_PROTOCOL_SIZE], int64_t protocol);
/* Do ports mean anything for it? Answers leave them out otherwise. */
bool cloud_protocol_has_ports(int64_t protocol);

/* Checks and makes canonical: `has_*` say which were given. ERR_PERMISSION_MALFORMED,
 * ERR_INVALID_PARAMETER. */
enum err_code cloud_match_check(struct cloud_match *m, bool has_from, bool has_to, struct err *err);
