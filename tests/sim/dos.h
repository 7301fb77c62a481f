/* dos.h - a stand-in for dos as the cloud-manager knows it: a child that says of each image that
 * it is there, and takes keys and secrets. The bytes of objects are not modelled. */
#pragma once

#include "tests/sim/node.h"

extern const struct sim_tier sim_tier_dos;

enum { SIM_MANIFEST_SIZE = 65 };
/* The manifest that an image becomes. */
void sim_dos_manifest(const char *image, char out[SIM_MANIFEST_SIZE]);
/* About every second image is a medium. */
bool sim_dos_is_medium(const char *manifest);
