#!/usr/bin/env python3
"""public_address.py - guests with public addresses: one lent from start to stop, one that the account allocated and
that moves. This machine is the world: it is in the rack's network, and asks by ARP who has an address.

usage: public_address.py        (root; environment as tests/run gives it)"""
import os
import socket
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import cloud
from cloud import check, equal, refuses, say, until, wait

DOMAIN = "guests.example.org"


def answers(address, tcp_port=22):
    try:
        with socket.create_connection((address, tcp_port), timeout=2):
            return True
    except OSError:
        return False


def public(c, instance):
    return c.instance(instance).get("PublicIpAddress")


def name(address):
    return f"ec2-{address.replace('.', '-')}.{DOMAIN}"


def lent(c):
    a, b = c.run(2)
    for instance in (a, b):
        c.reaches(instance, "running")
        c.ready(instance)
    first, second = public(c, a), public(c, b)
    check("each has an address of the pool", first != second and all(
        x and x.startswith(f"{c.rack}.1") for x in (first, second)), (first, second))
    for address in (first, second):
        until(f"the world reaches {address}", lambda address=address: answers(address))
    port = c.instance(a)["NetworkInterfaces"][0]
    equal("the interface says whose it is", port["Association"], {"IpOwnerId": "amazon", "PublicDnsName": name(first), "PublicIp": first})
    equal("it is found by it", [i["InstanceId"] for r in c.ec2.describe_instances(
        Filters=[{"Name": "ip-address", "Values": [first]}])["Reservations"] for i in r["Instances"]], [a])
    equal("and by its name", c.instance(a)["PublicDnsName"], name(first))
    for leaf, value in (("public-ipv4", first), ("public-hostname", name(first))):
        said = c.ssh(c.instance(a)["PrivateIpAddress"], f"printf 'GET /latest/meta-data/{leaf} HTTP/1.0\\r\\n\\r\\n' |"
                     " nc 169.254.169.254 80")
        equal(f"its metadata says so, too: {leaf}", said.splitlines()[-1:], [value])
    # What the world sees of a guest that calls out.
    here = f"{c.rack}.1"
    with socket.create_server((here, 0)) as server:
        server.settimeout(20)
        c.ssh(c.instance(a)["PrivateIpAddress"], f"echo x | nc {here} {server.getsockname()[1]} >/dev/null 2>&1 &")
        try:
            equal("and is called by it", server.accept()[1][0], first)
        except socket.timeout:
            check("and is called by it", False, "the guest never called")
    return a, b


def allocated(c, a, b):
    taken = c.ec2.allocate_address(Domain="vpc", TagSpecifications=[
        {"ResourceType": "elastic-ip", "Tags": [{"Key": "Name", "Value": "front"}]}])
    address, allocation = taken["PublicIp"], taken["AllocationId"]
    check("nobody answers for it yet", not answers(address))
    was = public(c, a)
    begin = time.monotonic()
    c.ec2.associate_address(AllocationId=allocation, InstanceId=a)
    until("the world reaches the allocated one", lambda: answers(address))
    say(f"      {1000 * (time.monotonic() - begin):.0f} ms from the call to the first answer")
    equal("it is the instance's", public(c, a), address)
    until("what was lent is given up", lambda: not answers(was))
    refuses("it does not move unasked", "Resource.AlreadyAssociated", c.ec2.associate_address,
            AllocationId=allocation, InstanceId=b)
    c.ec2.associate_address(AllocationId=allocation, InstanceId=b, AllowReassociation=True)
    want = c.instance(b)["PrivateIpAddress"]
    until("it has moved", lambda: c.state_of(b) == "running" and key_of(address) == key_of(public(c, b)) is not None)
    equal("to the other one", c.ec2.describe_addresses()["Addresses"][0]["PrivateIpAddress"], want)
    c.ec2.stop_instances(InstanceIds=[b])
    c.reaches(b, "stopped")
    equal("it stays through a stop", public(c, b), address)
    c.ec2.start_instances(InstanceIds=[b])
    c.reaches(b, "running")
    until("and answers after a start", lambda: answers(address))
    refuses("not released in use", "InvalidIPAddress.InUse", c.ec2.release_address, AllocationId=allocation)
    c.ec2.disassociate_address(PublicIp=address)
    until("taken away, it is silent", lambda: not answers(address))
    c.ec2.release_address(AllocationId=allocation)
    equal("and given back", c.ec2.describe_addresses()["Addresses"], [])
    until("the instance has a lent one again", lambda: public(c, b) not in (None, address) and answers(public(c, b)))


def key_of(address):
    """The SSH host key behind an address."""
    if address is None:
        return None
    done = subprocess.run(["ssh-keyscan", "-T", "3", "-t", "ed25519", address], capture_output=True, text=True, check=False)
    return done.stdout.split()[-1] if done.stdout else None


def given_up(c, a):
    was = public(c, a)
    c.ec2.stop_instances(InstanceIds=[a])
    c.reaches(a, "stopped")
    equal("a stopped instance has none", public(c, a), None)
    until("and its host is silent", lambda: not answers(was))
    c.ec2.start_instances(InstanceIds=[a])
    c.reaches(a, "running")
    until("it has one again", lambda: public(c, a) is not None and answers(public(c, a)))


def main():
    os.environ["TERCET_PUBLIC_DOMAIN"] = DOMAIN
    c = cloud.started()
    before = c.traces()
    a, b = lent(c)
    allocated(c, a, b)
    given_up(c, a)
    c.terminate(a, b)
    left = wait(lambda: cloud.changed(before, c.traces()) == [], 30) or cloud.changed(before, c.traces())
    check("nothing is left on the host", left is True, left)
    proxies = c.host("ip", "neigh", "show", "proxy").strip()
    equal("not even an answer to ARP", proxies, "")
    cloud.finish()


main()
