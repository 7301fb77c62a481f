/* utf8.h - where characters end in a text that may be anything (RFC 3629). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the character that begins these `len` bytes; 0: none does. A NUL is none. */
size_t utf8_len(const char *text, size_t len);
/* Are all of them characters? */
bool utf8_is(const char *text, size_t len);
