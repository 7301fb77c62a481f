"""tiers.py - the four daemons of a cloud without a guest: a cloud-manager, a cluster-manager, dos and a computer-manager with
no helpers, joined by tokens, on loopback. For tests of what listens: it starts in two seconds and needs no network."""
import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile

import boto3
import botocore.config

from cloud import check, equal, finish, say
from dosrig import make_certificates, wait

BUILD = pathlib.Path(os.environ.get("TERCET_BUILD") or pathlib.Path(__file__).resolve().parents[2] / "build-asan").absolute()
SHORT = {"cloud-manager": "cloud", "cluster-manager": "cluster", "dos": "dos", "computer-manager": "computer"}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Daemon:
    def __init__(self, name, work, settings):
        self.name, self.log, self.process, self.before = name, work / f"{name}.log", None, []
        self.conf = work / f"{name}.ini"
        self.settings = settings

    def write(self):
        lines, last = [], None
        for name, value in sorted(self.settings.items()):
            section, key = name.split(".")
            lines += ([f"[{section}]"] if section != last else []) + [f"{key} = {value}"]
            last = section
        self.conf.write_text("\n".join(lines) + "\n")

    def line(self, *verb):
        self.write()
        return [f"{BUILD}/tercet-{self.name}", "--config", str(self.conf), *verb]

    def verb(self, *verb):
        done = subprocess.run(self.line(*verb), capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def start(self, *before):
        """`before`: what stands in front of the command, as `prlimit` does."""
        begin = len(self.text())
        self.spawn(*before)
        wait(f"{self.name} is ready", lambda: f"{SHORT[self.name]}.ready" in self.text()[begin:] or self.is_gone())
        assert not self.is_gone(), self.text()[-3000:]
        return self

    def spawn(self, *before):
        """Started, and not waited for."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([*before, *self.line()], stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def is_gone(self):
        return self.process.poll() is not None

    def text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def stop(self):
        """Its exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def complaints(self, text=None):
        said = self.text() if text is None else text
        return re.findall(r"ERROR: \w+Sanitizer.*|.*runtime error:.*|\w+ failed: .* at \S+:\d+ in .*", said)


class Tiers:
    def __init__(self, work):
        self.work = work
        make_certificates(work / "public")
        public = {"tls-address": "127.0.0.1", "tls-certificate": work / "public/dos.pem", "tls-key": work / "public/dos.key"}
        names = ("ec2", "ec2_tls", "cloud", "s3", "s3_tls", "dos", "cluster", "share", *(f"{who}_status" for who in SHORT.values()))
        self.ports = {name: free_port() for name in names}
        ports, parent = self.ports, f"https://127.0.0.1:{self.ports['cloud']}"
        self.cloud = Daemon("cloud-manager", work, {
            "cloud.data": work / "cloud", "public.tcp-port": ports["ec2"], "public.tls-tcp-port": ports["ec2_tls"],
            "tier.address": "127.0.0.1", "tier.tcp-port": ports["cloud"], **{f"public.{k}": v for k, v in public.items()}})
        self.cluster = Daemon("cluster-manager", work, {
            "cluster.data": work / "cluster", "cluster.parent": parent, "listen.address": "127.0.0.1",
            "listen.tcp-port": ports["cluster"]})
        self.dos = Daemon("dos", work, {
            "dos.data": work / "dos", "dos.parent": parent, "s3.tcp-port": ports["s3"], "s3.tls-tcp-port": ports["s3_tls"],
            "tier.address": "127.0.0.1", "tier.tcp-port": ports["dos"], "image.jail": BUILD / "tercet-image-jail",
            **{f"s3.{k}": v for k, v in public.items()}})
        self.computer = Daemon("computer-manager", work, {
            "computer.data": work / "computer", "computer.parent": f"https://127.0.0.1:{ports['cluster']}",
            "computer.helpers": work / "none", "share.address": "127.0.0.1", "share.tcp-port": ports["share"]})
        self.all = (self.cloud, self.cluster, self.dos, self.computer)
        for daemon in self.all:
            daemon.settings["status.tcp-port"] = ports[f"{SHORT[daemon.name]}_status"]

    def start(self):
        words = dict(re.findall(r"^(\w+) *= *(\S+)", self.cloud.verb("init"), re.M))
        self.key_id, self.secret = words["access_key_id"], words["secret_access_key"]
        self.cloud.start()
        for child, kind, name in ((self.cluster, "cluster", "locala"), (self.dos, "dos", "dos")):
            child.verb("join", self.cloud.verb("token", "--kind", kind, "--name", name))
            child.start()
        self.computer.verb("join", self.cluster.verb("token", "h1"))
        self.computer.start()
        return self

    def stop(self):
        """{name: exit status} of those that did not end well"""
        return {d.name: status for d in reversed(self.all) if d.process and (status := d.process.poll() or d.stop())}

    def client(self, service, **options):
        port = self.ports["s3" if service == "s3" else "ec2"]
        config = botocore.config.Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}, **options)
        return boto3.client(service, endpoint_url=f"http://127.0.0.1:{port}", region_name="local", config=config,
                            aws_access_key_id=self.key_id, aws_secret_access_key=self.secret)

    def certificate(self, who):
        """Files of the identity that this daemon got when it joined."""
        folder = self.work / who / "identity"
        return str(folder / "cert.pem"), str(folder / "key.pem")


@contextlib.contextmanager
def started():
    with tempfile.TemporaryDirectory(prefix="tct-tiers-") as folder:
        tiers = Tiers(pathlib.Path(folder))
        try:
            yield tiers.start()
        finally:
            tiers.stop()


def play(chapters):
    """Each chapter, or those that the command line names, over one cloud, which then ends well and has nothing to complain of."""
    with started() as t:
        for name, chapter in chapters.items():
            if not sys.argv[1:] or name in sys.argv[1:]:
                say(f"--    {name}")
                chapter(t)
        for daemon in t.all:
            check(f"{daemon.name} lives", not daemon.is_gone())
        equal("all end well", t.stop(), {})
        for daemon in t.all:
            equal(f"nothing to complain of {daemon.name}", daemon.complaints(), [])
    finish()
