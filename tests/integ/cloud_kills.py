#!/usr/bin/python3
"""Each daemon is killed with -9 under a running guest, one by one and then all at once. The guest never notices: its
heartbeat and an open TCP connection go on. Everything is adopted again, works, and leaves nothing when it ends."""
import re
import subprocess
import sys

import cloud
from cloud import check, equal, until

# How long a beat (one each second) or an echo may take on a machine that is busy building daemons up again.
SLACK = 8.0


class Witness:
    """What the guest itself shows, without any daemon: its serial log, and an echo over one connection."""

    def __init__(self, c, instance):
        self.c, self.log = c, f"{c.data()}/instances/{instance}/console.log"
        address = c.instance(instance)["PrivateIpAddress"]
        self.echo = subprocess.Popen(c.inside("/usr/bin/python3", f"{cloud.SOURCE}/tests/integ/echo.py", address), text=True,
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        equal("a connection to the guest", self.echo.stdout.readline(), "connected\n")

    def beats(self):
        """(number, uptime) of each heartbeat so far."""
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return [(int(n), float(up)) for n, up in re.findall(r"TERCET-GUEST beat=(\d+) t=\d+ up=([\d.]+)", log.read())]

    def goes_on(self, text):
        last = self.beats()[-1][0]
        until(f"{text}: the guest's heart beats on", lambda: self.beats()[-1][0] >= last + 2)
        check(f"{text}: the connection is open", self.echo.poll() is None, self.echo.poll())

    def verdict(self):
        said, _ = self.echo.communicate("\n", timeout=60)
        numbers = said.split()
        check(f"{numbers[0]} echoes, the longest took {numbers[-1]} s", self.echo.returncode == 0 and float(numbers[1]) < SLACK, said)
        beats = self.beats()
        equal("no beat is missing or came twice", [n for n, _ in beats], list(range(beats[0][0], beats[0][0] + len(beats))))
        gap = max(later - sooner for (_, sooner), (_, later) in zip(beats, beats[1:]))
        check(f"the longest pause between two beats was {gap:.1f} s", gap < SLACK)


def works(c, instance, text):
    """All three tiers know the instance as before, and its console comes from the host."""
    until(f"{text}: the instance is running", lambda: c.state_of(instance) == "running")
    seen = c.said(instance, "beat")
    until(f"{text}: the console goes on", lambda: len(c.said(instance, "beat")) > len(seen))


def kill_each(c, instance, witness):
    qemu = [pid for pid, name in c.processes() if name.startswith("qemu")]
    for daemon in cloud.DAEMONS:
        check(f"{daemon} is killed", c.kill(daemon))
        witness.goes_on(daemon)
        c.start()
        until(f"{daemon} is back", lambda d=daemon: c.pid(d))
        works(c, instance, daemon)
    for daemon in cloud.DAEMONS:
        c.kill(daemon)
    witness.goes_on("all killed")
    c.start()
    works(c, instance, "all killed")
    equal("it is the same QEMU", [pid for pid, name in c.processes() if name.startswith("qemu")], qemu)


def settle(c, before):
    """The traces when they are as before, or what they were in the end."""
    return cloud.wait(lambda: not cloud.changed(before, c.traces()), 30) and [] or cloud.changed(before, c.traces())


def main():
    c = cloud.started()
    # The first instance of all leaves the network of its VPC, an image, and warm caches to the second: compare with that.
    first = c.run()[0]
    c.reaches(first, "running")
    c.terminate(first)
    before = c.traces()

    instance = c.run()[0]
    c.reaches(instance, "running")
    c.ready(instance)
    seen = {line.split()[1].rstrip(":") for line in cloud.changed(before, c.traces())}
    equal("a running instance shows", seen, set(before))
    body = c.instance(instance)
    ids = [instance, body["BlockDeviceMappings"][0]["Ebs"]["VolumeId"], body["NetworkInterfaces"][0]["NetworkInterfaceId"]]
    witness = Witness(c, instance)
    kill_each(c, instance, witness)
    witness.verdict()

    c.ec2.stop_instances(InstanceIds=[instance])
    c.reaches(instance, "stopped")
    c.ec2.start_instances(InstanceIds=[instance])
    c.reaches(instance, "running")
    until("it boots from its disk", lambda: c.ssh(body["PrivateIpAddress"], "cat /data/boots", check=False) == "2")
    c.terminate(instance)
    equal("nothing of it is left on the host", settle(c, before), [])
    # What is shown for an hour, and tombstones.
    allowed = {("cloud", "instance"), ("cloud", "change"), ("cloud", "console"),
               *((s, t) for s in ("cluster", "computer") for t in ("got", "said"))}
    equal("nothing else of it is left in the stores", [row for row in c.rows(ids) if row[:2] not in allowed], [])
    cloud.finish()


if __name__ == "__main__":
    sys.exit(main())
