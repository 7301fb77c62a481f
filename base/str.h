/* str.h - small, total functions on text. Nothing here allocates. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool str_eq(const char *a, const char *b);
bool str_has_prefix(const char *text, const char *prefix);
/* Copies into a fixed field, cut to fit and always ended by NUL; false when it was cut. */
bool str_copy(char *to, size_t to_size, const char *from);
/* The whole text as a decimal number in [min, max]; no sign but '-', no blanks. */
bool str_parse_i64(const char *text, int64_t min, int64_t max, int64_t *out);
/* Lower-case hex; `out` holds 2 * len + 1 bytes. */
void str_hex(char *out, const void *data, size_t len);
/* Exactly 2 * len hex digits of either case into `out`. */
bool str_unhex(void *out, size_t len, const char *text);
/* EC2 wildcards: '*' any run, '?' any one character, '\' quotes the next (EC2 guide, "Filtering").
 */
bool str_matches(const char *pattern, const char *text);
/* Edit distance, for "did you mean"; texts over 63 characters are far from everything. */
unsigned str_distance(const char *a, const char *b);
