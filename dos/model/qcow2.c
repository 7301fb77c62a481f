/* qcow2.c - own check of a qcow2 header. Called by the image import before any converter runs;
 * must never trust a length or an offset that it has not bounded. */
#include "dos/model/qcow2.h"

#include "base/check.h"

#include <string.h>

enum {
    V2_HEADER = 72,
    V3_HEADER = 104,
    L1_MAX_BYTES = 32 << 20,      /* qemu's own bound */
    REFTABLE_MAX_BYTES = 8 << 20, /* qemu's own bound */
    SNAPSHOTS_MAX = 256,
    EXTENSIONS_MAX = 64,
};

enum {
    INCOMPATIBLE_DIRTY = 1,
    INCOMPATIBLE_CORRUPT = 2,
    INCOMPATIBLE_DATA_FILE = 4,
    INCOMPATIBLE_COMPRESSION = 8,
    INCOMPATIBLE_EXTENDED_L2 = 16,
};

enum extension {
    EXTENSION_END = 0,
    EXTENSION_DATA_FILE = 0x44415441,
    EXTENSION_ENCRYPTION = 0x0537be77,
};

/* The fields that are looked at, in host order. */
struct header {
    uint32_t version, backing_size, cluster_bits, crypt, l1_size, reftable_clusters, snapshots;
    uint64_t backing_offset, size, l1_offset, reftable_offset, snapshots_offset;
    uint64_t incompatible;           /* 0 in version 2 */
    uint32_t refcount_order, length; /* 4 and 72 in version 2 */
    unsigned compression;            /* 0 zlib, 1 zstd */
};

static uint32_t be32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint64_t be64(const unsigned char *p)
{
    return (uint64_t)be32(p) << 32 | be32(p + 4);
}

bool dos_qcow2_is(const unsigned char *prefix, size_t len)
{
    return len >= 4 && memcmp(prefix, "QFI\xfb", 4) == 0;
}

static enum err_code refuse(struct err *err, const char *why)
{
    return err_set(err, ERR_IMAGE_INVALID, "qcow2: %s", why);
}

static void read_v3(struct header *h, const unsigned char *p, size_t len)
{
    h->incompatible = be64(p + 72);
    h->refcount_order = be32(p + 96);
    h->length = be32(p + 100);
    if (h->length > V3_HEADER && len > V3_HEADER)
        h->compression = p[V3_HEADER];
}

static enum err_code read_header(struct header *h, const unsigned char *p, size_t len,
                                 struct err *err)
{
    if (len < V2_HEADER)
        return refuse(err, "the file ends inside of the header");
    *h = (struct header){.version = be32(p + 4),
                         .backing_offset = be64(p + 8),
                         .backing_size = be32(p + 16),
                         .cluster_bits = be32(p + 20),
                         .size = be64(p + 24),
                         .crypt = be32(p + 32),
                         .l1_size = be32(p + 36),
                         .l1_offset = be64(p + 40),
                         .reftable_offset = be64(p + 48),
                         .reftable_clusters = be32(p + 56),
                         .snapshots = be32(p + 60),
                         .snapshots_offset = be64(p + 64),
                         .refcount_order = 4,
                         .length = V2_HEADER};
    if (h->version != 2 && h->version != 3)
        return err_set(err, ERR_IMAGE_INVALID, "qcow2: version %u is not 2 or 3", h->version);
    if (h->version == 3 && len < V3_HEADER)
        return refuse(err, "the file ends inside of the header");
    if (h->version == 3)
        read_v3(h, p, len);
    return ERR_OK;
}

/* Whatever reaches outside of the file. */
static enum err_code check_references(const struct header *h, struct err *err)
{
    if (h->backing_offset != 0 || h->backing_size != 0)
        return refuse(err, "it names a backing file; flatten it with qemu-img convert");
    if ((h->incompatible & INCOMPATIBLE_DATA_FILE) != 0)
        return refuse(err, "it keeps its data in an external file");
    if (h->crypt != 0)
        return refuse(err, "it is encrypted");
    if ((h->incompatible & INCOMPATIBLE_CORRUPT) != 0)
        return refuse(err, "it is marked as corrupt; repair it with qemu-img check -r all");
    const uint64_t known = INCOMPATIBLE_DIRTY | INCOMPATIBLE_COMPRESSION | INCOMPATIBLE_EXTENDED_L2;
    if ((h->incompatible & ~known) != 0)
        return refuse(err, "it needs a feature that is not known here");
    if (h->compression > 1)
        return refuse(err, "its compression type is not known here");
    return ERR_OK;
}

/* Does [offset, offset + bytes) lie in the file, aligned to a cluster, behind the header? */
static bool is_table_inside(const struct header *h, uint64_t offset, uint64_t bytes,
                            uint64_t file_size)
{
    uint64_t cluster = (uint64_t)1 << h->cluster_bits;
    return offset % cluster == 0 && offset >= cluster && offset <= file_size &&
           bytes <= file_size - offset;
}

/* L1 entries that the virtual size needs. An entry covers one L2 table. */
static uint64_t l1_needed(const struct header *h)
{
    unsigned entry_bits = (h->incompatible & INCOMPATIBLE_EXTENDED_L2) != 0 ? 4 : 3;
    unsigned covered_bits = h->cluster_bits + h->cluster_bits - entry_bits;
    return (h->size >> covered_bits) +
           ((h->size & (((uint64_t)1 << covered_bits) - 1)) != 0 ? 1 : 0);
}

static enum err_code check_tables(const struct header *h, uint64_t file_size, struct err *err)
{
    uint64_t l1_bytes = (uint64_t)h->l1_size * 8;
    uint64_t reftable_bytes = (uint64_t)h->reftable_clusters << h->cluster_bits;
    if (l1_bytes > L1_MAX_BYTES || h->l1_size < l1_needed(h))
        return refuse(err, "the size of its L1 table does not fit its virtual size");
    if (!is_table_inside(h, h->l1_offset, l1_bytes, file_size))
        return refuse(err, "its L1 table lies outside of the file");
    if (reftable_bytes == 0 || reftable_bytes > REFTABLE_MAX_BYTES)
        return refuse(err, "the size of its refcount table is absurd");
    if (!is_table_inside(h, h->reftable_offset, reftable_bytes, file_size))
        return refuse(err, "its refcount table lies outside of the file");
    if (h->snapshots > SNAPSHOTS_MAX)
        return refuse(err, "it has too many internal snapshots");
    if (h->snapshots > 0 && !is_table_inside(h, h->snapshots_offset, 0, file_size))
        return refuse(err, "its snapshot table lies outside of the file");
    return ERR_OK;
}

static enum err_code check_extensions(const struct header *h, const unsigned char *p, size_t len,
                                      struct err *err)
{
    uint64_t at = h->length;
    for (int i = 0; i < EXTENSIONS_MAX; i++) {
        if (at + 8 > len)
            return at >= (uint64_t)1 << h->cluster_bits
                       ? ERR_OK
                       : refuse(err, "the file ends inside of the header extensions");
        uint32_t type = be32(p + at), size = be32(p + at + 4);
        if (type == EXTENSION_END)
            return ERR_OK;
        if (type == EXTENSION_DATA_FILE)
            return refuse(err, "it keeps its data in an external file");
        if (type == EXTENSION_ENCRYPTION)
            return refuse(err, "it is encrypted");
        at += 8 + ((uint64_t)size + 7) / 8 * 8;
        if (at > (uint64_t)1 << h->cluster_bits)
            return refuse(err, "a header extension reaches beyond the first cluster");
    }
    return refuse(err, "it has too many header extensions");
}

static enum err_code check_shape(const struct header *h, uint64_t limit, struct err *err)
{
    if (h->cluster_bits < 9 || h->cluster_bits > 21)
        return refuse(err, "its cluster size is absurd");
    if (h->refcount_order > 6)
        return refuse(err, "its refcount width is absurd");
    if (h->version == 3 && (h->length < V3_HEADER || h->length > 4096 || h->length % 8 != 0 ||
                            h->length > (uint64_t)1 << h->cluster_bits))
        return refuse(err, "its header length is absurd");
    if (h->size == 0)
        return refuse(err, "its virtual size is 0");
    if (h->size > limit)
        return err_set(err, ERR_IMAGE_INVALID,
                       "qcow2: its virtual size of %llu bytes is over the limit of %llu",
                       (unsigned long long)h->size, (unsigned long long)limit);
    return ERR_OK;
}

enum err_code dos_qcow2_check(const unsigned char *prefix, size_t len, uint64_t file_size_bytes,
                              uint64_t limit_bytes, uint64_t *virtual_size_bytes, struct err *err)
{
    PRE(dos_qcow2_is(prefix, len) && len <= file_size_bytes);
    struct header h = {0};
    enum err_code code = read_header(&h, prefix, len, err);
    if (code == ERR_OK)
        code = check_references(&h, err);
    if (code == ERR_OK)
        code = check_shape(&h, limit_bytes, err);
    if (code == ERR_OK)
        code = check_tables(&h, file_size_bytes, err);
    if (code == ERR_OK)
        code = check_extensions(&h, prefix, len, err);
    *virtual_size_bytes = h.size;
    return code;
}
