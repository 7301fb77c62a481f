/* scene.h - one lord and three vassals: proto/sync and the simulator themselves under test. */
#pragma once

#include "tests/sim/world.h"

extern const struct sim_scene sim_scene_self;
/* The same, where the lord is restored and vassals are installed anew in every seed. */
extern const struct sim_scene sim_scene_house;
/* Banners instead of things: wished, ended, wished, ended, faster than messages travel. */
extern const struct sim_scene sim_scene_banners;
