"""fleet.py - a whole cloud on loopback whose hosts have no guests: cloud-manager, dos, cluster-managers and computer-managers are
real, as are images and root disks; what hypervisors and networks do is kept as files by a stand-in (tests/storm/standin.c).

A host costs 20 MB and starts in a second, so that there may be many, and each may end often. For tests of crashes and storms."""
import contextlib
import json
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import urllib.error
import urllib.request

import boto3
import botocore.config

from dosrig import MIB, noise, wait
from tiers import BUILD, Daemon, free_port

SCALE = 4  # the protocol's times are divided by it: a host is down after 5 s


class Host:
    """A machine: its daemon, and what its stand-ins keep."""

    def __init__(self, fleet, name, zone):
        self.name, self.zone, self.folder = name, zone, fleet.work / name
        helpers = self.folder / "helpers"
        helpers.mkdir(parents=True)
        for helper in ("hypervisor", "network"):
            (helpers / f"tercet-computer-{helper}").symlink_to(BUILD / "tests/storm/standin")
        self.daemon = fleet.daemon("computer-manager", name, {
            "computer.data": self.folder / "data", "computer.parent": fleet.parent(f"cluster-{zone}"), "computer.helpers": helpers,
            "hypervisor.uri": self.folder / "domains", "network.run": self.folder / "ports", "network.tunnel-address": "127.0.0.1",
            "share.address": "127.0.0.1", "share.tcp-port": free_port(), "room.reserve-mib": 256})

    def domains(self):
        """{instance: (how often it ran, is it off)}"""
        found = {}
        for path in (self.folder / "domains").glob("i-*"):
            with contextlib.suppress(FileNotFoundError):
                if said := re.match(rb"runs=(\d+) state=(\d+)\n", path.read_bytes()):
                    found[path.name.removesuffix(".new")] = int(said[1]), int(said[2]) == 0
        return found

    def left(self):
        """Whatever an instance could leave here."""
        ours = lambda folder, pattern: [path.name for path in (self.folder / folder).glob(pattern)]
        return ours("domains", "i-*") + ours("ports", "eni-*") + ours("data/instances", "*")

    def pids(self, helper):
        """Of its helpers of that name."""
        program = f"{self.folder}/helpers/tercet-computer-{helper}"
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                if pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().startswith(program.encode() + b"\0"):
                    found.append(int(pid))
        return found


class Fleet:
    def __init__(self, work, hosts=1, zones=1, scale=SCALE, between=None):
        """`between`: {name: port} where children find that parent instead, of who stands between them."""
        self.work, self.scale, self.all, self.before = pathlib.Path(work), scale, {}, {}
        names = [f"cluster-{'abcd'[k]}" for k in range(zones)]
        self.ports = {name: free_port() for name in ("ec2", "s3", "cloud", "dos", *names)}
        self.seen_ports = {**self.ports, **(between or {})}  # where children find their parents
        self.zones = [f"local{'abcd'[k]}" for k in range(zones)]
        self.cloud = self.daemon("cloud-manager", "cloud", {
            "cloud.data": self.work / "cloud/data", "public.tcp-port": self.ports["ec2"], "tier.address": "127.0.0.1",
            "tier.tcp-port": self.ports["cloud"], "quota.instances": 100000, "quota.vcpus": 100000})
        self.clusters = [self.daemon("cluster-manager", name, {
            "cluster.data": self.work / name / "data", "cluster.parent": self.parent("cloud"), "listen.address": "127.0.0.1",
            "listen.tcp-port": self.ports[name]}) for name in names]
        self.dos = self.daemon("dos", "dos", {
            "dos.data": self.work / "dos/data", "dos.parent": self.parent("cloud"), "s3.tcp-port": self.ports["s3"],
            "tier.address": "127.0.0.1", "tier.tcp-port": self.ports["dos"], "tier.advertise": self.parent("dos"),
            "image.jail": BUILD / "tercet-image-jail"})
        self.hosts = [Host(self, f"h{k + 1}", "abcd"[k % zones]) for k in range(hosts)]
        self.cluster, self.computer = self.clusters[0], self.hosts[0].daemon

    def parent(self, name):
        return f"https://127.0.0.1:{self.seen_ports[name]}"

    def daemon(self, program, name, settings):
        folder = self.work / name
        folder.mkdir(parents=True, exist_ok=True)
        scaled = {"timing.scale": self.scale} if program != "dos" else {}
        self.all[name] = Daemon(program, folder, {**settings, **scaled, "status.tcp-port": free_port()})
        return self.all[name]

    # -- life
    def start(self, name):
        """As whoever runs it does; `before`: what stands in front of its command."""
        return self.all[name].start(*self.before.get(name, ()))

    def make(self):
        words = dict(re.findall(r"^(\w+) *= *(\S+)", self.cloud.verb("init"), re.M))
        self.key_id, self.secret = words["access_key_id"], words["secret_access_key"]
        self.start("cloud")
        for name, kind, node in (*((f"cluster-{z[-1]}", "cluster", z) for z in self.zones), ("dos", "dos", "dos")):
            self.all[name].verb("join", self.cloud.verb("token", "--kind", kind, "--name", node))
            self.start(name)
        for host in self.hosts:
            host.daemon.verb("join", self.all[f"cluster-{host.zone}"].verb("token", host.name))
            self.start(host.name)
        self.ec2, self.s3 = self.client("ec2"), self.client("s3")
        wait("all hosts are up", lambda: self.is_up())
        return self

    def is_up(self):
        return all(h["state"] == "up" and any(r["total"] for r in h["roomSet"] if r["class"] == "vcpu") for h in self.host_list()) \
            and len(self.host_list()) == len(self.hosts)

    def host_list(self):
        done = subprocess.run([BUILD / "tercet", "host", "list", "-o", "json"], capture_output=True, text=True, timeout=60, check=False,
                              env={**os.environ, **self.credentials()})
        return json.loads(done.stdout) if done.returncode == 0 else []

    def credentials(self):
        return {"EC2_URL": f"http://127.0.0.1:{self.ports['ec2']}", "S3_URL": f"http://127.0.0.1:{self.ports['s3']}",
                "AWS_ACCESS_KEY_ID": self.key_id, "AWS_SECRET_ACCESS_KEY": self.secret, "AWS_DEFAULT_REGION": "local"}

    def client(self, service, **options):
        config = botocore.config.Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}, **options)
        return boto3.client(service, endpoint_url=f"http://127.0.0.1:{self.ports['s3' if service == 's3' else 'ec2']}", region_name="local",
                            config=config, aws_access_key_id=self.key_id, aws_secret_access_key=self.secret)

    def furnish(self):
        """An image of noise."""
        self.s3.create_bucket(Bucket="images")
        self.s3.put_object(Bucket="images", Key="noise", Body=noise(MIB, 1))
        self.image = self.ec2.register_image(Name="noise", ImageLocation="images/noise")["ImageId"]
        wait("the image is there", lambda: self.ec2.describe_images(ImageIds=[self.image])["Images"][0]["State"] == "available")
        return self

    def stop(self):
        """{name: exit status} of those that did not end well"""
        return {name: status for name, d in reversed(self.all.items()) if d.process and (status := d.process.poll() or d.stop())}

    def complaints(self):
        """What sanitizers and assertions said. Whoever ends because a commit is of unknown outcome frees nothing, by design."""
        crash_only = re.compile(r"(turn\.unknown|loop\.start_lost) .*\n+=+\n==\d+==ERROR: LeakSanitizer")
        return [f"{name}: {line}" for name, d in self.all.items() for line in d.complaints(crash_only.sub("", d.text()))]

    def ready(self, name):
        """None when it is; else why not."""
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.all[name].settings['status.tcp-port']}/readyz", timeout=5)
            return None
        except (urllib.error.URLError, OSError) as error:
            return str(error)

    # -- instances
    def states(self):
        """{instance: state} of all that are described."""
        return {i["InstanceId"]: i["State"]["Name"] for r in self.ec2.describe_instances()["Reservations"] for i in r["Instances"]}

    def domains(self):
        """{instance: [(host, runs, is off)]}"""
        found = {}
        for host in self.hosts:
            for instance, (runs, is_off) in host.domains().items():
                found.setdefault(instance, []).append((host.name, runs, is_off))
        return found

    def integrity(self):
        """Of each store, what sqlite says that is not ok."""
        wrong = {}
        for path in self.work.rglob("*.db"):
            with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as db:
                said = db.execute("PRAGMA integrity_check").fetchall()
            if said != [("ok",)]:
                wrong[str(path)] = said
        return wrong

    def kill(self, name):
        process = self.all[name].process
        process.send_signal(signal.SIGKILL)
        process.wait(30)
