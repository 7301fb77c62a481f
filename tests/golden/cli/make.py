#!/usr/bin/python3
"""Makes the answers of this folder: NAME.xml as EC2's model has it, NAME.json as botocore's own parser reads it (with the
names of the wire, since that is what `tercet -o json` prints). The test never looks at our own output to know what is right.

usage: make.py [FOLDER]     writes into FOLDER (this one, when none is given)"""
import datetime
import json
import pathlib
import sys
from xml.sax.saxutils import escape

import botocore.parsers
import botocore.session

ACTIONS = """RunInstances DescribeInstances StopInstances DescribeImages DescribeKeyPairs DescribeTags DescribeVolumes
DescribeAvailabilityZones DescribeRegions DescribeInstanceTypes DescribeVpcs DescribeSubnets DescribeSecurityGroups
AuthorizeSecurityGroupIngress DescribeNetworkInterfaces GetConsoleOutput CreateKeyPair RegisterImage""".split()
WHEN = "2026-11-20T09:13:35.000Z"
TEXTS = ["<web> & 'co'", "\u00fcber \u2713", "i-0123456789abcdef0", "", "plain"]


class Maker:
    """Counts, so that no two values are the same and every run gives the same."""

    def __init__(self):
        self.count = 0

    def scalar(self, shape):
        self.count += 1
        kinds = {
            "boolean": lambda: "true" if self.count % 2 else "false",
            "integer": lambda: str(self.count if self.count % 7 else -1),
            "long": lambda: str((1 << 40) + self.count),
            "double": lambda: f"{self.count}.5",
            "float": lambda: f"{self.count}.25",
            "timestamp": lambda: WHEN,
        }
        made = kinds.get(shape.type_name)
        return made() if made else shape.enum[0] if getattr(shape, "enum", None) else TEXTS[self.count % len(TEXTS)]

    def element(self, name, shape):
        if shape.type_name == "structure":
            return f"<{name}>{self.members(shape)}</{name}>"
        if shape.type_name == "list":
            self.count += 1
            items = [self.element("item", shape.member) for _ in range(self.count % 3)]
            return f"<{name}>{''.join(items)}</{name}>" if items else f"<{name}/>"
        return f"<{name}>{escape(self.scalar(shape))}</{name}>"

    def members(self, shape):
        return "\n".join(self.element(name_of(name, member), member) for name, member in shape.members.items()
                         if name != "NextToken")


def name_of(name, member):
    return member.serialization.get("name", name)


def wire(value, shape):
    """What botocore's parser made, with the names of the wire."""
    if shape.type_name == "structure":
        return {name_of(name, member): wire(value[name], member) for name, member in shape.members.items() if name in value}
    if shape.type_name == "list":
        return [wire(item, shape.member) for item in value]
    if isinstance(value, datetime.datetime):
        return WHEN
    return value


def main(folder):
    model = botocore.session.get_session().get_service_model("ec2")
    parser = botocore.parsers.create_parser("ec2")
    for action in ACTIONS:
        shape = model.operation_model(action).output_shape
        maker = Maker()
        text = (f'<?xml version="1.0" encoding="UTF-8"?>\n<{action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">\n'
                f"<requestId>59dbff89-35bd-4eac-99ed-be587EXAMPLE</requestId>\n{maker.members(shape)}\n</{action}Response>\n")
        parsed = parser.parse({"body": text.encode(), "headers": {}, "status_code": 200}, shape)
        (folder / f"{action}.xml").write_text(text, encoding="utf-8")
        (folder / f"{action}.json").write_text(json.dumps(wire(parsed, shape), indent=1, ensure_ascii=False) + "\n",
                                               encoding="utf-8")


main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent)
