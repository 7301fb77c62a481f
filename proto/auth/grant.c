/* grant.c - the text of a grant is rebuilt from what the request says, and compared. */
#include "proto/auth/grant.h"

#include "base/check.h"
#include "base/str.h"
#include "proto/auth/digest.h"

#include <inttypes.h>
#include <string.h>

/* "v1.<node>.<manifest>.<expiry>." and its authenticator. */
static void build(struct buf *out, const unsigned char key[GRANT_KEY_SIZE], const char *node,
                  const char *manifest, int64_t expiry_ms)
{
    size_t start = out->len;
    buf_printf(out, "v1.%s.%s.%" PRId64, node, manifest, expiry_ms);
    unsigned char mac[DIGEST_SHA256_SIZE];
    char hex[DIGEST_SHA256_HEX_SIZE];
    digest_hmac_sha256(mac, key, GRANT_KEY_SIZE, out->data + start, out->len - start);
    str_hex(hex, mac, sizeof mac);
    buf_char(out, '.');
    buf_text(out, hex);
}

void grant_make(struct buf *text, const unsigned char key[GRANT_KEY_SIZE], const char *node,
                const char *manifest, int64_t expiry_ms)
{
    PRE(expiry_ms >= 0);
    PRE(strlen(manifest) == 64 && strspn(manifest, "0123456789abcdef") == 64);
    PRE(node[0] != '\0' && strlen(node) <= 64);
    size_t start = text->len;
    build(text, key, node, manifest, expiry_ms);
    POST(text->len - start < GRANT_TEXT_MAX);
}

/* The number between the last two dots. */
static bool parse_expiry(const char *text, int64_t *expiry_ms)
{
    char digits[24];
    const char *mac = strrchr(text, '.');
    const char *start = mac;
    while (start != NULL && start > text && start[-1] != '.')
        start--;
    if (mac == NULL || (size_t)(mac - start) >= sizeof digits)
        return false;
    memcpy(digits, start, (size_t)(mac - start));
    digits[mac - start] = '\0';
    return str_parse_i64(digits, 0, INT64_MAX, expiry_ms);
}

enum err_code grant_check(const char *text, const unsigned char key[GRANT_KEY_SIZE],
                          const char *node, const char *manifest, int64_t now_ms, struct err *err)
{
    int64_t expiry_ms;
    if (strnlen(text, GRANT_TEXT_MAX) == GRANT_TEXT_MAX || !parse_expiry(text, &expiry_ms))
        return err_set(err, ERR_DENIED, "the grant is malformed");
    CLEANUP(buf_fini) struct buf wanted = {0};
    build(&wanted, key, node, manifest, expiry_ms);
    if (!digest_text_equal(wanted.data, text))
        return err_set(err, ERR_DENIED, "the grant is not for this node and manifest");
    if (expiry_ms <= now_ms)
        return err_set(err, ERR_EXPIRED, "the grant has expired");
    return ERR_OK;
}
