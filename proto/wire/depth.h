/* depth.h - how deep JSON may nest: jansson itself allows 2,048 levels, our own recursion gets
 * these. Inside of proto/wire. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { WIRE_DEPTH_MAX = 32 };

bool wire_is_too_deep(const char *json, size_t len);
