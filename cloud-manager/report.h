/* report.h - figures of the cloud-manager: counted in RAM by front.c, told to whoever runs it. */
#pragma once

#include "cloud-manager/state.h"

/* A request was answered: its action (enum cloud_action_id; -1 = none was proven), and how. */
void cloud_count_request(struct cloud_core *c, int action, enum err_code code);
/* core.report; `self` is the core. */
void cloud_report(const void *self, const struct instant *now, struct report *r);
