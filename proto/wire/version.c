/* version.c - which protocol this build speaks. */
#include "proto/wire/version.h"

int wire_version(void)
{
    return WIRE_VERSION;
}
