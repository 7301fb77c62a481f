/* auth_report.c - see auth_report.h. */
#include "proto/auth/auth_report.h"

#include "proto/auth/digest.h"
#include "proto/auth/seal.h"

#define FAMILY(id, name, type, help) \
    static const struct report_family id = {name, REPORT_##type, help};
#include "proto/auth/metrics.def"
#undef FAMILY

void auth_report(struct report *r)
{
    struct digest_work work = digest_work();
    report_number(r, &hashes, (int64_t)work.hashes, NULL);
    report_number(r, &hmacs, (int64_t)work.hmacs, NULL);
    report_number(r, &opened, (int64_t)seal_work(), NULL);
}
