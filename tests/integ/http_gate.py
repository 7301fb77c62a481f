#!/usr/bin/python3
"""The HTTP gate from outside, byte by byte: what is refused, that nothing after it is executed, that slow and idle
connections cost little and harm nobody (RELIABILITY, "The HTTP gate"; musts 10 and 19; I21).

usage: http_gate.py PROGRAM [--idle N]     PROGRAM: http_echo of the build"""
import argparse
import resource
import select
import subprocess
import sys
import time

import gaterows
from gaterows import HOST, Target, read_all, status

# The length that this listener takes is its own.
TOO_LONG = b"PUT /bad HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n"
GOOD = [
    ("raw target", b"GET /a/..%2fb/%00?x=%zz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n",
     b"GET /a/..%2fb/%00?x=%zz"),
    ("chunks", b"PUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + HOST + b"Connection: close\r\n\r\n3\r\nxyz\r\n0\r\n\r\n",
     b"PUT /c  xyz"),
    ("one byte at a time", None, b"GET /slow"),
]


failures = []


def check(what, condition, detail=""):
    print(f"{'ok  ' if condition else 'FAIL'} {what}" + (f": {detail}" if not condition else ""))
    if not condition:
        failures.append(what)


def rows(target, name):
    gaterows.hold(target, check)
    gaterows.one(target, "body above the limit", TOO_LONG, 413, check)
    for what, data, inside in GOOD:
        answer = target.ask(data) if data else trickle(target)
        check(f"{name}: {what}", status(answer) == 200 and inside in answer, answer[:200])


def trickle(target):
    """A head in single bytes, well within 5 s, is no attack."""
    with target.connect() as s:
        for byte in b"GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n":
            s.sendall(bytes([byte]))
        return read_all(s)


def seconds_until_closed(s, send):
    """Sends a byte every half second; when does the other side close?"""
    begin = time.monotonic()
    while time.monotonic() - begin < 12:
        readable, _, _ = select.select([s], [], [], 0.5)
        try:
            if readable and not s.recv(4096):
                break
            s.sendall(send)
        except OSError:
            break
    return time.monotonic() - begin


def slow_header(target, name):
    with target.connect() as s:
        s.sendall(b"GET /bad HTTP/1.1\r\nHost: a\r\nx: ")
        took = seconds_until_closed(s, b"y")
    check(f"{name}: a slow header is swept after 5 s", 4 < took < 8, took)


def memory_kib(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("Pss:"))


def idle(target, name, pid, count, bound_kib):
    """Idle connections are cheap, and nobody waits for them."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps:
        bound_kib *= 4 if "libasan" in maps.read() else 1
    before = memory_kib(pid)
    held = []
    for _ in range(count):
        s = target.connect()
        s.sendall(b"GET /idle HTTP/1.1\r\nHost: a\r\n\r\n")
        s.recv(4096)
        held.append(s)
    each = (memory_kib(pid) - before) / count
    times = []
    for _ in range(50):
        begin = time.monotonic()
        answer = target.ask(b"GET /quick HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        times.append(time.monotonic() - begin)
        assert status(answer) == 200, answer
    check(f"{name}: {count} idle connections take {each:.1f} KiB each", each < bound_kib, bound_kib)
    check(f"{name}: beside them a request takes {sorted(times)[25] * 1000:.1f} ms", sorted(times)[25] < 0.25)
    for s in held:
        s.close()


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("program")
    options.add_argument("--idle", type=int, default=500)
    options.add_argument("--only", choices=("plain", "tls"), help="one listener only")
    given = options.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with subprocess.Popen([given.program], stdout=subprocess.PIPE) as daemon:
        try:
            plain, secure = (int(word) for word in daemon.stdout.readline().split())
            for name, target, bound_kib in (("plain", Target("plain", plain, False), 48), ("tls", Target("tls", secure, True), 160)):
                if given.only not in (None, name):
                    continue
                rows(target, name)
                slow_header(target, name)
                idle(target, name, daemon.pid, given.idle, bound_kib)
            check("still alive", daemon.poll() is None)
        finally:
            daemon.terminate()
            daemon.wait(20)
    check("a clean end", daemon.returncode == 0, daemon.returncode)
    return 1 if failures else 0


sys.exit(main())
