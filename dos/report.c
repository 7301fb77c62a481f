/* report.c - what dos has to say of itself: core.report. */
#include "dos/ops/ops.h"
#include "dos/store/garbage.h"

#define FAMILY(id, name, type, help) \
    static const struct report_family id = {name, REPORT_##type, help};
#include "dos/metrics.def"
#undef FAMILY

static const char *const names[DOS_OP_COUNT] = {
#define X(name, need) [DOS_OP_##name] = #name,
    DOS_OPS(X)
#undef X
};

static const char *const outcomes[DOS_OUTCOMES] = {
    [DOS_OUTCOME_OK] = "ok", [DOS_OUTCOME_REFUSED] = "refused", [DOS_OUTCOME_FAILED] = "failed"};

void dos_count_op(struct dos_core *core, enum dos_op_kind kind, enum err_code code)
{
    core->asked[kind][code == ERR_OK               ? DOS_OUTCOME_OK
                      : err_row(code)->http >= 500 ? DOS_OUTCOME_FAILED
                                                   : DOS_OUTCOME_REFUSED]++;
}

void dos_report(const void *self, const struct instant *now, struct report *r)
{
    const struct dos_core *core = self;
    for (int op = 0; op < DOS_OP_COUNT; op++)
        for (int outcome = 0; outcome < DOS_OUTCOMES; outcome++)
            if (core->asked[op][outcome] > 0)
                report_number(r, &asked, (int64_t)core->asked[op][outcome], "operation", names[op],
                              "outcome", outcomes[outcome], NULL);
    report_number(r, &garbage, dos_garbage_len(core->store), NULL);
    report_number(r, &importing, core->import.job_id != 0, NULL);
    if (*core->config.node != '\0')
        sync_child_report(&core->up, now, r);
}
