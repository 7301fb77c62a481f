/* version.h - the number of the protocol between the tiers (PROTOCOL 9). */
#pragma once

enum { WIRE_VERSION = 1 };

int wire_version(void);
