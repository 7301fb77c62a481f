/* disk.h - the disks of a host: the jobs HOST_JOB_DISK_* of model/job.h.
 *
 * They run inside computer-manager, on worker threads: host_disk_run blocks, for minutes where
 * an image is fetched. Calls may run at once; what they share is locked here. Nothing here
 * decides what is wanted, and nothing starts a domain. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "computer-manager/model/job.h"

struct host_disk_config {
    const char *state_dir, *images_dir;         /* must exist; may be different file systems */
    const char *ca_file, *cert_file, *key_file; /* of this host, for dos */
    const char *dos_name; /* DNS name in dos's certificate, whatever address; NULL = the url's */
    /* Called on a worker thread after each chunk; may be NULL. */
    void (*progress)(void *self, const char *manifest, int64_t done_bytes, int64_t total_bytes);
    void *self;
};

struct host_disk;

/* `config` is copied, its texts too. */
enum err_code host_disk_new(struct host_disk **out, const struct host_disk_config *config,
                            struct err *err);
/* No call may be running. */
void host_disk_free(struct host_disk *d);
/* Makes running fetches end soon with ERR_UNAVAILABLE: before the process ends. */
void host_disk_stop(struct host_disk *d);

/* Does the job `kind`; appends its result struct, if it has one, to `result`. */
enum err_code host_disk_run(struct host_disk *d, int kind, const void *spec, size_t size,
                            struct buf *result, struct err *err);
