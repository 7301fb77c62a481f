/* owned.h - the domains that are ours: those that carry our metadata. Nothing else of the
 * service's is ever named, counted or touched. */
#pragma once

#include "base/err.h"
#include "computer-manager/hypervisor/metadata.h"
#include "computer-manager/model/job.h"

#include <libvirt/libvirt.h>

/* The metadata of `dom`. ERR_NOT_FOUND: not ours. ERR_INSTANCE_NOT_FOUND: gone meanwhile.
 * ERR_PRECONDITION: it bears our namespace and cannot be read; nobody may act on it. */
enum err_code host_owned_metadata(virConnectPtr conn, virDomainPtr dom, struct host_metadata *out,
                                  struct err *err);
/* The domain of an instance: *out is NULL where there is none, else the caller frees it.
 * ERR_PRECONDITION: one of that name is not ours. */
enum err_code host_owned_find(virConnectPtr conn, const char *instance, virDomainPtr *out,
                              struct host_metadata *metadata, struct err *err);
/* Of virDomainGetState: the guest was paused because its disk had no room or failed. */
bool host_owned_is_disk_error(int state, int reason);
/* All of them; whole or an error. `boot` is the machine's. Fills len and domains. */
enum err_code host_owned_list(virConnectPtr conn, const char *boot, struct host_hv_list *out,
                              struct err *err);
