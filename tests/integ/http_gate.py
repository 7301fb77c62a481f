#!/usr/bin/python3
"""The HTTP gate from outside, byte by byte: what is refused, that nothing after it is executed, that slow and idle
connections cost little and harm nobody (RELIABILITY, "The HTTP gate"; musts 10 and 19; I21).

usage: http_gate.py PROGRAM [--idle N]     PROGRAM: http_echo of the build"""
import argparse
import contextlib
import resource
import select
import socket
import ssl
import subprocess
import sys
import time

HOST = b"Host: a\r\n"
AFTER = b"GET /after HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
CHUNKED = b"PUT /bad HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

# what, bytes, answer on plain HTTP, answer over TLS; None = closed without a word
ROWS = [
    ("two lengths", b"POST /bad HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400, 400),
    ("two equal lengths", b"POST /bad HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400, 400),
    ("length and coding", b"POST /bad HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     400, 400),
    ("blank before the colon", b"POST /bad HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\nabc", 400, 400),
    ("identity", b"POST /bad HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\nabc", 400, 400),
    ("gzip, chunked", b"POST /bad HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400, 400),
    ("length +3", b"POST /bad HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc", 400, 400),
    ("length 0x3", b"POST /bad HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\nabc", 400, 400),
    ("huge length", b"POST /bad HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 413, 400),
    ("body above the limit", b"PUT /bad HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n", 413, 413),
    ("two hosts", b"GET /bad HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, 400),
    ("no host", b"GET /bad HTTP/1.1\r\n\r\n", 400, 400),
    ("two signatures", b"GET /bad HTTP/1.1\r\nHost: a\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n", 400, 400),
    ("CR in a value", b"GET /bad HTTP/1.1\r\nHost: a\r\nx: a\rb\r\n\r\n", 400, 400),
    ("other expectation", b"PUT /bad HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n", 417, 417),
    ("other method", b"TRACE /bad HTTP/1.1\r\nHost: a\r\n\r\n", 501, 501),
    ("absolute form", b"GET http://a/bad HTTP/1.1\r\nHost: a\r\n\r\n", 400, 400),
    ("blank in the target", b"GET /b ad HTTP/1.1\r\nHost: a\r\n\r\n", None, 400),
    ("HTTP/9.9", b"GET /bad HTTP/9.9\r\nHost: a\r\n\r\n", 505, 400),
    ("head of 70 kB", b"GET /bad HTTP/1.1\r\nHost: a\r\nx: " + b"y" * 70000 + b"\r\n\r\n", 431, 431),
    ("chunk 0x0", CHUNKED + b"0x0\r\n\r\n", 400, 400),
    ("chunk too large", CHUNKED + b"fffffffffffffffff\r\n", 413, 400),
]
# What libmicrohttpd reads kindly: only TLS listeners, whose bytes we read first, refuse these.
ONLY_TLS = [
    ("folded header", b"GET /bad HTTP/1.1\r\nHost: a\r\nx: y\r\n z\r\n\r\n"),
    ("bare LF", b"GET /bad HTTP/1.1\nHost: a\n\n"),
    ("doubled blank", b"GET  /bad HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("nonsense", b"\x00\x01\x02\x03\r\n\r\n"),
    ("NUL in a value", b"GET /bad HTTP/1.1\r\nHost: a\r\nx: a\x00b\r\n\r\n"),
    ("chunk that ends with LF", CHUNKED + b"3\r\nabc\n0\r\n\r\n"),
]
GOOD = [
    ("raw target", b"GET /a/..%2fb/%00?x=%zz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n",
     b"GET /a/..%2fb/%00?x=%zz"),
    ("chunks", b"PUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + HOST + b"Connection: close\r\n\r\n3\r\nxyz\r\n0\r\n\r\n",
     b"PUT /c  xyz"),
    ("one byte at a time", None, b"GET /slow"),
]


class Target:
    def __init__(self, port, secure):
        self.port, self.secure = port, secure
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE

    def connect(self):
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.context.wrap_socket(raw) if self.secure else raw

    def ask(self, data):
        with self.connect() as s:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                s.sendall(data)
            return read_all(s)


def read_all(s):
    parts = []
    with contextlib.suppress(ConnectionResetError, ssl.SSLError, TimeoutError):
        while True:
            part = s.recv(65536)
            if not part:
                break
            parts.append(part)
    return b"".join(parts)


def status(answer):
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else None


failures = []


def check(what, condition, detail=""):
    print(f"{'ok  ' if condition else 'FAIL'} {what}" + (f": {detail}" if not condition else ""))
    if not condition:
        failures.append(what)


def rows(target, name):
    at = 3 if target.secure else 2
    for row in ROWS + ([(what, data, 0, 400) for what, data in ONLY_TLS] if target.secure else []):
        answer = target.ask(row[1] + AFTER)
        check(f"{name}: {row[0]}", status(answer) == row[at] and b"/after" not in answer and b"/bad" not in answer,
              answer[:200])
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
            for name, target, bound_kib in (("plain", Target(plain, False), 48), ("tls", Target(secure, True), 160)):
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
