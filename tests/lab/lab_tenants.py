#!/usr/bin/python3
"""Six guests of two accounts on three hosts, with the same private addresses in both: neighbours reach each other across hosts
by rules of groups alone, the world reaches what is opened, and neither sees the other. Every daemon is killed once, and a
libvirtd stands still; guests run on, and in the end no host knows them any more.

Commands are run in guests by way of their public addresses: those differ."""
import os
import re
import signal
import sys
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integ"))
import cloud
from cloud import check, equal, until
from lab_story import Guests

CONVERGES = 60.0  # seconds, after a fault has ended
EVERYWHERE = [{"CidrIp": "0.0.0.0/0"}]


def tcp(port, **ends):
    return [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **ends}]


class Tenant:
    """An account with a guest on each host: one that serves, one that asks, one that is a stranger to both."""

    def __init__(self, c, name, ec2, key):
        self.c, self.name, self.ec2, self.key = c, name, ec2, key
        self.web, self.client = [ec2.create_security_group(GroupName=f"{name}-{role}", Description=role)["GroupId"]
                                 for role in ("web", "client")]
        self.ssh = ec2.create_security_group(GroupName=f"{name}-ssh", Description="for the test itself")["GroupId"]
        ec2.authorize_security_group_ingress(GroupId=self.ssh, IpPermissions=tcp(22, IpRanges=EVERYWHERE))

    def launch(self):
        roles = ([self.ssh, self.web], [self.ssh, self.client], [self.ssh])
        self.ids = [self.ec2.run_instances(ImageId=self.c.image, InstanceType=cloud.TYPE, KeyName="test", MinCount=1, MaxCount=1,
                                           SecurityGroupIds=groups)["Instances"][0]["InstanceId"] for groups in roles]

    def running(self):
        return all(i["State"]["Name"] == "running" for i in self.described())

    def described(self):
        found = self.ec2.describe_instances(InstanceIds=self.ids)["Reservations"]
        by_id = {i["InstanceId"]: i for r in found for i in r["Instances"]}
        return [by_id[i] for i in self.ids]

    def arrived(self):
        """Reads the addresses of guests that run."""
        shown = self.described()
        self.private = [i["PrivateIpAddress"] for i in shown]
        self.public = [i["PublicIpAddress"] for i in shown]

    def run(self, number, command):
        return cloud.tool("ssh", "-i", self.key, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
                          "LogLevel=ERROR", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", f"root@{self.public[number]}",
                          command, check=False).strip()

    def fetches(self, number, address):
        """What the guest gets from that private address: whose page it is, "" when there is none."""
        said = self.run(number, f"timeout 3 wget -q -O - http://{address}/cgi-bin/status 2>&1")
        found = re.search(r"^instance=(\S+)", said, re.M)
        return found.group(1) if found else ""


def from_outside(address):
    try:
        with urllib.request.urlopen(f"http://{address}/cgi-bin/status", timeout=2) as answer:
            found = re.search(r"^instance=(\S+)", answer.read().decode(), re.M)
            return found.group(1) if found else ""
    except (OSError, urllib.error.URLError):
        return ""


def second_account(c):
    """(client, account) of a new one that may use the image and the key."""
    said = cloud.tool(f"{cloud.BUILD}/tercet-cloud-manager", "--config", f"{c.state}/conf/cloud", "account", "create", "other")
    words = dict(re.findall(r"^(\w+) *= *(\S+)", said, re.M))
    ec2 = c.client("ec2", words["access_key_id"], words["secret_access_key"])
    c.ec2.modify_image_attribute(ImageId=c.image, LaunchPermission={"Add": [{"UserId": words["account"]}]})
    with open(c.key + ".pub", "rb") as public:
        ec2.import_key_pair(KeyName="test", PublicKeyMaterial=public.read())
    return ec2


def launched(c):
    one, other = Tenant(c, "one", c.ec2, c.key), Tenant(c, "other", second_account(c), c.key)
    for tenant in (one, other):
        tenant.launch()
        until(f"three guests of {tenant.name} run", tenant.running)
        tenant.arrived()
    guests = Guests(c, one.ids + other.ids)
    until("all have booted", lambda: all(guests.boots(i) == 1 for i in guests.ids))
    for tenant in (one, other):
        equal(f"{tenant.name} has one on each host", sorted(guests.host[i] for i in tenant.ids), c.hosts)
        until("all answer at their public addresses",
              lambda tenant=tenant: all(tenant.run(n, "echo yes") == "yes" for n in range(3)))
    equal("both have the same private addresses", sorted(one.private), sorted(other.private))
    return one, other, guests


def by_rules_alone(one, other):
    for tenant in (one, other):
        check(f"{tenant.name}: without a rule nobody gets the page", not any(tenant.fetches(n, tenant.private[0]) for n in (1, 2)))
    one.ec2.authorize_security_group_ingress(GroupId=one.web, IpPermissions=tcp(80, UserIdGroupPairs=[{"GroupId": one.client}]))
    until("who is in the group gets the page of its own neighbour, on another host",
          lambda: one.fetches(1, one.private[0]) == one.ids[0])
    equal("who is not in it does not", one.fetches(2, one.private[0]), "")
    equal("the other account has no such rule", other.fetches(1, other.private[0]), "")
    other.ec2.authorize_security_group_ingress(GroupId=other.web, IpPermissions=tcp(80, IpRanges=EVERYWHERE))
    until("the world gets what the other opened", lambda: from_outside(other.public[0]) == other.ids[0])
    equal("and not what the first did not", from_outside(one.public[0]), "")
    until("the other's own guests get it, too", lambda: other.fetches(2, other.private[0]) == other.ids[0])


def holds(text, one, other):
    """What was so before is so."""
    until(f"{text}: each has its own neighbour's page", lambda: one.fetches(1, one.private[0]) == one.ids[0] and
          other.fetches(1, other.private[0]) == other.ids[0], CONVERGES)
    equal(f"{text}: and a stranger has none", one.fetches(2, one.private[0]), "")


def killed(c, one, other, guests):
    for on in c.hosts:
        for daemon in ("computer-network", "computer-hypervisor", "computer-manager"):
            c.kill(daemon, on)
    for daemon in ("cluster-manager", "cloud-manager", "dos"):
        c.kill(daemon)
    holds("every daemon is dead", one, other)
    guests.beat_on("every daemon is dead", guests.ids)
    c.start()
    until("all hosts are up again", lambda: {h["state"] for h in c.host_list()} == {"up"}, CONVERGES)
    until("all guests run", lambda: one.running() and other.running(), CONVERGES)
    holds("every daemon is back", one, other)


def stands_still(c, one, other, guests):
    """A libvirtd that answers nobody; what is asked meanwhile is done when it answers again."""
    on = guests.host[one.ids[2]]
    libvirtd = next(pid for pid, name in c.processes(on) if name == "libvirtd")
    os.kill(libvirtd, signal.SIGSTOP)
    try:
        one.ec2.stop_instances(InstanceIds=[one.ids[2]])
        guests.beat_on(f"the libvirtd of {on} stands still", [i for i in guests.ids if i != one.ids[2]])
        holds("meanwhile", one, other)
        equal("a guest there is not stopped yet", one.described()[2]["State"]["Name"], "stopping")
    finally:
        os.kill(libvirtd, signal.SIGCONT)
    until("it is stopped when libvirtd goes on", lambda: one.described()[2]["State"]["Name"] == "stopped", CONVERGES)


def ended(c, one, other, guests):
    for tenant in (one, other):
        tenant.ec2.terminate_instances(InstanceIds=tenant.ids)
        until(f"the guests of {tenant.name} are terminated",
              lambda tenant=tenant: {i["State"]["Name"] for i in tenant.described()} == {"terminated"})
    for on in c.hosts:
        until(f"{on} has no guest and no file of one", lambda on=on: not c.host(
            "virsh", "-q", "-c", "qemu:///system", "list", "--all", "--name", on=on).split() and not any(
                i in path for path in c.files(on) for i in guests.ids), CONVERGES)


def main():
    c = cloud.started(hosts=3)
    one, other, guests = launched(c)
    by_rules_alone(one, other)
    killed(c, one, other, guests)
    stands_still(c, one, other, guests)
    guests.never_noticed("through all of it", [i for i in guests.ids if i != one.ids[2]])
    ended(c, one, other, guests)
    cloud.finish()


if __name__ == "__main__":
    sys.exit(main())
