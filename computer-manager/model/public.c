/* public.c - public addresses as nft text. */
#include "computer-manager/model/public.h"

#include "computer-manager/model/address.h"
#include "computer-manager/model/netname.h"

#include <stdio.h>
#include <string.h>

void host_public_router(struct buf *out)
{
    /* A guest that calls a neighbour by its public address is answered by way of the router: both
     * ends of that are translated. */
    buf_text(out, "table ip " HOST_PUBLIC_TABLE " {\n"
                  "  map " HOST_PUBLIC_TO_GUEST " { type ipv4_addr : ipv4_addr\n  }\n"
                  "  map " HOST_PUBLIC_TO_WORLD " { type ipv4_addr : ipv4_addr\n  }\n"
                  "  chain pre { type nat hook prerouting priority dstnat; policy accept;\n  }\n"
                  "  chain post { type nat hook postrouting priority srcnat - 1;"
                  " policy accept;\n  }\n"
                  "}\n"
                  "flush chain ip " HOST_PUBLIC_TABLE " pre\n"
                  "flush chain ip " HOST_PUBLIC_TABLE " post\n"
                  "table ip " HOST_PUBLIC_TABLE " {\n"
                  "  chain pre {\n"
                  "    dnat to ip daddr map @" HOST_PUBLIC_TO_GUEST "\n  }\n"
                  "  chain post {\n"
                  "    oifname \"" HOST_NETNAME_UPLINK "\" snat to ip saddr map"
                  " @" HOST_PUBLIC_TO_WORLD "\n"
                  "    iifname \"" HOST_NETNAME_GATEWAY "\" ct status dnat snat to ip saddr map"
                  " @" HOST_PUBLIC_TO_WORLD "\n"
                  "    iifname \"" HOST_NETNAME_GATEWAY "\" ct status dnat masquerade\n  }\n"
                  "}\n");
}

static void both(struct buf *out, const char *verb, uint32_t public_address, uint32_t address)
{
    char p[HOST_ADDRESS_SIZE], a[HOST_ADDRESS_SIZE];
    host_address_format(p, public_address);
    host_address_format(a, address);
    buf_printf(out,
               "%s element ip " HOST_PUBLIC_TABLE " " HOST_PUBLIC_TO_GUEST " { %s : %s }\n"
               "%s element ip " HOST_PUBLIC_TABLE " " HOST_PUBLIC_TO_WORLD " { %s : %s }\n",
               verb, p, a, verb, a, p);
}

void host_public_map(struct buf *out, uint32_t public_address, uint32_t address)
{
    both(out, "add", public_address, address);
}

void host_public_unmap(struct buf *out, uint32_t public_address, uint32_t address)
{
    both(out, "delete", public_address, address);
}

static void element(struct buf *out, const char *verb, const char *prefix, const char *set,
                    uint32_t public_address)
{
    char table[HOST_NETNAME_SIZE], p[HOST_ADDRESS_SIZE];
    buf_printf(out, "%s element inet %s %s { %s }\n", verb, host_netname_table(table, prefix), set,
               host_address_format(p, public_address));
}

/* From one set to the other. Adding first makes the deletion fine where it is not there. */
static void swap(struct buf *out, const char *prefix, const char *from, const char *to,
                 uint32_t public_address)
{
    element(out, "add", prefix, from, public_address);
    element(out, "delete", prefix, from, public_address);
    element(out, "add", prefix, to, public_address);
}

void host_public_admit(struct buf *out, const char *prefix, uint32_t public_address)
{
    swap(out, prefix, HOST_PUBLIC_RETIRED, HOST_PUBLIC_SET, public_address);
}

void host_public_dismiss(struct buf *out, const char *prefix, uint32_t public_address)
{
    swap(out, prefix, HOST_PUBLIC_SET, HOST_PUBLIC_RETIRED, public_address);
}

/* "203.0.113.7 : 172.31.0.4" stands in it once at most. */
uint32_t host_public_listed(const char *listing, uint32_t key)
{
    char start[HOST_ADDRESS_SIZE + 3], value[HOST_ADDRESS_SIZE], text[HOST_ADDRESS_SIZE];
    uint32_t found = 0;
    snprintf(start, sizeof start, "%s : ", host_address_format(text, key));
    for (const char *at = listing; (at = strstr(at, start)) != NULL; at++) {
        if (at > listing && at[-1] != ' ' && at[-1] != '\t')
            continue; /* the end of a longer address */
        const char *from = at + strlen(start);
        size_t len = strspn(from, "0123456789.");
        if (len >= sizeof value)
            return 0;
        memcpy(value, from, len);
        value[len] = '\0';
        return host_address_parse(value, &found) ? found : 0;
    }
    return 0;
}
