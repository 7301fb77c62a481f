/* yaml.h - a JSON value as YAML: blocks for what has members, one line for the rest. */
#pragma once

#include "base/buf.h"

#include <jansson.h>

/* Appends, ends the line. Texts that YAML could take for something else stand in quotes. */
void cli_yaml(struct buf *out, const json_t *value);
