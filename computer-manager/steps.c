/* steps.c - what people hear of a record on its way to running: the step that the plan names, when
 * it changes, and a fetch that goes on with each ten percent. RAM only: it follows from the rest.
 *
 * Whatever changes a fact marks the record, so at the end of each turn fact and step agree; what
 * is said meanwhile is replaced before it leaves. */
#include "base/check.h"
#include "computer-manager/host.h"

#include <string.h>

void host_steps_note(struct host_core *c, struct host_record *r, enum instance_step step,
                     const struct host_base *base)
{
    int64_t percent = instance_step_has_percent(step) && base != NULL ? base->percent : 0;
    if (r->step == step && r->step_percent == percent)
        return;
    r->step = step;
    r->step_percent = percent;
    host_say(c, r);
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
