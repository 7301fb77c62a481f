/* fuzz.h - what the targets share.
 *
 * A target is one file: LLVMFuzzerTestOneInput and the properties that it holds by INV. libFuzzer
 * brings the main of `make fuzz`, replay.c that of every other build. */
#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* An input that is read from its front. */
struct fuzz {
    const uint8_t *at;
    size_t len;
};

/* 0 when it is over. */
uint8_t fuzz_byte(struct fuzz *f);
/* Up to the next `end`, which goes too, or all that is left. Exactly as long as it is, so that ASan
 * sees who reads on; the caller frees. `*len` may be NULL. */
char *fuzz_until(struct fuzz *f, char end, size_t *len);
/* A line that stops at its first NUL; the caller frees. */
char *fuzz_line(struct fuzz *f);
char *fuzz_rest(struct fuzz *f, size_t *len);

/* Is it UTF-8 (RFC 3629)? Written here once more, in another way than the product's are. */
bool fuzz_is_utf8(const char *text, size_t len);
/* Bytes of the character at `text`, its number in *rune; 0: there is none. */
size_t fuzz_rune(const char *text, size_t len, uint32_t *rune);
bool fuzz_same(const struct buf *a, const struct buf *b);
