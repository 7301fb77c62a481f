/* service.h - which run of the hypervisor service answers us, and which boot of the machine.
 *
 * An operation of unknown outcome is settled only by a listing of a service that was started
 * later (PROTOCOL R7), so two runs must never carry the same name. */
#pragma once

#include "base/err.h"
#include "computer-manager/model/job.h"

#include <stdbool.h>
#include <stddef.h>

/* Of the service behind a libvirt URI: pid and start time of whoever listens on its unix
 * socket. Where a service manager holds the socket, those of the process named in the pid file
 * that stands beside it or in /run. A service inside our own process (test:, /embed) is named
 * by us; one that cannot be seen (another machine, another pid namespace) by `version` and the
 * boot id, which tells no two runs apart: its unknown outcomes last until the machine boots.
 * ERR_UNAVAILABLE: nobody listens. */
enum err_code host_service_identity(char out[HOST_NAME_SIZE], const char *uri, const char *version,
                                    struct err *err);
/* boot_id of this machine. */
enum err_code host_service_boot(char out[HOST_NAME_SIZE], struct err *err);
/* The unix socket of a URI: socket=PATH, or the system service's own; false: it has none. */
bool host_service_socket(char *out, size_t out_size, const char *uri);
