"""The four daemons with hardly more memory than they take at rest, besieged: many connections, the largest bodies, long lists. A
chapter of `make crowd` (http_crowd.py --strict). An allocation that fails ends a daemon by design, and whoever runs it starts it again:
so each is run as systemd would run it, and what counts is that nothing is lost that was acknowledged, and that it is back."""
import collections
import contextlib
import hashlib
import http.client
import os
import pathlib
import re
import ssl
import subprocess
import threading
import time
import urllib.parse

import dosrig
from cloud import check, equal, say, wait

MIB = 1 << 20
ROOM_MIB = (4, 16, 64)  # beyond what the daemon has mapped at rest
SECONDS, CLIENTS = 5, 48
OURS = re.compile(r"-6: (MEMORY|INV|IMPOSSIBLE) failed: ")  # our own word; never the heap's, never a fault
FINE = {200, 201, 204, 403, 404, 411, 413, 429, 503, 507, 400, 401, 405, 409}


def mapped_bytes(daemon):
    text = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("VmSize:")) * 1024


class Supervisor:
    """Starts a daemon again whenever it has ended, as its unit does, with the bound that it has."""

    def __init__(self, daemon, bound):
        self.daemon, self.bound, self.ends, self.stop = daemon, bound, collections.Counter(), threading.Event()
        self.begun = len(daemon.text())
        self.begin()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def begin(self):
        with open(self.daemon.log, "ab") as log:
            self.daemon.process = subprocess.Popen(["prlimit", f"--as={self.bound}", *self.daemon.line()], stdin=subprocess.DEVNULL,
                                                   stdout=log, stderr=log)

    def run(self):
        while not self.stop.wait(0.05):
            status = self.daemon.process.poll()
            if status is not None:
                self.ends[f"{status}: {self.last_words()}"] += 1
                time.sleep(0.2)
                self.begin()

    def end(self):
        """How often it ended, by the last that it said."""
        self.stop.set()
        self.thread.join()
        return dict(self.ends)

    def last_words(self):
        line = self.daemon.text()[self.begun:].rstrip().rsplit("\n", 1)[-1]
        self.begun = len(self.daemon.text())
        return re.sub(r" at \S+ in \w+$|^\S+Z ", "", line)[:90] or "nothing"


class Besiegers:
    """Clients who do one thing after the other; what each was answered is counted: a status, or "none"."""

    def __init__(self, actions):
        self.actions, self.answers, self.lock, self.stop = actions, collections.Counter(), threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(n,), daemon=True) for n in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def run(self, n):
        while not self.stop.is_set():
            try:
                answer = self.actions[n % len(self.actions)]()
            except (OSError, http.client.HTTPException):
                answer = "none"
                time.sleep(0.05)
            with self.lock:
                self.answers[answer] += 1
            n += 1

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join()
        return dict(self.answers)


def asked(port, method, target, body=b"", headers=None, context=None):
    make = http.client.HTTPConnection if context is None else lambda *a, **k: http.client.HTTPSConnection(*a, context=context, **k)
    link = make("127.0.0.1", port, timeout=10)
    try:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # refused before all of it was sent
            link.request(method, target, body, headers or {})
        if link.sock is None:
            raise ConnectionError("gone before it was asked")
        answer = link.getresponse()
        answer.read()
        return answer.status
    finally:
        link.close()


def strangers_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class Siege:
    """Of one daemon: what is thrown at it, and what it acknowledged meanwhile."""

    def __init__(self, t):
        self.t, self.kept, self.lock, self.count = t, {}, threading.Lock(), 0
        dosrig.KEYS["root"] = (t.key_id, t.secret)

    def next(self):
        with self.lock:
            self.count += 1
            return self.count

    def signed(self, port, method, target, body, headers=None, service="s3"):
        place = type("Place", (), {"port": port})
        return asked(port, method, target, body, dosrig.signed(place, method, target, body, headers, "root", region="local",
                                                               service=service))

    def form(self, action, **more):
        body = urllib.parse.urlencode({"Action": action, "Version": "2016-11-15", **more}).encode()
        return self.signed(self.t.ports["ec2"], "POST", "/", body, {"Content-Type": "application/x-www-form-urlencoded"}, "ec2")


class CloudSiege(Siege):
    def create(self):
        name = f"scarce-{os.getpid()}-{self.next()}"
        status = self.form("CreateSecurityGroup", GroupName=name, GroupDescription="x" * 255)
        if status == 200:
            with self.lock:
                self.kept[name] = True
        return status

    def largest(self):
        return self.signed(self.t.ports["ec2"], "POST", "/", b"Action=DescribeInstances&X=" + b"x" * (MIB - 64), service="ec2")

    def actions(self):
        ports, context = self.t.ports, strangers_context()
        return [self.create, lambda: self.form("DescribeSecurityGroups"), self.largest,
                lambda: asked(ports["ec2_tls"], "GET", "/v1/instances", context=context),
                lambda: asked(ports["ec2"], "POST", "/", b"x" * 8 * MIB)]

    def lost(self):
        page = self.t.client("ec2").describe_security_groups
        return set(self.kept) - {g["GroupName"] for g in page()["SecurityGroups"]}


class DosSiege(Siege):
    def put(self):
        n = self.next()
        key, body = f"k{os.getpid()}-{n}", dosrig.noise((1000, 60000, 3 * MIB)[n % 3], n)
        status = self.signed(self.t.ports["s3"], "PUT", f"/scarce/{key}", body)
        if status == 200:
            with self.lock:
                self.kept[key] = hashlib.sha256(body).digest()
        return status

    def actions(self):
        ports, context = self.t.ports, strangers_context()
        return [self.put, self.put, lambda: self.signed(ports["s3"], "GET", "/scarce", b""),
                lambda: asked(ports["s3_tls"], "GET", "/scarce/x", context=context),
                lambda: self.signed(ports["s3"], "POST", "/scarce?delete", b"<Delete>" + b" " * 2 * MIB)]

    def lost(self):
        s3 = self.t.client("s3")
        return {key for key, digest in self.kept.items()
                if hashlib.sha256(s3.get_object(Bucket="scarce", Key=key)["Body"].read()).digest() != digest}


class TierSiege(Siege):
    """Of what takes no subscriber: those with a certificate send the largest bodies, those without hold handshakes."""

    def __init__(self, t, name, who):
        super().__init__(t)
        self.port, self.own = t.ports[name], strangers_context()
        self.own.load_cert_chain(*t.certificate(who))

    def actions(self):
        return [lambda: asked(self.port, "POST", "/v1/sync", b'{"x":"' + b"x" * 8 * MIB + b'"}', {"Content-Type": "application/json"},
                              self.own),
                lambda: asked(self.port, "POST", "/v1/sync", b"[" * 65536, {"Content-Type": "application/json"}, self.own),
                lambda: asked(self.port, "GET", "/v1/chunks/" + "0" * 64, context=self.own),
                lambda: asked(self.port, "GET", "/", context=strangers_context())]

    def lost(self):
        return set()


def besieged(name, daemon, siege, room_mib, rest):
    supervisor = Supervisor(daemon, rest + room_mib * MIB)
    if not wait(lambda: status_of(daemon) == 200, 4):
        say(f"      {name}, {room_mib} MiB more than at rest: it does not start: {supervisor.end()}")
        daemon.process.kill()
        daemon.process.wait(30)
        return None
    besiegers = Besiegers(siege.actions())
    time.sleep(SECONDS)
    answers = besiegers.end()
    back = wait(lambda: status_of(daemon) == 200, 20)
    ends = supervisor.end()
    daemon.process.terminate()
    daemon.process.wait(30)
    told = ", ".join(f"{n} {what}" for what, n in sorted(answers.items(), key=str))
    say(f"      {name}, {room_mib} MiB more than at rest: answers: {told}; it ended {ends or 'never'}")
    check(f"{name} with {room_mib} MiB: it is there afterwards", back)
    check(f"{name} with {room_mib} MiB: whoever was answered heard what it is", set(answers) - {"none"} <= FINE, answers)
    check(f"{name} with {room_mib} MiB: if it ended, by an allocation that failed", all(OURS.match(end) for end in ends), ends)
    return sum(ends.values())


def status_of(daemon):
    with contextlib.suppress(OSError, http.client.HTTPException):
        return asked(daemon.settings["status.tcp-port"], "GET", "/healthz")
    return 0


def play(t):
    sieges = {"cloud": CloudSiege(t), "dos": DosSiege(t), "cluster": TierSiege(t, "cluster", "computer"),
              "computer": TierSiege(t, "share", "computer")}
    s3 = t.client("s3")
    s3.create_bucket(Bucket="scarce")
    for name, siege in sieges.items():
        daemon = getattr(t, name)
        daemon.stop()
        daemon.start()
        time.sleep(2)
        rest = mapped_bytes(daemon)
        daemon.stop()
        ends = {room: besieged(name, daemon, siege, room, rest) for room in ROOM_MIB}
        check(f"{name} starts with most of these bounds", [n for n in ends.values() if n is not None][1:], ends)
        daemon.start()
        wait(lambda d=daemon: status_of(d) == 200, 20)
        equal(f"{name}: of {len(siege.kept)} that were acknowledged, lost", siege.lost(), set())
        say(f"      {name}: {rest / MIB:.0f} MiB mapped at rest; {len(siege.kept)} acknowledged, none lost; ends by room: {ends}")
