/* boot.h - how images boot: EC2's words, and what they come to here. Pure. */
#pragma once

#include <stdbool.h>

#define CLOUD_BOOT_BIOS "legacy-bios"
#define CLOUD_BOOT_UEFI "uefi"

bool cloud_boot_mode_is(const char *text);
/* "legacy-bios" or "uefi": what an instance of such an image really boots with. */
const char *cloud_boot_current(const char *mode);
