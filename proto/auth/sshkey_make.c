/* sshkey_make.c - new pairs. Everything that held a private key is wiped. */
#include "proto/auth/sshkey.h"

#include "base/check.h"
#include "base/str.h"
#include "proto/auth/base64.h"
#include "proto/auth/digest.h"
#include "proto/auth/seal.h"
#include "proto/auth/sshkey_wire.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/encoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

enum { ED25519_SIZE = 32, PEM_COLUMNS = 70, CIPHER_BLOCK = 8 };

static void pre_comment(const char *comment)
{
    PRE(strlen(comment) < SSHKEY_COMMENT_SIZE);
    for (const char *p = comment; *p != '\0'; p++)
        PRE(*p >= 0x20 && *p < 0x7f);
}

/* --- Ed25519 --- */

/* The private half of OpenSSH's file: two equal numbers (here of the seed, so that one seed makes
 * one file), the key, padding 1 2 3 ... to the block of the cipher "none". */
static void put_private(struct buf *out, const unsigned char *seed, const unsigned char *point,
                        const char *comment)
{
    unsigned char check[DIGEST_SHA256_SIZE], pair[2 * ED25519_SIZE];
    digest_sha256(check, seed, SSHKEY_SEED_SIZE);
    buf_append(out, check, 4);
    buf_append(out, check, 4);
    sshkey_wire_put_text(out, sshkey_kind_type(SSHKEY_ED25519));
    sshkey_wire_put(out, point, ED25519_SIZE);
    memcpy(pair, seed, ED25519_SIZE);
    memcpy(pair + ED25519_SIZE, point, ED25519_SIZE);
    sshkey_wire_put(out, pair, sizeof pair);
    sshkey_wire_put_text(out, comment);
    for (char pad = 1; out->len % CIPHER_BLOCK != 0; pad++)
        buf_char(out, pad);
    OPENSSL_cleanse(pair, sizeof pair);
    OPENSSL_cleanse(check, sizeof check);
}

/* openssh-portable, PROTOCOL.key: magic, cipher, KDF and its options, number of keys, public,
 * private. */
static void put_file(struct buf *out, const struct buf *blob, const struct buf *private_half)
{
    static const char magic[] = "openssh-key-v1"; /* its NUL belongs to it */
    buf_append(out, magic, sizeof magic);
    sshkey_wire_put_text(out, "none");
    sshkey_wire_put_text(out, "none");
    sshkey_wire_put_text(out, "");
    sshkey_wire_put_u32(out, 1);
    sshkey_wire_put(out, blob->data, blob->len);
    sshkey_wire_put(out, private_half->data, private_half->len);
}

static void put_pem(struct buf *out, const struct buf *file)
{
    CLEANUP(seal_wipe) struct buf text = {0};
    base64_encode(&text, file->data, file->len);
    buf_text(out, "-----BEGIN OPENSSH PRIVATE KEY-----\n");
    for (size_t at = 0; at < text.len; at += PEM_COLUMNS) {
        buf_append(out, text.data + at, text.len - at < PEM_COLUMNS ? text.len - at : PEM_COLUMNS);
        buf_char(out, '\n');
    }
    buf_text(out, "-----END OPENSSH PRIVATE KEY-----\n");
}

static void point_of(unsigned char out[ED25519_SIZE], const unsigned char *seed)
{
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, SSHKEY_SEED_SIZE);
    size_t len = ED25519_SIZE;
    INV(key != NULL && EVP_PKEY_get_raw_public_key(key, out, &len) == 1 && len == ED25519_SIZE);
    EVP_PKEY_free(key);
}

void sshkey_make_ed25519(struct sshkey_pair *out, const unsigned char seed[SSHKEY_SEED_SIZE],
                         const char *comment)
{
    pre_comment(comment);
    *out = (struct sshkey_pair){.kind = SSHKEY_ED25519};
    unsigned char point[ED25519_SIZE];
    point_of(point, seed);
    CLEANUP(buf_fini) struct buf blob = {0};
    CLEANUP(seal_wipe) struct buf private_half = {0};
    CLEANUP(seal_wipe) struct buf file = {0};
    sshkey_wire_put_text(&blob, sshkey_kind_type(SSHKEY_ED25519));
    sshkey_wire_put(&blob, point, sizeof point);
    put_private(&private_half, seed, point, comment);
    put_file(&file, &blob, &private_half);
    put_pem(&out->private_pem, &file);
    sshkey_line_put(&out->public_line, SSHKEY_ED25519, &blob, comment);
    sshkey_blob_fingerprint(out->fingerprint, &blob);
}

/* --- RSA --- */

static void put_big(struct buf *out, const EVP_PKEY *key, const char *name)
{
    BIGNUM *bn = NULL;
    INV(EVP_PKEY_get_bn_param(key, name, &bn) == 1);
    unsigned char raw[SSHKEY_RSA_BITS_MAX / 8];
    INV(BN_num_bytes(bn) <= (int)sizeof raw);
    int len = BN_bn2bin(bn, raw);
    sshkey_wire_put_number(out, raw, (size_t)len);
    BN_free(bn);
}

/* PKCS#1, "BEGIN RSA PRIVATE KEY", as EC2 gives it. */
static bool put_pkcs1(struct buf *out, const EVP_PKEY *key)
{
    OSSL_ENCODER_CTX *ctx = OSSL_ENCODER_CTX_new_for_pkey(key, EVP_PKEY_KEYPAIR, "PEM",
                                                          "type-specific", NULL);
    unsigned char *text = NULL;
    size_t len = 0;
    bool fine = ctx != NULL && OSSL_ENCODER_to_data(ctx, &text, &len) == 1;
    if (fine) {
        buf_append(out, text, len);
        OPENSSL_clear_free(text, len);
    }
    OSSL_ENCODER_CTX_free(ctx);
    return fine;
}

/* SHA-1 of the PKCS#8 DER: what `openssl pkcs8 -topk8 -nocrypt -outform DER | sha1sum` shows. */
static bool fingerprint_made(char out[SSHKEY_FINGERPRINT_SIZE], const EVP_PKEY *key)
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
    unsigned char *der = NULL, sha1[DIGEST_SHA1_SIZE];
    int len = info != NULL ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : -1;
    PKCS8_PRIV_KEY_INFO_free(info);
    if (len <= 0)
        return false;
    digest_sha1(sha1, der, (size_t)len);
    OPENSSL_clear_free(der, (size_t)len);
    sshkey_colon_hex(out, sha1, sizeof sha1);
    return true;
}

static bool fill_rsa(struct sshkey_pair *out, const EVP_PKEY *key, const char *comment)
{
    CLEANUP(buf_fini) struct buf blob = {0};
    sshkey_wire_put_text(&blob, sshkey_kind_type(SSHKEY_RSA));
    put_big(&blob, key, OSSL_PKEY_PARAM_RSA_E);
    put_big(&blob, key, OSSL_PKEY_PARAM_RSA_N);
    sshkey_line_put(&out->public_line, SSHKEY_RSA, &blob, comment);
    return put_pkcs1(&out->private_pem, key) && fingerprint_made(out->fingerprint, key);
}

enum err_code sshkey_make_rsa(struct sshkey_pair *out, const char *comment, struct err *err)
{
    pre_comment(comment);
    *out = (struct sshkey_pair){.kind = SSHKEY_RSA};
    EVP_PKEY *key = EVP_RSA_gen(SSHKEY_RSA_BITS);
    bool fine = key != NULL && fill_rsa(out, key, comment);
    EVP_PKEY_free(key);
    if (fine)
        return ERR_OK;
    ERR_clear_error();
    sshkey_pair_fini(out);
    return err_set(err, ERR_INTERNAL, "an RSA key could not be made");
}

void sshkey_pair_fini(struct sshkey_pair *pair)
{
    seal_wipe(&pair->private_pem);
    buf_fini(&pair->public_line);
}
