/* tap.h - the tap a guest's NIC is plugged into: made here, opened by the hypervisor. */
#pragma once

#include "base/err.h"

#include <stdint.h>

/* A persistent tap that stays when this process goes; down until somebody raises it. `owner`: the
 * uid that may open it besides root, -1 = none. One that exists is fine. */
enum err_code tap_ensure(const char *name, int64_t owner, struct err *err);
