/* seal.h - secrets at rest: AES-256-GCM under a master key from a file.
 *
 * The text form is base64 of IV (12 bytes), ciphertext, tag (16). The context ("table|row id|key
 * version") is authenticated but not stored, so a sealed secret opens only in its own row.
 * Deterministic but for the caller's rng. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/rng.h"

#include <stdbool.h>
#include <stddef.h>

enum { SEAL_KEY_SIZE = 32, SEAL_PLAIN_MAX = 64 * 1024 };

struct seal_key {
    unsigned char bytes[SEAL_KEY_SIZE];
};

/* The master key in `path`: 64 hex digits and a newline. A missing file is made, mode 0400, never
 * over another one. ERR_CONFIG: not a regular file of ours or of root's, open to group or others,
 * or malformed. ERR_IO. */
enum err_code seal_key_load(struct seal_key *out, const char *path, const struct rng *rng,
                            struct err *err);

/* Appends the text form. `len` at most SEAL_PLAIN_MAX. */
void seal_wrap(const struct seal_key *key, const char *context, const void *plain, size_t len,
               const struct rng *rng, struct buf *text);

/* Appends the secret. ERR_INTERNAL: another key, another context, or altered; `plain` is as it was.
 */
enum err_code seal_unwrap(const struct seal_key *key, const char *context, const char *text,
                          struct buf *plain, struct err *err);

/* How often this process tried to. */
uint64_t seal_work(void);

/* Overwrites, then frees: CLEANUP(seal_wipe) struct buf secret = {0}; */
void seal_wipe(struct buf *secret);
void seal_key_wipe(struct seal_key *key);
