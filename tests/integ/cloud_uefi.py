#!/usr/bin/python3
"""Images say how they boot. A guest of UEFI boots to its console, with a memory of the firmware that is its own, outlives
a stop and goes with the instance; one of the same disk on a BIOS has none. A medium (ISO 9660) boots on both beside an empty
disk, and no more once something was installed there."""
import subprocess
import sys

import cloud
import medium
from cloud import check, equal, until

TYPE = "t1.micro"  # UEFI itself and a kernel that it has loaded do not fit into less


def image_modes(c):
    """{mode: image} of one disk, registered three times."""
    images = {mode: c.publish(name=f"tiny-{mode}", BootMode=mode) for mode in ("legacy-bios", "uefi", "uefi-preferred")}
    for mode, image in images.items():
        equal(f"{mode}: the image is there", c.image_state(image), "available")
        equal(f"{mode}: it says so", c.ec2.describe_images(ImageIds=[image])["Images"][0]["BootMode"], mode)
        said = c.ec2.describe_image_attribute(ImageId=image, Attribute="bootMode")["BootMode"]
        equal(f"{mode}: so does its attribute", said.get("Value"), mode)
    cloud.refuses("another mode", "InvalidParameterValue", c.ec2.register_image, Name="odd", ImageLocation="images/x", BootMode="u")
    types = c.ec2.describe_instance_types(InstanceTypes=[TYPE])["InstanceTypes"][0]
    equal("a type can do both", types["SupportedBootModes"], ["legacy-bios", "uefi"])
    return images


def memories(c):
    return [f for f in c.files("h1") if "/nvram-" in f]


def media(c):
    """{firmware: image} of one medium, registered twice; whatever its name ends with."""
    path = medium.make(cloud.GUEST, f"{c.state}/medium.iso")
    images = {mode: c.publish(path, name=f"medium-{mode}", BootMode=mode) for mode in ("legacy-bios", "uefi")}
    for image in images.values():
        shown = c.ec2.describe_images(ImageIds=[image])["Images"][0]
        equal("a medium is known by its content", (shown["State"], shown["PlatformDetails"]), ("available", "CD-ROM"))
        equal("its guests have a disk of", shown["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"], 8)
    with open(path, "rb") as whole, open(f"{c.state}/short.iso", "wb") as short:
        short.write(whole.read(1 << 20))
    cut = c.ec2.describe_images(ImageIds=[c.publish(f"{c.state}/short.iso", name="short")])["Images"][0]
    check("one that was cut short is refused", cut["State"] == "failed" and "cut short" in cut["StateReason"]["Message"], cut)
    return images


def drive(c, instance):
    """Its device of that kind, as the hypervisor has it."""
    xml = c.host("virsh", "-c", "qemu:///system", "dumpxml", instance)
    return [part.split("</disk>")[0] for part in xml.split("<disk ")[1:] if "device='cdrom'" in part]


def install(c, instance, raw):
    """What an installer does: the disk gets something to start from."""
    command = ["ssh", "-i", c.key, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
               f"root@{c.instance(instance)['PrivateIpAddress']}", "gunzip >/dev/vda && sync"]
    packed = subprocess.Popen(["gzip", "-1", "-c", raw], stdout=subprocess.PIPE)
    subprocess.run(c.inside(*command), stdin=packed.stdout, check=True, timeout=cloud.PATIENCE)
    packed.wait()


def starts_from_medium(c):
    images = media(c)
    bios = c.run(ImageId=images["legacy-bios"], BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 1}}])[0]
    uefi = c.run(ImageId=images["uefi"], InstanceType=TYPE)[0]
    for instance in (bios, uefi):
        c.ready(instance)
    equal("both started from it", [c.said(i, "boots") for i in (bios, uefi)], [["unknown"], ["unknown"]])
    equal("each with its firmware", [c.said(i, "firmware") for i in (bios, uefi)], [["bios"], ["uefi"]])
    check("it cannot be written to", len(drive(c, bios)) == 1 and "<readonly/>" in drive(c, bios)[0], drive(c, bios))
    address = c.instance(bios)["PrivateIpAddress"]
    equal("the disk is as large as asked", c.ssh(address, "cat /sys/block/vda/size"), str((1 << 30) // 512))
    equal("and empty", c.ssh(address, "head -c 1048576 /dev/vda | tr -d '\\0' | wc -c"), "0")
    c.terminate(uefi)
    install(c, bios, medium.raw(cloud.GUEST, f"{c.state}/installed.raw"))
    c.ec2.reboot_instances(InstanceIds=[bios])
    c.ready(bios, times=2)
    equal("what was installed is what starts", c.said(bios, "boots"), ["unknown", "1"])
    c.terminate(bios)


def main():
    c = cloud.started()
    before = c.traces()
    images = image_modes(c)
    bios, first, other = (c.run(ImageId=images[mode], InstanceType=TYPE)[0] for mode in images)
    equal("they say how they boot", [c.instance(i)["BootMode"] for i in (bios, first, other)], list(images))
    found = c.ec2.describe_instances(Filters=[{"Name": "current-instance-boot-mode", "Values": ["uefi"]}])["Reservations"]
    equal("and are found by it", sorted(i["InstanceId"] for r in found for i in r["Instances"]), sorted([first, other]))
    for instance in (bios, first, other):
        c.ready(instance)
    equal("the firmware of each", [c.said(i, "firmware") for i in (bios, first, other)], [["bios"], ["uefi"], ["uefi"]])
    equal("each has a memory of its own", [c.said(i, "firmware-boots") for i in (first, other)], [["1"], ["1"]])
    equal("the BIOS has none", len(memories(c)), 2)
    c.terminate(bios, other)
    equal("that of the other one went with it", len(memories(c)), 1)
    c.ec2.stop_instances(InstanceIds=[first])
    c.reaches(first, "stopped")
    c.ec2.start_instances(InstanceIds=[first])
    c.ready(first, times=2)
    equal("it outlives a stop", c.said(first, "firmware-boots"), ["1", "2"])
    c.terminate(first)
    starts_from_medium(c)
    left = lambda: cloud.changed(before, c.traces())
    until("nothing is left on the host", lambda: not [line for line in left() if "files" in line]) or check("", False, left())
    cloud.finish()


if __name__ == "__main__":
    sys.exit(main())
