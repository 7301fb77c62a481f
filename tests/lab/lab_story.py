#!/usr/bin/python3
"""Six guests over three hosts in two zones. They spread; a host loses its power and comes back with its disks; a host's
cable is pulled for 30 s; a host's disk is full, under a guest that writes. The other guests never notice, everything
converges within 60 s, and when all are terminated no host has anything left of them."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integ"))
import cloud
from cloud import check, equal, until
from guests import Guests

CONVERGES = 60.0  # seconds, after a fault has ended
CUT = 30.0


def host_states(c):
    return {h["hostId"]: h["state"] for h in c.host_list()}


def all_run(c, ids):
    found = c.ec2.describe_instances(InstanceIds=ids)["Reservations"]
    return all(i["State"]["Name"] == "running" for r in found for i in r["Instances"])


def converges(c, text, ids, also=lambda: True):
    """All hosts up and all instances running, in time."""
    begin = time.monotonic()
    whole = lambda: set(host_states(c).values()) == {"up"} and all_run(c, ids) and also()
    until(f"{text}: everything is as wished within {CONVERGES:.0f} s", whole, CONVERGES)
    cloud.say(f"      it took {time.monotonic() - begin:.1f} s")


def warmed(c):
    """Every host has the image, and the network of the VPC stands there: what it has now is what it is to have in the end."""
    first = [i for zone, on in ((c.zones[0], 2), (c.zones[1], 1)) for i in c.run(on, Placement={"AvailabilityZone": zone})]
    for instance in first:
        c.reaches(instance, "running")
    equal("the first three are on a host each", sorted(Guests(c, first).host.values()), c.hosts)
    c.terminate(*first)
    return {on: c.traces(on) for on in c.hosts}


def launch(c):
    """Two in the small zone; four where most room is, which is in the zone of two hosts."""
    ids = c.run(2, Placement={"AvailabilityZone": c.zones[1]}) + [c.run()[0] for _ in range(4)]
    for instance in ids:
        c.reaches(instance, "running")
    guests = Guests(c, ids)
    until("all have booted", lambda: all(guests.boots(i) == 1 for i in ids))
    counts = {on: len(guests.on(on)) for on in c.hosts}
    equal("they are spread over zones and hosts", counts, {on: 2 for on in c.hosts})
    return guests


def power_cut(c, guests, host):
    rest = [i for i in guests.ids if guests.host[i] != host]
    until(f"the guests of {host} have written their boot", lambda: all(guests.beats(i) for i in guests.on(host)))
    c.lab("kill", host)
    equal(f"nothing runs on {host}", c.processes(host), [])
    guests.beat_on(f"{host} has no power", rest)
    until(f"{host} is missed", lambda: host_states(c)[host] != "up")
    guests.beat_on("it is missed", rest)
    c.start()
    converges(c, f"{host} is back", guests.ids, lambda: all(guests.boots(i) == 2 for i in guests.on(host)))
    for i in guests.on(host):
        equal("it booted from its old disk", c.said(i, "boots")[-1], "2")
    guests.never_noticed("the others", rest)


def cut(c, guests, host):
    begin = time.monotonic()
    c.lab("cut", host)
    until(f"{host} is missed", lambda: host_states(c)[host] != "up")
    guests.beat_on(f"{host} is cut off", guests.ids)
    # What is asked meanwhile is done when the cable is back.
    doomed = guests.on(host)[-1]
    c.ec2.stop_instances(InstanceIds=[doomed])
    cloud.wait(lambda: time.monotonic() - begin > CUT, CUT + 10)
    equal("the cut host's guest is still stopping", c.state_of(doomed), "stopping")
    c.lab("heal", host)
    c.reaches(doomed, "stopped", CONVERGES)
    c.ec2.start_instances(InstanceIds=[doomed])
    converges(c, f"{host} is back", guests.ids)
    guests.never_noticed("nobody else", [i for i in guests.ids if i != doomed and guests.boots(i) == 1])


def full_disk(c, guests, host):
    """Not a byte is left on the disk of a host: of its guests, its store, libvirt's files."""
    writer, other = guests.on(host)
    address = {i: c.instance(i)["PrivateIpAddress"] for i in (writer, other)}
    filler = f"{c.data(host)}/filler"
    room = os.statvfs(c.data(host))
    with open(filler, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, room.f_bavail * room.f_frsize - (4 << 20))
    c.ssh(address[writer], "(head -c 8000000 /dev/urandom >/data/big; sync) >/dev/null 2>&1 &", on=host)
    paused = lambda: c.host("virsh", "-q", "-c", "qemu:///system", "list", "--state-paused", "--name", on=host).split()
    until(f"{host} is full: the guest that writes is paused", lambda: len(paused()) == 1)
    status = lambda: c.ec2.describe_instance_status(InstanceIds=[writer])["InstanceStatuses"][0]["InstanceStatus"]["Status"]
    until("its status says so", lambda: status() == "impaired", CONVERGES)
    equal("the other one there goes on", c.ssh(address[other], "echo on", on=host), "on")
    guests.beat_on("so do those elsewhere", [i for i in guests.ids if guests.host[i] != host])
    newer = c.run()[0]
    c.reaches(newer, "running")
    check("a new one starts on another host", not os.path.exists(guests.log(newer, host)))
    c.terminate(newer)
    os.unlink(filler)
    converges(c, f"{host} has room", guests.ids, lambda: not paused())
    equal("nothing of what was written is lost", c.ssh(address[writer], "sync; wc -c </data/big", on=host), "8000000")
    equal("nobody booted", [guests.boots(i) for i in (writer, other)], [1, 1])


def leaves_nothing(c, guests, before):
    c.terminate(*guests.ids)
    for on in c.hosts:
        left = lambda on=on: cloud.changed(before[on], c.traces(on))
        until(f"nothing is left on {on}", lambda: not left(), CONVERGES) or cloud.say(str(left()))
    allowed = {("cloud", "instance"), ("cloud", "change"), ("cloud", "console"),
               *((s, t) for s in ("cluster", "computer") for t in ("got", "said"))}
    equal("nothing is left in the stores", [row for row in c.rows(guests.ids) if row[:2] not in allowed], [])


def main():
    os.environ["TERCET_DISK_MIB"] = "4096"
    c = cloud.started(hosts=3, clusters=2)
    before = warmed(c)
    guests = launch(c)
    power_cut(c, guests, "h3")
    cut(c, guests, "h2")
    full_disk(c, guests, "h1")
    leaves_nothing(c, guests, before)
    cloud.finish()


if __name__ == "__main__":
    sys.exit(main())
