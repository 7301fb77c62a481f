/* instance_state.h - what a user sees of an instance, made of what is wanted and what was seen.
 *
 * Pure. A user sees states move forward only: cloud_instance_state_show() never gives one that may
 * not follow the one shown before. */
#pragma once

#include "cloud-manager/model/want.h"
#include "proto/wire/states.h"

#include <stdbool.h>

enum cloud_instance_state {
#define STATE(name, code, text, next) CLOUD_INSTANCE_##name = (code),
#include "cloud-manager/model/instance_states.def"
#undef STATE
};

/* What the cluster last said, as far as states care. */
enum cloud_instance_seen {
    CLOUD_SEEN_NOTHING, /* or pending, or stopping: on its way */
    CLOUD_SEEN_RUNNING,
    CLOUD_SEEN_OFF,
    CLOUD_SEEN_GONE,
};

/* "pending" for CLOUD_INSTANCE_PENDING; NULL for what is no state. */
const char *cloud_instance_state_text(enum cloud_instance_state state);
bool cloud_instance_state_may_follow(enum cloud_instance_state from, enum cloud_instance_state to);

/* What to show after `shown`. `is_current`: what was seen was said under the generation that is
 * wanted now. A gone fact counts under any generation: nothing comes back from it. */
enum cloud_instance_state cloud_instance_state_show(enum cloud_instance_state shown,
                                                    enum cloud_want want,
                                                    enum cloud_instance_seen seen, bool is_current);

/* What to tell of its way to running, where it is shown as on its way: what its host said, if that
 * was said under the generation that is wanted now. */
enum instance_step cloud_instance_step_show(enum cloud_instance_state shown, bool is_current,
                                            enum instance_step said);
