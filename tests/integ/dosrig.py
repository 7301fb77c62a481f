"""What the tests of dos share: a daemon, clients, requests signed by botocore to be sent byte by byte.

Each test is a script: NAME.py DOS JAIL [TEST...]     DOS: tercet-dos, JAIL: tercet-image-jail; TEST: only these"""
import contextlib
import datetime
import http.client
import os
import pathlib
import random
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.request

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.exceptions

ACCOUNT, OTHER = "000000000001", "000000000002"
KEYS = {ACCOUNT: ("AKIDTEST000000000001", "secret/of+the/first"), OTHER: ("AKIDTEST000000000002", "secret/of+the/other")}
PATIENCE_S = 60
MIB = 1 << 20


class Dos:
    """One daemon on a data folder of its own."""

    def __init__(self, program, jail, work, **options):
        self.program, self.work, self.process, self.port = program, work, None, None
        self.data = work / "data"
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.settings = {"dos.data": self.data, "s3.tcp-port": 0, "status.tcp-port": 0, "image.jail": jail, "limits.garbage-ms": 1,
                         **{name.replace("__", ".").replace("_", "-"): value for name, value in options.items()}}

    def line(self, *verb):
        return [self.program, *[word for name, value in self.settings.items() for word in ("--set", f"{name}={value}")], *verb]

    def verb(self, *verb, stdin=""):
        subprocess.run(self.line(*verb), input=stdin, text=True, check=True, timeout=PATIENCE_S)

    def start(self):
        with open(self.work / "log", "ab") as log:
            begin = log.tell()
            self.process = subprocess.Popen(self.line(), stderr=log)
        text = wait("dos is ready", lambda: self.ready(begin))
        ports = dict(re.findall(r'dos\.listens what="?([a-z0-9 ]+?)"? address=\S+ port=(\d+)', text))
        status = re.search(r"status\.listens \S+ port=(\d+)", text)  # none, where a test wants none
        self.status_port = status and int(status[1])
        self.port, self.tier_port, self.tls_port = (int(ports.get(name, 0)) for name in ("s3", "tier", "s3 tls"))
        wait("dos has read its index", lambda: self.process.poll() is not None or self.probe() != 503)
        return self

    def probe(self):
        """The status that a stranger gets; 0 without an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()

    def ready(self, begin):
        if self.process.poll() is not None:
            raise AssertionError((self.work / "log").read_text())
        text = (self.work / "log").read_bytes()[begin:].decode()
        return text if "dos.ready" in text else None

    def figure(self, name):
        """One of /metrics."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.status_port}/metrics", timeout=PATIENCE_S) as page:
            return int(re.search(rf"^{name} (\d+)$", page.read().decode(), re.M)[1])

    def kill(self, number=signal.SIGKILL):
        self.process.send_signal(number)
        status = self.process.wait(PATIENCE_S)
        return status

    def stop(self):
        status = self.kill(signal.SIGTERM)
        assert status == 0, f"dos ended with {status}: {(self.work / 'log').read_text()[-3000:]}"

    def client(self, account=ACCOUNT, secret=None, key=None, roots=None, **options):
        url = f"https://127.0.0.1:{self.tls_port}" if roots else f"http://127.0.0.1:{self.port}"
        config = botocore.config.Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}, max_pool_connections=64,
                                        **options)
        return boto3.client("s3", endpoint_url=url, region_name="us-east-1", verify=str(roots) if roots else None,
                            aws_access_key_id=key or KEYS[account][0], aws_secret_access_key=secret or KEYS[account][1],
                            config=config)

    def rows(self, sql):
        with contextlib.closing(sqlite3.connect(f"file:{self.data}/index.db?mode=ro", uri=True)) as index:
            return index.execute(sql).fetchall()

    def rows_write(self, sql):
        """Only while it does not run."""
        with contextlib.closing(sqlite3.connect(self.data / "index.db", isolation_level=None)) as index:
            index.executescript(sql)

    def files(self, folder):
        return [path for path in (self.data / folder).rglob("*") if path.is_file()]


def wait(what, condition, patience_s=PATIENCE_S):
    end = time.monotonic() + patience_s
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {patience_s} s: {what}")
        threading.Event().wait(0.05)
    return value


@contextlib.contextmanager
def refused(code, status=None):
    """The S3 error that must come."""
    try:
        yield
    except botocore.exceptions.ClientError as error:
        have = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
        assert have[0] == code and status in (None, have[1]), f"{have}, not {code} {status or ''}: {error}"
    else:
        raise AssertionError(f"no {code}")


def noise(size, seed=1):
    return random.Random(seed).randbytes(size)


def signed(dos, method, target, body=b"", headers=None, account=ACCOUNT, at=None, payload=None, service="s3", region="us-east-1",
           keys=None):
    """Headers of a request signed by botocore, as bytes for a socket."""
    url = f"http://127.0.0.1:{dos.port}{target}"
    request = botocore.awsrequest.AWSRequest(method, url, dict(headers or {}), body)
    real, botocore.auth.datetime = botocore.auth.datetime, Clock(at) if at else botocore.auth.datetime
    try:
        make = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
        signer = make(botocore.credentials.Credentials(*(keys or KEYS[account])), service, region)
        if payload:
            signer.payload = lambda request: payload
        signer.add_auth(request)
    finally:
        botocore.auth.datetime = real
    return {**{"Host": f"127.0.0.1:{dos.port}"}, **dict(request.headers.items())}


class Clock:
    """A datetime module that is wrong about the time."""

    def __init__(self, at):
        self.datetime = type("datetime", (datetime.datetime,), {"utcnow": classmethod(lambda cls: at)})

    def __getattr__(self, name):
        return getattr(datetime, name)


def call(dos, method, target, body=b"", **options):
    """(status, body) of a signed request."""
    connection = http.client.HTTPConnection("127.0.0.1", dos.port, timeout=PATIENCE_S)
    connection.request(method, target, body, signed(dos, method, target, body, **options))
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, text


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, timeout=PATIENCE_S, capture_output=True)


def make_certificates(folder):
    folder.mkdir()
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", folder / "root.key",
            "-out", folder / "ca.pem", "-subj", "/CN=root", "-days", 2)
    for name in ("dos", "host-1", "host-2"):
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", folder / f"{name}.key",
                "-out", folder / "csr", "-subj", f"/CN={name}")
        (folder / "names").write_text(f"subjectAltName=DNS:{name},IP:127.0.0.1\n")
        openssl("x509", "-req", "-in", folder / "csr", "-CA", folder / "ca.pem", "-CAkey", folder / "root.key", "-CAcreateserial",
                "-days", 2, "-extfile", folder / "names", "-out", folder / f"{name}.pem")


def run(tests, **options):
    """Runs the tests that the command line names, or all, against one daemon; ends the program."""
    program, jail, *only = sys.argv[1:]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="tct-dos-") as folder:
        dos = Dos(os.path.abspath(program), os.path.abspath(jail), pathlib.Path(folder), **options)
        for account, (key, secret) in KEYS.items():
            dos.verb("add-key", key, account, stdin=secret + "\n")
        dos.start()
        for test in tests:
            if only and test.__name__ not in only:
                continue
            begin, word = time.monotonic(), "ok"
            try:
                test(dos)
            except Exception:  # whatever it is, the next test shall run
                word, failed = "FAIL", failed + 1
                traceback.print_exc()
            print(f"{word:4} {test.__name__}  {time.monotonic() - begin:.1f}s", flush=True)
            if dos.process.poll() is not None:
                failed += 1
                break
        if dos.process.poll() is None:
            dos.stop()
        if failed:
            print((dos.work / "log").read_text()[-4000:])
    sys.exit(1 if failed else 0)
