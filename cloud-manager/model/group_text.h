/* group_text.h - what security groups may be called, and what may be said of groups and rules.
 * Pure.
 */
#pragma once

#include "base/err.h"

enum { CLOUD_GROUP_TEXT_MAX = 255 };

/* From 1 to 255 of the characters that EC2 takes in a VPC; not "default", not "sg-...".
 * ERR_INVALID_PARAMETER. */
enum err_code cloud_group_name_check(const char *name, struct err *err);
/* At most 255 of the same characters; `what` names the parameter. ERR_INVALID_PARAMETER. */
enum err_code cloud_group_text_check(const char *what, const char *text, struct err *err);
