"""A child of the cloud-manager for bench/run: joins by token, keeps a sync up, says what it is told to say.

Stands for a cluster with much room (its wishes are recorded and never done) or for a dos that has every image. It is the
protocol's child in its thinnest form: one kind of sync at a time, in memory only."""
import http.client
import json
import os
import socket
import ssl
import subprocess
import threading
import time

WISH_PAUSE_S = 1  # between syncs once it has met its parent: held for 2 s and with this below the 6 s after which it is suspect


def share(fact):
    """What a fact adds to the sum of its link: the hash of proto/sync/item.c."""
    number = b"".join(n.to_bytes(8, "little") for n in (fact["generation"], 0, fact["number"]))
    h = 0xcbf29ce484222325
    for byte in fact["kind"].encode() + b"\0" + fact["id"].encode() + b"\0" + number:
        h = (h ^ byte) * 0x100000001b3 % (1 << 64)
    h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9 % (1 << 64)
    return h ^ (h >> 31)


class Child(threading.Thread):
    def __init__(self, folder, node, tcp_port, token, capacity):
        super().__init__(daemon=True)
        self.node, self.tcp_port, self.capacity = node, tcp_port, capacity
        self.key, self.certificate = (os.path.join(folder, f"{node}.{end}") for end in ("key", "pem"))
        self.boot, self.seq, self.applied, self.number, self.acked = f"bench-{node}", 0, 0, 0, 0
        self.facts, self.sum, self.images, self.is_over = [], 0, set(), False
        self.store_id = self.start_id = ""
        self._join(token)

    def _post(self, target, message):
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # loopback, our own process
        if os.path.exists(self.certificate):
            context.load_cert_chain(self.certificate, self.key)
        connection = http.client.HTTPSConnection("127.0.0.1", self.tcp_port, context=context, timeout=20)
        connection.request("POST", target, json.dumps(message), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{target} of {self.node}: {answer.status} {body[:300]!r}")
        return json.loads(body)

    def _join(self, token):
        request = subprocess.run(
            ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
             self.key, "-subj", f"/CN={self.node}"], check=True, capture_output=True, text=True).stdout
        joined = self._post("/v1/join", {"node": self.node, "token": token, "csr": request})
        with open(self.certificate, "w", encoding="utf-8") as f:
            f.write(joined["certificate"])

    def say(self, kind, name, body):
        self.number += 1
        self.facts.append({"kind": kind, "id": name, "generation": 1, "number": self.number, "body": body})
        self.sum += share(self.facts[-1])

    def say_gone(self, wish):
        """Whatever it was, nothing of it is left here. No such fact is in the sum."""
        self.number += 1
        self.facts.append({"kind": wish["kind"], "id": wish["id"], "generation": wish["generation"], "pepoch": wish.get("pepoch", 0),
                           "number": self.number, "gone": "deleted"})

    def sync(self):
        """One sync; what it answers is recorded, which is all that this child ever does with a wish."""
        self.seq += 1
        message = {"proto": 1, "node": self.node, "boot": self.boot, "boot_n": 1, "seq": self.seq, "t_send": self.seq,
                   "store_id_seen": self.store_id, "start_id_seen": self.start_id, "applied_rev": self.applied,
                   "facts_from": self.acked + 1, "facts_to": self.number, "capacity": self.capacity,
                   "facts_sum": f"{self.sum % (1 << 64):016x}", "busy": self.number > self.acked, "seen": self.facts}
        answer = self._post("/v1/sync", message)
        self.store_id, self.start_id = answer["store_id"], answer["start_id"]
        self.acked = answer.get("seen_ack", 0)
        self.facts = [fact for fact in self.facts if fact["number"] > self.acked]
        self.applied = max(self.applied, answer.get("rev", 0))
        for wish in answer.get("want", []):
            if wish["kind"] == "image" and wish["id"] not in self.images and "gone" not in wish:
                self.images.add(wish["id"])
                self.say("image", wish["id"], {"state": "available", "manifest": "a" * 64, "size_bytes": 64 << 20})
            if wish["kind"] == "instance" and "gone" in wish:
                self.say_gone(wish)
        return answer

    def run(self):
        while not self.is_over:
            try:
                self.sync()
            except (OSError, RuntimeError, http.client.HTTPException, socket.timeout):
                if self.is_over:
                    return
            if self.number == self.acked:
                time.sleep(WISH_PAUSE_S)


def wait_until(what, happens, seconds):
    """Looks until happens() or the time is over."""
    end = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.05)
