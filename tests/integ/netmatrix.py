"""netmatrix.py - the table of cells in docs/network.md, and what becomes of each with real frames; for network_lab.py.

No cell is judged by silence. What passes is waited for where it is said to arrive. What is dropped is waited for as well: the
kernel traces each frame (nft's nftrace) and says in which chain its verdict was to drop it; only what ends because no way
leads on has no verdict, and is waited for on the last link that it is to reach."""
import contextlib
import re
import socket
import struct
import time

from netjobs import BRIDGE_MAC, GATEWAY_MAC
from netlab import PATIENCE, Sniffer, arp, checksum, ethernet, inside, ip_bytes, ipv4, mac_bytes, run, udp

TARGETS = ("same subnet", "other account, same addresses", "outside", "metadata", "the host itself")
PROTOCOLS = ("tcp", "udp", "icmp", "arp", "dhcp server")
COLUMNS = ("honest, allowed by groups", "honest, not allowed", "spoofed")
EVERYONE = "ff:ff:ff:ff:ff:ff"
# Where a drop is to be seen: the namespace ("" is the host's), the table, the chain. `bridge` has no verdict.
DROPS = {"gate": ("", "tercet_tct_{tap}", "in"), "groups": ("", "tercet_tct", "(from|to)_[0-9a-f]+"),
         "host": ("", "tercet_tct", "input|forward"), "router": ("router", "tercet", "input|forward")}
RULE = "(?:bridge|%s)" % "|".join(DROPS)
CELL = re.compile(rf"(passes: (?:groups|always)|dropped: {RULE}(?:, {RULE})*)$")


def read_cells(path):
    """{(target, protocol): {column: cell}} of the page's one table; whatever is not a full, known table is an error."""
    rows = [[part.strip() for part in line.strip().strip("|").split("|")] for line in open(path) if line.startswith("|")]
    if len(rows) < 2 or rows[0] != ["to", "with", *COLUMNS]:
        raise ValueError(f"{path}: a table of another shape: {rows[:1]}")
    cells = {}
    for row in rows[2:]:
        key, values = tuple(row[:2]), row[2:]
        if len(values) != len(COLUMNS) or key in cells or not all(CELL.match(v) for v in values):
            raise ValueError(f"{path}: a row that says nothing known, or twice: {row}")
        cells[key] = dict(zip(COLUMNS, values))
    wanted = {(t, p) for t in TARGETS for p in PROTOCOLS}
    for key, row in cells.items():
        allowed, other = (row[column] for column in COLUMNS[:2])
        if (allowed == "passes: always") != (other == "passes: always") or other == "passes: groups":
            raise ValueError(f"{path}: {key} says twice what groups do, and differently")
    if set(cells) != wanted:
        raise ValueError(f"{path}: rows missing or unknown: {sorted(set(cells) ^ wanted)}")
    return cells


# ---- what the kernel says of a frame -------------------------------------------------------------------------------------

class Trace:
    """Verdicts of the chains of one namespace about frames whose trace bit is set (linux/netfilter/nf_tables.h)."""
    TABLE, CHAIN, VERDICT, ID, NETWORK, POLICY = 1, 2, 5, 6, 8, 16
    DROP, GROUP, NETFILTER, SOL_NETLINK, ADD_MEMBERSHIP = 0, 9, 12, 270, 1

    def __init__(self, space):
        self.packets, self.drops = {}, {}
        with inside(space) if space else contextlib.nullcontext():
            self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, self.NETFILTER)
        self.socket.bind((0, 0))
        self.socket.setsockopt(self.SOL_NETLINK, self.ADD_MEMBERSHIP, self.GROUP)
        self.socket.setsockopt(socket.SOL_SOCKET, 33, 32 << 20)  # SO_RCVBUFFORCE
        self.socket.setblocking(False)

    def read(self):
        """Takes what has come: of each dropped frame the (table, chain) that did it."""
        while True:
            try:
                data = self.socket.recv(1 << 16)
            except BlockingIOError:
                return
            attributes = dict(self.attributes(data[20:]))  # behind nlmsghdr and nfgenmsg
            if self.NETWORK in attributes:
                self.packets[attributes.get(self.ID)] = mark_of(attributes[self.NETWORK])
            verdict = dict(self.attributes(attributes.get(self.VERDICT, b""))).get(1, attributes.get(self.POLICY))
            if verdict is not None and struct.unpack("!i", verdict)[0] == self.DROP:
                table, chain = (attributes.get(a, b"\0")[:-1].decode() for a in (self.TABLE, self.CHAIN))
                self.drops[self.packets.get(attributes.get(self.ID))] = table, chain

    @staticmethod
    def attributes(data):
        while len(data) >= 4:
            length, kind = struct.unpack("HH", data[:4])
            yield kind & 0x3FFF, data[4:length]
            data = data[(length + 3) & ~3:]

    def close(self):
        self.socket.close()


# ---- frames ----------------------------------------------------------------------------------------------------------------

def segment(src, dst, tcp_port, sport):
    """A connection's first packet; its sum is right, or the connection tracker would call it invalid."""
    head = struct.pack("!HHIIBBHHH", sport, tcp_port, 1, 0, 0x50, 2, 1024, 0, 0)
    pseudo = ip_bytes(src) + ip_bytes(dst) + struct.pack("!BBH", 0, 6, len(head))
    return head[:16] + struct.pack("!H", checksum(pseudo + head)) + head[18:]


def echo(mark):
    head = struct.pack("!BBHHH", 8, 0, 0, mark, 1)
    return head[:2] + struct.pack("!H", checksum(head)) + head[4:]


def mark_of(packet):
    """What a packet is known by on all its way: IPv4's identification and destination, or what fills an ARP frame."""
    return packet[4:6] + packet[16:20] if packet[:1] == b"E" else packet[28:36]


class Frame:
    number = 0x4000

    def __init__(self, cell, sender, mac, address):
        Frame.number += 1
        self.cell, (source, src, claimed), sport = cell, sender, 1024 + Frame.number
        self.asked = ip_bytes(address) if cell[1] == "arp" else None
        if self.asked:
            filling = b"cell" + struct.pack("!I", Frame.number) + b"\0" * 10
            self.bytes = ethernet(source, EVERYONE, 0x0806, arp(1, claimed, src, "00:00:00:00:00:00", address) + filling)
        else:
            protocol, body = {"tcp": (6, segment(src, address, 80, sport)), "udp": (17, udp(sport, 5000, b"cell")),
                              "icmp": (1, echo(Frame.number)),
                              "dhcp server": (17, udp(67, 68, b"\2\1\6\0" + b"evil" * 70))}[cell[1]]
            self.bytes = ethernet(source, mac, 0x0800, ipv4(src, address, protocol, body, Frame.number))
        self.mark = mark_of(self.bytes[14:])


# ---- the world of the table ------------------------------------------------------------------------------------------------

class Matrix:
    """Sender `one`, its neighbour `two`; `strangers`: guests of another account's network with the same range, one of which
    has an address that nobody has on this side."""

    def __init__(self, cells, tap, one, two, strangers, lonely):
        self.cells, self.one, self.two, self.strangers, self.lonely = cells, one, two, strangers, lonely
        self.tap, self.router, self.frames = tap, "tercet-tct-00000a", []
        self.traces = {"": Trace(""), self.router: Trace(self.router)}
        # What shows in the traces; priority: before every gate.
        run("nft", f"table netdev cells {{ chain in {{ type filter hook ingress device {tap} priority -400; meta nftrace set 1; }}; }}")
        mark = "table inet cells {{ chain in {{ type filter hook prerouting priority -400; iifname {} meta nftrace set 1; }}; }}"
        run("nft", mark.format("tctu00000a"))
        with inside(self.router):
            run("nft", mark.format("gw"))
            router = self.raw_sockets()
        with inside("outside"):
            world = self.packets("eth0")
        self.ears = {"outside": [world], "metadata": router, "the host itself": self.raw_sockets(),
                     "bridge": [self.packets("tctg00000a")]}
        self.heard = {name: set() for name in self.ears}

    @staticmethod
    def raw_sockets():
        """One for each protocol: it gets what the machine's own filter let in."""
        made = [socket.socket(socket.AF_INET, socket.SOCK_RAW, n) for n in (1, 6, 17)]
        for s in made:
            s.setblocking(False)
        return made

    @staticmethod
    def packets(link):
        s = Sniffer(link).socket
        s.setsockopt(socket.SOL_SOCKET, 33, 32 << 20)
        s.setblocking(False)
        return s

    def honest(self):
        return [(self.one.mac, self.one.address, self.one.mac)]

    def liars(self, protocol):
        """(Ethernet source, IPv4 source, MAC that ARP claims) that are not the port's own, one thing at a time and together."""
        own, mac, other = self.one.address, self.one.mac, self.two.mac
        forged = [(mac, a, mac) for a in (self.two.address, "172.31.0.1", "169.254.169.254", "192.0.2.1")]
        forged += [(m, own, m) for m in (other, GATEWAY_MAC, BRIDGE_MAC)] + [(other, self.two.address, other),
                                                                             (GATEWAY_MAC, "172.31.0.1", GATEWAY_MAC)]
        return forged + ([(mac, own, other), (other, own, mac)] if protocol == "arp" else [])

    def ways(self, target):
        """(MAC, address) by which a frame may try to get there."""
        return {"same subnet": [(self.two.mac, self.two.address)],
                "other account, same addresses": [(self.lonely.mac, self.lonely.address), (GATEWAY_MAC, self.lonely.address),
                                                  (GATEWAY_MAC, "100.64.0.46")],  # of its router namespace
                "outside": [(GATEWAY_MAC, "192.0.2.1")],
                "metadata": [(GATEWAY_MAC, "169.254.169.254")],
                "the host itself": [(GATEWAY_MAC, "192.0.2.2"), (GATEWAY_MAC, "100.64.0.41"), (BRIDGE_MAC, "192.0.2.2")]}[target]

    def send(self, column, targets=TARGETS):
        """All frames of a column; they are judged together."""
        for target in targets:
            for protocol in PROTOCOLS:
                ways = self.ways(target)
                if (target, protocol) == ("same subnet", "dhcp server"):
                    ways = ways + [(EVERYONE, "255.255.255.255")]
                for sender in self.liars(protocol) if column == "spoofed" else self.honest():
                    for mac, address in ways:
                        self.frames.append(Frame((target, protocol, column), sender, mac, address))
                        self.one.send(self.frames[-1].bytes)
                        self.hear()

    def hear(self):
        """Takes what has come to the ends that are no guests."""
        for trace in self.traces.values():
            trace.read()
        for name, sockets in self.ears.items():
            behind = 0 if name in ("metadata", "the host itself") else 14  # raw sockets begin with the IPv4 header
            for s in sockets:
                with contextlib.suppress(BlockingIOError):
                    while True:
                        self.heard[name].add(mark_of(s.recv(2048)[behind:]))

    def arrived(self, frame):
        """Was it there? ARP is there when it is answered, but for neighbours, who see the question itself."""
        target = frame.cell[0]
        guests = {"same subnet": [self.two], "other account, same addresses": self.strangers}.get(target)
        if guests:
            return any(mark_of(f[14:]) == frame.mark for g in guests for f in g.seen)
        if frame.asked:
            return any(f[12:14] == b"\x08\x06" and f[20:22] == b"\0\2" and f[28:32] == frame.asked for f in self.one.seen)
        return frame.mark in self.heard[target]

    def dropped_by(self, frame):
        """The rules that dropped it; none yet, or one."""
        found = []
        for rule, (space, table, chain) in DROPS.items():
            by = self.traces[space and self.router].drops.get(frame.mark, ("", ""))
            if by[0] == table.format(tap=self.tap[4:]) and re.fullmatch(chain, by[1]):
                found.append(rule)
        return found

    def expected(self, cell):
        """(does it pass, the rules that drop it: each of them one way or another)"""
        passes, rules = self.cells[cell[:2]][cell[2]].split(": ")
        return passes == "passes", rules.split(", ")

    def ends(self, frame):
        """What became of it: the rule that dropped it, or "passes"; None while nothing did."""
        if self.arrived(frame):
            return "passes"
        rules = self.dropped_by(frame)
        if not rules and "bridge" in self.expected(frame.cell)[1] and frame.mark in self.heard["bridge"]:
            rules = ["bridge"]
        return rules[0] if rules else None

    def missing(self):
        """What has not shown yet: frames without an end, and rules of a cell that have dropped nothing."""
        ends, missing = {}, []
        for f in self.frames:
            ends.setdefault(f.cell, set()).add(self.ends(f))
            missing += [(f.cell, "nothing was seen of it", f.bytes[:42].hex())] if self.ends(f) is None else []
        for cell, found in ends.items():
            passes, rules = self.expected(cell)
            missing += [] if passes else [(cell, f"{rule} drops nothing") for rule in rules if rule not in found]
        return missing

    def wait(self):
        end = time.monotonic() + PATIENCE
        while self.missing() and time.monotonic() < end:
            time.sleep(0.01)
            self.hear()

    def judge(self):
        """(how many frames, what is not as the table says)"""
        self.wait()
        # Behind all the others: what is to arrive has done so when this one has. Metadata is open to everybody.
        last = Frame(("metadata", "tcp", COLUMNS[0]), self.honest()[0], *self.ways("metadata")[0])
        self.frames.append(last)
        self.one.send(last.bytes)
        self.wait()
        bad = self.missing()
        for f in self.frames:
            end, (passes, rules) = self.ends(f), self.expected(f.cell)
            if end not in (["passes"] if passes else rules) and end is not None:
                bad.append((f.cell, self.cells[f.cell[:2]][f.cell[2]], end, f.bytes[:42].hex()))
        count = len(self.frames)
        self.forget()
        return count, bad

    def forget(self):
        for kept in (self.frames, *self.heard.values(), *(t.drops for t in self.traces.values())):
            kept.clear()
        for guest in (self.one, self.two, *self.strangers):
            guest.forget()

    def close(self):
        run("nft", "delete table netdev cells; delete table inet cells")
        with inside(self.router):
            run("nft", "delete table inet cells")
        for s in (*(s for sockets in self.ears.values() for s in sockets), *self.traces.values()):
            s.close()
