/* auth_report.h - how much this process proved and hashed (metrics.def). Called by
 * proto/http/status. */
#pragma once

#include "base/report.h"

void auth_report(struct report *r);
