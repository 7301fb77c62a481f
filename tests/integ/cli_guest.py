#!/usr/bin/python3
"""A guest's whole life by nothing but tercet: upload, keys, launch, console, SSH, reboot, stop, start, delete. One command
for each step, as the documentation has them; --wait is what ends each."""
import json
import os
import re
import shlex
import stat
import subprocess

import cloud
from cloud import check, equal, until


class Tercet:
    def __init__(self, c):
        self.folder = os.path.join(c.state, "tercet")
        os.makedirs(self.folder, exist_ok=True)
        # Guests are reached from inside the host; the API is asked from outside.
        wrapper = os.path.join(self.folder, "ssh")
        with open(wrapper, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\nexec {cloud.SOURCE}/deploy/rack/host exec h1 /usr/bin/ssh -o UserKnownHostsFile=/dev/null "$@"\n')
        os.chmod(wrapper, stat.S_IRWXU)
        self.environ = {**c.env, "PATH": f"{self.folder}:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": self.folder, "EC2_URL": c.urls["ec2"],
                        "S3_URL": c.urls["s3"], "AWS_ACCESS_KEY_ID": c.key_id, "AWS_SECRET_ACCESS_KEY": c.secret,
                        "AWS_DEFAULT_REGION": c.region}

    def __call__(self, words, status=0):
        """stdout; says whether it ended with that status."""
        done = subprocess.run([os.path.join(cloud.BUILD, "tercet"), *shlex.split(words)], capture_output=True, text=True, timeout=240,
                              check=False, env=self.environ, cwd=self.folder, stdin=subprocess.DEVNULL)
        check(f"tercet {words}", done.returncode == status, f"{done.returncode}, not {status}: {done.stdout}{done.stderr}")
        self.said = done.stderr
        return done.stdout

    def rows(self, words):
        return json.loads(self(f"{words} -o json") or "[]")


def prepare(tercet):
    tercet(f"image upload {cloud.GUEST} --name tiny --wait")
    tercet("keypair create me --type ed25519 --file me")
    tercet("group allow default --protocol tcp --port 22 --cidr 0.0.0.0/0")
    hosts = tercet.rows("host list")
    equal("one host", [h["hostId"] for h in hosts], ["h1"])
    check("it says what is free", {r["class"] for r in hosts[0]["roomSet"]} >= {"memory_mib", "vcpu", "disk_gib"}, hosts)


def launch(tercet):
    made = tercet.rows("instance create --image tiny --type t1.nano --key me --name web --user-data hello --wait")
    equal("it runs when --wait is over", [i["instanceState"]["name"] for i in made], ["running"])
    equal("it has its name", made[0]["tagSet"], [{"key": "Name", "value": "web"}])
    equal("the list shows it", tercet("instance list --no-header --columns id,name,state").split(),
          [made[0]["instanceId"], "web", "running"])
    return made[0]["instanceId"]


def look(tercet, boots):
    until(f"the console tells of boot {boots}", lambda: console(tercet).count("TERCET-GUEST ready=") >= boots)
    equal("SSH runs a command", tercet(f"instance ssh web --identity {tercet.folder}/me -- cat /data/boots").strip(), str(boots))


def console(tercet):
    done = subprocess.run([os.path.join(cloud.BUILD, "tercet"), "instance", "console", "web"], capture_output=True, text=True, check=False,
                          env=tercet.environ, errors="replace")
    return done.stdout


def main():
    c = cloud.started(furnished=False)
    tercet = Tercet(c)
    prepare(tercet)
    instance = launch(tercet)
    look(tercet, 1)
    tercet("instance stop web --wait")
    equal("it is stopped", tercet("instance get web --no-header --columns state").strip(), "stopped")
    tercet("instance ssh web --identity me -- true", 5)
    tercet(f"instance start {instance[:12]} --wait")
    look(tercet, 2)
    gone = tercet.rows("instance delete web --wait")
    equal("it is terminated", gone[0]["currentState"], {"code": 48, "name": "terminated"})
    check("nobody has that name any more", re.search(r"terminated", tercet("instance get web")), tercet.said)
    equal("its disk is gone", tercet.rows("volume list"), [])
    cloud.finish()


main()
