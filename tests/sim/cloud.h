/* cloud.h - the default scene: the real cloud-manager, two clusters, six hosts, a dos, and
 * subscribers that speak EC2. Children of the cloud join it by token first. */
#pragma once

#include "tests/sim/world.h"

extern const struct sim_scene sim_scene_cloud;
/* The same, and the cloud-manager is restored from backups too. */
extern const struct sim_scene sim_scene_region;
