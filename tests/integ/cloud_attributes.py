#!/usr/bin/python3
"""What of an instance can be changed after its launch, by the stock clients and seen from inside the guest: its size, its
user data, its protection, its metadata service; and what clients read on each refresh."""
import re

import cloud
from cloud import check, equal, refuses, until

NOBODY = "i-0123456789abcdef0"
SERVICE = "http://169.254.169.254/latest"


class Guest:
    """The instance from inside: what it has, and what its metadata service answers."""

    def __init__(self, c, instance):
        self.c, self.id = c, instance
        self.address = c.instance(instance)["PrivateIpAddress"]

    def run(self, command):
        return self.c.ssh(self.address, command, check=False)

    def memory_mib(self):
        words = self.run("grep MemTotal /proc/meminfo").split()
        return int(words[1]) // 1024 if len(words) > 2 else 0

    def cpus(self):
        return self.run("grep -c ^processor /proc/cpuinfo")

    def read(self, path, token=""):
        header = f"--header 'X-aws-ec2-metadata-token: {token}'" if token else ""
        return self.run(f"timeout 5 wget -q -O - {header} {SERVICE}/{path} 2>&1 || echo refused")

    def token(self):
        """The head of the answer to a request for a token, and the token."""
        text = self.run("printf 'PUT /latest/api/token HTTP/1.1\\r\\nHost: x\\r\\n"
                        "X-aws-ec2-metadata-token-ttl-seconds: 600\\r\\nContent-Length: 0\\r\\n\\r\\n' | "
                        "timeout 5 nc -w 5 169.254.169.254 80")
        return text.splitlines()[0] if text else "", text.splitlines()[-1].strip() if text else ""


def attribute(c, instance, name):
    answer = c.ec2.describe_instance_attribute(InstanceId=instance, Attribute=name)
    return answer[name[0].upper() + name[1:]].get("Value")


def launched(c):
    """A launch with what clients send of its interface and its options."""
    ec2 = c.ec2
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    group = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["default"]}])["SecurityGroups"][0]["GroupId"]
    port = {"DeviceIndex": 0, "SubnetId": subnet, "Groups": [group], "PrivateIpAddress": "172.31.7.7", "Description": "front door",
            "DeleteOnTermination": True}
    instance = c.run(NetworkInterfaces=[port], DisableApiTermination=True, Monitoring={"Enabled": True},
                     MetadataOptions={"HttpTokens": "required", "HttpPutResponseHopLimit": 2},
                     TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "stage", "Value": "test"}]}])[0]
    ec2.get_waiter("instance_running").wait(InstanceIds=[instance], WaiterConfig={"Delay": 1, "MaxAttempts": 90})
    described = c.instance(instance)
    equal("it has the address that was asked for", described["PrivateIpAddress"], "172.31.7.7")
    equal("its interface is described", described["NetworkInterfaces"][0]["Description"], "front door")
    equal("it is monitored", described["Monitoring"]["State"], "enabled")
    equal("it wants tokens", described["MetadataOptions"]["HttpTokens"], "required")
    refuses("the same address again", "InvalidIPAddress.InUse", c.run, PrivateIpAddress="172.31.7.7")
    return instance


def metadata(c, guest):
    """The service obeys: tokens, tags, off."""
    ec2, instance = c.ec2, guest.id
    until("it answers SSH", lambda: guest.run("echo yes") == "yes")
    check("without a token it is refused", "refused" in guest.read("meta-data/instance-id"), guest.read("meta-data/instance-id"))
    head, token = guest.token()
    check("a token is given", " 200 " in head and len(token) > 20, head)
    equal("with it the id is read", guest.read("meta-data/instance-id", token), instance)
    check("no tags are shown", "refused" in guest.read("meta-data/tags/instance/stage", token))
    answer = ec2.modify_instance_metadata_options(InstanceId=instance, InstanceMetadataTags="enabled", HttpTokens="optional")
    equal("the answer is all of it", answer["InstanceMetadataOptions"]["HttpPutResponseHopLimit"], 2)
    until("without a token it answers now", lambda: guest.read("meta-data/instance-id") == instance)
    equal("its tags are shown", guest.read("meta-data/tags/instance/stage"), "test")
    ec2.create_tags(Resources=[instance], Tags=[{"Key": "stage", "Value": "live"}])
    until("and follow", lambda: guest.read("meta-data/tags/instance/stage") == "live")
    check("its identity is a document", f'"instanceId" : "{instance}"' in guest.read("dynamic/instance-identity/document"))
    ec2.modify_instance_metadata_options(InstanceId=instance, HttpEndpoint="disabled")
    until("switched off it answers nothing", lambda: "refused" in guest.read("meta-data/instance-id"))
    ec2.modify_instance_metadata_options(InstanceId=instance, HttpEndpoint="enabled")
    until("and on again", lambda: guest.read("meta-data/instance-id") == instance)
    equal("none of it was a reboot", guest.run("cat /data/boots"), "1")


def protected(c, instance):
    ec2 = c.ec2
    equal("it is protected", attribute(c, instance, "disableApiTermination"), True)
    refuses("terminating it", "OperationNotPermitted", ec2.terminate_instances, InstanceIds=[instance])
    ec2.modify_instance_attribute(InstanceId=instance, DisableApiStop={"Value": True})
    refuses("stopping it", "OperationNotPermitted", ec2.stop_instances, InstanceIds=[instance])
    ec2.modify_instance_attribute(InstanceId=instance, DisableApiStop={"Value": False})
    ec2.modify_instance_attribute(InstanceId=instance, DisableApiTermination={"Value": False})
    equal("it is running all the while", c.state_of(instance), "running")


def resized(c, guest):
    """Stopped, it gets another size; a size that its host has no room for stops it again, with the reason."""
    ec2, instance = c.ec2, guest.id
    before = guest.memory_mib()
    refuses("while it runs", "IncorrectInstanceState", ec2.modify_instance_attribute, InstanceId=instance,
            InstanceType={"Value": "t1.small"})
    ec2.stop_instances(InstanceIds=[instance])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[instance], WaiterConfig={"Delay": 1, "MaxAttempts": 120})
    refuses("to what is no type", "InvalidInstanceAttributeValue", ec2.modify_instance_attribute, InstanceId=instance,
            InstanceType={"Value": "x9.huge"})
    ec2.modify_instance_attribute(InstanceId=instance, InstanceType={"Value": "t1.small"})
    equal("its type is said", c.instance(instance)["InstanceType"], "t1.small")
    ec2.modify_instance_attribute(InstanceId=instance, UserData={"Value": b"#!/bin/sh\necho other user data\n"})
    ec2.start_instances(InstanceIds=[instance])
    c.reaches(instance, "running")
    until("it boots with more memory", lambda: guest.memory_mib() > max(2 * before, 256))
    equal("its user data is the other", guest.read("user-data"), "#!/bin/sh\necho other user data")


def refused(c, guest):
    ec2, instance = c.ec2, guest.id
    ec2.stop_instances(InstanceIds=[instance])
    c.reaches(instance, "stopped")
    fits = {t["InstanceType"]: t["MemoryInfo"]["SizeInMiB"] for t in ec2.describe_instance_types()["InstanceTypes"]}
    largest = max(fits, key=fits.get)
    with open("/proc/meminfo", encoding="ascii") as note:
        total = int(note.readline().split()[1]) // 1024
    if fits[largest] < total:
        cloud.say(f"      this machine has room for {largest}: no refusal to be seen")
        return
    ec2.modify_instance_attribute(InstanceId=instance, InstanceType={"Value": largest})
    ec2.start_instances(InstanceIds=[instance])
    until("it is refused", lambda: c.instance(instance).get("StateReason", {}).get("Code") == "Server.InsufficientInstanceCapacity")
    c.reaches(instance, "stopped")
    check("and says why", "no room" in c.instance(instance)["StateReason"]["Message"], c.instance(instance)["StateReason"])
    ec2.modify_instance_attribute(InstanceId=instance, InstanceType={"Value": cloud.TYPE})
    ec2.start_instances(InstanceIds=[instance])
    c.reaches(instance, "running")
    until("it boots in a size that fits", lambda: 0 < guest.memory_mib() < 256)


def read(c, instance):
    """What clients read on each refresh; all lists by their paginators."""
    ec2 = c.ec2
    for name in ("instance_status_ok", "system_status_ok"):
        ec2.get_waiter(name).wait(InstanceIds=[instance], WaiterConfig={"Delay": 1, "MaxAttempts": 90})
    status = ec2.describe_instance_status(InstanceIds=[instance])["InstanceStatuses"][0]
    equal("it can be reached", status["InstanceStatus"]["Details"], [{"Name": "reachability", "Status": "passed"}])
    for name in ("describe_instance_status", "describe_route_tables", "describe_internet_gateways", "describe_network_acls",
                 "describe_dhcp_options", "describe_snapshots", "describe_instance_type_offerings",
                 "describe_instance_credit_specifications"):
        pages = list(ec2.get_paginator(name).paginate(PaginationConfig={"PageSize": 5}))
        check(f"{name} ends", pages and "NextToken" not in pages[-1], pages)
    image = ec2.describe_images(ImageIds=[c.image])["Images"][0]
    snapshot = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[snapshot], WaiterConfig={"Delay": 1, "MaxAttempts": 5})
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    check("its network resolves names", ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsSupport")["EnableDnsSupport"]["Value"])
    said = c.aws("ec2", "describe-instance-attribute", "--instance-id", instance, "--attribute", "instanceType")
    equal("aws reads an attribute", said["InstanceType"]["Value"], c.instance(instance)["InstanceType"])
    c.aws("ec2", "modify-instance-attribute", "--instance-id", instance, "--attribute", "instanceInitiatedShutdownBehavior",
          "--value", "terminate")
    equal("and changes one", attribute(c, instance, "instanceInitiatedShutdownBehavior"), "terminate")
    c.aws("ec2", "unmonitor-instances", "--instance-ids", instance)
    equal("it is not monitored", c.instance(instance)["Monitoring"]["State"], "disabled")


def shared(c):
    """An image given to another account: it sees it, runs it, and changes nothing of it."""
    said = cloud.tool(f"{cloud.BUILD}/tercet-cloud-manager", "--config", f"{c.state}/conf/cloud", "account", "create", "other")
    words = dict(re.findall(r"^(\w+) *= *(\S+)", said, re.M))
    other = c.client("ec2", words["access_key_id"], words["secret_access_key"])
    account = c.client("sts", words["access_key_id"], words["secret_access_key"]).get_caller_identity()["Account"]
    wanted = {"ImageId": c.image, "InstanceType": cloud.TYPE, "MinCount": 1, "MaxCount": 1}
    equal("the other account sees no image", other.describe_images()["Images"], [])
    refuses("and runs none", "InvalidAMIID.NotFound", other.run_instances, **wanted)
    c.ec2.modify_image_attribute(ImageId=c.image, LaunchPermission={"Add": [{"UserId": account}]})
    equal("given to it, it is seen", [i["ImageId"] for i in other.describe_images()["Images"]], [c.image])
    refuses("and not changed", "UnauthorizedOperation", other.modify_image_attribute, ImageId=c.image, Description={"Value": "x"})
    guest = other.run_instances(**wanted)["Instances"][0]["InstanceId"]
    other.get_waiter("instance_running").wait(InstanceIds=[guest], WaiterConfig={"Delay": 1, "MaxAttempts": 90})
    refuses("its guest is its own", "InvalidInstanceID.NotFound", c.ec2.describe_instances, InstanceIds=[guest])
    c.ec2.reset_image_attribute(ImageId=c.image, Attribute="launchPermission")
    equal("taken back, it is gone", other.describe_images()["Images"], [])
    equal("what runs of it runs on", other.describe_instances()["Reservations"][0]["Instances"][0]["State"]["Name"], "running")
    other.terminate_instances(InstanceIds=[guest])
    other.get_waiter("instance_terminated").wait(InstanceIds=[guest], WaiterConfig={"Delay": 1, "MaxAttempts": 90})


def bad(c, instance):
    modify, options = c.ec2.modify_instance_attribute, c.ec2.modify_instance_metadata_options
    refuses("two attributes", "InvalidParameterCombination", modify, InstanceId=instance, DisableApiStop={"Value": True},
            DisableApiTermination={"Value": True})
    refuses("no attribute", "MissingParameter", modify, InstanceId=instance)
    refuses("nobody's", "InvalidInstanceID.NotFound", modify, InstanceId=NOBODY, DisableApiStop={"Value": True})
    refuses("forwarding for others", "UnsupportedOperation", modify, InstanceId=instance, SourceDestCheck={"Value": False},
            says="SourceDestCheck")
    refuses("65 hops", "InvalidParameterValue", options, InstanceId=instance, HttpPutResponseHopLimit=65)
    refuses("no word", "InvalidParameterValue", options, InstanceId=instance, HttpTokens="perhaps")
    refuses("an address elsewhere", "InvalidParameterValue", c.run, PrivateIpAddress="10.0.0.5")
    refuses("one address for two", "InvalidParameterCombination", c.run, 2, PrivateIpAddress="172.31.7.8")


def main():
    c = cloud.started()
    instance = launched(c)
    guest = Guest(c, instance)
    metadata(c, guest)
    protected(c, instance)
    bad(c, instance)
    shared(c)
    resized(c, guest)
    read(c, instance)
    refused(c, guest)
    c.ec2.terminate_instances(InstanceIds=[instance])
    c.ec2.get_waiter("instance_terminated").wait(InstanceIds=[instance], WaiterConfig={"Delay": 1, "MaxAttempts": 90})
    cloud.finish()


main()
