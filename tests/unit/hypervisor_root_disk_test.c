/* Root disks are made once and never overwritten; erased up to a placement; a base that one of
 * them stands on is never evicted. Everything through host_disk_run, as the manager calls it. */
#include "tests/unit/hypervisor_cmocka.h"

#include "base/check.h"
#include "base/str.h"
#include "computer-manager/effect/child.h"
#include "computer-manager/effect/disk.h"
#include "computer-manager/effect/qcow2.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define INSTANCE "i-0123456789abcdef0"

static char dir[] = "/tmp/tct-root-XXXXXX", state_dir[64], images_dir[64];
static struct host_disk *disk;
static struct err err;

static void path_of(char out[256], const char *name)
{
    snprintf(out, 256, "%s/%s", dir, name);
}

static bool exists(const char *name)
{
    char path[256];
    path_of(path, name);
    return access(path, F_OK) == 0;
}

static void make_file(const char *name, off_t size)
{
    char path[256];
    path_of(path, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, size), 0);
    close(fd);
}

static void make_base(char letter)
{
    char name[96] = "images/";
    memset(name + 7, letter, 64);
    memcpy(name + 71, ".raw", 5);
    make_file(name, 1 << 20);
}

static bool has_base(char letter)
{
    char name[96] = "images/";
    memset(name + 7, letter, 64);
    memcpy(name + 71, ".raw", 5);
    return exists(name);
}

static struct host_disk_root root_spec(int64_t pepoch, char letter)
{
    struct host_disk_root s = {.instance = INSTANCE, .pepoch = pepoch, .size_bytes = 8 << 20};
    memset(s.manifest, letter, HOST_HASH_SIZE - 1);
    return s;
}

static enum err_code make_root(int64_t pepoch, char letter)
{
    CLEANUP(buf_fini) struct buf result = {0};
    struct host_disk_root s = root_spec(pepoch, letter);
    return host_disk_run(disk, HOST_JOB_DISK_ROOT, &s, sizeof s, &result, &err);
}

static enum err_code erase(int64_t pepoch)
{
    CLEANUP(buf_fini) struct buf result = {0};
    struct host_disk_target t = {.instance = INSTANCE, .pepoch = pepoch};
    return host_disk_run(disk, HOST_JOB_DISK_ERASE, &t, sizeof t, &result, &err);
}

static struct host_disk_list listing;

static void list(void)
{
    CLEANUP(buf_fini) struct buf result = {0};
    assert_int_equal(host_disk_run(disk, HOST_JOB_DISK_LIST, NULL, 0, &result, &err), ERR_OK);
    assert_int_equal(result.len, sizeof listing);
    memcpy(&listing, result.data, sizeof listing);
}

/* What qemu-img says of it: its verb `check`, or `info`. */
static void qemu_img(struct host_child_end *end, const char *verb, const char *name)
{
    char path[256];
    path_of(path, name);
    const char *const argv[] = {"qemu-img", verb, path, NULL};
    struct host_child child = {.argv = argv, .pass_fd = -1, .deadline_ms = 30000};
    assert_int_equal(host_child_run(&child, end, &err), ERR_OK);
}

static void a_root_disk_is_linked_by_a_relative_name(void **state)
{
    (void)state;
    struct host_child_end end;
    make_base('a');
    if (make_root(1, 'a') != ERR_OK)
        fail_msg("%s", err.text);
    qemu_img(&end, "info", "state/" INSTANCE "/root-1.qcow2");
    assert_non_null(strstr(end.said, "file format: qcow2"));
    assert_non_null(strstr(end.said, "virtual size: 8 MiB"));
    list();
    assert_int_equal(listing.len, 1);
    assert_string_equal(listing.roots[0].instance, INSTANCE);
    assert_int_equal(listing.roots[0].pepoch, 1);
    assert_true(listing.total_bytes >= listing.free_bytes && listing.free_bytes > 0);
    assert_int_equal(erase(1), ERR_OK);
}

/* Of any size, on a base and alone, QEMU's own tool finds nothing wrong with what we made. */
static void a_disk_is_sound(void **state)
{
    (void)state;
    static const int64_t sizes[] = {1,
                                    8 << 20,
                                    (512 << 20) - 1,
                                    (int64_t)(512 << 20) + 1,
                                    (int64_t)3 << 40,
                                    (int64_t)4 << 40 | 1,
                                    HOST_QCOW2_BYTES_MAX};
    static const char *const backings[] = {NULL, "../images/base.raw"};
    char path[256], backing[HOST_QCOW2_BACKING_SIZE], size[64];
    make_file("images/base.raw", 1 << 20);
    path_of(path, "state/disk");
    for (size_t i = 0; i < 2 * sizeof sizes / sizeof *sizes; i++) {
        struct host_child_end end;
        const char *on = backings[i % 2] != NULL ? backings[i % 2] : "";
        assert_int_equal(host_qcow2_make(path, backings[i % 2], sizes[i / 2], &err), ERR_OK);
        qemu_img(&end, "check", "state/disk");
        assert_int_equal(end.status, 0);
        assert_non_null(strstr(end.said, "No errors were found"));
        qemu_img(&end, "info", "state/disk");
        snprintf(size, sizeof size, "(%" PRId64 " bytes)", (sizes[i / 2] + 511) / 512 * 512);
        assert_non_null(strstr(end.said, size));
        assert_int_equal(host_qcow2_backing(path, backing, &err), ERR_OK);
        assert_string_equal(backing, on);
        assert_int_equal(host_qcow2_make(path, NULL, 1, &err), ERR_IO); /* nothing is overwritten */
        assert_int_equal(unlink(path), 0);
    }
    path_of(path, "images/base.raw");
    assert_int_equal(unlink(path), 0);
}

static void one_that_is_there_is_kept(void **state)
{
    (void)state;
    struct stat st;
    char path[256];
    make_base('a');
    path_of(path, "state/" INSTANCE);
    assert_int_equal(mkdir(path, 0700), 0);
    make_file("state/" INSTANCE "/root-1.qcow2", 777);
    assert_int_equal(make_root(1, 'a'), ERR_OK);
    path_of(path, "state/" INSTANCE "/root-1.qcow2");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 777);
    assert_int_equal(erase(1), ERR_OK);
}

static void refusals_leave_nothing(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf result = {0};
    struct host_disk_root s = root_spec(1, 'a');
    make_base('a');
    assert_int_equal(make_root(1, 'e'), ERR_PRECONDITION); /* no such base */
    s.size_bytes = 1 << 19;
    assert_int_equal(host_disk_run(disk, HOST_JOB_DISK_ROOT, &s, sizeof s, &result, &err),
                     ERR_INVALID_PARAMETER); /* smaller than its image */
    s.size_bytes = 1000;
    assert_int_not_equal(host_disk_run(disk, HOST_JOB_DISK_ROOT, &s, sizeof s, &result, &err), 0);
    s = root_spec(1, 'a');
    memcpy(s.instance, "../../../tmp", 13);
    assert_int_not_equal(host_disk_run(disk, HOST_JOB_DISK_ROOT, &s, sizeof s, &result, &err), 0);
    assert_int_not_equal(host_disk_run(disk, HOST_JOB_DISK_ROOT, &s, 1, &result, &err), 0);
    assert_int_equal(host_disk_run(disk, HOST_JOB_HV_START, &s, sizeof s, &result, &err),
                     ERR_UNSUPPORTED);
    list();
    assert_int_equal(listing.len, 0);
    assert_false(exists("state/" INSTANCE));
}

static void erase_goes_up_to_its_placement(void **state)
{
    (void)state;
    make_base('a');
    for (int64_t pepoch = 1; pepoch <= 3; pepoch++)
        assert_int_equal(make_root(pepoch, 'a'), ERR_OK);
    make_file("state/" INSTANCE "/console.log", 10);
    assert_int_equal(erase(2), ERR_OK);
    list();
    assert_int_equal(listing.len, 1);
    assert_int_equal(listing.roots[0].pepoch, 3);
    assert_true(exists("state/" INSTANCE "/console.log")); /* it is the living placement's */
    assert_int_equal(erase(3), ERR_OK);
    assert_int_equal(erase(3), ERR_OK);
    list();
    assert_int_equal(listing.len, 0);
    assert_false(exists("state/" INSTANCE));
}

/* A crash in the middle of an erase leaves a directory: it is listed, and erased again. */
static void leftovers_are_told(void **state)
{
    (void)state;
    char path[256];
    path_of(path, "state/" INSTANCE);
    assert_int_equal(mkdir(path, 0700), 0);
    make_file("state/" INSTANCE "/.new-77", 10);
    list();
    assert_int_equal(listing.len, 1);
    assert_int_equal(listing.roots[0].pepoch, 0);
    assert_int_equal(erase(0), ERR_OK);
    list();
    assert_int_equal(listing.len, 0);
}

/* ---- the cache --------------------------------------------------------------------------- */

enum { KIB = 1024 };

/* A base of so many KiB that are really there, used at that second. */
static void make_used(char letter, int kib, int second)
{
    char name[96] = "images/", path[256];
    static char block[KIB];
    memset(name + 7, letter, 64);
    memcpy(name + 71, ".raw", 5);
    path_of(path, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    for (int i = 0; i < kib; i++)
        assert_int_equal(write(fd, block, sizeof block), sizeof block);
    struct timespec times[2] = {{.tv_sec = second}, {.tv_sec = second}};
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
}

/* As full as that: `cache_kib` for all bases together. */
static struct host_disk_evicted evict(int64_t cache_kib, int64_t idle_ms, char pin)
{
    static struct host_disk_evict spec;
    struct host_disk_evicted out = {0};
    CLEANUP(buf_fini) struct buf result = {0};
    spec = (struct host_disk_evict){.cache_bytes = cache_kib * KIB, .idle_ms = idle_ms};
    if (pin != '\0')
        memset(spec.pins[spec.pins_len++], pin, HOST_HASH_SIZE - 1);
    if (host_disk_run(disk, HOST_JOB_DISK_EVICT, &spec, sizeof spec, &result, &err) == ERR_OK) {
        assert_int_equal(result.len, sizeof out);
        memcpy(&out, result.data, sizeof out);
    }
    return out;
}

static void the_longest_unused_goes_first(void **state)
{
    (void)state;
    make_used('a', 64, 1000);
    make_used('b', 64, 3000);
    make_used('c', 64, 2000);
    list();
    assert_true(listing.cached_bytes >= 192 * KIB && listing.images_total_bytes > 0);
    assert_int_equal(listing.bases_len, 3);
    for (int64_t i = 0; i < listing.bases_len; i++) {
        assert_int_equal(strspn(listing.bases[i].manifest, "abc"), HOST_HASH_SIZE - 1);
        assert_true(listing.bases[i].size_bytes >= 64 * KIB);
    }
    assert_int_equal(evict(200, 0, '\0').bases, 0); /* the bound holds */
    struct host_disk_evicted out = evict(100, 0, '\0');
    assert_int_equal(out.bases, 2);
    assert_true(out.freed_bytes >= 128 * KIB);
    assert_true(!has_base('a') && has_base('b') && !has_base('c'));
    assert_int_equal(evict(0, 0, '\0').bases, 1);
}

static void manifest_name(char out[96], char letter, const char *before)
{
    char hash[HOST_HASH_SIZE] = "";
    memset(hash, letter, HOST_HASH_SIZE - 1);
    snprintf(out, 96, "images/%s%s.json", before, hash);
}

static void make_manifest(char letter, const char *before)
{
    char name[96];
    manifest_name(name, letter, before);
    make_file(name, 100);
}

static bool has_manifest(char letter, const char *before)
{
    char name[96];
    manifest_name(name, letter, before);
    return exists(name);
}

/* A manifest goes with the last of its base. */
static void manifests_go_after_their_bases(void **state)
{
    (void)state;
    make_used('a', 64, 1000);
    make_manifest('a', "");
    make_manifest('b', ".");
    assert_int_equal(evict(0, 0, 'a').bases, 0);
    assert_true(has_manifest('a', "") && !has_manifest('b', "."));
    assert_int_equal(evict(0, 0, '\0').bases, 1);
    assert_false(has_manifest('a', ""));
}

/* Beside an empty disk, however small it is; the base is not evicted while the link stands. */
static void a_medium_is_linked_and_in_use(void **state)
{
    CLEANUP(buf_fini) struct buf result = {0};
    struct host_child_end end;
    struct host_disk_root s = root_spec(1, 'a');
    (void)state;
    make_used('a', 64, 1000);
    s.is_cdrom = 2;
    assert_int_equal(host_disk_run(disk, HOST_JOB_DISK_ROOT, &s, sizeof s, &result, &err),
                     ERR_INVALID_PARAMETER);
    s.is_cdrom = 1;
    s.size_bytes = 4096;
    for (int again = 0; again <= 1; again++)
        if (host_disk_run(disk, HOST_JOB_DISK_ROOT, &s, sizeof s, &result, &err) != ERR_OK)
            fail_msg("%s", err.text);
    qemu_img(&end, "info", "state/" INSTANCE "/root-1.qcow2");
    assert_non_null(strstr(end.said, "virtual size: 4 KiB"));
    assert_null(strstr(end.said, "backing file"));
    assert_true(exists("state/" INSTANCE "/medium-1")); /* it leads to the base */
    list();
    assert_int_equal(listing.len, 1);
    assert_int_equal(evict(0, 0, '\0').bases, 0);
    assert_int_equal(erase(1), ERR_OK);
    assert_false(exists("state/" INSTANCE));
    assert_int_equal(evict(0, 0, '\0').bases, 1);
}

static void a_base_in_use_is_never_evicted(void **state)
{
    (void)state;
    make_used('a', 64, 1000); /* a disk stands on it */
    make_used('b', 64, 1000);
    make_used('c', 64, 1000); /* a record names it */
    assert_int_equal(make_root(1, 'a'), ERR_OK);
    assert_int_equal(evict(0, 0, 'c').bases, 1);
    assert_true(has_base('a') && !has_base('b') && has_base('c'));
    make_base('b'); /* just now */
    make_used('c', 64, 1000);
    assert_int_equal(evict(-1, 60 * 1000, '\0').bases, 1);
    assert_true(has_base('b') && !has_base('c'));
    /* an overlay that cannot be read might stand on anything: nothing goes */
    make_file("state/" INSTANCE "/root-2.qcow2", 777);
    assert_int_equal(evict(-1, 0, '\0').bases, 0);
    assert_int_equal(err.code, ERR_IO);
    assert_true(has_base('b'));
    assert_int_equal(erase(2), ERR_OK);
    evict(-1, 0, '\0');
    assert_false(has_base('a') || has_base('b'));
}

/* A fetch holds its part file; one that was given up for good takes room like any base. */
static void a_fetch_under_way_is_kept(void **state)
{
    (void)state;
    char name[96] = "images/.", path[256];
    memset(name + 8, 'd', 64);
    memcpy(name + 72, ".part", 6);
    make_file(name, 0);
    path_of(path, name);
    int fd = open(path, O_RDONLY);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    evict(-1, 0, '\0');
    assert_true(exists(name));
    close(fd);
    evict(-1, 0, '\0');
    assert_false(exists(name));
}

static int set_up(void **state)
{
    (void)state;
    PRE(mkdtemp(dir) != NULL);
    snprintf(state_dir, sizeof state_dir, "%s/state", dir);
    snprintf(images_dir, sizeof images_dir, "%s/images", dir);
    mkdir(state_dir, 0700);
    mkdir(images_dir, 0700);
    struct host_disk_config config = {.state_dir = state_dir,
                                      .images_dir = images_dir,
                                      .ca_file = "",
                                      .cert_file = "",
                                      .key_file = ""};
    return host_disk_new(&disk, &config, &err) != ERR_OK;
}

static int tear_down(void **state)
{
    (void)state;
    host_disk_free(disk);
    return rmdir(state_dir) + rmdir(images_dir) + rmdir(dir); /* nothing is left */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_root_disk_is_linked_by_a_relative_name),
        cmocka_unit_test(a_medium_is_linked_and_in_use),
        cmocka_unit_test(a_disk_is_sound),
        cmocka_unit_test(one_that_is_there_is_kept),
        cmocka_unit_test(refusals_leave_nothing),
        cmocka_unit_test(erase_goes_up_to_its_placement),
        cmocka_unit_test(leftovers_are_told),
        cmocka_unit_test(the_longest_unused_goes_first),
        cmocka_unit_test(manifests_go_after_their_bases),
        cmocka_unit_test(a_base_in_use_is_never_evicted),
        cmocka_unit_test(a_fetch_under_way_is_kept),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
