/* address.c - IPv4 and MAC arithmetic. */
#include "computer-manager/model/address.h"

#include "base/check.h"

#include <arpa/inet.h>
#include <stdio.h>

uint32_t host_address_mask(uint8_t len)
{
    PRE(len <= 32);
    return len == 0 ? 0 : UINT32_MAX << (32 - len);
}

bool host_address_in(uint32_t address, uint32_t cidr, uint8_t len)
{
    return (address & host_address_mask(len)) == (cidr & host_address_mask(len));
}

bool host_address_is_cidr(uint32_t cidr, uint8_t len)
{
    return len <= 32 && (cidr & ~host_address_mask(len)) == 0;
}

bool host_address_is_host(uint32_t address, uint32_t cidr, uint8_t len)
{
    uint32_t inside = address & ~host_address_mask(len);
    return host_address_in(address, cidr, len) && inside != 0 && inside != ~host_address_mask(len);
}

bool host_address_is_mac(const uint8_t mac[6])
{
    return (mac[0] & 1) == 0 && (mac[0] | mac[1] | mac[2] | mac[3] | mac[4] | mac[5]) != 0;
}

const char *host_address_format(char out[HOST_ADDRESS_SIZE], uint32_t address)
{
    snprintf(out, HOST_ADDRESS_SIZE, "%u.%u.%u.%u", address >> 24, address >> 16 & 255,
             address >> 8 & 255, address & 255);
    return out;
}

const char *host_address_format_cidr(char out[HOST_CIDR_SIZE], uint32_t cidr, uint8_t len)
{
    char text[HOST_ADDRESS_SIZE];
    PRE(len <= 32);
    snprintf(out, HOST_CIDR_SIZE, "%s/%u", host_address_format(text, cidr), len);
    return out;
}

const char *host_address_format_mac(char out[HOST_MAC_SIZE], const uint8_t mac[6])
{
    snprintf(out, HOST_MAC_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
             mac[4], mac[5]);
    return out;
}

bool host_address_parse(const char *text, uint32_t *out)
{
    struct in_addr in;
    if (inet_pton(AF_INET, text, &in) != 1)
        return false;
    *out = ntohl(in.s_addr);
    return true;
}
