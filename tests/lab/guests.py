"""What guests show by themselves; for tests of several hosts, which have tests/integ in their path."""
import os
import re

from cloud import check, equal, until

SLACK = 8.0  # how long a heartbeat (one each second) may take on a machine that starts hosts meanwhile


class Guests:
    """What guests show by themselves, without any daemon: the serial logs on their hosts' disks."""

    def __init__(self, c, ids):
        self.c, self.ids = c, ids
        self.host = {i: next(on for on in c.hosts if os.path.exists(self.log(i, on))) for i in ids}

    def log(self, instance, on=None):
        return f"{self.c.data(on or self.host[instance])}/instances/{instance}/console.log"

    def text(self, instance):
        with open(self.log(instance), encoding="utf-8", errors="replace") as log:
            return log.read()

    def on(self, *hosts):
        return [i for i in self.ids if self.host[i] in hosts]

    def boots(self, instance):
        return len(re.findall(r"TERCET-GUEST ready=1", self.text(instance)))

    def beats(self, instance):
        """(number, uptime) of each heartbeat since its first boot began."""
        return [(int(n), float(up)) for n, up in re.findall(r"TERCET-GUEST beat=(\d+) t=\d+ up=([\d.]+)", self.text(instance))]

    def beat_on(self, text, ids):
        last = {i: len(self.beats(i)) for i in ids}
        until(f"{text}: {len(ids)} guests go on", lambda: all(len(self.beats(i)) >= last[i] + 2 for i in ids))

    def never_noticed(self, text, ids):
        gaps = [later - sooner for i in ids for (_, sooner), (_, later) in zip(self.beats(i), self.beats(i)[1:])]
        numbers = [[n for n, _ in self.beats(i)] for i in ids]
        equal(f"{text}: no beat is missing or came twice", numbers, [list(range(n[0], n[0] + len(n))) for n in numbers])
        check(f"{text}: the longest pause between two beats was {max(gaps):.1f} s", max(gaps) < SLACK)
