/* image.h - the bases of images on this host: fetched once, verified, kept while they are used.
 *
 * A base is assembled in IMAGES/.MANIFEST.part, where what was fetched before a crash or a cut
 * is found again by its hash, and gets its name when it is whole and flushed. Its manifest is there
 * before it (manifest_file.h) and goes after it. */
#pragma once

#include "computer-manager/effect/disk.h"
#include "computer-manager/effect/fetch.h"

struct host_image_job {
    const char *images_dir;
    const char *manifest;                             /* checked: 64 lower-case hex digits */
    int64_t size_bytes;                               /* the image is not larger than this */
    struct host_fetch_peer peer;                      /* dos, which has all of it */
    struct host_fetch_peer sources[HOST_SOURCES_MAX]; /* hosts that are asked for chunks before */
    size_t sources_len;
    const struct host_disk_config *config; /* for progress */
};

/* Makes it be there. Two at once for the same image: the second waits and finds it. */
enum err_code host_image_ensure(const struct host_image_job *job, struct err *err);
struct host_image_eviction {
    const char *state_dir, *images_dir;
    const struct host_disk_evict *spec;
};

/* Removes what HOST_JOB_DISK_EVICT says. A root disk that cannot be read might stand on anything:
 * then nothing goes. Nobody may make root disks meanwhile. */
enum err_code host_image_evict(const struct host_image_eviction *e, struct host_disk_evicted *out,
                               struct err *err);
/* Fills the fields of images and cache. */
enum err_code host_image_measure(const char *images_dir, struct host_disk_list *out,
                                 struct err *err);
