/* pace.c - idle cores, as starts. */
#include "computer-manager/model/pace.h"

#include <stdbool.h>

int64_t host_pace(const struct host_load *load)
{
    bool is_known = load->vcpus > 0 && load->idle_permille > 0;
    int64_t permille = load->idle_permille < 1000 ? load->idle_permille : 1000;
    /* More cores than this change nothing, and the product stays small. */
    int64_t cores = load->vcpus < 1000 * HOST_STARTS_MAX ? load->vcpus : 1000 * HOST_STARTS_MAX;
    int64_t idle = is_known ? (cores * permille + 500) / 1000 : 0;
    return idle < HOST_STARTS_LEAST ? HOST_STARTS_LEAST
           : idle < HOST_STARTS_MAX ? idle
                                    : HOST_STARTS_MAX;
}
