/* progress.h - what is being done for a pending instance, for whoever asks: EC2's StateReason, the
 * object `progress` of REST and of its events. */
#pragma once

#include "cloud-manager/api/tree.h"
#include "cloud-manager/store/instance.h"
#include "proto/wire/states.h"

struct cloud_progress {
    enum instance_step step; /* STEP_NONE: nothing is to be told */
    int64_t percent;         /* of a step that has one */
    const char *message;     /* for people */
};

/* Of a row as far as this needs it: state, generation, seen_generation, step, step_percent. */
struct cloud_progress cloud_progress_of(struct arena *arena, const struct cloud_instance *row);
/* EC2's reason of its state: code "pending" and that message, or why it ended. */
struct cloud_reason {
    const char *code, *message;
};
struct cloud_reason cloud_reason_of(struct arena *arena, const struct cloud_instance *row);
/* <progress>, nothing when there is none. For REST: EC2 has no such thing. */
void cloud_progress_write(struct cloud_tree *tree, const struct cloud_progress *progress);
