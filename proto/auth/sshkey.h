/* sshkey.h - SSH key pairs as EC2 has them: import, fingerprints, creation.
 *
 * Parsing, fingerprints and sshkey_make_ed25519 (from a seed that the caller drew) are
 * deterministic. sshkey_make_rsa uses the crypto library's own randomness and takes up to a second:
 * it is run as a job, outside the core. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>

enum {
    SSHKEY_SEED_SIZE = 32,
    SSHKEY_FINGERPRINT_SIZE = 64, /* the longest is SHA-1: 20 * 3 */
    SSHKEY_COMMENT_SIZE = 256,
    SSHKEY_TEXT_MAX = 8 * 1024, /* of a public line */
    SSHKEY_RSA_BITS_MIN = 1024,
    SSHKEY_RSA_BITS_MAX = 16384,
    SSHKEY_RSA_BITS = 2048, /* of the ones we make */
};

enum sshkey_kind { SSHKEY_RSA, SSHKEY_ED25519 };

/* "rsa", "ed25519": EC2's KeyType. */
const char *sshkey_kind_name(enum sshkey_kind kind);

struct sshkey_public {
    enum sshkey_kind kind;
    unsigned bits;                     /* of RSA's modulus; 256 */
    char comment[SSHKEY_COMMENT_SIZE]; /* cut to fit; printable; "" without one */
    struct buf blob;                   /* RFC 4253 6.6 wire form; owned */
};

/* One line of authorized_keys form without options: "ssh-rsa AAAA... comment"; blanks and a newline
 * around it are fine. Strict: the wire form is the only one for its key. ERR_KEY_FORMAT. */
enum err_code sshkey_parse(struct sshkey_public *out, const char *text, size_t len,
                           struct err *err);
void sshkey_public_fini(struct sshkey_public *key);

/* Appends "type base64" and " comment" if there is one; no newline. */
void sshkey_format(struct buf *line, const struct sshkey_public *key);

/* What ImportKeyPair answers: rsa MD5 of the SubjectPublicKeyInfo DER, "aa:bb:.."; ed25519 base64
 * of the SHA-256 of the wire form, with padding. */
void sshkey_fingerprint(char out[SSHKEY_FINGERPRINT_SIZE], const struct sshkey_public *key);

/* A pair made here. */
struct sshkey_pair {
    enum sshkey_kind kind;
    struct buf
        private_pem; /* rsa: PKCS#1 PEM; ed25519: OpenSSH's own form; unencrypted; owned, secret */
    struct buf public_line; /* without newline; owned */
    char
        fingerprint[SSHKEY_FINGERPRINT_SIZE]; /* what CreateKeyPair answers: rsa SHA-1 of the PKCS#8
                                                 DER, "aa:bb:.."; ed25519 as when imported */
};

/* `comment` is printable ASCII, shorter than SSHKEY_COMMENT_SIZE, "" for none: EC2 puts the key's
 * name. */
void sshkey_make_ed25519(struct sshkey_pair *out, const unsigned char seed[SSHKEY_SEED_SIZE],
                         const char *comment);
/* In a job only (see above). ERR_INTERNAL: the library failed. */
enum err_code sshkey_make_rsa(struct sshkey_pair *out, const char *comment, struct err *err);
/* Wipes and frees. */
void sshkey_pair_fini(struct sshkey_pair *pair);
