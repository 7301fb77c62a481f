/* qcow2.c - the clusters of an empty disk: header, refcount table, refcounts, first-level table. */
#include "computer-manager/effect/qcow2.h"

#include "base/check.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

enum { CLUSTER_BITS = 16, CLUSTER = 1 << CLUSTER_BITS, SECTOR = 512 };
/* Where each begins, in clusters. */
enum { AT_REFCOUNT_TABLE = 1, AT_REFCOUNTS = 2, AT_L1 = 3 };
/* An entry of the first level stands for a cluster of entries of 8 bytes, each for a cluster. */
static const uint64_t bytes_of_l1_entry = (uint64_t)CLUSTER / 8 * CLUSTER;

/* As it lies in the file, big endian. */
struct header {
    char magic[4];
    uint32_t version;
    uint64_t backing_at;
    uint32_t backing_len, cluster_bits;
    uint64_t size;
    uint32_t encryption, l1_len;
    uint64_t l1_at, refcount_table_at;
    uint32_t refcount_table_clusters, snapshots;
    uint64_t snapshots_at, incompatible, compatible, autoclear;
    uint32_t refcount_order, header_len; /* refcounts of 1 << order bits */
    char compression, filler[7];
};
_Static_assert(sizeof(struct header) == 112, "as the format has it");

/* Behind the header: says that the backing file is raw, so that nobody looks into it to find out
 * (a guest can write what looks like a qcow2 naming any file); and the end of extensions. */
struct extensions {
    uint32_t kind, len;
    char format[8];
    uint32_t end_kind, end_len;
};

struct head {
    struct header header;
    struct extensions extensions;
    char backing[HOST_QCOW2_BACKING_SIZE];
};

static const char magic[4] = "QFI\xfb";
enum { KIND_BACKING_FORMAT = (int)0xe2792aca };

static uint64_t divide_up(uint64_t a, uint64_t b)
{
    return (a + b - 1) / b;
}

static struct header make_header(uint64_t size, uint64_t l1_len)
{
    return (struct header){
        .magic = {magic[0], magic[1], magic[2], magic[3]},
        .version = htobe32(3),
        .cluster_bits = htobe32(CLUSTER_BITS),
        .size = htobe64(size),
        .l1_len = htobe32((uint32_t)l1_len),
        .l1_at = htobe64((uint64_t)AT_L1 * CLUSTER),
        .refcount_table_at = htobe64((uint64_t)AT_REFCOUNT_TABLE * CLUSTER),
        .refcount_table_clusters = htobe32(1),
        .refcount_order = htobe32(4),
        .header_len = htobe32(sizeof(struct header)),
    };
}

static void set_backing(struct head *head, const char *backing)
{
    size_t len = strlen(backing);
    PRE(len < sizeof head->backing);
    memcpy(head->backing, backing, len);
    head->header.backing_at = htobe64(offsetof(struct head, backing));
    head->header.backing_len = htobe32((uint32_t)len);
    head->extensions = (struct extensions){
        .kind = htobe32((uint32_t)KIND_BACKING_FORMAT), .len = htobe32(3), .format = "raw"};
}

static bool put(int fd, const void *bytes, size_t len, uint64_t cluster)
{
    ssize_t put = pwrite(fd, bytes, len, (off_t)(cluster * CLUSTER));
    if (put >= 0 && put != (ssize_t)len)
        errno = ENOSPC;
    return put == (ssize_t)len;
}

/* Each cluster is used once; the first-level table is a hole, all zeros: nothing is written yet. */
static bool fill(int fd, const struct head *head, uint64_t l1_len)
{
    enum { CLUSTERS_MAX = 32 };
    uint16_t refcounts[CLUSTERS_MAX];
    uint64_t clusters = AT_L1 + divide_up(l1_len * 8, CLUSTER);
    uint64_t table = htobe64((uint64_t)AT_REFCOUNTS * CLUSTER);
    INV(clusters <= CLUSTERS_MAX);
    for (size_t i = 0; i < clusters; i++)
        refcounts[i] = htobe16(1);
    return ftruncate(fd, (off_t)(clusters * CLUSTER)) == 0 && put(fd, head, sizeof *head, 0) &&
           put(fd, &table, sizeof table, AT_REFCOUNT_TABLE) &&
           put(fd, refcounts, clusters * sizeof *refcounts, AT_REFCOUNTS);
}

static enum err_code failed(struct err *err, const char *path, int why)
{
    return err_set(err, why == ENOSPC ? ERR_NO_SPACE : ERR_IO, "%s: %s", path, strerror(why));
}

enum err_code host_qcow2_make(const char *path, const char *backing, int64_t size_bytes,
                              struct err *err)
{
    PRE(size_bytes > 0 && size_bytes <= HOST_QCOW2_BYTES_MAX);
    uint64_t size = divide_up((uint64_t)size_bytes, SECTOR) * SECTOR;
    uint64_t l1_len = divide_up(size, bytes_of_l1_entry);
    struct head head = {.header = make_header(size, l1_len)};
    if (backing != NULL)
        set_backing(&head, backing);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return failed(err, path, errno);
    int why = fill(fd, &head, l1_len) ? 0 : errno;
    close(fd);
    return why == 0 ? ERR_OK : failed(err, path, why);
}

static bool read_backing(int fd, char out[HOST_QCOW2_BACKING_SIZE])
{
    struct header h;
    if (pread(fd, &h, sizeof h, 0) != (ssize_t)sizeof h ||
        memcmp(h.magic, magic, sizeof magic) != 0)
        return false;
    uint32_t len = be32toh(h.backing_len);
    if (len >= HOST_QCOW2_BACKING_SIZE)
        return false;
    out[len] = '\0';
    return pread(fd, out, len, (off_t)be64toh(h.backing_at)) == (ssize_t)len;
}

enum err_code host_qcow2_backing(const char *path, char out[HOST_QCOW2_BACKING_SIZE],
                                 struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool is_read = fd >= 0 && read_backing(fd, out);
    if (fd >= 0)
        close(fd);
    if (!is_read)
        out[0] = '\0';
    return is_read ? ERR_OK : err_set(err, ERR_IO, "what %s stands on cannot be read", path);
}
