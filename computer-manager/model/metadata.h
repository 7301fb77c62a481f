/* metadata.h - what a guest reads at 169.254.169.254, as a pure function.
 *
 * (facts of the instance, request) -> status and body: IMDSv1 and v2, the tree that cloud-init
 * 22.4 and the AWS SDKs walk. effect/metadata_server.c calls it; the facts come from the core by
 * (network, address of the peer), never from anything the guest sent. The tree itself is the
 * one list in metadata.c; directories and their listings follow from its leaves.
 *
 * A token is a MAC over (instance, expiry) with a key of this run, so nothing is kept: it is good
 * for its own instance only, and a restart of the manager ends all of them (clients then ask for
 * a new one on the 401 they get).
 *
 * Never here: a clock, a socket, a lookup. */
#pragma once

#include "base/buf.h"
#include "computer-manager/model/job.h"
#include "computer-manager/model/metadata_request.h"
#include "computer-manager/model/metadata_token.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    METADATA_GROUPS_MAX = 5,
    METADATA_TAGS_MAX = 50,
    METADATA_KEY_SIZE = METADATA_TOKEN_KEY_SIZE,
    METADATA_USER_DATA_MAX = 16384,
    METADATA_TTL_MAX = 21600, /* seconds of a token */
};

enum metadata_tokens {
    METADATA_TOKENS_OPTIONAL, /* version 1 is answered too */
    METADATA_TOKENS_REQUIRED,
    METADATA_OFF, /* the endpoint is disabled: 403 to everything */
};

/* Everything about one instance. Texts are borrowed for the call and never NULL: "" = there is
 * none, and its leaf is not listed. */
struct metadata_instance {
    const char *instance;      /* i-... */
    const char *image;         /* ami-... */
    const char *type;          /* t3.micro */
    const char *reservation;   /* r-... */
    const char *account;       /* 12 digits */
    const char *region, *zone; /* zone: region and letter */
    const char *hostname;      /* ip-172-31-0-5.REGION.compute.internal */
    const char *public_hostname, *public_address;
    const char *profile;        /* virtual hardware for people, e.g. "default-hvm" */
    const char *key_name, *key; /* "ssh-ed25519 AAAA... name", without a newline */
    const char *root_device;    /* /dev/sda1 */
    const char *port;           /* eni-... */
    const char *vpc, *subnet;
    uint8_t mac[6];
    uint32_t address; /* host order, as all addresses here */
    uint32_t subnet_cidr, vpc_cidr;
    uint8_t subnet_len, vpc_len;
    int64_t launch_index;
    int64_t launched_ms;            /* pendingTime of the identity document; since 1970 */
    const char *architecture;       /* x86_64 */
    const unsigned char *user_data; /* raw bytes */
    size_t user_data_len;           /* 0 = none: 404 */
    size_t groups_len, tags_len;
    struct {
        const char *id, *name;
    } groups[METADATA_GROUPS_MAX];
    struct {
        const char *key, *value;
    } tags[METADATA_TAGS_MAX]; /* only when the instance shows its tags; sorted by key */
    enum metadata_tokens tokens;
    uint8_t hop_limit; /* IP TTL of answers to token requests, 1..64 */
};

struct metadata_answer {
    int status;
    const char *type; /* Content-Type; static text */
    int64_t
        token_ttl_s; /* of an issued token, else 0: the answer carries it, with IP TTL hop_limit */
    struct buf body; /* owned: metadata_answer_fini */
};

/* Total: whatever the request is, there is an answer. `key` is random per run; `now_ms` of a
 * clock that never jumps (CLOCK_BOOTTIME): tokens end by it. */
void metadata_answer(struct metadata_answer *out, const struct metadata_instance *i,
                     const struct metadata_request *r, const uint8_t key[METADATA_KEY_SIZE],
                     int64_t now_ms);
/* The answer to what is no request of ours, or whose asker is not known. */
void metadata_refuse(struct metadata_answer *out, int status);
void metadata_answer_fini(struct metadata_answer *a);
