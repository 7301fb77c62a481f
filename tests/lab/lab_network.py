#!/usr/bin/python3
"""Three guests of one VPC on three hosts of one zone, a real guest each: they reach each other across hosts, also when
daemons of the path are killed and come back; whoever ends is known to no host any more, and in the end nobody is."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integ"))
import cloud
from cloud import equal, until

OBEYED = 60.0  # seconds


def host_of(c, instance):
    return next(on for on in c.hosts if os.path.exists(f"{c.data(on)}/instances/{instance}"))


def address(c, instance):
    return c.instance(instance)["PrivateIpAddress"]


def launch(c):
    """One on each host: a host takes the emptiest first."""
    ids = [c.run()[0] for _ in c.hosts]
    for instance in ids:
        c.reaches(instance, "running")
    for instance in ids:
        c.ready(instance)
    return {host_of(c, i): i for i in ids}


def pings(c, on, instance, to, times=1):
    """From inside the guest, which its own host reaches by ssh."""
    out = c.ssh(address(c, instance), f"ping -c {times} -W 2 {to} >/dev/null 2>&1 && echo yes || echo no", on=on, check=False)
    return out.endswith("yes")


def all_reach(c, text, guests):
    pairs = [(a, b) for a in guests for b in guests if a != b]
    until(f"{text}: each reaches each across hosts",
          lambda: all(pings(c, a, guests[a], address(c, guests[b])) for a, b in pairs), OBEYED)


def strangers(c, guests):
    """Peers of the tunnels, as the kernels of the hosts have them."""
    return {on: sorted(re.findall(r"^(\S+) dev \S+ lladdr", c.host("ip", "-4", "neigh", "show", "nud", "permanent", on=on,
                                                             check=False), re.M)) for on in guests}


def main():
    c = cloud.started(hosts=3)
    guests = launch(c)
    equal("one guest is on each host", sorted(guests), c.hosts)
    all_reach(c, "at first", guests)
    mine = {address(c, i) for i in guests.values()}
    equal("each host knows the guests of the others", strangers(c, guests),
          {on: sorted(mine - {address(c, guests[on])}) for on in guests})

    c.kill("computer-manager", on="h1")
    c.kill("computer-network", on="h2")
    c.kill("cluster-manager")
    all_reach(c, "with three daemons killed", guests)
    c.start()
    all_reach(c, "with all back", guests)

    first = guests["h1"]
    c.terminate(first)
    rest = {on: i for on, i in guests.items() if i != first}
    left = {address(c, i) for i in rest.values()}
    until("whoever ended is known to nobody", lambda: strangers(c, rest) ==
          {on: sorted(left - {address(c, rest[on])}) for on in rest}, OBEYED)
    c.terminate(*rest.values())
    until("when all have ended no host knows anybody", lambda: not any(strangers(c, c.hosts).values()), OBEYED)
    cloud.finish()


if __name__ == "__main__":
    sys.exit(main())
