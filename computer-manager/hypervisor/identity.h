/* identity.h - names that a guest sees, made from its instance id alone.
 *
 * The UUID begins with "ec2": cloud-init takes a machine whose SMBIOS UUID and serial number
 * are equal and begin so for one that has the EC2 metadata service. The same id gives the same
 * UUID on every host and for ever. */
#pragma once

#include "base/id.h"

#include <stdint.h>

/* Lower case, "ec2xxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx". */
void host_identity_uuid(char out[ID_UUID_SIZE], const char *instance);
/* VM generation id: another for each placement, so that a guest notices that it was moved. */
void host_identity_genid(char out[ID_UUID_SIZE], const char *instance, int64_t pepoch);
