"""medium.py - makes a live medium (ISO 9660) of the tiny guest: it boots on a BIOS by isolinux and on UEFI by the guest's own
boot partition, and needs no disk. Made of what the guest's image is made of, in a second."""
import os
import shutil
import struct
import subprocess
import tempfile

SECTOR = 512
ISOLINUX = "/usr/lib/ISOLINUX/isolinux.bin", "/usr/lib/syslinux/modules/bios/ldlinux.c32"
CONFIG = """default tiny
prompt 0
timeout 0
label tiny
 kernel vmlinuz
 append initrd=initrd console=ttyS0 quiet no_timer_check
"""


def tool(*argv):
    subprocess.run(argv, check=True, timeout=180, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)


def raw(guest, out):
    """The disk of the guest's image as its bytes."""
    tool("qemu-img", "convert", "-O", "raw", guest, out)
    return out


def boot_partition(guest, folder, out):
    """The first one of the disk, which is the firmware's."""
    with open(raw(guest, f"{folder}/disk.raw"), "rb") as disk, open(out, "wb") as part:
        first, sectors = struct.unpack_from("<II", disk.read(SECTOR), 446 + 8)
        disk.seek(first * SECTOR)
        part.write(disk.read(sectors * SECTOR))


def make(guest, out):
    with tempfile.TemporaryDirectory(prefix="tercet-medium.") as work:
        tree = f"{work}/tree"
        os.makedirs(f"{tree}/isolinux")
        boot_partition(guest, work, f"{tree}/boot.img")
        for name in ("vmlinuz", "initrd"):
            tool("mcopy", "-i", f"{tree}/boot.img", f"::{name}", f"{tree}/isolinux/{name}")
        for path in ISOLINUX:
            shutil.copy(path, f"{tree}/isolinux")
        with open(f"{tree}/isolinux/isolinux.cfg", "w", encoding="ascii") as config:
            config.write(CONFIG)
        tool("xorriso", "-as", "mkisofs", "-quiet", "-V", "TERCET", "-o", out,
             "-b", "isolinux/isolinux.bin", "-c", "isolinux/boot.cat", "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table",
             "-eltorito-alt-boot", "-e", "boot.img", "-no-emul-boot", tree)
    return out
