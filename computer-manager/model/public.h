/* public.h - public addresses as nft text: pure functions.
 *
 *   world --uplink (answers ARP for P)--> route P/32 --> router namespace: P -> A --> bridge -->
 * guest guest A --> router namespace: A -> P --> this machine: P stays as it is --> world
 *
 * The router namespace has a table of its own for it, with two maps; this machine's table a set of
 * the addresses that are in place, which are neither masqueraded nor dropped (model/filter.c). The
 * groups of a port see the true address of who calls. */
#pragma once

#include "base/buf.h"

#include <stdint.h>

#define HOST_PUBLIC_TABLE    "tercet_public" /* ip, in a router namespace */
#define HOST_PUBLIC_TO_GUEST "to_guest"      /* public -> private */
#define HOST_PUBLIC_TO_WORLD "to_world"      /* private -> public */
#define HOST_PUBLIC_SET      "publics"       /* of this machine's own table: in place, */
#define HOST_PUBLIC_RETIRED  "retired"       /* and given up: nothing is sent with those */

/* The router's table; what its maps hold stays. Idempotent. */
void host_public_router(struct buf *out);
/* Neither address is in the maps, or both are, with each other. */
void host_public_map(struct buf *out, uint32_t public_address, uint32_t address);
/* They are in the maps. */
void host_public_unmap(struct buf *out, uint32_t public_address, uint32_t address);
/* This machine's set: in, and (where it is in) out. */
void host_public_admit(struct buf *out, const char *prefix, uint32_t public_address);
void host_public_dismiss(struct buf *out, const char *prefix, uint32_t public_address);
/* What nft's listing of one of the two maps has for `key`; 0 = nothing. */
uint32_t host_public_listed(const char *listing, uint32_t key);
