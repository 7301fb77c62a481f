/* steps.c - what people hear of a record on its way to running: the step that the plan names, when
 * it changes, and a fetch that goes on with each ten percent. RAM only: it follows from the rest.
 *
 * Whatever changes a fact marks the record, so at the end of each turn fact and step agree, or time
 * marks it once more; what is said meanwhile is replaced before it leaves. */
#include "base/check.h"
#include "computer-manager/host.h"

#include <string.h>

/* A newer step of one that is told is told a second later at the earliest: nobody reads faster, and
 * each costs a transaction in every tier. That there is one, or none any more, is told at once. */
enum { TELL_MS = 1000 };

static int64_t percent_of(enum instance_step step, const struct host_base *base)
{
    return instance_step_has_percent(step) && base != NULL ? base->percent : 0;
}

static bool is_told(const struct host_record *r, enum instance_step step,
                    const struct host_base *base)
{
    return r->step == step && r->step_percent == percent_of(step, base);
}

static bool may_wait(const struct host_core *c, const struct host_record *r,
                     enum instance_step step)
{
    return step != STEP_NONE && r->step != STEP_NONE && c->at.now_ms < r->step_ms + TELL_MS;
}

int64_t host_steps_note(struct host_core *c, struct host_record *r, enum instance_step step,
                        const struct host_base *base)
{
    if (is_told(r, step, base))
        return INT64_MAX;
    if (may_wait(c, r, step))
        return r->step_ms + TELL_MS;
    r->step = step;
    r->step_percent = percent_of(step, base);
    r->step_ms = c->at.now_ms;
    host_say(c, r);
    return INT64_MAX;
}

bool host_steps_are_told(const struct host_core *c, const struct host_record *r,
                         enum instance_step step, const struct host_base *base)
{
    return is_told(r, step, base) || may_wait(c, r, step);
}

/* A fetch whose end was heard, or given up, says nothing any more. */
void host_steps_hear(struct host_core *c, const struct job_done *said)
{
    const struct host_disk_progress *p = said->result;
    if (said->result_size != sizeof *p || memchr(p->manifest, '\0', sizeof p->manifest) == NULL)
        return;
    struct host_base *base = map_get(&c->bases, p->manifest);
    int64_t percent = host_record_tens(p->done_bytes, p->total_bytes);
    if (base == NULL || base->job_id == 0 || base->percent == percent)
        return;
    base->percent = percent;
    host_mark_base(c, p->manifest);
}
