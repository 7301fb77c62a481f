/* port.h - from what the cluster wishes of a port to what computer-network is told. Pure. */
#pragma once

#include "base/err.h"
#include "computer-manager/model/job.h"
#include "proto/wire/messages.h"

#include <stddef.h>

/* Fills `out` from an instance's wish, without rules. ERR_MALFORMED_JSON names what is wrong. */
enum err_code host_port_from(const struct wire_instance *wish, int64_t mtu, struct host_port *out,
                             struct err *err);
/* A group's rules: `out` has room for all of them. Where one is not sound, those before it. */
enum err_code host_group_rules(const struct wire_group *group, struct host_rule *out, size_t *len,
                               struct err *err);
/* A page of a group's members; ERR_MALFORMED_JSON. */
enum err_code host_page_from(const struct wire_members *wish, struct host_net_page *out,
                             struct err *err);
/* Tells one content from another; never 0. */
uint64_t host_port_sum(const void *bytes, size_t size);
/* Of the part of it that says something: up to its last rule. */
size_t host_port_size(const struct host_port *port);
/* "02:ab:..." */
bool host_port_parse_mac(const char *text, uint8_t mac[6]);
/* "172.31.0.0/20": no bit set behind the prefix. */
bool host_port_parse_cidr(const char *text, uint32_t *cidr, uint8_t *len);
