/* token.h - the text with which a child joins its parent: "tj1." and base64url.
 *
 * It says where the parent is, which CA it has (so that nothing is trusted on first use), a one-use
 * secret, and for which node it was made. The parent keeps token_hash() and the node's name, never
 * the text. Fifteen minutes and one use are the parent's to enforce. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/rng.h"
#include "proto/auth/digest.h"

#include <stdbool.h>

enum {
    TOKEN_PARENT_SIZE = 262, /* a DNS name or [address], ':', port, NUL */
    TOKEN_NODE_SIZE = 65,
    TOKEN_SECRET_SIZE = 32,
    TOKEN_TEXT_MAX = 640,
};

struct token {
    char parent_node[TOKEN_NODE_SIZE];      /* the name in the parent's certificate, or "" */
    char parent[TOKEN_PARENT_SIZE];         /* "host:port", "[2001:db8::1]:port" */
    char ca_sha256[DIGEST_SHA256_HEX_SIZE]; /* fingerprint as in struct cert_info */
    unsigned char secret[TOKEN_SECRET_SIZE];
    char node[TOKEN_NODE_SIZE]; /* [A-Za-z0-9._-]+ */
};

/* `parent` is "host:port" or "node@host:port". Draws the secret and appends the text.
 * ERR_INVALID_PARAMETER: parent, fingerprint or node is malformed. */
enum err_code token_make(struct buf *text, const char *parent, const char *ca_sha256,
                         const char *node, const struct rng *rng, struct err *err);

/* ERR_TOKEN_INVALID: not a token. Only one text stands for a token. */
enum err_code token_parse(struct token *out, const char *text, struct err *err);

/* SHA-256 of the whole text, hex: what a parent stores. */
void token_hash(char out[DIGEST_SHA256_HEX_SIZE], const char *text);
/* Is it the token whose hash was stored? Constant time. */
bool token_matches(const char *text, const char *stored_hash);
