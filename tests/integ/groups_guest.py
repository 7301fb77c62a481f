#!/usr/bin/python3
"""Security groups on real guests, by boto3: what is let in by range and by group, what is let out, rules and groups changed
while guests run. Says how long it takes from a call of the API until packets obey."""
import statistics
import subprocess
import time

import cloud
from cloud import check, equal, refuses, until

ROUNDS = 9
BOUND = 1.0  # seconds in which the host has to obey
EVERYWHERE = [{"CidrIp": "0.0.0.0/0"}]
ALL_OUT = [{"IpProtocol": "-1", "IpRanges": EVERYWHERE}]

# Runs inside the host: a new connection every few milliseconds; a line for each, with the time at which it was begun.
PROBE = """
import socket, sys, time

def answers():
    with socket.socket() as s:
        s.settimeout(0.05)
        return s.connect_ex((sys.argv[1], int(sys.argv[2]))) == 0

try:
    while True:
        begun = time.time()
        print(begun, int(answers()), flush=True)
        time.sleep(0.005)
except BrokenPipeError:  # nobody wants to know any more
    sys.stderr.close()
"""


def tcp(port, **ends):
    return [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **ends}]


def make_group(c, name):
    return c.ec2.create_security_group(GroupName=name, Description=f"of {name}")["GroupId"]


# A signature counts seconds: the same change twice in one is the same request, which is answered and not done again. So each
# rule has words of its own, and is taken back by its id.
def let_in(c, group, port, words):
    """The id of a new rule for everybody."""
    made = c.ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=tcp(port, IpRanges=[{"CidrIp": "0.0.0.0/0", "Description": words}]))
    return made["SecurityGroupRules"][0]["SecurityGroupRuleId"]


def forget(c, group, rule):
    c.ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[rule])


def set_groups(c, instance, *groups):
    c.ec2.modify_instance_attribute(InstanceId=instance, Groups=list(groups))
    shown = c.instance(instance)
    equal("the instance shows its groups at once", [g["GroupId"] for g in shown["SecurityGroups"]], list(groups))
    port = c.ec2.describe_network_interfaces(Filters=[{"Name": "attachment.instance-id", "Values": [instance]}])
    equal("and so does its interface", [g["GroupId"] for g in port["NetworkInterfaces"][0]["Groups"]], list(groups))


def fetches(c, one, other):
    """Does `one` get the page of `other`?"""
    return "HTTP/1" in c.ssh(one, f"echo hello | nc -w 2 {other} 80", check=False)


def echoes(c, address):
    """Does the guest answer the host on port 7?"""
    talk = "import socket,sys\ns=socket.create_connection((sys.argv[1],7),5)\ns.sendall(b'echoed\\n')\nprint(s.recv(99).decode())"
    return "echoed" in c.host("python3", "-c", talk, address, check=False)


class Guests:
    def __init__(self, c):
        self.ssh = make_group(c, "ssh")
        c.ec2.authorize_security_group_ingress(GroupId=self.ssh, IpPermissions=tcp(22, IpRanges=EVERYWHERE))
        self.web, self.client = make_group(c, "web"), make_group(c, "client")
        self.ids = (c.run(SecurityGroupIds=[self.ssh, self.web]) + c.run(SecurityGroups=["ssh", "client"]) +
                    c.run(SecurityGroupIds=[self.ssh]))
        for instance in self.ids:
            c.reaches(instance, "running")
        for instance in self.ids:
            c.ready(instance)
        self.server, self.friend, self.stranger = [c.instance(i)["PrivateIpAddress"] for i in self.ids]


def by_group_only(c, g):
    check("nobody is let in at first", not fetches(c, g.friend, g.server) and not fetches(c, g.stranger, g.server))
    made = c.ec2.authorize_security_group_ingress(
        GroupId=g.web, IpPermissions=tcp(80, UserIdGroupPairs=[{"GroupId": g.client, "Description": "http"}]))
    rule = made["SecurityGroupRules"][0]
    until("a member of the group gets the page", lambda: fetches(c, g.friend, g.server))
    check("one that is none does not", not fetches(c, g.stranger, g.server))
    set_groups(c, g.ids[2], g.ssh, g.client)
    until("it joins the group while it runs, and gets it", lambda: fetches(c, g.stranger, g.server))
    set_groups(c, g.ids[2], g.ssh)
    until("it leaves, and does not", lambda: not fetches(c, g.stranger, g.server))
    c.ec2.modify_security_group_rules(GroupId=g.web, SecurityGroupRules=[{
        "SecurityGroupRuleId": rule["SecurityGroupRuleId"],
        "SecurityGroupRule": {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIpv4": f"{g.stranger}/32"}}])
    until("the rule becomes one of an address", lambda: fetches(c, g.stranger, g.server))
    until("and is none of the group any more", lambda: not fetches(c, g.friend, g.server))
    c.ec2.revoke_security_group_ingress(GroupId=g.web, SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])
    until("revoked by its id, it lets nobody in", lambda: not fetches(c, g.stranger, g.server))
    equal("no rule is left", c.ec2.describe_security_groups(GroupIds=[g.web])["SecurityGroups"][0]["IpPermissions"], [])


def what_is_let_out(c, g):
    """The friend may reach nothing but what is named; what it answers is let out all the same."""
    c.ec2.authorize_security_group_ingress(GroupId=g.web, IpPermissions=tcp(80, IpRanges=EVERYWHERE) + tcp(7, IpRanges=EVERYWHERE))
    until("the page is open to all", lambda: fetches(c, g.friend, g.server))
    for group in (g.ssh, g.client):
        c.ec2.revoke_security_group_egress(GroupId=group, IpPermissions=ALL_OUT)
    until("without egress rules nothing goes out", lambda: not fetches(c, g.friend, g.server))
    c.ec2.authorize_security_group_egress(GroupId=g.client, IpPermissions=tcp(80, UserIdGroupPairs=[{"GroupId": g.web}]))
    until("a rule to a group lets it out there", lambda: fetches(c, g.friend, g.server))
    check("and to no other port", "echoed" not in c.ssh(g.friend, f"(echo echoed; sleep 1) | nc -w 2 {g.server} 7", check=False))
    # From the host: of the guests none has a group left that would let it out to there.
    check("which is open to others", echoes(c, g.server))
    c.ec2.authorize_security_group_egress(GroupId=g.ssh, IpPermissions=ALL_OUT)


def stays_allowed(c, g):
    """A connection lives through changes that do not concern it."""
    line = c.inside("python3", "-c", "import socket,sys\ns=socket.create_connection((sys.argv[1],7),5)\ns.settimeout(5)\n"
                    "for line in sys.stdin:\n  s.sendall(line.encode())\n  print(s.recv(99).decode(),end='',flush=True)", g.server)
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as talk:
        for number in range(6):
            if number % 2 == 0:
                rule = let_in(c, g.web, 9999, f"change {number}")
            else:
                forget(c, g.web, rule)
            talk.stdin.write(f"{number}\n")
            talk.stdin.flush()
            equal("an open connection does not notice a change", talk.stdout.readline(), f"{number}\n")
        talk.stdin.close()


class Probe:
    """New connections to one port of a guest, all the time."""
    def __init__(self, c, address, port):
        self.process = subprocess.Popen(c.inside("python3", "-c", PROBE, address, str(port)), stdout=subprocess.PIPE, text=True)

    def becomes(self, wanted, since):
        """Seconds from `since` to the beginning of the first connection that has that outcome, and keeps it for ten more."""
        begun, same = None, 0
        for line in self.process.stdout:
            at, outcome = line.split()
            if float(at) < since:
                continue
            if int(outcome) != wanted:
                begun, same = None, 0
                continue
            begun, same = begun or float(at), same + 1
            if same == 10:
                return max(begun - since, 0.0)
            if float(at) > since + cloud.PATIENCE:
                return None
        return None

    def end(self):
        self.process.kill()
        self.process.wait()


def measure(c, g):
    allow, deny = [], []
    c.ec2.revoke_security_group_ingress(GroupId=g.web, IpPermissions=tcp(7, IpRanges=EVERYWHERE))
    probe = Probe(c, g.server, 7)
    check("it is closed", probe.becomes(0, time.time()) is not None)
    for number in range(ROUNDS):
        since = time.time()
        rule = let_in(c, g.web, 7, f"round {number}")
        allow.append(probe.becomes(1, since))
        since = time.time()
        forget(c, g.web, rule)
        deny.append(probe.becomes(0, since))
    probe.end()
    for what, times in (("allowed", allow), ("revoked", deny)):
        if not check(f"every rule that was {what} was obeyed", None not in times, times):
            continue
        check(f"and within {BOUND:.0f} s of the call", max(times) <= BOUND, times)
        cloud.say(f"      {what}: from the call to the first connection that obeys: p50 {statistics.median(times) * 1000:.0f} ms, "
                  f"worst {max(times) * 1000:.0f} ms, all {[round(t * 1000) for t in times]} ms")


def ends(c, g):
    refuses("a group that an instance is in stays", "DependencyViolation", c.ec2.delete_security_group, GroupId=g.client)
    c.terminate(*g.ids)
    refuses("a group that a rule names stays", "DependencyViolation", c.ec2.delete_security_group, GroupId=g.web)
    c.ec2.delete_security_group(GroupId=g.client)
    c.ec2.delete_security_group(GroupId=g.web)
    c.ec2.delete_security_group(GroupName="ssh")
    names = [s["GroupName"] for s in c.ec2.describe_security_groups()["SecurityGroups"]]
    equal("only the default group is left", names, ["default"])


def main():
    c = cloud.started()
    g = Guests(c)
    by_group_only(c, g)
    what_is_let_out(c, g)
    stays_allowed(c, g)
    measure(c, g)
    ends(c, g)
    cloud.finish()


main()
