#!/usr/bin/python3
"""Every answer of the cloud-manager, read by botocore's own parser and judged by EC2's own model:
each element is one that the model knows, no scalar stands twice, and the values are what they must be."""
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import create_parser

MODELS = {name: ServiceModel(Loader().load_service_model(name, "service-2")) for name in ("ec2", "sts")}
# DeleteKeyPair's and DeleteSecurityGroup's, newer than the model that is installed; stock clients of today read them.
NEWER = ("keyPairId", "groupId")
# The same within what is described: DescribeInstances.
NEWER_MEMBERS = ("currentInstanceBootMode",)
# Of hosts, for admins: no stock client asks; cloud_children_test judges their answers.
OURS = {"DescribeHosts", "DrainHosts", "UndrainHosts", "ExplainPlacement", "SeedImage", "UnseedImage", "DescribeImageSeeds"}
faults = []


def fault(where, what):
    faults.append(f"{where}: {what}")


def local(tag):
    return tag.rsplit("}", 1)[-1]


def check_value(element, shape, where):
    text = element.text or ""
    if len(element):
        fault(where, f"children where the model has a {shape.type_name}")
    if shape.type_name in ("integer", "long") and not text.lstrip("-").isdigit():
        fault(where, f"'{text}' is no number")
    if shape.type_name == "boolean" and text not in ("true", "false"):
        fault(where, f"'{text}' is no boolean")


def check_element(element, shape, where):
    """`element` against the model's shape; unknown members are what clients would drop or choke on."""
    if shape.type_name == "structure":
        members = {m.serialization.get("name", name): m for name, m in shape.members.items()}
        seen = set()
        for child in element:
            name = local(child.tag)
            if name in seen:
                fault(where, f"<{name}> stands twice")
            seen.add(name)
            if name not in members and name not in NEWER_MEMBERS:
                fault(where, f"<{name}> is not in EC2's model")
            elif name in members:
                check_element(child, members[name], f"{where}/{name}")
    elif shape.type_name == "list":
        wanted = shape.member.serialization.get("name", "item")
        for child in element:
            if local(child.tag) != wanted:
                fault(where, f"<{local(child.tag)}> in a list of <{wanted}>")
            check_element(child, shape.member, f"{where}[]")
    else:
        check_value(element, shape, where)


def check_shape(service, action, body):
    model = MODELS[service]
    operation = model.operation_model(action)
    root = ElementTree.fromstring(body)
    if local(root.tag) != f"{action}Response":
        fault(action, f"root element {root.tag}")
    children = [c for c in root if local(c.tag) not in ("requestId", "ResponseMetadata")]
    if service == "ec2" and local(root[0].tag) != "requestId":
        fault(action, "requestId is not first")
    holder = ElementTree.Element("holder")
    holder.extend(children if service == "ec2" else list(children[0]) if children else [])
    if operation.output_shape is None:
        if [local(c.tag) for c in holder if local(c.tag) not in NEWER] != ["return"]:
            fault(action, "an action without a result answers <return>")
    else:
        # "return" is EC2's habit also where the model has dropped it
        known = [c for c in holder
                 if local(c.tag) != "return" or "Return" in operation.output_shape.members]
        holder = ElementTree.Element("holder")
        holder.extend(known)
        check_element(holder, operation.output_shape, action)


def parse(service, action, status, body):
    model = MODELS[service]
    shape = model.operation_model(action).output_shape if action in model.operation_names else None
    return create_parser(model.metadata["protocol"]).parse(
        {"headers": {}, "status_code": status, "body": body.encode()}, shape)


def read_answers(program):
    text = subprocess.run([program], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          timeout=60).stdout.decode()
    for part in text.split("=== ")[1:]:
        head, body = part.split("\n", 1)
        service, action, status = head.split()
        yield service, action, int(status), body.strip()


def check_errors(answers):
    errors = [(a, s, parse(v, a, s, b)) for v, a, s, b in answers if s != 200]
    found = [(a, s, p["Error"]["Code"]) for a, s, p in errors]
    wanted = [("DescribeInstances", 400, "InvalidInstanceID.NotFound"), ("FlyToTheMoon", 400, "InvalidAction"),
              ("DescribeRegions", 412, "DryRunOperation"), ("AssumeRole", 400, "InvalidAction")]
    if found != wanted:
        fault("errors", f"{found} instead of {wanted}")
    for action, _, parsed in errors:
        if not parsed["Error"]["Message"] or not parsed["ResponseMetadata"].get("RequestId"):
            fault(action, "an error without message or request id")


def instances(parsed):
    return [i for r in parsed["Reservations"] for i in r["Instances"]]


def check_instance(i):
    """What terraform, packer, ansible and the waiters read (reference: fields of aws_instance)."""
    where = f"instance {i['State']['Name']}"
    for name in ("InstanceId", "ImageId", "InstanceType", "LaunchTime", "Placement", "Monitoring", "Architecture",
                 "RootDeviceType", "RootDeviceName", "BlockDeviceMappings", "VirtualizationType", "Hypervisor",
                 "NetworkInterfaces", "SecurityGroups", "EbsOptimized", "CpuOptions", "HibernationOptions",
                 "EnclaveOptions", "MaintenanceOptions", "MetadataOptions", "PrivateDnsNameOptions",
                 "CapacityReservationSpecification", "StateTransitionReason", "ClientToken", "AmiLaunchIndex"):
        if name not in i:
            fault(where, f"no {name}")
    if i["MetadataOptions"]["State"] != "applied" or i["Placement"]["AvailabilityZone"] != "laba":
        fault(where, "metadata options or zone")
    if i["State"]["Name"] == "terminated":
        return
    disks = {d["DeviceName"]: d for d in i["BlockDeviceMappings"]}
    if not disks.get(i["RootDeviceName"], {}).get("Ebs", {}).get("VolumeId", "").startswith("vol-"):
        fault(where, "RootDeviceName is no mapping with a volume")
    port = i["NetworkInterfaces"][0]
    if port["Attachment"]["DeviceIndex"] != 0 or port["SourceDestCheck"] is not True:
        fault(where, "the interface's attachment")
    dns = f"ip-{i['PrivateIpAddress'].replace('.', '-')}.lab.compute.internal"
    if port["PrivateIpAddress"] != i["PrivateIpAddress"] or i["PrivateDnsName"] != dns:
        fault(where, "addresses and names")
    if port["Association"]["PublicIp"] != i["PublicIpAddress"] if "PublicIpAddress" in i else "Association" in port:
        fault(where, "the public address")
    if port["Groups"] != i["SecurityGroups"] or i["SecurityGroups"][0]["GroupName"] != "default":
        fault(where, "groups")


def check_life(answers):
    """The life of the one instance, as a client follows it."""
    states = []
    for service, action, status, body in answers:
        if status != 200 or service != "ec2":
            continue
        parsed = parse(service, action, status, body)
        if action == "RunInstances":
            found = parsed["Instances"]
        elif action == "DescribeInstances":
            found = instances(parsed)
        elif action in ("StopInstances", "StartInstances", "TerminateInstances"):
            change = parsed[action.replace("Instances", "").replace("Stop", "Stopping").replace(
                "Start", "Starting").replace("Terminate", "Terminating") + "Instances"][0]
            states += [change["PreviousState"]["Name"], change["CurrentState"]["Name"]]
            continue
        else:
            continue
        for i in found:
            states.append(i["State"]["Name"])
            check_instance(i)
            if i["State"]["Name"] != "terminated" and {t["Key"]: t["Value"] for t in i["Tags"]} != {"Name": "<web> & \u00e9"}:
                fault(action, f"tags {i['Tags']}")
    wanted = ["pending", "pending", "running", "running", "stopping", "stopped", "stopped", "pending", "pending",
              "shutting-down", "terminated", "pending"]  # the last is the one with a public address
    if states != wanted:
        fault("life", f"{states} instead of {wanted}")


def check_groups(answers):
    """As AWS's own examples show them: what a new group holds, and what becomes of a rule."""
    found = {}
    for service, action, status, body in answers:
        if status == 200 and service == "ec2":
            found.setdefault(action, []).append(parse(service, action, status, body))
    web = found["DescribeSecurityGroups"][1]["SecurityGroups"][0]
    if web["IpPermissions"] != [] or web["Description"] != "Web servers" or web["Tags"] != [{"Key": "a", "Value": "b"}]:
        fault("DescribeSecurityGroups", f"{web}")
    everywhere = [p for p in web["IpPermissionsEgress"] if p["IpProtocol"] == "-1"]
    if len(everywhere) != 1 or everywhere[0]["IpRanges"] != [{"CidrIp": "0.0.0.0/0"}] or "FromPort" in everywhere[0]:
        fault("DescribeSecurityGroups", f"default egress {everywhere}")
    added = found["AuthorizeSecurityGroupEgress"][0]["SecurityGroupRules"][0]
    if (not added["IsEgress"] or added["ReferencedGroupInfo"]["GroupId"] != web["GroupId"]
            or added["Tags"] != [{"Key": "c", "Value": "d"}] or added["Description"] != "names"):
        fault("AuthorizeSecurityGroupEgress", f"{added}")
    rule = found["DescribeSecurityGroupRules"][0]["SecurityGroupRules"][0]
    if (rule["SecurityGroupRuleId"] != added["SecurityGroupRuleId"] or rule["CidrIpv4"] != "10.0.0.0/8"
            or rule["Description"] != "new" or "ReferencedGroupInfo" in rule or rule["ToPort"] != 9):
        fault("DescribeSecurityGroupRules", f"{rule}")
    moved = found["DescribeNetworkInterfaces"][1]["NetworkInterfaces"][0]
    if [g["GroupName"] for g in moved["Groups"]] != ["live"]:
        fault("ModifyInstanceAttribute", f"{moved['Groups']}")


def check_others(parsed):
    volume = parsed["DescribeVolumes"]["Volumes"][0]
    if volume["State"] != "in-use" or volume["Attachments"][0]["State"] != "attached" or volume["Size"] != 1:
        fault("DescribeVolumes", f"{volume}")
    image = parsed["DescribeImages"]["Images"][0]
    if image["RootDeviceName"] != image["BlockDeviceMappings"][0]["DeviceName"] or image["State"] != "available":
        fault("DescribeImages", f"{image}")
    console = parsed["GetConsoleOutput"]
    if console["Output"] != "aGVsbG8=" or "Timestamp" not in console:
        fault("GetConsoleOutput", f"{console}")
    for t in parsed["DescribeInstanceTypes"]["InstanceTypes"]:
        if t["SupportedUsageClasses"] != ["on-demand"] or t["BurstablePerformanceSupported"] is not False:
            fault("DescribeInstanceTypes", f"{t}")
    status = parsed["DescribeInstanceStatus"]["InstanceStatuses"][0]
    if status["InstanceStatus"] != status["SystemStatus"] or status["InstanceStatus"]["Details"][0]["Name"] != "reachability":
        fault("DescribeInstanceStatus", f"{status}")
    options = parsed["ModifyInstanceMetadataOptions"]["InstanceMetadataOptions"]
    if options["HttpTokens"] != "required" or options["HttpPutResponseHopLimit"] != 2 or options["State"] != "applied":
        fault("ModifyInstanceMetadataOptions", f"{options}")
    routes = {r["DestinationCidrBlock"]: r["GatewayId"] for r in parsed["DescribeRouteTables"]["RouteTables"][0]["Routes"]}
    gateway = parsed["DescribeInternetGateways"]["InternetGateways"][0]["InternetGatewayId"]
    if routes != {"172.31.0.0/16": "local", "0.0.0.0/0": gateway}:
        fault("DescribeRouteTables", f"{routes}")
    vpc = parsed["DescribeVpcs"]["Vpcs"][0]
    if parsed["DescribeDhcpOptions"]["DhcpOptions"][0]["DhcpOptionsId"] != vpc["DhcpOptionsId"]:
        fault("DescribeDhcpOptions", "not the network's")
    if len(parsed["GetCallerIdentity"]["Account"]) != 12:
        fault("GetCallerIdentity", "account")
    keys = {k["KeyName"]: k for k in parsed["DescribeKeyPairs"]["KeyPairs"]}
    # SHA-256 of RFC 8032's first key in OpenSSH's wire form, by ssh-keygen -l, padded as EC2 does
    if keys["imported"]["KeyType"] != "ed25519" or not keys["imported"]["KeyFingerprint"].endswith("="):
        fault("DescribeKeyPairs", f"{keys['imported']}")


def main(program):
    answers = list(read_answers(program))
    parsed = {}
    for service, action, status, body in answers:
        if status == 200:
            check_shape(service, action, body)
            parsed.setdefault(action, parse(service, action, status, body))
            if action == "DescribeVolumes":
                parsed[action] = parse(service, action, status, body)
    built = {line.split('"')[1] for line in open(f"{sys.argv[1]}/cloud-manager/ops/actions.def", encoding="utf-8")
             if line.startswith(("EC2(", "STS("))}
    for action in sorted(built - set(parsed) - OURS):
        fault(action, "no answer was judged")
    check_errors(answers)
    check_life(answers)
    check_groups(answers)
    check_others(parsed)
    for line in faults:
        print(line)
    print(f"{len(answers)} answers, {len(faults)} faults")
    return 1 if faults or len(answers) < 95 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[2]))
