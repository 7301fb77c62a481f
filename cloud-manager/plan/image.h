/* plan/image.h - the next step for an image: imported by dos, kept while anybody needs it.
 *
 * Pure and total. An image is gone as a name at once, as chunks when no instance needs it. */
#pragma once

#include "cloud-manager/plan/instance.h"

#include <stdbool.h>

enum cloud_image_action {
    CLOUD_IMAGE_WAIT,
    CLOUD_IMAGE_WISH,   /* ask dos to import it */
    CLOUD_IMAGE_END,    /* put a tombstone */
    CLOUD_IMAGE_FORGET, /* dos said it is gone: the row goes */
};

/* `is_named`: not deregistered. `is_needed`: an instance that lives was made of it. */
enum cloud_image_action cloud_plan_image(bool is_named, bool is_needed, enum cloud_sent sent,
                                         bool is_gone);
