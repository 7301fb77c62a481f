#!/usr/bin/python3
"""A Debian 12 guest as its users know it, launched through the public API: cloud-init finds EC2's metadata behind tokens,
sets the host name, the key of the user `debian` and the size of the root, and runs user data of several parts, compressed;
SSH lets in; a stop is clean, and a start finds all of it and runs nothing twice.

usage: debian.py IMAGE.qcow2      (deploy/guest/make-debian; `make check-guest` calls both)"""
import email.mime.multipart
import email.mime.text
import gzip
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integ"))
import cloud
from cloud import check, equal, until

BOOT = 600  # seconds that a boot may take where every instruction is emulated
ROOT_GIB = 4
SCRIPT = "#!/bin/sh\necho ran >>/var/tmp/script\nid -un >/var/tmp/who\n"
CONFIG = "#cloud-config\nwrite_files:\n  - {path: /var/tmp/config, content: written}\n"


def user_data():
    whole = email.mime.multipart.MIMEMultipart()
    for text, kind in ((SCRIPT, "x-shellscript"), (CONFIG, "cloud-config")):
        whole.attach(email.mime.text.MIMEText(text, kind))
    return gzip.compress(whole.as_bytes())


class Guest:
    def __init__(self, c):
        self.c = c
        self.id = c.run(InstanceType="t1.small", UserData=user_data(), MetadataOptions={"HttpTokens": "required"},
                        BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": ROOT_GIB}}])[0]
        self.address = c.instance(self.id)["PrivateIpAddress"]

    def ask(self, command):
        return self.c.ssh(self.address, command, user="debian", check=False)

    def boots(self, text):
        begin = time.monotonic()
        until(f"{text}: SSH lets in who has the key", lambda: self.ask("id -un") == "debian", BOOT)
        cloud.say(f"      after {time.monotonic() - begin:.0f} s")
        until(f"{text}: cloud-init has finished", lambda: self.ask("test -e /run/cloud-init/result.json && echo yes") == "yes", BOOT)
        cloud.say(f"      after {time.monotonic() - begin:.0f} s")

    def is_as_wished(self, text):
        result = json.loads(self.ask("cat /run/cloud-init/result.json") or "{}").get("v1", {})
        equal(f"{text}: cloud-init met no error", result.get("errors"), [])
        check(f"{text}: its source is EC2's", result.get("datasource", "").startswith("DataSourceEc2"), result)
        equal(f"{text}: it knows its instance", self.ask("cat /var/lib/cloud/data/instance-id"), self.id)
        equal(f"{text}: its name", self.ask("hostname"), "ip-" + self.address.replace(".", "-"))
        equal(f"{text}: the script of the user data ran once, as root", self.ask("cat /var/tmp/script /var/tmp/who"), "ran\nroot")
        equal(f"{text}: the other part of it wrote its file", self.ask("cat /var/tmp/config"), "written")
        size = int(self.ask("df --output=size -B1M / | tail -n 1") or 0)
        check(f"{text}: its root has grown to the disk: {size} MiB", size > (ROOT_GIB - 1) * 1024)

    def stops(self):
        begin = time.monotonic()
        self.c.ec2.stop_instances(InstanceIds=[self.id])
        self.c.reaches(self.id, "stopped", 120)
        cloud.say(f"      after {time.monotonic() - begin:.0f} s")
        check("the stop was clean", "reboot: Power down" in self.c.console(self.id), self.c.console(self.id)[-300:])


def main():
    c = cloud.started(furnished=False)
    c.furnish(sys.argv[1], "debian", 300)
    guest = Guest(c)
    c.reaches(guest.id, "running")
    guest.boots("the first boot")
    guest.is_as_wished("the first boot")
    guest.stops()
    c.ec2.start_instances(InstanceIds=[guest.id])
    guest.boots("the second boot")
    guest.is_as_wished("the second boot")
    c.terminate(guest.id)
    cloud.finish()


if __name__ == "__main__":
    sys.exit(main())
