/* dispatch.h - from a message of the manager to the call that does it, and back.
 *
 * main.c reads the channel and calls host_dispatch_take; the work is done and answered on the
 * threads of work.h. Each job gets exactly one answer, or the process is gone. */
#pragma once

#include "computer-manager/hypervisor/domain.h"
#include "computer-manager/hypervisor/work.h"

struct host_dispatch_options {
    const char *uri, *state_dir, *images_dir, *emulator;
    const char *accelerator; /* "auto", "kvm" or "tcg" */
    int64_t reboot_deadline_ms;
};

struct host_dispatch;

/* `options` is borrowed for the life of the process; answers go to `channel`. */
enum err_code host_dispatch_new(struct host_dispatch **out,
                                const struct host_dispatch_options *options, int channel,
                                struct err *err);
/* Checks the message and puts it to work, or answers why not. */
void host_dispatch_take(struct host_dispatch *d, const struct channel_message *m);
/* What is due by itself: resets of guests that heard no reboot, logs that have grown. */
void host_dispatch_tick(struct host_dispatch *d, int64_t now_ms);
