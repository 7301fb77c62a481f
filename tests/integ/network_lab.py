#!/usr/bin/env python3
"""network_lab.py - computer-network on a real kernel: real frames, real DHCP, real kills.

usage: network_lab.py PATH/tercet-computer-network [PATH/network_serve GUEST.qcow2]
       (root; leaves nothing behind; with the latter two a real guest is booted as well)

Plays the computer-manager over the channel. Defends: I12 (no frame of one tenant reaches another,
spoofed ones are dropped), I7 (nothing is left of what was removed), musts 8, 11, 12; adoption
after kill -9 at any point. Ends with the line 'N passed, N failed'."""
import ctypes as c
import os
import random
import re
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import netlab
from netjobs import (ALL_OUT, BRIDGE_MAC, GATEWAY_MAC, NET_GROUP, NET_LIST, NET_PORT, NET_UNPORT, Manager, Unport,
                     differences, mac_of, number, port, rule, snapshot)
from netlab import Connection, Guest, Outside, Sniffer, arp, connects, ethernet, inside, ipv4, listen, pings, resolve, run, shut, udp
from netmatrix import Matrix, read_cells

PASSED = FAILED = 0


def check(name, holds, detail=""):
    global PASSED, FAILED
    if holds:
        PASSED += 1
        print(f"ok      {name}", flush=True)
    else:
        FAILED += 1
        print(f"FAILED  {name}   {detail}", flush=True)


def shape():
    """A snapshot without the order in which things were made."""
    return {kind: sorted(" ".join(parts).replace(",", " ").split()) for kind, parts in snapshot().items()}


class Lab:
    def __init__(self, program, directory):
        self.directory = directory
        self.outside = Outside()
        with open(f"{directory}/resolv.conf", "w") as f:
            f.write("nameserver 127.0.0.53\nnameserver 192.0.2.1\n")
        self.manager = Manager(program, directory)
        self.manager.start()
        self.before = snapshot()
        sg = "sg-00000000000000001"
        ssh, echo = rule(protocol=6, from_=22, to=22), rule(protocol=1, from_=8, to=-1)
        self.group = sg
        self.p1 = port(1, 10, "172.31.0.5", [ALL_OUT, ssh, echo])
        self.p2 = port(2, 10, "172.31.0.6",
                       [ALL_OUT, rule(protocol=6, from_=80, to=90, group=sg),
                        rule(protocol=17, from_=5000, to=5000, cidr="172.31.0.5/32")])
        self.twin = port(3, 11, "172.31.0.5", [ALL_OUT, ssh, rule(protocol=17, from_=5009, to=5009)])

    # ---- the chapters ------------------------------------------------------------------

    def come_up(self):
        check("nothing is listed at first", self.manager.list() == [])
        start = time.monotonic()
        tap1 = self.manager.port(self.p1)
        first = time.monotonic() - start
        check("the metadata socket comes with the network", 10 in self.manager.listeners)
        start = time.monotonic()
        tap2 = self.manager.port(self.p2)
        print(f"        first port {first * 1000:.0f} ms, second {(time.monotonic() - start) * 1000:.0f} ms")
        check("both are listed", self.manager.list() == [(self.p1.port.decode(), 10),
                                                         (self.p2.port.decode(), 10)])
        self.g1 = Guest("one", tap1, mac_of(self.p1))
        self.g2 = Guest("two", tap2, mac_of(self.p2))

    def dhcp(self):
        lease = self.g1.dhcp()
        check("a guest gets its lease", lease is not None)
        expect = {"yiaddr": socket.inet_aton("172.31.0.5"), 1: socket.inet_aton("255.255.240.0"),
                  3: socket.inet_aton("172.31.0.1"), 6: socket.inet_aton("172.31.0.2"),
                  12: b"ip-172-31-0-5", 15: b"test-1.compute.internal", 26: struct.pack("!H", 1450),
                  121: bytes([32, 169, 254, 169, 254, 172, 31, 0, 1, 0, 172, 31, 0, 1])}
        for option, value in expect.items():
            check(f"lease option {option}", lease.get(option) == value, repr(lease.get(option)))
        self.manager.list()
        self.manager.list()
        check("a guest without an address does not answer", self.manager.answered[self.p1.port.decode()] == -1)
        self.g1.configure(lease)
        self.g2.configure(self.g2.dhcp())

    def heard(self):
        """Later than their leases: the kernel asks a neighbour whom it only heard of five seconds later."""
        began = time.monotonic()
        self.manager.list()
        while -1 in self.manager.answered.values() and time.monotonic() < began + 30:
            time.sleep(0.2)  # the manager's period is longer
            self.manager.list()
        print(f"        both heard after {time.monotonic() - began:.1f} s")
        answers = self.manager.answered
        check("both answer for their addresses", all(0 <= ms < 30000 for ms in answers.values()), answers)

    def names(self):
        for server in ("172.31.0.2", "169.254.169.253", "172.31.0.1"):
            got = resolve(self.g1, "ip-172-31-0-6.test-1.compute.internal", server)
            check(f"own names by {server}", got == "172.31.0.6", got)
        check("other names are forwarded",
              resolve(self.g1, "example.org", "172.31.0.2") == "198.51.100.7")
        check("unknown own names stay here",
              resolve(self.g1, "nobody.test-1.compute.internal", "172.31.0.2") is None)

    def groups(self):
        keep = listen(self.g2, 80, 95) + listen(self.g1, 22, 23)
        check("guest reaches its gateway", pings(self.g1, "172.31.0.1"))
        check("ingress by rule: icmp", pings(self.g2, "172.31.0.5"))
        check("no rule, no ingress: icmp", not pings(self.g1, "172.31.0.6", 0.5))
        ssh = self.g2.space, "172.31.0.5", 22
        check("ingress by rule: tcp", connects(*ssh))
        check("no rule, no ingress: tcp", shut([(self.g2.space, "172.31.0.5", 23)], ssh))
        check("an empty group lets nobody in", shut([(self.g1.space, "172.31.0.6", 80)], ssh))
        code, text = self.manager.group(self.group, 10, "172.31.0.5", "172.31.0.9")
        check("members of a group are taken", code == "OK", text)
        check("a member of the group gets in", connects(self.g1.space, "172.31.0.6", 80))
        check("but not beyond the rule's ports", shut([(self.g1.space, "172.31.0.6", 95)], (self.g1.space, "172.31.0.6", 80)))
        everybody = [f"172.31.{n >> 8}.{n & 255}" for n in range(5, 65530)]
        code, text = self.manager.group(self.group, 10, *everybody)
        check("as many members as a network has addresses are taken", code == "OK", text)
        self.manager.list()
        for members in (everybody[1:], everybody):
            began = time.monotonic()
            code, text = self.manager.group(self.group, 10, *members)
            took = time.monotonic() - began
        check("one of them goes and comes", code == "OK", text)
        began = time.monotonic()
        self.manager.list()
        listed = time.monotonic() - began
        print(f"        of {len(members)} members one is new: {took * 1000:.0f} ms, the listing after it {listed * 1000:.0f} ms")
        listing = run("nft", "list", "set", "inet", "tercet_tct", f"g00000a_{self.group[3:]}")
        held = set(re.findall(r"172\.31\.[0-9.]+", listing))
        check("the kernel has them all and no other", held == set(everybody), len(held))
        check("and they get in", connects(self.g1.space, "172.31.0.6", 80))
        self.manager.group(self.group, 10)
        check("a member no more is out", shut([(self.g1.space, "172.31.0.6", 80)], ssh))
        code, _ = self.manager.group(self.group, 99, "172.31.0.5")
        check("a group of a network that is not here is refused", code == "VPC_NOT_FOUND", code)
        self.keep = keep

    def live_change(self):
        closed = port(1, 10, "172.31.0.5", [rule(egress=1, protocol=17), rule(protocol=1)])
        self.manager.port(closed)
        check("a rule taken away is obeyed", shut([(self.g2.space, "172.31.0.5", 22)], (self.g2.space, "192.0.2.1", 8080)))
        check("egress by rule only", shut([(self.g1.space, "192.0.2.1", 8080)], (self.g2.space, "192.0.2.1", 8080)))
        check("metadata and names need no rule",
              resolve(self.g1, "ip-172-31-0-6.test-1.compute.internal", "172.31.0.2") == "172.31.0.6"
              and connects(self.g1.space, "169.254.169.254", 80))
        self.manager.port(self.p1)
        check("a rule given back is obeyed", connects(self.g2.space, "172.31.0.5", 22))

    def revoked(self):
        """A connection ends with the rule that let it in, within a second, and no other does."""
        def tcp(n, **other):
            return rule(protocol=6, from_=n, to=n, **other)
        wide, narrow = tcp(25), tcp(25, cidr="172.31.0.6/32")
        self.manager.group(self.group, 10, "172.31.0.5")
        self.manager.port(port(1, 10, "172.31.0.5", [ALL_OUT, tcp(24), wide, narrow]))
        dies, stays = (Connection(self.g2, self.g1, "172.31.0.5", n) for n in (24, 25))
        member = Connection(self.g1, self.g2, "172.31.0.6", 85)
        check("connections stand", all([dies.passes(), stays.passes(), member.passes()]))
        began = time.monotonic()
        self.manager.port(port(1, 10, "172.31.0.5", [ALL_OUT, narrow]))
        took = time.monotonic() - began
        check("the revoked one is dead within a second", dies.is_dead(0.3) and took < 1, f"{took:.2f} s")
        check("nor does it come to life again by itself", dies.is_dead(1.5))
        check("one that another rule allows stays", stays.passes())
        check("one of another port stays", member.passes())
        print(f"        rules changed and connections cut in {took * 1000:.0f} ms")
        self.manager.group(self.group, 10, "172.31.0.5", "172.31.0.9")
        check("one whose group grows stays", member.passes())
        self.manager.group(self.group, 10, "172.31.0.9")
        check("one whose end left the group is dead", member.is_dead(0.5))
        check("and the others stay", stays.passes())
        self.manager.port(port(1, 10, "172.31.0.5", [tcp(25)]))
        check("answers need no rule", stays.passes())
        out = [rule(egress=1, protocol=17)]
        self.manager.port(port(2, 10, "172.31.0.6", out))
        check("egress that is revoked cuts as well", stays.is_dead(0.5))
        for connection in (dies, stays, member):
            connection.close()
        self.manager.port(self.p1)
        self.manager.port(self.p2)
        self.manager.group(self.group, 10)

    def outside_world(self):
        check("the machine reaches its guest", subprocess.run(
            ["ping", "-c", "1", "-W", "2", "172.31.0.5"], capture_output=True).returncode == 0)
        check("by the rules only", shut([(None, "172.31.0.5", 23)], (None, "172.31.0.5", 22)))
        self.outside.peers.clear()
        self.outside.accepted.clear()
        check("a guest gets out", connects(self.g1.space, "192.0.2.1", 8080))
        self.outside.accepted.wait(netlab.PATIENCE)
        check("and is seen as the machine", self.outside.peers == ["192.0.2.2"], self.outside.peers)
        with socket.create_server(("0.0.0.0", 7777)):
            for address in ("192.0.2.2", "100.64.0.41"):
                check(f"a guest does not reach the machine itself at {address}",
                      shut([(self.g1.space, address, 7777)], (self.g1.space, "192.0.2.1", 8080)))
        self.bridge_is_deaf()

    def bridge_is_deaf(self):
        """A frame to the bridge's own MAC would be the machine's to take, or to route anywhere."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("0.0.0.0", 7777))
            taken.setblocking(False)
            self.refused("frames to the bridge's own MAC", [
                ethernet(self.g1.mac, BRIDGE_MAC, 0x0800, ipv4("172.31.0.5", to, 17, udp(9, 7777, b"to-the-bridge")))
                for to in ("192.0.2.2", "192.0.2.1")], "ext0", own=b"to-the-bridge")
            try:
                check("and not taken by the machine", not taken.recv(100))
            except BlockingIOError:
                check("and not taken by the machine", True)

    def refused(self, name, frames, link, own=None):
        """None of `frames` (or nothing that holds `own`) shows on `link` nor at the neighbour before
        an honest one does."""
        marker = os.urandom(12).hex().encode()
        sniffer, barrier = Sniffer(link), Sniffer("tctg00000a")
        self.g2.forget()
        for frame in frames:
            self.g1.send(frame)
        self.g1.send(ethernet(self.g1.mac, GATEWAY_MAC, 0x0800,
                              ipv4("172.31.0.5", "172.31.0.1", 17, udp(40000, 40001, marker))))
        seen = barrier.until(marker)
        check(f"{name}: the honest frame passes", seen is not None)
        sniffer.socket.setblocking(False)
        leaked = []
        try:
            while True:
                frame = sniffer.socket.recv(4096)
                leaked += [f for f in frames if (own or f[14:]) in frame]
        except BlockingIOError:
            pass
        leaked += [f for f in frames if any(f == s for s in self.g2.seen)]
        check(f"{name}: dropped", not leaked, leaked)
        sniffer.close()
        barrier.close()

    def spoofs(self):
        g1, g2, everyone = self.g1, self.g2, "ff:ff:ff:ff:ff:ff"
        probe = udp(1234, 5000, b"spoofed-" + b"x" * 24)
        own = "172.31.0.5"

        def packet(src, dst="172.31.0.6", body=probe):
            return ipv4(src, dst, 17, body)

        cells = {
            "foreign MAC": [ethernet(g2.mac, g2.mac, 0x0800, packet(own)),
                            ethernet(GATEWAY_MAC, g2.mac, 0x0800, packet(own))],
            "foreign IPv4": [ethernet(g1.mac, g2.mac, 0x0800, packet(s)) for s in
                             ("172.31.0.6", "172.31.0.1", "169.254.169.254", "192.0.2.1", "127.0.0.1")],
            "unspecified IPv4": [ethernet(g1.mac, g2.mac, 0x0800, packet("0.0.0.0"))],
            "ARP for others": [ethernet(g1.mac, everyone, 0x0806, arp(o, m, s, m, own))
                               for o in (1, 2) for m, s in ((g1.mac, "172.31.0.1"),
                                                            (g1.mac, "172.31.0.6"), (g2.mac, own))],
            "RARP and unknown types": [ethernet(g1.mac, everyone, t, b"y" * 46)
                                       for t in (0x8035, 0x88CC, 0x0842, 0x1234)],
            "VLAN tags": [ethernet(g1.mac, everyone, 0x8100, b"\0\1\x08\0" + packet(own))],
            "IPv6 and its advertisements": [
                ethernet(g1.mac, "33:33:00:00:00:01", 0x86DD, b"\x60\0\0\0\0\x10\x3a\xff" + b"\xfe" * 48)],
            "DHCP server answers": [
                ethernet(g1.mac, d, 0x0800, packet(own, i, udp(p, 68, b"evil-lease" * 30)))
                for d, i in ((everyone, "255.255.255.255"), (g2.mac, "172.31.0.6")) for p in (67, 6767)],
            "spanning tree": [ethernet(g1.mac, "01:80:c2:00:00:00", 0x0026, b"\x42\x42\3" + b"\0" * 43)],
        }
        for name, frames in cells.items():
            self.refused(name, frames, "tctg00000a")
        g2.forget()
        g1.send(ethernet(g1.mac, everyone, 0x0800, packet(own, "255.255.255.255")))
        g1.send(ethernet(g1.mac, g2.mac, 0x0800, packet(own, "203.0.113.9")))
        g1.send(ethernet(g1.mac, g2.mac, 0x0800, packet(own)))  # allowed: udp 5000 from .5
        got = g2.wait(lambda f: b"spoofed-" in f and f[30:34] == netlab.ip_bytes("172.31.0.6"))
        check("an allowed datagram arrives", got is not None)
        check("broadcasts and what is for others do not enter a guest",
              not [f for f in g2.seen if b"spoofed-" in f and f[30:34] != netlab.ip_bytes("172.31.0.6")])
        check("a MAC that is not a port's gets no lease", g1.dhcp(mac="02:00:00:00:99:99", patience=0.5) is None)

    def metadata(self):
        server = self.manager.listeners[10]
        server.setblocking(True)
        peers = []

        def answer():
            for _ in range(2):
                connection, peer = server.accept()
                peers.append(peer[0])
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
                connection.close()

        # What earlier chapters connected and left is in the queue first.
        server.settimeout(0.0)
        try:
            while True:
                server.accept()[0].close()
        except BlockingIOError:
            pass
        server.settimeout(20)
        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        for guest in (self.g1, self.g2):
            got = guest.do("curl", "-s", "-m", "10", "http://169.254.169.254/")
            check(f"metadata answers guest {guest.name}", got.stdout == "hi", got.stdout)
        thread.join(20)
        check("and is told who asks by the peer's address", peers == ["172.31.0.5", "172.31.0.6"], peers)

    def twins(self):
        """Another tenant with the very same addresses on the same machine."""
        tap = self.manager.port(self.twin)
        self.g3 = Guest("three", tap, mac_of(self.twin))
        lease = self.g3.dhcp()
        check("the twin gets the same address", lease["yiaddr"] == socket.inet_aton("172.31.0.5"))
        self.g3.configure(lease)
        check("the twin has its own metadata socket", 11 in self.manager.listeners)
        check("the twin gets out", connects(self.g3.space, "192.0.2.1", 8080))
        check("the first still gets out", connects(self.g1.space, "192.0.2.1", 8080))
        keep = listen(self.g3, 22)
        with inside(self.g1.space):
            before = self.g1.do("ip", "neigh").stdout
        check("neighbours of one network are not those of the other",
              not pings(self.g3, "172.31.0.6", 0.5), before)
        check("the machine's route stays the first's", "tctu00000a" in run("ip", "route", "get", "172.31.0.5"))
        self.strangers()
        other = port(4, 12, "10.7.0.5", [ALL_OUT, rule()], subnet="10.7.0.0/24", vpc="10.7.0.0/16")
        tap = self.manager.port(other)
        g4 = Guest("four", tap, mac_of(other))
        g4.configure(g4.dhcp())
        check("networks do not reach each other through the machine",
              shut([(g4.space, "172.31.0.5", 22)], (g4.space, "192.0.2.1", 8080)) and not pings(self.g1, "10.7.0.5", 0.5))
        g4.close()
        check("a port goes", self.manager.unport(other) == ("OK", ""))
        check("its network with it, listener too", 12 not in self.manager.listeners
              and "tercet-tct-00000c" not in os.listdir("/run/netns"))
        for s in keep:
            s.close()

    def matrix(self):
        """Every cell of docs/network.md, each with real frames: none is judged by silence."""
        root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
        cells = read_cells(os.path.join(root, "docs/network.md"))
        open_, shut = [ALL_OUT, rule()], [rule(egress=1, protocol=250), rule(protocol=250)]
        lonely = port(16, 11, "172.31.0.7", open_)
        g7 = Guest("seven", self.manager.port(lonely), mac_of(lonely))
        g7.configure(g7.dhcp())
        tap = self.manager.port(self.p1)
        matrix = Matrix(cells, tap, self.g1, self.g2, [self.g3, g7], g7)

        def both(one, two):
            self.manager.port(port(1, 10, "172.31.0.5", one))
            self.manager.port(port(2, 10, "172.31.0.6", two))

        def column(name, **which):
            matrix.send(name, **which)
            count, bad = matrix.judge()
            check(f"{count} frames, {name}: each ends as docs/network.md says", not bad, bad[:3])

        self.manager.port(port(3, 11, "172.31.0.5", open_))
        both(open_, open_)
        column("honest, allowed by groups")
        column("spoofed")
        both(open_, shut)
        column("honest, not allowed", targets=["same subnet"])
        both(shut, open_)
        column("honest, not allowed")
        matrix.close()
        g7.close()
        self.manager.unport(lonely)
        for p in (self.p1, self.p2, self.twin):
            self.manager.port(p)

    def strangers(self):
        """A connection of one network opens nothing in another with the same addresses (zones)."""
        p = port(13, 11, "172.31.0.6", [ALL_OUT])
        g = Guest("six", self.manager.port(p), mac_of(p))
        g.configure(g.dhcp())
        self.g1.send(ethernet(self.g1.mac, self.g2.mac, 0x0800,
                              ipv4("172.31.0.5", "172.31.0.6", 17, udp(5001, 5000, b"opens-its-own"))))
        check("one network's datagram is let through", self.g2.wait(lambda f: b"opens-its-own" in f) is not None)
        for dport, body in ((5001, b"looks-like-an-answer"), (5009, b"welcome")):
            g.send(ethernet(g.mac, self.g3.mac, 0x0800,
                            ipv4("172.31.0.6", "172.31.0.5", 17, udp(5000, dport, body))))
        arrived = self.g3.wait(lambda f: b"welcome" in f)
        check("what its rules let in arrives in the other", arrived is not None)
        check("but no answer to the first's", not [f for f in self.g3.seen if b"looks-like-an-answer" in f])
        g.close()
        self.manager.unport(p)

    def real_guest(self, server, image):
        """QEMU, virtio, a Linux guest's own DHCP client; metadata from the real server."""
        p = port(20, 20, "172.31.0.5", [ALL_OUT, rule(protocol=6, from_=22, to=22)])
        tap = self.manager.port(p)
        # The machine's route is that of the first with this address; the test asks for the second.
        run("ip", "route", "replace", "172.31.0.5", "via", "100.64.0.82", "dev", "tctu000014")
        metadata = subprocess.Popen([server], stdin=self.manager.listeners[20].fileno())
        serial = f"{self.directory}/serial.log"
        qemu = subprocess.Popen(
            ["qemu-system-x86_64", "-machine", "pc,accel=tcg", "-m", "128", "-nodefaults", "-display", "none",
             "-drive", f"file={image},if=virtio,snapshot=on", "-serial", f"file:{serial}", "-netdev",
             f"tap,id=n,ifname={tap},script=no,downscript=no", "-device", f"virtio-net-pci,netdev=n,mac={mac_of(p)}"])

        def says(words, patience=120):
            end = time.monotonic() + patience
            while time.monotonic() < end and qemu.poll() is None:
                if os.path.exists(serial) and words in open(serial, errors="replace").read():
                    return True
                time.sleep(0.2)
            return False

        try:
            check("a real guest is up", says("ready=1"))
            for words in ("dhcp=bound if=eth0 ip=172.31.0.5/20 gw=172.31.0.1",
                          "imds=v2",
                          "md-local-hostname=ip-172-31-0-5.test-1.compute.internal",
                          "md-placement-availability-zone=test-1a", "ssh-key=ssh-ed25519",
                          "user-data-out: served"):
                check(f"it says {words.split('=')[0].split()[-1]}", says(words, 5), words)
            check("it runs its ssh", says("ssh=up"))
            with socket.create_connection(("172.31.0.5", 22), timeout=20) as s:
                check("and the machine reaches it", s.recv(64).startswith(b"SSH-2.0"))
        finally:
            for process in (qemu, metadata):
                process.kill()
                process.wait()
        self.manager.unport(p)
        self.manager.port(self.p1)  # gives the route back

    def second_subnet(self):
        p = port(5, 10, "172.31.16.9", [ALL_OUT, rule()], subnet="172.31.16.0/20")
        g = Guest("five", self.manager.port(p), mac_of(p))
        lease = g.dhcp()
        check("a second subnet of the network has its own gateway",
              lease is not None and lease[3] == socket.inet_aton("172.31.16.1"))
        g.configure(lease)
        check("subnets of a network reach each other by rule", pings(g, "172.31.0.5"))
        check("and only by rule", not pings(g, "172.31.0.6", 0.5))
        again = self.g1.dhcp()
        check("the first subnet's leases go on", again is not None
              and again[3] == socket.inet_aton("172.31.0.1"))
        g.close()
        name = "ip-172-31-16-9.test-1.compute.internal"
        check("a port's name is there", resolve(self.g1, name, "172.31.0.2") == "172.31.16.9")
        self.manager.unport(p)
        check("and goes with it", resolve(self.g1, name, "172.31.0.2") is None)
        heir = port(15, 10, "172.31.16.9", [ALL_OUT], subnet="172.31.16.0/20")
        g = Guest("heir", self.manager.port(heir), mac_of(heir))
        lease = g.dhcp(patience=10)
        check("its address can be had by the next", lease is not None and lease["yiaddr"] == socket.inet_aton("172.31.16.9"))
        g.close()
        self.manager.unport(heir)

    def by_hand(self):
        """Whatever somebody takes away or changes shows in the next listing, and NET_PORT mends it."""
        self.manager.group(self.group, 10, "172.31.0.5")
        p = port(6, 10, "172.31.0.77", [ALL_OUT, rule(protocol=6, from_=80, to=90, group=self.group)])
        tap, all_ports = self.manager.port(p), {p.port.decode() for p in (self.p1, self.p2, self.twin)}
        name, table, gates = p.port.decode(), "inet tercet_tct", f"netdev tercet_tct_{tap[4:]}"
        id_, space = name[4:], "tercet-tct-00000a"
        self.manager.list()
        check("what was just made is whole", self.manager.whole == all_ports | {name}, self.manager.whole)
        run("nft", "add", "table", "ip", "somebody")
        self.manager.list()
        check("somebody else's rules are nobody's loss", self.manager.whole == all_ports | {name})
        run("nft", "delete", "table", "ip", "somebody")
        self.manager.list()
        began = time.monotonic()
        for _ in range(20):
            self.manager.list()
        print(f"        a listing in which nothing changed: {(time.monotonic() - began) * 50:.1f} ms")
        for members in (("172.31.0.5", "172.31.3.9"), (), ("172.31.0.5",)):
            self.manager.group(self.group, 10, *members)
            self.manager.list()
            check(f"a change to {len(members)} members is whole", self.manager.whole == all_ports | {name}, self.manager.whole)
        run("nft", "add", "element", *table.split(), f"g00000a_{self.group[3:]}", "{ 172.31.0.99 }")
        self.manager.group(self.group, 10, "172.31.0.5", "172.31.3.9")
        self.manager.list()
        check("a hand's member is seen beside a change of ours", name not in self.manager.whole)
        self.manager.group(self.group, 10, "172.31.0.5", anew=True)
        self.manager.list()
        check("and is out when all is loaded anew", self.manager.whole == all_ports | {name}, self.manager.whole)
        made, bad = shape(), []
        for what in (f"ip link del {tap}", f"ip link set {tap} down", f"ip link set {tap} nomaster",
                     f"nft delete table {gates}", f"nft flush chain {gates} in", f"nft flush chain {table} from_{id_}",
                     f"nft add rule {table} to_{id_} accept", f"nft flush map {table} to", f"nft flush map {table} zones",
                     f"nft flush chain {table} forward", f"nft flush set {table} g00000a_{self.group[3:]}",
                     f"nft delete table {table}", "nft flush ruleset", f"ip netns exec {space} nft flush ruleset",
                     "ip link del tctg00000a", "ip link set tctb00000a down", "kill DNSMASQ",
                     "ip link del tctb00000a"):
            pid = open(f"{self.directory}/net/00000a/dnsmasq.pid").read().strip()
            run(*what.replace("DNSMASQ", pid).split())
            self.settle(what, name)
            if name in self.manager.whole:
                bad.append((what, "not seen"))
            for q in (p, self.p1, self.p2, self.twin):
                self.manager.port(q)
            self.manager.group(self.group, 10, "172.31.0.5", anew=True)
            self.manager.list()
            if self.manager.whole != all_ports | {name}:
                bad.append((what, "not mended", self.manager.whole))
            if shape() != made:
                bad.append((what, differences(made, shape())))
        check("18 deeds of a hand are seen and mended", not bad, bad[:2])
        self.manager.unport(p)

    def settle(self, what, name):
        """Lists; again where what was ended takes a moment to go."""
        end = time.monotonic() + netlab.PATIENCE
        self.manager.list()
        while what.startswith("kill") and name in self.manager.whole and time.monotonic() < end:
            self.manager.list()

    def public(self):
        """A public address: translated both ways on this machine, answered for on its uplink, given up whole."""
        before = snapshot()
        rules = [ALL_OUT, rule(protocol=6, from_=22, to=22), rule(protocol=1, from_=8, to=-1)]
        p1 = port(1, 10, "172.31.0.5", rules, public="192.0.2.50")
        twin = port(3, 11, "172.31.0.5", rules, public="192.0.2.51")
        sniffer = Sniffer("ext0")
        self.manager.port(p1)
        announced = sniffer.until(socket.inet_aton("192.0.2.50"), 5) or [b""]
        sniffer.close()
        check("a public address is announced", announced[-1][:6] == b"\xff" * 6 and announced[-1][12:14] == b"\x08\x06"
              and announced[-1][28:32] == announced[-1][38:42] == socket.inet_aton("192.0.2.50"), announced[-1])
        check("the world reaches a guest by it", connects("outside", "192.0.2.50", 22))
        check("by the rules only", shut([("outside", "192.0.2.50", 23)], ("outside", "192.0.2.50", 22)))
        check("its neighbour reaches it by it", connects(self.g2.space, "192.0.2.50", 22))
        check("and so does this machine", connects(None, "192.0.2.50", 22))
        check("the guest is seen by it", self.seen_outside(self.g1) == "192.0.2.50")
        check("others are seen as the machine", self.seen_outside(self.g2) == "192.0.2.2")
        self.manager.port(twin)
        check("two networks meet by public addresses", connects(self.g3.space, "192.0.2.50", 22))
        way = self.g3.space, "192.0.2.50", 22
        check("and by rules only", shut([(self.g3.space, "192.0.2.50", 23)], way))
        check("and by no other way", shut([(self.g3.space, "172.31.0.6", 80)], way))
        p1.public_address = number("192.0.2.52")
        self.public_moves(p1)
        for p in (self.p1, self.twin):
            self.manager.port(p)
        check("given up, it is nobody's", shut([("outside", f"192.0.2.{n}", 22) for n in (51, 52)],
                                               (self.g1.space, "192.0.2.1", 8080)))
        left = differences(before, snapshot())
        check("and nothing of it is left", not left, left)

    def public_moves(self, p1):
        """Nothing leaves with an address that may be somebody else's by now."""
        with inside("outside"), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there:
            there.bind(("192.0.2.1", 9999))
            there.settimeout(netlab.PATIENCE)
            with inside(self.g1.space), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flow:
                flow.connect(("192.0.2.1", 9999))
                flow.send(b"before")
                check("a flow begins", there.recvfrom(64)[1][0] == "192.0.2.50")
                self.manager.port(p1)
                check("another address in its place", connects("outside", "192.0.2.52", 22))
                check("the former one is gone", shut([("outside", "192.0.2.50", 22)], ("outside", "192.0.2.52", 22)))
                flow.send(b"after")
                there.settimeout(1)
                try:
                    check("what began with it does not go on with it", there.recvfrom(64)[1][0] != "192.0.2.50")
                except socket.timeout:
                    check("what began with it does not go on with it", True)
        check("new ones have the new one", self.seen_outside(self.g1) == "192.0.2.52")

    def seen_outside(self, guest):
        self.outside.peers.clear()
        self.outside.accepted.clear()
        if not connects(guest.space, "192.0.2.1", 8080):
            return None
        self.outside.accepted.wait(netlab.PATIENCE)
        return self.outside.peers[0]

    def restart(self):
        before, pids = snapshot(), run("pidof", "dnsmasq")
        ping = subprocess.Popen(["ip", "netns", "exec", self.g2.space, "ping", "-i", "0.1", "-c", "15",
                                 "172.31.0.5"], stdout=subprocess.PIPE, text=True)
        old = set(self.manager.listeners)
        self.manager.kill()
        self.manager.start()
        check("a restarted process lists what is there", len(self.manager.list()) == 3)
        check("none is called whole before it was made once more", not self.manager.whole)
        for p in (self.p1, self.p2, self.twin):
            self.manager.port(p)
        check("sockets come again", set(self.manager.listeners) == old, self.manager.listeners)
        after = snapshot()
        check("ensuring again changes nothing", before == after,
              differences(before, after))
        check("dnsmasq was adopted", pids == run("pidof", "dnsmasq"))
        check("guests did not notice", " 0% packet loss" in ping.communicate(timeout=30)[0])

    def kill_storms(self):
        rules = [ALL_OUT, rule(protocol=6, from_=1, to=9)]
        self.kill_storm("the only port of a network", port(6, 13, "172.31.0.77", rules), 8)
        self.kill_storm("one port of several", port(6, 10, "172.31.0.77", rules), 6)
        self.kill_storm("a port with a public address", port(6, 13, "172.31.0.77", rules, public="192.0.2.60"), 8)

    def kill_storm(self, name, p, rounds):
        """kill -9 at any point of NET_PORT and NET_UNPORT; repeated, the end is the same."""
        clean = snapshot()
        self.manager.port(p)
        made = snapshot()
        self.manager.unport(p)
        check(f"{name}: made and removed leaves what was", snapshot() == clean)
        dice, bad = random.Random(7), []
        for n in range(rounds):
            for send, redo, want in ((lambda: self.manager.send(NET_PORT, p),
                                      lambda: self.manager.port(p), made),
                                     (lambda: self.manager.send(NET_UNPORT, Unport(p.port, p.vni)),
                                      lambda: self.manager.unport(p), clean)):
                send()
                time.sleep(dice.random() * 0.15)  # the point of the kill, not a wait
                self.manager.kill()
                self.manager.start()
                self.manager.list()
                redo()
                now = snapshot()
                if now != want:
                    bad.append((n, differences(want, now)))
                    break
        check(f"{name}: {2 * rounds} kills in the middle, repeated, end as if nothing had been", not bad, bad[:1])

    def cut_short_and_forgotten(self):
        """What nobody asks for again is gone with the next listing."""
        clean = snapshot()
        run("ip", "tuntap", "add", "dev", "tcttdeadbeef", "mode", "tap")
        self.manager.list()
        check("an unlabelled tap is swept", snapshot() == clean)
        p = port(7, 14, "172.31.0.78", [ALL_OUT])
        tap = self.manager.port(p)
        run("ip", "link", "del", tap)
        check("a port whose tap is gone is not listed",
              p.port.decode() not in [e[0] for e in self.manager.list()])
        check("and what it had is swept", snapshot() == clean)

    def bad_jobs(self):
        before = snapshot()

        def changed(**fields):
            p = port(9, 10, "172.31.0.50", [rule()])
            for name, value in fields.items():
                setattr(p, name, value)
            return p

        def bad_rule(**fields):
            p = changed()
            for name, value in fields.items():
                setattr(p.rules[0], name, value)
            return p

        jobs = [changed(port=b"eni-../../etc/pass"), changed(port=b"eni-0000000000000000z"),
                changed(instance=b"x"), changed(vpc=b""), changed(vni=0), changed(vni=1 << 24),
                changed(mac=(c.c_uint8 * 6)(1, 0, 0, 0, 0, 1)), changed(mac=(c.c_uint8 * 6)()),
                changed(address=number("172.31.16.5")), changed(address=number("172.31.0.1")),
                changed(address=number("172.31.15.255")), changed(subnet=number("172.31.0.1")),
                changed(subnet_len=33), changed(vpc_cidr_len=8), changed(vpc_cidr=number("10.0.0.0")),
                changed(gateway=number("172.31.0.9")), changed(hostname=b"a b"), changed(hostname=b""),
                changed(hostname=b"x\nserver=1.2.3.4"), changed(hostname=b"a" * 64),
                changed(domain=b"a..b"), changed(domain=b"a/b"), changed(mtu=0), changed(mtu=1 << 40),
                changed(public_address=number("172.31.9.9")), changed(public_address=number("127.0.0.1")),
                changed(public_address=number("224.0.0.1")), changed(public_address=number("100.64.0.9")),
                changed(rules_len=641), changed(rules_len=-1), bad_rule(cidr_len=33), bad_rule(egress=2),
                bad_rule(cidr_len=8, cidr=1), bad_rule(group=b"sg-1; flush ruleset"),
                bad_rule(protocol=6, from_=9, to=8), bad_rule(protocol=6, from_=0, to=70000),
                bad_rule(protocol=1, from_=256), bad_rule(protocol=47, from_=1, to=1)]
        answers = [self.manager.job(NET_PORT, j)[0] for j in jobs]
        check(f"{len(jobs)} unfit ports are refused", set(answers) == {"INVALID_PARAMETER"}, answers)
        sizes = [self.manager.job(k, b)[0] for k in (NET_PORT, NET_UNPORT, NET_GROUP, NET_LIST)
                 for b in (b"x", b"x" * 100000)]
        check("bodies of another size are refused", set(sizes) == {"INVALID_PARAMETER"}, sizes)
        check("an unknown kind is refused", self.manager.job(4711)[0] == "INVALID_ACTION")
        stolen = port(8, 10, "172.31.0.5", [])
        check("an address another port has is refused", self.manager.job(NET_PORT, stolen)[0] == "UNAVAILABLE")
        check("and nothing of all that is left", snapshot() == before)
        channel, process = self.manager.channel, self.manager.process
        channel.send(b"short")
        check("a broken channel ends the process", process.wait(timeout=30) == 1)
        self.manager.channel.close()
        self.manager.start()
        self.manager.list()

    def go_down(self):
        for s in self.keep:
            s.close()
        self.g3.close()
        check("the twin goes", self.manager.unport(self.twin) == ("OK", ""))
        check("the others live on", connects(self.g1.space, "192.0.2.1", 8080))
        for guest, p in ((self.g1, self.p1), (self.g2, self.p2)):
            guest.close()
            check("a port goes", self.manager.unport(p) == ("OK", ""))
        check("removing again is fine", self.manager.unport(self.p1) == ("OK", ""))
        check("nothing is listed at last", self.manager.list() == [])
        after = snapshot()
        check("nothing is left", after == self.before,
              differences(self.before, after))
        check("no file is left", os.listdir(f"{self.directory}/net") == [],
              os.listdir(f"{self.directory}/net"))
        check("no listener is left", not self.manager.listeners)
        check("the process ends with its channel", self.manager.end() == 0)


def main():
    if len(sys.argv) not in (2, 4) or os.geteuid() != 0:
        sys.exit(__doc__)
    netlab.enter_lab()
    with tempfile.TemporaryDirectory(prefix="tct-network-") as directory:
        os.chmod(directory, 0o755)
        lab = Lab(os.path.abspath(sys.argv[1]), directory)
        try:
            chapters = [lab.come_up, lab.dhcp, lab.names, lab.groups, lab.live_change, lab.revoked, lab.heard, lab.outside_world,
                        lab.spoofs, lab.metadata, lab.twins, lab.matrix, lab.second_subnet, lab.public, lab.by_hand, lab.restart,
                        lab.kill_storms, lab.cut_short_and_forgotten, lab.bad_jobs]
            if len(sys.argv) == 4:
                chapters.append(lambda: lab.real_guest(*sys.argv[2:]))
            for chapter in chapters + [lab.go_down]:
                chapter()
        except Exception as e:  # a chapter that cannot go on is one failure, with its story
            traceback.print_exc()
            check(f"no surprise ({e})", False)
        finally:
            if lab.manager.process and lab.manager.process.poll() is None:
                lab.manager.kill()
            if FAILED:
                sys.stdout.write(open(f"{directory}/network.log").read())
    print(f"{PASSED} passed, {FAILED} failed")
    sys.stdout.flush()
    os._exit(1 if FAILED else 0)


main()
