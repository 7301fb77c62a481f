#!/usr/bin/python3
"""The whole life of one instance, by the stock clients: upload, register, keys, tags, launch, look, log in, reboot, stop,
start, terminate, and what remains visible of it."""
import base64
import os
import re

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding

import cloud
from cloud import check, equal, refuses, until

USER_DATA = "#!/bin/sh\necho user data ran on $(hostname)\n"
NOBODY = "i-0123456789abcdef0"


class Keys:
    """Key pairs: imported and made, found, refused twice, gone."""

    def __init__(self, c):
        rsa = c.ec2.create_key_pair(KeyName="made-rsa")
        self.pem = rsa["KeyMaterial"]
        check("a made RSA key is a PEM", rsa["KeyMaterial"].startswith("-----BEGIN RSA PRIVATE KEY-----"), rsa["KeyMaterial"][:40])
        edwards = c.ec2.create_key_pair(KeyName="made-ed", KeyType="ed25519")
        check("a made ED25519 key is OpenSSH's", "OPENSSH PRIVATE KEY" in edwards["KeyMaterial"], edwards["KeyMaterial"][:40])
        names = sorted(k["KeyName"] for k in c.ec2.describe_key_pairs()["KeyPairs"])
        equal("all keys are listed", names, ["made-ed", "made-rsa", "test"])
        refuses("a name taken", "InvalidKeyPair.Duplicate", c.ec2.create_key_pair, KeyName="test")
        c.ec2.delete_key_pair(KeyName="made-ed")
        c.ec2.delete_key_pair(KeyName="made-ed")  # once more is fine
        refuses("a deleted key", "InvalidKeyPair.NotFound", c.ec2.describe_key_pairs, KeyNames=["made-ed"])


class Launch:
    """RunInstances with a token: dry, once, again, and with other parameters."""

    def __init__(self, c):
        self.c = c
        self.wanted = {
            "ImageId": c.image, "InstanceType": cloud.TYPE, "KeyName": "test", "MinCount": 1, "MaxCount": 1,
            "ClientToken": "story-1", "UserData": USER_DATA,
            "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "story"}]}]}
        refuses("a dry run", "DryRunOperation", c.ec2.run_instances, **self.wanted, DryRun=True)
        equal("nothing came of the dry run", c.ec2.describe_instances()["Reservations"], [])
        first = c.ec2.run_instances(**self.wanted)
        again = c.ec2.run_instances(**self.wanted)
        self.id = first["Instances"][0]["InstanceId"]
        equal("the same again is the same reservation", again["ReservationId"], first["ReservationId"])
        equal("and the same instance", [i["InstanceId"] for i in again["Instances"]], [self.id])
        refuses("the token with another type", "IdempotentParameterMismatch", c.ec2.run_instances,
                **{**self.wanted, "InstanceType": "t1.micro"})
        equal("pending at once", first["Instances"][0]["State"], {"Code": 0, "Name": "pending"})
        c.reaches(self.id, "running")

    def described(self):
        c, i = self.c, self.c.instance(self.id)
        self.address = i["PrivateIpAddress"]
        self.volume = i["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
        self.port = i["NetworkInterfaces"][0]["NetworkInterfaceId"]
        equal("its state code", i["State"]["Code"], 16)
        equal("its zone", i["Placement"]["AvailabilityZone"], c.zone)
        equal("its tags", i["Tags"], [{"Key": "Name", "Value": "story"}])
        equal("its volume is in use", c.ec2.describe_volumes(VolumeIds=[self.volume])["Volumes"][0]["State"], "in-use")
        ports = c.ec2.describe_network_interfaces(NetworkInterfaceIds=[self.port])["NetworkInterfaces"]
        equal("its interface has its address", ports[0]["PrivateIpAddress"], self.address)
        command_line = c.aws("ec2", "describe-instances", "--instance-ids", self.id)
        equal("aws sees the same", command_line["Reservations"][0]["Instances"][0]["InstanceId"], self.id)
        equal("STS knows who asks", c.sts.get_caller_identity()["Account"], c.ec2.describe_vpcs()["Vpcs"][0]["OwnerId"])

    def found(self):
        def ids(**asked):
            pages = self.c.ec2.get_paginator("describe_instances").paginate(**asked)
            return [i["InstanceId"] for page in pages for r in page["Reservations"] for i in r["Instances"]]

        named = lambda name, *values: {"Filters": [{"Name": name, "Values": list(values)}]}
        equal("found by tag", ids(**named("tag:Name", "st*")), [self.id])
        equal("found by state", ids(**named("instance-state-name", "running", "stopped")), [self.id])
        equal("not found by another state", ids(**named("instance-state-name", "stopped")), [])
        equal("found by address", ids(**named("private-ip-address", self.address)), [self.id])
        refuses("an unknown filter", "InvalidParameterValue", ids, **named("colour", "blue"))

    def tagged(self):
        ec2 = self.c.ec2
        ec2.create_tags(Resources=[self.id, self.volume], Tags=[{"Key": "stage", "Value": "test"}])
        found = ec2.describe_tags(Filters=[{"Name": "key", "Values": ["stage"]}])["Tags"]
        equal("a tag on two resources", sorted(t["ResourceId"] for t in found), sorted([self.id, self.volume]))
        ec2.delete_tags(Resources=[self.volume], Tags=[{"Key": "stage"}])
        found = ec2.describe_tags(Filters=[{"Name": "key", "Values": ["stage"]}])["Tags"]
        equal("and then on one", [t["ResourceId"] for t in found], [self.id])


class Inside:
    """The guest itself: it has booted, has its address, key, metadata, and did what it was told."""

    def __init__(self, c, launch):
        self.c, self.i = c, launch
        c.ready(launch.id)
        equal("the guest knows its id", c.said(launch.id, "instance-id"), [launch.id])
        until("its user data ran", lambda: "user-data-out: user data ran on" in c.console(launch.id))
        check("it has its address", c.said(launch.id, "md-local-ipv4") == [launch.address + ","], c.said(launch.id, "md-local-ipv4"))
        self.boots(1)

    def boots(self, count):
        """SSH answers, and the counter on its disk says how often it has booted."""
        said = lambda: self.c.ssh(self.i.address, "cat /data/boots", check=False)
        until(f"SSH says boot {count}", lambda: said() == str(count))

    def password(self, pem):
        """As a Windows guest does: encrypted for the key of its launch, on its console."""
        ask = lambda: self.c.ec2.get_password_data(InstanceId=self.i.id)
        equal("it has told no password", ask()["PasswordData"], "")
        public = serialization.load_pem_private_key(pem.encode(), None).public_key()
        told = base64.b64encode(public.encrypt(b"open sesame", padding.PKCS1v15())).decode()
        self.c.ssh(self.i.address, f"printf '<Password>\\n%s\\n</Password>\\n' {told} >/dev/ttyS0")
        until("its password is read from its console", lambda: ask()["PasswordData"] == told)
        path = os.path.join(self.c.state, "made-rsa.pem")
        with open(path, "w", encoding="ascii") as file:
            file.write(pem)
        read = self.c.aws("ec2", "get-password-data", "--instance-id", self.i.id, "--priv-launch-key", path)
        equal("aws opens it with the key", read["PasswordData"], "open sesame")

    def reboot(self):
        self.c.ec2.reboot_instances(InstanceIds=[self.i.id])
        until("it boots again", lambda: self.c.said(self.i.id, "boots") == ["1", "2"])
        equal("a reboot is no change of state", self.c.state_of(self.i.id), "running")
        self.boots(2)

    def stop_and_start(self):
        c, ec2, i = self.c, self.c.ec2, self.i.id
        change = ec2.stop_instances(InstanceIds=[i])["StoppingInstances"][0]
        equal("a stop says from what to what", (change["PreviousState"]["Name"], change["CurrentState"]["Name"]),
              ("running", "stopping"))
        c.reaches(i, "stopped")
        check("it went by its power button", "event=powerbutton" in c.console(i))
        equal("stopped, it keeps its address", c.instance(i)["PrivateIpAddress"], self.i.address)
        # Force=False says nothing new, but makes it another request: the very same one within a second is answered as before.
        again = ec2.stop_instances(InstanceIds=[i], Force=False)["StoppingInstances"][0]
        equal("stopping again is fine", again["CurrentState"]["Name"], "stopped")
        ec2.start_instances(InstanceIds=[i])
        c.reaches(i, "running")
        self.boots(3)
        equal("started, it has its address", c.instance(i)["PrivateIpAddress"], self.i.address)
        c.host("ping", "-q", "-c", "1", "-W", "5", self.i.address)


class End:
    """Terminated: still visible, and nothing of it left."""

    def __init__(self, c, launch, addresses):
        ec2, i = c.ec2, launch.id
        ec2.terminate_instances(InstanceIds=[i])
        c.reaches(i, "terminated")
        equal("terminated, it is visible", c.instance(i)["State"]["Code"], 48)
        ec2.terminate_instances(InstanceIds=[i])  # once more is fine
        refuses("starting it", "IncorrectInstanceState", ec2.start_instances, InstanceIds=[i])
        refuses("its volume", "InvalidVolume.NotFound", ec2.describe_volumes, VolumeIds=[launch.volume])
        refuses("its interface", "InvalidNetworkInterfaceID.NotFound", ec2.describe_network_interfaces, NetworkInterfaceIds=[launch.port])
        equal("its address is free", free_addresses(c), addresses)
        refuses("nobody", "InvalidInstanceID.NotFound", ec2.describe_instances, InstanceIds=[NOBODY])
        ec2.deregister_image(ImageId=c.image)
        refuses("the image is gone", "InvalidAMIID.NotFound", ec2.describe_images, ImageIds=[c.image])


def free_addresses(c):
    return c.ec2.describe_subnets()["Subnets"][0]["AvailableIpAddressCount"]


def main():
    c = cloud.started()
    listed = c.aws("s3", "ls", "s3://images")
    check("aws s3 lists the upload", re.search(r"tiny\.qcow2", listed), listed)
    zones = c.ec2.describe_availability_zones()["AvailabilityZones"]
    equal("one zone", [(z["ZoneName"], z["State"]) for z in zones], [(c.zone, "available")])
    keys = Keys(c)
    addresses = free_addresses(c)
    launch = Launch(c)
    launch.described()
    launch.found()
    launch.tagged()
    guest = Inside(c, launch)
    guest.password(keys.pem)
    guest.reboot()
    guest.stop_and_start()
    End(c, launch, addresses)
    cloud.finish()


main()
