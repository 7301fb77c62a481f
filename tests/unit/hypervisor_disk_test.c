/* A base is there whole and verified or not at all; whatever was fetched is not fetched again;
 * what dos or the network spoils never becomes a guest's disk. */
#include "tests/unit/hypervisor_cmocka.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/str.h"
#include "tests/unit/hypervisor_disk_rig.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void an_image_is_assembled_once(void **state)
{
    (void)state;
    struct host_disk_base s = disk_rig_good();
    if (disk_rig_fetch(&s) != ERR_OK)
        fail_msg("%s", rig.err.text);
    disk_rig_assert_right();
    /* the manifest and each different chunk, once; no hole */
    assert_int_equal(rig.server.requests, 1 + FETCHED);
    assert_int_equal(rig.progress_done, IMAGE_BYTES);
    assert_int_equal(rig.progress_total, IMAGE_BYTES);
    assert_int_equal(disk_rig_fetch(&s), ERR_OK);
    assert_int_equal(rig.server.requests, 1 + FETCHED);
}

static void cuts_and_spoiled_bytes_are_repaired(void **state)
{
    (void)state;
    struct host_disk_base s = disk_rig_good();
    rig.server.drop_every = 4;
    rig.server.flip_every = 5;
    int attempts = 1; /* one body may be unlucky three times; the manager asks again */
    while (disk_rig_fetch(&s) != ERR_OK && attempts < 10)
        attempts++;
    if (rig.err.code != ERR_OK)
        fail_msg("%s", rig.err.text);
    disk_rig_assert_right();
}

static void what_was_fetched_is_kept(void **state)
{
    (void)state;
    struct host_disk_base s = disk_rig_good();
    rig.server.stop_after = 6;
    assert_int_equal(disk_rig_fetch(&s), ERR_UNAVAILABLE);
    assert_int_not_equal(access(rig.base_path, F_OK), 0);
    assert_int_equal(access(rig.part_path, F_OK), 0);
    int before = rig.server.requests;
    rig.server.stop_after = 0;
    if (disk_rig_fetch(&s) != ERR_OK)
        fail_msg("%s", rig.err.text);
    disk_rig_assert_right();
    /* what was missing, and what was under way when the first one gave up; the manifest is kept */
    assert_true(rig.server.requests - before < FETCHED);
}

/* A part file that was spoiled on this disk is not believed. */
static void a_spoiled_part_is_fetched_anew(void **state)
{
    (void)state;
    struct host_disk_base s = disk_rig_good();
    int fd = open(rig.part_path, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(ftruncate(fd, (off_t)IMAGE_BYTES), 0);
    assert_int_equal(pwrite(fd, rig.image, CHUNK, 0), CHUNK);
    assert_int_equal(pwrite(fd, rig.image, CHUNK, CHUNK), CHUNK); /* not what belongs there */
    close(fd);
    if (disk_rig_fetch(&s) != ERR_OK)
        fail_msg("%s", rig.err.text);
    disk_rig_assert_right();
}

static void a_peer_that_lies_is_refused(void **state)
{
    (void)state;
    struct host_disk_base s = disk_rig_good();
    rig.server.flip_every = 1;
    assert_int_equal(disk_rig_fetch(&s), ERR_IMAGE_INVALID);
    assert_int_not_equal(access(rig.base_path, F_OK), 0);
}

static void grants_and_names_count(void **state)
{
    (void)state;
    struct host_disk_base s = disk_rig_good();
    str_copy(s.grant, sizeof s.grant, "v1.other");
    assert_int_equal(disk_rig_fetch(&s), ERR_DENIED);
    s = disk_rig_good();
    memset(s.manifest, 'f', HOST_HASH_SIZE - 1);
    assert_int_equal(disk_rig_fetch(&s), ERR_IMAGE_UNAVAILABLE);
    s = disk_rig_good();
    s.size_bytes = (int64_t)IMAGE_BYTES - 512; /* larger than the wish says */
    assert_int_equal(disk_rig_fetch(&s), ERR_IMAGE_INVALID);
    char other[256];
    snprintf(other, sizeof other, "%s/.%s.part", rig.images_dir,
             "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
    unlink(other);
}

static void bad_jobs_reach_nobody(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "http://127.0.0.1:1", "https://",    "https://a/b", "file:///",
        "https://a@b",        "https://a b", "https://a?x", ""};
    struct host_disk_base s = disk_rig_good();
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        str_copy(s.url, sizeof s.url, urls[i]);
        assert_int_equal(disk_rig_fetch(&s), ERR_INVALID_PARAMETER);
    }
    s = disk_rig_good();
    str_copy(s.grant, sizeof s.grant, "a\r\nx-other: b");
    assert_int_equal(disk_rig_fetch(&s), ERR_INVALID_PARAMETER);
    s = disk_rig_good();
    s.manifest[5] = '/';
    assert_int_equal(disk_rig_fetch(&s), ERR_INVALID_PARAMETER);
    s = disk_rig_good();
    memset(s.url, 'a', sizeof s.url);
    assert_int_equal(disk_rig_fetch(&s), ERR_INVALID_PARAMETER);
    assert_int_equal(rig.server.requests, 0);
}

/* The peer must be the one whose certificate says so, whatever address was dialled. */
static void another_name_is_not_dos(void **state)
{
    (void)state;
    struct host_disk *other;
    CLEANUP(buf_fini) struct buf result = {0};
    struct host_disk_base s = disk_rig_good();
    struct host_disk_config config = disk_rig_config(rig.images_dir);
    config.dos_name = "dos-2";
    assert_int_equal(host_disk_new(&other, &config, &rig.err), ERR_OK);
    assert_int_equal(host_disk_run(other, HOST_JOB_DISK_BASE, &s, sizeof s, &result, &rig.err),
                     ERR_UNAVAILABLE);
    host_disk_free(other);
    assert_int_equal(rig.server.requests, 0);
}

/* Where everything under way has come, nothing is waited for: with a wait of half a second at the
 * end of a manifest or of the last chunks, no round would take less. */
static void what_has_come_is_taken_at_once(void **state)
{
    enum { ROUNDS = 10, WAIT_MS = 500 };
    struct clock clock = clock_system();
    struct host_disk_base s = disk_rig_good();
    int64_t least_ms = INT64_MAX;
    for (int i = 0; i < ROUNDS; i++) {
        disk_rig_forget(state);
        int64_t begun_ms = clock.read(clock.self).mono_ms;
        assert_int_equal(disk_rig_fetch(&s), ERR_OK);
        int64_t took_ms = clock.read(clock.self).mono_ms - begun_ms;
        least_ms = took_ms < least_ms ? took_ms : least_ms;
    }
    assert_true(least_ms < WAIT_MS);
}

/* The manifest's name is its hash: what this disk makes of it is noticed. */
static void a_manifest_is_kept_beside_its_base(void **state)
{
    (void)state;
    struct host_disk_base s = disk_rig_good();
    assert_int_equal(disk_rig_fetch(&s), ERR_OK);
    assert_int_equal(unlink(rig.base_path), 0);
    assert_int_equal(disk_rig_fetch(&s), ERR_OK);
    assert_int_equal(rig.server.requests, 1 + 2 * FETCHED);
    int fd = open(rig.manifest_path, O_WRONLY);
    assert_int_equal(pwrite(fd, "0", 1, 100), 1);
    close(fd);
    assert_int_equal(unlink(rig.base_path), 0);
    assert_int_equal(disk_rig_fetch(&s), ERR_OK);
    assert_int_equal(rig.server.requests, 2 + 3 * FETCHED);
    disk_rig_assert_right();
    s.size_bytes = (int64_t)IMAGE_BYTES - 512;
    assert_int_equal(unlink(rig.base_path), 0);
    assert_int_equal(disk_rig_fetch(&s), ERR_IMAGE_INVALID);
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
        disk_rig_hash(m.chunks[i].hash, rig.image + (i - 1) * CHUNK, CHUNK);
    }
    manifest_encode(&text, &m);
    manifest_fini(&m);
    disk_rig_hash(sum, text.data, text.len);
    str_hex(hex, sum, 32);
    snprintf(base, 256, "%s/%s.raw", rig.images_dir, hex);
    snprintf(text_path, 256, "%s/%s.json", rig.images_dir, hex);
    int fd = open(text_path, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(fd, text.data, text.len), text.len);
    close(fd);
    fd = open(base, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(pwrite(fd, rig.image, ALIKE * CHUNK, CHUNK), ALIKE * CHUNK);
    if (is_spoilt)
        assert_int_equal(pwrite(fd, "spoilt", 6, 2 * CHUNK + 5), 6);
    close(fd);
}

/* A delta costs what is different: of eight chunks one is a hole, and two are the same. */
static void what_other_bases_have_is_not_fetched(void **state)
{
    for (int is_spoilt = 0; is_spoilt <= 1; is_spoilt++) {
        char base[256], text_path[256];
        struct host_disk_base s = disk_rig_good();
        disk_rig_forget(state);
        make_kin(base, text_path, is_spoilt);
        if (disk_rig_fetch(&s) != ERR_OK)
            fail_msg("%s", rig.err.text);
        disk_rig_assert_right();
        assert_int_equal(rig.server.requests, 1 + FETCHED - (ALIKE - 2) + is_spoilt);
        assert_int_equal(rig.progress_done, IMAGE_BYTES);
        assert_int_equal(unlink(base) + unlink(text_path), 0);
    }
}

static void stopping_ends_a_fetch(void **state)
{
    (void)state;
    struct host_disk_base s = disk_rig_good();
    host_disk_stop(rig.disk); /* the last test: it is not taken back */
    assert_int_equal(disk_rig_fetch(&s), ERR_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_image_is_assembled_once, disk_rig_forget),
        cmocka_unit_test_setup(cuts_and_spoiled_bytes_are_repaired, disk_rig_forget),
        cmocka_unit_test_setup(what_was_fetched_is_kept, disk_rig_forget),
        cmocka_unit_test_setup(a_spoiled_part_is_fetched_anew, disk_rig_forget),
        cmocka_unit_test_setup(a_peer_that_lies_is_refused, disk_rig_forget),
        cmocka_unit_test_setup(grants_and_names_count, disk_rig_forget),
        cmocka_unit_test_setup(bad_jobs_reach_nobody, disk_rig_forget),
        cmocka_unit_test_setup(another_name_is_not_dos, disk_rig_forget),
        cmocka_unit_test_setup(what_has_come_is_taken_at_once, disk_rig_forget),
        cmocka_unit_test_setup(a_manifest_is_kept_beside_its_base, disk_rig_forget),
        cmocka_unit_test_setup(what_other_bases_have_is_not_fetched, disk_rig_forget),
        cmocka_unit_test_setup(stopping_ends_a_fetch, disk_rig_forget),
    };
    return cmocka_run_group_tests(tests, disk_rig_init, disk_rig_fini);
}
