/* network_facts.h - one port and one instance that several tests of networks start from. */
#pragma once

#include "computer-manager/model/job.h"
#include "computer-manager/model/metadata.h"

struct host_port network_facts_port(void);
struct metadata_instance network_facts_instance(void);
