/* A base is there whole and verified or not at all; whatever was fetched is not fetched again;
 * what dos or the network spoils never becomes a guest's disk. */
#include "tests/unit/hypervisor_cmocka.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/str.h"
#include "computer-manager/effect/disk.h"
#include "computer-manager/effect/layout.h"
#include "computer-manager/effect/share.h"
#include "proto/auth/grant.h"
#include "proto/wire/manifest.h"
#include "tests/unit/hypervisor_chunk_server.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = MANIFEST_CHUNK_SIZE, CHUNKS = 12, HOLE = 3, TWIN = 7, TAIL = 4096 };
#define IMAGE_BYTES ((size_t)(CHUNKS - 1) * CHUNK + TAIL)
#define GRANT       "v1.host-1.manifest.99.abc"

static struct chunk_server server = {.grant = GRANT};
static unsigned char *image;
static struct buf manifest_text;
static char manifest_hex[HOST_HASH_SIZE];
static char dir[] = "/tmp/tct-disk-XXXXXX", state_dir[64], images_dir[64], base_path[256];
static char part_path[256], manifest_path[256];
static struct host_disk *disk;
static struct err err;
static int64_t progress_done, progress_total;

static void hash(unsigned char out[32], const void *bytes, size_t len)
{
    unsigned size = 32;
    PRE(EVP_Digest(bytes, len, out, &size, EVP_sha256(), NULL) == 1);
}

static void make_image(void)
{
    struct manifest m;
    unsigned char sum[32];
    char path[128], hex[65];
    image = check_alloc(IMAGE_BYTES);
    for (size_t i = 0; i < IMAGE_BYTES; i++)
        image[i] = (unsigned char)((uint32_t)i * 2654435761u >> 24);
    memset(image + HOLE * CHUNK, 0, CHUNK);
    memcpy(image + TWIN * CHUNK, image, CHUNK); /* the same chunk in two places */
    manifest_init(&m, IMAGE_BYTES);
    assert_int_equal(m.len, CHUNKS);
    for (size_t i = 0; i < m.len; i++) {
        if (i == HOLE)
            continue;
        m.chunks[i].is_hole = false;
        hash(m.chunks[i].hash, image + i * CHUNK, manifest_chunk_len(&m, i));
        str_hex(hex, m.chunks[i].hash, 32);
        snprintf(path, sizeof path, "/v1/chunks/%s", hex);
        chunk_server_put(path, image + i * CHUNK, manifest_chunk_len(&m, i));
    }
    manifest_encode(&manifest_text, &m);
    hash(sum, manifest_text.data, manifest_text.len);
    str_hex(manifest_hex, sum, 32);
    snprintf(path, sizeof path, "/v1/manifests/%s", manifest_hex);
    chunk_server_put(path, manifest_text.data, manifest_text.len);
    manifest_fini(&m);
}

static struct host_disk_config disk_config(const char *images)
{
    return (struct host_disk_config){.state_dir = state_dir,
                                     .images_dir = images,
                                     .ca_file = server.ca_file,
                                     .cert_file = server.cert_file,
                                     .key_file = server.key_file,
                                     .dos_name = "dos-1"};
}

static struct host_disk_base good(void)
{
    struct host_disk_base s = {.size_bytes = (int64_t)IMAGE_BYTES};
    str_copy(s.manifest, sizeof s.manifest, manifest_hex);
    str_copy(s.url, sizeof s.url, server.url);
    str_copy(s.grant, sizeof s.grant, GRANT);
    return s;
}

static enum err_code fetch(const struct host_disk_base *s)
{
    CLEANUP(buf_fini) struct buf result = {0};
    return host_disk_run(disk, HOST_JOB_DISK_BASE, s, sizeof *s, &result, &err);
}

static void assert_base_is_right(void)
{
    struct stat st;
    unsigned char *got = check_alloc(IMAGE_BYTES);
    int fd = open(base_path, O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(read(fd, got, IMAGE_BYTES), IMAGE_BYTES);
    assert_memory_equal(got, image, IMAGE_BYTES);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_size, IMAGE_BYTES);
    assert_true((size_t)st.st_blocks * 512 <= IMAGE_BYTES - CHUNK + 65536); /* the hole is one */
    close(fd);
    free(got);
    assert_int_not_equal(access(part_path, F_OK), 0);
}

static int forget(void **state)
{
    (void)state;
    unlink(base_path);
    unlink(part_path);
    unlink(manifest_path);
    server.requests = server.drop_every = server.flip_every = server.stop_after = 0;
    server.delay_ms = 0;
    server.near_requests = server.near_fault = 0;
    err = (struct err){0};
    return 0;
}

static void an_image_is_assembled_once(void **state)
{
    (void)state;
    struct host_disk_base s = good();
    if (fetch(&s) != ERR_OK)
        fail_msg("%s", err.text);
    assert_base_is_right();
    /* the manifest and each different chunk, once; no hole */
    assert_int_equal(server.requests, 1 + CHUNKS - 2);
    assert_int_equal(progress_done, IMAGE_BYTES);
    assert_int_equal(progress_total, IMAGE_BYTES);
    assert_int_equal(fetch(&s), ERR_OK);
    assert_int_equal(server.requests, 1 + CHUNKS - 2);
}

static void cuts_and_spoiled_bytes_are_repaired(void **state)
{
    (void)state;
    struct host_disk_base s = good();
    server.drop_every = 4;
    server.flip_every = 5;
    int attempts = 1; /* one body may be unlucky three times; the manager asks again */
    while (fetch(&s) != ERR_OK && attempts < 10)
        attempts++;
    if (err.code != ERR_OK)
        fail_msg("%s", err.text);
    assert_base_is_right();
}

static void what_was_fetched_is_kept(void **state)
{
    (void)state;
    struct host_disk_base s = good();
    server.stop_after = 6;
    assert_int_equal(fetch(&s), ERR_UNAVAILABLE);
    assert_int_not_equal(access(base_path, F_OK), 0);
    assert_int_equal(access(part_path, F_OK), 0);
    int before = server.requests;
    server.stop_after = 0;
    if (fetch(&s) != ERR_OK)
        fail_msg("%s", err.text);
    assert_base_is_right();
    /* what was missing, and what was under way when the first one gave up; the manifest is kept */
    assert_true(server.requests - before < CHUNKS - 2);
}

/* A part file that was spoiled on this disk is not believed. */
static void a_spoiled_part_is_fetched_anew(void **state)
{
    (void)state;
    struct host_disk_base s = good();
    int fd = open(part_path, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(ftruncate(fd, (off_t)IMAGE_BYTES), 0);
    assert_int_equal(pwrite(fd, image, CHUNK, 0), CHUNK);
    assert_int_equal(pwrite(fd, image, CHUNK, CHUNK), CHUNK); /* not what belongs there */
    close(fd);
    if (fetch(&s) != ERR_OK)
        fail_msg("%s", err.text);
    assert_base_is_right();
}

static void a_peer_that_lies_is_refused(void **state)
{
    (void)state;
    struct host_disk_base s = good();
    server.flip_every = 1;
    assert_int_equal(fetch(&s), ERR_IMAGE_INVALID);
    assert_int_not_equal(access(base_path, F_OK), 0);
}

static void grants_and_names_count(void **state)
{
    (void)state;
    struct host_disk_base s = good();
    str_copy(s.grant, sizeof s.grant, "v1.other");
    assert_int_equal(fetch(&s), ERR_DENIED);
    s = good();
    memset(s.manifest, 'f', HOST_HASH_SIZE - 1);
    assert_int_equal(fetch(&s), ERR_IMAGE_UNAVAILABLE);
    s = good();
    s.size_bytes = (int64_t)IMAGE_BYTES - 512; /* larger than the wish says */
    assert_int_equal(fetch(&s), ERR_IMAGE_INVALID);
    char other[256];
    snprintf(other, sizeof other, "%s/.%s.part", images_dir,
             "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
    unlink(other);
}

static void bad_jobs_reach_nobody(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "http://127.0.0.1:1", "https://",    "https://a/b", "file:///",
        "https://a@b",        "https://a b", "https://a?x", ""};
    struct host_disk_base s = good();
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        str_copy(s.url, sizeof s.url, urls[i]);
        assert_int_equal(fetch(&s), ERR_INVALID_PARAMETER);
    }
    s = good();
    str_copy(s.grant, sizeof s.grant, "a\r\nx-other: b");
    assert_int_equal(fetch(&s), ERR_INVALID_PARAMETER);
    s = good();
    s.manifest[5] = '/';
    assert_int_equal(fetch(&s), ERR_INVALID_PARAMETER);
    s = good();
    memset(s.url, 'a', sizeof s.url);
    assert_int_equal(fetch(&s), ERR_INVALID_PARAMETER);
    assert_int_equal(server.requests, 0);
}

/* The peer must be the one whose certificate says so, whatever address was dialled. */
static void another_name_is_not_dos(void **state)
{
    (void)state;
    struct host_disk *other;
    CLEANUP(buf_fini) struct buf result = {0};
    struct host_disk_base s = good();
    struct host_disk_config config = disk_config(images_dir);
    config.dos_name = "dos-2";
    assert_int_equal(host_disk_new(&other, &config, &err), ERR_OK);
    assert_int_equal(host_disk_run(other, HOST_JOB_DISK_BASE, &s, sizeof s, &result, &err),
                     ERR_UNAVAILABLE);
    host_disk_free(other);
    assert_int_equal(server.requests, 0);
}

/* Where everything under way has come, nothing is waited for: with a wait of half a second at each
 * end of a manifest or of the last chunks, these would take ten. */
static void what_has_come_is_taken_at_once(void **state)
{
    enum { ROUNDS = 10, MOST_MS = 5000 };
    struct clock clock = clock_system();
    struct host_disk_base s = good();
    int64_t begun_ms = clock.read(clock.self).mono_ms;
    for (int i = 0; i < ROUNDS; i++) {
        forget(state);
        assert_int_equal(fetch(&s), ERR_OK);
    }
    assert_true(clock.read(clock.self).mono_ms - begun_ms < MOST_MS);
}

/* ---- other hosts ------------------------------------------------------------------------ */

/* The manifest's name is its hash: what this disk makes of it is noticed. */
static void a_manifest_is_kept_beside_its_base(void **state)
{
    (void)state;
    struct host_disk_base s = good();
    assert_int_equal(fetch(&s), ERR_OK);
    assert_int_equal(unlink(base_path), 0);
    assert_int_equal(fetch(&s), ERR_OK);
    assert_int_equal(server.requests, 1 + 2 * (CHUNKS - 2));
    int fd = open(manifest_path, O_WRONLY);
    assert_int_equal(pwrite(fd, "0", 1, 100), 1);
    close(fd);
    assert_int_equal(unlink(base_path), 0);
    assert_int_equal(fetch(&s), ERR_OK);
    assert_int_equal(server.requests, 2 + 3 * (CHUNKS - 2));
    assert_base_is_right();
    s.size_bytes = (int64_t)IMAGE_BYTES - 512;
    assert_int_equal(unlink(base_path), 0);
    assert_int_equal(fetch(&s), ERR_IMAGE_INVALID);
}

/* ---- other images ------------------------------------------------------------------------ */

enum { ALIKE = 8 /* chunks that the other image has in other places */ };

/* An image whose base and manifest are here: some of the chunks, from its second chunk on. */
static void make_kin(char base[256], char text_path[256], bool is_spoilt)
{
    struct manifest m;
    unsigned char sum[32];
    char hex[65];
    CLEANUP(buf_fini) struct buf text = {0};
    manifest_init(&m, (ALIKE + 1) * CHUNK);
    for (size_t i = 1; i < m.len; i++) {
        m.chunks[i].is_hole = i - 1 == HOLE;
        hash(m.chunks[i].hash, image + (i - 1) * CHUNK, CHUNK);
    }
    manifest_encode(&text, &m);
    manifest_fini(&m);
    hash(sum, text.data, text.len);
    str_hex(hex, sum, 32);
    snprintf(base, 256, "%s/%s.raw", images_dir, hex);
    snprintf(text_path, 256, "%s/%s.json", images_dir, hex);
    int fd = open(text_path, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(fd, text.data, text.len), text.len);
    close(fd);
    fd = open(base, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(pwrite(fd, image, ALIKE * CHUNK, CHUNK), ALIKE * CHUNK);
    if (is_spoilt)
        assert_int_equal(pwrite(fd, "spoilt", 6, 2 * CHUNK + 5), 6);
    close(fd);
}

/* A delta costs what is different: of eight chunks one is a hole, and two are the same. */
static void what_other_bases_have_is_not_fetched(void **state)
{
    for (int is_spoilt = 0; is_spoilt <= 1; is_spoilt++) {
        char base[256], text_path[256];
        struct host_disk_base s = good();
        forget(state);
        make_kin(base, text_path, is_spoilt);
        if (fetch(&s) != ERR_OK)
            fail_msg("%s", err.text);
        assert_base_is_right();
        assert_int_equal(server.requests, 1 + (CHUNKS - 2) - (ALIKE - 2) + is_spoilt);
        assert_int_equal(progress_done, IMAGE_BYTES);
        assert_int_equal(unlink(base) + unlink(text_path), 0);
    }
}

/* ---- other hosts ------------------------------------------------------------------------ */

/* What another host serves of it. */
static void make_near(void)
{
    static const unsigned char all[(CHUNKS + 7) / 8] = {0xff, 0xff};
    static char manifest[128], have[128];
    snprintf(manifest, sizeof manifest, "/v1/bases/%s/manifest", manifest_hex);
    snprintf(have, sizeof have, "/v1/bases/%s/have", manifest_hex);
    chunk_server_put(manifest, manifest_text.data, manifest_text.len);
    chunk_server_put(have, all, sizeof all);
    for (size_t i = 0; i < CHUNKS; i++) {
        static char paths[CHUNKS][128];
        snprintf(paths[i], sizeof paths[i], "/v1/bases/%s/%zu", manifest_hex, i);
        chunk_server_put(paths[i], image + i * CHUNK, i < CHUNKS - 1 ? CHUNK : TAIL);
    }
}

static struct host_disk_base near(const char *url)
{
    struct host_disk_base s = good();
    s.sources_len = 1;
    str_copy(s.sources[0].node, sizeof s.sources[0].node, "dos-1"); /* as its certificate says */
    str_copy(s.sources[0].url, sizeof s.sources[0].url, url);
    str_copy(s.sources[0].grant, sizeof s.sources[0].grant, GRANT);
    return s;
}

static void a_neighbour_spares_dos(void **state)
{
    (void)state;
    struct host_disk_base s = near(server.url);
    assert_int_equal(fetch(&s), ERR_OK);
    assert_base_is_right();
    assert_int_equal(server.requests, 0);
    assert_int_equal(server.near_requests, CHUNKS - 2 + 2); /* the manifest, and what it has */
}

/* Whatever is wrong with it, dos makes up for it, it is asked for nothing twice, and what was right
 * is not fetched again. */
static void a_neighbour_in_doubt_is_left(void **state)
{
    static const enum near_fault faults[] = {NEAR_LIES, NEAR_IS_SLOW, NEAR_GOES_AWAY, NEAR_REFUSES};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct host_disk_base s = near(server.url);
        forget(state);
        server.near_fault = faults[i];
        if (fetch(&s) != ERR_OK)
            fail_msg("fault %d: %s", faults[i], err.text);
        assert_base_is_right();
        assert_true(server.near_requests <= CHUNKS - 2 + 2);
        assert_true(server.requests > 0 && server.requests <= 1 + CHUNKS - 2);
    }
    forget(state);
}

static void a_neighbour_that_is_not_there_costs_nothing(void **state)
{
    (void)state;
    struct host_disk_base s = near("https://127.0.0.1:1");
    assert_int_equal(fetch(&s), ERR_OK);
    assert_base_is_right();
    assert_int_equal(server.requests, 1 + CHUNKS - 2);
    forget(state);
    s = near(server.url);
    str_copy(s.sources[0].node, sizeof s.sources[0].node, "host-7"); /* somebody else answers */
    assert_int_equal(fetch(&s), ERR_OK);
    assert_int_equal(server.near_requests, 0);
}

static void a_source_without_sense_is_refused(void **state)
{
    (void)state;
    struct host_disk_base s = near("http://127.0.0.1:1");
    assert_int_equal(fetch(&s), ERR_INVALID_PARAMETER);
    s = near(server.url);
    str_copy(s.sources[0].node, sizeof s.sources[0].node, "a/b");
    assert_int_equal(fetch(&s), ERR_INVALID_PARAMETER);
    s = near(server.url);
    s.sources_len = HOST_SOURCES_MAX + 1;
    assert_int_equal(fetch(&s), ERR_INVALID_PARAMETER);
    assert_int_equal(server.requests, 0);
}

/* ---- and this one, as another host sees it ------------------------------------------------ */

static const unsigned char share_key[GRANT_KEY_SIZE] = {7};

static struct host_share *open_share(const char *from, int transfers)
{
    struct host_share *share = NULL;
    CLEANUP(buf_fini) struct buf cert = {0}, key = {0}, ca = {0};
    assert_int_equal(http_tls_read(&cert, server.cert_file, &err), ERR_OK);
    assert_int_equal(http_tls_read(&key, server.key_file, &err), ERR_OK);
    assert_int_equal(http_tls_read(&ca, server.ca_file, &err), ERR_OK);
    struct http_tls tls = {
        .cert_pem = buf_str(&cert), .key_pem = buf_str(&key), .ca_pem = buf_str(&ca)};
    struct host_share_config config = {.images_dir = from,
                                       .address = "127.0.0.1",
                                       .transfers = transfers,
                                       .bytes_s = 1 << 30,
                                       .tls = &tls};
    assert_int_equal(host_share_open(&share, &config, &err), ERR_OK);
    return share;
}

/* A grant for `node` with that key; the source is this host's own share. */
static struct host_disk_base shared(const struct host_share *share, const char *node,
                                    const unsigned char *key)
{
    CLEANUP(buf_fini) struct buf grant = {0};
    struct clock clock = clock_system();
    char url[64];
    grant_make(&grant, key, node, manifest_hex, clock.read(clock.self).wall_ms + 60000);
    snprintf(url, sizeof url, "https://127.0.0.1:%u", host_share_tcp_port(share));
    struct host_disk_base s = near(url);
    str_copy(s.sources[0].node, sizeof s.sources[0].node, "host-1");
    str_copy(s.sources[0].grant, sizeof s.sources[0].grant, buf_str(&grant));
    return s;
}

/* Requests that dos had to answer. */
static int from_dos(struct host_disk_base s)
{
    unlink(base_path);
    unlink(manifest_path);
    server.requests = 0;
    if (fetch(&s) != ERR_OK)
        fail_msg("%s", err.text);
    assert_base_is_right();
    return server.requests;
}

enum { THERE_SIZE = 64, PATH_SIZE = 256, ALL = 1 + CHUNKS - 2 };

/* The folder of a neighbour's images, and what stands in it: its base, or a part, and its manifest.
 */
static void make_neighbour(char there[THERE_SIZE])
{
    snprintf(there, THERE_SIZE, "%s/there", dir);
    mkdir(there, 0700);
}

enum form { BASE, MANIFEST, PART, FORMS };

static void at_neighbour(char path[PATH_SIZE], enum form form)
{
    static const char *const before[FORMS] = {"", "", "."};
    static const char *const after[FORMS] = {".raw", ".json", ".part"};
    snprintf(path, PATH_SIZE, "%s/there/%s%s%s", dir, before[form], manifest_hex, after[form]);
}

/* The image that is here is there. */
static void move_to_neighbour(void)
{
    char path[PATH_SIZE];
    struct host_disk_base s = good();
    assert_int_equal(fetch(&s), ERR_OK);
    at_neighbour(path, BASE);
    assert_int_equal(rename(base_path, path), 0);
    at_neighbour(path, MANIFEST);
    assert_int_equal(rename(manifest_path, path), 0);
}

static void leave_neighbour(const char *there)
{
    for (int form = 0; form < FORMS; form++) {
        char path[PATH_SIZE];
        at_neighbour(path, (enum form)form);
        unlink(path);
    }
    assert_int_equal(rmdir(there), 0);
}

static void a_share_lets_in_whom_the_cluster_lets_in(void **state)
{
    static const unsigned char other_key[GRANT_KEY_SIZE] = {8};
    char there[THERE_SIZE], path[PATH_SIZE], hex[65];
    (void)state;
    make_neighbour(there);
    struct host_share *share = open_share(there, 16);
    move_to_neighbour();

    assert_int_equal(from_dos(shared(share, "host-1", share_key)), ALL); /* no key yet */
    assert_int_equal(host_share_set_key(share, "00", &err), ERR_INVALID_PARAMETER);
    str_hex(hex, share_key, sizeof share_key);
    assert_int_equal(host_share_set_key(share, hex, &err), ERR_OK);
    assert_int_equal(from_dos(shared(share, "host-1", share_key)), 0);
    assert_int_equal(from_dos(shared(share, "host-2", share_key)), ALL); /* another's */
    assert_int_equal(from_dos(shared(share, "host-1", other_key)), ALL);
    at_neighbour(path, BASE);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(from_dos(shared(share, "host-1", share_key)), ALL - 1); /* it went */
    host_share_close(share);
    leave_neighbour(there);
}

/* One at a time, and four come: whoever is refused has dos. */
static void a_share_gives_no_more_than_it_may(void **state)
{
    char there[THERE_SIZE], hex[65];
    (void)state;
    make_neighbour(there);
    struct host_share *share = open_share(there, 1);
    str_hex(hex, share_key, sizeof share_key);
    assert_int_equal(host_share_set_key(share, hex, &err), ERR_OK);
    move_to_neighbour();
    assert_true(from_dos(shared(share, "host-1", share_key)) <= CHUNKS - 2);
    host_share_close(share);
    leave_neighbour(there);
}

/* A part gives what has come to it and no hole; when nothing comes to it any more it is left. */
static void a_part_is_given_as_far_as_it_goes(void **state)
{
    enum { THERE = 5 }; /* of the first six chunks one is a hole */
    char there[THERE_SIZE], path[PATH_SIZE], hex[65];
    (void)state;
    make_neighbour(there);
    struct host_share *share = open_share(there, 16);
    str_hex(hex, share_key, sizeof share_key);
    assert_int_equal(host_share_set_key(share, hex, &err), ERR_OK);
    at_neighbour(path, PART);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(ftruncate(fd, (off_t)IMAGE_BYTES), 0);
    assert_int_equal(pwrite(fd, image, 3 * CHUNK, 0), 3 * CHUNK);
    assert_int_equal(pwrite(fd, image + 4 * CHUNK, 2 * CHUNK + 999, 4 * CHUNK), 2 * CHUNK + 999);
    close(fd);
    assert_int_equal(from_dos(shared(share, "host-1", share_key)), ALL - THERE);
    host_share_close(share);
    leave_neighbour(there);
}

struct fetcher {
    struct host_disk *disk;
    struct host_disk_base spec;
    struct err err;
};

static void *fetch_beside(void *self)
{
    struct fetcher *f = self;
    CLEANUP(buf_fini) struct buf result = {0};
    host_disk_run(f->disk, HOST_JOB_DISK_BASE, &f->spec, sizeof f->spec, &result, &f->err);
    return NULL;
}

/* Two hosts at once, and the second never reaches dos: all comes by way of the first one. */
static void who_is_fetching_is_followed(void **state)
{
    enum { DELAY_MS = 60 };
    char there[THERE_SIZE], hex[65], path[PATH_SIZE];
    pthread_t thread;
    (void)state;
    make_neighbour(there);
    struct host_share *share = open_share(there, 16);
    str_hex(hex, share_key, sizeof share_key);
    assert_int_equal(host_share_set_key(share, hex, &err), ERR_OK);
    struct fetcher first = {.spec = good()};
    struct host_disk_config config = disk_config(there);
    assert_int_equal(host_disk_new(&first.disk, &config, &first.err), ERR_OK);
    server.delay_ms = DELAY_MS;
    assert_int_equal(pthread_create(&thread, NULL, fetch_beside, &first), 0);
    at_neighbour(path, MANIFEST);
    while (access(path, F_OK) != 0) /* before that there is nothing to follow */
        sched_yield();
    struct host_disk_base s = shared(share, "host-1", share_key);
    str_copy(s.url, sizeof s.url, "https://127.0.0.1:1");
    if (fetch(&s) != ERR_OK)
        fail_msg("%s", err.text);
    assert_base_is_right();
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(first.err.code, ERR_OK);
    assert_int_equal(server.requests, ALL);
    host_disk_free(first.disk);
    host_share_close(share);
    leave_neighbour(there);
}

static void stopping_ends_a_fetch(void **state)
{
    (void)state;
    struct host_disk_base s = good();
    host_disk_stop(disk); /* the last test: it is not taken back */
    assert_int_equal(fetch(&s), ERR_UNAVAILABLE);
}

static void on_progress(void *self, const char *manifest, int64_t done, int64_t total)
{
    (void)self;
    PRE(str_eq(manifest, manifest_hex) && done <= total);
    progress_done = done;
    progress_total = total;
}

static int set_up(void **state)
{
    (void)state;
    chunk_server_start(&server);
    make_image();
    make_near();
    PRE(mkdtemp(dir) != NULL);
    snprintf(state_dir, sizeof state_dir, "%s/state", dir);
    snprintf(images_dir, sizeof images_dir, "%s/images", dir);
    snprintf(base_path, sizeof base_path, "%s/%s.raw", images_dir, manifest_hex);
    snprintf(part_path, sizeof part_path, "%s/.%s.part", images_dir, manifest_hex);
    snprintf(manifest_path, sizeof manifest_path, "%s/%s.json", images_dir, manifest_hex);
    mkdir(state_dir, 0700);
    mkdir(images_dir, 0700);
    struct host_disk_config config = disk_config(images_dir);
    config.progress = on_progress;
    return host_disk_new(&disk, &config, &err) != ERR_OK;
}

static int tear_down(void **state)
{
    forget(state);
    host_disk_free(disk);
    chunk_server_stop(&server);
    buf_fini(&manifest_text);
    free(image);
    return rmdir(state_dir) + rmdir(images_dir) + rmdir(dir); /* nothing is left */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_image_is_assembled_once, forget),
        cmocka_unit_test_setup(cuts_and_spoiled_bytes_are_repaired, forget),
        cmocka_unit_test_setup(what_was_fetched_is_kept, forget),
        cmocka_unit_test_setup(a_spoiled_part_is_fetched_anew, forget),
        cmocka_unit_test_setup(a_peer_that_lies_is_refused, forget),
        cmocka_unit_test_setup(grants_and_names_count, forget),
        cmocka_unit_test_setup(bad_jobs_reach_nobody, forget),
        cmocka_unit_test_setup(another_name_is_not_dos, forget),
        cmocka_unit_test_setup(what_has_come_is_taken_at_once, forget),
        cmocka_unit_test_setup(a_manifest_is_kept_beside_its_base, forget),
        cmocka_unit_test_setup(what_other_bases_have_is_not_fetched, forget),
        cmocka_unit_test_setup(a_neighbour_spares_dos, forget),
        cmocka_unit_test_setup(a_neighbour_in_doubt_is_left, forget),
        cmocka_unit_test_setup(a_neighbour_that_is_not_there_costs_nothing, forget),
        cmocka_unit_test_setup(a_source_without_sense_is_refused, forget),
        cmocka_unit_test_setup(a_share_lets_in_whom_the_cluster_lets_in, forget),
        cmocka_unit_test_setup(a_share_gives_no_more_than_it_may, forget),
        cmocka_unit_test_setup(a_part_is_given_as_far_as_it_goes, forget),
        cmocka_unit_test_setup(who_is_fetching_is_followed, forget),
        cmocka_unit_test_setup(stopping_ends_a_fetch, forget),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
