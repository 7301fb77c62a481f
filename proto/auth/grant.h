/* grant.h - the permission of a node to read the chunks of one image for a while.
 *
 * "v1.<node>.<manifest>.<expiry ms>.<HMAC-SHA256>", made by the cloud-manager into the wishes of a
 * host, checked by dos and by neighbours that hold chunks, with the 32-byte key they share. Pure.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

enum {
    GRANT_KEY_SIZE = 32,
    GRANT_TEXT_MAX = 256, /* characters, with a NUL */
};

/* Appends. `node` is [A-Za-z0-9._-]{1,64}, `manifest` is 64 lower-case hex digits, expiry >= 0. */
void grant_make(struct buf *text, const unsigned char key[GRANT_KEY_SIZE], const char *node,
                const char *manifest, int64_t expiry_ms);

/* Is `text` (hostile) a grant for that node (of the client's certificate) and that manifest (of the
 * request)? ERR_DENIED: no. ERR_EXPIRED: it was, until expiry_ms <= now_ms. */
enum err_code grant_check(const char *text, const unsigned char key[GRANT_KEY_SIZE],
                          const char *node, const char *manifest, int64_t now_ms, struct err *err);
