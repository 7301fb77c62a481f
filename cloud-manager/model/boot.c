/* boot.c - the table of boot modes. */
#include "cloud-manager/model/boot.h"

#include "base/str.h"

#include <stddef.h>

/* Every type has both kinds of firmware, so what is preferred is had. */
static const struct {
    const char *mode, *current;
} modes[] = {
    {CLOUD_BOOT_BIOS, CLOUD_BOOT_BIOS},
    {CLOUD_BOOT_UEFI, CLOUD_BOOT_UEFI},
    {"uefi-preferred", CLOUD_BOOT_UEFI},
};

bool cloud_boot_mode_is(const char *text)
{
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (str_eq(modes[i].mode, text))
            return true;
    return false;
}

const char *cloud_boot_current(const char *mode)
{
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (str_eq(modes[i].mode, mode))
            return modes[i].current;
    return CLOUD_BOOT_BIOS;
}
