"""gaterows.py - what two parsers could read differently, byte by byte, and the answer that each of it gets: the table that
http_gate.py holds against the echo of the unit tests, and http_daemons.py against every listener of real daemons
(RELIABILITY, "The HTTP gate").

After a refusal the connection is closed and nothing behind it is executed: each row is sent with a whole request after it,
and exactly one answer comes back, soon."""
import contextlib
import socket
import ssl
import time

HOST = b"Host: a\r\n"
AFTER = b"GET /after HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
CHUNKED = b"PUT /bad HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
SOON_S = 4.0  # less than the sweeper takes


def request(*headers, line=b"POST /bad HTTP/1.1", body=b"", host=HOST):
    return line + b"\r\n" + host + b"".join(header + b"\r\n" for header in headers) + b"\r\n" + body


LENGTH, CODING = b"Content-Length: 3", b"Transfer-Encoding: chunked"
END = b"0\r\n\r\n"
GET = b"GET /bad HTTP/1.1"

# what, bytes, answer on plain HTTP, answer over TLS; None = closed without a word. On plain HTTP libmicrohttpd answers some
# of it by itself; over TLS we have read the bytes before it.
ROWS = [
    # The length of a body has one reading.
    ("two lengths", request(LENGTH, b"Content-Length: 4", body=b"abc"), 400, 400),
    ("two equal lengths", request(LENGTH, LENGTH, body=b"abc"), 400, 400),
    ("two lengths in one", request(b"Content-Length: 3, 3", body=b"abc"), 400, 400),
    ("length and coding", request(LENGTH, CODING, body=END), 400, 400),
    ("coding and length", request(CODING, b"Content-Length: 5", body=END), 400, 400),
    ("blank before the colon", request(b"Content-Length : 3", body=b"abc"), 400, 400),
    ("blank before the colon of the coding", request(b"Transfer-Encoding : chunked", body=END), 400, 400),
    ("identity", request(b"Transfer-Encoding: identity", body=b"abc"), 400, 400),
    ("gzip, chunked", request(b"Transfer-Encoding: gzip, chunked", body=END), 400, 400),
    ("chunked, chunked", request(b"Transfer-Encoding: chunked, chunked", body=END), 400, 400),
    ("chunked twice", request(CODING, CODING, body=END), 400, 400),
    ("chunked;q=1", request(b"Transfer-Encoding: chunked;q=1", body=END), 400, 400),
    ("\"chunked\"", request(b"Transfer-Encoding: \"chunked\"", body=END), 400, 400),
    ("xchunked", request(b"Transfer-Encoding: xchunked", body=END), 400, 400),
    ("no coding", request(b"Transfer-Encoding:", body=END), 400, 400),
    ("VT before the coding", request(b"Transfer-Encoding:\x0bchunked", body=END), 400, 400),
    ("coding in HTTP/1.0", request(CODING, line=b"POST /bad HTTP/1.0", body=END), 400, 400),
    ("length +3", request(b"Content-Length: +3", body=b"abc"), 400, 400),
    ("length -1", request(b"Content-Length: -1", body=b"abc"), 400, 400),
    ("length 0x3", request(b"Content-Length: 0x3", body=b"abc"), 400, 400),
    ("length 3 4", request(b"Content-Length: 3 4", body=b"abc"), 400, 400),
    ("length 3e0", request(b"Content-Length: 3e0", body=b"abc"), 400, 400),
    ("no length", request(b"Content-Length:", body=b"abc"), 400, 400),
    ("huge length", request(b"Content-Length: 99999999999999999999"), 413, 400),
    ("chunk 0x0", CHUNKED + b"0x0\r\n\r\n", 400, 400),
    ("chunk too large", CHUNKED + b"fffffffffffffffff\r\n", 413, 400),
    ("chunk -1", CHUNKED + b"-1\r\nabc\r\n" + END, 400, 400),
    ("chunk longer than it says", CHUNKED + b"3\r\nabcdef\r\n" + END, 400, 400),
    ("chunk without a size", CHUNKED + b"\r\nabc\r\n" + END, 400, 400),
    # Headers that stand once, and what they hold.
    ("two hosts", request(b"Host: b", line=GET), 400, 400),
    ("no host", request(line=GET, host=b""), 400, 400),
    ("empty host", request(line=GET, host=b"Host: \r\n"), 400, 400),
    ("a path as host", request(line=GET, host=b"Host: a/b\r\n"), 400, 400),
    ("two hosts in one", request(line=GET, host=b"Host: a, b\r\n"), 400, 400),
    ("a user in the host", request(line=GET, host=b"Host: u@a\r\n"), 400, 400),
    ("two signatures", request(b"Authorization: a", b"Authorization: b", line=GET), 400, 400),
    ("two dates", request(b"x-amz-date: a", b"X-Amz-Date: b", line=GET), 400, 400),
    ("CR in a value", request(b"x: a\rb", line=GET), 400, 400),
    ("blank in a name", request(b"x y: a", line=GET), 400, 400),
    ("DEL in a value", request(b"x: a\x7fb", line=GET), 400, 400),
    ("other expectation", request(b"Expect: tea", line=b"PUT /bad HTTP/1.1"), 417, 417),
    ("head of 70 kB", request(b"x: " + b"y" * 70000, line=GET), 431, 431),
    ("101 headers", request(*(b"x: y" for _ in range(100)), line=GET), 431, 431),
    # The request line.
    ("other method", request(line=b"TRACE /bad HTTP/1.1"), 501, 501),
    ("a tunnel", request(line=b"CONNECT a:443 HTTP/1.1"), 501, 501),
    ("method in small letters", request(line=b"get /bad HTTP/1.1"), 501, 501),
    ("absolute form", request(line=b"GET http://a/bad HTTP/1.1"), 400, 400),
    ("star", request(line=b"OPTIONS * HTTP/1.1"), 400, 400),
    ("fragment", request(line=b"GET /bad#x HTTP/1.1"), 400, 400),
    ("target of 8193", request(line=b"GET /" + b"x" * 8192 + b" HTTP/1.1"), 414, 414),
    ("blank in the target", request(line=b"GET /b ad HTTP/1.1"), 400, 400),
    ("byte above ASCII in the target", request(line=b"GET /b\xc3\xa4d HTTP/1.1"), 400, 400),
    ("HTTP/9.9", request(line=b"GET /bad HTTP/9.9"), 505, 400),
    ("HTTP/2 begins", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, 400),
    ("HTTP/0.9", b"GET /bad\r\n\r\n", 400, 400),
]
# What libmicrohttpd reads kindly: only TLS listeners, whose bytes we read first, refuse these.
ONLY_TLS = [
    ("folded header", request(b"x: y\r\n z", line=GET)),
    ("folded coding", request(b"x: y\r\n Transfer-Encoding: chunked", line=GET)),
    ("bare LF", b"GET /bad HTTP/1.1\nHost: a\n\n"),
    ("coding behind a bare LF", request(b"x: y\nTransfer-Encoding: chunked", line=GET)),
    ("doubled blank", request(line=b"GET  /bad HTTP/1.1")),
    ("tab in the request line", request(line=b"GET\t/bad HTTP/1.1")),
    ("empty line first", b"\r\n" + request(line=GET)),
    ("nonsense", b"\x00\x01\x02\x03\r\n\r\n"),
    ("NUL in a value", request(b"x: a\x00b", line=GET)),
    ("NUL in the target", request(line=b"GET /b\x00ad HTTP/1.1")),
    ("chunk that ends with LF", CHUNKED + b"3\r\nabc\n" + END),
    ("chunk extension", CHUNKED + b"3;x=y\r\nabc\r\n" + END),
    ("blank after a chunk's size", CHUNKED + b"3 \r\nabc\r\n" + END),
]
# Too late for an answer: the connection just ends.
TRAILER = ("folded trailer", CHUNKED + b"3\r\nabc\r\n0\r\nx: y\r\n z\r\n\r\n")
class Target:
    """A listener. `early`: it answers at the sight of a head and reads no body that it does not want (pool.h)."""

    def __init__(self, name, port, secure, certificate=None, early=False):
        self.name, self.port, self.secure, self.early = name, port, secure, early
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE
        if certificate:
            self.context.load_cert_chain(*certificate)

    def connect(self):
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.context.wrap_socket(raw) if self.secure else raw

    def ask(self, data, half=False):
        """What comes back until the other side closes. `half`: we say that nothing more comes."""
        with self.connect() as s:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                s.sendall(data)
                if half:
                    s.shutdown(socket.SHUT_WR)
            return read_all(s)


def read_all(s):
    parts = []
    with contextlib.suppress(ConnectionResetError, ssl.SSLError):
        while True:
            part = s.recv(65536)
            if not part:
                break
            parts.append(part)
    return b"".join(parts)


def status(answer):
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else None


def answers(answer):
    """How many of them. libmicrohttpd 0.9.75 sends the head of some of its own refusals twice; ours carry an id."""
    ours = answer.count(b"\r\nx-request-id: ") + answer.count(b"malformed request\n")
    return ours if ours > 0 else int(answer.startswith(b"HTTP/1.1 "))


def hold(target, check):
    """Sends every row; check(what, does it hold, what came)."""
    for what, data, plain, secure in ROWS:
        one(target, what, data, secure if target.secure else plain, check)
    for what, data in ONLY_TLS if target.secure else ():
        one(target, what, data, 400, check)
    if target.secure:
        one(target, *TRAILER, None, check)


def one(target, what, data, wanted, check):
    begin = time.monotonic()
    try:
        answer = target.ask(data + AFTER)
    except TimeoutError:
        answer = b"left open"
    took = time.monotonic() - begin
    refused = status(answer) == wanted
    if target.early and data.startswith(CHUNKED):  # the head was answered, whatever followed it
        refused = status(answer) in (400, 403, 404, 405, 413)
    is_one = answers(answer) == (status(answer) is not None)
    check(f"{target.name}: {what}", refused and is_one and took < SOON_S, (round(took, 3), wanted, answer[:300]))
