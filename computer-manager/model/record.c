/* record.c - facts that follow from a record. */
#include "computer-manager/model/record.h"

bool host_record_ended_alone(const struct host_record *r)
{
    bool off = r->dom == HOST_DOM_OFF || r->dom == HOST_DOM_ABSENT;
    return off && r->ran_generation == r->generation && r->want == HOST_WANT_RUNNING;
}

bool host_record_may_have_domain(const struct host_record *r)
{
    return r->dom != HOST_DOM_ABSENT || r->job_id != 0;
}

uint32_t host_record_next_public(const struct host_record *r, uint32_t wished)
{
    return r->public_address == 0 || r->public_address == wished ? wished : 0;
}
