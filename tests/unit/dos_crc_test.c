/* dos_crc_test.c - the checksums of the catalogue ("123456789"), whole and in any pieces. */
#include "base/check.h"
#include "base/str.h"
#include "dos/model/crc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void expect(enum dos_crc_kind kind, const char *wanted, size_t piece)
{
    static const char text[] = "123456789";
    struct dos_crc c;
    unsigned char out[DOS_CRC_MAX_SIZE];
    char hex[2 * DOS_CRC_MAX_SIZE + 1];
    dos_crc_open(&c, kind);
    for (size_t at = 0; at < 9; at += piece)
        dos_crc_update(&c, text + at, piece < 9 - at ? piece : 9 - at);
    str_hex(hex, out, dos_crc_finish(&c, out));
    assert_string_equal(hex, wanted);
}

/* Check values: reveng's catalogue of parametrised CRC algorithms. */
static void catalogue(void **state)
{
    (void)state;
    for (size_t piece = 1; piece <= 9; piece++) {
        expect(DOS_CRC_32, "cbf43926", piece);
        expect(DOS_CRC_32C, "e3069283", piece);
        expect(DOS_CRC_64NVME, "ae8b14860a799888", piece);
    }
}

static void eight_at_a_time_is_one_at_a_time(void **state)
{
    (void)state;
    unsigned char data[1000], one[DOS_CRC_MAX_SIZE], eight[DOS_CRC_MAX_SIZE];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (unsigned char)(i * 131 + (i >> 3));
    for (unsigned kind = 0; kind < DOS_CRC_COUNT; kind++) {
        struct dos_crc a, b;
        dos_crc_open(&a, (enum dos_crc_kind)kind);
        dos_crc_open(&b, (enum dos_crc_kind)kind);
        dos_crc_update(&a, data, sizeof data);
        for (size_t i = 0; i < sizeof data; i++)
            dos_crc_update(&b, data + i, 1);
        size_t len = dos_crc_finish(&a, eight);
        assert_int_equal(dos_crc_finish(&b, one), len);
        assert_memory_equal(one, eight, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(catalogue),
        cmocka_unit_test(eight_at_a_time_is_one_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
