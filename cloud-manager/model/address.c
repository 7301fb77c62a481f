/* address.c - the address plan of a default network. */
#include "cloud-manager/model/address.h"

#include "base/check.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

int64_t cloud_subnet_base(unsigned index)
{
    PRE(index < CLOUD_ZONES_MAX);
    return CLOUD_VPC_BASE + ((int64_t)index << (32 - CLOUD_SUBNET_PREFIX));
}

int64_t cloud_subnet_first(int64_t base)
{
    return base + 4;
}

int64_t cloud_subnet_last(int64_t base, int prefix)
{
    return base + ((int64_t)1 << (32 - prefix)) - 2;
}

int64_t cloud_subnet_room(int prefix)
{
    return ((int64_t)1 << (32 - prefix)) - 5;
}

void cloud_address_format(char out[CLOUD_ADDRESS_SIZE], int64_t address)
{
    uint32_t a = (uint32_t)address;
    snprintf(out, CLOUD_ADDRESS_SIZE, "%u.%u.%u.%u", a >> 24, a >> 16 & 255u, a >> 8 & 255u,
             a & 255u);
}

void cloud_cidr_format(char out[CLOUD_CIDR_SIZE], int64_t base, int prefix)
{
    char address[CLOUD_ADDRESS_SIZE];
    cloud_address_format(address, base);
    snprintf(out, CLOUD_CIDR_SIZE, "%s/%d", address, prefix);
}

/* One number of a dotted quad, up to `end`. */
static bool parse_byte(const char *text, size_t len, int64_t *out)
{
    char digits[4];
    if (len == 0 || len > 3 || (len > 1 && text[0] == '0'))
        return false;
    memcpy(digits, text, len);
    digits[len] = '\0';
    return text[0] != '-' && str_parse_i64(digits, 0, 255, out);
}

bool cloud_address_parse(const char *text, int64_t *out)
{
    int64_t address = 0, byte = 0;
    for (int i = 0; i < 4; i++) {
        size_t len = strcspn(text, ".");
        if (!parse_byte(text, len, &byte) || (text[len] == '.') != (i < 3))
            return false;
        address = address << 8 | byte;
        text += len + (i < 3);
    }
    *out = address;
    return true;
}

bool cloud_cidr_parse(const char *text, int64_t *base, int *prefix)
{
    char address[CLOUD_ADDRESS_SIZE];
    const char *slash = strchr(text, '/');
    size_t len = slash != NULL ? (size_t)(slash - text) : sizeof address;
    int64_t bits = 0, number = 0;
    if (len >= sizeof address || slash[1] == '\0' || (slash[1] == '0' && slash[2] != '\0'))
        return false;
    memcpy(address, text, len);
    address[len] = '\0';
    if (!cloud_address_parse(address, &number) || !str_parse_i64(slash + 1, 0, 32, &bits))
        return false;
    *prefix = (int)bits;
    *base = bits == 0 ? 0 : number >> (32 - bits) << (32 - bits);
    return true;
}

static void format_name(char out[CLOUD_HOSTNAME_SIZE], const char *prefix, int64_t address)
{
    uint32_t a = (uint32_t)address;
    snprintf(out, CLOUD_HOSTNAME_SIZE, "%s-%u-%u-%u-%u", prefix, a >> 24, a >> 16 & 255u,
             a >> 8 & 255u, a & 255u);
}

void cloud_hostname_format(char out[CLOUD_HOSTNAME_SIZE], int64_t address)
{
    format_name(out, "ip", address);
}

void cloud_public_name_format(char out[CLOUD_PUBLIC_NAME_SIZE], int64_t address, const char *domain)
{
    char name[CLOUD_HOSTNAME_SIZE];
    format_name(name, "ec2", address);
    out[0] = '\0';
    if (*domain != '\0')
        snprintf(out, CLOUD_PUBLIC_NAME_SIZE, "%s.%.*s", name, CLOUD_DOMAIN_MAX, domain);
}

bool cloud_domain_is(const char *text)
{
    static const char within[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    enum { LABEL_MAX = 63 };
    if (strlen(text) > CLOUD_DOMAIN_MAX)
        return false;
    while (*text != '\0') {
        size_t len = strspn(text, within);
        if (len == 0 || len > LABEL_MAX || *text == '-' || text[len - 1] == '-')
            return false;
        text += len;
        if (*text == '\0')
            return true;
        if (*text != '.' || *++text == '\0')
            return false;
    }
    return true;
}

void cloud_mac_format(char out[CLOUD_MAC_SIZE], const unsigned char bytes[CLOUD_MAC_FREE])
{
    snprintf(out, CLOUD_MAC_SIZE, "02:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2],
             bytes[3], bytes[4]);
}
