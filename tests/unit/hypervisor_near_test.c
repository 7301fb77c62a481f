/* A base comes from other hosts before dos: from whoever has it, from whoever is fetching it, and
 * whatever they say, no byte of it is believed. And this host gives it to whom the cluster lets in.
 */
#include "tests/unit/hypervisor_cmocka.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/str.h"
#include "computer-manager/effect/share.h"
#include "proto/auth/grant.h"
#include "tests/unit/hypervisor_disk_rig.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What another host serves of it. */
static void make_near(void)
{
    static const unsigned char all[(CHUNKS + 7) / 8] = {0xff, 0xff};
    static char manifest[128], have[128];
    snprintf(manifest, sizeof manifest, "/v1/bases/%s/manifest", rig.manifest_hex);
    snprintf(have, sizeof have, "/v1/bases/%s/have", rig.manifest_hex);
    chunk_server_put(manifest, rig.manifest_text.data, rig.manifest_text.len);
    chunk_server_put(have, all, sizeof all);
    for (size_t i = 0; i < CHUNKS; i++) {
        static char paths[CHUNKS][128];
        snprintf(paths[i], sizeof paths[i], "/v1/bases/%s/%zu", rig.manifest_hex, i);
        chunk_server_put(paths[i], rig.image + i * CHUNK, i < CHUNKS - 1 ? CHUNK : TAIL);
    }
}

static struct host_disk_base near(const char *url)
{
    struct host_disk_base s = disk_rig_good();
    s.sources_len = 1;
    str_copy(s.sources[0].node, sizeof s.sources[0].node, "dos-1"); /* as its certificate says */
    str_copy(s.sources[0].url, sizeof s.sources[0].url, url);
    str_copy(s.sources[0].grant, sizeof s.sources[0].grant, GRANT);
    return s;
}

/* What it says that it has is no part of this image, or it says that it has what it has not. */
static void a_neighbour_that_boasts_is_left(void **state)
{
    static const unsigned char odd[] = {0xff};
    char have[128], first[128];
    (void)state;
    snprintf(have, sizeof have, "/v1/bases/%s/have", rig.manifest_hex);
    snprintf(first, sizeof first, "/v1/bases/%s/0", rig.manifest_hex);
    chunk_server_put(have, odd, sizeof odd);
    struct host_disk_base s = near(rig.server.url);
    assert_int_equal(disk_rig_fetch(&s), ERR_OK);
    disk_rig_assert_right();
    assert_int_equal(rig.server.requests, FETCHED);
    make_near();
    chunk_server_put(first, rig.image + CHUNK, CHUNK);
    disk_rig_forget(NULL);
    assert_int_equal(disk_rig_fetch(&s), ERR_OK);
    disk_rig_assert_right();
    assert_true(rig.server.requests > 0);
    make_near();
}

static void a_neighbour_spares_dos(void **state)
{
    (void)state;
    struct host_disk_base s = near(rig.server.url);
    assert_int_equal(disk_rig_fetch(&s), ERR_OK);
    disk_rig_assert_right();
    assert_int_equal(rig.server.requests, 0);
    assert_int_equal(rig.server.near_requests, FETCHED + 2); /* the manifest, and what it has */
}

/* Whatever is wrong with it, dos makes up for it, it is asked for nothing twice, and what was right
 * is not fetched again. */
static void a_neighbour_in_doubt_is_left(void **state)
{
    static const enum near_fault faults[] = {NEAR_LIES, NEAR_IS_SLOW, NEAR_GOES_AWAY, NEAR_REFUSES};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct host_disk_base s = near(rig.server.url);
        disk_rig_forget(state);
        rig.server.near_fault = faults[i];
        if (disk_rig_fetch(&s) != ERR_OK)
            fail_msg("fault %d: %s", faults[i], rig.err.text);
        disk_rig_assert_right();
        assert_true(rig.server.near_requests <= FETCHED + 2);
        assert_true(rig.server.requests > 0 && rig.server.requests <= 1 + FETCHED);
    }
    disk_rig_forget(state);
}

static void a_neighbour_that_is_not_there_costs_nothing(void **state)
{
    (void)state;
    struct host_disk_base s = near("https://127.0.0.1:1");
    assert_int_equal(disk_rig_fetch(&s), ERR_OK);
    disk_rig_assert_right();
    assert_int_equal(rig.server.requests, 1 + FETCHED);
    disk_rig_forget(state);
    s = near(rig.server.url);
    str_copy(s.sources[0].node, sizeof s.sources[0].node, "host-7"); /* somebody else answers */
    assert_int_equal(disk_rig_fetch(&s), ERR_OK);
    assert_int_equal(rig.server.near_requests, 0);
}

static void a_source_without_sense_is_refused(void **state)
{
    (void)state;
    struct host_disk_base s = near("http://127.0.0.1:1");
    assert_int_equal(disk_rig_fetch(&s), ERR_INVALID_PARAMETER);
    s = near(rig.server.url);
    str_copy(s.sources[0].node, sizeof s.sources[0].node, "a/b");
    assert_int_equal(disk_rig_fetch(&s), ERR_INVALID_PARAMETER);
    s = near(rig.server.url);
    s.sources_len = HOST_SOURCES_MAX + 1;
    assert_int_equal(disk_rig_fetch(&s), ERR_INVALID_PARAMETER);
    assert_int_equal(rig.server.requests, 0);
}

/* ---- and this one, as another host sees it ------------------------------------------------ */

static const unsigned char share_key[GRANT_KEY_SIZE] = {7};

static struct host_share *open_share(const char *from, int transfers)
{
    struct host_share *share = NULL;
    CLEANUP(buf_fini) struct buf cert = {0}, key = {0}, ca = {0};
    assert_int_equal(http_tls_read(&cert, rig.server.cert_file, &rig.err), ERR_OK);
    assert_int_equal(http_tls_read(&key, rig.server.key_file, &rig.err), ERR_OK);
    assert_int_equal(http_tls_read(&ca, rig.server.ca_file, &rig.err), ERR_OK);
    struct http_tls tls = {
        .cert_pem = buf_str(&cert), .key_pem = buf_str(&key), .ca_pem = buf_str(&ca)};
    struct host_share_config config = {.images_dir = from,
                                       .address = "127.0.0.1",
                                       .transfers = transfers,
                                       .bytes_s = 1 << 30,
                                       .tls = &tls};
    assert_int_equal(host_share_open(&share, &config, &rig.err), ERR_OK);
    return share;
}

/* A grant for `node` with that key; the source is this host's own share. */
static struct host_disk_base shared(const struct host_share *share, const char *node,
                                    const unsigned char *key)
{
    CLEANUP(buf_fini) struct buf grant = {0};
    struct clock clock = clock_system();
    char url[64];
    grant_make(&grant, key, node, rig.manifest_hex, clock.read(clock.self).wall_ms + 60000);
    snprintf(url, sizeof url, "https://127.0.0.1:%u", host_share_tcp_port(share));
    struct host_disk_base s = near(url);
    str_copy(s.sources[0].node, sizeof s.sources[0].node, "host-1");
    str_copy(s.sources[0].grant, sizeof s.sources[0].grant, buf_str(&grant));
    return s;
}

/* Requests that dos had to answer. */
static int from_dos(struct host_disk_base s)
{
    unlink(rig.base_path);
    unlink(rig.manifest_path);
    rig.server.requests = 0;
    if (disk_rig_fetch(&s) != ERR_OK)
        fail_msg("%s", rig.err.text);
    disk_rig_assert_right();
    return rig.server.requests;
}

enum { THERE_SIZE = 64, PATH_SIZE = 256, ALL = 1 + FETCHED };

/* The folder of a neighbour's images, and what stands in it: its base, or a part, and its manifest.
 */
static void make_neighbour(char there[THERE_SIZE])
{
    snprintf(there, THERE_SIZE, "%s/there", rig.dir);
    mkdir(there, 0700);
}

enum form { BASE, MANIFEST, PART, FORMS };

static void at_neighbour(char path[PATH_SIZE], enum form form)
{
    static const char *const before[FORMS] = {"", "", "."};
    static const char *const after[FORMS] = {".raw", ".json", ".part"};
    snprintf(path, PATH_SIZE, "%s/there/%s%s%s", rig.dir, before[form], rig.manifest_hex,
             after[form]);
}

/* The image that is here is there. */
static void move_to_neighbour(void)
{
    char path[PATH_SIZE];
    struct host_disk_base s = disk_rig_good();
    assert_int_equal(disk_rig_fetch(&s), ERR_OK);
    at_neighbour(path, BASE);
    assert_int_equal(rename(rig.base_path, path), 0);
    at_neighbour(path, MANIFEST);
    assert_int_equal(rename(rig.manifest_path, path), 0);
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
    assert_int_equal(host_share_set_key(share, "00", &rig.err), ERR_INVALID_PARAMETER);
    str_hex(hex, share_key, sizeof share_key);
    assert_int_equal(host_share_set_key(share, hex, &rig.err), ERR_OK);
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
    assert_int_equal(host_share_set_key(share, hex, &rig.err), ERR_OK);
    move_to_neighbour();
    assert_true(from_dos(shared(share, "host-1", share_key)) <= FETCHED);
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
    assert_int_equal(host_share_set_key(share, hex, &rig.err), ERR_OK);
    at_neighbour(path, PART);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(ftruncate(fd, (off_t)IMAGE_BYTES), 0);
    assert_int_equal(pwrite(fd, rig.image, 3 * CHUNK, 0), 3 * CHUNK);
    assert_int_equal(pwrite(fd, rig.image + 4 * CHUNK, 2 * CHUNK + 999, 4 * CHUNK),
                     2 * CHUNK + 999);
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
    assert_int_equal(host_share_set_key(share, hex, &rig.err), ERR_OK);
    struct fetcher first = {.spec = disk_rig_good()};
    struct host_disk_config config = disk_rig_config(there);
    assert_int_equal(host_disk_new(&first.disk, &config, &first.err), ERR_OK);
    rig.server.delay_ms = DELAY_MS;
    assert_int_equal(pthread_create(&thread, NULL, fetch_beside, &first), 0);
    at_neighbour(path, MANIFEST);
    while (access(path, F_OK) != 0) /* before that there is nothing to follow */
        sched_yield();
    struct host_disk_base s = shared(share, "host-1", share_key);
    str_copy(s.url, sizeof s.url, "https://127.0.0.1:1");
    if (disk_rig_fetch(&s) != ERR_OK)
        fail_msg("%s", rig.err.text);
    disk_rig_assert_right();
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(first.err.code, ERR_OK);
    assert_int_equal(rig.server.requests, ALL);
    host_disk_free(first.disk);
    host_share_close(share);
    leave_neighbour(there);
}

static int init(void **state)
{
    int failed = disk_rig_init(state);
    make_near();
    return failed;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_neighbour_spares_dos, disk_rig_forget),
        cmocka_unit_test_setup(a_neighbour_that_boasts_is_left, disk_rig_forget),
        cmocka_unit_test_setup(a_neighbour_in_doubt_is_left, disk_rig_forget),
        cmocka_unit_test_setup(a_neighbour_that_is_not_there_costs_nothing, disk_rig_forget),
        cmocka_unit_test_setup(a_source_without_sense_is_refused, disk_rig_forget),
        cmocka_unit_test_setup(a_share_lets_in_whom_the_cluster_lets_in, disk_rig_forget),
        cmocka_unit_test_setup(a_share_gives_no_more_than_it_may, disk_rig_forget),
        cmocka_unit_test_setup(a_part_is_given_as_far_as_it_goes, disk_rig_forget),
        cmocka_unit_test_setup(who_is_fetching_is_followed, disk_rig_forget),
    };
    return cmocka_run_group_tests(tests, init, disk_rig_fini);
}
