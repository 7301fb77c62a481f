/* item.h - what both ends of a link agree on about an item: its place in a sum. */
#pragma once

#include "proto/wire/messages.h"

#include <stdint.h>

/* What an item adds to the 64-bit sum of its link while it lives (PROTOCOL 3). */
uint64_t sync_item_hash(const char *kind, const char *id, int64_t generation, int64_t pepoch,
                        int64_t number);
