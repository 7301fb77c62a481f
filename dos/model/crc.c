/* crc.c - reflected CRCs, eight bytes at a time (Kounavis and Berry, "slicing-by-8"). Called for a
 * body whose sender gave such a checksum. */
#include "dos/model/crc.h"

#include "base/check.h"

#include <string.h>

enum { SLICES = 8 };

/* Reflected polynomials, and how many bits of the register count. */
static const struct shape {
    uint64_t polynomial;
    unsigned bits;
} shapes[DOS_CRC_COUNT] = {
    [DOS_CRC_32] = {0xedb88320, 32},
    [DOS_CRC_32C] = {0x82f63b78, 32},
    [DOS_CRC_64NVME] = {0x9a6c9329ac4bc9b5, 64},
};

/* Filled before main, then only read. */
static uint64_t tables[DOS_CRC_COUNT][SLICES][256];

__attribute__((constructor)) static void fill(void)
{
    for (unsigned kind = 0; kind < DOS_CRC_COUNT; kind++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            uint64_t value = byte;
            for (int bit = 0; bit < 8; bit++)
                value = (value & 1) != 0 ? value >> 1 ^ shapes[kind].polynomial : value >> 1;
            tables[kind][0][byte] = value;
        }
        for (unsigned slice = 1; slice < SLICES; slice++)
            for (unsigned byte = 0; byte < 256; byte++) {
                uint64_t before = tables[kind][slice - 1][byte];
                tables[kind][slice][byte] = before >> 8 ^ tables[kind][0][before & 0xff];
            }
    }
}

static uint64_t mask(enum dos_crc_kind kind)
{
    return shapes[kind].bits == 64 ? UINT64_MAX : ((uint64_t)1 << shapes[kind].bits) - 1;
}

void dos_crc_open(struct dos_crc *c, enum dos_crc_kind kind)
{
    PRE(kind < DOS_CRC_COUNT);
    *c = (struct dos_crc){.kind = kind, .value = mask(kind)};
}

static uint64_t read_le64(const unsigned char *p)
{
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--)
        value = value << 8 | p[i];
    return value;
}

void dos_crc_update(struct dos_crc *c, const void *data, size_t len)
{
    const unsigned char *p = data;
    uint64_t(*t)[256] = tables[c->kind];
    uint64_t value = c->value;
    for (; len >= 8; len -= 8, p += 8) {
        uint64_t x = read_le64(p) ^ value;
        value = 0;
        for (unsigned i = 0; i < SLICES; i++)
            value ^= t[SLICES - 1 - i][x >> 8 * i & 0xff];
    }
    for (; len > 0; len--, p++)
        value = value >> 8 ^ t[0][(value ^ *p) & 0xff];
    c->value = value;
}

size_t dos_crc_finish(const struct dos_crc *c, unsigned char out[DOS_CRC_MAX_SIZE])
{
    size_t size = shapes[c->kind].bits / 8;
    uint64_t value = c->value ^ mask(c->kind);
    for (size_t i = 0; i < size; i++)
        out[i] = (unsigned char)(value >> 8 * (size - 1 - i));
    return size;
}
