/* sshkey.c - public keys: the authorized_keys line, its wire form (RFC 4253 6.6, RFC 8709),
 * fingerprints. */
#include "proto/auth/sshkey.h"

#include "base/check.h"
#include "base/str.h"
#include "proto/auth/base64.h"
#include "proto/auth/digest.h"
#include "proto/auth/sshkey_wire.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <string.h>

static const struct {
    const char *name; /* EC2's KeyType */
    const char *type; /* in lines and wire forms */
} kinds[] = {
    [SSHKEY_RSA] = {"rsa", "ssh-rsa"},
    [SSHKEY_ED25519] = {"ed25519", "ssh-ed25519"},
};
enum { KINDS_LEN = sizeof kinds / sizeof kinds[0], ED25519_SIZE = 32 };

const char *sshkey_kind_name(enum sshkey_kind kind)
{
    return kinds[kind].name;
}

const char *sshkey_kind_type(enum sshkey_kind kind)
{
    return kinds[kind].type;
}

static enum err_code malformed(struct err *err, const char *why)
{
    return err_set(err, ERR_KEY_FORMAT, "not an OpenSSH public key: %s", why);
}

/* --- the wire form --- */

/* A positive number without superfluous zeros; without the one that keeps it positive. */
static bool take_number(struct sshkey_wire *rest, struct sshkey_wire *out)
{
    if (!sshkey_wire_take(rest, out) || out->len == 0 || (out->at[0] & 0x80) != 0)
        return false;
    if (out->at[0] != 0)
        return true;
    *out = (struct sshkey_wire){out->at + 1, out->len - 1};
    return out->len > 0 && (out->at[0] & 0x80) != 0;
}

static unsigned bits_of(struct sshkey_wire number)
{
    unsigned top = 0;
    for (unsigned char c = number.at[0]; c != 0; c >>= 1)
        top++;
    return (unsigned)(number.len - 1) * 8 + top;
}

static bool take_rsa(struct sshkey_wire *rest, struct sshkey_wire *e, struct sshkey_wire *n)
{
    return take_number(rest, e) && take_number(rest, n) && rest->len == 0;
}

static bool is_odd(struct sshkey_wire number)
{
    return (number.at[number.len - 1] & 1) != 0;
}

static enum err_code check_rsa(struct sshkey_public *out, struct sshkey_wire rest, struct err *err)
{
    struct sshkey_wire e, n;
    if (!take_rsa(&rest, &e, &n))
        return malformed(err, "the numbers of the RSA key are malformed");
    out->bits = bits_of(n);
    if (out->bits < SSHKEY_RSA_BITS_MIN || out->bits > SSHKEY_RSA_BITS_MAX)
        return err_set(err, ERR_KEY_FORMAT, "an RSA key of %u bits: from %d to %d are accepted",
                       out->bits, SSHKEY_RSA_BITS_MIN, SSHKEY_RSA_BITS_MAX);
    if (!is_odd(n) || !is_odd(e) || bits_of(e) < 2 || bits_of(e) > 64)
        return malformed(err, "modulus or exponent cannot be those of an RSA key");
    return ERR_OK;
}

static enum err_code check_blob(struct sshkey_public *out, struct err *err)
{
    struct sshkey_wire rest = {(const unsigned char *)out->blob.data, out->blob.len}, type, point;
    const char *wanted = kinds[out->kind].type;
    if (!sshkey_wire_take(&rest, &type) || type.len != strlen(wanted) ||
        memcmp(type.at, wanted, type.len) != 0)
        return malformed(err, "inside it has another type than it says");
    if (out->kind == SSHKEY_RSA)
        return check_rsa(out, rest, err);
    if (!sshkey_wire_take(&rest, &point) || point.len != ED25519_SIZE || rest.len != 0)
        return malformed(err, "the Ed25519 point is malformed");
    out->bits = ED25519_SIZE * 8;
    return ERR_OK;
}

/* --- the line --- */

struct line {
    const char *at, *end;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct line trimmed(const char *text, size_t len)
{
    struct line line = {text, text + len};
    while (line.at < line.end && (is_blank(*line.at) || *line.at == '\n' || *line.at == '\r'))
        line.at++;
    while (line.end > line.at &&
           (is_blank(line.end[-1]) || line.end[-1] == '\n' || line.end[-1] == '\r'))
        line.end--;
    return line;
}

static struct line take_word(struct line *rest)
{
    struct line word = {rest->at, rest->at};
    while (word.end < rest->end && !is_blank(*word.end))
        word.end++;
    rest->at = word.end;
    while (rest->at < rest->end && is_blank(*rest->at))
        rest->at++;
    return word;
}

static bool find_kind(enum sshkey_kind *out, struct line word)
{
    size_t len = (size_t)(word.end - word.at);
    for (unsigned i = 0; i < KINDS_LEN; i++) {
        if (strlen(kinds[i].type) == len && memcmp(kinds[i].type, word.at, len) == 0) {
            *out = (enum sshkey_kind)i;
            return true;
        }
    }
    return false;
}

/* Does a character of UTF-8 go on here? */
static bool is_inside(const char *at)
{
    return ((unsigned char)*at & 0xc0) == 0x80;
}

/* Printable bytes only: it ends up in files of guests, in logs and on terminals. Where it is cut,
 * no character is cut in two, and no blank stands at the end: the line that is written reads as it
 * was read. */
static bool keep_comment(struct sshkey_public *out, struct line comment)
{
    size_t len = (size_t)(comment.end - comment.at);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)comment.at[i] < 0x20 || comment.at[i] == 0x7f)
            return false;
    size_t kept = len < sizeof out->comment ? len : sizeof out->comment - 1;
    while (kept < len && kept > 0 &&
           (is_blank(comment.at[kept - 1]) || is_inside(comment.at + kept)))
        kept--;
    memcpy(out->comment, comment.at, kept);
    out->comment[kept] = '\0';
    return true;
}

static enum err_code parse_line(struct sshkey_public *out, struct line line, struct err *err)
{
    if (memchr(line.at, '\n', (size_t)(line.end - line.at)) != NULL)
        return malformed(err, "it must be one line");
    if (!find_kind(&out->kind, take_word(&line)))
        return malformed(err, "it must begin with ssh-rsa or ssh-ed25519");
    struct line blob = take_word(&line);
    if (!base64_decode(&out->blob, blob.at, (size_t)(blob.end - blob.at)))
        return malformed(err, "its second word is not base64");
    if (!keep_comment(out, line))
        return malformed(err, "its comment has control characters");
    return check_blob(out, err);
}

enum err_code sshkey_parse(struct sshkey_public *out, const char *text, size_t len, struct err *err)
{
    *out = (struct sshkey_public){0};
    if (len > SSHKEY_TEXT_MAX)
        return malformed(err, "it is too long");
    enum err_code code = parse_line(out, trimmed(text, len), err);
    if (code != ERR_OK)
        sshkey_public_fini(out);
    return code;
}

void sshkey_public_fini(struct sshkey_public *key)
{
    buf_fini(&key->blob);
}

void sshkey_format(struct buf *line, const struct sshkey_public *key)
{
    sshkey_line_put(line, key->kind, &key->blob, key->comment);
}

void sshkey_line_put(struct buf *line, enum sshkey_kind kind, const struct buf *blob,
                     const char *comment)
{
    buf_printf(line, "%s ", kinds[kind].type);
    base64_encode(line, blob->data, blob->len);
    if (comment[0] != '\0')
        buf_printf(line, " %s", comment);
}

/* --- fingerprints --- */

static EVP_PKEY *rsa_from(struct sshkey_wire e, struct sshkey_wire n)
{
    BIGNUM *big_e = BN_bin2bn(e.at, (int)e.len, NULL), *big_n = BN_bin2bn(n.at, (int)n.len, NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    INV(big_e != NULL && big_n != NULL && build != NULL);
    INV(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, big_n) == 1);
    INV(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, big_e) == 1);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *key = NULL;
    INV(params != NULL && ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1);
    INV(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) == 1);
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_free(big_e);
    BN_free(big_n);
    return key;
}

static void fingerprint_rsa(char out[SSHKEY_FINGERPRINT_SIZE], const struct sshkey_public *key)
{
    struct sshkey_wire rest = {(const unsigned char *)key->blob.data, key->blob.len}, type, e, n;
    INV(sshkey_wire_take(&rest, &type) && take_rsa(&rest, &e, &n));
    EVP_PKEY *rsa = rsa_from(e, n);
    unsigned char *der = NULL, md5[DIGEST_MD5_SIZE];
    int len = i2d_PUBKEY(rsa, &der);
    INV(len > 0);
    digest_md5(md5, der, (size_t)len);
    OPENSSL_free(der);
    EVP_PKEY_free(rsa);
    sshkey_colon_hex(out, md5, sizeof md5);
}

void sshkey_colon_hex(char out[SSHKEY_FINGERPRINT_SIZE], const unsigned char *data, size_t len)
{
    PRE(len > 0 && 3 * len <= SSHKEY_FINGERPRINT_SIZE);
    for (size_t i = 0; i < len; i++) {
        str_hex(out + 3 * i, data + i, 1);
        out[3 * i + 2] = ':';
    }
    out[3 * len - 1] = '\0';
}

void sshkey_blob_fingerprint(char out[SSHKEY_FINGERPRINT_SIZE], const struct buf *blob)
{
    unsigned char sha256[DIGEST_SHA256_SIZE];
    CLEANUP(buf_fini) struct buf text = {0};
    digest_sha256(sha256, blob->data, blob->len);
    base64_encode(&text, sha256, sizeof sha256);
    POST(str_copy(out, SSHKEY_FINGERPRINT_SIZE, text.data));
}

void sshkey_fingerprint(char out[SSHKEY_FINGERPRINT_SIZE], const struct sshkey_public *key)
{
    if (key->kind == SSHKEY_RSA)
        fingerprint_rsa(out, key);
    else
        sshkey_blob_fingerprint(out, &key->blob);
}
