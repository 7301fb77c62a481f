/* load.h - the one door to jansson's parser. Inside of proto/wire. */
#pragma once

#include <jansson.h>
#include <stddef.h>

/* As json_loadb, and no name may be there twice. Where there is no memory the process ends, as
 * everywhere (jansson itself would go on, and free a long text twice). */
json_t *wire_load(const char *text, size_t len, size_t flags, json_error_t *why);
