/* image.c - target: the headers of images that tenants bring (dos/model/qcow2.h, iso.h).
 *
 * First byte: which of them, and how many times 512 bytes of zeroes follow; then the header, of an
 * ISO its first descriptor. Holds: what is accepted names no other file and no key, and all of its
 * tables lie in the file; nobody reads behind the prefix. */
#include "dos/model/iso.h"
#include "dos/model/qcow2.h"

#include "base/check.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { PAD = 512, DESCRIPTOR = 32768, BLOCK = 2048 };
#define LIMIT ((uint64_t)1 << 43)

static uint64_t number(const unsigned char *p, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value = value * 256 + p[i];
    return value;
}

static void hold_table(uint64_t at, uint64_t bytes, uint64_t cluster, uint64_t file_size)
{
    INV(at >= cluster && at % cluster == 0 && at + bytes >= at && at + bytes <= file_size);
}

/* By the offsets of docs/interop/qcow2.txt. */
static void hold_qcow2(const unsigned char *p, uint64_t file_size, uint64_t virtual_size)
{
    uint64_t version = number(p + 4, 4), cluster = (uint64_t)1 << number(p + 20, 4);
    INV(number(p + 8, 8) == 0 && number(p + 16, 4) == 0); /* backing file */
    INV(number(p + 32, 4) == 0);                          /* encryption */
    INV(version == 2 || version == 3);
    INV(version == 2 || (number(p + 72, 8) & ~(uint64_t)(1 | 8 | 16)) == 0);
    INV(virtual_size == number(p + 24, 8) && virtual_size > 0 && virtual_size <= LIMIT);
    INV(cluster >= 512 && cluster <= 2 << 20);
    hold_table(number(p + 40, 8), number(p + 36, 4) * 8, cluster, file_size);
    hold_table(number(p + 48, 8), number(p + 56, 4) * cluster, cluster, file_size);
    /* One entry of L1 covers a cluster of entries, each for a cluster. */
    INV(number(p + 36, 4) * (cluster / 8) * cluster >= virtual_size);
    uint64_t at = version == 2 ? 72 : number(p + 100, 4);
    for (uint64_t type; at + 8 <= cluster && (type = number(p + at, 4)) != 0;) {
        INV(type != 0x44415441 && type != 0x0537be77);
        at += 8 + (number(p + at + 4, 4) + 7) / 8 * 8;
    }
}

static void try_qcow2(struct fuzz input, size_t pad)
{
    struct err err = {0};
    size_t len = input.len + pad * PAD;
    unsigned char *prefix = check_alloc(len + 1);
    uint64_t virtual_size = 0;
    memset(prefix, 0, len + 1);
    if (input.len > 0)
        memcpy(prefix, input.at, input.len);
    if (dos_qcow2_is(prefix, len) &&
        dos_qcow2_check(prefix, len, len, LIMIT, &virtual_size, &err) == ERR_OK)
        hold_qcow2(prefix, len, virtual_size);
    free(prefix);
}

static void try_iso(struct fuzz input, size_t pad)
{
    struct err err = {0};
    size_t len = DESCRIPTOR + input.len;
    unsigned char *prefix = check_alloc(len);
    uint64_t file_size = len + (pad << 11);
    memset(prefix, 0, DESCRIPTOR);
    if (input.len > 0)
        memcpy(prefix + DESCRIPTOR, input.at, input.len);
    if (dos_iso_is(prefix, len) && dos_iso_check(prefix, len, file_size, &err) == ERR_OK) {
        const unsigned char *d = prefix + DESCRIPTOR;
        INV(d[0] == 1 && memcmp(d + 1, "CD001\1", 6) == 0);
        INV(number(d + 130, 2) == BLOCK && number(d + 84, 4) * BLOCK <= file_size);
        INV(number(d + 84, 4) > DESCRIPTOR / BLOCK);
    }
    free(prefix);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz input = {data, len};
    uint8_t choice = fuzz_byte(&input);
    if (choice < 0x80)
        try_qcow2(input, choice);
    else
        try_iso(input, choice & 0x7f);
    return 0;
}
