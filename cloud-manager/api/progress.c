/* progress.c - see progress.h. */
#include "cloud-manager/api/progress.h"

#include "cloud-manager/model/instance_state.h"

struct cloud_progress cloud_progress_of(struct arena *arena, const struct cloud_instance *row)
{
    char words[INSTANCE_STEP_WORDS];
    enum instance_step step = cloud_instance_step_show((enum cloud_instance_state)row->state,
                                                       row->seen_generation == row->generation,
                                                       instance_step_parse(row->step));
    instance_step_words(words, step, row->step_percent);
    return (struct cloud_progress){step, row->step_percent, arena_strdup(arena, words)};
}

struct cloud_reason cloud_reason_of(struct arena *arena, const struct cloud_instance *row)
{
    struct cloud_progress progress = cloud_progress_of(arena, row);
    if (progress.step != STEP_NONE)
        return (struct cloud_reason){"pending", progress.message};
    return (struct cloud_reason){row->reason_code, row->reason};
}

void cloud_progress_write(struct cloud_tree *tree, const struct cloud_progress *progress)
{
    if (progress->step == STEP_NONE)
        return;
    cloud_tree_open(tree, "progress");
    cloud_tree_text(tree, "step", instance_step_text(progress->step));
    if (instance_step_has_percent(progress->step))
        cloud_tree_text(tree, "percent",
                        arena_printf(tree->arena, "%lld", (long long)progress->percent));
    cloud_tree_text(tree, "message", progress->message);
    cloud_tree_close(tree);
}
