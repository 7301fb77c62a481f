"""netlab.py - a host, guests and an outside world made of network namespaces, for network_lab.py.

Everything lives in network, mount and PID namespaces that are made first, so the machine's own
links, rules and mounts are never touched, and whatever is left ends with this program. A guest is a real IP stack in a
namespace, joined to the tap under test by a relay, so that it can also send any frame it likes."""
import contextlib
import ctypes
import fcntl
import os
import select
import socket
import struct
import subprocess
import sys
import threading
import time

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 2, 0x1000
PATIENCE = 20.0  # seconds that any condition may take on a busy machine


def run(*argv, check=True, **kw):
    done = subprocess.run(argv, capture_output=True, text=True, **kw)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: {done.stdout}{done.stderr}")
    return done.stdout


def enter_lab():
    """Runs this program again inside its own namespaces."""
    if os.environ.get("TERCET_LAB") == "inside":
        run("mount", "-t", "tmpfs", "tmpfs", "/run")
        run("mount", "-t", "sysfs", "sysfs", "/sys")
        return
    os.environ["TERCET_LAB"] = "inside"
    os.execvp("unshare", ["unshare", "-n", "-m", "-p", "-f", "--kill-child", "--mount-proc",
                          "--propagation", "private", sys.executable,
                          os.path.abspath(sys.argv[0]), *sys.argv[1:]])


class inside:
    """with inside('name'): the calling thread is in that network namespace."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        self.home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        there = os.open(f"/run/netns/{self.name}", os.O_RDONLY)
        if LIBC.setns(there, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), self.name)
        os.close(there)

    def __exit__(self, *_):
        if LIBC.setns(self.home, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "home")
        os.close(self.home)


def open_tap(name):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    os.set_blocking(fd, False)
    return fd


def ip_bytes(text):
    return socket.inet_aton(text)


def mac_bytes(text):
    return bytes.fromhex(text.replace(":", ""))


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv4(src, dst, proto, payload, ident=1):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), ident, 0, 64, proto, 0,
                       ip_bytes(src), ip_bytes(dst))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def udp(sport, dport, payload):
    return struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload


def ethernet(src, dst, kind, payload):
    return mac_bytes(dst) + mac_bytes(src) + struct.pack("!H", kind) + payload


def arp(op, sha, spa, tha, tpa):
    return struct.pack("!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, op, mac_bytes(sha), ip_bytes(spa),
                       mac_bytes(tha), ip_bytes(tpa))


class Guest:
    """A stack in a namespace of its own behind the tap under test."""

    def __init__(self, name, tap, mac, mtu=1450):
        self.name, self.mac, self.space = name, mac, f"guest-{name}"
        run("ip", "netns", "add", self.space)
        with inside(self.space):
            self.inner = open_tap("eth0")
            run("ip", "link", "set", "lo", "up")
            run("ip", "link", "set", "eth0", "address", mac, "mtu", str(mtu))
            open("/proc/sys/net/ipv6/conf/all/disable_ipv6", "w").write("1")
            run("ip", "link", "set", "eth0", "up")
        self.outer = open_tap(tap)
        self.seen, self.lock, self.stop = [], threading.Condition(), os.pipe()
        self.thread = threading.Thread(target=self.relay, daemon=True)
        self.thread.start()

    def relay(self):
        while True:
            ready, _, _ = select.select([self.inner, self.outer, self.stop[0]], [], [])
            if self.stop[0] in ready:
                return
            for fd, to in ((self.inner, self.outer), (self.outer, self.inner)):
                if fd not in ready:
                    continue
                try:
                    frame = os.read(fd, 4096)
                    if fd == self.outer:
                        with self.lock:
                            self.seen.append(frame)
                            self.lock.notify_all()
                    os.write(to, frame)
                except OSError:
                    pass  # a link that is down for a moment loses a frame, as a wire does

    def send(self, frame):
        os.write(self.outer, frame)

    def wait(self, match, patience=PATIENCE):
        """The first frame for which match() is true; None when none comes in time."""
        end, at = time.monotonic() + patience, 0
        with self.lock:
            while True:
                for frame in self.seen[at:]:
                    if match(frame):
                        return frame
                at = len(self.seen)
                left = end - time.monotonic()
                if left <= 0 or not self.lock.wait(left) and time.monotonic() >= end:
                    return None

    def forget(self):
        with self.lock:
            self.seen.clear()

    def do(self, *argv, check=False, timeout=PATIENCE):
        return subprocess.run(["ip", "netns", "exec", self.space, *argv], capture_output=True,
                              text=True, timeout=timeout, check=check)

    def dhcp(self, mac=None, patience=PATIENCE):
        """Options of the lease this guest is offered and then given; None without an answer."""
        mac = mac or self.mac
        offer = self.dhcp_ask(mac, [(53, b"\1")], patience)
        if offer is None:
            return None
        return self.dhcp_ask(mac, [(53, b"\3"), (50, offer["yiaddr"]), (54, offer[54])], patience)

    def dhcp_ask(self, mac, options, patience):
        xid = os.urandom(4)
        body = struct.pack("!BBBB4sHH16s16s64x128x4s", 1, 1, 6, 0, xid, 0, 0, b"",
                           mac_bytes(mac), b"\x63\x82\x53\x63")
        options = options + [(55, bytes([1, 3, 6, 12, 15, 26, 51, 121])), (12, b"liar")]
        for code, value in options:
            body += bytes([code, len(value)]) + value
        frame = ethernet(mac, "ff:ff:ff:ff:ff:ff", 0x0800,
                         ipv4("0.0.0.0", "255.255.255.255", 17, udp(68, 67, body + b"\xff")))
        end, got = time.monotonic() + patience, None
        while got is None and time.monotonic() < end:  # asked again, as clients do
            self.send(frame)
            got = self.wait(lambda f: len(f) > 282 and f[12:14] == b"\x08\x00" and f[23] == 17
                            and f[36:38] == b"\0\x44" and f[46:50] == xid, min(patience, 1.0))
        return None if got is None else self.dhcp_parse(got)

    @staticmethod
    def dhcp_parse(frame):
        result, at = {"yiaddr": frame[58:62]}, 42 + 240
        while at < len(frame) and frame[at] != 255:
            if frame[at] == 0:
                at += 1
                continue
            result[frame[at]] = frame[at + 2:at + 2 + frame[at + 1]]
            at += 2 + frame[at + 1]
        return result

    def configure(self, lease):
        """What a DHCP client does with its lease."""
        address = socket.inet_ntoa(lease["yiaddr"])
        length = bin(int.from_bytes(lease[1], "big")).count("1")
        gateway = socket.inet_ntoa(lease[3])
        self.do("ip", "addr", "add", f"{address}/{length}", "dev", "eth0", check=True)
        self.do("ip", "route", "add", "169.254.169.254/32", "via", gateway, check=True)
        self.do("ip", "route", "add", "default", "via", gateway, check=True)
        self.address, self.gateway = address, gateway

    def close(self):
        os.write(self.stop[1], b"x")
        self.thread.join()
        for fd in (self.inner, self.outer, *self.stop):
            os.close(fd)
        run("ip", "netns", "del", self.space)


class Sniffer:
    """Sees what crosses a link of the host's namespace."""

    def __init__(self, link):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.bind((link, 0))

    def until(self, marker, patience=PATIENCE):
        """All frames up to the one that holds `marker`; None when that one never comes."""
        frames, end = [], time.monotonic() + patience
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.socket], [], [], left)[0]:
                break
            frames.append(self.socket.recv(4096))
            if marker in frames[-1]:
                return frames
        return None

    def close(self):
        self.socket.close()


class Outside:
    """The world beyond the uplink: 192.0.2.1, with a TCP port, a UDP port and a resolver."""

    def __init__(self):
        run("ip", "netns", "add", "outside")
        run("ip", "link", "add", "ext0", "type", "veth", "peer", "name", "eth0", "netns", "outside")
        run("ip", "addr", "add", "192.0.2.2/24", "dev", "ext0")
        run("ip", "link", "set", "ext0", "up")
        run("ip", "link", "set", "lo", "up")
        run("ip", "route", "add", "default", "via", "192.0.2.1")
        with inside("outside"):
            run("ip", "addr", "add", "192.0.2.1/24", "dev", "eth0")
            run("ip", "link", "set", "eth0", "up")
            run("ip", "link", "set", "lo", "up")
            self.tcp = socket.create_server(("192.0.2.1", 8080))
            self.dns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.dns.bind(("192.0.2.1", 53))
        self.peers, self.accepted = [], threading.Event()
        threading.Thread(target=self.serve_tcp, daemon=True).start()
        threading.Thread(target=self.serve_dns, daemon=True).start()

    def serve_tcp(self):
        while True:
            connection, peer = self.tcp.accept()
            self.peers.append(peer[0])
            self.accepted.set()
            connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 8\r\n\r\noutside\n")
            connection.close()

    def serve_dns(self):
        while True:
            query, peer = self.dns.recvfrom(512)
            answer = query[:2] + b"\x81\x80" + query[4:6] + b"\0\1\0\0\0\0" + query[12:]
            answer = answer.split(b"\0\0\x29")[0] if b"\0\0\x29" in query else answer
            answer += b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton("198.51.100.7")
            self.dns.sendto(answer, peer)


def resolve(guest, name, server):
    """The first A record, asked over UDP from the guest's own stack; None without one."""
    query = b"\x12\x34\1\0\0\1\0\0\0\0\0\0" + b"".join(
        bytes([len(l)]) + l.encode() for l in name.split(".")) + b"\0\0\1\0\1"
    with inside(guest.space), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(10)
        s.sendto(query, (server, 53))
        try:
            answer = s.recv(512)
        except socket.timeout:
            return None
    return socket.inet_ntoa(answer[-4:]) if answer[6:8] != b"\0\0" else None


def connects(space, address, tcp_port, patience=2.0):
    """Does a TCP connection come about, and from which source does the other end see it?"""
    def attempt():
        try:
            with socket.create_connection((address, tcp_port), timeout=patience):
                return True
        except OSError:
            return False
    if space is None:
        return attempt()
    with inside(space):
        return attempt()


def shut(attempts, way, grace=0.3):
    """Does none of `attempts` (space, address, tcp_port) connect? They are begun together, then `way` is, which has to connect:
    so the silence of the others is no accident of a slow machine."""
    begun = []
    for space, address, tcp_port in attempts:
        with inside(space) if space else contextlib.nullcontext():
            begun.append(socket.socket())
        begun[-1].setblocking(False)
        begun[-1].connect_ex((address, tcp_port))
    is_whole = connects(*way, patience=PATIENCE)
    time.sleep(grace)
    made = [s for s in begun if select.select([], [s], [], 0)[1] and s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0]
    for s in begun:
        s.close()
    return is_whole and not made


def listen(guest, *ports):
    with inside(guest.space):
        return [socket.create_server(("0.0.0.0", p)) for p in ports]


class Connection:
    """One that stands, over TCP, from guest to guest."""

    def __init__(self, here, there, address, tcp_port):
        with listen(there, tcp_port)[0] as server:
            with inside(here.space):
                self.near = socket.create_connection((address, tcp_port), timeout=PATIENCE)
            self.far = server.accept()[0]
        self.tokens = 0

    def passes(self, patience=PATIENCE):
        """Both ways, within that time each?"""
        return all([self.hears(self.near, self.far, patience), self.hears(self.far, self.near, patience)])

    def is_dead(self, patience):
        """Nothing passes either way; the far end is the first to try."""
        return not any([self.hears(self.far, self.near, patience), self.hears(self.near, self.far, patience)])

    def hears(self, speaker, listener, patience):
        self.tokens += 1
        token, heard, end = b"<%d>" % self.tokens, b"", time.monotonic() + patience
        speaker.sendall(token)
        while token not in heard and time.monotonic() < end:
            listener.settimeout(max(0.01, end - time.monotonic()))
            try:
                heard += listener.recv(4096)
            except socket.timeout:
                return False
        return token in heard

    def close(self):
        self.near.close()
        self.far.close()


def pings(guest, address, patience=2.0):
    return guest.do("ping", "-c", "1", "-W", str(patience), address).returncode == 0
