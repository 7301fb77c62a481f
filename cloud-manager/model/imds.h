/* imds.h - the options of an instance's metadata service, in EC2's words. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { CLOUD_IMDS_HOPS_MAX = 64 };

struct cloud_imds {
    bool is_off;      /* HttpEndpoint: nothing is answered */
    bool is_required; /* HttpTokens: only requests with a token are answered */
    bool shows_tags;  /* InstanceMetadataTags */
    int64_t hops;     /* HttpPutResponseHopLimit: IP TTL of a token, 1..64 */
};

/* What an instance has that was launched without any. */
struct cloud_imds cloud_imds_default(void);
/* Each takes a word of EC2's; false when it is none. */
bool cloud_imds_set_endpoint(struct cloud_imds *imds, const char *word);
bool cloud_imds_set_tokens(struct cloud_imds *imds, const char *word);
bool cloud_imds_set_tags(struct cloud_imds *imds, const char *word);
const char *cloud_imds_endpoint(const struct cloud_imds *imds);
const char *cloud_imds_tokens(const struct cloud_imds *imds);
const char *cloud_imds_tags(const struct cloud_imds *imds);
/* May a tag of that key be a path of the tree? Others are not shown in it. */
bool cloud_imds_shows_key(const char *key);
