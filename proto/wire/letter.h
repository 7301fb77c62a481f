/* letter.h - one letter of UTF-8 (RFC 3629), strictly. */
#pragma once

#include <stddef.h>

/* Bytes of the letter at `text`, of which `left` bytes are there; 0 = it is none. */
size_t wire_letter_len(const char *text, size_t left);
