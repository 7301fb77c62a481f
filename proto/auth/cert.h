/* cert.h - certificates of the tiers: a P-256 root, intermediates for cluster-managers, leaves for
 * nodes.
 *
 * PEM text in and out. Time comes in as wall_ms; the serial comes from the caller's rng. Keys and
 * signatures use the crypto library's own randomness, so two runs differ in bytes: a core asks for
 * them by an effect or a seam that the simulator replaces, and never calls them in a decision.
 * (cert_info_read, cert_verify, cert_renew_due are deterministic.) Buffers are appended to; those
 * that hold keys belong to the caller to wipe (seal_wipe). */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/rng.h"
#include "proto/auth/digest.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct x509_st; /* OpenSSL's X509 */

enum {
    CERT_NAME_SIZE = 65,   /* a common name is at most 64 characters (X.520) */
    CERT_SERIAL_SIZE = 41, /* 20 bytes in hex (RFC 5280 4.1.2.2) */
    CERT_LEAF_LIFE_S = 90 * 24 * 3600,
    CERT_CA_LIFE_S = 10 * 365 * 24 * 3600,
};

struct cert_info {
    char cn[CERT_NAME_SIZE];
    char serial[CERT_SERIAL_SIZE]; /* lower-case hex, whole bytes */
    int64_t not_before_ms, not_after_ms;
    char fingerprint[DIGEST_SHA256_HEX_SIZE]; /* SHA-256 of the DER, lower-case hex */
    bool is_ca;
};

/* A new P-256 key, PKCS#8 PEM, unencrypted. */
enum err_code cert_make_key(struct buf *key_pem, struct err *err);

struct cert_root {
    const char *key_pem;
    const char *cn;
    int64_t wall_ms, life_s;
    const struct rng *rng;
};
/* A self-signed root. */
enum err_code cert_make_root(const struct cert_root *root, struct buf *cert_pem, struct err *err);

/* A request for `cn`, signed by the key. */
enum err_code cert_make_csr(const char *key_pem, const char *cn, struct buf *csr_pem,
                            struct err *err);

enum cert_kind {
    CERT_LEAF,         /* client and server authentication */
    CERT_INTERMEDIATE, /* signs leaves only (pathlen 0); for cluster-managers, who need a leaf of
                          another key too: this one is no identity in TLS */
};

struct cert_sign {
    const char *ca_cert_pem, *ca_key_pem;
    const char *csr_pem; /* hostile: only its public key is taken, after its own signature held */
    const char *cn;      /* [A-Za-z0-9._-], 1..64; of a leaf also its DNS name */
    const char
        *alt_names; /* leaf: further "DNS:name" and "IP:address", comma-separated; NULL = none */
    enum cert_kind kind;
    int64_t wall_ms, life_s; /* valid from a minute ago; never beyond the CA's own end */
    const struct rng *rng;   /* for the serial: 127 bits */
};
/* ERR_BAD_REQUEST: the CSR is malformed, not P-256, or not signed by its key.
 * ERR_INVALID_PARAMETER: cn or alt_names. ERR_TLS: the CA's own texts are no good. ERR_EXPIRED: the
 * CA is. */
enum err_code cert_sign(const struct cert_sign *s, struct buf *cert_pem, struct err *err);

/* The first certificate in `pem`. ERR_BAD_REQUEST: there is none. */
enum err_code cert_info_read(struct cert_info *out, const char *pem, struct err *err);
/* The same of OpenSSL's object, for the TLS front; the one way to spell serials and fingerprints.
 */
enum err_code cert_info_of(struct cert_info *out, const struct x509_st *cert, struct err *err);

/* Does the first certificate of `chain_pem` lead to one of `roots_pem`, over the others in the
 * chain, at that time? ERR_PEER_UNKNOWN: no. ERR_EXPIRED: a link is expired or not yet valid.
 * ERR_BAD_REQUEST: no certificate in a text. */
enum err_code cert_verify(const char *roots_pem, const char *chain_pem, int64_t wall_ms,
                          struct err *err);

/* Is the CSR well signed, by the key that the certificate holds? An expired node may renew by it.
 */
bool cert_same_key(const char *cert_pem, const char *csr_pem);
/* Is this the certificate of that private key? */
bool cert_fits_key(const char *cert_pem, const char *key_pem);

/* Has a third of its life passed? Or has its life not begun: then somebody's clock was ahead when
 * it was made, and nobody else believes it before that time has come. */
bool cert_renew_due(int64_t not_before_ms, int64_t not_after_ms, int64_t now_ms);

/* Replaces a file as a whole (temporary, fsync, rename, fsync of the folder); mode 0600 for keys.
 * ERR_IO. */
enum err_code cert_write_file(const char *path, const char *pem, mode_t mode, struct err *err);
