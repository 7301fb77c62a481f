#!/usr/bin/python3
"""Real daemons under a storm: two zones, three hosts with real guests, clients who go on, and faults drawn from a seed: kill -9,
SIGSTOP, links between the tiers that are late, cut, half open or lie, pulled cables, a libvirtd that stands still.

After each round all faults end, everything must be as wished within 60 s, and what clients were told must be true: no
acknowledged launch, end, object or delete is lost, no token has made two instances, every domain belongs to somebody, and guests that
nobody touched have not missed a heartbeat. In the end nothing is left on any host.

usage: kill_storm.py [--kills N] [--round SECONDS] [--seed S]      in the environment of tests/run"""
import argparse
import atexit
import os
import random
import subprocess
import sys
import time

import boto3
import botocore.client

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "integ"), os.path.join(HERE, "..", "lab")]
import cloud  # noqa: E402
from cloud import check, equal, until  # noqa: E402
from faults import Faults  # noqa: E402
from guests import Guests  # noqa: E402
from links import Links  # noqa: E402
from load import Load  # noqa: E402

SETTLES = 60.0  # seconds, after the last fault of a round has ended


class Storm:
    def __init__(self, options):
        self.options, self.settled, self.supervisor = options, [], None
        first = cloud.free_ports(4)
        os.environ.update(TERCET_LINKS=str(first), TERCET_VCPU_OVERCOMMIT="1600", TERCET_RESERVE_MIB="256", TERCET_STOP_MS="15000")
        self.c = c = cloud.Cloud(3, 2)
        port = int(c.env["TERCET_PORT"])
        there = {"cloud": port + 8, "dos": port + 9, "cluster-a": port + 10, "cluster-b": port + 11}
        self.ways = Links(f"{c.rack}.1", {name: (first + k, to) for k, (name, to) in enumerate(there.items())}, options.seed)
        cloud.begin(c)
        atexit.register(self.supervised)
        c.patient = self.patient
        self.faults = Faults(c, self.ways, options.seed)
        self.rng = random.Random(f"{options.seed} storm")

    def patient(self, service):
        """A client that waits for seconds and repeats nothing by itself."""
        config = botocore.client.Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}, connect_timeout=2, read_timeout=8)
        return boto3.client(service, endpoint_url=self.c.urls[service], region_name=self.c.region, config=config,
                            aws_access_key_id=self.c.key_id, aws_secret_access_key=self.c.secret)

    # -- before
    def settle_in(self):
        """A guest a host that nobody will touch, and what hosts look like without any."""
        c = self.c
        warm = c.run(2, Placement={"AvailabilityZone": c.zones[0]}) + c.run(1, Placement={"AvailabilityZone": c.zones[1]})
        for instance in warm:
            c.reaches(instance, "running")
        equal("a guest a host", sorted(Guests(c, warm).host.values()), c.hosts)
        c.terminate(*warm)
        self.before = {on: c.traces(on) for on in c.hosts}
        ids = c.run(2, Placement={"AvailabilityZone": c.zones[0]}) + c.run(1, Placement={"AvailabilityZone": c.zones[1]})
        for instance in ids:
            c.reaches(instance, "running")
        self.guests = Guests(c, ids)
        until("they have booted", lambda: all(self.guests.beats(i) for i in ids))

    # -- one round
    def blow(self):
        end = time.monotonic() + self.options.round
        while time.monotonic() < end and self.faults.counts["kill"] < self.options.kills:
            if (fault := self.faults.one()) is None:
                continue
            cloud.say(f"  {fault}")
            time.sleep(self.rng.uniform(0.2, 3.0))
            self.faults.mend()
            self.supervise()

    def supervise(self):
        """Whoever brings back what ended, beside the storm, as systemd would."""
        if self.supervisor is None or self.supervisor.poll() is not None:
            self.supervisor = subprocess.Popen([f"{cloud.SOURCE}/deploy/lab", "up", "--hosts", "3", "--clusters", "2"], env=self.c.env,
                                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def amiss(self):
        """What is not as wished."""
        c, wished = self.c, {**self.load.wished(), **{i: "running" for i in self.guests.ids}}
        seen = {i["InstanceId"]: i for r in c.ec2.describe_instances()["Reservations"] for i in r["Instances"]}
        wrong = [f"{h['hostId']} is {h['state']}: {h.get('health', '')}" for h in c.host_list() if h["state"] != "up"]
        for instance, wish in wished.items():
            have = seen.get(instance, {"State": {"Name": "not there"}})
            if have["State"]["Name"] != wish:
                wrong.append(f"{instance} is {have['State']['Name']}, not {wish}: {have.get('StateReason', {}).get('Message', '')}")
        return wrong

    def supervised(self):
        """Nobody brings anything back any more."""
        if self.supervisor is not None:
            self.supervisor.wait(180)

    def calm(self, number):
        self.faults.mend(everything=True)
        self.supervised()
        self.c.start()
        begin = time.monotonic()
        check(f"round {number}: every call has its answer", self.load.rest(SETTLES), [c.name for c in self.load.clients()
                                                                                      if not c.rested.is_set()])
        cloud.wait(lambda: not self.amiss(), SETTLES)
        equal(f"round {number}: what is not as wished after {SETTLES:.0f} s at most", self.amiss(), [])
        self.settled.append(time.monotonic() - begin)
        cloud.say(f"      it took {self.settled[-1]:.1f} s; {self.load.calls.count}")

    # -- the verdict
    def domains(self):
        """{instance: [hosts where a domain of it is]}"""
        found = {}
        for on in self.c.hosts:
            names = self.c.host("virsh", "-q", "-c", "qemu:///system", "list", "--all", "--name", on=on).split()
            for name in names:
                found.setdefault(name, []).append(on)
        return found

    def judge(self, number):
        c, load, wished = self.c, self.load, self.load.wished()
        equal(f"round {number}: clients found what they had been told", [w for client in load.clients() for w in client.wrong], [])
        shown = {i["InstanceId"] for r in c.ec2.describe_instances()["Reservations"] for i in r["Instances"]}
        known = set(wished) | set(self.guests.ids) | self.gone
        equal(f"round {number}: nobody's instances", sorted(shown - known), [])
        equal(f"round {number}: lost instances", sorted(i for i in wished if i not in shown), [])
        domains = self.domains()
        live = {i for i, wish in wished.items() if wish != "terminated"} | set(self.guests.ids)
        strange = {name: on for name, on in domains.items() if len(on) != 1 or not any(i in name for i in live)}
        equal(f"round {number}: nobody's domains, or twins", strange, {})
        running = {i for i, wish in wished.items() if wish == "running"} | set(self.guests.ids)
        equal(f"round {number}: running, but no domain", sorted(i for i in running if not any(i in name for name in domains)), [])
        for keeper in load.keepers:
            wrong = {k: (v, got) for k, v in keeper.kept.items() if (got := keeper.read(k)) != v}
            equal(f"round {number}: {len(keeper.kept)} objects of {keeper.bucket} are what was acknowledged", wrong, {})
        self.guests.never_noticed(f"round {number}: guests that nobody touched", self.guests.ids)

    def over(self):
        c = self.c
        c.terminate(*(i for i, wish in self.load.wished().items() if wish != "terminated"), *self.guests.ids)
        for on in c.hosts:
            left = lambda on=on: cloud.changed(self.before[on], c.traces(on))
            until(f"nothing is left on {on}", lambda: not left(), SETTLES) or cloud.say(str(left()))

    def run(self):
        self.c.furnish()
        self.settle_in()
        self.gone = {i["InstanceId"] for r in self.c.ec2.describe_instances()["Reservations"] for i in r["Instances"]}
        self.load = Load(self.c, self.options.seed, launchers=2, keepers=2, most=2)
        number = 0
        while self.faults.counts["kill"] < self.options.kills:
            number += 1
            self.load.go_on()
            self.blow()
            self.calm(number)
            self.judge(number)
        self.load.end()
        self.over()
        spoiled = sum(link.spoiled for link in self.ways.links.values())
        cloud.say(f"storm {self.options.seed}: {number} rounds, {self.faults.counts}, {spoiled} spoilt pieces; "
                  f"calls {self.load.calls.count}; settled after {sorted(self.settled)[len(self.settled) // 2]:.1f} s (median), "
                  f"{max(self.settled):.1f} s (most)")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--round", type=float, default=20.0, help="seconds")
    parser.add_argument("--seed", default="1")
    Storm(parser.parse_args()).run()
    cloud.finish()


if __name__ == "__main__":
    sys.exit(main())
