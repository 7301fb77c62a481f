/* tier.h - what hosts fetch: manifests and chunks, over the tiers' TLS with client certificates.
 *
 *   GET /v1/manifests/<sha256>   GET /v1/chunks/<sha256>
 *   x-tercet-grant: what the host found in its wish (proto/auth/grant.h)
 *
 * The certificate's node must be the grant's; a chunk is served if the granted manifest names it.
 * Errors are one line of text. */
#pragma once

#include "base/clock.h"
#include "dos/bodies.h"
#include "dos/directory.h"
#include "dos/index.h"
#include "proto/http/pool.h"

struct dos_tier {
    struct dos_index *index;
    struct dos_directory *directory;
    struct dos_bodies bodies;
    struct clock clock;
};

/* `tier` outlives the pool. */
struct http_pool_handler dos_tier_handler(struct dos_tier *tier);
