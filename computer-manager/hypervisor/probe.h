/* probe.h - does hardware virtualization really work here?
 *
 * /dev/kvm exists on machines where guests hang on it (nested virtualization that lies). So a
 * guest of 512 bytes is run on KVM with the CPU baseline of the current profile; only when it
 * gets past its firmware, into 64-bit mode, and through some work in time is KVM used. The answer
 * is kept in a file for this boot of the machine. Blocks for up to PROBE_MS. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum { HOST_PROBE_MS = 5000 };

/* Runs the probe guest; false with `err` saying why: no such accelerator, no end in time. */
bool host_probe_boots(const char *emulator, const char *accelerator, const char *cpu,
                      int64_t deadline_ms, struct err *err);
/* Is KVM to be used? From `cache_path` when that was written in this boot, else by a probe. */
bool host_probe_has_kvm(const char *emulator, const char *cpu, const char *cache_path,
                        const char *boot);
