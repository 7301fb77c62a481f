#!/usr/bin/python3
"""Images say how they boot. A guest of UEFI boots to its console, with a memory of the firmware that is its own, outlives
a stop and goes with the instance; one of the same disk on a BIOS has none."""
import sys

import cloud
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
    left = lambda: cloud.changed(before, c.traces())
    until("nothing is left on the host", lambda: not [line for line in left() if "files" in line]) or check("", False, left())
    cloud.finish()


if __name__ == "__main__":
    sys.exit(main())
