/* dos_files_test.c - a body has a name only when it is whole and durable (I13); what was cut short
 * leaves nothing; names of tenants never become paths. */
#include "base/buf.h"
#include "base/check.h"
#include "base/str.h"
#include "dos/effect/files.h"
#include "dos/segments.h"

#include <setjmp.h>
#include <stdarg.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define REF "ab00000000000000000000000000000f"

static char folder[64];
static struct dos_files *files;
static struct dos_bodies bodies;
static struct rng rng;
static struct err err;

static int open_files(void **state)
{
    (void)state;
    str_copy(folder, sizeof folder, "/tmp/tct-dos-files-XXXXXX");
    assert_non_null(mkdtemp(folder));
    rng = rng_system();
    assert_int_equal(dos_files_open(&files, folder, 0, &rng, &err), ERR_OK);
    bodies = dos_files_bodies(files);
    return 0;
}

static void remove_all(int at, const char *name)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    DIR *dir = fdopendir(fd);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        if (str_eq(e->d_name, ".") || str_eq(e->d_name, ".."))
            continue;
        if (unlinkat(fd, e->d_name, 0) != 0)
            remove_all(fd, e->d_name);
    }
    closedir(dir);
    unlinkat(at, name, AT_REMOVEDIR);
}

static int close_files(void **state)
{
    (void)state;
    dos_files_close(files);
    remove_all(AT_FDCWD, folder);
    return 0;
}

static int count_tmp(void)
{
    int count = 0;
    char path[80];
    snprintf(path, sizeof path, "%s/tmp", folder);
    DIR *dir = opendir(path);
    for (struct dirent *e; (e = readdir(dir)) != NULL;)
        count += e->d_name[0] != '.';
    closedir(dir);
    return count;
}

static void make(const char *name, const char *text)
{
    struct dos_temporary t = {0};
    assert_int_equal(bodies.begin(bodies.self, &t, &err), ERR_OK);
    assert_int_equal(bodies.write(bodies.self, &t, text, strlen(text), &err), ERR_OK);
    assert_int_equal(bodies.keep(bodies.self, &t, DOS_FOLDER_OBJECTS, name, &err), ERR_OK);
    assert_false(t.is_open);
}

static void whole_or_not_at_all(void **state)
{
    (void)state;
    struct dos_temporary t = {0};
    char text[16] = "";
    assert_int_equal(bodies.begin(bodies.self, &t, &err), ERR_OK);
    assert_int_equal(bodies.write(bodies.self, &t, "hello", 5, &err), ERR_OK);
    assert_int_equal(bodies.open(bodies.self, DOS_FOLDER_OBJECTS, REF), -1);
    assert_int_equal(count_tmp(), 1);
    assert_int_equal(bodies.keep(bodies.self, &t, DOS_FOLDER_OBJECTS, REF, &err), ERR_OK);
    assert_int_equal(count_tmp(), 0);
    int fd = bodies.open(bodies.self, DOS_FOLDER_OBJECTS, REF);
    assert_int_equal(read(fd, text, sizeof text), 5);
    assert_string_equal(text, "hello");
    close(fd);
    assert_int_equal(bodies.begin(bodies.self, &t, &err), ERR_OK);
    bodies.drop(bodies.self, &t);
    bodies.drop(bodies.self, &t);
    assert_int_equal(count_tmp(), 0);
}

static void unlink_is_idempotent(void **state)
{
    (void)state;
    make(REF, "x");
    assert_true(dos_files_unlink(files, "objects/" REF));
    assert_int_equal(bodies.open(bodies.self, DOS_FOLDER_OBJECTS, REF), -1);
    assert_true(dos_files_unlink(files, "objects/" REF));
}

static void one_process_at_a_time(void **state)
{
    (void)state;
    struct dos_files *second = NULL;
    struct dos_temporary t = {0};
    assert_int_equal(dos_files_open(&second, folder, 0, &rng, &err), ERR_CONFIG);
    assert_int_equal(bodies.begin(bodies.self, &t, &err), ERR_OK);
    dos_files_close(files);
    close(t.fd); /* it was killed: what is in tmp was cut off */
    assert_int_equal(dos_files_open(&files, folder, 0, &rng, &err), ERR_OK);
    bodies = dos_files_bodies(files);
    assert_int_equal(count_tmp(), 0);
}

static void no_room(void **state)
{
    (void)state;
    assert_int_equal(bodies.room(bodies.self, 1, &err), ERR_OK);
    assert_int_equal(bodies.room(bodies.self, (int64_t)1 << 60, &err), ERR_NO_SPACE);
}

static void collect(void *arg, const char *name)
{
    buf_text(arg, name);
    buf_char(arg, ' ');
}

static void only_old_files_are_found(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf found = {0};
    struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    make(REF, "x");
    make("ab000000000000000000000000000000", "x");
    int fd = bodies.open(bodies.self, DOS_FOLDER_OBJECTS, REF);
    assert_int_equal(futimens(fd, old), 0);
    close(fd);
    dos_files_scan(files, DOS_FOLDER_OBJECTS, 0xab, 2000, 10, collect, &found);
    assert_string_equal(buf_str(&found), "objects/" REF " ");
    struct dos_temporary t = {0};
    bodies.begin(bodies.self, &t, &err);
    assert_int_equal(dos_files_clean_tmp(files, 2000, 10), 0);
    assert_int_equal(futimens(t.fd, old), 0);
    assert_int_equal(dos_files_clean_tmp(files, 2000, 10), 1);
    bodies.drop(bodies.self, &t);
}

static void parts_read_as_one(void **state)
{
    (void)state;
    char all[16] = "";
    make("aa000000000000000000000000000001", "0123");
    make("aa000000000000000000000000000002", "4");
    make("aa000000000000000000000000000003", "56789");
    struct dos_segments *s = dos_segments_new(&bodies, 2);
    dos_segments_add(s, "aa000000000000000000000000000001", 0, 4);
    dos_segments_add(s, "aa000000000000000000000000000002", 4, 1);
    dos_segments_add(s, "aa000000000000000000000000000003", 5, 5);
    size_t len = 0;
    for (ssize_t n; len < 8 && (n = dos_segments_read(s, len, all + len, 3)) > 0;)
        len += (size_t)n;
    assert_string_equal(all, "23456789");
    assert_int_equal(dos_segments_read(s, 8, all, 3), -1);
    dos_files_unlink(files, "objects/aa000000000000000000000000000001");
    assert_int_equal(dos_segments_read(s, 0, all, 3), -1);
    dos_segments_free(s);
}

static void chunks_are_written_once(void **state)
{
    (void)state;
    static const char hash[] = "ab112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    struct stat first, again;
    assert_int_equal(dos_files_put_chunk(files, hash, "data", 4, &err), ERR_OK);
    int fd = bodies.open(bodies.self, DOS_FOLDER_CHUNKS, hash);
    fstat(fd, &first);
    close(fd);
    assert_int_equal(dos_files_put_chunk(files, hash, "data", 4, &err), ERR_OK);
    fd = bodies.open(bodies.self, DOS_FOLDER_CHUNKS, hash);
    fstat(fd, &again);
    close(fd);
    assert_int_equal(first.st_ino, again.st_ino);
    /* one that is too short is made anew */
    int shard = open(folder, O_RDONLY | O_DIRECTORY);
    char path[128];
    snprintf(path, sizeof path, "chunks/ab/%s", hash);
    int raw = openat(shard, path, O_WRONLY | O_TRUNC);
    close(raw);
    close(shard);
    assert_int_equal(dos_files_put_chunk(files, hash, "data", 4, &err), ERR_OK);
    fd = bodies.open(bodies.self, DOS_FOLDER_CHUNKS, hash);
    fstat(fd, &again);
    close(fd);
    assert_int_equal(again.st_size, 4);
    assert_int_equal(dos_files_sync_chunks(files, &err), ERR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whole_or_not_at_all, open_files, close_files),
        cmocka_unit_test_setup_teardown(unlink_is_idempotent, open_files, close_files),
        cmocka_unit_test_setup_teardown(no_room, open_files, close_files),
        cmocka_unit_test_setup_teardown(one_process_at_a_time, open_files, close_files),
        cmocka_unit_test_setup_teardown(only_old_files_are_found, open_files, close_files),
        cmocka_unit_test_setup_teardown(parts_read_as_one, open_files, close_files),
        cmocka_unit_test_setup_teardown(chunks_are_written_once, open_files, close_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
