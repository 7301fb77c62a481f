#!/usr/bin/python3
"""What the daemons say of themselves: every page of every one, the figures read as Prometheus reads them and held against
docs/metrics.md, and what /readyz says while something is away.

usage: status_pages.py [--write]     --write: puts what the tables metrics.def say into docs/metrics.md"""
import json
import os
import pathlib
import re
import sys

from prometheus_client.parser import text_string_to_metric_families

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PAGE = SOURCE / "docs/metrics.md"
MARK = re.compile(r"<!-- Below: .*-->\n")
TABLES = {"base": "every daemon", "proto/http": "every daemon: its listeners", "proto/auth": "every daemon: proving and hashing",
          "proto/sync": "the links between the tiers",
          "cloud-manager": "cloud-manager", "cluster-manager": "cluster-manager", "dos": "dos", "computer-manager": "computer-manager"}
ROW = re.compile(r'^FAMILY\(\w+, "(\w+)", (COUNTER|GAUGE|HISTOGRAM), "(.*)"\)$', re.M)


def families():
    """{name: (type, help, table)} of all metrics.def"""
    found = {}
    for folder in TABLES:
        text = (SOURCE / folder / "metrics.def").read_text(encoding="utf-8")
        rows = ROW.findall(text)
        assert len(rows) == text.count("\nFAMILY("), f"{folder}/metrics.def has a row of another form"
        for name, kind, words in rows:
            assert name not in found, f"{name} stands twice"
            found[name] = (kind.lower(), words, folder)
    return found


def reference():
    lines = []
    for folder, title in TABLES.items():
        lines += [f"\n### Of {title}\n", "| figure | type | what it is |", "|---|---|---|"]
        lines += [f"| `{name}` | {kind} | {words} |" for name, (kind, words, table) in families().items() if table == folder]
    return "\n".join(lines) + "\n"


def documented():
    """docs/metrics.md as it is, and as it should be."""
    text = PAGE.read_text(encoding="utf-8")
    head = text[:MARK.search(text).end()]
    return text, head + reference()


def bare(family):
    """A counter's family as the parser names it has lost its _total."""
    return family.name + "_total" if family.type == "counter" and not family.name.endswith("_total") else family.name


class Pages:
    """The four pages of the daemons of a cloud."""

    def __init__(self, c, cloud):
        self.c, self.cloud = c, cloud
        places = dict(re.findall(r'export (TERCET_STATUS)="(.*)"', c.lab("env")))["TERCET_STATUS"].split()
        self.places = dict(zip(("tercet-cloud-manager", "tercet-dos", "tercet-cluster-manager"), places))

    def get(self, daemon, page):
        """(status, text)"""
        place = self.places.get(daemon, "127.0.0.1:8794")
        words = ["curl", "-s", "--max-time", "5", "-w", "\n%{http_code}", f"http://{place}/{page}"]
        out = self.c.host(*words) if daemon == "tercet-computer-manager" else self.cloud.tool(*words)
        text, _, status = out.rpartition("\n")
        return int(status), text

    def ready(self, daemon):
        return self.get(daemon, "readyz")


def check_pages(pages, cloud):
    known, seen = families(), set()
    for daemon in [*pages.places, "tercet-computer-manager"]:
        cloud.equal(f"{daemon}: /healthz", pages.get(daemon, "healthz"), (200, "ok\n"))
        status, version = pages.get(daemon, "version")
        cloud.equal(f"{daemon}: /version names it", (status, json.loads(version)["daemon"]), (200, daemon))
        status, text = pages.ready(daemon)
        cloud.check(f"{daemon}: /readyz", status == 200 and re.fullmatch(r"(ok \w+\n)+", text), text)
        status, text = pages.get(daemon, "metrics")
        told = {bare(f): (f.type, f.documentation) for f in text_string_to_metric_families(text)}
        strange = {name: row for name, row in told.items() if row != known.get(name, ())[:2]}
        cloud.check(f"{daemon}: its {len(told)} figures are those of the tables", status == 200 and len(told) > 15 and not strange, strange)
        seen |= set(told)
    missing = [name for name, (_, _, folder) in known.items() if folder != "proto/http" and name not in seen]
    cloud.equal("every figure of the tables is told by some daemon", missing, [])


def value(text, name, **labels):
    return next((s.value for f in text_string_to_metric_families(text) for s in f.samples if s.name == name and s.labels == labels), None)


def check_counts(pages, c, cloud):
    """A request is counted where it was answered."""
    def counted(outcome):
        text = pages.get("tercet-cloud-manager", "metrics")[1]
        return value(text, "tercet_requests_total", action="DescribeInstances", outcome=outcome) or 0
    before = counted("ok"), counted("refused")
    c.ec2.describe_instances()
    cloud.refuses("a filter that is none", "InvalidParameterValue", c.ec2.describe_instances, Filters=[{"Name": "x", "Values": ["y"]}])
    cloud.equal("one more was answered, one more was refused", (counted("ok"), counted("refused")), (before[0] + 1, before[1] + 1))
    text = pages.get("tercet-cluster-manager", "metrics")[1]
    cloud.equal("the cluster has one host that is up", value(text, "tercet_children", state="up"), 1)


def check_absence(pages, c, cloud):
    """What is away is named by who misses it, and by doctor; and only while it is."""
    c.kill("cloud-manager")
    for daemon in ("tercet-cluster-manager", "tercet-dos"):
        cloud.until(f"{daemon} misses its parent", lambda d=daemon: pages.ready(d)[0] == 503)
        cloud.check(f"{daemon}: /readyz says what it misses", "\nno parent: " in "\n" + pages.ready(daemon)[1], pages.ready(daemon)[1])
    c.lab("up", "--hosts", "1", "--clusters", "1")
    for daemon in ("tercet-cluster-manager", "tercet-dos"):
        cloud.until(f"{daemon} hears its parent", lambda d=daemon: pages.ready(d)[0] == 200)


def main():
    have, wanted = documented()
    if sys.argv[1:] == ["--write"]:
        PAGE.write_text(wanted, encoding="utf-8")
        return
    import cloud  # wants the environment of a test
    cloud.check("docs/metrics.md says what the tables say", have == wanted, "run status_pages.py --write")
    c = cloud.started(furnished=False)
    pages = Pages(c, cloud)
    c.s3.list_buckets()
    check_pages(pages, cloud)
    check_counts(pages, c, cloud)
    out = cloud.tool(os.path.join(os.environ["TERCET_BUILD"], "tercet"), "doctor", check=False, env={
        **c.env, "TERCET_STATUS": " ".join(pages.places.values()), "TERCET_ENDPOINT": "http://127.0.0.1:9"})
    cloud.equal("doctor finds the daemons of this machine", len(re.findall(r"^ok +daemon ", out, re.M)), 3)
    check_absence(pages, c, cloud)
    cloud.finish()


main()
