/* network.h - networks of accounts: VPCs, subnets, and the ports in them. Tables vpc, subnet, port,
 * port_group. Addresses are numbers in host order. */
#pragma once

#include "cloud-manager/store/row.h"

#include <stdbool.h>

#define CLOUD_VPC_ROW(TEXT, INT) \
    TEXT(id)                     \
    TEXT(account)                \
    TEXT(cidr)                   \
    INT(vni)                     \
    TEXT(dhcp_options)           \
    INT(is_default)

struct cloud_vpc {
    ROW_FIELDS(CLOUD_VPC_ROW)
};

#define CLOUD_SUBNET_ROW(TEXT, INT)                                    \
    TEXT(id)                                                           \
    TEXT(account)                                                      \
    TEXT(vpc)                                                          \
    TEXT(letter) /* of its zone */                                     \
    INT(base)                                                          \
    INT(prefix)                                                        \
    INT(is_default)                                                    \
    INT(next) /* offset where the search for a free address goes on */ \
    INT(used) /* addresses held; by triggers only */

struct cloud_subnet {
    ROW_FIELDS(CLOUD_SUBNET_ROW)
};

#define CLOUD_PORT_REST(TEXT, INT) \
    TEXT(account)                  \
    TEXT(vpc)                      \
    TEXT(subnet)                   \
    TEXT(instance)                 \
    TEXT(mac)                      \
    INT(address)                   \
    TEXT(description)              \
    INT(created_wall_ms)
#define CLOUD_PORT_ROW(TEXT, INT) TEXT(id) /* eni-... */ CLOUD_PORT_REST(TEXT, INT)

struct cloud_port {
    ROW_FIELDS(CLOUD_PORT_ROW)
};

/* The next network identifier that nobody has. */
int64_t cloud_vpc_next_vni(struct store *st);
void cloud_vpc_insert(struct store *st, const struct cloud_vpc *row);
struct cloud_vpc *cloud_vpc_list(struct store *st, struct arena *arena, const char *account,
                                 size_t *len);
bool cloud_vpc_get(struct store *st, struct arena *arena, const char *account, const char *id,
                   struct cloud_vpc *out);
/* The account whose it is, in `arena`; NULL when there is no such network. */
const char *cloud_vpc_owner(struct store *st, struct arena *arena, const char *id);
bool cloud_vpc_default(struct store *st, struct arena *arena, const char *account,
                       struct cloud_vpc *out);

void cloud_subnet_insert(struct store *st, const struct cloud_subnet *row);
/* By zone. */
struct cloud_subnet *cloud_subnet_list(struct store *st, struct arena *arena, const char *account,
                                       size_t *len);
bool cloud_subnet_get(struct store *st, struct arena *arena, const char *account, const char *id,
                      struct cloud_subnet *out);
/* The default one of a zone. */
bool cloud_subnet_default(struct store *st, struct arena *arena, const char *account,
                          const char *letter, struct cloud_subnet *out);
void cloud_subnet_set_next(struct store *st, const char *id, int64_t next);
bool cloud_address_is_taken(struct store *st, const char *vpc, int64_t address);
bool cloud_mac_is_taken(struct store *st, const char *mac);

/* `node`: the cluster of its instance. */
void cloud_port_insert(struct store *st, const struct cloud_port *row, const char *node,
                       const char *const *groups, size_t groups_len);
/* Its groups are these and no others. */
void cloud_port_set_groups(struct store *st, const struct cloud_port *row, const char *node,
                           const char *const *groups, size_t groups_len);
void cloud_port_delete(struct store *st, const char *id);
struct cloud_port *cloud_port_list(struct store *st, struct arena *arena, const char *account,
                                   size_t *len);
bool cloud_port_get(struct store *st, struct arena *arena, const char *id, struct cloud_port *out);
bool cloud_port_of_instance(struct store *st, struct arena *arena, const char *instance,
                            struct cloud_port *out);

/* One that has that address in that network, or that MAC. */
bool cloud_port_by_address(struct store *st, struct arena *arena, const char *vpc, int64_t address,
                           const char *mac, struct cloud_port *out);

/* The groups of a port in their order. */
struct cloud_port_group {
    const char *id, *name;
};
struct cloud_port_group *cloud_port_groups(struct store *st, struct arena *arena, const char *port,
                                           size_t *len);
