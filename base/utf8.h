/* utf8.h - where characters end in a text that may be anything (RFC 3629). */
#pragma once

#include <stddef.h>

/* Bytes of the character that begins these `len` bytes; 0: none does. A NUL is none. */
size_t utf8_len(const char *text, size_t len);
