"""A cloud of a few canned answers, for tests of the command line: it says what EC2's documentation says, and remembers what
it was asked. Each test may put answers of its own before the canned ones."""
import http.server
import ssl
import threading
import time
import urllib.parse

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
WHEN = "2026-11-20T09:13:35.000Z"
IDS = {"web": "i-0aaaaaaaaaaaaaaa1", "db": "i-0aaaaaaaaaaaaaaa2", "twin": "i-0bbbbbbbbbbbbbbb3", "twin2": "i-0ccccccccccccccc4"}
CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}


def tag(name, *inner):
    return f"<{name}>{''.join(inner)}</{name}>"


def state(name, word):
    return tag(name, tag("code", str(CODES[word])), tag("name", word))


def instance(name, word="running", reason=""):
    address = "" if word == "terminated" else tag("privateIpAddress", f"172.31.0.{10 + list(IDS).index(name)}")
    code = "pending" if word == "pending" else "Server.InternalError"
    why = tag("stateReason", tag("code", code), tag("message", reason)) if reason else ""
    return tag("item", tag("instanceId", IDS[name]), tag("imageId", "ami-0ddddddddddddddd1"), state("instanceState", word),
               tag("keyName", "me"), tag("amiLaunchIndex", "0"), tag("instanceType", "t1.nano"), tag("launchTime", WHEN),
               tag("placement", tag("availabilityZone", "locala")), address, tag("ebsOptimized", "false"), why,
               tag("tagSet", tag("item", tag("key", "Name"), tag("value", name.rstrip("2")))))


def reservations(*instances, token=""):
    items = [tag("item", tag("reservationId", "r-1"), tag("groupSet"), tag("instancesSet", i)) for i in instances]
    return tag("reservationSet", *items) + (tag("nextToken", token) if token else "")


def change(name, was, now):
    return tag("instancesSet", tag("item", tag("instanceId", IDS[name]), state("currentState", now), state("previousState", was)))


def error(code, message, status=400):
    body = tag("Response", tag("Errors", tag("Error", tag("Code", code), tag("Message", message))), tag("RequestID", "req-1"))
    return status, HEAD + body


def describe_instances(query):
    """Those that the filter or the ids name; no wildcard but one at the end."""
    wanted = query.get("Filter.1.Value.1", "*")
    ids = [value for name, value in query.items() if name.startswith("InstanceId.")]
    field = query.get("Filter.1.Name")
    found = []
    for name, number in IDS.items():
        text = {"tag:Name": name.rstrip("2"), "instance-id": number}.get(field, wanted)
        fits = text.startswith(wanted[:-1]) if wanted.endswith("*") else text == wanted
        if number in ids if ids else fits:
            found.append(instance(name, "stopped" if name == "db" else "running"))
    return reservations(*found)


ZONES = tag("availabilityZoneInfo",
            tag("item", tag("zoneName", "locala"), tag("zoneState", "available"), tag("regionName", "local"), tag("messageSet")),
            tag("item", tag("zoneName", "localb"), tag("zoneState", "unavailable"), tag("regionName", "local"),
                tag("messageSet", tag("item", tag("message", "The cluster of this zone is not connected")))))
HOSTS = tag("hostSet", tag("item", tag("hostId", "host1"), tag("availabilityZone", "locala"), tag("state", "up"),
                           tag("health"), tag("drained", "false"), tag("instances", "2"), tag("roomSet", *[
                               tag("item", tag("class", c), tag("total", t), tag("free", f))
                               for c, t, f in (("vcpu", "8", "6"), ("memory_mib", "16000", "15744"), ("disk_gib", "90", "88"))])))
IMAGE = tag("item", tag("imageId", "ami-0ddddddddddddddd1"), tag("name", "tiny"), tag("imageState", "available"))
# One group, `front`, of two rules.
GROUP_ID, RULE_ID = "sg-0eeeeeeeeeeeeeee1", "sgr-0fffffffffffffff1"
OUT = tag("item", tag("ipProtocol", "-1"), tag("groups"), tag("ipRanges", tag("item", tag("cidrIp", "0.0.0.0/0"))))
IN = tag("item", tag("ipProtocol", "icmp"), tag("fromPort", "8"), tag("toPort", "-1"),
         tag("groups", tag("item", tag("groupId", GROUP_ID))), tag("ipRanges"))
GROUP = tag("item", tag("ownerId", "000000000001"), tag("groupId", GROUP_ID), tag("groupName", "front"),
            tag("groupDescription", "servers"), tag("vpcId", "vpc-1"), tag("ipPermissions", IN), tag("ipPermissionsEgress", OUT))
RULES = tag("securityGroupRuleSet", tag(
    "item", tag("securityGroupRuleId", RULE_ID), tag("groupId", GROUP_ID), tag("isEgress", "false"), tag("ipProtocol", "icmp"),
    tag("fromPort", "8"), tag("toPort", "-1"), tag("referencedGroupInfo", tag("groupId", GROUP_ID)), tag("description", "ping")))


def describe_groups(query):
    known = query.get("Filter.1.Value.1", "front") in ("front", GROUP_ID)
    return tag("securityGroupInfo", *[GROUP] * known)


PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPublicHalf"
CANNED = {
    "DescribeInstances": describe_instances,
    "DescribeAvailabilityZones": lambda query: ZONES,
    "DescribeHosts": lambda query: HOSTS,
    "StopInstances": lambda query: change("web", "running", "stopping"),
    "TerminateInstances": lambda query: change("web", "running", "shutting-down"),
    "RunInstances": lambda query: tag("reservationId", "r-1") + tag("groupSet") + tag("instancesSet", instance("web", "pending")),
    "GetConsoleOutput": lambda query: tag("instanceId", IDS["web"]) + tag("timestamp", WHEN) + tag("output", "Ym9vdGVkCmxvZ2luOiA="),
    "DeleteKeyPair": lambda query: tag("return", "true"),
    "DescribeImages": lambda query: tag("imagesSet", *[IMAGE] * (query.get("Filter.1.Value.1", "tiny") == "tiny")),
    "DescribeKeyPairs": lambda query: tag("keySet", tag("item", tag("keyName", "me"), tag("publicKey", PUBLIC_KEY))),
    "DescribeVolumes": lambda query: tag("volumeSet"),
    "DescribeSecurityGroups": describe_groups,
    "DescribeSecurityGroupRules": lambda query: RULES,
    "CreateSecurityGroup": lambda query: tag("groupId", GROUP_ID),
    "AuthorizeSecurityGroupIngress": lambda query: tag("return", "true") + RULES,
    "AuthorizeSecurityGroupEgress": lambda query: tag("return", "true") + RULES,
    **dict.fromkeys(("DeleteSecurityGroup", "RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress", "ModifyInstanceAttribute",
                     "ModifyNetworkInterfaceAttribute", "ModifySecurityGroupRules", "UpdateSecurityGroupRuleDescriptionsIngress",
                     "UpdateSecurityGroupRuleDescriptionsEgress"), lambda query: tag("return", "true")),
    "DescribeAddresses": lambda query: tag("addressesSet"),
    "DescribeVpcs": lambda query: tag("vpcSet"),
    "DescribeSubnets": lambda query: tag("subnetSet"),
    "DescribeNetworkInterfaces": lambda query: tag("networkInterfaceSet"),
    "CreateTags": lambda query: tag("return", "true"),
    "GetCallerIdentity": lambda query: tag("GetCallerIdentityResult", tag("Account", "000000000001")),
}


class Cloud(http.server.ThreadingHTTPServer):
    """`script`: per action, answers that come first: a body, (status, document), or None to hang up."""
    daemon_threads = True

    def __init__(self, certificate=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.scheme = "https" if certificate else "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.asked, self.script, self.skew_s, self.events = [], {}, 0, None
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address):
        """Who hangs up in the middle of a handshake is what a test wants."""

    def answer(self, action, query):
        self.asked.append((action, query))
        queue = self.script.get(action)
        body = queue.pop(0) if queue else CANNED[action](query) if action in CANNED else error("InvalidAction", action)
        if body is None or isinstance(body, tuple):
            return body
        begin = f'<{action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        return 200, f'{HEAD}{begin}{tag("requestId", "req-0")}{body}</{action}Response>'


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        query = dict(urllib.parse.parse_qsl(body, keep_blank_values=True))
        assert self.headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDTEST/"), "not signed"
        query["signature"] = self.headers["Authorization"]
        answer = self.server.answer(query["Action"], query)
        if answer is None:
            self.close_connection = True
            return
        self.answer_with(*answer)

    def do_GET(self):
        """What changes, where a test tells it; the object store: two buckets."""
        if self.path == "/v1/events" and self.server.events is not None:
            self.tell()
            return
        names = "".join(tag("Bucket", tag("Name", name)) for name in ("backups", "images-1"))
        self.answer_with(200, HEAD + tag("ListAllMyBucketsResult", tag("Buckets", names)))

    def tell(self):
        """Server-sent events: each word that the test puts into the queue, until it hangs up."""
        assert "/tercet/aws4_request" in self.headers["Authorization"], "not signed for REST"
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write(b"retry: 1000\nid: 0\nevent: ready\ndata: {}\n\n")
        while (word := self.server.events.get()) is not None:
            self.wfile.write(f"id: 1\nevent: {word}\ndata: {{}}\n\n".encode())
        self.close_connection = True

    def answer_with(self, status, document):
        self.send_response(status)
        self.send_header("Content-Type", "text/xml;charset=UTF-8")
        self.send_header("Content-Length", str(len(document.encode())))
        self.end_headers()
        self.wfile.write(document.encode())

    def date_time_string(self, timestamp=None):
        return super().date_time_string(time.time() + self.server.skew_s)

    def log_message(self, *args):
        pass
