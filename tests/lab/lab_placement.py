#!/usr/bin/python3
"""An admin and a subscriber on two hosts: a drained host starts nothing and keeps what it has, over restarts of all
managers; both hear why an instance is where it is, or nowhere, each in words for him. And an image that an admin has
on all hosts is there, and stays, before anybody starts from it."""
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integ"))
import botocore.exceptions

import cloud
from cloud import check, equal, until


def host_of(c, instance):
    return next((on for on in c.hosts if os.path.isdir(f"{c.data(on)}/instances/{instance}")), None)


def placement(c, instance):
    """{host: (chosen, why)} as an admin is told."""
    return {v["hostId"]: (v["chosen"], v["message"]) for v in json.loads(c.tercet("instance", "placement", instance, "-o", "json"))}


def drained(c):
    return [h["hostId"] for h in c.host_list() if h["drained"]]


def spreads(c):
    pair = c.run(2)
    for instance in pair:
        c.reaches(instance, "running")
    equal("two instances are on two hosts", sorted(host_of(c, i) for i in pair), c.hosts)
    for instance in pair:
        said = placement(c, instance)
        equal("an admin hears of both hosts", sorted(said), c.hosts)
        equal("and which one it is", [h for h, (chosen, _) in said.items() if chosen], [host_of(c, instance)])
        check("and why", all("% of memory" in why for _, why in said.values()), said)
    return pair


def drains(c, pair):
    c.tercet("host", "drain", "h1")
    until("h1 is listed as drained", lambda: drained(c) == ["h1"])
    moved = [i for i in pair if c.state_of(i) != "running"]
    equal("what runs there runs on", moved, [])
    more = c.run(2)
    for instance in more:
        c.reaches(instance, "running")
    equal("new ones are on the other host", [host_of(c, i) for i in more], ["h2", "h2"])
    equal("h1 is said to be drained", placement(c, more[0])["h1"], (False, "taking no new instances"))
    for daemon in ("cloud-manager", "cluster-manager"):
        c.kill(daemon)
    c.start()
    until("it is remembered over a kill of both managers", lambda: drained(c) == ["h1"])
    return more


def attempt(c):
    """The id of a new instance, or the code and words of a refusal."""
    try:
        return c.run()[0], ""
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"]["Message"]


def refuses(c):
    """The cloud refuses at once when it has heard of the drain, the cluster does when it has not."""
    c.tercet("host", "drain", "h2")
    lost, _ = attempt(c)
    if lost.startswith("i-"):
        c.reaches(lost, "terminated")
        reason = c.instance(lost)["StateReason"]
        equal("the subscriber hears a code", reason["Code"], "Server.InsufficientInstanceCapacity")
        check(f"and counts, no names: {reason['Message']}", "of 2 hosts: 2 taking no new instances" in reason["Message"])
    until("a launch is refused at once", lambda: attempt(c)[0] == "InsufficientInstanceCapacity", 10)
    c.tercet("host", "undrain", "h1", "h2")
    equal("no host is drained any more", drained(c), [])
    again = cloud.wait(lambda: next((i for i, _ in [attempt(c)] if i.startswith("i-")), None), 10)
    if check("a launch is taken again", again):
        c.reaches(again, "running")
        equal("it is on the emptier host", host_of(c, again), "h1")
    return [again] if again else []


def seeds(c):
    """{image: (hosts that have it whole, hosts, message)} as an admin is told."""
    return {s["imageId"]: (s["wholeHosts"], s["hosts"], s.get("message", ""))
            for s in json.loads(c.tercet("image", "seeds", "-o", "json"))}


def bases(c, on):
    return {n[:-4] for n in os.listdir(f"{c.data(on)}/images") if n.endswith(".raw")}


def fetched(c, on):
    """[(KiB of an image, KiB of those that came from other hosts)], as the host counted its fetches."""
    with open(f"{c.state}/hosts/{on}/log/computer-manager", encoding="utf-8", errors="replace") as log:
        return [tuple(int(n) for n in found) for found in re.findall(r"image.fetched .*kib=(\d+) kib_from_neighbours=(\d+)", log.read())]


def read_by_dos(c):
    """KiB that dos has read, from files and connections."""
    with open(f"/proc/{c.pid('dos')}/io", encoding="ascii") as io:
        return int(re.search(r"rchar: (\d+)", io.read())[1]) >> 10


def near(c, before):
    """The second host has taken the image from the first one, and dos has read it once."""
    all_of = [sizes[0] for sizes in (fetched(c, on) for on in c.hosts) if sizes]
    equal("each host fetched it once", len(all_of), 2)
    size = all_of[0][0]
    equal("one from dos, the other from that one", sorted(all_of), [(size, 0), (size, size)])
    given = read_by_dos(c) - before
    check(f"dos gave it once: {given} KiB for {size}", given < 1.6 * size, given)


def seeded(c):
    """Before any guest: both hosts fetch the image and keep it, and say of another one that it is too large for them."""
    large = f"{c.state}/large.qcow2"
    cloud.tool("qemu-img", "create", "-q", "-f", "qcow2", large, "64G")
    image, other = c.image, c.publish(large, name="large")
    equal("no host has the image", [bases(c, on) for on in c.hosts], [set(), set()])
    before = read_by_dos(c)
    for name in ("tiny", "large"):
        c.tercet("image", "seed", name, "--zone", c.zone)
    until("both hosts have it whole", lambda: seeds(c).get(image) == (2, 2, ""))
    equal("and it is on their disks", [len(bases(c, on)) for on in c.hosts], [1, 1])
    near(c, before)
    until("what does not fit is said", lambda: "it takes 65536 MiB" in seeds(c)[other][2])
    equal("and is on no host", seeds(c)[other][:2], (0, 2))
    for daemon in ("cloud-manager", "cluster-manager", "computer-manager"):
        c.kill(daemon)
    c.start()
    until("it is remembered over a kill of all", lambda: seeds(c).get(image) == (2, 2, ""))
    first = c.run()[0]
    c.reaches(first, "running")
    equal("a launch finds it there", [len(bases(c, on)) for on in c.hosts], [1, 1])
    for name in ("tiny", "large"):
        c.tercet("image", "unseed", name, "--zone", c.zone)
    equal("no image is wished any more", seeds(c), {})
    c.terminate(first)


def main():
    c = cloud.started(hosts=2)
    seeded(c)
    pair = spreads(c)
    more = drains(c, pair)
    c.terminate(*pair, *more, *refuses(c))
    cloud.finish()


if __name__ == "__main__":
    sys.exit(main())
