/* asking.h - how a host asks its cluster-manager, for whatever plays hosts: tests, and bench/. */
#pragma once

#include "base/event.h"
#include "proto/wire/messages.h"

/* Who asks, in which run, for the how-manieth time; the rest of `m` is the caller's, and texts that
 * it did not give are "". Its listing is done. */
void asking_fill(struct wire_sync_request *m, const char *node, const char *boot, int64_t boot_n,
                 int64_t seq);
/* The same as an event of request `id` under the node's certificate; borrows `body`. */
struct event asking_event(uint64_t id, const char *node, const struct buf *body);
