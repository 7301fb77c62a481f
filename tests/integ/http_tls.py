#!/usr/bin/python3
"""The TLS of every listener of the four daemons, from outside: versions and suites, renegotiation, tickets, whose certificate
is taken, names and records that no honest client sends, handshakes that never end. Defends musts 1 and 19, I17 and I21.

usage: http_tls.py [CHAPTER...]"""
import contextlib
import datetime
import os
import pathlib
import re
import select
import socket
import ssl
import subprocess
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import tiers
from cloud import check, equal
from gaterows import AFTER, Target, status

TIERS, PUBLIC = ("cloud", "cluster", "dos", "share"), ("ec2_tls", "s3_tls")
# Whose client must show one before it says a word; at the others one who joins has none yet.
DEMANDING = ("dos", "share")
SWEPT_S = (3.5, 9)


class Listener(Target):
    """With the certificate of one who may come."""

    def __init__(self, t, name):
        who = {"cloud": "cluster", "cluster": "computer", "dos": "computer", "share": "computer"}.get(name)
        super().__init__(name, t.ports[name], True, t.certificate(who) if who else None)

    def shake(self, **changes):
        """(version, suite, alpn, compression), or the error's text."""
        context = self.context
        try:
            for name, value in changes.items():
                if name == "ciphers":
                    context.set_ciphers(value)
                elif name == "alpn":
                    context.set_alpn_protocols(value)
                else:
                    setattr(context, name, value)
            with self.connect() as s:
                s.sendall(AFTER)
                if not s.recv(4096):  # the server speaks last: only now it is known whether it agreed
                    return "closed"
                return s.version(), s.cipher()[0], s.selected_alpn_protocol(), s.compression()
        except (ssl.SSLError, ConnectionError) as error:
            return str(error)


def fresh(t):
    return [Listener(t, name) for name in TIERS + PUBLIC]


# --- versions and suites ----------------------------------------------------------------------------------------------
V = ssl.TLSVersion
OLD = "ALL:@SECLEVEL=0"
# what, changes of the context, the version and suite that come of it, or None = refused
OFFERS = [
    ("TLS 1.0", {"minimum_version": V.TLSv1, "maximum_version": V.TLSv1, "ciphers": OLD}, None),
    ("TLS 1.1", {"minimum_version": V.TLSv1, "maximum_version": V.TLSv1_1, "ciphers": OLD}, None),
    ("TLS 1.2", {"maximum_version": V.TLSv1_2}, "TLSv1.2"),
    ("TLS 1.3", {"minimum_version": V.TLSv1_3}, "TLSv1.3"),
    *((f"suites {ciphers}", {"maximum_version": V.TLSv1_2, "ciphers": ciphers + ":@SECLEVEL=0"}, answer) for ciphers, answer in (
        ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"),
        ("ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-CHACHA20-POLY1305"),
        ("ECDHE-ECDSA-AES128-SHA", None), ("ECDHE-ECDSA-AES256-SHA384", None), ("ECDHE-ECDSA-AES128-CCM", None), ("AES128-SHA", None),
        ("AES128-GCM-SHA256", None), ("DHE-RSA-AES128-GCM-SHA256", None), ("ECDHE-ECDSA-NULL-SHA", None), ("aNULL", None),
        ("PSK", None))),
]


def offers(t):
    for what, changes, wanted in OFFERS:
        for listener in fresh(t):
            got = listener.shake(**changes)
            if wanted is None:
                check(f"{listener.name}: {what} refused", isinstance(got, str), got)
            else:
                check(f"{listener.name}: {what}", wanted in got[:2], got)
    for listener in fresh(t):
        got = listener.shake(alpn=["h2", "http/1.1"])
        equal(f"{listener.name}: of h2 and http/1.1 it takes the latter, and packs nothing", got[2:], ("http/1.1", None))
        got = listener.shake(alpn=["h2"])
        check(f"{listener.name}: h2 alone is not agreed to", isinstance(got, str) or got[2] is None, got)


def s_client(listener, t, *words, says=b""):
    """What openssl says of a connection, with `says` typed into it."""
    who = {"cloud": "cluster"}.get(listener.name, "computer")
    cert, key = t.certificate(who)
    done = subprocess.run(["timeout", "5", "sh", "-c", '(printf "%s\\n" "$1"; sleep 1) | exec openssl s_client -connect "$2" -cert "$3" '
                           '-cert_chain "$3" -key "$4" $5', "sh", says, f"127.0.0.1:{listener.port}", cert, key, " ".join(words)],
                          capture_output=True, check=False)
    return (done.stdout + done.stderr).decode(errors="replace")


def renegotiation(t):
    for listener in fresh(t):
        text = s_client(listener, t, "-tls1_2", says="R")
        check(f"{listener.name}: renegotiation refused", "RENEGOTIATING" in text and "no renegotiation" in text, text[-600:])


def tickets(t):
    """Between the tiers each connection shows its certificate; nothing of it can be taken up again."""
    for listener in fresh(t):
        for version in (V.TLSv1_2, V.TLSv1_3):
            listener.context.minimum_version, listener.context.maximum_version = V.TLSv1_2, version
            with listener.connect() as s:
                s.sendall(AFTER)
                s.recv(65536)
                session, has_ticket = s.session, s.session.has_ticket
            if listener.name in TIERS:
                check(f"{listener.name}: no ticket in {version.name}", not has_ticket)
            raw = socket.create_connection(("127.0.0.1", listener.port), timeout=10)
            with listener.context.wrap_socket(raw, session=session) as s:
                s.sendall(AFTER)
                check(f"{listener.name}: {version.name}, a session taken up again is answered",
                      status(s.recv(65536)) and s.session_reused <= (listener.name in PUBLIC), s.session_reused)


# --- whose certificate ------------------------------------------------------------------------------------------------
class Maker:
    """Certificates that a host's owner could come with."""

    def __init__(self, t):
        self.folder = t.work / "made"
        self.folder.mkdir()
        cert, key = t.certificate("cluster")
        self.ca = x509.load_pem_x509_certificate(pathlib.Path(cert).read_bytes())
        self.ca_key = serialization.load_pem_private_key(pathlib.Path(key).read_bytes(), None)

    def make(self, name, days, signer=None, is_ca=False):
        """By the cluster's key, or by its own; valid from days[0] to days[1] from now on."""
        key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.utcnow()
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "h1")])
        issuer, by = (self.ca.subject, self.ca_key) if signer is None else (signer, key)
        made = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
                .serial_number(x509.random_serial_number()).not_valid_before(now + datetime.timedelta(days[0]))
                .not_valid_after(now + datetime.timedelta(days[1]))
                .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True).sign(by, hashes.SHA256()))
        cert, private = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                              serialization.NoEncryption()))
        return str(cert), str(private)


# A host's question to each of them; with a certificate that is good it is not refused for who asks.
SYNC = b'{"proto":1,"node":"h1","boot":"bbbbbbbbbbbbbbbbbbbb","boot_n":1,"seq":1,"t_send":1}'
ASKS = {"dos": b"GET /v1/chunks/" + b"0" * 64 + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "share": b"GET /v1/chunks/" + b"0" * 64 + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "cluster": b"POST /v1/sync HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                   % len(SYNC) + SYNC}


def strangers(t):
    maker = Maker(t)
    comers = {
        "none": None, "one made by itself": maker.make("self", (-1, 1), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "h1")])),
        "one that names our CA, signed by itself": maker.make("named", (-1, 1), maker.ca.subject),
        "one that is a CA": maker.make("ca", (-1, 1), is_ca=True),
        "one that has expired": maker.make("expired", (-9, -2)), "one of tomorrow": maker.make("tomorrow", (1, 9)),
    }
    for name, ask in ASKS.items():
        for what, certificate in comers.items():
            target = Target(name, t.ports[name], True, certificate)
            try:
                answer = target.ask(ask)
            except (ssl.SSLError, ConnectionError) as error:
                answer = str(error).encode()
            check(f"{name}: {what} is refused", status(answer) in (None, 401, 403), answer[:300])


# --- what no honest client sends ----------------------------------------------------------------------------------------
def hello(name="a.example"):
    """The first bytes of a client that wants to speak to `name`."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing, server_hostname=name).do_handshake()
    return outgoing.read()


def named(by):
    """A client's first bytes that want to speak to `by`, which need not be a name."""
    place = "x" * len(by) if len(by) < 64 else by.decode()
    return hello(place).replace(place.encode(), by)


RECORDS = {
    "a name with NULs": named(b"a\0b\0c"), "a name of 243 bytes": named(b".".join([b"a" * 60] * 4)),
    "a path as a name": named(b"../../etc/passwd"), "a name of bytes above ASCII": named(b"\xff\xfe\xc3\x28"),
    "HTTP": AFTER, "zeroes": bytes(70000), "noise": bytes((i * 7919 >> 3) & 255 for i in range(5000)),
    "a record of 65535": b"\x16\x03\x01\xff\xff" + bytes(70000), "an unknown record": b"\x63\x03\x03\x00\x05hello",
    "SSL 2": b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10" + bytes(40), "an end before the begin": b"\x15\x03\x03\x00\x02\x01\x00",
    "1,000 warnings": b"\x15\x03\x03\x00\x02\x01\x5a" * 1000, "1,000 changes of the cipher": b"\x14\x03\x03\x00\x01\x01" * 1000,
    "a heartbeat": hello() + b"\x18\x03\x03\x00\x03\x01\x40\x00", "a hello in a hello": hello()[:60] + hello(),
    "empty records": b"\x16\x03\x01\x00\x00" * 1000,
}


def garbage(t):
    for listener in fresh(t):
        begin, left = time.monotonic(), {}
        for what, data in RECORDS.items():
            s = socket.create_connection(("127.0.0.1", listener.port), timeout=10)
            with contextlib.suppress(OSError):
                s.sendall(data)
                s.shutdown(socket.SHUT_WR)
            left[s] = what
        healthy = listener.ask(AFTER)
        check(f"{listener.name}: {len(RECORDS)} odd beginnings, and others are answered", status(healthy), healthy)
        ended(left, 9, begin)
        check(f"{listener.name}: all of them are closed", not left, sorted(left.values()))


def ended(left, patience_s, begin):
    """Takes out of {socket: what} who is closed, within that time; {what: seconds}."""
    took = {}
    while left and time.monotonic() - begin < patience_s:
        for s in select.select(list(left), [], [], 0.2)[0]:
            try:
                if s.recv(65536):
                    continue
            except OSError:
                pass
            took[left.pop(s)] = time.monotonic() - begin
            s.close()
    return took


def stalled(t):
    """Handshakes that never end are swept after 5 s, and meanwhile others are answered."""
    first, begin, left = hello(), time.monotonic(), {}
    for listener in fresh(t):
        for n in range(100):
            s = socket.create_connection(("127.0.0.1", listener.port), timeout=10)
            s.sendall(first[:n])
            left[s] = listener.name, n
    for listener in fresh(t):
        at = time.monotonic()
        try:
            answer = listener.ask(AFTER)
        except TimeoutError:
            answer = b""
        check(f"{listener.name}: answered beside 100 stalled handshakes", status(answer) and time.monotonic() - at < 2, answer)
    took = ended(left, SWEPT_S[1], begin)
    check("all stalled handshakes are swept", not left, len(left))
    # The share is for few hosts: there the 64 that came last have displaced the others.
    early = {who: at for who, at in took.items() if at < SWEPT_S[0] and who[0] != "share"}
    check("and none before its time", not early, early)


CHAPTERS = {chapter.__name__: chapter for chapter in (offers, renegotiation, tickets, strangers, garbage, stalled)}


tiers.play(CHAPTERS)
