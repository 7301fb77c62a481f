/* address.h - IPv4 addresses, ranges and MACs as numbers and as text. Addresses in host order. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { HOST_ADDRESS_SIZE = 16, HOST_CIDR_SIZE = 19, HOST_MAC_SIZE = 18 };

/* The mask of a range of that length (0..32). */
uint32_t host_address_mask(uint8_t len);
/* Is `address` in cidr/len? */
bool host_address_in(uint32_t address, uint32_t cidr, uint8_t len);
/* A range: len in 0..32 and no bit set behind it. */
bool host_address_is_cidr(uint32_t cidr, uint8_t len);
/* Can it be a host of cidr/len: inside, neither its first nor its last? */
bool host_address_is_host(uint32_t address, uint32_t cidr, uint8_t len);
/* Unicast, not zero. */
bool host_address_is_mac(const uint8_t mac[6]);

/* "172.31.0.5"; returns `out`. */
const char *host_address_format(char out[HOST_ADDRESS_SIZE], uint32_t address);
/* "172.31.0.0/20"; returns `out`. */
const char *host_address_format_cidr(char out[HOST_CIDR_SIZE], uint32_t cidr, uint8_t len);
/* "02:00:00:00:00:01"; returns `out`. */
const char *host_address_format_mac(char out[HOST_MAC_SIZE], const uint8_t mac[6]);
/* Dotted quad only, no leading zeroes. */
bool host_address_parse(const char *text, uint32_t *out);
