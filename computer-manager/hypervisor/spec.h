/* spec.h - is what the manager sent fit to be acted upon? Pure.
 *
 * The manager is trusted to be ours and not to be right: every field is checked here before it
 * reaches XML, a path or the hypervisor service. */
#pragma once

#include "base/err.h"
#include "computer-manager/model/job.h"

#include <stddef.h>

/* ERR_INVALID_PARAMETER with the field's name, or ERR_OK. `size` is what was received. */
enum err_code host_spec_check_start(const void *body, size_t size, struct err *err);
enum err_code host_spec_check_target(const void *body, size_t size, struct err *err);
