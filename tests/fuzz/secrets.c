/* secrets.c - target: texts that grant something (proto/auth: base64.h, token.h, grant.h,
 * sshkey.h).
 *
 * First byte: which of them; then the text. Holds: base64 has one spelling for each value; a token
 * or a key that is accepted is written again as it was; a grant is good for its node, its image and
 * its time, and no text but it is. */
#include "proto/auth/base64.h"
#include "proto/auth/grant.h"
#include "proto/auth/sshkey.h"
#include "proto/auth/token.h"

#include "base/check.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#define MANIFEST "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void hold_base64(const char *text, size_t len)
{
    static bool (*const decode[])(struct buf *, const char *, size_t) = {base64_decode,
                                                                         base64_url_decode};
    static void (*const encode[])(struct buf *, const void *, size_t) = {base64_encode,
                                                                         base64_url_encode};
    for (size_t i = 0; i < 2; i++) {
        CLEANUP(buf_fini) struct buf plain = {0};
        CLEANUP(buf_fini) struct buf again = {0};
        if (decode[i](&plain, text, len)) {
            encode[i](&again, plain.data, plain.len);
            INV(again.len == len && (len == 0 || memcmp(again.data, text, len) == 0));
        } else {
            INV(plain.len == 0);
        }
        buf_clear(&plain);
        buf_clear(&again);
        encode[i](&again, text, len);
        INV(decode[i](&plain, buf_str(&again), again.len) && plain.len == len);
        INV(len == 0 || memcmp(plain.data, text, len) == 0);
    }
}

/* Whatever the parser gave, made into a token by the same rules. */
static void fill_secret(void *self, void *out, size_t len)
{
    memcpy(out, self, len);
}

static void hold_token(const char *text)
{
    struct token token, other;
    struct err err = {0};
    char hash[DIGEST_SHA256_HEX_SIZE];
    if (token_parse(&token, text, &err) != ERR_OK) {
        memset(&other, 0, sizeof other);
        INV(err.code == ERR_TOKEN_INVALID && memcmp(&token, &other, sizeof token) == 0);
        return;
    }
    CLEANUP(buf_fini) struct buf parent = {0};
    CLEANUP(buf_fini) struct buf again = {0};
    struct rng rng = {.self = token.secret, .fill = fill_secret};
    if (token.parent_node[0] != '\0')
        buf_printf(&parent, "%s@", token.parent_node);
    buf_text(&parent, token.parent);
    INV(token_make(&again, parent.data, token.ca_sha256, token.node, &rng, &err) == ERR_OK);
    INV(str_eq(again.data, text));
    token_hash(hash, text);
    INV(token_matches(text, hash) && !token_matches(text + 1, hash));
}

/* A token of ours, with parts that a stranger chose. */
static void hold_token_made(const char *text)
{
    CLEANUP(buf_fini) struct buf made = {0};
    struct rng_seeded seeded = {.state = 7};
    struct rng rng = rng_seeded(&seeded);
    struct token token;
    struct err err = {0};
    size_t cut = strcspn(text, "\n");
    char *parent = strndup(text, cut);
    const char *node = text + cut + (text[cut] == '\n');
    INV(parent != NULL);
    INV(token_make(&made, parent, "no fingerprint", "n", &rng, &err) == ERR_INVALID_PARAMETER);
    if (token_make(&made, parent, MANIFEST, node, &rng, &err) == ERR_OK) {
        INV(token_parse(&token, made.data, &err) == ERR_OK && str_eq(token.node, node));
        INV(str_eq(token.ca_sha256, MANIFEST));
    }
    free(parent);
}

static void hold_grant(const char *text, size_t len)
{
    static const unsigned char key[GRANT_KEY_SIZE] = "0123456789abcdef0123456789abcdef";
    CLEANUP(buf_fini) struct buf own = {0};
    struct err err = {0};
    int64_t expiry = (int64_t)len * 1000;
    grant_make(&own, key, "host-1", MANIFEST, expiry);
    INV(grant_check(own.data, key, "host-1", MANIFEST, expiry - 1, &err) == ERR_OK);
    INV(grant_check(own.data, key, "host-1", MANIFEST, expiry, &err) == ERR_EXPIRED);
    INV(grant_check(own.data, key, "host-2", MANIFEST, 0, &err) == ERR_DENIED);
    INV(grant_check(text, key, "host-1", MANIFEST, 0, &err) == ERR_DENIED);
    size_t at = len % own.len;
    own.data[at] = (char)(own.data[at] ^ 1);
    INV(grant_check(own.data, key, "host-1", MANIFEST, 0, &err) == ERR_DENIED);
}

static void hold_key(const char *text, size_t len)
{
    struct sshkey_public key, again;
    struct err err = {0};
    char fingerprint[SSHKEY_FINGERPRINT_SIZE], fingerprint_again[SSHKEY_FINGERPRINT_SIZE];
    if (sshkey_parse(&key, text, len, &err) != ERR_OK) {
        INV(err.code == ERR_KEY_FORMAT && key.blob.data == NULL);
        return;
    }
    CLEANUP(buf_fini) struct buf line = {0};
    sshkey_format(&line, &key);
    INV(strchr(line.data, '\n') == NULL &&
        str_has_prefix(line.data + 4, sshkey_kind_name(key.kind)));
    INV(sshkey_parse(&again, line.data, line.len, &err) == ERR_OK);
    INV(again.kind == key.kind && again.bits == key.bits && str_eq(again.comment, key.comment));
    INV(fuzz_same(&again.blob, &key.blob));
    sshkey_fingerprint(fingerprint, &key);
    sshkey_fingerprint(fingerprint_again, &again);
    INV(str_eq(fingerprint, fingerprint_again));
    sshkey_public_fini(&key);
    sshkey_public_fini(&again);
}

/* What is made here is read here. */
static void hold_made_key(const char *text, size_t len)
{
    unsigned char seed[SSHKEY_SEED_SIZE] = {0};
    char fingerprint[SSHKEY_FINGERPRINT_SIZE];
    struct sshkey_pair pair;
    struct sshkey_public key;
    struct err err = {0};
    memcpy(seed, text, len < sizeof seed ? len : sizeof seed);
    sshkey_make_ed25519(&pair, seed, "me");
    INV(sshkey_parse(&key, pair.public_line.data, pair.public_line.len, &err) == ERR_OK);
    INV(key.kind == SSHKEY_ED25519 && str_eq(key.comment, "me"));
    sshkey_fingerprint(fingerprint, &key);
    INV(str_eq(fingerprint, pair.fingerprint));
    sshkey_public_fini(&key);
    sshkey_pair_fini(&pair);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz input = {data, len};
    uint8_t choice = fuzz_byte(&input);
    char *text = fuzz_rest(&input, &len);
    switch (choice % 6) {
    case 0:
        hold_base64(text, len);
        break;
    case 1:
        hold_token(text);
        break;
    case 2:
        hold_token_made(text);
        break;
    case 3:
        hold_grant(text, len);
        break;
    case 4:
        hold_key(text, len);
        break;
    default:
        hold_made_key(text, len);
    }
    free(text);
    return 0;
}
