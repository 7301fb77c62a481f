#!/usr/bin/env python3
"""The tiny guest (deploy/guest): boots from its disk with 128 MiB, gets its address, asks the metadata service, takes
its SSH key and its user data, counts its boots, and goes when the power button is pressed. Without libvirt: QEMU's user
network puts 169.254.0.0/16 in front of the guest, and this file answers each connection to the metadata service."""
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(os.environ.get("TERCET_SOURCE", "."))
PATIENCE_S = 60


INSTANCE = "i-0123456789abcdef0"
USER_DATA = "#!/bin/sh\necho hello from $(hostname)\nexit 7\n"


def answer_metadata(state):
    """One connection of the guest to 169.254.169.254, on standard input and output: IMDSv2 only where the file `v2` is
    there, else v1 only. What was asked is kept in the file `asked`."""
    request = sys.stdin.readline().split()
    headers = {}
    while (line := sys.stdin.readline().strip()):
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    status, body = route(state, request[0], request[1].removeprefix("/latest/"), headers)
    with open(state / "asked", "a", encoding="ascii") as asked:
        print(request[0], request[1], status, file=asked)
    sys.stdout.write(f"HTTP/1.1 {status} -\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}")


def route(state, method, name, headers):
    only_v2, token = (state / "v2").exists(), "token-of-this-test=="
    if method == "PUT":
        good = only_v2 and name == "api/token" and "x-aws-ec2-metadata-token-ttl-seconds" in headers
        return (200, token) if good else (405, "")
    if only_v2 and headers.get("x-aws-ec2-metadata-token") != token:
        return 401, ""
    tree = {"meta-data/instance-id": INSTANCE, "meta-data/local-hostname": "ip-169-254-0-15.internal",
            "meta-data/public-keys/0/openssh-key": (state / "key.pub").read_text(), "user-data": USER_DATA}
    return (200, tree[name]) if name in tree else (404, "")


class Guest:
    """One boot of the disk."""

    def __init__(self, disk, work):
        self.serial, self.monitor = work / f"serial.{time.monotonic_ns()}", work / "monitor"
        self.ssh_port = free_port()
        self.process = subprocess.Popen(
            ["qemu-system-x86_64", "-M", "pc", "-cpu", "qemu64", "-accel", "tcg,tb-size=32", "-m", "128", "-nodefaults",
             "-display", "none", "-serial", f"file:{self.serial}", "-monitor", f"unix:{self.monitor},server=on,wait=off",
             "-drive", f"file={disk},if=virtio,format=qcow2", "-device", "virtio-net-pci,netdev=n,romfile=",
             "-netdev", "user,id=n,net=169.254.0.0/16,dhcpstart=169.254.0.15,restrict=on,"
             f"guestfwd=tcp:169.254.169.254:80-cmd:{sys.executable} {__file__} {work},"
             f"hostfwd=tcp:127.0.0.1:{self.ssh_port}-:22"])

    def fact(self, pattern):
        """Waits for a line `TERCET-GUEST pattern` and gives its match."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            text = self.serial.read_text(errors="replace") if self.serial.exists() else ""
            found = re.search(rf"^TERCET-GUEST {pattern}", text, re.M)
            if found:
                return found
            assert self.process.poll() is None or "halt=" in pattern, f"QEMU ended before {pattern!r}:\n{text}"
            time.sleep(0.1)
        raise AssertionError(f"no {pattern!r} in {PATIENCE_S} s:\n{text}")

    def press_power(self):
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.connect(str(self.monitor))
            monitor.recv(1000)
            monitor.sendall(b"system_powerdown\n")
            self.fact("event=powerbutton")
            self.process.wait(PATIENCE_S)

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def first_boot(guest, work):
    assert guest.fact(r"boots=(\d+)")[1] == "1"
    assert guest.fact(r"dhcp=bound if=eth0 ip=(\S+)")[1] == "169.254.0.15/16"
    guest.fact("imds=v2")
    guest.fact(f"instance-id={INSTANCE}")
    guest.fact("ssh-key=ssh-ed25519,test")
    guest.fact("user-data-out: hello from ip-169-254-0-15")
    guest.fact("user-data-rc=7")
    guest.fact("ready=1")
    guest.fact("ssh=up")
    ssh = ["ssh", "-i", work / "key", "-p", str(guest.ssh_port), "-o", "StrictHostKeyChecking=no",
           "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes", "-o", "ConnectTimeout=20", "root@127.0.0.1"]
    found = subprocess.run([*ssh, "cat /run/instance-id"], capture_output=True, text=True, timeout=60, check=False)
    assert found.stdout.strip() == INSTANCE, found.stderr
    guest.press_power()


def second_boot(guest):
    """The same disk, and a metadata service that knows version 1 only."""
    assert guest.fact(r"boots=(\d+)")[1] == "2"
    guest.fact("imds=v1")
    guest.fact("user-data=ran-before")
    guest.fact("beat=1 ")
    guest.fact("ready=1")


def make_disk(work):
    subprocess.run([SOURCE / "deploy/guest/make-tiny", work / "tiny.qcow2"], check=True)
    assert (work / "tiny.qcow2").stat().st_size < 40 << 20
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", "tiny.qcow2", work / "disk.qcow2", "1G"],
                   check=True)
    return work / "disk.qcow2"


def main():
    with tempfile.TemporaryDirectory(prefix="tercet-guest.") as name:
        work = pathlib.Path(name)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", work / "key"], check=True)
        disk = make_disk(work)
        (work / "v2").touch()
        for boot in (lambda g: first_boot(g, work), second_boot):
            guest = Guest(disk, work)
            try:
                boot(guest)
            finally:
                guest.end()
            (work / "v2").unlink(missing_ok=True)
        print((work / "asked").read_text())


if len(sys.argv) > 1:
    answer_metadata(pathlib.Path(sys.argv[1]))
else:
    main()
