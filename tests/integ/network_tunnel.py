#!/usr/bin/env python3
"""network_tunnel.py - guests of one network on two hosts: real frames over a real underlay.

usage: network_tunnel.py PATH/tercet-computer-network     (root; leaves nothing behind)

Hosts are network namespaces on one underlay link, each with a computer-network of its own, to which this program is the
manager. Defends I12 between hosts: what the plan says passes and nothing else, whoever sends it; DHCP, the gateway, the
metadata address and ARP are each host's own business and never on the underlay; a network that is repeated, killed or
moved ends as it should. Ends with the line 'N passed, N failed'."""
import os
import random
import socket
import struct
import sys
import tempfile
import time
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import netlab
from netjobs import (ALL_OUT, GATEWAY_MAC, NET_PEERS, Manager, Peer, differences, mac_of, nobody, number, peer, peers, port,
                     rule, snapshot)
from netlab import Guest, Sniffer, connects, ethernet, inside, ip_bytes, ipv4, listen, mac_bytes, pings, run, udp

PASSED = FAILED = 0
VXLAN = 4789
ECHO = rule(protocol=1, from_=8, to=-1)


def check(name, holds, detail=""):
    global PASSED, FAILED
    if holds:
        PASSED += 1
        print(f"ok      {name}", flush=True)
    else:
        FAILED += 1
        print(f"FAILED  {name}   {detail}", flush=True)


class Host:
    """A namespace on the underlay with a computer-network."""

    def __init__(self, n, program, directory):
        self.n, self.space, self.address = n, f"h{n}", f"10.99.0.{n}"
        run("ip", "netns", "add", self.space)
        run("ip", "link", "add", f"u{n}", "type", "veth", "peer", "name", "eth0", "netns", self.space)
        run("ip", "link", "set", f"u{n}", "master", "under", "up")
        with inside(self.space):
            run("ip", "link", "set", "lo", "up")
            run("ip", "addr", "add", f"{self.address}/24", "dev", "eth0")
            run("ip", "link", "set", "eth0", "up")
        if program is None:
            return
        self.folder = f"{directory}/h{n}"
        os.mkdir(self.folder, 0o755)
        with open(f"{self.folder}/resolv.conf", "w") as f:
            f.write("nameserver 192.0.2.1\n")
        self.manager = Manager(program, self.folder, "--prefix", f"h{n}x", "--tunnel-address", self.address)
        self.start()
        self.before = self.snapshot()

    def start(self):
        with inside(self.space):
            self.manager.start()

    def snapshot(self):
        with inside(self.space):
            seen = snapshot()
            neighbours = run("ip", "-4", "neigh", "show", "nud", "permanent")
            entries = run("bridge", "fdb", "show")
        seen["spaces"] = [s for s in seen["spaces"] if s.startswith(f"tercet-h{self.n}x")]
        seen["processes"] = [p for p in seen["processes"] if f"/h{self.n}/" in p]
        seen["neighbours"] = sorted(neighbours.splitlines())
        seen["entries"] = sorted(e for e in entries.splitlines() if " dst " in e or " static" in e)
        return seen

    def guest(self, name, p):
        tap = self.manager.port(p)
        with inside(self.space):
            g = Guest(name, tap, mac_of(p))
        g.configure(g.dhcp())
        return g

    def link(self, letter, vni):
        return f"h{self.n}x{letter}{vni:06x}"


def meets(guest, address):
    """Also when the guest asked in vain a moment ago: it asks again within seconds."""
    return any(pings(guest, address) for _ in range(4))


class Underlay:
    """Everything that crosses the wire between hosts."""

    def __init__(self):
        run("ip", "link", "add", "under", "type", "bridge", "mcast_snooping", "0")
        run("ip", "link", "set", "under", "up")
        run("ip", "link", "set", "lo", "up")

    @staticmethod
    def inner(frame):
        """(vni, inner frame) of a VXLAN packet, else None."""
        if len(frame) < 64 or frame[12:14] != b"\x08\x00" or frame[23] != 17 or frame[36:38] != struct.pack("!H", VXLAN):
            return None
        return int.from_bytes(frame[46:49], "big"), frame[50:]


class Wire:
    """with Wire() as wire: ...; wire.frames: the inner frames that crossed meanwhile."""

    def __enter__(self):
        self.sniffers, self.frames = [Sniffer(f"u{n}") for n in (1, 2)], []
        return self

    def __exit__(self, *_):
        for s in self.sniffers:
            s.socket.setblocking(False)
            try:
                while True:
                    got = Underlay.inner(s.socket.recv(65536))
                    if got is not None:
                        self.frames.append(got)
            except BlockingIOError:
                pass
            s.close()


class Lab:
    def __init__(self, program, directory):
        self.underlay = Underlay()
        self.one, self.two = Host(1, program, directory), Host(2, program, directory)
        self.rogue = Host(3, None, directory)
        sg = "sg-00000000000000001"
        self.group = sg
        web = rule(protocol=6, from_=80, to=90, group=sg)
        self.a1 = port(1, 10, "172.31.0.5", [ALL_OUT, ECHO, rule(protocol=17, from_=5000, to=5000)])
        self.a2 = port(2, 10, "172.31.0.6", [ALL_OUT, ECHO, web, rule(protocol=17, from_=5000, to=5000)])
        self.far = port(3, 10, "172.31.16.7", [ALL_OUT, ECHO], subnet="172.31.16.0/20")
        self.b1 = port(11, 11, "172.31.0.5", [ALL_OUT, ECHO])
        self.b2 = port(12, 11, "172.31.0.6", [ALL_OUT, ECHO])

    def tell(self):
        """The plan, as the cluster-manager would wish it: to each host the ports on the other."""
        self.one.manager.peers(10, [peer(self.a2, self.two.address), peer(self.far, self.two.address)])
        self.two.manager.peers(10, [peer(self.a1, self.one.address)])

    # ---- the chapters ------------------------------------------------------------------

    def come_up(self):
        check("peers of a network that is not here are refused",
              self.one.manager.job(NET_PEERS, peers(10, [peer(self.a2, self.two.address)]))[0] == "VPC_NOT_FOUND")
        self.g1, self.g2 = self.one.guest("one", self.a1), self.two.guest("two", self.a2)
        self.g3 = self.two.guest("far", self.far)
        self.lonely = self.one.snapshot()
        check("without a peer there is no tunnel", not any("h1xv" in l for l in self.lonely["links"]))
        check("nor a way to the other host", not pings(self.g1, "172.31.0.6"))
        begin = time.monotonic()
        check("peers are made", self.one.manager.peers(10, [peer(self.a2, self.two.address),
                                                              peer(self.far, self.two.address)]) == (0, 2, 0))
        print(f"        tunnel and two peers {(time.monotonic() - begin) * 1000:.0f} ms")
        check("by one each too", self.two.manager.peers(10, [peer(self.a1, self.one.address)],
                                                          from_="172.31.0.5", to="172.31.0.5") == (0, 1, 0))
        check("and kept when they are named again", self.one.manager.peers(
            10, [peer(self.a2, self.two.address), peer(self.far, self.two.address)]) == (2, 0, 0))

    def reach(self):
        with Wire() as wire:
            check("guests of one network reach each other across hosts", meets(self.g1, "172.31.0.6"))
        check("over the tunnel of their network", {v for v, _ in wire.frames} == {10}, wire.frames)
        check("and back", pings(self.g2, "172.31.0.5"))
        check("a guest in another subnet is reached by the own host's gateway", pings(self.g1, "172.31.16.7"))
        check("and answers by its own", pings(self.g3, "172.31.0.5"))
        big = self.g1.do("ping", "-c", "1", "-W", "2", "-M", "do", "-s", str(1450 - 28), "172.31.0.6")
        check("a packet of the guests' MTU passes in one piece", big.returncode == 0, big.stdout)

    def groups(self):
        keep = listen(self.g2, 80, 95)
        check("ingress is the destination's host's: no member, no entry", not connects(self.g1.space, "172.31.0.6", 80))
        self.two.manager.group(self.group, 10, "172.31.0.5")
        check("a member on another host gets in", connects(self.g1.space, "172.31.0.6", 80))
        check("but not beyond the rule's ports", not connects(self.g1.space, "172.31.0.6", 95))
        self.one.manager.port(port(1, 10, "172.31.0.5", [rule(egress=1, protocol=1), ECHO]))
        with Wire() as wire:
            check("egress is the source's host's", not connects(self.g1.space, "172.31.0.6", 80))
        check("and what it refuses does not cross", not wire.frames, wire.frames)
        self.one.manager.port(self.a1)
        for s in keep:
            s.close()

    def own_business(self):
        """Each host answers for gateway, DHCP, names, metadata and ARP itself."""
        for g in (self.g1, self.g2):
            g.do("ip", "neigh", "flush", "dev", "eth0")
        with Wire() as wire:
            check("DHCP answers on one host", self.g1.dhcp() is not None)
            check("and on the other", self.g2.dhcp() is not None)
            for g in (self.g1, self.g2):
                check(f"the gateway of guest {g.name} answers", pings(g, "172.31.0.1"))
                check("so does the metadata address", connects(g.space, "169.254.169.254", 80))
                self.unanswered(g, "172.31.0.99")
        check("nothing of it crosses", not wire.frames, [(v, f[:42].hex()) for v, f in wire.frames])
        macs = {g.name: g.do("ip", "neigh", "show", "172.31.0.1").stdout.split("lladdr ")[1][:17] for g in (self.g1, self.g2)}
        check("gateways have one MAC everywhere", set(macs.values()) == {GATEWAY_MAC}, macs)
        with Wire() as wire:
            check("a peer is reached", pings(self.g1, "172.31.0.6"))
            self.g1.send(ethernet(self.g1.mac, self.g2.mac, 0x0806, netlab.arp(1, self.g1.mac, "172.31.0.5",
                                                                                 self.g2.mac, "172.31.0.6")))
            answer = self.g1.wait(lambda f: f[12:14] == b"\x08\x06" and f[20:22] == b"\0\2" and f[28:32] == ip_bytes("172.31.0.6"))
            check("ARP for a peer is answered", answer is not None and answer[22:28] == mac_bytes(self.g2.mac))
            check("then a datagram", pings(self.g1, "172.31.0.6"))
        arps = [f for _, f in wire.frames if f[12:14] != b"\x08\x00"]
        check("by its own host: only IPv4 crosses", wire.frames and not arps, arps)

    @staticmethod
    def unanswered(guest, address):
        check(f"nobody answers for {address}", not pings(guest, address))

    def twins(self):
        """Another tenant on the same two hosts with the same addresses."""
        self.t1, self.t2 = self.one.guest("twin1", self.b1), self.two.guest("twin2", self.b2)
        check("without their own peers twins do not meet", not pings(self.t1, "172.31.0.6"))
        self.one.manager.peers(11, [peer(self.b2, self.two.address)])
        self.two.manager.peers(11, [peer(self.b1, self.one.address)])
        for g in (self.t2, self.g2, self.g1, self.t1):
            g.forget()
        with Wire() as wire:
            check("with them they do", meets(self.t1, "172.31.0.6"))
        check("in their own tunnel", {v for v, _ in wire.frames} == {11})
        check("and the first network's guests saw nothing of it",
              not [f for g in (self.g1, self.g2) for f in g.seen if mac_bytes(self.t1.mac) in f])
        check("the first network still has its own", pings(self.g1, "172.31.0.6"))

    # ---- forgeries ---------------------------------------------------------------------

    def outer(self, sender, vni, inner, source=None):
        """VXLAN from a host's own stack, or with another outer source by a raw socket."""
        body = struct.pack("!BBHI", 8, 0, 0, vni << 8) + inner
        with inside(sender.space):
            if source is None:
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                    s.sendto(body, (self.two.address, VXLAN))
                return
            with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as s:
                s.sendto(ipv4(source, self.two.address, 17, udp(40000, VXLAN, body)), (self.two.address, 0))

    def forgeries(self):
        a1, a2, t2 = self.g1.mac, self.g2.mac, self.t2.mac

        def packet(mark, src="172.31.0.5", dst="172.31.0.6", to=a2, from_=a1, kind=0x0800, sport=1234):
            return ethernet(from_, to, kind, ipv4(src, dst, 17, udp(sport, 5000, b"mark-" + mark + b"x" * 20)))

        tagged = ethernet(a1, a2, 0x8100, b"\0\1\x08\0" + ipv4("172.31.0.5", "172.31.0.6", 17, udp(1, 5000, b"mark-" + b"x" * 24)))
        cells = {
            "a host that is none of the cluster": [(self.rogue, 10, packet(b"r"), None)],
            "a host of the cluster with a guest of another": [
                (self.one, 10, packet(b"o", src="172.31.16.7", from_=mac_of(self.far)), None)],
            "an inner MAC that the plan has not there": [(self.one, 10, packet(b"m", from_="02:00:0a:00:00:77"), None),
                                                         (self.one, 10, packet(b"M", from_=a2), None)],
            "an inner address that the plan has not there": [
                (self.one, 10, packet(b"a", src=s), None) for s in
                ("172.31.0.9", "172.31.0.6", "172.31.0.1", "169.254.169.254", "192.0.2.1", "0.0.0.0")],
            "the gateway's MAC with no guest's address": [(self.one, 10, packet(b"g", src=s, from_=GATEWAY_MAC), None) for s in
                                                          ("172.31.0.1", "172.31.0.9", "169.254.169.254")],
            "another network's number": [(self.one, 11, packet(b"v", to=t2), None), (self.one, 12, packet(b"w"), None)],
            "frames to the gateway, the bridge, everyone": [(self.one, 10, packet(b"t", to=t), None) for t in
                                                            (GATEWAY_MAC, "02:74:63:74:00:02", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01")],
            "ARP, VLAN tags and IPv6": [(self.one, 10, ethernet(a1, t, 0x0806, netlab.arp(o, a1, "172.31.0.1", a2, "172.31.0.6")), None)
                                        for o in (1, 2) for t in (a2, "ff:ff:ff:ff:ff:ff")] +
                                       [(self.one, 10, tagged, None), (self.one, 10, packet(b"6", kind=0x86DD), None)],
            "a DHCP server": [(self.one, 10, ethernet(a1, a2, 0x0800, ipv4("172.31.0.1", "172.31.0.6", 17,
                                                                           udp(67, 68, b"mark-dhcp" * 30))), None)],
        }
        for name, frames in cells.items():
            self.refused(name, frames, packet(b"honest"))
        self.two.manager.peers(10, [nobody("172.31.0.5")], is_page=0)
        self.refused("what the plan has withdrawn", [(self.one, 10, packet(b"p"), None)], None)
        self.two.manager.peers(10, [peer(self.a1, self.one.address)], is_page=0)
        # An outer source that is forged is as good as the underlay lets it be; with the right one it would pass.
        self.refused("a forged outer source that is no host's", [(self.rogue, 10, packet(b"f"), "10.99.0.77")], packet(b"honest"))

    def refused(self, name, frames, honest):
        """Not one of `frames` reaches a guest of the second host before an honest one does."""
        guests = (self.g2, self.g3, self.t2)
        for g in guests:
            g.forget()
        sniffers = []
        with inside(self.two.space):
            sniffers = [Sniffer(self.two.link("g", v)) for v in (10, 11)]
        for sender, vni, inner, source in frames:
            self.outer(sender, vni, inner, source)
        if honest is not None:
            self.outer(self.one, 10, honest)
            check(f"{name}: the honest frame passes", self.g2.wait(lambda f: b"mark-honest" in f) is not None)
        else:
            run("ip", "netns", "exec", self.g3.space, "ping", "-c", "1", "-W", "2", "172.31.16.1")
        leaked = [f for g in guests for f in g.seen if any(self.marks(i) in f for _, _, i, _ in frames)]
        for s in sniffers:
            s.socket.setblocking(False)
            try:
                while True:
                    frame = s.socket.recv(4096)
                    leaked += [frame for _, _, i, _ in frames if self.marks(i) in frame]
            except BlockingIOError:
                pass
            s.close()
        check(f"{name}: dropped", not leaked, leaked)

    @staticmethod
    def marks(inner):
        at = inner.find(b"mark-")
        return inner[at:] if at >= 0 else inner[14:]

    # ---- changes -----------------------------------------------------------------------

    def restart(self):
        before = self.one.snapshot()
        for n in range(2):
            self.one.manager.kill()
            self.one.start()
            self.one.manager.list()
            for p in (self.a1, self.b1):
                self.one.manager.port(p)
            self.tell()
            after = self.one.snapshot()
            check("a restarted process finds the tunnel, and naming all again changes nothing", before == after,
                  differences(before, after))
        check("guests still reach each other", pings(self.g1, "172.31.0.6"))

    def reconcile(self):
        """Pages name all that is right; what a lost order left behind goes."""
        one, want = self.one.manager, [peer(self.a2, self.two.address), peer(self.far, self.two.address)]
        clean = self.one.snapshot()
        stray = [Peer(number(f"172.31.3.{n}"), number(self.two.address), (2, 9, 9, 9, 9, n)) for n in range(1, 9)]
        check("more are made", one.peers(10, want + stray) == (2, 8, 0))
        check("a page leaves alone what is beyond it",
              one.peers(10, want[:1], from_="0.0.0.0", to="172.31.2.255") == (1, 0, 0))
        check("and a listing of all ends the strays", one.peers(10, want) == (2, 0, 8))
        check("nothing of them is left", self.one.snapshot() == clean, differences(clean, self.one.snapshot()))
        moved = peer(self.a2, self.rogue.address)
        check("a peer that moved is at its new host only", one.peers(10, [moved], is_page=0) == (0, 1, 1))
        one.peers(10, want)
        check("and back", self.one.snapshot() == clean, differences(clean, self.one.snapshot()))
        many = [Peer(number("172.31.32.1") + n, number(self.two.address), (2, 8, 8, 8, n >> 8, n & 255)) for n in range(4000)]
        begin = time.monotonic()
        check("4000 peers are made in one order", one.peers(10, many, from_="172.31.32.0") == (0, 4000, 0))
        made = time.monotonic()
        check("and one more costs what one costs", one.peers(10, [peer(self.a2, self.two.address)], is_page=0) == (1, 0, 0))
        print(f"        4000 peers {(made - begin) * 1000:.0f} ms, one more {(time.monotonic() - made) * 1000:.0f} ms")
        one.peers(10, want)
        check("all 4000 go", self.one.snapshot() == clean)

    def move(self):
        """A port that was elsewhere comes here, and goes again."""
        self.g3.close()
        self.two.manager.unport(self.far)
        tap = self.one.manager.port(self.far)
        with inside(self.one.space):
            g = Guest("moved", tap, mac_of(self.far))
        g.configure(g.dhcp())
        neighbours = self.one.snapshot()["neighbours"]
        check("what is here is a peer no more", not [n for n in neighbours if "172.31.16.7" in n], neighbours)
        check("also when the order that says so comes late",
              self.one.manager.peers(10, [peer(self.far, self.two.address)], is_page=0) == (0, 0, 0))
        self.two.manager.peers(10, [peer(self.far, self.one.address)], is_page=0)
        check("it reaches its neighbour on the same host", pings(g, "172.31.0.5"))
        check("and those that it left", meets(g, "172.31.0.6"))
        g.close()
        self.two.manager.peers(10, [nobody("172.31.16.7")], is_page=0)
        self.one.manager.unport(self.far)
        self.g3 = self.two.guest("far", self.far)
        self.tell()
        check("and is reached where it was at first", meets(self.g1, "172.31.16.7"))

    def kill_storm(self):
        """kill -9 at any point of NET_PEERS; repeated, the end is the same."""
        one = self.one.manager
        dice, bad, rounds = random.Random(7), [], 12
        stray = [Peer(number(f"172.31.3.{n}"), number(self.two.address), (2, 9, 9, 9, 9, n)) for n in range(1, 200)]
        one.peers(11, [])
        ends = []
        for entries in ([peer(self.b2, self.two.address), *stray], []):
            one.peers(11, entries)
            ends.append((entries, self.one.snapshot()))
        for n in range(rounds):
            entries, want = ends[n % 2]
            one.send(NET_PEERS, peers(11, entries))
            time.sleep(dice.random() * 0.06)  # the point of the kill, not a wait
            one.kill()
            self.one.start()
            one.list()
            one.peers(11, entries)
            now = self.one.snapshot()
            if now != want:
                bad.append((n, differences(want, now)))
        check(f"{rounds} kills in the middle, repeated, end as if nothing had been", not bad, bad[:1])
        one.peers(11, [peer(self.b2, self.two.address)])
        check("and the network works", meets(self.t1, "172.31.0.6"))

    def bad_jobs(self):
        before = self.one.snapshot()
        good = peers(10, [peer(self.a2, self.two.address)])
        e = peer(self.a2, self.two.address)

        def entry(**fields):
            changed = Peer.from_buffer_copy(e)
            for name, value in fields.items():
                setattr(changed, name, value)
            return peers(10, [changed])

        jobs = [b"", good[:-1], good + b"x", good[:20], peers(0, [e]), peers(1 << 24, [e]), peers(10, [e], mtu=1),
                peers(10, [e], mtu=99999),
                peers(10, [e], from_="172.31.0.7"), peers(10, [e], to="172.31.0.5"), peers(10, [e, e]),
                peers(10, [], from_="10.0.0.1", to="10.0.0.0"),
                entry(tunnel=0), entry(tunnel=number("127.0.0.1")), entry(tunnel=number("239.1.1.1")),
                entry(tunnel=number("169.254.169.254")),
                entry(address=number("169.254.169.254")), entry(mac=(1, 0, 0, 0, 0, 1)), entry(mac=(0,) * 6),
                entry(mac=tuple(mac_bytes(GATEWAY_MAC))),
                good[:32] + struct.pack("q", 4097) + good[40:], good[:32] + struct.pack("q", -1) + good[40:],
                peers(10, [e], is_page=2), peers(10, [nobody("172.31.0.6")]), peers(10, [nobody("0.0.0.1")], is_page=0)]
        answers = [self.one.manager.job(NET_PEERS, j)[0] for j in jobs]
        check(f"{len(jobs)} unfit orders are refused", set(answers) == {"INVALID_PARAMETER"}, answers)
        check("and nothing of all that is left", self.one.snapshot() == before)

    def go_down(self):
        for g in (self.g1, self.g2, self.g3, self.t1, self.t2):
            g.close()
        for host, ports in ((self.one, (self.a1, self.b1)), (self.two, (self.a2, self.far, self.b2))):
            for p in ports:
                check("a port goes", host.manager.unport(p) == ("OK", ""))
            after = host.snapshot()
            check("with the last the tunnels, and nothing is left", after == host.before, differences(host.before, after))
            check("the process ends with its channel", host.manager.end() == 0)


def main():
    arguments = sys.argv[1:]
    if len(arguments) != 1 or os.geteuid() != 0:
        sys.exit(__doc__)
    netlab.enter_lab()
    with tempfile.TemporaryDirectory(prefix="tct-tunnel-") as directory:
        os.chmod(directory, 0o755)
        lab = Lab(os.path.abspath(arguments[0]), directory)
        try:
            for chapter in (lab.come_up, lab.reach, lab.groups, lab.own_business, lab.twins, lab.forgeries, lab.restart,
                            lab.reconcile, lab.move, lab.kill_storm, lab.bad_jobs, lab.go_down):
                chapter()
        except Exception as e:  # a chapter that cannot go on is one failure, with its story
            traceback.print_exc()
            check(f"no surprise ({e})", False)
        finally:
            for host in (lab.one, lab.two):
                if host.manager.process and host.manager.process.poll() is None:
                    host.manager.kill()
                if FAILED:
                    sys.stdout.write(open(f"{host.folder}/network.log").read())
    print(f"{PASSED} passed, {FAILED} failed")
    sys.stdout.flush()
    os._exit(1 if FAILED else 0)


main()
