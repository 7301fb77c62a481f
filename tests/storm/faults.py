"""faults.py - what a storm does to a cloud: kills, stands still, spoils links, pulls cables. All of it from one seed."""
import contextlib
import os
import random
import signal
import time

import links

HOST_DAEMONS = ("computer-manager", "computer-hypervisor", "computer-network")
SHELTERED = 20.0  # seconds: no daemon is stopped for longer, no link spoilt, no cable out


class Faults:
    def __init__(self, cloud, ways, seed):
        self.cloud, self.ways, self.rng = cloud, ways, random.Random(f"{seed} faults")
        self.counts = {"kill": 0, "stand still": 0, "link": 0, "cable": 0, "libvirtd": 0}
        self.heads = ["cloud-manager", "dos", *(f"cluster-manager-{'ab'[k]}" for k in range(cloud.clusters))]
        self.later = []      # (when, what): what ends a fault

    def one(self):
        """What it was; None when there was nobody to do it to."""
        kind = self.rng.choices(("kill", "stand still", "link", "cable", "libvirtd"), (60, 15, 18, 3, 4))[0]
        acts = {"kill": self.kill, "stand still": self.stand_still, "link": self.link, "cable": self.cable, "libvirtd": self.libvirtd}
        done = acts[kind]()
        self.counts[kind] += done is not None
        return done

    def daemon(self):
        """(name, host or "h1"): heads as often as the daemons of hosts."""
        if self.rng.random() < 0.5:
            return self.rng.choice(self.heads), self.cloud.hosts[0]
        return self.rng.choice(HOST_DAEMONS), self.rng.choice(self.cloud.hosts)

    def kill(self):
        name, host = self.daemon()
        return f"kill -9 {name} of {self.where(name, host)}" if self.cloud.kill(name, host) else None

    def stand_still(self):
        name, host = self.daemon()
        pid, seconds = self.cloud.pid(name, host), self.rng.uniform(0.2, SHELTERED)
        if pid is None:
            return None
        self.signal(pid, signal.SIGSTOP)
        self.later.append((time.monotonic() + seconds, lambda: self.signal(pid, signal.SIGCONT)))
        return f"{name} of {self.where(name, host)} stands still for {seconds:.1f} s"

    @staticmethod
    def where(name, host):
        return host if name in HOST_DAEMONS else "the head"

    @staticmethod
    def signal(pid, number):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)

    def link(self):
        name, mode = self.rng.choice(sorted(self.ways.links)), self.rng.choice(links.MODES)
        seconds = self.rng.uniform(0.5, SHELTERED)
        self.ways.set(name, mode)
        self.later.append((time.monotonic() + seconds, lambda: self.ways.set(name, None)))
        return f"the link to {name} is {mode} for {seconds:.1f} s"

    def cable(self):
        host, seconds = self.rng.choice(self.cloud.hosts), self.rng.uniform(1, SHELTERED)
        self.cloud.lab("cut", host)
        self.later.append((time.monotonic() + seconds, lambda: self.cloud.lab("heal", host, check=False)))
        return f"{host} is cut off for {seconds:.1f} s"

    def libvirtd(self):
        host, seconds = self.rng.choice(self.cloud.hosts), self.rng.uniform(0.5, SHELTERED)
        pid = next((p for p, name in self.cloud.processes(host) if name == "libvirtd"), None)
        if pid is None:
            return None
        self.signal(pid, signal.SIGSTOP)
        self.later.append((time.monotonic() + seconds, lambda: self.signal(pid, signal.SIGCONT)))
        return f"libvirtd of {host} stands still for {seconds:.1f} s"

    def mend(self, everything=False):
        """Ends what is due, or all of it."""
        due = [what for when, what in self.later if everything or when <= time.monotonic()]
        self.later = [] if everything else [(w, f) for w, f in self.later if w > time.monotonic()]
        for what in due:
            what()
        if everything:
            self.ways.heal()
            for host in self.cloud.hosts:
                self.cloud.lab("heal", host, check=False)
