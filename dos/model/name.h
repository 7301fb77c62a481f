/* name.h - may a bucket or a key be called so? Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* 3..63 of a-z 0-9 . -, labels begin and end with a letter or digit, not shaped like an IPv4
 * address (S3 user guide, "Bucket naming rules"). */
bool dos_name_is_bucket(const char *name);
/* Well-formed UTF-8 (no surrogates, nothing overlong, no control NUL). */
bool dos_name_is_utf8(const char *text, size_t len);
/* `len` lower-case hex digits and nothing else. */
bool dos_name_is_hex(const char *text, size_t len);
