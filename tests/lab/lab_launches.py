#!/usr/bin/python3
"""Twenty launches at once on one host: they start side by side, as many as its cores let, and none is given up for having
waited; how long that takes beside one alone. Then the room that was set aside for them against the memory that they take."""
import os
import re
import sqlite3
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integ"))
import cloud
from cloud import check, equal, until

GUESTS = 20
GUEST_MIB = 128  # of cloud.TYPE


class Launch:
    """From the call on: when each was running, and when its guest was up."""

    def __init__(self, c, count):
        self.c, self.begin = c, time.monotonic()
        self.ids = c.run(count, Placement={"AvailabilityZone": c.zone})
        self.accepted = time.monotonic() - self.begin
        self.running, self.up = {}, {}

    def log(self, instance):
        return f"{self.c.data()}/instances/{instance}/console.log"

    def look(self):
        now = time.monotonic() - self.begin
        found = self.c.ec2.describe_instances(InstanceIds=self.ids)["Reservations"]
        for i in (i for r in found for i in r["Instances"]):
            if i["State"]["Name"] == "running":
                self.running.setdefault(i["InstanceId"], now)
        for i in set(self.running) - set(self.up):
            with open(self.log(i), encoding="utf-8", errors="replace") as log:
                if "TERCET-GUEST ready=1" in log.read():
                    self.up[i] = now
        return len(self.up) == len(self.ids)

    def watch(self):
        until(f"{len(self.ids)} at once: all run and are up", self.look, 200)
        last = lambda times: max(times.values(), default=0.0)
        cloud.say(f"      accepted after {self.accepted:.2f} s, all running after {last(self.running):.1f} s, "
                  f"all up after {last(self.up):.1f} s")
        return last(self.running), last(self.up)


def orders(c):
    """(placed, refused) of all placements that the host has known."""
    db = sqlite3.connect(f"file:{c.data()}/computer.db?mode=ro", uri=True, timeout=10)
    row = db.execute("SELECT count(*), sum(is_refused) FROM record").fetchone()
    db.close()
    return row


def reserved_mib(c):
    """What the cluster-manager counts for all instances together."""
    db = sqlite3.connect(f"file:{c.state}/cluster-{c.zone[-1]}/cluster.db?mode=ro", uri=True, timeout=10)
    row = db.execute("SELECT sum(memory_mib) FROM instance").fetchone()
    db.close()
    return row[0]


def measured_kib(pid):
    """(whole, beside the guest's own memory) of a process, each page shared among those who map it."""
    whole = ram = size = 0
    with open(f"/proc/{pid}/smaps", encoding="utf-8", errors="replace") as maps:
        for line in maps:
            field = re.match(r"(Size|Pss): +(\d+) kB", line)
            if field and field[1] == "Size":
                size = int(field[2])
            elif field:
                whole += int(field[2])
                ram += int(field[2]) if size == GUEST_MIB * 1024 else 0
    return whole, whole - ram


def sizes_of(c):
    return [measured_kib(pid) for pid, name in c.processes("h1") if name.startswith("qemu-system")]


def room(c, alone):
    """`alone`: MiB that one guest took beside its own memory while it shared QEMU's program with nobody."""
    sizes = sizes_of(c)
    equal("each guest is one process", len(sizes), GUESTS)
    whole, beside = sum(w for w, _ in sizes) / 1024, [b / 1024 for _, b in sizes]
    reserved = reserved_mib(c)
    overhead = reserved / GUESTS - GUEST_MIB
    cloud.say(f"      set aside {reserved} MiB, taken {whole:.0f} MiB; beside its own {GUEST_MIB} MiB a guest is counted "
              f"{overhead:.0f} MiB and takes {min(beside):.0f} to {max(beside):.0f} MiB, alone {alone:.0f} MiB")
    check("what is taken fits into what was set aside", whole <= reserved, f"{whole:.0f} of {reserved} MiB")
    check("no guest takes more beside its own than is counted for that", max(alone, *beside) <= overhead)
    check("and no more than twice of it is counted", overhead <= 2 * max(beside), f"{max(beside):.0f} MiB")


def main():
    os.environ["TERCET_VCPU_OVERCOMMIT"] = "2000"  # of the lab's cluster: this is about many guests on few cores
    c = cloud.started()
    warm = c.run()  # the image is there afterwards, and the network
    c.reaches(*warm, "running")
    c.terminate(*warm)
    alone, alone_up = (one := Launch(c, 1)).watch()
    beside = max(b for _, b in sizes_of(c)) / 1024
    c.terminate(*one.ids)
    many = Launch(c, GUESTS)
    all_running, all_up = many.watch()
    equal("all twenty were placed and none was refused", orders(c), (GUESTS, 0))
    cloud.say(f"      beside one alone: running {all_running / max(alone, 0.001):.1f}-fold, up {all_up / max(alone_up, 0.001):.1f}-fold")
    room(c, beside)
    c.terminate(*many.ids)
    again_up = (another := Launch(c, 1)).watch()[1]  # the machine may have become another meanwhile
    c.terminate(*another.ids)
    one_up = (alone_up + again_up) / 2
    check("twenty need less time than twenty one after the other", all_up < GUESTS * one_up, f"one needs {one_up:.1f} s")
    cloud.finish()


if __name__ == "__main__":
    sys.exit(main())
