#!/usr/bin/python3
"""Idle, slow and dawdling clients by the thousand, and beside them honest ones, who are to notice nothing. Defends I21.

usage: http_crowd.py [--idle N] [--secure N] [--slow N] [--seconds S] [--strict]
    N idle connections on a plain listener, or N over TLS, each after one answer; N slow ones, a third of them in their headers,
    their bodies, or in reading. --strict: holds them against the bounds of docs/hostile.md, and lets slowhttptest play, too"""
import argparse
import contextlib
import multiprocessing
import re
import resource
import socket
import ssl
import subprocess
import sys
import threading
import time
import types

import dosrig
import scarce
import tiers
from cloud import check, equal, finish, say, wait
from gaterows import HOST

KEEP = b"GET /one HTTP/1.1\r\n" + HOST + b"\r\n"
SLOW = {"in headers": b"GET /one HTTP/1.1\r\n" + HOST + b"x: ",
        "in a body": b"POST /one/two HTTP/1.1\r\n" + HOST + b"Content-Length: 100000\r\n\r\n",
        "in reading": KEEP * 200}
P99_MS, MEMORY_MIB = 100, 128


def open_one(port, secure):
    raw = socket.create_connection(("127.0.0.1", port), timeout=30)
    if not secure:
        return raw
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(raw)


class Crowd:
    """A process of its own: N idle connections and N slow ones, each replaced when it is closed."""

    def __init__(self, port, secure, idle, slow):
        self.wishes, self.facts = multiprocessing.Event(), multiprocessing.SimpleQueue()
        self.process = multiprocessing.Process(target=self.run, args=(port, secure, idle, slow), daemon=True)
        self.process.start()
        self.opened = self.facts.get()

    def run(self, port, secure, idle, slow):
        held = [self.one_idle(port, secure) for _ in range(idle)]
        slow_ones = {}
        for n in range(slow):
            self.one_slow(port, secure, n, slow_ones)
        self.facts.put(len(held) + len(slow_ones))
        swept = 0
        while not self.wishes.wait(1):
            for s, n in list(slow_ones.items()):
                if not self.dawdle(s, n):
                    del slow_ones[s]
                    swept += 1
                    self.one_slow(port, secure, n, slow_ones)
        self.facts.put((sum(self.stands(s) for s in held), swept))

    @staticmethod
    def one_idle(port, secure):
        s = open_one(port, secure)
        s.sendall(KEEP)
        s.recv(4096)
        return s

    @staticmethod
    def one_slow(port, secure, n, into):
        with contextlib.suppress(OSError):
            s = open_one(port, secure)
            s.sendall(list(SLOW.values())[n % 3])
            s.settimeout(0)
            into[s] = n

    @staticmethod
    def dawdle(s, n):
        """A byte more, or a byte less; False when it was closed."""
        with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            try:
                if n % 3 == 2:
                    return s.recv(1) != b""
                s.send(b"x")
                return s.recv(1) != b""
            except OSError as error:
                if isinstance(error, (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)):
                    raise
                return False
        return True

    @staticmethod
    def stands(s):
        s.settimeout(0)
        try:
            return s.recv(1) != b""
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            return False

    def end(self):
        """(idle ones that stand, slow ones that were swept)"""
        self.wishes.set()
        facts = self.facts.get()
        self.process.join()
        return facts


class Honest:
    """Clients who ask for something that takes work, one request after the other, 20 a second each, on new connections each tenth
    time."""

    def __init__(self, ask, clients=4):
        self.ask, self.times, self.failed, self.stop = ask, [], [], threading.Event()
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(clients)]
        for thread in self.threads:
            thread.start()

    def run(self):
        link, n = None, 0
        while not self.stop.wait(0.05):
            begin = time.monotonic()
            try:
                if link is None or n % 10 == 0:
                    link = self.ask.connect()
                self.ask.once(link)
                self.times.append((time.monotonic() - begin) * 1000)
            except Exception as error:  # whatever it is, an honest client was not answered
                self.failed.append(repr(error))
                link = None
            n += 1

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join()
        times = sorted(self.times) or [float("inf")]
        return len(self.times), times[len(times) // 2], times[len(times) * 99 // 100], self.failed


class Ask:
    """One signed request, again and again."""

    def __init__(self, t, name):
        self.port, self.secure = t.ports[name], name.endswith("tls")
        self.daemon = t.dos if name.startswith("s3") else t.cloud
        headers = self.signed_s3(t) if name.startswith("s3") else self.signed_ec2(t)
        self.request = headers

    def signed_s3(self, t):
        place = types.SimpleNamespace(port=self.port)
        dosrig.KEYS["root"] = (t.key_id, t.secret)
        fields = dosrig.signed(place, "GET", "/crowd/k", account="root", region="local")
        return b"GET /crowd/k HTTP/1.1\r\n" + b"".join(f"{k}: {v}\r\n".encode() for k, v in fields.items()) + b"\r\n"

    def signed_ec2(self, t):
        place, body = types.SimpleNamespace(port=self.port), b"Action=DescribeInstances&Version=2016-11-15"
        dosrig.KEYS["root"] = (t.key_id, t.secret)
        fields = dosrig.signed(place, "POST", "/", body, {"Content-Type": "application/x-www-form-urlencoded"}, "root", region="local",
                               service="ec2")
        fields = {**fields, "Content-Length": str(len(body))}
        return b"POST / HTTP/1.1\r\n" + b"".join(f"{k}: {v}\r\n".encode() for k, v in fields.items()) + b"\r\n" + body

    def connect(self):
        return open_one(self.port, self.secure)

    def once(self, link):
        link.sendall(self.request)
        head = b""
        while b"\r\n\r\n" not in head:
            piece = link.recv(65536)
            if not piece:
                raise ConnectionError("closed without an answer")
            head += piece
        if not head.startswith(b"HTTP/1.1 200 "):
            raise ValueError(head[:300])
        length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
        left = length - (len(head) - head.index(b"\r\n\r\n") - 4)
        while left > 0:
            left -= len(link.recv(65536))


def memory_mib(daemon):
    with open(f"/proc/{daemon.process.pid}/smaps_rollup", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("Pss:")) / 1024


def measure(t, name, given, idle):
    ask = Ask(t, name)
    before = memory_mib(ask.daemon)
    crowd = Crowd(t.ports[name], ask.secure, idle, given.slow)
    honest = Honest(ask)
    peak, end = 0, time.monotonic() + given.seconds
    while time.monotonic() < end:
        time.sleep(0.5)
        peak = max(peak, memory_mib(ask.daemon))
    asked, p50, p99, failed = honest.end()
    stand, swept = crowd.end()
    say(f"      {name}: {idle} idle ({stand} of them stand), {given.slow} slow ({swept} were swept): {asked} honest requests, "
        f"p50 {p50:.1f} ms, p99 {p99:.1f} ms; memory {before:.0f} MiB, at most {peak:.0f} MiB")
    check(f"{name}: every honest request is answered", asked > 0 and not failed, failed[:3])
    if given.strict:
        check(f"{name}: p99 below {P99_MS} ms", p99 < P99_MS, p99)
        check(f"{name}: memory below {MEMORY_MIB} MiB", peak < MEMORY_MIB, peak)


MODES = {"slow headers": "-H", "slow bodies": "-B", "ranges": "-R", "slow reading": "-X"}


def slowhttptest(t, name, given):
    ask = Ask(t, name)
    for mode, flag in MODES.items():
        honest = Honest(ask)
        url = f"{'https' if ask.secure else 'http'}://127.0.0.1:{ask.port}/crowd/k"
        done = subprocess.run(["slowhttptest", flag, "-c", "1000", "-r", "200", "-i", "5", "-l", str(given.seconds), "-x", "24", "-p", "3",
                               "-u", url], capture_output=True, text=True, timeout=120, check=False)
        asked, p50, p99, failed = honest.end()
        say(f"      {name}: slowhttptest, {mode}, 1,000 connections: {asked} honest requests, p50 {p50:.1f} ms, p99 {p99:.1f} ms")
        check(f"{name}: {mode}: every honest request is answered", asked > 0 and not failed, failed[:3])
        check(f"{name}: {mode}: p99 below {P99_MS} ms", p99 < P99_MS, p99)
        check(f"{name}: {mode}: it says that the service is available", re.search(r"service available:.*YES", done.stdout + done.stderr),
              done.stdout[-500:])


# --- few descriptors --------------------------------------------------------------------------------------------------
FEW = {"cloud": (150, ("ec2", "ec2_tls", "cloud")), "dos": (700, ("s3", "s3_tls", "dos"))}


def few_descriptors(t):
    """A daemon with hardly more descriptors than it needs is besieged at all its listeners: it does not end, who waits to be
    served is served, and afterwards all is as before."""
    for who, (limit, names) in FEW.items():
        daemon, held = getattr(t, who), []
        daemon.stop()
        daemon.start("prlimit", f"--nofile={limit}:{limit}")
        ask = Ask(t, names[0])
        wait(lambda a=ask: answered(a))
        for name in names:
            for _ in range(400):
                s = socket.create_connection(("127.0.0.1", t.ports[name]), timeout=10)
                with contextlib.suppress(OSError):
                    s.sendall(KEEP if name == names[0] else b"")
                held.append(s)
        for _ in range(5):
            begin = time.monotonic()
            fine = wait(lambda a=ask: answered(a), 5)
            check(f"{who} with {limit} descriptors and 1,200 who want one: an honest client is answered", fine, time.monotonic() - begin)
        for s in held:
            s.close()
        check(f"{who}: and at once when they have gone", wait(lambda a=ask: answered(a), 2))
        check(f"{who} lives", not daemon.is_gone())


def answered(ask):
    """Is it, this time?"""
    try:
        with ask.connect() as link:
            link.settimeout(5)
            ask.once(link)
        return True
    except (OSError, ValueError):
        return False


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--idle", type=int, default=1000)
    options.add_argument("--secure", type=int, default=300)
    options.add_argument("--slow", type=int, default=100)
    options.add_argument("--seconds", type=int, default=4)
    options.add_argument("--strict", action="store_true")
    given = options.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tiers.started() as t:
        s3 = t.client("s3")
        wait(lambda: ready(s3), 30)
        s3.put_object(Bucket="crowd", Key="k", Body=dosrig.noise(4096))
        for name in ("ec2", "ec2_tls", "s3", "s3_tls"):
            measure(t, name, given, given.secure if name.endswith("tls") else given.idle)
        for name in ("ec2", "s3_tls") if given.strict else ():
            slowhttptest(t, name, given)
        few_descriptors(t)
        if given.strict:
            scarce.play(t)
        for daemon in t.all:
            check(f"{daemon.name} lives", not daemon.is_gone())
        equal("all end well", t.stop(), {})
    finish()


def ready(s3):
    """dos knows the account's key as soon as the cloud has told it."""
    try:
        s3.create_bucket(Bucket="crowd")
        return True
    except s3.exceptions.ClientError:
        return False


if __name__ == "__main__":
    main()
