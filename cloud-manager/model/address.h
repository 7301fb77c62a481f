/* address.h - the address plan of a default network, and how addresses are written. Pure.
 *
 * A default VPC is 172.31.0.0/16; zone a has its first /20, zone b the next, and so on: at most 16.
 * The first four addresses of a subnet and its last are not given out (EC2 guide, "Subnet sizing").
 * IPv4 addresses are numbers in host order. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    CLOUD_VPC_PREFIX = 16,
    CLOUD_SUBNET_PREFIX = 20,
    CLOUD_ZONES_MAX = 16,
    CLOUD_ADDRESS_SIZE = 16, /* "255.255.255.255" */
    CLOUD_CIDR_SIZE = 20,
    CLOUD_MAC_SIZE = 18,
    CLOUD_MAC_FREE = 5,       /* bytes of it that are ours to choose */
    CLOUD_HOSTNAME_SIZE = 24, /* "ip-172-31-0-5" */
    CLOUD_DOMAIN_MAX = 200,
    CLOUD_PUBLIC_NAME_SIZE = 256, /* NUL included */
};

#define CLOUD_VPC_BASE ((int64_t)172 << 24 | (int64_t)31 << 16)
#define CLOUD_VPC_CIDR "172.31.0.0/16"

/* Base of the default subnet of zone 'a' + index; index < CLOUD_ZONES_MAX. */
int64_t cloud_subnet_base(unsigned index);
/* First and last address that is given out. */
int64_t cloud_subnet_first(int64_t base);
int64_t cloud_subnet_last(int64_t base, int prefix);
/* How many are given out at most. */
int64_t cloud_subnet_room(int prefix);

void cloud_address_format(char out[CLOUD_ADDRESS_SIZE], int64_t address);
void cloud_cidr_format(char out[CLOUD_CIDR_SIZE], int64_t base, int prefix);
/* "10.0.0.5" -> number; strict: four decimal numbers without leading zeroes. */
bool cloud_address_parse(const char *text, int64_t *out);
/* "10.0.0.0/8" -> base with its host bits cleared, and the prefix length. */
bool cloud_cidr_parse(const char *text, int64_t *base, int *prefix);
void cloud_hostname_format(char out[CLOUD_HOSTNAME_SIZE], int64_t address);
/* May names of public addresses end so? "" is fine: then they have none. */
bool cloud_domain_is(const char *text);
/* "ec2-203-0-113-7.DOMAIN"; "" where the domain is. */
void cloud_public_name_format(char out[CLOUD_PUBLIC_NAME_SIZE], int64_t address,
                              const char *domain);
/* A locally administered MAC out of five bytes: 02:xx:xx:xx:xx:xx. */
void cloud_mac_format(char out[CLOUD_MAC_SIZE], const unsigned char bytes[CLOUD_MAC_FREE]);
