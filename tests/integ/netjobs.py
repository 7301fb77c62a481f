"""netjobs.py - the computer-manager's side of the channel to computer-network, for network_lab.py.

Structs as computer-manager/model/job.h lays them out, jobs, and a snapshot of everything on the machine that a
leftover would show in."""
import ctypes as c
import os
import re
import signal
import socket
import struct
import subprocess

from netlab import run

RULES_MAX, PORTS_MAX = 640, 1024
GATEWAY_MAC, BRIDGE_MAC = "02:74:63:74:00:01", "02:74:63:74:00:02"


class Head(c.Structure):
    _fields_ = [("job_id", c.c_uint64), ("kind", c.c_uint32), ("size", c.c_uint32),
                ("code", c.c_int32), ("text", c.c_char * 256)]


class Rule(c.Structure):
    _fields_ = [("egress", c.c_uint8), ("protocol", c.c_uint8), ("from_", c.c_int32),
                ("to", c.c_int32), ("cidr", c.c_uint32), ("cidr_len", c.c_uint8),
                ("group", c.c_char * 24)]


class Port(c.Structure):
    _fields_ = [("port", c.c_char * 24), ("instance", c.c_char * 24), ("vpc", c.c_char * 24),
                ("vni", c.c_int64), ("mac", c.c_uint8 * 6), ("address", c.c_uint32),
                ("subnet", c.c_uint32), ("subnet_len", c.c_uint8), ("vpc_cidr", c.c_uint32),
                ("vpc_cidr_len", c.c_uint8), ("public_address", c.c_uint32), ("gateway", c.c_uint32), ("hostname", c.c_char * 64),
                ("domain", c.c_char * 64), ("mtu", c.c_int64), ("rules_len", c.c_int64),
                ("rules", Rule * RULES_MAX)]


class Unport(c.Structure):
    _fields_ = [("port", c.c_char * 24), ("vni", c.c_int64)]


class GroupHead(c.Structure):
    _fields_ = [("group", c.c_char * 24), ("vni", c.c_int64), ("is_anew", c.c_int64), ("len", c.c_int64)]


class Page(c.Structure):
    _fields_ = [("base", c.c_uint32), ("bits", c.c_uint8 * 32)]


class Peer(c.Structure):
    _fields_ = [("address", c.c_uint32), ("tunnel", c.c_uint32), ("mac", c.c_uint8 * 6), ("nothing", c.c_uint8 * 2)]


class PeersHead(c.Structure):
    _fields_ = [("vni", c.c_int64), ("mtu", c.c_int64), ("is_page", c.c_int64),
                ("from_", c.c_uint32), ("to", c.c_uint32), ("len", c.c_int64)]


class ListEntry(c.Structure):
    _fields_ = [("port", c.c_char * 24), ("vni", c.c_int64), ("is_whole", c.c_bool), ("answered_ms", c.c_int64)]


class List(c.Structure):
    _fields_ = [("len", c.c_int64), ("ports", ListEntry * PORTS_MAX)]


def read_numbers():
    """Job kinds and error codes as the tree's headers number them."""
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    text = open(os.path.join(root, "computer-manager/model/job.h")).read()
    body = re.search(r"enum host_job_kind \{(.*?)\n\};", text, re.S).group(1)
    names = re.findall(r"\b(HOST_\w+)(?: = (\d+))?,", re.sub(r"/\*.*?\*/", "", body, flags=re.S))
    last, kinds = 0, {}
    for name, value in names:
        last = int(value) if value else last + 1
        kinds[name] = last
    codes = re.findall(r"^ERR\((\w+),", open(os.path.join(root, "base/err.def")).read(), re.M)
    return kinds, codes


KINDS, CODES = read_numbers()
NET_LIST, NET_PORT = KINDS["HOST_JOB_NET_LIST"], KINDS["HOST_JOB_NET_PORT"]
NET_UNPORT, NET_GROUP = KINDS["HOST_JOB_NET_UNPORT"], KINDS["HOST_JOB_NET_GROUP"]
NET_PEERS = KINDS["HOST_JOB_NET_PEERS"]
LISTENER = KINDS["HOST_NET_LISTENER"]


def number(text):
    return struct.unpack("!I", socket.inet_aton(text))[0]


def rule(egress=0, protocol=0, from_=-1, to=-1, cidr="0.0.0.0/0", group=""):
    address, length = cidr.split("/")
    return Rule(egress, protocol, from_, to, number(address), int(length), group.encode())


ALL_OUT = rule(egress=1)


def port(n, vni, address, rules, subnet="172.31.0.0/20", vpc="172.31.0.0/16", mtu=1450, public="0.0.0.0"):
    p = Port(public_address=number(public),
             port=f"eni-{n:017x}".encode(), instance=f"i-{n:017x}".encode(),
             vpc=f"vpc-{vni:017x}".encode(), vni=vni, address=number(address), mtu=mtu,
             hostname=b"ip-" + address.replace(".", "-").encode(),
             domain=b"test-1.compute.internal", rules_len=len(rules))
    p.port = f"eni-{n:08x}{n:09x}".encode()
    for i, byte in enumerate([2, 0, vni, 0, n >> 8, n & 255]):
        p.mac[i] = byte
    p.subnet, p.subnet_len = number(subnet.split("/")[0]), int(subnet.split("/")[1])
    p.vpc_cidr, p.vpc_cidr_len = number(vpc.split("/")[0]), int(vpc.split("/")[1])
    p.gateway = p.subnet + 1
    for i, r in enumerate(rules):
        p.rules[i] = r
    return p


def mac_of(p):
    return ":".join(f"{b:02x}" for b in p.mac)


def peer(p, tunnel):
    """That port as the other hosts know it."""
    return Peer(p.address, number(tunnel), p.mac)


def nobody(address):
    return Peer(number(address))


def peers(vni, entries, from_="0.0.0.0", to="255.255.255.255", mtu=1450, is_page=1):
    """The body of a NET_PEERS."""
    entries = sorted(entries, key=lambda e: e.address)
    head = PeersHead(vni, mtu, is_page, number(from_), number(to), len(entries))
    return bytes(head) + b"".join(bytes(e) for e in entries)


class Manager:
    """The other end of the channel."""

    def __init__(self, program, directory, *options):
        self.program, self.directory, self.process, self.jobs = program, directory, None, 0
        self.options = options
        self.listeners, self.former = {}, {}
        self.log = open(os.path.join(directory, "network.log"), "ab")

    def start(self):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        argv = [self.program, "--run-dir", f"{self.directory}/net", "--resolv-conf",
                f"{self.directory}/resolv.conf", *self.options]

        def hand_over():
            os.dup2(theirs.fileno(), 3)

        # The leak checker of a sanitized build wants ptrace, which the process gives up.
        environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
        self.process = subprocess.Popen(argv, close_fds=False, preexec_fn=hand_over, stderr=self.log, env=environment)
        theirs.close()
        self.channel = ours
        self.channel.settimeout(60)

    def send(self, kind, body=b""):
        self.jobs += 1
        body = bytes(body)
        head = Head(job_id=self.jobs, kind=kind, size=len(body))
        self.channel.send(bytes(head) + body)

    def receive(self):
        """(head, body) of the next message; listeners are taken aside."""
        while True:
            try:
                data, fds, _, _ = socket.recv_fds(self.channel, 1 << 18, 1)
            except ConnectionResetError:
                data = b""
            if len(data) < c.sizeof(Head):
                raise ConnectionError(f"the helper is gone, with status {self.process.wait(10)}")
            head, body = Head.from_buffer_copy(data), data[c.sizeof(Head):]
            if head.kind != LISTENER:
                return head, body
            self.on_listener(struct.unpack("q", body)[0], fds)

    def on_listener(self, vni, fds):
        for held in (self.listeners, self.former):
            if vni in held:
                held.pop(vni).close()
        if fds:
            self.listeners[vni] = socket.socket(fileno=fds[0])

    def job(self, kind, body=b""):
        self.send(kind, body)
        head, body = self.receive()
        assert head.job_id == self.jobs and head.kind == kind, (head.job_id, head.kind)
        return CODES[head.code], head.text.decode(), body

    def port(self, p):
        code, text, body = self.job(NET_PORT, p)
        if code != "OK":
            raise RuntimeError(f"{code}: {text}")
        return body.split(b"\0")[0].decode()

    def unport(self, p):
        return self.job(NET_UNPORT, Unport(p.port, p.vni))[:2]

    def group(self, name, vni, *members, anew=False):
        pages = {}
        for at in map(number, members):
            page = pages.setdefault(at >> 8, Page(base=at & ~255))
            page.bits[(at & 255) // 8] |= 0x80 >> at % 8
        head = GroupHead(group=name.encode(), vni=vni, is_anew=anew, len=len(pages))
        return self.job(NET_GROUP, bytes(head) + b"".join(bytes(pages[p]) for p in sorted(pages)))[:2]

    def peers(self, vni, entries, **more):
        """(kept, made, removed)"""
        code, text, body = self.job(NET_PEERS, peers(vni, entries, **more))
        if code != "OK":
            raise RuntimeError(f"{code}: {text}")
        return struct.unpack("qqq", body)

    def list(self):
        code, text, body = self.job(NET_LIST)
        if code != "OK":
            raise RuntimeError(f"{code}: {text}")
        for listener in self.former.values():
            listener.close()
        self.former = {}
        entries = List.from_buffer_copy(body)
        self.answered = {entries.ports[i].port.decode(): entries.ports[i].answered_ms for i in range(entries.len)}
        self.whole = {entries.ports[i].port.decode() for i in range(entries.len) if entries.ports[i].is_whole}
        return sorted((entries.ports[i].port.decode(), entries.ports[i].vni)
                      for i in range(entries.len))

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.channel.close()
        self.former, self.listeners = {**self.former, **self.listeners}, {}

    def end(self):
        self.channel.close()
        return self.process.wait(timeout=30)


def snapshot():
    """Everything that a leftover would show in: links, routes, rules, namespaces, processes."""
    processes = sorted(
        open(f"/proc/{p}/cmdline").read().replace("\0", " ") for p in os.listdir("/proc")
        if p.isdigit() and os.path.exists(f"/proc/{p}/cmdline")
        and "dnsmasq" in open(f"/proc/{p}/cmdline").read().split("\0")[0])
    # What the kernel numbers or draws by itself is left out, and tables have no order.
    links = re.sub(r"^\d+: |@if\d+|state \w+|<.*?>|mode \w+|link/ether (?!02:74)\S+", "",
                   run("ip", "-o", "link"), flags=re.M)
    # Addresses that were given up are remembered for six days, until the last network goes.
    rules = re.sub(r"\tset retired \{.*?\n\t\}\n", "", run("nft", "list", "ruleset"), flags=re.S)
    tables = re.split(r"\n(?=table )", rules.rstrip())
    # Nor does it matter whether a link that was just raised has heard of its other end yet.
    routes = re.sub(r" *(linkdown)? *$", "", run("ip", "route"), flags=re.M)
    return {"links": sorted(links.splitlines()), "routes": sorted(routes.splitlines()),
            "proxies": sorted(run("ip", "neigh", "show", "proxy").splitlines()),
            "rules": sorted(tables), "spaces": sorted(os.listdir("/run/netns")),
            "processes": processes}


def differences(before, after):
    return [(k, [x for x in before[k] if x not in after[k]], [x for x in after[k] if x not in before[k]])
            for k in before if before[k] != after[k]]
