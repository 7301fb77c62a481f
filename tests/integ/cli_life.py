#!/usr/bin/python3
"""tercet against a real cloud-manager and a real dos: keys, buckets, objects large and small, images from file to available,
groups, tags, refusals, and what a stock client makes of `tercet env`. No host joins, so no guest runs here.

usage: cli_life.py BUILD-DIRECTORY"""
import contextlib
import hashlib
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import boto3
import botocore.config

PATIENCE_S = 60
MIB = 1 << 20


def wait(what, condition, patience_s=PATIENCE_S):
    end = time.monotonic() + patience_s
    while not (value := condition()):
        assert time.monotonic() < end, f"not within {patience_s} s: {what}"
        threading.Event().wait(0.05)
    return value


class Cloud:
    """A cloud-manager and a dos that joined it, on ports that were free."""

    def __init__(self, build, work):
        self.build, self.work, self.running = pathlib.Path(build).resolve(), work, {}
        self.port, self.tier = self.start("cloud-manager", {"cloud.data": "cloud", "public.tcp-port": 0, "tier.tcp-port": 0,
                                                            "tier.address": "127.0.0.1", "cloud.region": "local"}, self.init)
        settings = {"dos.data": "dos", "dos.parent": f"https://127.0.0.1:{self.tier}", "s3.tcp-port": 0, "tier.tcp-port": 0,
                    "tier.address": "127.0.0.1", "image.jail": self.build / "tercet-image-jail"}
        self.s3_port, _ = self.start("dos", settings, self.join)
        self.environ = {**{k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}, "PATH": "/usr/bin:/bin",
                        "HOME": str(work), "LC_ALL": "C.UTF-8", "TERCET_ENDPOINT": f"http://127.0.0.1:{self.port}",
                        "TERCET_S3_ENDPOINT": f"http://127.0.0.1:{self.s3_port}", "TERCET_ACCESS_KEY": self.key,
                        "TERCET_SECRET_KEY": self.secret, "TERCET_REGION": "local"}

    def start(self, name, settings, prepare):
        data = next(iter(settings.values()))
        (self.work / data).mkdir(mode=0o700)
        line = [str(self.build / f"tercet-{name}")]
        for option, value in settings.items():
            line += ["--set", f"{option}={self.work / data if option.endswith('.data') else value}"]
        prepare(line)
        with open(self.work / f"{name}.log", "wb") as log:
            self.running[name] = subprocess.Popen(line, stdout=log, stderr=log)
        self.line = {**getattr(self, "line", {}), name: line}
        return wait(f"{name} listens", lambda: self.ports(name))

    def ports(self, name):
        text = (self.work / f"{name}.log").read_text()
        assert self.running[name].poll() is None, text
        found = dict(re.findall(r'\.listens what="?(\w+)"? address=\S+ port=(\d+)', text))
        public = found.get("public", found.get("s3"))
        return (int(public), int(found["tier"])) if ".ready" in text and public and "tier" in found else None

    def init(self, line):
        out = subprocess.run([*line, "init"], capture_output=True, text=True, check=True).stdout
        self.key, self.secret = (re.search(rf"^{name} *= *(\S+)", out, re.M)[1] for name in ("access_key_id", "secret_access_key"))

    def join(self, line):
        advertise = ["--set", f"tier.advertise=127.0.0.1:{self.tier}"]
        token = subprocess.run([*self.line["cloud-manager"], *advertise, "token", "--kind", "dos", "--name", "dos"],
                               capture_output=True, text=True, check=True).stdout.strip()
        subprocess.run([*line, "join", token], check=True)

    def stop(self):
        for name, process in self.running.items():
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            if process.poll() is None:
                process.kill()
            assert process.returncode == 0, f"{name} ended with {process.returncode}\n{(self.work / f'{name}.log').read_text()[-3000:]}"

    def tercet(self, words, status=0, **environ):
        """stdout; what must be its exit status"""
        done = subprocess.run([self.build / "tercet", *shlex.split(words)], capture_output=True, text=True, timeout=PATIENCE_S,
                              check=False, cwd=self.work, env={**self.environ, **environ}, stdin=subprocess.DEVNULL)
        assert done.returncode == status, f"tercet {words}: {done.returncode}, not {status}\n{done.stdout}{done.stderr}"
        self.said = done.stderr
        return done.stdout

    def rows(self, words):
        return json.loads(self.tercet(f"{words} -o json"))

    def s3(self):
        config = botocore.config.Config(s3={"addressing_style": "path"})
        return boto3.client("s3", endpoint_url=self.environ["TERCET_S3_ENDPOINT"], region_name="local", aws_access_key_id=self.key,
                            aws_secret_access_key=self.secret, config=config)


def sparse(path, size, text=b"end"):
    with open(path, "wb") as file:
        file.truncate(size - len(text))
        file.seek(size - len(text))
        file.write(text)
    return path


def sha(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --- the tests --------------------------------------------------------------------------------------------------------
def lists(cloud):
    for noun in ("region", "type", "group", "vpc", "volume", "instance", "image", "keypair", "interface", "tag", "subnet", "zone"):
        assert isinstance(cloud.rows(f"{noun} list"), list)
    assert [row["regionName"] for row in cloud.rows("region list")] == ["local"]
    types = {row["instanceType"]: row["memoryInfo"]["sizeInMiB"] for row in cloud.rows("type list")}
    assert types["t1.nano"] == 128, types
    assert cloud.tercet("type list --no-header --columns name").split() == list(types)


def key_pairs(cloud):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "me", "-f", "id"], cwd=cloud.work, check=True)
    cloud.tercet("keypair import me --file id.pub")
    cloud.tercet("keypair import me --file id.pub", 5)
    cloud.tercet("keypair import other --file id", 2)
    cloud.tercet("import-key-pair --key-name third --public-key-material fileb://id.pub")
    cloud.tercet("keypair create made --type ed25519 --file made.key")
    made = cloud.work / "made.key"
    assert made.stat().st_mode & 0o777 == 0o600
    subprocess.run(["ssh-keygen", "-y", "-f", made], check=True, stdout=subprocess.DEVNULL)
    cloud.tercet("keypair create made2 --file made.key", 5)
    assert [row["keyName"] for row in cloud.rows("keypair list")] == ["made", "me", "third"], "a key was made for a file that is not"
    assert "PRIVATE KEY" in cloud.tercet("keypair create shown --type ed25519")
    cloud.tercet("keypair delete made me third shown")
    assert cloud.rows("keypair list") == []


def changes_are_told(cloud):
    """--watch prints what has come at once: each of these comes right after a look, and by time the next one is 2 s away."""
    watch = subprocess.Popen([cloud.build / "tercet", *shlex.split("keypair list --watch --no-header --columns name")], text=True,
                             cwd=cloud.work, env=cloud.environ, stdout=subprocess.PIPE)
    seen, begin = [], 0
    for i in range(5):
        begin = begin if i > 1 else time.monotonic()
        cloud.tercet(f"keypair import told{i} --file id.pub")
        seen.append(watch.stdout.readline().strip())
    took = time.monotonic() - begin
    watch.send_signal(signal.SIGINT)
    assert watch.wait(PATIENCE_S) == 0
    assert seen == [f"told{i}" for i in range(5)], seen
    assert took < 4, took
    cloud.tercet("keypair delete " + " ".join(seen))


def objects(cloud):
    cloud.tercet("bucket create things")
    cloud.tercet("bucket create things")
    cloud.tercet("bucket create No_Bucket", 2)
    names = ["empty", "a b+c%&?#.txt", "\u00fcmlaut", "deep/er/x"]
    for name in names:
        (cloud.work / "small").write_bytes(name.encode() * (name != "empty"))
        cloud.tercet(f"object put small {shlex.quote('things/' + name)}")
        assert cloud.tercet(f"object get {shlex.quote('things/' + name)} -") == name * (name != "empty")
    assert sorted(row["key"] for row in cloud.rows("object list things")) == sorted(names)
    assert [row["key"] for row in cloud.rows("object list things/deep/")] == ["deep/er/x"]
    cloud.tercet("object get things/deep/er/x")
    assert (cloud.work / "x").read_text() == "deep/er/x"
    cloud.tercet("object get things/nothing there", 3)
    assert not list(cloud.work.glob("there*"))
    cloud.tercet("object list nowhere", 3)
    cloud.tercet("object put nofile things/", 1)
    cloud.tercet("object put cloud things/", 2)


def an_object_in_parts(cloud):
    big = sparse(cloud.work / "big", 70 * MIB)
    cloud.tercet("object put big things/")
    row = cloud.rows("object list things/big")[0]
    assert row["size"] == 70 * MIB and row["eTag"].endswith('-3"'), row
    cloud.tercet("object get things/big back")
    assert sha(cloud.work / "back") == sha(big)
    (cloud.work / "back").unlink()


def an_interrupted_upload_leaves_nothing(cloud):
    sparse(cloud.work / "large", 600 * MIB)
    process = subprocess.Popen([cloud.build / "tercet", "object", "put", "large", "things/large"], cwd=cloud.work, env=cloud.environ,
                               stderr=subprocess.PIPE, text=True)
    s3 = cloud.s3()
    wait("the upload has begun", lambda: s3.list_multipart_uploads(Bucket="things").get("Uploads"))
    process.send_signal(signal.SIGINT)
    error = process.communicate(timeout=PATIENCE_S)[1]
    assert process.returncode == 130 and "interrupted" in error, (process.returncode, error)
    assert not s3.list_multipart_uploads(Bucket="things").get("Uploads")
    (cloud.work / "large").unlink()


def images(cloud):
    raw = sparse(cloud.work / "disk.raw", 8 * MIB)
    subprocess.run(["qemu-img", "convert", "-q", "-O", "qcow2", raw, cloud.work / "disk.qcow2"], check=True)
    image = cloud.tercet("image upload disk.qcow2 --name tiny --wait").strip()
    assert re.fullmatch(r"ami-[0-9a-f]{17}", image), image
    row = cloud.rows("image get tiny")[0]
    assert (row["imageId"], row["imageState"], row["blockDeviceMapping"][0]["ebs"]["volumeSize"]) == (image, "available", 1), row
    assert cloud.rows(f"image get {image[:12]}")[0]["imageId"] == image
    before = cloud.rows("bucket list"), cloud.rows(f"object list {row['imageLocation'].split('/')[0]}")
    cloud.tercet("image upload disk.qcow2 --name tiny", 5)
    assert before == (cloud.rows("bucket list"), cloud.rows(f"object list {row['imageLocation'].split('/')[0]}"))
    cloud.tercet("image upload disk.qcow2 --name a", 2)
    (cloud.work / "bad.qcow2").write_bytes(b"QFI\xfb" + b"no image" * 1000)
    cloud.tercet("image upload bad.qcow2 --name bad --wait", 1)
    assert "is failed, not available" in cloud.said and "cause: " in cloud.said, cloud.said
    made = json.loads(cloud.tercet("image upload disk.raw --name raw --bucket my-images --wait -o json"))
    assert made[0]["name"] == "raw" and made[0]["imageLocation"] == "my-images/raw/disk.raw", made
    cloud.tercet("register-image --name again --image-location my-images/raw/disk.raw --wait")
    lost = cloud.tercet("image register --name lost --location my-images/nothing --wait", 1).strip()
    assert f"{lost} is failed, not available" in cloud.said and "cause: " in cloud.said, cloud.said
    cloud.tercet("image delete raw again nothing", 3)
    assert len(cloud.rows("image list --state available")) == 3, "some were deleted though one name was wrong"
    cloud.tercet("image delete raw again")
    assert [row["name"] for row in cloud.rows("image list --name t*")] == ["tiny"]


def instances_without_a_host(cloud):
    cloud.tercet("instance create --image tiny --type t1.nano --name web", 6)
    cloud.tercet("run-instances --image-id tiny --instance-type t1.nano --min-count 1", 6)
    cloud.tercet("instance create --image nothing", 3)
    cloud.tercet("instance create --image tiny --type no.such", 3)
    cloud.tercet("instance create --image tiny --key nobody", 3)
    cloud.tercet("instance create --image tiny --disk 4", 6)
    cloud.tercet("instance get i-0123456789abcdef0", 3)
    cloud.tercet("terminate-instances --instance-ids i-0123456789abcdef0", 3)
    assert "request-id: " in cloud.said
    assert cloud.rows("instance list") == []


def groups(cloud):
    def rules():
        return {(p["ipProtocol"], p.get("fromPort"), p["ipRanges"][0]["cidrIp"])
                for p in cloud.rows("group list")[0]["ipPermissions"] if p["ipRanges"]}

    cloud.tercet("group allow default --protocol tcp --port 22 --cidr 0.0.0.0/0")
    cloud.tercet("group allow default --protocol tcp --port 22 --cidr 0.0.0.0/0", 5)
    cloud.tercet("authorize-security-group-ingress --group-name default --protocol icmp --port -1 --cidr 10.0.0.0/8")
    cloud.tercet("group allow default --protocol udp --port 53-54 --from default")
    assert rules() == {("tcp", 22, "0.0.0.0/0"), ("icmp", -1, "10.0.0.0/8")}, rules()
    cloud.tercet("group revoke default --protocol tcp --port 22 --cidr 0.0.0.0/0")
    cloud.tercet("revoke-security-group-ingress --group-name default --protocol icmp --port -1 --cidr 10.0.0.0/8")
    assert rules() == set()
    cloud.tercet("group allow nobody --protocol tcp --port 22 --cidr 0.0.0.0/0", 3)


def groups_of_ones_own(cloud):
    """Made, given rules of both directions that are listed, changed and described, named by another, deleted."""
    def rules(way):
        return [r for r in cloud.rows("rule list --group web") if r["isEgress"] == (way == "out")]

    assert cloud.rows("group create web --description 'web servers' --tag a=b")["groupId"].startswith("sg-")
    cloud.tercet("group create web --description again", 5)
    cloud.tercet("create-security-group --group-name clients --description 'of the web'")
    [web] = cloud.rows("group get web")
    assert (web["groupDescription"], web["tagSet"]) == ("web servers", [{"key": "a", "value": "b"}]), web
    cloud.tercet("group allow web --protocol tcp --port 80 --from clients --description http --tag c=d")
    cloud.tercet("group allow-out web --protocol udp --port 53 --cidr 10.0.0.0/8")
    cloud.tercet("group revoke-out web --protocol -1 --cidr 0.0.0.0/0")
    [let_in], [let_out] = rules("in"), rules("out")
    assert (let_in["description"], let_in["tagSet"]) == ("http", [{"key": "c", "value": "d"}]), let_in
    assert (let_out["ipProtocol"], let_out["cidrIpv4"]) == ("udp", "10.0.0.0/8"), let_out
    cloud.tercet(f"rule set web --rule SecurityGroupRuleId={let_in['securityGroupRuleId']},SecurityGroupRule={{IpProtocol=tcp,"
                 "FromPort=443,ToPort=443,CidrIpv4=0.0.0.0/0}")
    assert [(r["toPort"], r["cidrIpv4"]) for r in rules("in")] == [(443, "0.0.0.0/0")]
    cloud.tercet(f"rule describe-out web --rule SecurityGroupRuleId={let_out['securityGroupRuleId']},Description=names")
    assert [r["description"] for r in cloud.rows(f"rule get {let_out['securityGroupRuleId']}")] == ["names"]
    cloud.tercet(f"group revoke-out web --rule {let_out['securityGroupRuleId']}")
    assert rules("out") == []
    cloud.tercet("group allow clients --protocol tcp --port 22 --from web")
    cloud.tercet("group delete web", 5)
    cloud.tercet("group delete clients web")
    cloud.tercet("group delete default", 5)
    assert [g["groupName"] for g in cloud.rows("group list")] == ["default"]


def tags(cloud):
    image = cloud.rows("image get tiny")[0]["imageId"]
    cloud.tercet(f"tag set {image} --tag a=b --tag 'c d=e=f'")
    assert {(t["key"], t["value"]) for t in cloud.rows("tag list")} == {("a", "b"), ("c d", "e=f")}
    cloud.tercet(f"delete-tags --resources {image} --tags Key=a")
    assert [t["key"] for t in cloud.rows(f"tag list --resource {image}")] == ["c d"]
    cloud.tercet(f"tag delete {image}")
    assert cloud.rows("tag list") == []


def who_you_are(cloud):
    cloud.tercet("zone list", 4, TERCET_SECRET_KEY="wrong")
    cloud.tercet("bucket list", 4, TERCET_SECRET_KEY="wrong")
    cloud.tercet("zone list", 4, TERCET_ACCESS_KEY="AKIDNOBODY0000000000")
    assert "wrong" not in cloud.said


def hosts(cloud):
    assert cloud.rows("host list") == []


def second_account(cloud):
    """Made beside the running daemon; it has a network of its own, sees nobody else's things, and dos knows it soon."""
    line = [*cloud.line["cloud-manager"], "account", "create"]
    out = subprocess.run([*line, "other"], capture_output=True, text=True, check=True).stdout
    said = dict(re.findall(r"^(\w+) *= *(\S+)", out, re.M))
    mine = {"TERCET_ACCESS_KEY": said["access_key_id"], "TERCET_SECRET_KEY": said["secret_access_key"]}
    vpcs = [json.loads(cloud.tercet("vpc list -o json", **keys)) for keys in ({}, mine)]
    assert [len(v) for v in vpcs] == [1, 1] and vpcs[0][0]["vpcId"] != vpcs[1][0]["vpcId"], vpcs
    assert vpcs[0][0]["cidrBlock"] == vpcs[1][0]["cidrBlock"], vpcs
    assert json.loads(cloud.tercet("image list -o json", **mine)) == []

    def known():
        done = subprocess.run([cloud.build / "tercet", "bucket", "list", "-o", "json"], capture_output=True, text=True,
                              check=False, env={**cloud.environ, **mine})
        return done.returncode == 0 and [json.loads(done.stdout)]

    assert wait("dos knows the account", known) == [[]]
    for name in ("other", "", "a b"):
        again = subprocess.run([*line, name], capture_output=True, text=True, check=False)
        assert again.returncode == 1 and said["secret_access_key"] not in again.stderr and not again.stdout, again


def stock_clients_take_env(cloud):
    script = 'eval "$(TERCET env)"; aws --endpoint-url $EC2_URL ec2 describe-regions --output text --query Regions[].RegionName'
    out = subprocess.run(["sh", "-c", script.replace("TERCET", shlex.quote(str(cloud.build / "tercet")))], env=cloud.environ,
                         capture_output=True, text=True, check=True).stdout
    assert out.strip() == "local", out


TESTS = [lists, key_pairs, changes_are_told, objects, an_object_in_parts, an_interrupted_upload_leaves_nothing, images,
         instances_without_a_host, groups, groups_of_ones_own, tags, who_you_are, hosts, second_account, stock_clients_take_env]


def main():
    build, *only = sys.argv[1:]
    missing = [name for name in ("tercet", "tercet-cloud-manager", "tercet-dos", "tercet-image-jail") if not shutil.which(name, path=build)]
    if missing:
        print(f"not built: {' '.join(missing)}")
        sys.exit(77)
    failed = 0
    with tempfile.TemporaryDirectory(prefix="tct-cli-") as folder:
        cloud = Cloud(build, pathlib.Path(folder))
        for test in TESTS:
            if only and test.__name__ not in only:
                continue
            begin, word = time.monotonic(), "ok"
            try:
                test(cloud)
            except Exception as why:  # whatever it is, the next test shall run
                word, failed = "FAIL", failed + 1
                print(f"{test.__name__}: {why!r:.2000}")
            print(f"{word:4} {test.__name__}  {time.monotonic() - begin:.1f}s", flush=True)
        cloud.stop()
    sys.exit(1 if failed else 0)


main()
