/* crc.h - the cyclic checksums that S3 clients send along: CRC-32, CRC-32C, CRC-64/NVME. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum dos_crc_kind { DOS_CRC_32, DOS_CRC_32C, DOS_CRC_64NVME, DOS_CRC_COUNT };

enum { DOS_CRC_MAX_SIZE = 8 };

/* A checksum being computed. */
struct dos_crc {
    enum dos_crc_kind kind;
    uint64_t value;
};

void dos_crc_open(struct dos_crc *c, enum dos_crc_kind kind);
void dos_crc_update(struct dos_crc *c, const void *data, size_t len);
/* Big-endian bytes; gives their number, 4 or 8. */
size_t dos_crc_finish(const struct dos_crc *c, unsigned char out[DOS_CRC_MAX_SIZE]);
