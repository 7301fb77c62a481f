/* ec2_image.h - how EC2 writes parts of an image. */
#pragma once

#include "cloud-manager/api/call.h"
#include "cloud-manager/ops/image.h"

/* <blockDeviceMapping> */
void cloud_write_image_mappings(struct cloud_xml *xml, const struct cloud_image *image);
