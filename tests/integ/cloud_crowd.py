#!/usr/bin/python3
"""Sixteen clients at once: the same token from all of them is one instance; each then makes, finds and deletes things of
its own, and launches and terminates one instance (three at a time: guests are dear). Nothing is left in the end."""
import concurrent.futures
import threading

import botocore.exceptions

import cloud
from cloud import check, equal

CLIENTS, GUESTS = 16, 3


class Client:
    """One of the crowd, with connections of its own. Errors are kept: no client may see one."""

    def __init__(self, c, number, guests):
        self.c, self.name, self.ec2, self.guests = c, f"client-{number}", c.client("ec2"), guests
        self.problems = []

    def same_token(self, _=None):
        answer = self.ec2.run_instances(ImageId=self.c.image, InstanceType=cloud.TYPE, KeyName="test", MinCount=1, MaxCount=1,
                                        ClientToken="all-of-us")
        return answer["Instances"][0]["InstanceId"]

    def live(self):
        try:
            for turn in range(3):
                self.small_things(f"{self.name}-{turn}")
            with self.guests:
                self.one_guest()
        except botocore.exceptions.ClientError as error:
            self.problems.append(str(error))
        return self.problems

    # A name of its own each time: the same request within a second has the same signature, and is the same request.
    def small_things(self, name):
        ec2, wanted = self.ec2, {"ImageId": self.c.image, "InstanceType": cloud.TYPE, "MinCount": 1, "MaxCount": 1}
        ec2.create_key_pair(KeyName=name, KeyType="ed25519")
        self.expect([name], [k["KeyName"] for k in ec2.describe_key_pairs(KeyNames=[name])["KeyPairs"]])
        ec2.create_tags(Resources=[self.c.image], Tags=[{"Key": name, "Value": "was here"}])
        found = ec2.describe_tags(Filters=[{"Name": "key", "Values": [name]}])["Tags"]
        self.expect([self.c.image], [t["ResourceId"] for t in found])
        ec2.delete_tags(Resources=[self.c.image], Tags=[{"Key": name}])
        ec2.delete_key_pair(KeyName=name)
        try:
            ec2.run_instances(**wanted, DryRun=True)
            self.problems.append("a dry run was taken for real")
        except botocore.exceptions.ClientError as error:
            self.expect("DryRunOperation", error.response["Error"]["Code"])
        ec2.describe_instances()

    def one_guest(self):
        instance = self.c.run(Placement={"AvailabilityZone": self.c.zone}, ClientToken=self.name)[0]
        self.becomes(instance, "running")
        self.ec2.terminate_instances(InstanceIds=[instance])
        self.becomes(instance, "terminated")

    def becomes(self, instance, state):
        if not cloud.wait(lambda: self.c.state_of(instance) == state):
            self.problems.append(f"{instance} is {self.c.state_of(instance)} and not {state}")

    def expect(self, wanted, got):
        if got != wanted:
            self.problems.append(f"{got!r} instead of {wanted!r}")


def main():
    c = cloud.started()
    guests = threading.Semaphore(GUESTS)
    crowd = [Client(c, n, guests) for n in range(CLIENTS)]
    # One launch beforehand: by then the host has told its room, and the network of the VPC stands.
    first = c.run()
    c.reaches(first[0], "running")
    c.terminate(*first)
    before = c.traces()
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        ids = set(pool.map(Client.same_token, crowd))
        equal("one token is one instance, whoever asks", len(ids), 1)
        c.terminate(*ids)
        for client, problems in zip(crowd, pool.map(Client.live, crowd)):
            equal(f"{client.name} had no problem", problems, [])
    states = [i["State"]["Name"] for r in c.ec2.describe_instances()["Reservations"] for i in r["Instances"]]
    equal("all that ran have ended", states, ["terminated"] * (CLIENTS + 2))
    equal("no volume is left", c.ec2.describe_volumes()["Volumes"], [])
    equal("no interface is left", c.ec2.describe_network_interfaces()["NetworkInterfaces"], [])
    equal("no tag is left", c.ec2.describe_tags()["Tags"], [])
    check("nothing is left on the host", cloud.wait(lambda: not cloud.changed(before, c.traces()), 30), cloud.changed(before, c.traces()))
    cloud.finish()


main()
