/* reboot.h - reboots that were asked of guests and not heard yet.
 *
 * A reboot is asked by the ACPI power button: the guest powers itself off, and the service
 * turns that into a reset. It was heard when the service reports a reset of that domain (its
 * REBOOT event). A guest that has no ACPI, hangs, or sits in its boot loader never gets there
 * and is reset when its time is over. A reboot asked again meanwhile changes nothing.
 *
 * The table dies with the process: a kill -9 in that minute may lose a reset, and never causes
 * a second one (PROTOCOL 1: an edge may be lost and is never doubled). */
#pragma once

#include "computer-manager/model/job.h"

#include <stdbool.h>
#include <stdint.h>

struct host_reboots;

/* One run of a guest, and a time that concerns it: a later run is not meant. */
struct host_guest_run {
    char instance[HOST_ID_SIZE];
    int64_t pepoch;
    int run;       /* the service's number of this run of the domain */
    int64_t at_ms; /* mono */
};

struct host_reboots *host_reboots_new(void);
void host_reboots_free(struct host_reboots *w);
/* It is reset at its at_ms, if not heard. False: the table is full. */
bool host_reboots_expect(struct host_reboots *w, const struct host_guest_run *r);
/* The guest was reset, or will not be: forget it. */
void host_reboots_heard(struct host_reboots *w, const char *instance);
/* Takes out one whose time is over. */
bool host_reboots_take_due(struct host_reboots *w, int64_t now_ms, struct host_guest_run *out);
