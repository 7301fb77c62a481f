"""cloud.py - a private cloud for the tests of this folder: started and ended by deploy/lab, asked through boto3.

Nothing here looks into a daemon. A cloud has one host and one zone, or as many as are asked for, and a name, ports and a
network of its own, so that several of them, and the quickstart of whoever runs the tests, live side by side. Where a host
is meant, `on` names it: h1, h2, ... Guests are reached from inside the host, so that this machine
gets no route. Each check prints one line; `finish()` ends the program with the count of those that failed."""
import atexit
import contextlib
import json
import os
import random
import re
import shlex
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time

import boto3
import botocore.client
import botocore.exceptions

SOURCE = os.environ.get("TERCET_SOURCE") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("TERCET_BUILD") or os.path.join(SOURCE, "build"))
GUEST = os.environ.get("TERCET_GUEST") or os.path.join(SOURCE, "var/tests/guest.qcow2")
PATIENCE = 90.0  # seconds that any one condition may take on a busy machine
TYPE = "t1.nano"
DAEMONS = ("cloud-manager", "cluster-manager", "dos", "computer-manager", "computer-hypervisor", "computer-network")

_failed = 0
_begin = time.monotonic()


# --- checks ---------------------------------------------------------------------------------------------------------
def say(text):
    print(f"[{time.monotonic() - _begin:5.1f}s] {text}", flush=True)


def check(text, good, detail=""):
    global _failed
    if good:
        say(f"ok    {text}")
    else:
        _failed += 1
        say(f"FAIL  {text}{': ' if detail != '' else ''}{detail}")
    return bool(good)


def equal(text, got, wanted):
    return check(text, got == wanted, f"{got!r} instead of {wanted!r}")


def finish():
    say("fine" if _failed == 0 else f"{_failed} failed")
    sys.exit(min(_failed, 70))


def wait(what, seconds=PATIENCE):
    """Until what() is true: its value, or the last one when the time is over."""
    end = time.monotonic() + seconds
    value = what()
    while not value and time.monotonic() < end:
        time.sleep(0.1)
        value = what()
    return value


def until(text, what, seconds=PATIENCE):
    return check(text, wait(what, seconds), f"not within {seconds:.0f} s")


def refuses(text, code, call, *args, says="", **kw):
    """The call is to fail with that error code, and to say so in words."""
    try:
        call(*args, **kw)
    except botocore.exceptions.ClientError as error:
        got, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
        return check(f"{text}: {code}", got == code and says.lower() in message.lower(), f"{got}: {message}")
    return check(f"{text}: {code}", False, "it was accepted")


# --- the cloud --------------------------------------------------------------------------------------------------------
def free_ports(count=16):
    """The first of `count` ports that nobody listens on."""
    for _ in range(50):
        first = random.randrange(20000, 30000, 20)
        try:
            for port in range(first, first + count):
                with socket.socket() as probe:
                    probe.bind(("", port))
            return first
        except OSError:
            continue
    raise RuntimeError("no free ports")


def free_rack():
    taken = subprocess.run(["ip", "-4", "route"], capture_output=True, text=True, check=True).stdout
    return next(f"198.19.{n}" for n in random.sample(range(50, 250), 200) if f"198.19.{n}." not in taken)


def tool(*argv, check=True, **kw):
    done = subprocess.run(argv, capture_output=True, text=True, timeout=180, **kw)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: {done.stdout}{done.stderr}")
    return done.stdout


def process_start(pid):
    """Its start time in ticks, None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            fields = stat.read().rpartition(") ")[2].split()
        return None if fields[0] == "Z" else fields[19]
    except OSError:
        return None


class Cloud:
    def __init__(self, hosts=1, clusters=1):
        self.hosts = [f"h{k + 1}" for k in range(hosts)]
        self.clusters = clusters
        self.state = os.path.abspath(os.environ.get("TERCET_STATE") or f"/tmp/tercet-integ.{os.getpid()}")
        self.name = f"t{random.randrange(1000, 10000)}"
        self.rack = free_rack()
        self.env = dict(os.environ, TERCET_STATE=self.state, TERCET_LAB=self.name, TERCET_RACK=self.rack,
                        TERCET_PORT=str(free_ports()), TERCET_BUILD=BUILD)
        self.image = None
        self.outside = self.around()

    # -- life
    def lab(self, *words, check=True):
        """The lab's own command."""
        return tool(f"{SOURCE}/deploy/lab", *words, check=check, env=self.env)

    def start(self):
        """All daemons run and all hosts have told their room; also brings back what was killed, off or cut."""
        self.lab("up", "--hosts", str(len(self.hosts)), "--clusters", str(self.clusters))
        exports = dict(word.split("=", 1) for word in shlex.split(self.lab("env")) if "=" in word)
        self.zone, self.zones, self.region = exports["ZONE"], exports["ZONES"].split(), exports["AWS_DEFAULT_REGION"]
        self.urls = {name: exports[f"{name.upper()}_URL"] for name in ("ec2", "s3", "sts")}
        self.key_id, self.secret = exports["AWS_ACCESS_KEY_ID"], exports["AWS_SECRET_ACCESS_KEY"]
        self.ec2, self.s3, self.sts = self.client("ec2"), self.client("s3"), self.client("sts")
        return self

    def stop(self):
        """Ends all of it; True when this machine is as it was."""
        self.lab("down")
        return self.outside == self.around()

    def complaints(self):
        """What the sanitizers and the assertions of the daemons wrote into their logs."""
        found = []
        for folder, _, names in os.walk(self.state):
            for name in names if os.path.basename(folder) == "log" else ():
                with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as log:
                    found += [f"{name}: {line.strip()}" for line in log
                              if re.search(r"ERROR: \w+Sanitizer|runtime error:|^\w+ failed: .* at \S+:\d+ in ", line)]
        return found

    def client(self, service, key_id=None, secret=None, **config):
        config = {"retries": {"max_attempts": 0}, "s3": {"addressing_style": "path"},
                  "parameter_validation": False, **config}
        return boto3.session.Session().client(
            service, endpoint_url=self.urls[service], region_name=self.region, aws_access_key_id=key_id or self.key_id,
            aws_secret_access_key=secret or self.secret, config=botocore.client.Config(**config))

    def aws(self, service, *words, check=True):
        """Debian's stock command line client; the answer decoded."""
        env = dict(self.env, AWS_ACCESS_KEY_ID=self.key_id, AWS_SECRET_ACCESS_KEY=self.secret,
                   AWS_DEFAULT_REGION=self.region, AWS_PAGER="", AWS_MAX_ATTEMPTS="1")
        url = self.urls["s3" if service.startswith("s3") else service]
        text = tool("/usr/bin/aws", "--endpoint-url", url, service, *words, check=check, env=env)
        return json.loads(text) if text.lstrip().startswith(("{", "[")) else text

    def tercet(self, *words):
        """Our own client, as the root account."""
        env = dict(self.env, EC2_URL=self.urls["ec2"], S3_URL=self.urls["s3"], AWS_ACCESS_KEY_ID=self.key_id,
                   AWS_SECRET_ACCESS_KEY=self.secret, AWS_DEFAULT_REGION=self.region)
        return tool(f"{BUILD}/tercet", *words, env=env)

    def host_list(self):
        """Hosts as admins see them."""
        return json.loads(self.tercet("host", "list", "-o", "json"))

    # -- what guests need
    def publish(self, path=GUEST, name="tiny", bucket="images", seconds=PATIENCE, **more):
        """Uploads and registers an image and waits; its id, whatever became of it."""
        if bucket not in [b["Name"] for b in self.s3.list_buckets()["Buckets"]]:
            self.s3.create_bucket(Bucket=bucket)
        self.s3.upload_file(path, bucket, f"{name}.qcow2")
        image = self.ec2.register_image(Name=name, ImageLocation=f"{bucket}/{name}.qcow2", **more)["ImageId"]
        wait(lambda: self.image_state(image) != "pending", seconds)
        return image

    def image_state(self, image):
        return self.ec2.describe_images(ImageIds=[image])["Images"][0]["State"]

    def furnish(self, path=GUEST, name="tiny", seconds=PATIENCE):
        """The image, a key pair `test` with its private key, and a default group that lets in ICMP, SSH and echo."""
        self.image = self.publish(path, name, seconds=seconds)
        if self.image_state(self.image) != "available":
            raise RuntimeError(f"the image is {self.image_state(self.image)}")
        self.key = os.path.join(self.state, "test-key")
        if not os.path.exists(self.key):
            tool("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", self.key)
            with open(self.key + ".pub", "rb") as public:
                self.ec2.import_key_pair(KeyName="test", PublicKeyMaterial=public.read())
        for protocol, low, high in (("icmp", -1, -1), ("tcp", 22, 22), ("tcp", 7, 7)):
            self.ec2.authorize_security_group_ingress(GroupName="default", IpProtocol=protocol, FromPort=low, ToPort=high,
                                                      CidrIp="0.0.0.0/0")
        return self

    def run(self, count=1, **more):
        """Ids of new instances."""
        wanted = {"ImageId": self.image, "InstanceType": TYPE, "KeyName": "test", "MinCount": count, "MaxCount": count, **more}
        return [i["InstanceId"] for i in self.ec2.run_instances(**wanted)["Instances"]]

    def instance(self, instance):
        return self.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]

    def state_of(self, instance):
        return self.instance(instance)["State"]["Name"]

    def reaches(self, instance, state, seconds=PATIENCE):
        return until(f"{instance} is {state}", lambda: self.state_of(instance) == state, seconds)

    def console(self, instance):
        """Through the API, as boto decodes it; "" while there is none."""
        return self.ec2.get_console_output(InstanceId=instance, Latest=True).get("Output", "")

    def said(self, instance, key):
        """All values that the guest has told for that key, oldest first."""
        return re.findall(rf"TERCET-GUEST {key}=(\S+)", self.console(instance))

    def ready(self, instance, times=1, seconds=PATIENCE):
        return until(f"{instance} is ready, boot {times}", lambda: len(self.said(instance, "ready")) >= times, seconds)

    def terminate(self, *instances):
        self.ec2.terminate_instances(InstanceIds=list(instances))
        for instance in instances:
            self.reaches(instance, "terminated")

    # -- inside a host
    def host(self, *argv, on="h1", check=True):
        return tool(f"{SOURCE}/deploy/rack/host", "exec", on, *argv, check=check, env=self.env)

    def inside(self, *argv, on="h1"):
        """The command line that runs argv in the host, for who wants to hold on to it."""
        return ["nsenter", "-t", str(self.init_pid(on)), "-m", "-u", "-n", "-p", "-r", "-w", "--", *argv]

    def init_pid(self, on="h1"):
        """Process 1 of that host, as this machine sees it; None while it is off."""
        return self.noted(f"{self.state}/hosts/{on}/init.pid")

    def ssh(self, address, command, on="h1", check=True, user="root"):
        return self.host("ssh", "-i", self.key, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                         "-o", "LogLevel=ERROR", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", f"{user}@{address}",
                         command, on=on, check=check).strip()

    def data(self, on="h1"):
        """The data folder of that host's computer-manager, on the host's disk."""
        return f"{self.state}/hosts/{on}/disk/computer"

    # -- processes
    @staticmethod
    def noted(path):
        """The process that a pid file means; None when it is gone."""
        try:
            with open(path, encoding="utf-8") as note:
                pid, start = note.read().split()
            return int(pid) if process_start(pid) == start else None
        except (OSError, ValueError):
            return None

    def pid(self, daemon, on="h1"):
        """As this machine sees it; None while it is gone. The cluster-manager of zone a is it without a letter, too."""
        if daemon == "cluster-manager":
            daemon += "-a"
        if daemon.startswith(("cloud-manager", "cluster-manager", "dos")):
            return self.noted(f"{self.state}/pid/{daemon}")
        return next((pid for pid, name in self.processes(on) if name == f"tercet-{daemon}"), None)

    def processes(self, on="h1"):
        """(pid, name of its program) of all that runs in the host."""
        init = self.init_pid(on)
        if init is None:
            return []
        space = os.readlink(f"/proc/{init}/ns/pid")
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.readlink(f"/proc/{pid}/ns/pid") == space and process_start(pid):
                    with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as line:
                        found.append((int(pid), os.path.basename(line.read().split("\0")[0])))
            except OSError:
                continue
        return found

    def kill(self, daemon, on="h1"):
        """-9; True when there was one."""
        pid = self.pid(daemon, on)
        if pid:
            with contextlib.suppress(ProcessLookupError):  # it went by itself: helpers go with their manager
                os.kill(pid, signal.SIGKILL)
            wait(lambda: process_start(pid) is None, 10)
        return pid is not None

    # -- what there is, for a comparison before and after
    def around(self):
        """What of this machine this cloud could change. Other clouds may come and go meanwhile."""
        ours = lambda text: sorted(line for line in text.splitlines() if f"tercet-{self.name}" in line or f"{self.rack}." in line)
        return {"links": ours(tool("ip", "-br", "link")), "addresses": ours(tool("ip", "-br", "address")),
                "routes": ours(tool("ip", "-4", "route", "show", "table", "all")), "rules": ours(tool("ip", "rule")),
                "namespaces": ours(tool("ip", "netns", "list")), "processes": self.our_processes(),
                "tables": sorted(tool("nft", "list", "tables", check=False).splitlines()),
                "forward": [tool("cat", "/proc/sys/net/ipv4/ip_forward").strip()]}

    def our_processes(self):
        """Names of all processes on this machine whose command line speaks of our folder, but this program's own."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as line:
                    words = line.read()
                if self.state in words and process_start(pid):
                    found.append(os.path.basename(words.split("\0")[0]))
            except OSError:
                continue
        return sorted(found)

    def traces(self, on="h1"):
        """Everything that an instance could leave behind on a host, as {what: sorted list}."""
        host = lambda *argv: self.host(*argv, on=on, check=False)
        rules = re.sub(r"(packets|bytes|handle) \d+|expires \S+|# .*", "", host("nft", "list", "ruleset"))
        spaces = host("sh", "-c", "for n in $(ip netns list | cut -d' ' -f1); do echo \"== $n\"; ip -n $n -br link; "
                      "ip -n $n -4 route; ip netns exec $n nft list ruleset; done")
        return {
            "links": sorted(re.sub(r"@.*| .*", "", line) for line in host("ip", "-br", "link").splitlines()),
            "routes": sorted(host("ip", "-4", "route", "show", "table", "all").splitlines()),
            "rules": sorted(filter(str.strip, rules.splitlines())),
            "namespaces": re.sub(r"(packets|bytes) \d+", "", spaces).splitlines(),
            "processes": sorted(name for _, name in self.processes(on) if name not in ("ssh", "ps")),
            "domains": sorted(host("virsh", "-q", "-c", "qemu:///system", "list", "--all", "--name").split()),
            "files": self.files(on),
        }

    def files(self, on="h1"):
        """Names of all that lies in the host's data folder, but the store itself and the cached images."""
        root, found = self.data(on), []
        for folder, _, names in os.walk(root):
            place = os.path.relpath(folder, root)
            if place == "images":
                continue
            found += [os.path.join(place, name) for name in names if ".db" not in name] + [place]
        return sorted(found)

    def stores(self):
        """(kind, path) of every store of this cloud."""
        return [("cloud", f"{self.state}/cloud/cloud.db"),
                *(("cluster", f"{self.state}/cluster-{zone[-1]}/cluster.db") for zone in self.zones),
                *(("computer", f"{self.data(on)}/computer.db") for on in self.hosts)]

    def rows(self, ids):
        """Where in the stores one of these ids still stands: (kind of store, table, id)."""
        found = []
        for kind, path in self.stores():
            db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
            tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
            for table in tables:
                for row in db.execute(f'SELECT * FROM "{table}"'):
                    found += [(kind, table, i) for i in ids if any(v == i for v in row)]
            db.close()
        return sorted(set(found))


def changed(before, after):
    """What differs, as lines: "- what: gone", "+ what: new"."""
    lines = []
    for what in before:
        for sign, one, two in (("-", before, after), ("+", after, before)):
            rest = list(two[what])
            for item in one[what]:
                if item in rest:
                    rest.remove(item)
                else:
                    lines.append(f"{sign} {what}: {item}")
    return lines


def begin(cloud):
    """It runs, and goes with this program, which then looks at what it left and said."""
    shutil.rmtree(cloud.state, ignore_errors=True)

    def over():
        wrong = [] if cloud.stop() else changed(cloud.outside, cloud.around())
        wrong += cloud.complaints()
        if wrong:
            say(f"FAIL  left or said: {wrong}")
            os._exit(1)

    atexit.register(over)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    cloud.start()
    say("a cloud is up")
    return cloud


def started(furnished=True, hosts=1, clusters=1):
    """A running cloud that goes with this program, with or without image and key."""
    cloud = begin(Cloud(hosts, clusters))
    if furnished:
        cloud.furnish()
        say(f"image {cloud.image}")
    return cloud
