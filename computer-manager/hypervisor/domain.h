/* domain.h - what computer-hypervisor does to one domain. Called on worker threads; each call
 * may block for seconds. All are idempotent.
 *
 * Domains are defined and then created, never autostarted, so that one which is off stays known
 * with the reason. A domain that does not carry our metadata is never touched, whatever its
 * name. */
#pragma once

#include "base/err.h"
#include "computer-manager/hypervisor/connection.h"
#include "computer-manager/hypervisor/reboot.h"
#include "computer-manager/model/job.h"

#include <stdbool.h>

struct host_domains {
    struct host_connection *connection;
    struct host_reboots *reboots;
    const char *state_dir, *images_dir; /* absolute, without links */
    char boot[HOST_NAME_SIZE];          /* boot_id of the machine */
    bool is_kvm;
    int64_t reboot_deadline_ms; /* for a guest to hear a reboot */
};

/* Defines the domain where it is absent or off, with today's generation, and creates it. One
 * that runs under the same pepoch is fine as it is. ERR_PRECONDITION: the instance is here
 * under another pepoch or a later generation, or its disk is not here; nothing was started. */
enum err_code host_domain_start(struct host_domains *d, const struct host_hv_start *s,
                                struct err *err);
/* Presses the power button and returns; *pressed is the run that it was pressed for, without an
 * instance where there was none: off or absent is fine. ERR_PRECONDITION: other pepoch. */
enum err_code host_domain_shutdown(struct host_domains *d, const struct host_hv_target *t,
                                   struct host_guest_run *pressed, struct err *err);
/* Asks its agent as well, where one is connected. An agent is the guest's: it may be late, silent
 * or lie; it has some seconds, on a thread that nobody waits for. Nothing is asked of another run,
 * or after at_ms. */
void host_domain_ask_agent(struct host_domains *d, const struct host_guest_run *r);
/* Power off now. */
enum err_code host_domain_destroy(struct host_domains *d, const struct host_hv_target *t,
                                  struct err *err);
/* Asks the guest to reboot and returns; what follows is in reboot.h. ERR_INSTANCE_STATE: off. */
enum err_code host_domain_reboot(struct host_domains *d, const struct host_hv_target *t,
                                 struct err *err);
/* Resets the run that did not hear; another run of the same instance is left alone. */
enum err_code host_domain_reset(struct host_domains *d, const struct host_guest_run *r,
                                struct err *err);
/* Lets one go on that an error of its disk paused. Running, off, absent, or paused by somebody:
 * fine, and left as it is. */
enum err_code host_domain_resume(struct host_domains *d, const struct host_hv_target *t,
                                 struct err *err);
/* Undefines and destroys until the service says that it knows no such domain. Undefined first:
 * a create that is still queued at the service then finds nothing to start. */
enum err_code host_domain_erase(struct host_domains *d, const struct host_hv_target *t,
                                struct err *err);
