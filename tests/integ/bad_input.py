#!/usr/bin/python3
"""What is wrong is refused with an error that says what, and leaves nothing: signatures, ids, user data, launches, images,
requests cut short or ambiguous, certificates, configurations. No guest boots here."""
import base64
import datetime
import glob
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import struct
import subprocess
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials

import cloud
from cloud import check, equal, refuses

NOBODY, NO_IMAGE = "i-0123456789abcdef0", "ami-0123456789abcdef0"


# --- the EC2 API --------------------------------------------------------------------------------------------------------
def post(c, body, shift_s=0, secret=None, tamper=None):
    """A signed EC2 Query request by hand, as of now + shift_s: (status, text)."""
    class Clock(datetime.datetime):
        @classmethod
        def utcnow(cls):
            return real.utcnow() + datetime.timedelta(seconds=shift_s)

    url = urllib.parse.urlsplit(c.urls["ec2"])
    request = botocore.awsrequest.AWSRequest("POST", c.urls["ec2"], data=body, headers={
        "Content-Type": "application/x-www-form-urlencoded", "Host": url.netloc})
    keys = botocore.credentials.Credentials(c.key_id, secret or c.secret)
    real, botocore.auth.datetime.datetime = botocore.auth.datetime.datetime, Clock
    try:
        botocore.auth.SigV4Auth(keys, "ec2", c.region).add_auth(request)
    finally:
        botocore.auth.datetime.datetime = real
    link = http.client.HTTPConnection(url.hostname, url.port, timeout=20)
    link.request("POST", "/", tamper or body, dict(request.headers.items()))
    answer = link.getresponse()
    return answer.status, answer.read().decode()


class Signatures:
    def __init__(self, c):
        ask = "Action=DescribeInstances&Version=2016-11-15"
        equal("a good one passes", post(c, ask)[0], 200)
        self.refused("a wrong secret", post(c, ask, secret="x" * 40), "AuthFailure")
        self.refused("another body than the signed one", post(c, ask, tamper=ask + "&MaxResults=5"), "AuthFailure")
        self.refused("an hour old", post(c, ask, shift_s=-3600), "RequestExpired")
        self.refused("an hour ahead", post(c, ask, shift_s=3600), "RequestExpired")
        refuses("an unknown key", "AuthFailure", c.client("ec2", key_id="AKIAAAAAAAAAAAAAAAAA").describe_instances)
        refuses("an unknown key at the objects", "InvalidAccessKeyId", c.client("s3", key_id="AKIAAAAAAAAAAAAAAAAA").list_buckets)
        refuses("a wrong secret at the objects", "SignatureDoesNotMatch", c.client("s3", secret="y" * 40).list_buckets)

    @staticmethod
    def refused(text, answer, code):
        status, body = answer
        check(f"{text}: {code}", status in (401, 403) and f"<Code>{code}</Code>" in body, answer)


class Ids:
    def __init__(self, c):
        ec2 = c.ec2
        for text, code, call, wanted in (
            ("no such instance", "InvalidInstanceID.NotFound", ec2.stop_instances, {"InstanceIds": [NOBODY]}),
            ("not an instance's id", "InvalidInstanceID.Malformed", ec2.describe_instances, {"InstanceIds": ["web; DROP TABLE"]}),
            ("an id of another kind", "InvalidInstanceID.Malformed", ec2.terminate_instances, {"InstanceIds": [NO_IMAGE]}),
            ("console of nobody", "InvalidInstanceID.NotFound", ec2.get_console_output, {"InstanceId": NOBODY}),
            ("no such image", "InvalidAMIID.NotFound", ec2.describe_images, {"ImageIds": [NO_IMAGE]}),
            ("not an image's id", "InvalidAMIID.Malformed", ec2.deregister_image, {"ImageId": "ami-zz"}),
            ("no such volume", "InvalidVolume.NotFound", ec2.describe_volumes, {"VolumeIds": ["vol-0123456789abcdef0"]}),
            ("no such key", "InvalidKeyPair.NotFound", ec2.describe_key_pairs, {"KeyNames": ["nobody's"]}),
            ("not a key", "InvalidKey.Format", ec2.import_key_pair, {"KeyName": "bad", "PublicKeyMaterial": b"ssh-rsa nonsense"}),
            ("no such group", "InvalidGroup.NotFound", ec2.describe_security_groups, {"GroupIds": ["sg-0123456789abcdef0"]}),
            ("no such subnet", "InvalidSubnetID.NotFound", ec2.describe_subnets, {"SubnetIds": ["subnet-0123456789abcdef0"]}),
            ("no such bucket", "NoSuchBucket", c.s3.list_objects_v2, {"Bucket": "nobody"}),
            ("no such object", "NoSuchKey", c.s3.get_object, {"Bucket": "images", "Key": "nothing"}),
            ("not a bucket's name", "InvalidBucketName", c.s3.create_bucket, {"Bucket": "No"}),
            ("a made-up page", "InvalidNextToken", ec2.describe_instances, {"MaxResults": 5, "NextToken": "x"}),
            ("an action that is not built", "UnsupportedOperation", ec2.describe_vpn_gateways, {}),
        ):
            refuses(text, code, call, **wanted)
        status, body = post(c, "Action=MakeCoffee&Version=2016-11-15")
        check("a made-up action: InvalidAction", status == 400 and "<Code>InvalidAction</Code>" in body, body[:300])


class Launches:
    """Launches that cannot be. Each leaves no instance, volume, interface or address behind."""

    def __init__(self, c):
        self.c, before = c, self.left(c)
        self.refused("no such image", "InvalidAMIID.NotFound", ImageId=NO_IMAGE)
        self.refused("no such type", "InvalidInstanceType", InstanceType="z9.huge")
        self.refused("no such key", "InvalidKeyPair.NotFound", KeyName="nobody's")
        self.refused("no such zone", "InvalidParameterValue", Placement={"AvailabilityZone": "nowhere-1a"})
        self.refused("more at least than at most", "InvalidParameterCombination", MinCount=2, MaxCount=1)
        self.refused("none at all", "InvalidParameterValue", MinCount=0, MaxCount=0)
        self.refused("a disk smaller than its image", "InvalidBlockDeviceMapping", says="smaller",
                     ImageId=c.big, BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 1}}])
        self.refused("a type that fits no host", "InsufficientInstanceCapacity", says="0 of 1 would fit",
                     InstanceType="m1.xlarge")
        self.refused("more than fit", "InsufficientInstanceCapacity", says="of 20 would fit",
                     InstanceType="t1.medium", MinCount=20, MaxCount=20)
        self.refused("what is not built", "UnsupportedOperation", says="Hibernation", HibernationOptions={"Configured": True})
        self.user_data()
        equal("nothing is left of all that", self.left(c), before)

    def refused(self, text, code, says="", **more):
        wanted = {"ImageId": self.c.image, "InstanceType": cloud.TYPE, "MinCount": 1, "MaxCount": 1, **more}
        refuses(text, code, self.c.ec2.run_instances, says=says, **wanted)

    def user_data(self):
        ask = (f"Action=RunInstances&Version=2016-11-15&ImageId={self.c.image}&InstanceType={cloud.TYPE}&MinCount=1&MaxCount=1"
               "&UserData=%s")
        big = urllib.parse.quote(base64.b64encode(b"x" * 16385))
        for text, data, code in (("not base64", "%21%21%21", "InvalidUserData.Malformed"), ("over 16 KiB", big, "InvalidParameterValue")):
            status, body = post(self.c, ask % data)
            check(f"user data {text}: {code}", status == 400 and f"<Code>{code}</Code>" in body, body[:300])

    @staticmethod
    def left(c):
        ec2 = c.ec2
        return (ec2.describe_instances()["Reservations"], ec2.describe_volumes()["Volumes"],
                ec2.describe_network_interfaces()["NetworkInterfaces"],
                ec2.describe_subnets()["Subnets"][0]["AvailableIpAddressCount"])


# --- images ---------------------------------------------------------------------------------------------------------
def qemu_img(*words):
    cloud.tool("qemu-img", *words)


def patched(source, target, offset, form, value):
    shutil.copy(source, target)
    with open(target, "r+b") as image:
        image.seek(offset)
        image.write(struct.pack(form, value))
    return target


class Images:
    """Each becomes `failed` with the reason, and dos keeps no chunk of it."""

    def __init__(self, c):
        self.c, self.dir = c, os.path.join(c.state, "bad")
        os.makedirs(self.dir, exist_ok=True)
        good = self.path("good.qcow2")
        qemu_img("create", "-q", "-f", "qcow2", good, "4M")
        chunks = self.chunks()
        self.make()
        self.refused("backing", "backing file")
        self.refused("datafile", "external file")
        self.refused("sized", "virtual size", patched(good, self.path("sized.qcow2"), 24, ">Q", 1 << 60))
        self.refused("tabled", "L1 table", patched(good, self.path("tabled.qcow2"), 40, ">Q", 1 << 50))
        self.refused("clustered", "cluster size", patched(good, self.path("clustered.qcow2"), 20, ">I", 40))
        self.refused("cut", "", self.write("cut.qcow2", open(good, "rb").read()[:60]))
        self.refused("garbage", "", self.write("garbage.qcow2", b"QFI\xfb" + os.urandom(70000)))
        self.refused("iso", "CD image", self.write("iso.qcow2", bytes(32769) + b"CD001" + bytes(4096)))
        self.refused("tiny", "sector", self.write("tiny.qcow2", b"x"))
        self.failed("of nothing", "", c.ec2.register_image(Name="none", ImageLocation="images/nothing")["ImageId"])
        equal("dos kept nothing of them", self.chunks(), chunks)
        equal("and converts nothing any more", [n for n in os.listdir(f"{c.state}/dos/jail")], [])

    def make(self):
        qemu_img("create", "-q", "-f", "qcow2", "-F", "raw", "-b", "/etc/passwd", self.path("backing.qcow2"))
        qemu_img("create", "-q", "-f", "qcow2", "-o", f"data_file={self.path('data')}", self.path("datafile.qcow2"), "4M")

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, content):
        with open(self.path(name), "wb") as image:
            image.write(content)
        return self.path(name)

    def chunks(self):
        return sorted(name for _, _, names in os.walk(f"{self.c.state}/dos/chunks") for name in names)

    def refused(self, name, says, path=None):
        self.failed(name, says, self.c.publish(path or self.path(f"{name}.qcow2"), f"bad-{name}"))

    def failed(self, name, says, image):
        cloud.wait(lambda: self.c.image_state(image) != "pending")
        seen = self.c.ec2.describe_images(ImageIds=[image])["Images"][0]
        why = seen.get("StateReason", {}).get("Message", "")
        check(f"image {name}: failed, {why}", seen["State"] == "failed" and why and says in why, seen)
        refuses(f"a launch of image {name}", "InvalidAMIID.Unavailable", self.c.ec2.run_instances, ImageId=image,
                InstanceType=cloud.TYPE, MinCount=1, MaxCount=1)
        self.c.ec2.deregister_image(ImageId=image)


# --- the wire -------------------------------------------------------------------------------------------------------
def raw(url, text, shut=True):
    """What comes back for these bytes."""
    place = urllib.parse.urlsplit(url)
    with socket.create_connection((place.hostname, place.port), timeout=30) as link:
        link.sendall(text)
        if shut:
            link.shutdown(socket.SHUT_WR)
        got = b""
        while piece := link.recv(65536):
            got += piece
    return got.decode(errors="replace")


class Wire:
    def __init__(self, c):
        for name in ("ec2", "s3"):
            two = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"
            answer = raw(c.urls[name], two)
            check(f"{name}: two Content-Lengths: 400", answer.startswith("HTTP/1.1 400"), answer[:200])
            both = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            answer = raw(c.urls[name], both)
            check(f"{name}: length and chunks: 400", answer.startswith("HTTP/1.1 400"), answer[:200])
        self.cut(c)
        equal("both still serve", [len(c.s3.list_buckets()["Buckets"]), c.state_of_nothing()], [1, []])

    def cut(self, c):
        """A PUT of 1 MiB that ends in the middle."""
        request = botocore.awsrequest.AWSRequest("PUT", c.urls["s3"] + "images/cut", data=bytes(1 << 20), headers={
            "Host": urllib.parse.urlsplit(c.urls["s3"]).netloc, "Content-Length": str(1 << 20)})
        botocore.auth.S3SigV4Auth(botocore.credentials.Credentials(c.key_id, c.secret), "s3", c.region).add_auth(request)
        head = "PUT /images/cut HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in request.headers.items()) + "\r\n"
        files = lambda: sorted(os.path.join(d, n) for d, _, ns in os.walk(f"{c.state}/dos") for n in ns if ".db" not in n)
        before = files()
        cutting = socket.create_connection(("127.0.0.1", urllib.parse.urlsplit(c.urls["s3"]).port), timeout=20)
        cutting.sendall(head.encode() + bytes(1 << 19))
        cloud.wait(lambda: files() != before, 5)
        cutting.close()
        equal("what was cut leaves no file", (cloud.wait(lambda: files() == before, 60), set(files()) ^ set(before)), (True, set()))
        refuses("and no object", "404", c.s3.head_object, Bucket="images", Key="cut")

# --- between the tiers ------------------------------------------------------------------------------------------------
class Peers:
    """The tiers' listeners: whose certificate, for whom."""

    def __init__(self, c):
        self.c, port = c, int(c.env["TERCET_PORT"])
        host, cloud_port, cluster_port = f"{c.data()}/identity", port + 8, port + 10
        sync = {"proto": 1, "node": "h2", "boot": "b" * 20, "boot_n": 1, "seq": 1, "t_send": 1}
        status, text = self.ask(cluster_port, host, sync)
        check("a host's certificate used for another host: 403", status == 403 and "certificate of 'h1' used for 'h2'" in text, text)
        check("a host's certificate at the cloud: refused", self.ask(cloud_port, host, sync)[0] in (0, 403))
        status, text = self.ask(cluster_port, None, sync)
        check("no certificate: refused", status in (0, 403), (status, text))
        check("a self-made certificate: refused", self.ask(cluster_port, self.forged(), sync)[0] in (0, 403))
        self.tokens()

    def forged(self):
        folder = os.path.join(self.c.state, "forged")
        os.makedirs(folder, exist_ok=True)
        cloud.tool("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=h1",
                   "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem")
        return folder

    def ask(self, port, identity, body):
        """(status, text); status 0 when the handshake failed."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if identity:
            context.load_cert_chain(f"{identity}/cert.pem", f"{identity}/key.pem")
        link = http.client.HTTPSConnection(f"{self.c.rack}.1", port, timeout=20, context=context)
        try:
            link.request("POST", "/v1/sync", json.dumps(body), {"Content-Type": "application/json"})
            answer = link.getresponse()
            return answer.status, answer.read().decode()
        except (ssl.SSLError, ConnectionError, http.client.HTTPException) as error:
            return 0, str(error)

    def tokens(self):
        """A token is good once, and for its own name."""
        place = os.path.join(self.c.state, "h2")
        run = lambda token: subprocess.run(
            [f"{cloud.BUILD}/tercet-computer-manager", "--config", f"{self.c.state}/conf/h1", "--set", f"computer.data={place}",
             "join", token], capture_output=True, text=True, timeout=60)
        token = cloud.tool(f"{cloud.BUILD}/tercet-cluster-manager", "--config", f"{self.c.state}/conf/cluster-a", "token", "h2").strip()
        spoiled = token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB")
        check("a spoiled token: refused in words", (lambda r: r.returncode != 0 and r.stderr)(run(spoiled)))
        shutil.rmtree(place, ignore_errors=True)
        equal("a good token joins", run(token).returncode, 0)
        shutil.rmtree(place)
        again = run(token)
        check("the same token again: refused", again.returncode != 0 and again.stderr, again)
        cloud.say(f"      it says: {again.stderr.strip().splitlines()[-1] if again.stderr else ''}")


# --- configuration ----------------------------------------------------------------------------------------------------
class Configs:
    """--check-config finds each mistake, says where and what to do, and starts nothing."""

    CASES = (
        ("a misspelt key", "cloud-manager", "[public]\nadress = 127.0.0.1\n", "did you mean public.address"),
        ("a misspelt section", "cluster-manager", "[listn]\ntcp-port = 1\n", "did you mean"),
        ("no number", "dos", "[s3]\ntcp-port = many\n", "s3.tcp-port"),
        ("a number out of range", "cluster-manager", "[listen]\ntcp-port = 70000\n", "listen.tcp-port"),
        ("what must be given", "computer-manager", "[computer]\ndata = /nowhere\n", "computer.parent"),
        ("no INI at all", "dos", "once upon a time\n", "line 1"),
    )

    def __init__(self, c):
        for text, daemon, content, says in self.CASES:
            path = os.path.join(c.state, "bad.conf")
            with open(path, "w", encoding="utf-8") as config:
                config.write(content)
            done = subprocess.run([f"{cloud.BUILD}/tercet-{daemon}", "--config", path, "--check-config"], capture_output=True,
                                  text=True, timeout=30)
            check(f"{text}: {done.stderr.strip()}", done.returncode != 0 and says in done.stderr, done)
        for daemon, conf in (("cloud-manager", "cloud"), ("cluster-manager", "cluster-a"), ("dos", "dos"), ("computer-manager", "h1")):
            done = subprocess.run([f"{cloud.BUILD}/tercet-{daemon}", "--config", f"{c.state}/conf/{conf}", "--check-config"],
                                  capture_output=True, text=True, timeout=30)
            equal(f"{daemon}: the configuration in use is good", done.returncode, 0)


def memory_mib():
    """Of this machine as libvirt counts it, by its nodes: a machine that can grow has less there than it may come to have."""
    paths = glob.glob("/sys/devices/system/node/node*/meminfo")
    return sum(int(re.search(r"MemTotal:\s*(\d+)", open(path, encoding="ascii").read())[1]) for path in paths) >> 10


def main():
    # A host with room for 3 GiB of guests, however large this machine is: some types fit it and some do not.
    os.environ["TERCET_RESERVE_MIB"] = str(memory_mib() - 3072)
    c = cloud.started()
    c.state_of_nothing = lambda: c.ec2.describe_instances()["Reservations"]
    big = os.path.join(c.state, "big.qcow2")
    qemu_img("create", "-q", "-f", "qcow2", big, "2G")
    c.big = c.publish(big, "big")
    for part in (Signatures, Ids, Launches, Images, Wire, Peers, Configs):
        cloud.say(f"--    {part.__name__}")
        part(c)
    cloud.finish()


main()
