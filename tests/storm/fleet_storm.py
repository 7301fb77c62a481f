#!/usr/bin/python3
"""Many hosts without guests under a storm of kills: the daemons are real, two zones and six hosts on loopback (tests/integ/fleet.py).
Beside kills, stops and spoilt links there are wall clocks that jump by hours and days or run 1 % off, and disks that fail or are full
(failpoint.c). It is for how often; kill_storm.py has real guests and networks.

After each round all faults end, everything must be as wished within 60 s, and what clients were told must be true: see kill_storm.py.
In place of heartbeats a domain says how often it was started.

usage: fleet_storm.py [--kills N] [--hosts N] [--round SECONDS] [--seed S]      in the environment of tests/run"""
import argparse
import collections
import contextlib
import errno
import mmap
import os
import pathlib
import random
import signal
import struct
import sys
import tempfile
import threading
import time

import botocore.exceptions

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "integ")]
import cloud  # noqa: E402
from cloud import check, equal  # noqa: E402
from dosrig import wait  # noqa: E402
from failpoint import FAIL_ON, FAIL_ONCE, Failpoint, preloaded  # noqa: E402
from fleet import Fleet, free_port  # noqa: E402
from links import MODES, Links  # noqa: E402
from load import Load  # noqa: E402

SETTLES = 60.0  # seconds, after the last fault of a round has ended
LASTS = 8.0     # no daemon stands still for longer, no link is spoilt, no clock off, no disk full
HOUR, DAY = 3600, 86400
CLOCKS = (-2 * DAY, -HOUR, -40, 40, HOUR, 2 * DAY, 40 * DAY)  # the last one is behind the time when certificates are renewed
DRIFT_PPM = 10000


class Clock:
    """The page that wallclock.c reads."""

    def __init__(self, work, name):
        page = work / f"clock-{name}"
        page.write_bytes(bytes(4096))
        with open(page, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), 4096)
        self.environment = {"WALLCLOCK": str(page)}

    def set(self, offset_s, drift_ppm=0):
        self.page[0:24] = struct.pack("<qqq", offset_s * 10**9, drift_ppm, time.time_ns())


class Machine:
    """What may happen to one daemon."""

    def __init__(self, fleet, name):
        self.fleet, self.name, self.daemon = fleet, name, fleet.all[name]
        self.failpoint, self.clock = Failpoint(fleet.work, f"failpoint-{name}"), Clock(fleet.work, name)
        environment = {**self.failpoint.environment, **self.clock.environment}
        environment["LD_PRELOAD"] += f":{preloaded(fleet.work, pathlib.Path(HERE, 'wallclock.c'))}"
        self.before = ["env", *(f"{k}={v}" for k, v in environment.items())]
        fleet.before[name] = self.before

    def heal(self):
        self.failpoint.disarm()
        self.clock.set(0)


class Supervisor(threading.Thread):
    """Brings back what ended, as systemd would; keeps how it ended."""

    def __init__(self, machines, rng):
        super().__init__(daemon=True)
        self.machines, self.rng, self.over, self.ends = machines, rng, False, collections.Counter()

    def run(self):
        due = {}
        while not self.over:
            for m in self.machines.values():
                if m.daemon.process.poll() is not None and m.name not in due:
                    self.ends[m.daemon.process.returncode] += 1
                    due[m.name] = time.monotonic() + self.rng.uniform(0, 1)
                if due.get(m.name, float("inf")) <= time.monotonic():
                    del due[m.name]
                    m.daemon.spawn(*m.before)
            time.sleep(0.02)


class Faults:
    KINDS = {"kill": 70, "stand still": 8, "link": 10, "clock": 8, "disk": 4}

    def __init__(self, storm):
        self.storm, self.fleet, self.rng = storm, storm.fleet, random.Random(f"{storm.options.seed} faults")
        self.counts, self.later = dict.fromkeys(self.KINDS, 0), []
        self.heads = [name for name in self.fleet.all if not name.startswith("h")]

    def one(self):
        """What it was; None when there was nobody to do it to."""
        kind = self.rng.choices(list(self.KINDS), list(self.KINDS.values()))[0]
        done = {"kill": self.kill, "stand still": self.stand_still, "link": self.link, "clock": self.clock, "disk": self.disk}[kind]()
        self.counts[kind] += done is not None
        return done

    def lasts(self, most=LASTS):
        return self.rng.uniform(0.2, most)

    def until(self, seconds, what):
        self.later.append((time.monotonic() + seconds, what))

    def victim(self):
        """(name, pid or None): heads as often as hosts; of a host its manager, or a helper of it."""
        if self.rng.random() < 0.5:
            name = self.rng.choice(self.heads)
        else:
            host = self.rng.choice(self.fleet.hosts)
            helper = self.rng.choice((None, "hypervisor", "network"))
            if helper:
                return f"{helper} of {host.name}", next(iter(host.pids(helper)), None)
            name = host.name
        process = self.fleet.all[name].process
        return name, process.pid if process.poll() is None else None

    def send(self, pid, number):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)

    def kill(self):
        name, pid = self.victim()
        if pid is None:
            return None
        self.send(pid, signal.SIGKILL)
        return f"kill -9 {name}"

    def stand_still(self):
        name, pid = self.victim()
        seconds = self.lasts()
        if pid is None:
            return None
        self.send(pid, signal.SIGSTOP)
        self.until(seconds, lambda: self.send(pid, signal.SIGCONT))
        return f"{name} stands still for {seconds:.1f} s"

    def link(self):
        ways, seconds = self.storm.ways, self.lasts()
        name, mode = self.rng.choice(sorted(ways.links)), self.rng.choice(MODES)
        ways.set(name, mode)
        self.until(seconds, lambda: ways.set(name, None))
        return f"the link to {name} is {mode} for {seconds:.1f} s"

    def clock(self):
        machine, seconds = self.rng.choice(list(self.storm.machines.values())), self.lasts()
        offset, drift = self.rng.choice(CLOCKS), self.rng.choice((-DRIFT_PPM, 0, DRIFT_PPM))
        machine.clock.set(offset, drift)
        self.until(seconds, lambda: machine.clock.set(0))
        return f"the clock of {machine.name} is {offset:+} s and {drift:+} ppm off for {seconds:.1f} s"

    def disk(self):
        machine, seconds = self.rng.choice(list(self.storm.machines.values())), self.lasts(3)
        mode, error = self.rng.choice(((FAIL_ONCE, errno.EIO), (FAIL_ONCE, errno.ENOSPC), (FAIL_ON, errno.ENOSPC)))
        machine.failpoint.arm(mode, self.rng.randrange(1, 20), error, is_files_only=True)
        self.until(seconds, machine.failpoint.disarm)
        return f"the disk of {machine.name} says {errno.errorcode[error]}{' for %.1f s' % seconds if mode == FAIL_ON else ''}"

    def mend(self, everything=False):
        now = float("inf") if everything else time.monotonic()
        due, self.later = [w for when, w in self.later if when <= now], [(when, w) for when, w in self.later if when > now]
        for what in due:
            what()
        if everything:
            self.storm.ways.heal()
            for machine in self.storm.machines.values():
                machine.heal()


class Storm:
    def __init__(self, options, work):
        self.options, self.settled, self.turned_away = options, [], 0
        self.rng = random.Random(f"{options.seed} storm")
        between = {name: free_port() for name in ("cloud", "dos", "cluster-a", "cluster-b")}
        self.fleet = f = Fleet(work, options.hosts, 2, scale=2, between=between)
        self.ways = Links("127.0.0.1", {name: (port, f.ports[name]) for name, port in between.items()}, options.seed)
        self.machines = {name: Machine(f, name) for name in f.all}
        f.make().furnish()
        f.patient = lambda service: f.client(service, connect_timeout=2, read_timeout=8)
        self.supervisor = Supervisor(self.machines, random.Random(f"{options.seed} supervisor"))
        self.faults = Faults(self)

    def settle_in(self):
        """A domain a host that nobody will touch."""
        self.untouched = set()
        for zone in self.fleet.zones:
            for _ in range(self.options.hosts // 2):
                said = self.fleet.ec2.run_instances(ImageId=self.fleet.image, InstanceType="t1.nano", MinCount=1, MaxCount=1,
                                                    Placement={"AvailabilityZone": zone})
                self.untouched.add(said["Instances"][0]["InstanceId"])
        wait("they run", lambda: set(self.fleet.states().values()) == {"running"})

    def clock_was_ahead(self):
        """The cloud-manager starts while its clock is weeks ahead, makes itself a certificate of then, and the clock is set right."""
        head = self.machines["cloud"]
        head.clock.set(40 * DAY)
        self.fleet.kill("cloud")
        self.fleet.start("cloud")
        check("it has made itself a certificate", "cloud.certificate_renewed" in head.daemon.text())
        head.clock.set(0)
        check("its children hear it again: an instance runs", cloud.wait(self.one_more_runs, SETTLES), self.amiss())

    def one_more_runs(self):
        with contextlib.suppress(botocore.exceptions.ClientError):
            said = self.fleet.ec2.run_instances(ImageId=self.fleet.image, InstanceType="t1.nano", MinCount=1, MaxCount=1,
                                                ClientToken="after the clock was set right")
            self.untouched.add(said["Instances"][0]["InstanceId"])
            return set(self.fleet.states().values()) == {"running"}
        return False

    def blow(self):
        end = time.monotonic() + self.options.round
        while time.monotonic() < end and self.faults.counts["kill"] < self.options.kills:
            if (fault := self.faults.one()) is None:
                continue
            cloud.say(f"  {fault}")
            time.sleep(self.rng.uniform(0.05, 0.5))
            self.faults.mend()

    # -- the verdict
    def wished(self):
        return {**(self.load.wished() if self.load else {}), **dict.fromkeys(self.untouched, "running")}

    def amiss(self):
        """What is not as wished."""
        try:
            self.hear_refusals()
            seen = self.fleet.states()
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
            return [str(error)]
        wrong = [f"{h['hostId']} is {h['state']}: {h.get('health', '')}" for h in self.fleet.host_list() if h["state"] != "up"]
        wrong += [f"{i} is {seen.get(i)}, not {wish}" for i, wish in self.wished().items() if seen.get(i, "terminated") != wish]
        return wrong + [f"{name}: {why}" for name in self.fleet.all if (why := self.fleet.ready(name))]

    def hear_refusals(self):
        """What a zone had no host for when it was asked ends, with that reason, and has never run: its client reads that."""
        shown = {i["InstanceId"]: i.get("StateReason", {}).get("Code") for r in self.fleet.ec2.describe_instances()["Reservations"]
                 for i in r["Instances"]}
        for launcher in self.load.launchers if self.load else ():
            for instance in [i for i in launcher.wished if shown.get(i) == "Server.InsufficientInstanceCapacity"]:
                self.turned_away += launcher.wished[instance] != "terminated"
                launcher.wished[instance] = "terminated"

    def calm(self, number):
        self.faults.mend(everything=True)
        begin = time.monotonic()
        check(f"round {number}: every call has its answer", self.load.rest(SETTLES),
              [(type(c).__name__, c.last) for c in self.load.clients() if not c.rested.is_set()])
        cloud.wait(lambda: not self.amiss(), SETTLES)
        equal(f"round {number}: what is not as wished after {SETTLES:.0f} s at most", self.amiss(), [])
        self.settled.append(time.monotonic() - begin)
        cloud.say(f"      it took {self.settled[-1]:.1f} s; {self.load.calls.count}; ends {dict(self.supervisor.ends)}")

    def judge(self, number):
        load, wished, domains, seen = self.load, self.wished(), self.fleet.domains(), self.fleet.states()
        equal(f"round {number}: clients found what they had been told", [w for client in load.clients() for w in client.wrong], [])
        equal(f"round {number}: nobody's instances", sorted(set(seen) - set(wished)), [])
        equal(f"round {number}: lost instances", sorted(i for i, w in wished.items() if w != "terminated" and i not in seen), [])
        live = {i for i, wish in wished.items() if wish != "terminated"}
        equal(f"round {number}: nobody's domains, or twins", {i: on for i, on in domains.items() if len(on) != 1 or i not in live}, {})
        running = {i for i, wish in wished.items() if wish == "running"}
        equal(f"round {number}: running, but no domain", sorted(i for i in running if i not in domains or domains[i][0][2]), [])
        never = self.untouched | {i for i in running if i not in self.load.changed()}
        equal(f"round {number}: {len(never)} that nobody touched ran once", 
              {i: domains[i] for i in never if i in domains and domains[i][0][1] != 1}, {})
        for keeper in load.keepers:
            wrong = {k: (v, got) for k, v in keeper.kept.items() if (got := keeper.read(k)) != v}
            equal(f"round {number}: {len(keeper.kept)} objects of {keeper.bucket} are what was acknowledged", wrong, {})

    def over(self):
        f = self.fleet
        for instance, wish in self.wished().items():
            if wish != "terminated":
                f.ec2.terminate_instances(InstanceIds=[instance])
        left = lambda: {h.name: h.left() for h in f.hosts if h.left()}
        check("nothing is left on any host", cloud.wait(lambda: not left(), SETTLES), left())
        equal("each store is whole", f.integrity(), {})
        self.supervisor.over = True
        self.supervisor.join()
        equal("all end well", f.stop(), {})
        equal("nothing to complain of", f.complaints(), [])

    def run(self):
        self.settle_in()
        self.load = None
        self.clock_was_ahead()
        self.load = Load(self.fleet, self.options.seed, launchers=3, keepers=2, most=4)
        self.supervisor.start()
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
        settled = sorted(self.settled)
        cloud.say(f"storm {self.options.seed} on {self.options.hosts} hosts: {number} rounds, {self.faults.counts}, {spoiled} spoilt")
        cloud.say(f"ended how often by what {dict(self.supervisor.ends)}; calls {self.load.calls.count}, {self.turned_away} launches "
                  f"without a host; settled after {settled[len(settled) // 2]:.1f} s (median), {settled[-1]:.1f} s (most)")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--hosts", type=int, default=6)
    parser.add_argument("--round", type=float, default=20.0, help="seconds")
    parser.add_argument("--seed", default="1")
    with tempfile.TemporaryDirectory(prefix="tct-fleet-storm-") as folder:
        storm = Storm(parser.parse_args(), pathlib.Path(folder))
        try:
            storm.run()
        finally:
            storm.supervisor.over = True
            if cloud._failed or sys.exc_info()[0]:
                keep = pathlib.Path(os.environ.get("TERCET_STATE", "/tmp/tercet-fleet-storm"))
                for name, daemon in storm.fleet.all.items():
                    keep.mkdir(parents=True, exist_ok=True)
                    (keep / f"{name}.log").write_text(daemon.text())
            for daemon in storm.fleet.all.values():
                with contextlib.suppress(ProcessLookupError):
                    daemon.process.kill()
    cloud.finish()


if __name__ == "__main__":
    sys.exit(main())
