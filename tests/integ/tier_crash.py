#!/usr/bin/python3
"""cloud-manager, cluster-manager and computer-manager are killed, or their disks fail, at every call that changes a file, one after
the other, while an instance is launched, stopped, started and ended, a group and an account are made, and a host joins
(failpoint.c counts the calls; hosts are those of fleet.py, without guests).

Defends I5, I13 and R1: what was acknowledged stands; what was not may be repeated with its token and is there once; a daemon
whose disk is full answers 503 to what changes and reads on, and ends only where the outcome of a commit is unknown, or it cannot
start; the next start goes on, and when all is ended nothing is left on the host.

usage: tier_crash.py [--whole] [--only OPERATION] [--daemon NAME] [--way N]      in the environment of tests/run"""
import argparse
import collections
import contextlib
import errno
import itertools
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

import botocore.exceptions

from dosrig import wait
from failpoint import FAIL_ON, FAIL_ONCE, KILL, KILL_HALF, NAMES, NEVER, Failpoint
from fleet import Fleet

FAILED = (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError)
SETTLES_S, HOLD_S, PAST_S = 30, 0.5, 0.4
# What a daemon says when it ends by itself: a commit met an I/O error, or it could not start.
ENDS = ("turn.unknown", "loop.start_lost", "store: ", " start ")
WAYS = [(KILL, 0), (FAIL_ONCE, errno.EIO), (KILL_HALF, 0), (FAIL_ONCE, errno.ENOSPC), (FAIL_ON, errno.ENOSPC)]


def attempt(call):
    """("done", answer), ("refused", code) or ("unknown", why)"""
    try:
        return "done", call()
    except botocore.exceptions.ClientError as error:
        is_open = error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500
        return "unknown" if is_open else "refused", error.response["Error"]["Code"]
    except botocore.exceptions.BotoCoreError as error:
        return "unknown", type(error).__name__


# --- what is done -----------------------------------------------------------------------------------------------------
class Operation:
    """`call` is said in the same words until it is answered; `settled`: all is as it wished."""
    numbers = itertools.count(1)

    def __init__(self, fleet):
        self.fleet, self.revive = fleet, lambda: None

    def until(self, what, condition):
        """Whoever ends meanwhile is started again."""
        def seen():
            self.revive()
            with contextlib.suppress(*FAILED):
                return condition()
            return False
        wait(what, seen, SETTLES_S)

    def ask(self, call):
        return repeated(call, self.revive)

    def prepare(self):
        """What it starts from."""

    def told(self, answer):
        """It was acknowledged."""

    def clean(self):
        """As before it; nothing is left."""


class Launch(Operation):
    wish = "running"

    def prepare(self):
        self.token, self.ids = f"crash-{next(self.numbers)}", set()

    def run(self):
        return self.fleet.ec2.run_instances(ImageId=self.fleet.image, InstanceType="t1.nano", MinCount=1, MaxCount=1,
                                            ClientToken=self.token)

    call = run

    def told(self, answer):
        self.ids.add(answer["Instances"][0]["InstanceId"])
        assert len(self.ids) == 1, f"one token gave {self.ids}"

    def settled(self):
        instance, = self.ids
        live = {i for i, state in self.fleet.states().items() if state != "terminated"}
        assert live <= self.ids, f"nobody's instances: {live - self.ids}"
        domains = self.fleet.domains()
        assert set(domains) <= self.ids, f"nobody's domains: {domains}"
        assert all(len(on) == 1 for on in domains.values()), f"twins: {domains}"
        return self.fleet.states().get(instance) == self.wish and self.is_right(domains.get(instance))

    def is_right(self, domain):
        """The domain, where it was never to be started twice, was started once."""
        assert domain is None or domain[0][1] == 1, f"started twice: {domain}"
        return domain is not None and not domain[0][2]

    def clean(self):
        for instance in self.ids:
            self.ask(lambda i=instance: self.fleet.ec2.terminate_instances(InstanceIds=[i]))
        self.until("it has ended", lambda: not set(self.fleet.states().values()) - {"terminated"})
        self.until(f"nothing is left: {self.fleet.hosts[0].left()}", lambda: not any(h.left() for h in self.fleet.hosts))


class Terminate(Launch):
    wish = "terminated"

    def prepare(self):
        super().prepare()
        self.told(self.ask(self.run))
        self.until("it runs", lambda: list(self.fleet.states().values()).count("running") == 1)
        self.instance, = self.ids

    def call(self):
        return self.fleet.ec2.terminate_instances(InstanceIds=[self.instance])

    def told(self, answer):
        if "Instances" in answer:
            super().told(answer)

    def is_right(self, domain):
        return domain is None and not any(h.left() for h in self.fleet.hosts)


class Stop(Terminate):
    wish = "stopped"

    def call(self):
        return self.fleet.ec2.stop_instances(InstanceIds=[self.instance])

    def is_right(self, domain):
        return domain is not None and domain[0][2]


class Start(Stop):
    wish = "running"

    def prepare(self):
        super().prepare()
        self.ask(lambda: self.fleet.ec2.stop_instances(InstanceIds=[self.instance]))
        self.until("it is off", lambda: "stopped" in self.fleet.states().values())

    def call(self):
        return self.fleet.ec2.start_instances(InstanceIds=[self.instance])

    def is_right(self, domain):
        assert domain is None or domain[0][1] <= 2, f"started twice: {domain}"
        return domain is not None and not domain[0][2]


class Group(Operation):
    """A security group and a rule of it. It has no token: that it is there already is what who asks again may hear."""

    def prepare(self):
        self.name = f"crash-{next(self.numbers)}"

    def call(self):
        ec2 = self.fleet.ec2
        made = attempt(lambda: ec2.create_security_group(GroupName=self.name, Description="crash"))
        assert made[0] == "unknown" or made[0] == "done" or made[1] == "InvalidGroup.Duplicate", made
        if made[0] == "unknown":
            raise botocore.exceptions.HTTPClientError(error=made[1])
        ruled = attempt(lambda: ec2.authorize_security_group_ingress(GroupName=self.name, IpProtocol="tcp", FromPort=22, ToPort=22,
                                                                     CidrIp="10.0.0.0/8"))
        assert ruled[0] != "refused" or ruled[1] == "InvalidPermission.Duplicate", ruled
        if ruled[0] == "unknown":
            raise botocore.exceptions.HTTPClientError(error=ruled[1])
        return {}

    def settled(self):
        groups = self.fleet.ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [self.name]}])["SecurityGroups"]
        assert len(groups) == 1 and len(groups[0]["IpPermissions"]) == 1, groups
        return True

    def clean(self):
        self.ask(lambda: self.fleet.ec2.delete_security_group(GroupName=self.name))


def repeated(call, before=lambda: None):
    """Until there is an answer, and it is not 5xx."""
    said = []

    def once():
        before()
        said[:] = attempt(call)
        return said[0] != "unknown"
    wait("it is answered", once, SETTLES_S)
    assert said[0] == "done", said
    return said[1]


# --- what must hold ---------------------------------------------------------------------------------------------------
class Cell:
    """One operation over one daemon, at one call after the other."""

    def __init__(self, fleet, failpoint, name, operation, files_only):
        self.fleet, self.failpoint, self.name, self.operation = fleet, failpoint, name, operation
        self.daemon, self.files_only = fleet.all[name], files_only
        self.is_kill, self.died = False, 0
        operation.revive = self.revive
        self.tally = collections.Counter()

    def run(self, mode, at, error):
        """The call that was hit, "" when the operation ended before it."""
        self.is_kill, self.is_refused, self.died = mode in (KILL, KILL_HALF), False, 0
        self.operation.prepare()
        self.failpoint.arm(mode, at, error, is_files_only=self.files_only)
        said = attempt(self.operation.call)
        try:
            self.pass_by(mode, said)
            what = self.failpoint.disarm()[1]
            self.settle(said)
        except (AssertionError, sqlite3.Error, *FAILED) as wrong:
            what = self.failpoint.disarm()[1]
            raise AssertionError(f"{self.name}, {type(self.operation).__name__}: {NAMES[mode]} {errno.errorcode.get(error, '')} at call "
                                 f"{at} ({what}); it said {said}: {wrong}") from wrong
        self.tally.update(hit=what != "", died=self.died, sure=what != "" and said[0] == "done")
        return what

    def pass_by(self, mode, said):
        """Until the call was hit, or all is done and was not."""
        assert said[0] != "refused", f"it was refused: {said}"
        if said[0] == "done":
            self.operation.told(said[1])
        end = time.monotonic() + SETTLES_S
        while not self.failpoint.hit() and not self.daemon.is_gone() and time.monotonic() < end:
            if said[0] == "done" and self.is_settled():
                time.sleep(PAST_S if self.tally["hit"] else 0)
                break
            time.sleep(0.01)
        if mode == FAIL_ON and self.failpoint.hit():
            self.without_room(said)

    def is_settled(self):
        with contextlib.suppress(*FAILED):
            return self.operation.settled()
        return False

    def without_room(self, _):
        """A full disk: who only reads is served, who changes hears 503."""
        end = time.monotonic() + HOLD_S
        while time.monotonic() < end and not self.daemon.is_gone():
            if self.name == "cloud":
                self.refuses()
            time.sleep(0.05)

    def refuses(self):
        """Nothing of this is left when it was refused; a start that cannot be written ends the daemon instead."""
        read = attempt(self.fleet.ec2.describe_instances)
        assert read[0] == "done" or self.is_ending(), f"reading: {read}"
        made = attempt(lambda: self.fleet.ec2.create_key_pair(KeyName=f"full-{next(Operation.numbers)}", KeyType="ed25519"))
        assert made[0] == "unknown", f"with a full disk: {made}"
        self.is_refused = True

    def is_ending(self):
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.daemon.process.wait(2)
        return self.daemon.is_gone()

    def revive(self):
        """Whoever runs it starts it again; it may have ended only as it may."""
        if not self.daemon.is_gone():
            return
        status, log = self.daemon.process.returncode, self.daemon.text()[-1500:]
        may = status in (1, -signal.SIGABRT) and any(words in log for words in ENDS)
        assert (self.is_kill and status == -signal.SIGKILL) or may, f"it ended with {status}: {log}"
        self.died += 1
        self.fleet.start(self.name)

    def settle(self, said):
        """All is as wished; asked again in the same words, it is still so, once."""
        if self.is_kill and self.failpoint.hit():
            self.daemon.process.wait(10)
        self.revive()
        self.operation.told(repeated(self.operation.call, self.revive))

        def done():
            self.revive()
            return self.is_settled()
        wait("all is as wished", done, SETTLES_S)
        self.operation.clean()
        assert not (wrong := self.fleet.integrity()), wrong


# --- who joins, and verbs ---------------------------------------------------------------------------------------------
class Verb:
    """A command that changes a store and ends, killed at each call; said again it is done once."""

    def __init__(self, fleet, failpoint):
        self.fleet, self.failpoint, self.tally = fleet, failpoint, collections.Counter()

    def spawn(self, daemon, *words):
        return subprocess.run(daemon.line(*words), capture_output=True, text=True, timeout=60, check=False,
                              env={**os.environ, **self.failpoint.environment})

    def run(self, mode, at, error):
        self.prepare()
        self.failpoint.arm(mode, at, error, is_files_only=False)
        first = self.act()
        count, what = self.failpoint.disarm()
        try:
            self.judge(first, what)
        except AssertionError as wrong:
            raise AssertionError(f"{type(self).__name__}: {NAMES[mode]} {errno.errorcode.get(error, '')} at call {at} ({what}): it said "
                                 f"{first.returncode} {first.stdout} {first.stderr}: {wrong}") from wrong
        self.tally.update(hit=count >= at, died=first.returncode < 0, sure=count >= at and first.returncode == 0)
        return what


class Account(Verb):
    def prepare(self):
        self.name = f"crash-{next(Operation.numbers)}"

    def act(self):
        return self.spawn(self.fleet.cloud, "account", "create", self.name)

    def rows(self):
        with contextlib.closing(sqlite3.connect(f"file:{self.fleet.work}/cloud/data/cloud.db?mode=ro", uri=True)) as db:
            return db.execute("SELECT count(*) FROM account WHERE name=?", (self.name,)).fetchone()[0]

    def judge(self, first, what):
        assert first.returncode != 0 or self.rows() == 1, "acknowledged, and not there"
        assert first.returncode >= 0 or what, f"it ended by {first.returncode}"
        again = self.fleet.cloud.line("account", "create", self.name)
        done = subprocess.run(again, capture_output=True, text=True, timeout=60, check=False)
        assert self.rows() == 1, f"{self.rows()} of that name: {done.stderr}"
        assert "access_key_id" in done.stdout or "already" in done.stderr, done.stderr


class Join(Verb):
    """A host joins; after its end it joins once more with the same token, by the same key, and is heard."""

    def prepare(self):
        number = next(Operation.numbers)
        folder = self.fleet.work / f"join-{number}"
        folder.mkdir()
        self.node = f"j{number}"
        settings = {**self.fleet.computer.settings, "computer.data": folder / "data", "status.tcp-port": -1}
        self.daemon = type(self.fleet.computer)("computer-manager", folder, settings)
        self.token = self.fleet.cluster.verb("token", self.node)

    def act(self):
        return self.spawn(self.daemon, "join", self.token)

    def judge(self, first, what):
        assert first.returncode >= 0 or what, f"it ended by {first.returncode}"
        if first.returncode != 0:
            done = subprocess.run(self.daemon.line("join", self.token), capture_output=True, text=True, timeout=60, check=False)
            assert done.returncode == 0, f"it cannot join again: {done.stderr}"
        self.daemon.start()
        wait("it is up", lambda: any(h["hostId"] == self.node and h["state"] == "up" for h in self.fleet.host_list()), SETTLES_S)
        self.daemon.process.kill()
        self.daemon.process.wait()


OPERATIONS = {"launch": Launch, "stop": Stop, "start": Start, "terminate": Terminate, "group": Group}
VERBS = {"account": Account, "join": Join}
DAEMONS = {"cloud": OPERATIONS, "cluster-a": {n: o for n, o in OPERATIONS.items() if n != "group"},
           "h1": {n: o for n, o in OPERATIONS.items() if n != "group"}}
SHORT = {"cloud": ("launch",), "cluster-a": ("launch",), "h1": ("launch",)}  # the short form
LIKE_STEP = 4    # one frame of a log is like the next: so many of a row are passed by
SHORT_STEP = 40


def cells(given):
    """(name of the daemon or None, of the operation, its class)"""
    for name, operations in DAEMONS.items():
        for operation, kind in operations.items():
            if (given.whole or operation in SHORT[name]) and given.daemon in (None, name) and given.only in (None, operation):
                yield name, operation, kind
    for verb, kind in VERBS.items():
        if given.whole and given.daemon is None and given.only in (None, verb):
            yield None, verb, kind


def ways(given, name):
    if given.way is not None:
        return [WAYS[given.way]]
    return WAYS if given.whole else [WAYS[0], WAYS[4]] if name == "cloud" else WAYS[:1]


def play(title, one, mode, error, whole):
    begin, at, last = time.monotonic(), 1 if whole else 7, ""
    one.tally.clear()
    while what := one.run(mode, at, error):
        at += SHORT_STEP if not whole else LIKE_STEP if what == last else 1
        last = what
    tally = one.tally
    print(f"ok   {title}: {NAMES[mode]}{f' {errno.errorcode[error]}' if error else ''}: {tally['hit']} calls to call {at - 1}, "
          f"{tally['died']} times it ended, {tally['sure']} times it was acknowledged  {time.monotonic() - begin:.1f}s", flush=True)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--whole", action="store_true", help="every call of everything, every way")
    options.add_argument("--only", choices=[*OPERATIONS, *VERBS])
    options.add_argument("--daemon", choices=DAEMONS)
    options.add_argument("--way", type=int, choices=range(len(WAYS)), help="only this one")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="tct-tier-crash-") as folder:
        fleet, failpoint = Fleet(folder), Failpoint(pathlib.Path(folder))
        fleet.make().furnish()
        fleet.ec2 = fleet.client("ec2", connect_timeout=5, read_timeout=15)
        try:
            current = None
            for name, operation, kind in cells(given):
                if name is not None and name != current:
                    preload(fleet, failpoint, current, name)
                    current = name
                for mode, error in ways(given, name):
                    one = Cell(fleet, failpoint, name, kind(fleet), mode in (FAIL_ONCE, FAIL_ON)) if name else kind(fleet, failpoint)
                    play(f"{name or 'verb'}: {operation}", one, mode, error, given.whole)
            assert not (wrong := {**fleet.stop()}), wrong
            assert not fleet.complaints(), fleet.complaints()
        except Exception:
            failpoint.disarm()
            for name, daemon in fleet.all.items():
                print(f"--- {name}\n{daemon.text()[-2500:]}")
            raise
        finally:
            for daemon in fleet.all.values():
                if daemon.process and not daemon.is_gone():
                    daemon.process.kill()


def preload(fleet, failpoint, before, name):
    """That daemon is the one that is hit."""
    for one in filter(None, (before, name)):
        fleet.all[one].stop()
        fleet.before[one] = ["env", *(f"{k}={v}" for k, v in failpoint.environment.items())] if one == name else []
        fleet.start(one)


if __name__ == "__main__":
    sys.exit(main())
