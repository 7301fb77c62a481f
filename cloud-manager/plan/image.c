/* plan/image.c - the planner of images. */
#include "cloud-manager/plan/image.h"

enum cloud_image_action cloud_plan_image(bool is_named, bool is_needed, enum cloud_sent sent,
                                         bool is_gone)
{
    if (is_named || is_needed)
        return sent == CLOUD_SENT_NEVER ? CLOUD_IMAGE_WISH : CLOUD_IMAGE_WAIT;
    if (is_gone)
        return CLOUD_IMAGE_FORGET;
    return sent == CLOUD_SENT_CURRENT ? CLOUD_IMAGE_WAIT : CLOUD_IMAGE_END;
}
