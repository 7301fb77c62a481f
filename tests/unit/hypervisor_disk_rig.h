/* hypervisor_disk_rig.h - a host's disks and an image that a stand-in for dos serves: twelve
 * chunks, of which one is a hole and two are the same. One in a process. */
#pragma once

#include "computer-manager/effect/disk.h"
#include "proto/wire/manifest.h"
#include "tests/unit/hypervisor_chunk_server.h"

enum { CHUNK = MANIFEST_CHUNK_SIZE, CHUNKS = 12, HOLE = 3, TWIN = 7, TAIL = 4096 };
enum { FETCHED = CHUNKS - 2 /* that have to come from somewhere */ };
#define IMAGE_BYTES ((size_t)(CHUNKS - 1) * CHUNK + TAIL)
#define GRANT       "v1.host-1.manifest.99.abc"

struct disk_rig {
    struct chunk_server server;
    unsigned char *image; /* its bytes */
    struct buf manifest_text;
    char manifest_hex[HOST_HASH_SIZE];
    char dir[32], state_dir[64], images_dir[64];
    char base_path[256], part_path[256], manifest_path[256];
    struct host_disk *disk;
    struct err err;
    int64_t progress_done, progress_total;
};

extern struct disk_rig rig;

int disk_rig_init(void **state);
/* Fails where something is left. */
int disk_rig_fini(void **state);
/* Before each test: nothing is here, and the server is well. */
int disk_rig_forget(void **state);

void disk_rig_hash(unsigned char out[32], const void *bytes, size_t len);
struct host_disk_config disk_rig_config(const char *images);
/* The job that fetches it from dos. */
struct host_disk_base disk_rig_good(void);
enum err_code disk_rig_fetch(const struct host_disk_base *s);
void disk_rig_assert_right(void);
