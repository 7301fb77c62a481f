/* unbuilt.h - names of EC2 actions that exist and are not built: they answer UnsupportedOperation,
 * where a name that EC2 does not know answers InvalidAction. */
#pragma once

#include <stdbool.h>

bool cloud_is_unbuilt(const char *name);
