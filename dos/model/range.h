/* range.h - which bytes of an object does a GET want? The Range header (RFC 9110, 14.1.2). Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* One range of bytes, before the size is known. Zeroed = everything. */
struct dos_range {
    bool is_given;
    bool is_suffix; /* the last `to` bytes */
    int64_t from;
    int64_t to; /* last byte, inclusive; INT64_MAX = to the end */
};

/* Reads "bytes=a-b", "bytes=a-", "bytes=-n". Anything else (several ranges, other units, bad
 * syntax) counts as not given, as the RFC allows. `text` may be NULL. */
struct dos_range dos_range_parse(const char *text);

/* The bytes it means of `size` bytes; false when it is not satisfiable (416). */
bool dos_range_resolve(const struct dos_range *range, int64_t size_bytes, int64_t *offset,
                       int64_t *len);
