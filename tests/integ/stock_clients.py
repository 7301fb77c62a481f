#!/usr/bin/python3
"""Clients that were written for AWS and know nothing of us: an Ansible playbook (amazon.aws) and a program on Amazon's library
for JavaScript. Both live a whole instance life; stock/ holds what they run."""
import json
import os
import shutil
import subprocess

import cloud
from cloud import check, equal

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "stock")


def surroundings(c):
    return dict(c.env, EC2_URL=c.urls["ec2"], STS_URL=c.urls["sts"], AWS_ACCESS_KEY_ID=c.key_id, AWS_SECRET_ACCESS_KEY=c.secret,
                AWS_DEFAULT_REGION=c.region, IMAGE_ID=c.image, ANSIBLE_NOCOLOR="1", ANSIBLE_LOCALHOST_WARNING="False",
                ANSIBLE_INVENTORY_UNPARSED_WARNING="False", ANSIBLE_HOME=os.path.join(c.state, "ansible"))


def run(c, text, *argv, **kw):
    """Its output when it succeeded, else what it said is shown."""
    done = subprocess.run(argv, capture_output=True, text=True, timeout=400, env=surroundings(c), check=False, **kw)
    said = (done.stdout + done.stderr)[-1500:]
    return done.stdout if check(text, done.returncode == 0, said) else ""


def ansible(c):
    said = run(c, "the playbook runs to its end", "ansible-playbook", "-i", "localhost,", "-e", f"image={c.image}", "-e",
               f"public_key={c.key}.pub", "-e", "ansible_python_interpreter=/usr/bin/python3", f"{HERE}/site.yml")
    check("no task failed or was left out", "failed=0" in said and "unreachable=0" in said and "skipped=0" in said, said[-300:])


def javascript(c):
    """The library comes from the npm registry and is kept between runs."""
    place = os.path.join(os.environ.get("TERCET_CACHE") or c.state, "stock-js")
    os.makedirs(place, exist_ok=True)
    shutil.copy(f"{HERE}/package.json", place)
    shutil.copy(f"{HERE}/client.mjs", place)
    if not run(c, "the library is there", "npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--prefer-offline",
               cwd=place):
        return
    said = run(c, "the program runs to its end", "node", "client.mjs", cwd=place)
    seen = json.loads(said.splitlines()[-1]) if said else {}
    for what, wanted in {
            "zones": [[c.zone, "available"]], "image": ["available", "boolean", True], "key": True,
            "launched": [2, True, "grüße & <küsse>"], "running": "SUCCESS", "found": True, "tag": "",
            "error": ["InvalidInstanceID.NotFound", 400, "string"], "terminated": "SUCCESS"}.items():
        equal(f"it saw: {what}", seen.get(what), wanted)


def main():
    c = cloud.started()
    ansible(c)
    javascript(c)
    cloud.finish()


main()
