/* token.c - fixed binary form: two texts with their length in front, fingerprint and secret
 * between.
 *
 *     parent len u8 | parent | CA SHA-256 (32) | secret (32) | node len u8 | node */
#include "proto/auth/token.h"

#include "base/check.h"
#include "base/str.h"
#include "proto/auth/base64.h"

#include <openssl/crypto.h>
#include <string.h>

#define PREFIX "tj1."

static const char alnum[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/* Is all of `text` letters, digits and `others`? */
static bool is_made_of(const char *text, const char *others)
{
    for (; *text != '\0'; text++)
        if (strchr(alnum, *text) == NULL && strchr(others, *text) == NULL)
            return false;
    return true;
}

static bool is_node(const char *node)
{
    return node[0] != '\0' && strlen(node) < TOKEN_NODE_SIZE && is_made_of(node, "._-");
}

/* Where the address begins in "node@host:port"; NULL when what stands before is no node. */
static const char *address_of(const char *parent)
{
    char node[TOKEN_NODE_SIZE];
    const char *at = strchr(parent, '@');
    if (at == NULL)
        return parent;
    if ((size_t)(at - parent) >= sizeof node)
        return NULL;
    str_copy(node, (size_t)(at - parent) + 1, parent);
    return is_node(node) ? at + 1 : NULL;
}

/* "host:port" or "[v6]:port", with or without "node@". */
static bool is_parent(const char *whole)
{
    char host[TOKEN_PARENT_SIZE];
    const char *parent = address_of(whole);
    if (parent == NULL)
        return false;
    const char *colon = strrchr(parent, ':');
    int64_t port;
    if (colon == NULL || colon == parent || strlen(parent) >= TOKEN_PARENT_SIZE ||
        !str_parse_i64(colon + 1, 1, 65535, &port) || colon[1] == '0')
        return false;
    str_copy(host, (size_t)(colon - parent) + 1, parent);
    size_t len = strlen(host);
    if (host[0] != '[')
        return is_made_of(host, ".-");
    if (len < 4 || host[len - 1] != ']')
        return false;
    host[len - 1] = '\0';
    return is_made_of(host + 1, ":.%-");
}

static void put_text(struct buf *out, const char *text)
{
    size_t len = strlen(text);
    PRE(len <= UINT8_MAX);
    buf_char(out, (char)len);
    buf_append(out, text, len);
}

enum err_code token_make(struct buf *text, const char *parent, const char *ca_sha256,
                         const char *node, const struct rng *rng, struct err *err)
{
    unsigned char ca[DIGEST_SHA256_SIZE], secret[TOKEN_SECRET_SIZE];
    if (!is_parent(parent) || strlen(parent) > UINT8_MAX)
        return err_set(err, ERR_INVALID_PARAMETER, "%.128s is not host:port", parent);
    if (!is_node(node))
        return err_set(err, ERR_INVALID_PARAMETER, "%.128s is not a name of a node", node);
    if (!str_unhex(ca, sizeof ca, ca_sha256))
        return err_set(err, ERR_INVALID_PARAMETER, "the fingerprint is not 64 hex digits");
    rng->fill(rng->self, secret, sizeof secret);
    struct buf raw = {0};
    put_text(&raw, parent);
    buf_append(&raw, ca, sizeof ca);
    buf_append(&raw, secret, sizeof secret);
    put_text(&raw, node);
    buf_text(text, PREFIX);
    base64_url_encode(text, raw.data, raw.len);
    OPENSSL_cleanse(raw.data, raw.len);
    OPENSSL_cleanse(secret, sizeof secret);
    buf_fini(&raw);
    return ERR_OK;
}

/* What is left to read. */
struct rest {
    const char *at;
    size_t len;
};

static bool take(struct rest *rest, void *out, size_t len)
{
    if (rest->len < len)
        return false;
    memcpy(out, rest->at, len);
    *rest = (struct rest){rest->at + len, rest->len - len};
    return true;
}

static bool take_text(struct rest *rest, char *out, size_t out_size)
{
    unsigned char len;
    if (!take(rest, &len, 1) || len >= out_size || !take(rest, out, len))
        return false;
    out[len] = '\0';
    return strlen(out) == len;
}

static bool decode(struct token *out, struct rest rest)
{
    unsigned char ca[DIGEST_SHA256_SIZE];
    if (!take_text(&rest, out->parent, sizeof out->parent) || !take(&rest, ca, sizeof ca) ||
        !take(&rest, out->secret, sizeof out->secret) ||
        !take_text(&rest, out->node, sizeof out->node) || rest.len != 0)
        return false;
    str_hex(out->ca_sha256, ca, sizeof ca);
    if (!is_parent(out->parent) || !is_node(out->node))
        return false;
    const char *address = address_of(out->parent);
    str_copy(out->parent_node, sizeof out->parent_node, "");
    if (address != out->parent) {
        str_copy(out->parent_node, (size_t)(address - out->parent), out->parent);
        memmove(out->parent, address, strlen(address) + 1);
    }
    return true;
}

enum err_code token_parse(struct token *out, const char *text, struct err *err)
{
    *out = (struct token){0};
    size_t len = strnlen(text, TOKEN_TEXT_MAX);
    bool fine = len < TOKEN_TEXT_MAX && str_has_prefix(text, PREFIX);
    struct buf raw = {0};
    fine = fine && base64_url_decode(&raw, text + strlen(PREFIX), len - strlen(PREFIX)) &&
           decode(out, (struct rest){raw.data, raw.len});
    if (raw.data != NULL)
        OPENSSL_cleanse(raw.data, raw.cap);
    buf_fini(&raw);
    if (!fine) {
        OPENSSL_cleanse(out, sizeof *out);
        return err_set(err, ERR_TOKEN_INVALID, "this is not a join token");
    }
    return ERR_OK;
}

void token_hash(char out[DIGEST_SHA256_HEX_SIZE], const char *text)
{
    digest_sha256_hex(out, text, strlen(text));
}

bool token_matches(const char *text, const char *stored_hash)
{
    char hash[DIGEST_SHA256_HEX_SIZE];
    token_hash(hash, text);
    return digest_text_equal(hash, stored_hash);
}
