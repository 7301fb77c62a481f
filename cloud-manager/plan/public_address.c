/* plan/public_address.c - the planner of public addresses. */
#include "cloud-manager/plan/public_address.h"

enum cloud_public_action cloud_plan_public(const char *want, const char *held, bool is_kept)
{
    if (*held != '\0')
        return CLOUD_PUBLIC_WAIT;
    if (*want != '\0')
        return CLOUD_PUBLIC_GIVE;
    return is_kept ? CLOUD_PUBLIC_WAIT : CLOUD_PUBLIC_FORGET;
}
