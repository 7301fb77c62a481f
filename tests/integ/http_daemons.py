#!/usr/bin/python3
"""What listens in the four daemons, held against the rows of the HTTP gate, byte by byte; and what well-behaved clients do
that looks odd. Defends RELIABILITY, "The HTTP gate"; musts 10 and 19.

usage: http_daemons.py [CHAPTER...]"""
import re
import urllib.request

import gaterows
import tiers
from cloud import check, wait
from gaterows import AFTER, HOST, Target, answers, status


def targets(t):
    """Every listener there is. Those of the tiers get the certificate of one who may come."""
    host, cluster = t.certificate("computer"), t.certificate("cluster")
    rows = [("ec2", False, None, False), ("ec2_tls", True, None, False), ("cloud", True, cluster, False),
            ("cluster", True, host, False), ("s3", False, None, True), ("s3_tls", True, None, True), ("dos", True, host, True),
            ("share", True, host, True), *((f"{who}_status", False, None, False) for who in tiers.SHORT.values())]
    return {name: Target(name, t.ports[name], secure, certificate, early) for name, secure, certificate, early in rows}


def rows(_, listeners):
    for target in listeners.values():
        gaterows.hold(target, check)


# --- odd, and fine ----------------------------------------------------------------------------------------------------
PAIR = b"GET /one HTTP/1.1\r\n" + HOST + b"\r\n" + AFTER
OLD = b"GET /one HTTP/1.0\r\n" + HOST + b"\r\n"
UPGRADE = b"GET /one HTTP/1.1\r\n" + HOST + b"Connection: Upgrade, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"
# A body that looks like a request is a body.
INSIDE = b"POST /one HTTP/1.1\r\n" + HOST + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(AFTER) + AFTER
EXPECTS = b"POST /one HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc"
TRAILER = b"POST /one HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\nx: y\r\n\r\n"
# what, bytes, does the client half close, answers
ONE = b"GET /one HTTP/1.1\r\n" + HOST + b"\r\n"
MANNERS = [("two requests in one", PAIR, 2), ("HTTP/1.0", OLD, 1), ("an upgrade that we do not take", UPGRADE, 1),
           ("a request in a body", INSIDE, 1), ("an expectation", EXPECTS, 1), ("a trailer", TRAILER, 1)]


def manners(_, listeners):
    for target in listeners.values():
        for what, data, wanted in MANNERS:
            answer = target.ask(data)
            check(f"{target.name}: {what}", answers(answer) == wanted and status(answer) not in (None, 101), answer[:300])
        if not target.secure:  # over TLS the end of one way is the end of both
            answer = target.ask(ONE, half=True)
            check(f"{target.name}: an end that comes with the request", answers(answer) == 1, answer[:300])


# --- clients that vanish ----------------------------------------------------------------------------------------------
HEAD = b"PUT /one/two HTTP/1.1\r\n" + HOST + b"Content-Length: 1000\r\n"
CUTS = [b"", b"P", HEAD[:40], HEAD, HEAD + b"\r\n", HEAD + b"\r\n" + b"x" * 500, b"GET /one HTTP/1.1\r\n" + HOST + b"\r\n"]


def held(t):
    """Connections that stand, by daemon and listener, but for the one that asks."""
    found = {}
    for who in tiers.SHORT.values():
        with urllib.request.urlopen(f"http://127.0.0.1:{t.ports[who + '_status']}/metrics", timeout=10) as page:
            for name, count in re.findall(r'^tercet_http_connections\{listener="(.*)"\} (\d+)', page.read().decode(), re.M):
                found[who, name] = int(count) - (name == "status")
    return found


def vanish(t, listeners):
    before = wait(lambda: (h := held(t)) == held(t) and h, 10)
    for target in listeners.values():
        for cut in CUTS * 5:
            s = target.connect()
            s.sendall(cut)
            s.close()
    check("who vanished is forgotten", wait(lambda: all(n <= before[at] for at, n in held(t).items()), 20), (before, held(t)))


CHAPTERS = {chapter.__name__: chapter for chapter in (rows, manners, vanish)}


tiers.play({name: lambda t, chapter=chapter: chapter(t, targets(t)) for name, chapter in CHAPTERS.items()})
