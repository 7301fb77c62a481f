"""failpoint.py - steers failpoint.c: at which of its calls a program is killed, or its disk fails, and how."""
import mmap
import os
import pathlib
import struct
import subprocess

OFF, KILL, KILL_HALF, FAIL_ONCE, FAIL_ON = range(5)
NAMES = {KILL: "kill", KILL_HALF: "kill half way", FAIL_ONCE: "error", FAIL_ON: "errors from then on"}
NEVER = 0xffffffff


def preloaded(work, source):
    """The library made of that source, once."""
    library = work / f"{source.stem}.so"
    if not library.exists():
        subprocess.run(["cc", "-std=gnu17", "-D_GNU_SOURCE", "-O2", "-shared", "-fPIC", "-o", library, source], check=True, timeout=60)
    return library


class Failpoint:
    """The page that failpoint.c reads."""

    def __init__(self, work, name="failpoint"):
        page = work / name
        page.write_bytes(bytes(4096))
        with open(page, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), 4096)
        self.environment = {"LD_PRELOAD": str(preloaded(work, pathlib.Path(__file__).with_name("failpoint.c"))), "FAILPOINT": str(page),
                            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}

    def arm(self, mode, at, error=0, is_files_only=False):
        self.page[0:4] = bytes(4)
        self.page[128:132] = struct.pack("<I", is_files_only)
        self.page[16:128] = bytes(112)
        self.page[4:16] = struct.pack("<IiI", at, error, 0)
        self.page[0:4] = struct.pack("<I", mode)

    def hit(self):
        """The call that was hit, "" while none was."""
        return self.page[16:128].split(b"\0")[0].decode()

    def disarm(self):
        """(calls that were counted, the one that was hit)"""
        self.page[0:4] = bytes(4)
        return struct.unpack("<I", self.page[12:16])[0], self.hit()
