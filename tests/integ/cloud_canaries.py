#!/usr/bin/python3
"""I16: no secret in a log, a core file, a command line, an environment, an error or a store that others read. Secrets are planted in a
cloud with a guest, used and misused, and then looked for, as they are and in the spellings that programs give to bytes. A secret may
stand in the one file that is its home, and nowhere else; user data may stand in stores. The search must find what it is shown first."""
import base64
import http.client
import os
import re
import resource
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials

import cloud
from cloud import check, equal, refuses

MARK = "canary-of-user-data-7f3a91"
SSE_KEY = b"canary-of-sse-customer-key-32byt"
GIVEN = "canary/given+as/secret/where/none/belongs"
STORES = re.compile(r"\.db(-wal|-shm|\.before-\d+)?$")
PROCESSES = re.compile(r"tercet-|qemu-system|dnsmasq|libvirtd|virtlogd")


def spellings(secret):
    """As bytes: raw, hex, base64 of both alphabets, and as a query carries it."""
    b64 = base64.b64encode(secret).rstrip(b"=")
    return {secret, secret.hex().encode(), b64, b64.translate(bytes.maketrans(b"+/", b"-_")), urllib.parse.quote_plus(secret).encode()}


class Canaries:
    def __init__(self):
        self.all = {}  # name: (spellings, pattern of the paths that may hold it)

    def plant(self, name, secret, homes="$^"):
        secret = secret.encode() if isinstance(secret, str) else secret
        assert len(secret) >= 16, name
        self.all[name] = (spellings(secret), re.compile(homes))

    def found_in(self, where, content):
        return [f"{name} in {where}" for name, (words, homes) in self.all.items()
                if not homes.search(where) and any(word in content for word in words)]


def body_of(pem):
    """One line of what only this key has."""
    return "".join(pem.split("\n")[2:4])


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


class CommandLines(threading.Thread):
    """Looks at the command lines of this machine all the time: a secret in one that is gone in a moment was still told."""

    def __init__(self):
        super().__init__(daemon=True)
        self.is_over, self.tokens, self.looks = threading.Event(), set(), 0

    def run(self):
        while not self.is_over.wait(0.002):
            for pid in filter(str.isdigit, os.listdir("/proc")):
                line = read(f"/proc/{pid}/cmdline")
                if b"tj1." in line and b"join" in line:
                    self.tokens.add(line[:120])
            self.looks += 1

    def end(self):
        self.is_over.set()
        self.join()


def plant(c, canaries):
    lab = r"/credentials$|/test-key$"
    canaries.plant("the root account's secret key", c.secret, lab)
    other = cloud.tool(f"{cloud.BUILD}/tercet-cloud-manager", "--config", f"{c.state}/conf/cloud", "account", "create", "canary")
    key_id, secret = (re.search(rf"^{name} = (\S+)", other, re.M)[1] for name in ("access_key_id", "secret_access_key"))
    canaries.plant("another account's secret key", secret, lab)
    equal("that account is served", len(c.client("ec2", key_id, secret).describe_vpcs()["Vpcs"]), 1)
    canaries.plant("the private key of a key pair", body_of(c.ec2.create_key_pair(KeyName="canary", KeyType="rsa")["KeyMaterial"]))
    canaries.plant("the master key", bytes.fromhex(read(f"{c.state}/cloud/master.key").decode().strip())
                   if len(read(f"{c.state}/cloud/master.key")) > 32 else read(f"{c.state}/cloud/master.key"), r"/master\.key$")
    for folder in (f"{c.state}/cluster-a/identity", f"{c.state}/dos/identity", f"{c.data()}/identity"):
        home = re.escape(folder)
        canaries.plant(f"the key of {folder[len(c.state):]}", body_of(read(f"{folder}/key.pem").decode()), f"{home}/key.pem$")
        link = read(f"{folder}/link.key").decode().strip()
        if link:
            canaries.plant(f"the link key of {folder[len(c.state):]}", bytes.fromhex(link) if re.fullmatch("[0-9a-f]+", link) else link,
                           f"{home}/link.key$")
    token = cloud.tool(f"{cloud.BUILD}/tercet-cloud-manager", "--config", f"{c.state}/conf/cloud", "token", "--kind", "dos", "--name",
                       "canary").strip()
    canaries.plant("a join token", token)
    canaries.plant("the customer's key of an object", SSE_KEY)
    canaries.plant("what was given as a secret where none belongs", GIVEN)
    canaries.plant("user data", MARK, STORES.pattern)
    return token


def post(c, body):
    """A signed EC2 request, whatever it says: the answer's text."""
    url = urllib.parse.urlsplit(c.urls["ec2"])
    request = botocore.awsrequest.AWSRequest("POST", c.urls["ec2"], data=body, headers={
        "Content-Type": "application/x-www-form-urlencoded", "Host": url.netloc})
    botocore.auth.SigV4Auth(botocore.credentials.Credentials(c.key_id, c.secret), "ec2", c.region).add_auth(request)
    return send(http.client.HTTPConnection(url.hostname, url.port, timeout=20), "POST", "/", body, dict(request.headers.items()))


def send(link, method, target, body=None, headers=None):
    link.request(method, target, body, headers or {})
    answer = link.getresponse()
    return f"{answer.status} {answer.headers} ".encode() + answer.read()


def misuse(c, token):
    """Answers to requests that carry secrets where they do not belong."""
    url = {name: urllib.parse.urlsplit(c.urls[name]) for name in ("ec2", "s3")}
    plain = lambda name: http.client.HTTPConnection(url[name].hostname, url[name].port, timeout=20)
    tier = http.client.HTTPSConnection(f"{c.rack}.1", int(c.env["TERCET_PORT"]) + 8, timeout=20, context=ssl._create_unverified_context())
    given, data = urllib.parse.quote_plus(GIVEN), base64.b64encode(MARK.encode() * 2000).decode()
    private = urllib.parse.quote_plus(base64.b64encode(read(c.key)).decode())
    return [
        post(c, f"Action=DescribeVpcs&SecretAccessKey={given}&Version=2016-11-15"),
        post(c, f"Action=DescribeVpcs&Version={given}"),
        post(c, f"Action=RunInstances&ImageId={c.image}&MinCount=1&MaxCount=1&UserData={urllib.parse.quote_plus(data)}&Version=2016-11-15"),
        post(c, f"Action=RunInstances&ImageId={c.image}&MinCount=1&MaxCount=1&UserData=%%{MARK}&Version=2016-11-15"),
        post(c, f"Action=ImportKeyPair&KeyName=own&PublicKeyMaterial={private}&Version=2016-11-15"),
        send(plain("ec2"), "GET", f"/?Action=DescribeVpcs&AWSSecretKey={given}"),
        send(plain("ec2"), "GET", "/v1/instances", headers={"Authorization": f"Bearer {GIVEN}"}),
        send(plain("ec2"), "POST", "/v1/instances", f'{{"userData":"{MARK}","secret":"{GIVEN}"', {"Content-Type": "application/json"}),
        send(plain("s3"), "GET", f"/images/a?X-Amz-Security-Token={given}&AWSAccessKeyId={c.key_id}&Signature={given}&Expires=1"),
        send(plain("s3"), "PUT", "/images/a", b"x", {"x-amz-server-side-encryption-customer-key": base64.b64encode(SSE_KEY).decode(),
                                                    "x-amz-server-side-encryption-customer-algorithm": "AES256"}),
        send(tier, "POST", "/v1/join", f'{{"node":"canary","token":"{token}","csr":"none"}}', {"Content-Type": "application/json"}),
        send(tier, "POST", "/v1/join", f'{{"node":"other","token":"{token}","csr":"none"}}', {"Content-Type": "application/json"}),
    ]


def sse(c):
    """A client that means it hears that it is not there, and its key is not kept."""
    refuses("a customer's key", "NotImplemented", c.s3.put_object, Bucket="images", Key="sealed", Body=b"x",
            SSECustomerAlgorithm="AES256", SSECustomerKey=SSE_KEY)


def files(c, canaries):
    """Every file that the cloud keeps, but disks of guests and objects, which are what tenants put there."""
    found, looked = [], 0
    for folder, _, names in os.walk(c.state):
        for name in names:
            path = os.path.join(folder, name)
            if re.search(r"\.(raw|qcow2|img|fd)$|/objects/|/chunks/|/tmp/", path) or not os.path.isfile(path):
                continue
            content = read(path)
            looked += 1
            found += canaries.found_in(path, content)
            if b"PRIVATE KEY-----" in content and not re.search(r"/identity/key\.pem$|/test-key$", path):
                found.append(f"a private key in {path}")
    check(f"{looked} files were looked through", looked > 30)
    return found


def processes(c, canaries):
    found, seen = [], []
    ours = {c.pid(name) for name in cloud.DAEMONS} | {pid for pid, name in c.processes() if PROCESSES.search(name)}
    for pid in sorted(filter(None, ours)):
        line = read(f"/proc/{pid}/cmdline")
        seen.append(os.path.basename(line.split(b"\0")[0].decode()))
        found += canaries.found_in(f"the command line of {seen[-1]}", line)
        found += canaries.found_in(f"the environment of {seen[-1]}", read(f"/proc/{pid}/environ"))
    for name in ("tercet-cloud-manager", "tercet-dos", "tercet-computer-network", "qemu-system-x86_64", "dnsmasq"):
        check(f"{name} was looked at", name in seen, seen)
    return found


def cores(c):
    """None is left, although this machine would have one: each daemon has bounded itself, and is killed as an abort kills it."""
    for name in cloud.DAEMONS:
        limits = read(f"/proc/{c.pid(name)}/limits").decode()
        equal(f"{name} leaves no core", re.search(r"Max core file size +(\d+) +(\d+)", limits).groups(), ("0", "0"))
    settings = [f"cloud.data={c.state}/cloud", "tier.tcp-port=0", "public.tcp-port=0", "status.tcp-port=-1"]
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    child = subprocess.Popen([f"{cloud.BUILD}/tercet-cloud-manager", *[word for s in settings for word in ("--set", s)]],
                             stderr=subprocess.PIPE, cwd=c.state, env={**os.environ, "ASAN_OPTIONS": "disable_coredump=0:handle_abort=0"},
                             preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, unlimited))
    for line in child.stderr:
        if b"cloud.ready" in line:
            break
    child.send_signal(signal.SIGABRT)
    child.stderr.read()
    _, status = os.waitpid(child.pid, 0)
    check("it was ended by that signal, without a core", os.WIFSIGNALED(status) and not os.WCOREDUMP(status), status)


def selftest():
    shown = Canaries()
    shown.plant("one", b"\xfbsecret of sixteen?", r"/home$")
    for word in spellings(b"\xfbsecret of sixteen?"):
        equal(f"the search sees {word[:12]}", shown.found_in("/log", b"x" + word + b"y"), ["one in /log"])
    equal("its home is its home", shown.found_in("/home", b"\xfbsecret of sixteen?"), [])


def promises():
    """docs/security.md names tests that are there."""
    with open(f"{cloud.SOURCE}/docs/security.md", encoding="utf-8") as page:
        named = re.findall(r"(tests/[\w/]+\.(?:py|c|md))(?:: (\w+))?", page.read())
    check(f"docs/security.md names {len(named)} tests", len(named) > 30)
    lost = [f"{path}: {name}" for path, name in named if not os.path.isfile(f"{cloud.SOURCE}/{path}") or
            name.encode() not in read(f"{cloud.SOURCE}/{path}")]
    equal("those that are not there", lost, [])


def main():
    selftest()
    promises()
    lines = CommandLines()
    lines.start()
    c, canaries = cloud.Cloud(), Canaries()
    shutil.rmtree(c.state, ignore_errors=True)  # an earlier run's logs
    try:
        c.start()
        lines.end()
        equal(f"tokens on command lines, in {lines.looks} looks", lines.tokens, set())
        c.furnish()
        token = plant(c, canaries)
        instance = c.run(UserData=MARK)[0]
        c.reaches(instance, "running")
        sse(c)
        for at, answer in enumerate(misuse(c, token)):
            equal(f"answer {at} ({answer[:3].decode()}) tells no secret", canaries.found_in("it", answer), [])
        equal("in processes", processes(c, canaries), [])
        cores(c)
        equal("in files", files(c, canaries), [])
    finally:
        equal("the machine is as it was", c.stop(), True)
    cloud.finish()


if __name__ == "__main__":
    sys.exit(main())
