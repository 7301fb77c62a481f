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

int64_t host_record_tens(int64_t done_bytes, int64_t total_bytes)
{
    if (done_bytes <= 0 || total_bytes <= 0)
        return 0;
    return done_bytes >= total_bytes ? 100 : done_bytes * 10 / total_bytes * 10;
}
