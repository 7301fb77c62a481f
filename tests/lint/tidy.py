#!/usr/bin/env python3
"""clang-tidy over the C files, two at a time. What passed is remembered by the hash of its preprocessed text, so that
only what changed is looked at again.

usage: tidy.py SRCDIR BUILDDIR [FILE...]"""
import concurrent.futures
import hashlib
import os
import pathlib
import subprocess
import sys

import source

LIBRARIES = ["libvirt", "libmicrohttpd", "sqlite3", "jansson", "libuv", "libcurl", "openssl", "libseccomp",
             "smartcols", "libxml-2.0", "cmocka"]


def flags(root, build):
    found = subprocess.run(["pkg-config", "--cflags", *LIBRARIES], capture_output=True, text=True, check=True)
    return ["-std=gnu17", "-D_GNU_SOURCE", "-I.", f"-I{os.path.relpath(build, root)}", '-DTERCET_VERSION="lint"', *found.stdout.split()]


def digest(root, path, options):
    text = subprocess.run(["gcc", "-E", *options, path], cwd=root, capture_output=True, check=False)
    if text.returncode != 0:
        return None, text.stderr.decode()
    config = pathlib.Path(root, ".clang-tidy").read_bytes()
    return hashlib.sha256(config + text.stdout).hexdigest(), ""


def look(root, build, path, options):
    known, error = digest(root, path, options)
    if known is None:
        return error
    mark = pathlib.Path(build, "lint", "tidy", known)
    if mark.exists():
        return ""
    result = subprocess.run(["clang-tidy", "--quiet", f"--config-file={root}/.clang-tidy", path, "--", *options],
                            cwd=root, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        return result.stdout or result.stderr
    mark.touch()
    return ""


def main(root, build, chosen):
    pathlib.Path(build, "lint", "tidy").mkdir(parents=True, exist_ok=True)
    options = flags(root, build)
    chosen = chosen or source.paths(root, lambda p: p.endswith(".c"))
    with concurrent.futures.ThreadPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as pool:
        findings = [f for f in pool.map(lambda p: look(root, build, p, options), chosen) if f]
    print(*findings, sep="\n", end="\n" if findings else "")
    return 1 if findings else 0


sys.exit(main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), sys.argv[3:]))
