/* sshkey_wire.h - strings of the SSH wire form (RFC 4251 5), and what both sshkey files share. For
 * them only. */
#pragma once

#include "proto/auth/sshkey.h"

#include <stdbool.h>
#include <stddef.h>

/* Bytes that somebody else owns. */
struct sshkey_wire {
    const unsigned char *at;
    size_t len;
};

/* Takes a string: length (u32, big endian) and bytes; false when it is cut short. */
bool sshkey_wire_take(struct sshkey_wire *rest, struct sshkey_wire *out);

/* Appends. */
void sshkey_wire_put_u32(struct buf *out, size_t value);
void sshkey_wire_put(struct buf *out, const void *data, size_t len);
void sshkey_wire_put_text(struct buf *out, const char *text);
/* A positive number of big-endian bytes. */
void sshkey_wire_put_number(struct buf *out, const unsigned char *data, size_t len);

/* "ssh-rsa", "ssh-ed25519". */
const char *sshkey_kind_type(enum sshkey_kind kind);
/* Appends "type base64 comment". */
void sshkey_line_put(struct buf *line, enum sshkey_kind kind, const struct buf *blob,
                     const char *comment);
/* "aa:bb:cc" */
void sshkey_colon_hex(char out[SSHKEY_FINGERPRINT_SIZE], const unsigned char *data, size_t len);
/* Base64 of the SHA-256 of a wire form. */
void sshkey_blob_fingerprint(char out[SSHKEY_FINGERPRINT_SIZE], const struct buf *blob);
