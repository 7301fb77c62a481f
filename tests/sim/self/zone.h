/* zone.h - a crown, two clusters, six hosts: the product's lower tiers under a stand-in cloud. */
#pragma once

#include "tests/sim/world.h"

extern const struct sim_scene sim_scene_zone;
