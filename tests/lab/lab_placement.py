#!/usr/bin/python3
"""An admin and a subscriber on two hosts: a drained host starts nothing and keeps what it has, over restarts of all
managers; both hear why an instance is where it is, or nowhere, each in words for him. Hosts that start from the same image
at once fetch it once, of an image that is like another one they fetch what is different, and while dos is away they have each
other. And an image that an admin has on all hosts is there, and stays, before anybody starts from it."""
import json
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integ"))
import botocore.exceptions

import cloud
from cloud import check, equal, until

MORE_KIB = 4096


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
    """(KiB, KiB of those that came from other hosts, KiB that other images here had) of the host's last fetch, as it counted."""
    with open(f"{c.state}/hosts/{on}/log/computer-manager", encoding="utf-8", errors="replace") as log:
        found = re.findall(r"image.fetched .*kib=(\d+) kib_from_neighbours=(\d+) kib_from_here=(\d+)", log.read())
    return tuple(int(n) for n in found[-1]) if found else None


def read_by_dos(c):
    """KiB that dos has read, from files and connections."""
    with open(f"/proc/{c.pid('dos')}/io", encoding="ascii") as io:
        return int(re.search(r"rchar: (\d+)", io.read())[1]) >> 10


def near(c, before):
    """The second host has taken the image from the first one, and dos has read it once. The size of what was fetched."""
    sizes = [fetched(c, on) for on in c.hosts]
    size = sizes[0][0]
    equal("one from dos, the other from that one", sorted(s[:2] for s in sizes), [(size, 0), (size, size)])
    given = read_by_dos(c) - before
    check(f"dos gave it once: {given} KiB for {size}", given < 1.6 * size, given)
    return size


def cold(c):
    """Both hosts are to fetch the same image at the same time: one of them follows the other. Its size."""
    equal("no host has the image", [bases(c, on) for on in c.hosts], [set(), set()])
    before = read_by_dos(c)
    both = c.run(2)
    for instance in both:
        c.reaches(instance, "running")
    equal("two instances are on two hosts", sorted(host_of(c, i) for i in both), c.hosts)
    size = near(c, before)
    c.terminate(*both)
    return size


def grown(c, name):
    """An image: the guest's with so much more at its end that nobody has."""
    path = f"{c.state}/{name}.qcow2"
    shutil.copyfile(cloud.GUEST, path)
    size = json.loads(cloud.tool("qemu-img", "info", "--output", "json", path))["virtual-size"]
    cloud.tool("qemu-img", "resize", "-q", path, f"+{MORE_KIB}K")
    for at in range(0, MORE_KIB, 256):  # each of them another chunk
        cloud.tool("qemu-io", "-c", f"write -q -P {at // 256 * 8 + len(name)} {size + at * 1024} 256k", path)
    return c.publish(path, name=name)


def start_on(c, host, image):
    """One that starts there, the other host being drained."""
    other = next(h for h in c.hosts if h != host)
    c.tercet("host", "undrain", host)
    c.tercet("host", "drain", other)
    until(f"{other} is drained", lambda: drained(c) == [other])
    instance = c.run(ImageId=image)[0]
    c.reaches(instance, "running")
    equal("it is there", host_of(c, instance), host)
    return instance


def away(c, size):
    """What is different comes from dos, and to the second host, while dos is away, from the first."""
    image = grown(c, "grown")
    first = start_on(c, "h1", image)
    kib, near_kib, here_kib = fetched(c, "h1")
    check(f"what is different is fetched: {kib} of {kib + here_kib} KiB", MORE_KIB <= kib <= MORE_KIB + 512 and near_kib == 0, kib)
    check("the rest was here", here_kib >= size - 512, here_kib)
    c.kill("dos")
    second = start_on(c, "h2", image)
    equal("all that it fetched came from the first host", fetched(c, "h2"), (kib, kib, here_kib))
    c.ready(second)
    c.start()
    c.tercet("host", "undrain", "h1")
    equal("no host is drained any more", drained(c), [])
    c.terminate(first, second)


def seeded(c):
    """Before any guest: both hosts fetch the image and keep it, and say of another one that it is too large for them."""
    large = f"{c.state}/large.qcow2"
    cloud.tool("qemu-img", "create", "-q", "-f", "qcow2", large, "64G")
    image, other = grown(c, "seeded"), c.publish(large, name="large")
    had = [len(bases(c, on)) for on in c.hosts]
    before = read_by_dos(c)
    for name in ("seeded", "large"):
        c.tercet("image", "seed", name, "--zone", c.zone)
    until("both hosts have it whole", lambda: seeds(c).get(image) == (2, 2, ""))
    equal("and it is on their disks", [len(bases(c, on)) for on in c.hosts], [n + 1 for n in had])
    near(c, before)
    until("what does not fit is said", lambda: "it takes 65536 MiB" in seeds(c)[other][2])
    equal("and is on no host", seeds(c)[other][:2], (0, 2))
    for daemon in ("cloud-manager", "cluster-manager", "computer-manager"):
        c.kill(daemon)
    c.start()
    until("it is remembered over a kill of all", lambda: seeds(c).get(image) == (2, 2, ""))
    first = c.run(ImageId=image)[0]
    c.reaches(first, "running")
    equal("a launch finds it there", [len(bases(c, on)) for on in c.hosts], [n + 1 for n in had])
    for name in ("seeded", "large"):
        c.tercet("image", "unseed", name, "--zone", c.zone)
    equal("no image is wished any more", seeds(c), {})
    c.terminate(first)


def main():
    c = cloud.started(hosts=2)
    away(c, cold(c))
    seeded(c)
    pair = spreads(c)
    more = drains(c, pair)
    c.terminate(*pair, *more, *refuses(c))
    cloud.finish()


if __name__ == "__main__":
    sys.exit(main())
