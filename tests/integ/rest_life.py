#!/usr/bin/python3
"""rest_life.py - REST against real daemons: a day of an instance, every route with success, every parameter with rubbish,
a stranger's objects, repeats. Every answer is held against the OpenAPI document that the cloud serves (rest.py)."""
import itertools
import re

import cloud
import rest
from cloud import check, equal, until

RUBBISH = {"string": [7, "", None, ["x"]], "integer": ["x", 1.5, None, True], "boolean": ["x", 1, None],
           "array": ["x", [], [7], [""], {}], "object": ["x", ["x"], {"k": 7}, {"": "x"}]}
STEPS = ["host", "image", "disk", "network", "turn", "start"]
NOBODY = {"instances": "i-0123456789abcdef0", "images": "ami-0123456789abcdef0", "snapshots": "snap-0123456789abcdef0",
          "key-pairs": "key-0123456789abcdef0", "volumes": "vol-0123456789abcdef0", "networks": "vpc-0123456789abcdef0",
          "addresses": "eipalloc-0123456789abcdef0", "associations": "eipassoc-0123456789abcdef0",
          "subnets": "subnet-0123456789abcdef0", "interfaces": "eni-0123456789abcdef0",
          "route-tables": "rtb-0123456789abcdef0", "internet-gateways": "igw-0123456789abcdef0",
          "security-groups": "sg-0123456789abcdef0", "security-group-rules": "sgr-0123456789abcdef0",
          "network-acls": "acl-0123456789abcdef0", "dhcp-options": "dopt-0123456789abcdef0"}


def account(c, name):
    """Key id and secret of a new account."""
    said = cloud.tool(f"{cloud.BUILD}/tercet-cloud-manager", "--config", f"{c.state}/conf/cloud", "account", "create", name)
    words = dict(re.findall(r"^(\w+) *= *(\S+)", said, re.M))
    return words["access_key_id"], words["secret_access_key"]


def lists(r):
    """Every list, whole and page by page, and each object that it names by itself."""
    for name, (method, path, operation) in r.document.operations.items():
        if method != "GET" or "{id}" in path or "items" not in str(operation["responses"]):
            continue
        whole = r.get(path)
        if not equal(f"{name}: status", whole.status, 200):
            continue
        items = whole.json["items"]
        if any(p["name"] == "limit" for p in operation["parameters"]):
            pages, cursor = [], ""
            while True:
                page = r.get(f"{path}?limit=1" + (f"&cursor={cursor}" if cursor else "")).json
                pages += page["items"]
                cursor = page.get("next_cursor", "")
                if not cursor:
                    break
            equal(f"{name}: {len(items)} pages of one are the whole", pages, items)
        if r.document.find("GET", f"{path}/x"):
            for item in items[:2]:
                one = r.get(f"{path}/{item['name' if name == 'list_zones' else 'id']}")
                equal(f"{name}: {item['id']} by itself", one.json, item)
                etag = one.headers["ETag"]
                again = r.get(f"{path}/{item['name' if name == 'list_zones' else 'id']}", headers={"If-None-Match": etag})
                equal("and not again to who knows it", (again.status, again.body, again.headers["ETag"]), (304, b"", etag))


def steps(told):
    """Of a first launch: what is done while it is pending, in this order, and no longer."""
    told = [t for t in told if t.get("state") in ("pending", "running")]
    done = [step for step, _ in itertools.groupby(t["progress"]["step"] for t in told if "progress" in t)]
    cloud.say(f"steps: {' '.join(done)}")
    check("steps in their order", done == [s for s in STEPS if s in done], done)
    check("the first of them, and its image (what takes less than a second may pass untold)", done[:2] == ["host", "image"], done)
    check("of a pending one, and of no other", all(("progress" in t) == (t["state"] == "pending") for t in told), told)
    fetched = [t["progress"]["percent"] for t in told if t.get("progress", {}).get("step") == "image"]
    check("its image is fetched, further and further", fetched and fetched == sorted(fetched), fetched)


def day(c, r):
    """An instance from launch to end."""
    launch = {"image": c.image, "type": cloud.TYPE, "key_name": "test", "tags": {"Name": "rest", "empty": ""},
              "user_data": "#!/bin/sh\n", "metadata_tokens": "required", "protects_from_end": True}
    stream = r.watch()
    made = r.post("/v1/instances", launch, headers={"Idempotency-Key": "day-1"})
    equal("a launch is accepted", (made.status, len(made.json["items"])), (202, 1))
    path = f"/v1/instances/{made.json['items'][0]['id']}"
    again = r.post("/v1/instances", launch, headers={"Idempotency-Key": "day-1"})
    equal("with its key again it is the same", again.json["items"][0]["id"], made.json["items"][0]["id"])
    other = r.post("/v1/instances", dict(launch, count=2), headers={"Idempotency-Key": "day-1"})
    equal("another launch under that key is refused", (other.status, other.code), (422, "idempotent-mismatch"))
    state = lambda: r.get(path).json["state"]
    steps(stream.until(path[14:], "running"))
    equal("it runs, and nothing is told of how", (state(), r.get(path).json.get("progress")), ("running", None))
    equal("tags, also empty ones", r.get(path).json["tags"], {"Name": "rest", "empty": ""})
    equal("EC2 sees the same", c.instance(path[14:])["InstanceType"], cloud.TYPE)
    until("its console speaks", lambda: r.get(f"{path}/console").json.get("output_base64"))
    equal("and tells no password", r.get(f"{path}/password").json.get("encrypted_base64"), None)
    equal("it boots as its image says", r.get(path).json["boot_mode"], "legacy-bios")
    until("it does well", lambda: r.get(f"{path}/status").json["instance_status"] == "ok")
    equal("why it is where it is", r.get(f"{path}/placement").json["host"], "h1")
    equal("its user data", r.get(f"{path}/attributes/user-data").json, {"value": "IyEvYmluL3NoCg=="})
    for name, value in (("protects-from-end", "true"), ("protects-from-stop", "false"), ("on-shutdown", "stop")):
        equal(name, r.get(f"{path}/attributes/{name}").json, {"value": value})
    protected = r.ask("DELETE", path)
    equal("it is protected", (protected.status, protected.code), (409, "not-permitted"))
    equal("one thing changes", r.ask("PATCH", path, {"protects_from_end": False}).status, 204)
    equal("two do not at once", r.ask("PATCH", path, {"protects_from_end": False, "type": "t1.micro"}).status, 400)
    hops = r.ask("PATCH", f"{path}/metadata-options", {"metadata_hops": 3})
    equal("metadata options", (hops.json["metadata_hops"], hops.json["metadata_tokens"]), (3, "required"))
    equal("monitored", r.post(f"{path}/actions/monitor").json["monitoring"], "enabled")
    equal("and no longer", r.post(f"{path}/actions/unmonitor").json["monitoring"], "disabled")
    equal("a reboot", r.post(f"{path}/actions/reboot").status, 204)
    c.ready(path[14:], times=2)
    equal("a stop that only asks", r.post(f"{path}/actions/stop?dry_run=true").code, "dry-run")
    lists(r)
    equal("a stop", r.post(f"{path}/actions/stop").json["state"], "stopping")
    until("it is stopped", lambda: state() == "stopped")
    equal("a start", r.post(f"{path}/actions/start").json["previous_state"], "stopped")
    until("it runs again", lambda: state() == "running")
    stale = r.ask("DELETE", path, headers={"If-Match": '"another"'})
    equal("it ends for who knows it only", (stale.status, stale.code), (412, "precondition"))
    equal("its end", r.ask("DELETE", path).json["state"], "shutting-down")
    until("it has ended", lambda: state() == "terminated")


def until_items(r, what):
    """The seeds of images, when they are as `what` says."""
    until("seeds are as they should be", lambda: what(r.get("/v1/image-seeds").json["items"]))
    return r.get("/v1/image-seeds").json["items"]


def small(c, r):
    """Everything that needs no guest."""
    key = r.post("/v1/key-pairs", {"name": "made", "type": "ed25519", "tags": {"a": "b"}}, headers={"Idempotency-Key": "key-1"})
    check("a key pair with its private key", "PRIVATE KEY" in key.json["private_key"])
    again = r.post("/v1/key-pairs", {"name": "made", "type": "ed25519", "tags": {"a": "b"}}, headers={"Idempotency-Key": "key-1"})
    equal("is answered again under its key", again.json, key.json)
    rsa = r.post("/v1/key-pairs", {"name": "rsa"})
    equal("an RSA one, which a job makes", (rsa.status, rsa.json["name"]), (201, "rsa"))
    line = r.get(f"/v1/key-pairs/{key.json['id']}?with_public_key=true").json["public_key"]
    both = r.post("/v1/key-pairs/actions/import", {"name": "again", "public_key": line})
    equal("a public key is kept", (both.status, both.json["fingerprint"]), (201, key.json["fingerprint"]))
    twice = r.post("/v1/key-pairs/actions/import", {"name": "again", "public_key": line, "tags": {}})
    equal("a name is given once", (twice.status, twice.code), (409, "key-pair-duplicate"))
    tags = {"resources": [key.json["id"], both.json["id"]], "tags": {"c": "d", "e": ""}}
    equal("tags", r.post("/v1/tags", tags).status, 204)
    found = r.get("/v1/key-pairs?filter[tag:c]=d&filter[key-name]=made,nothing").json["items"]
    equal("a filter finds it by them", [(k["name"], k["tags"]) for k in found], [("made", {"a": "b", "c": "d", "e": ""})])
    equal("tags go", r.post("/v1/tags/actions/remove", {"resources": tags["resources"], "keys": ["c"]}).status, 204)
    for one in (key, rsa, both):
        equal("forgotten", r.ask("DELETE", f"/v1/key-pairs/{one.json['id']}").status, 204)
    equal("who I am", r.get("/v1/identity").json["account"], c.sts.get_caller_identity()["Account"])
    for action, drained in (("drain", True), ("undrain", False)):
        equal(action, r.post(f"/v1/hosts/h1/actions/{action}").status, 204)
        until("is heard", lambda d=drained: r.get("/v1/hosts").json["items"][0]["drained"] == d)
    equal("an image is seeded", r.post(f"/v1/images/{c.image}/actions/seed", {"zone": c.zone}).status, 204)
    seeds = until_items(r, lambda items: [s["whole_hosts"] for s in items] == [1])
    equal("it is on the host", [(s["image"], s["zone"], s["hosts"]) for s in seeds], [(c.image, c.zone, 1)])
    equal("and no longer", r.post(f"/v1/images/{c.image}/actions/unseed", {"zone": c.zone}).status, 204)
    equal("none is", r.get("/v1/image-seeds").json["items"], [])


def events(c, r, stranger):
    """What changes is told at once, to its owner; who was cut off hears the rest; who does not read is cut."""
    mine, others = r.watch(), stranger.watch()
    equal("a stream is ready", (mine.next()[1], others.next()[1]), ("ready", "ready"))
    id = r.post("/v1/instances", {"image": c.image, "type": cloud.TYPE}).json["items"][0]["id"]
    told = mine.until(id, "running")
    host = {"step": "host", "message": "waiting for its host"}
    equal("a launch is told", told[0], {"kind": "instances", "id": id, "state": "pending", "progress": host, "is_gone": False})
    equal("and that it runs", told[-1]["state"], "running")
    cursor = mine.last
    mine.close()
    r.ask("DELETE", f"/v1/instances/{id}")
    until("it ends while nobody listens", lambda: r.get(f"/v1/instances/{id}").json["state"] == "terminated")
    again = r.watch(headers={"Last-Event-ID": cursor})
    equal("it goes on where it was", again.next()[0], int(cursor))
    told = again.until(id, "terminated")
    equal("with each object once, its disk too", sorted((t["kind"], t["is_gone"]) for t in told),
          [("instances", False), ("volumes", True)])
    c.kill("cloud-manager")
    equal("a stream ends with the daemon", again.next(), None)
    c.start()
    after = r.watch(f"/v1/events?after={cursor}")
    equal("a cursor outlives it", (after.next()[0], after.until(id, "terminated")[-1]["id"]), (int(cursor), id))
    after.close()
    tagged = r.watch()
    tagged.next()
    r.post("/v1/tags", {"resources": [c.image], "tags": {"a": "b"}})
    equal("a tag is a change of what has it", tagged.next()[2]["id"], c.image)
    tagged.close()
    equal("no such event", r.get("/v1/events?after=4000000000").status, 400)
    own = stranger.watch()
    own.next()
    stranger.post("/v1/key-pairs", {"name": "theirs", "type": "ed25519"})
    equal("a stranger heard of nothing but his own", own.next()[2]["kind"], "key-pairs")
    for _ in range(16):
        stranger.watch().next()
    while own.next() is not None:
        pass
    check("the oldest made room for the seventeenth", True)


def images(c, r, stranger):
    made = r.post("/v1/images", {"name": "second", "location": "images/tiny.qcow2", "tags": {"a": "b"}})
    path = f"/v1/images/{made.json['id']}"
    until("an image is imported", lambda: r.get(path).json["state"] == "available")
    equal("it is described anew", r.ask("PATCH", path, {"description": "ours"}).status, 204)
    equal("as was said", r.get(path).json["description"], "ours")
    equal("a stranger sees none", stranger.get(path).status, 404)
    number = stranger.get("/v1/identity").json["account"]
    equal("it is shared", r.post(f"{path}/actions/share", {"accounts": [number], "group": "all"}).status, 204)
    equal("with those", r.get(f"{path}/permissions").json, {"id": made.json["id"], "accounts": [number], "groups": ["all"]})
    equal("who sees it now", stranger.get(path).json["is_public"], True)
    equal("taken back", r.post(f"{path}/actions/unshare", {"group": "all"}).status, 204)
    equal("from one", stranger.get(path).json["is_public"], False)
    equal("from all", r.post(f"{path}/actions/unshare-wholly").status, 204)
    equal("it is gone for the stranger", stranger.get(path).status, 404)
    equal("deregistered", r.ask("DELETE", path).status, 204)


def groups(r, instance):
    """A security group, its rules, and whose it is."""
    spec = {"name": "web", "description": "lets the web in", "tags": {"a": "b"}}
    path = f"/v1/security-groups/{r.post('/v1/security-groups', spec).json['id']}"
    group = r.get(path).json
    equal("a group", {name: group[name] for name in spec}, spec)
    twice = r.post("/v1/security-groups", dict(spec, tags={}))
    equal("a name is given once", (twice.status, twice.code), (409, "group-duplicate"))
    rule = {"protocol": "tcp", "from_port": 80, "to_port": 81}
    made = r.post(f"{path}/actions/add-ingress", dict(rule, cidrs=["10.0.0.0/8", "192.0.2.0/24"], peers=[group["id"]], tags={"c": "d"}))
    equal("three rules", [(m.get("cidr"), m.get("peer"), m["to_port"], m["tags"]) for m in made.json["items"]],
          [("10.0.0.0/8", None, 81, {"c": "d"}), ("192.0.2.0/24", None, 81, {"c": "d"}), (None, group["id"], 81, {"c": "d"})])
    one = f"/v1/security-group-rules/{made.json['items'][0]['id']}"
    changed = dict(rule, group=group["id"], cidr="10.0.0.0/9", description="half of it")
    equal("one is changed", r.ask("PATCH", one, changed).status, 204)
    equal("and reads so", {name: r.get(one).json[name] for name in changed}, changed)
    out = r.post(f"{path}/actions/add-egress", {"protocol": "udp", "from_port": 53, "to_port": 53, "cidrs": ["192.0.2.1/32"]})
    equal("a rule of the other direction", out.json["items"][0]["is_egress"], True)
    equal("is removed", r.post(f"{path}/actions/remove-egress", {"rules": [out.json["items"][0]["id"]]}).status, 204)
    equal("as the others are", r.post(f"{path}/actions/remove-ingress", {"rules": [m["id"] for m in made.json["items"]]}).status, 204)
    equal("and gone", r.get(one).status, 404)
    was = r.get(f"/v1/instances/{instance}").json
    port = f"/v1/interfaces/{was['interface']}"
    equal("an interface gets it", r.ask("PATCH", port, {"groups": [group["id"]]}).status, 204)
    equal("and shows it", r.get(port).json["groups"], [{"id": group["id"], "name": "web"}])
    used = r.ask("DELETE", path)
    equal("while it is used it stays", (used.status, used.code), (409, "dependency"))
    equal("an instance gets others", r.ask("PATCH", f"/v1/instances/{instance}", {"groups": [g["id"] for g in was["groups"]]}).status, 204)
    equal("then it goes", r.ask("DELETE", path).status, 204)


def addresses(c, r):
    made = r.post("/v1/addresses", {"tags": {"a": "b"}})
    equal("an address", made.status, 201)
    path = f"/v1/addresses/{made.json['id']}"
    instance = r.post("/v1/instances", {"image": c.image, "type": cloud.TYPE}).json["items"][0]["id"]
    until("a guest runs", lambda: r.get(f"/v1/instances/{instance}").json["state"] == "running")
    link = r.post(f"{path}/actions/associate", {"instance": instance})
    equal("they are associated", r.get(path).json.get("association"), link.json["id"])
    equal("one that is in use is not released", r.ask("DELETE", path).status // 100, 4)
    equal("taken away", r.ask("DELETE", f"/v1/associations/{link.json['id']}").status, 204)
    equal("released", r.ask("DELETE", path).status, 204)
    r.ask("DELETE", f"/v1/instances/{instance}")


def filled(schema, resolve):
    """A body with only what must be there, each of the right type."""
    kinds = {"string": "x", "integer": 1, "boolean": True, "array": ["x"], "object": {"k": "v"}}
    return {name: kinds[resolve(schema["properties"][name])["type"]] for name in schema.get("required", [])}


def rubbish(r):
    """Each parameter of each operation with what it may not be: 400, and it is named."""
    tried = 0
    for name, (method, path, operation) in r.document.operations.items():
        noun = path.split("/")[2]
        path = path.replace("{id}", NOBODY.get(noun, "nobody"))
        for p in operation["parameters"]:
            for value in {"integer": ["x", "0", "1001", "-1", "99999999999999999999"], "boolean": ["x", "1"]}.get(
                    p["schema"].get("type") if p["in"] == "query" else None, []):
                answer = r.ask(method, f"{path}?{p['name']}={value}", {} if method in ("POST", "PATCH") else None)
                check(f"{name}: ?{p['name']}={value}", answer.status == 400, answer.status)
                tried += 1
        answer = r.ask(method, f"{path}?nonsense=1", {} if method in ("POST", "PATCH") else None)
        check(f"{name}: ?nonsense=1", answer.status == 400, answer.status)
        schema = r.document.body_of(name)
        if schema is None:
            continue
        for body in (b"[]", b"7", b"{", b"\xff\xfe", b'{"a":1,"a":2}', b"[" * 100, {"nonsense": 1}):
            equal(f"{name}: {str(body)[:20]}", r.ask(method, path, body).status, 400)
        for field in schema.get("required", []):
            body = filled(schema, r.document.resolve)
            del body[field]
            answer = r.ask(method, path, body)
            check(f"{name}: no {field}", answer.code == "missing-parameter" and f"/{field}" in answer.json["detail"], answer.json)
        for field, kind in schema["properties"].items():
            for value in RUBBISH[r.document.resolve(kind)["type"]]:
                answer = r.ask(method, path, dict(filled(schema, r.document.resolve), **{field: value}))
                good = answer.status == 400 and f"/{field}:" in answer.json["detail"]
                check(f"{name}: {field}={value!r}", good, answer.json)
                tried += 1
    cloud.say(f"{tried} wrong values")


def foreign(r, stranger, things):
    """What belongs to another account is not there; what is for admins is denied."""
    for noun, thing in things.items():
        for id in (thing, NOBODY[noun]):
            answer = stranger.get(f"/v1/{noun}/{id}")
            check(f"another's {noun}: 404", answer.status == 404, answer.status)
    for method, path in (("DELETE", "/v1/instances/{}"), ("POST", "/v1/instances/{}/actions/stop"),
                         ("GET", "/v1/instances/{}/console"), ("GET", "/v1/instances/{}/attributes/user-data")):
        answer = stranger.ask(method, path.format(things["instances"]), {} if method == "POST" else None)
        equal(f"{method} {path} of another", answer.status, 404)
    for path in ("/v1/hosts", "/v1/image-seeds", f"/v1/instances/{things['instances']}/placement"):
        equal(f"{path} is for admins", stranger.get(path).status, 403)


def unsigned(r):
    for name, (method, path, _) in r.document.operations.items():
        if not path.endswith("openapi.json"):
            answer = r.ask(method, path.replace("{id}", "x"), signed=False)
            check(f"{name} unsigned: 401", answer.status == 401 and "WWW-Authenticate" in answer.headers, answer.status)
    equal("a signature for ec2 is none", r.get("/v1/instances", service="ec2").status, 401)
    wrong = rest.Rest(f"http://{r.url.netloc}", r.region, r.credentials.access_key, "wrong", r.document)
    equal("nor is one by another secret", wrong.get("/v1/instances").status, 401)
    equal("elsewhere is nothing", r.get("/v1/nothing").status, 404)
    put = r.ask("PUT", "/v1/instances")
    equal("what is allowed is told", (put.status, put.headers["Allow"]), (405, "GET, POST"))


def documented(r):
    """docs/rest.md names every route, and none that there is not."""
    with open(f"{cloud.SOURCE}/docs/rest.md", encoding="utf-8") as page:
        rows = re.findall(r"^\| `(\w+)` \| `(\S+)` \|", page.read(), re.M)
    wanted = sorted((method, path) for method, path, _ in r.document.operations.values())
    equal("docs/rest.md has all routes and no other", sorted(rows), wanted)


def main():
    c = cloud.started()
    r = rest.Rest(c.urls["ec2"], c.region, c.key_id, c.secret)
    stranger = rest.Rest(c.urls["ec2"], c.region, *account(c, "other"), r.document)
    documented(r)
    unsigned(r)
    day(c, r)  # before anything else has the host fetch the image
    small(c, r)
    rubbish(r)
    events(c, r, stranger)
    images(c, r, stranger)
    instance = c.run()[0]
    groups(r, instance)
    things = {noun: r.get(f"/v1/{noun}").json["items"][0]["id"] for noun in
              ("images", "snapshots", "key-pairs", "volumes", "networks", "subnets", "interfaces")}
    foreign(r, stranger, dict(things, instances=instance))
    c.terminate(instance)
    addresses(c, r)
    never = set(r.document.operations) - r.done - stranger.done
    equal("every operation has succeeded once", never, set())
    for fault in r.faults + stranger.faults:
        check("an answer is as the document says", False, fault)
    cloud.say(f"{r.asked + stranger.asked} answers are as the document says, but {len(r.faults + stranger.faults)}")
    cloud.finish()


main()
