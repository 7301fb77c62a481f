/* metadata.h - whose a domain is, written into the domain itself.
 *
 * This is how a host that lost its store, or a manager that was killed, knows its guests again.
 * Pure text in, text out. */
#pragma once

#include "computer-manager/hypervisor/xml.h"
#include "computer-manager/model/job.h"

#include <stdbool.h>

#define HOST_METADATA_URI "https://tercet/domain/1"

struct host_metadata {
    char instance[HOST_ID_SIZE];
    int64_t pepoch, generation;
    int64_t profile;           /* its hardware; 0 = not said */
    char boot[HOST_NAME_SIZE]; /* boot_id of the machine when it was last started; "" = never */
};

/* Writes the element that stands in <metadata>. */
void host_metadata_write(struct host_xml *x, const struct host_metadata *m);
/* Reads the element as the hypervisor service gives it back; false: not one of ours. */
bool host_metadata_parse(const char *text, struct host_metadata *out);
