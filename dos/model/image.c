/* image.c - the kinds of disk images, by their magic bytes. Called by the image import. */
#include "dos/model/image.h"

#include "base/check.h"
#include "dos/model/iso.h"
#include "dos/model/qcow2.h"

#include <string.h>

/* What is known and not taken: where its magic stands, and what people call it. */
static const struct magic {
    size_t at, len;
    const char *bytes;
    const char *name;
} refused[] = {
    {0, 4, "KDMV", "a VMDK image"},
    {0, 4, "COWD", "a VMDK image"},
    {0, 21, "# Disk DescriptorFile", "a VMDK descriptor"},
    {0, 8, "vhdxfile", "a VHDX image"},
    {0, 8, "conectix", "a VHD image"},
    {64, 4, "\x7f\x10\xda\xbe", "a VDI image"},
    {0, 4, "QED\0", "a QED image"},
    {0, 16, "WithoutFreeSpace", "a Parallels image"},
    {0, 16, "WithouFreSpacExt", "a Parallels image"},
    {0, 22, "Bochs Virtual HD Image", "a Bochs image"},
    {0, 6, "LUKS\xba\xbe", "an encrypted (LUKS) volume"},
    {0, 2, "\x1f\x8b", "compressed with gzip"},
    {0, 6,
     "\xfd"
     "7zXZ\0",
     "compressed with xz"},
    {0, 4, "\x28\xb5\x2f\xfd", "compressed with zstd"},
    {0, 4, "\x04\x22\x4d\x18", "compressed with lz4"},
    {0, 3, "BZh", "compressed with bzip2"},
    {0, 4, "PK\x03\x04", "a zip archive"},
    {0, 6, "7z\xbc\xaf\x27\x1c", "a 7z archive"},
    {257, 5, "ustar", "a tar archive (an OVA?)"},
    {0, 5, "<?xml", "an XML document"},
    {0, 4,
     "\x7f"
     "ELF",
     "a program"},
};

static const char *refused_name(const unsigned char *prefix, size_t len)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (len >= refused[i].at + refused[i].len &&
            memcmp(prefix + refused[i].at, refused[i].bytes, refused[i].len) == 0)
            return refused[i].name;
    return NULL;
}

static enum err_code check_raw(uint64_t file_size, uint64_t limit, struct err *err)
{
    if (file_size < DOS_IMAGE_SECTOR)
        return err_set(err, ERR_IMAGE_INVALID, "the image has less than one sector");
    if (file_size > limit)
        return err_set(err, ERR_IMAGE_INVALID,
                       "the image's size of %llu bytes is over the limit of %llu",
                       (unsigned long long)file_size, (unsigned long long)limit);
    return ERR_OK;
}

enum err_code dos_image_check(struct dos_image *image, const unsigned char *prefix, size_t len,
                              uint64_t file_size_bytes, uint64_t limit_bytes, struct err *err)
{
    PRE(len <= file_size_bytes && len <= DOS_IMAGE_PREFIX_SIZE);
    *image = (struct dos_image){.format = DOS_IMAGE_RAW, .size_bytes = file_size_bytes};
    const char *name = refused_name(prefix, len);
    if (name != NULL)
        return err_set(err, ERR_IMAGE_INVALID, "this is %s; upload a raw, qcow2 or ISO image",
                       name);
    enum err_code code;
    if (dos_qcow2_is(prefix, len)) {
        image->format = DOS_IMAGE_QCOW2;
        code = dos_qcow2_check(prefix, len, file_size_bytes, limit_bytes, &image->size_bytes, err);
    } else {
        code = check_raw(file_size_bytes, limit_bytes, err);
    }
    if (code == ERR_OK && image->format == DOS_IMAGE_RAW && dos_iso_is(prefix, len)) {
        image->format = DOS_IMAGE_ISO;
        code = dos_iso_check(prefix, len, file_size_bytes, err);
    }
    if (code == ERR_OK)
        image->size_bytes = (image->size_bytes + DOS_IMAGE_SECTOR - 1) / DOS_IMAGE_SECTOR *
                            DOS_IMAGE_SECTOR;
    return code;
}
