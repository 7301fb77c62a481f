/* dos_image_test.c - no image names a host's file, asks for a key, or makes the converter allocate
 * without bound (I24, must 7): each field of a qcow2 header, one at a time. */
#include "base/check.h"
#include "dos/model/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

enum { FILE_SIZE = 1 << 20, LIMIT = 1 << 30 };

static unsigned char file[FILE_SIZE];
static struct err err;

static void put32(size_t at, uint32_t value)
{
    for (size_t i = 0; i < 4; i++)
        file[at + i] = (unsigned char)(value >> (24 - 8 * i));
}

static void put64(size_t at, uint64_t value)
{
    put32(at, (uint32_t)(value >> 32));
    put32(at + 4, (uint32_t)value);
}

/* A good version 3 header: 64 KiB clusters, 512 MiB, one L1 entry, tables in clusters 1 and 3. */
static void reset(void)
{
    memset(file, 0, sizeof file);
    put32(0, 0x514649fb); /* "QFI", 0xfb */
    put32(4, 3);
    put32(20, 16);
    put64(24, 512 << 20);
    put32(36, 1);
    put64(40, 3 << 16);
    put64(48, 1 << 16);
    put32(56, 1);
    put32(96, 4);
    put32(100, 104);
}

static enum err_code check_size(uint64_t size)
{
    struct dos_image image;
    size_t len = size < sizeof file ? (size_t)size : sizeof file;
    err = (struct err){0};
    return dos_image_check(&image, file, len, size, LIMIT, &err);
}

static void expect_refused(const char *word)
{
    assert_int_equal(check_size(FILE_SIZE), ERR_IMAGE_INVALID);
    if (strstr(err.text, word) == NULL)
        fail_msg("'%s' does not say '%s'", err.text, word);
    reset();
}

static void good_ones(void **state)
{
    (void)state;
    struct dos_image image;
    reset();
    assert_int_equal(dos_image_check(&image, file, sizeof file, FILE_SIZE, LIMIT, &err), ERR_OK);
    assert_int_equal(image.format, DOS_IMAGE_QCOW2);
    assert_int_equal(image.size_bytes, 512 << 20);
    put64(72, 1 | 8 | 16); /* dirty, compression type, extended L2 are fine */
    put32(36, 2);          /* which halves what an L1 entry covers */
    assert_int_equal(check_size(FILE_SIZE), ERR_OK);
    reset();
    put32(4, 2);
    put64(72, 0);
    put32(96, 0), put32(100, 0); /* version 2 has no such fields */
    assert_int_equal(check_size(FILE_SIZE), ERR_OK);
    memset(file, 0, sizeof file);
    assert_int_equal(dos_image_check(&image, file, sizeof file, FILE_SIZE + 100, LIMIT, &err),
                     ERR_OK);
    assert_int_equal(image.format, DOS_IMAGE_RAW);
    assert_int_equal(image.size_bytes, FILE_SIZE + 512);
}

static void other_files_and_keys(void **state)
{
    (void)state;
    reset();
    put64(8, 200), put32(16, 11), memcpy(file + 200, "/etc/shadow", sizeof "/etc/shadow");
    expect_refused("backing file");
    put32(16, 5);
    expect_refused("backing file");
    put64(72, 4);
    expect_refused("external");
    put32(104, 0x44415441), put32(108, 4);
    expect_refused("external");
    put32(32, 1);
    expect_refused("encrypted");
    put32(32, 2);
    expect_refused("encrypted");
    put32(104, 0x0537be77), put32(108, 16);
    expect_refused("encrypted");
    put64(72, 2);
    expect_refused("corrupt");
    put64(72, 32);
    expect_refused("not known");
    put64(72, (uint64_t)1 << 63);
    expect_refused("not known");
    put32(100, 112), file[104] = 7;
    expect_refused("compression");
}

static void absurd_sizes(void **state)
{
    (void)state;
    reset();
    put32(4, 4);
    expect_refused("version");
    put32(20, 8);
    expect_refused("cluster size");
    put32(20, 22);
    expect_refused("cluster size");
    put32(20, UINT32_MAX);
    expect_refused("cluster size");
    put64(24, 0);
    expect_refused("virtual size");
    put64(24, LIMIT + 1);
    expect_refused("over the limit");
    put64(24, UINT64_MAX);
    expect_refused("over the limit");
    put32(36, 0);
    expect_refused("L1");
    put32(36, UINT32_MAX);
    expect_refused("L1");
    put64(40, (3 << 16) + 1);
    expect_refused("L1");
    put64(40, 0);
    expect_refused("L1");
    put64(40, UINT64_MAX & ~(uint64_t)0xffff);
    expect_refused("L1");
    put64(40, FILE_SIZE);
    expect_refused("L1");
    put32(56, 0);
    expect_refused("refcount");
    put32(56, UINT32_MAX);
    expect_refused("refcount");
    put64(48, FILE_SIZE);
    expect_refused("refcount");
    put32(96, 7);
    expect_refused("refcount");
    put32(100, 103);
    expect_refused("header length");
    put32(100, 1 << 30);
    expect_refused("header length");
    put32(60, 257);
    expect_refused("snapshots");
    put32(60, 1), put64(64, 77);
    expect_refused("snapshot");
    put32(104, 0x12345678), put32(108, UINT32_MAX);
    expect_refused("extension");
}

/* Whatever follows the magic, the check ends and reads nothing beyond what it was given. */
static void cut_short_and_garbage(void **state)
{
    (void)state;
    reset();
    for (uint64_t size = 4; size < 104; size++)
        assert_int_equal(check_size(size), ERR_IMAGE_INVALID);
    uint64_t seed = 1;
    for (int round = 0; round < 20000; round++) {
        for (size_t i = 4; i < 256; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            if (seed >> 60 == 0)
                file[i] = (unsigned char)(seed >> 40);
        }
        enum err_code code = check_size(FILE_SIZE);
        assert_true(code == ERR_OK || code == ERR_IMAGE_INVALID);
        reset();
    }
}

static void others_by_name(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        const char *magic, *word;
    } rows[] = {{0, "KDMV", "VMDK"},
                {0, "vhdxfile", "VHDX"},
                {64, "\x7f\x10\xda\xbe", "VDI"},
                {0, "\x1f\x8b", "gzip"},
                {0,
                 "\xfd"
                 "7zXZ",
                 "xz"},
                {0, "BZh", "bzip2"},
                {0, "QED", "QED"},
                {0, "LUKS\xba\xbe", "LUKS"},
                {257, "ustar", "tar"},
                {0, "conectix", "VHD"},
                {0, "PK\x03\x04", "zip"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        memset(file, 0, sizeof file);
        memcpy(file + rows[i].at, rows[i].magic, strlen(rows[i].magic));
        expect_refused(rows[i].word);
    }
    memset(file, 0, sizeof file);
    assert_int_equal(check_size(511), ERR_IMAGE_INVALID);
    assert_int_equal(check_size((uint64_t)LIMIT + 1), ERR_IMAGE_INVALID);
}

enum { DESCRIPTOR = 32768 };

/* A medium of FILE_SIZE bytes, with the boot record of a disk in front of it. */
static void reset_to_iso(void)
{
    static const unsigned char mark[] = {1, 'C', 'D', '0', '0', '1', 1};
    static const unsigned char space[] = {0, 2, 0, 0, 0, 0, 2, 0}; /* blocks, in both orders, */
    static const unsigned char block[] = {0, 8, 8, 0};             /* of so many bytes */
    memset(file, 0, sizeof file);
    file[510] = 0x55, file[511] = 0xaa;
    memcpy(file + DESCRIPTOR, mark, sizeof mark);
    memcpy(file + DESCRIPTOR + 80, space, sizeof space);
    memcpy(file + DESCRIPTOR + 128, block, sizeof block);
}

static void expect_odd_iso(size_t at, unsigned char byte, const char *word)
{
    reset_to_iso();
    file[at] = byte;
    expect_refused(word);
}

static void media_are_known_by_their_content(void **state)
{
    (void)state;
    struct dos_image image;
    reset_to_iso();
    assert_int_equal(dos_image_check(&image, file, sizeof file, FILE_SIZE, LIMIT, &err), ERR_OK);
    assert_int_equal(image.format, DOS_IMAGE_ISO);
    assert_int_equal(image.size_bytes, FILE_SIZE);
    assert_int_equal(check_size(FILE_SIZE + 2048), ERR_OK); /* what comes after it is nobody's */
    assert_int_equal(check_size(FILE_SIZE - 2048), ERR_IMAGE_INVALID);
    assert_non_null(strstr(err.text, "cut short"));
    assert_int_equal(check_size((uint64_t)LIMIT + 1), ERR_IMAGE_INVALID);
    /* too short to be one: a disk */
    for (uint64_t size = DESCRIPTOR; size < DESCRIPTOR + 2048; size++) {
        assert_int_equal(dos_image_check(&image, file, size, size, LIMIT, &err), ERR_OK);
        assert_int_equal(image.format, DOS_IMAGE_RAW);
    }
    expect_odd_iso(DESCRIPTOR, 2, "primary");
    expect_odd_iso(DESCRIPTOR + 6, 2, "primary");
    expect_odd_iso(DESCRIPTOR + 80, 1, "size");
    expect_odd_iso(DESCRIPTOR + 83, 0xff, "size");
    expect_odd_iso(DESCRIPTOR + 129, 4, "blocks");
    reset_to_iso();
    memset(file + DESCRIPTOR + 80, 0, 8);
    expect_refused("size");
    reset_to_iso();
    memset(file + DESCRIPTOR + 80, 0xff, 8); /* 8 TiB */
    expect_refused("cut short");
    reset_to_iso();
    put32(0, 0x514649fb); /* a qcow2 is none, and must be a good one */
    expect_refused("version");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_ones),      cmocka_unit_test(other_files_and_keys),
        cmocka_unit_test(absurd_sizes),   cmocka_unit_test(cut_short_and_garbage),
        cmocka_unit_test(others_by_name), cmocka_unit_test(media_are_known_by_their_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
