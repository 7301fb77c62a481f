/* hypervisor_disk_rig.c - see the header. */
#include "tests/unit/hypervisor_disk_rig.h"

#include "base/check.h"
#include "base/str.h"
#include "tests/unit/hypervisor_cmocka.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct disk_rig rig = {.server = {.grant = GRANT}};

void disk_rig_hash(unsigned char out[32], const void *bytes, size_t len)
{
    unsigned size = 32;
    PRE(EVP_Digest(bytes, len, out, &size, EVP_sha256(), NULL) == 1);
}

static void make_image(void)
{
    struct manifest m;
    unsigned char sum[32];
    char path[128], hex[65];
    rig.image = check_alloc(IMAGE_BYTES);
    for (size_t i = 0; i < IMAGE_BYTES; i++)
        rig.image[i] = (unsigned char)((uint32_t)i * 2654435761u >> 24);
    memset(rig.image + HOLE * CHUNK, 0, CHUNK);
    memcpy(rig.image + TWIN * CHUNK, rig.image, CHUNK); /* the same chunk in two places */
    manifest_init(&m, IMAGE_BYTES);
    assert_int_equal(m.len, CHUNKS);
    for (size_t i = 0; i < m.len; i++) {
        if (i == HOLE)
            continue;
        m.chunks[i].is_hole = false;
        disk_rig_hash(m.chunks[i].hash, rig.image + i * CHUNK, manifest_chunk_len(&m, i));
        str_hex(hex, m.chunks[i].hash, 32);
        snprintf(path, sizeof path, "/v1/chunks/%s", hex);
        chunk_server_put(path, rig.image + i * CHUNK, manifest_chunk_len(&m, i));
    }
    manifest_encode(&rig.manifest_text, &m);
    disk_rig_hash(sum, rig.manifest_text.data, rig.manifest_text.len);
    str_hex(rig.manifest_hex, sum, 32);
    snprintf(path, sizeof path, "/v1/manifests/%s", rig.manifest_hex);
    chunk_server_put(path, rig.manifest_text.data, rig.manifest_text.len);
    manifest_fini(&m);
}

struct host_disk_config disk_rig_config(const char *images)
{
    return (struct host_disk_config){.state_dir = rig.state_dir,
                                     .images_dir = images,
                                     .ca_file = rig.server.ca_file,
                                     .cert_file = rig.server.cert_file,
                                     .key_file = rig.server.key_file,
                                     .dos_name = "dos-1"};
}

struct host_disk_base disk_rig_good(void)
{
    struct host_disk_base s = {.size_bytes = (int64_t)IMAGE_BYTES};
    str_copy(s.manifest, sizeof s.manifest, rig.manifest_hex);
    str_copy(s.url, sizeof s.url, rig.server.url);
    str_copy(s.grant, sizeof s.grant, GRANT);
    return s;
}

enum err_code disk_rig_fetch(const struct host_disk_base *s)
{
    CLEANUP(buf_fini) struct buf result = {0};
    return host_disk_run(rig.disk, HOST_JOB_DISK_BASE, s, sizeof *s, &result, &rig.err);
}

void disk_rig_assert_right(void)
{
    struct stat st;
    unsigned char *got = check_alloc(IMAGE_BYTES);
    int fd = open(rig.base_path, O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(read(fd, got, IMAGE_BYTES), IMAGE_BYTES);
    assert_memory_equal(got, rig.image, IMAGE_BYTES);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_size, IMAGE_BYTES);
    assert_true((size_t)st.st_blocks * 512 <= IMAGE_BYTES - CHUNK + 65536); /* the hole is one */
    close(fd);
    free(got);
    assert_int_not_equal(access(rig.part_path, F_OK), 0);
}

int disk_rig_forget(void **state)
{
    (void)state;
    unlink(rig.base_path);
    unlink(rig.part_path);
    unlink(rig.manifest_path);
    rig.server.requests = rig.server.drop_every = rig.server.flip_every = rig.server.stop_after = 0;
    rig.server.delay_ms = 0;
    rig.server.near_requests = rig.server.near_fault = 0;
    rig.err = (struct err){0};
    return 0;
}

static void on_progress(void *self, const char *manifest, int64_t done, int64_t total)
{
    (void)self;
    PRE(str_eq(manifest, rig.manifest_hex) && done <= total);
    rig.progress_done = done;
    rig.progress_total = total;
}

int disk_rig_init(void **state)
{
    (void)state;
    chunk_server_start(&rig.server);
    make_image();
    snprintf(rig.dir, sizeof rig.dir, "/tmp/tct-disk-XXXXXX");
    PRE(mkdtemp(rig.dir) != NULL);
    snprintf(rig.state_dir, sizeof rig.state_dir, "%s/state", rig.dir);
    snprintf(rig.images_dir, sizeof rig.images_dir, "%s/images", rig.dir);
    snprintf(rig.base_path, sizeof rig.base_path, "%s/%s.raw", rig.images_dir, rig.manifest_hex);
    snprintf(rig.part_path, sizeof rig.part_path, "%s/.%s.part", rig.images_dir, rig.manifest_hex);
    snprintf(rig.manifest_path, sizeof rig.manifest_path, "%s/%s.json", rig.images_dir,
             rig.manifest_hex);
    mkdir(rig.state_dir, 0700);
    mkdir(rig.images_dir, 0700);
    struct host_disk_config config = disk_rig_config(rig.images_dir);
    config.progress = on_progress;
    return host_disk_new(&rig.disk, &config, &rig.err) != ERR_OK;
}

int disk_rig_fini(void **state)
{
    disk_rig_forget(state);
    host_disk_free(rig.disk);
    chunk_server_stop(&rig.server);
    buf_fini(&rig.manifest_text);
    free(rig.image);
    return rmdir(rig.state_dir) + rmdir(rig.images_dir) + rmdir(rig.dir); /* nothing is left */
}
