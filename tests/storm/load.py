"""load.py - clients who go on whatever happens, and remember what they were told.

Each owns what it makes, so what it must find in the end follows from its own history: a call was done (the answer says so),
was refused (the answer says so), or may have been done (no answer, or 5xx). Whatever may have been done is asked for again, with
the same token or the same words, until there is an answer: before the verdict nothing is left open."""
import hashlib
import itertools
import random
import threading
import time
import uuid

import botocore.exceptions

OPEN = ("pending", "running", "stopping", "stopped", "shutting-down")
# A daemon whose clock is off says so of whatever is signed: nothing was done, and the next signature may fit.
SKEWED = ("RequestExpired", "RequestTimeTooSkewed")


class Calls:
    """How many calls ended how, over all clients."""

    def __init__(self):
        self.lock, self.count = threading.Lock(), {"done": 0, "refused": 0, "unknown": 0}

    def note(self, how):
        with self.lock:
            self.count[how] += 1


class Client(threading.Thread):
    """One client: steps until it is told to rest, then finishes what is open."""

    def __init__(self, cloud, calls, seed, until):
        super().__init__(daemon=True)
        self.cloud, self.calls, self.rng, self.until = cloud, calls, random.Random(seed), until
        self.going, self.rested, self.wrong = threading.Event(), threading.Event(), []
        self.going.set()
        self.open_call = None  # what may have been done: a function that asks again
        self.last = None       # how its last call ended

    def call(self, function, **words):
        """(how, answer or error code)"""
        try:
            answer = function(**words)
            how = ("done", answer)
        except botocore.exceptions.ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            code = error.response["Error"]["Code"]
            how = ("unknown" if status >= 500 or code in SKEWED else "refused", code)
        except (botocore.exceptions.BotoCoreError, OSError) as error:
            how = ("unknown", type(error).__name__)
        self.calls.note(how[0])
        self.last = how[0], how[1] if how[0] != "done" else ""
        return how

    def run(self):
        while not self.until():
            if not self.going.is_set():
                while self.open_call is not None and not self.until():
                    self.again()
                self.rested.set()
                self.going.wait(1)
                continue
            self.rested.clear()
            if self.open_call is not None:
                self.again()
            else:
                self.step()
            time.sleep(self.rng.uniform(0.02, 0.4))

    def again(self):
        call, self.open_call = self.open_call, None
        call()
        if self.open_call is not None:
            time.sleep(0.2)


class Launcher(Client):
    """Instances: launched with tokens, stopped, started, ended. `wished`: id -> running, stopped or terminated."""

    def __init__(self, cloud, calls, seed, until, most):
        super().__init__(cloud, calls, seed, until)
        self.ec2, self.most, self.wished, self.tokens, self.changed = cloud.patient("ec2"), most, {}, {}, {}

    def step(self):
        live = [i for i, wish in self.wished.items() if wish != "terminated"]
        roll = self.rng.random()
        if not live or (len(live) < self.most and roll < 0.4):
            self.launch(f"storm-{uuid.UUID(int=self.rng.getrandbits(128))}", self.rng.choice(self.cloud.zones))
        elif roll < 0.5 and self.tokens:
            self.launch(*self.rng.choice(sorted(self.tokens)))  # the same once more
        else:
            self.change(self.rng.choice(live), self.rng.choice(("running", "stopped", "terminated", "terminated")))

    def launch(self, token, zone):
        how, said = self.call(self.ec2.run_instances, ImageId=self.cloud.image, InstanceType="t1.nano", MinCount=1, MaxCount=1,
                              ClientToken=token, Placement={"AvailabilityZone": zone})
        if how == "unknown":
            self.open_call = lambda: self.launch(token, zone)
        elif how == "done":
            instance = said["Instances"][0]["InstanceId"]
            known = self.tokens.setdefault((token, zone), instance)
            if known != instance:
                self.wrong.append(f"{token} gave {known}, then {instance}")
            self.wished.setdefault(instance, "running")

    def change(self, instance, wish):
        # A signature counts seconds: the very same request twice in one is answered as before (docs/clients.md).
        time.sleep(max(0.0, self.changed.get(instance, 0.0) + 1.1 - time.monotonic()))
        self.changed[instance] = time.monotonic()
        act = {"running": self.ec2.start_instances, "stopped": self.ec2.stop_instances, "terminated": self.ec2.terminate_instances}
        how, said = self.call(act[wish], InstanceIds=[instance])
        if how == "unknown":
            self.open_call = lambda: self.change(instance, wish)
        elif how == "done":
            self.wished[instance] = wish
        elif said not in ("IncorrectInstanceState", "IncorrectState", "InsufficientInstanceCapacity"):
            self.wrong.append(f"{wish} of {instance} was refused: {said}")


class Keeper(Client):
    """Objects: put, put again, deleted, in one bucket. `kept`: key -> SHA-256 of what must be there, None = nothing."""

    def __init__(self, cloud, calls, seed, until, bucket):
        super().__init__(cloud, calls, seed, until)
        self.s3, self.bucket, self.kept, self.numbers = cloud.patient("s3"), bucket, {}, itertools.count()

    def step(self):
        key, roll = f"k{self.rng.randrange(40)}", self.rng.random()
        if roll < 0.6:
            size = self.rng.choice((0, 10, 3000, 70000, 600000))
            self.put(key, f"{next(self.numbers)} ".encode() + self.rng.randbytes(size))
        elif roll < 0.8:
            self.delete(key)
        else:
            self.look(key)

    def put(self, key, body):
        how, said = self.call(self.s3.put_object, Bucket=self.bucket, Key=key, Body=body)
        if how == "unknown":
            self.open_call = lambda: self.put(key, body)
        elif how == "done":
            self.kept[key] = hashlib.sha256(body).hexdigest()
        else:
            self.wrong.append(f"a put of {key} was refused: {said}")

    def delete(self, key):
        how, said = self.call(self.s3.delete_object, Bucket=self.bucket, Key=key)
        if how == "unknown":
            self.open_call = lambda: self.delete(key)
        elif how == "done":
            self.kept[key] = None
        else:
            self.wrong.append(f"a delete of {key} was refused: {said}")

    def look(self, key):
        """Nothing of this key is open: what is there is what was acknowledged last."""
        how, said = self.call(self.read, key=key)
        if how != "unknown" and said != self.kept.get(key):
            self.wrong.append(f"{key} is {said}, not {self.kept.get(key)}")

    def read(self, key):
        try:
            return hashlib.sha256(self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()).hexdigest()
        except self.s3.exceptions.NoSuchKey:
            return None


class Load:
    """All clients of a storm."""

    def __init__(self, cloud, seed, launchers, keepers, most):
        self.over, self.calls = False, Calls()
        until = lambda: self.over
        cloud.s3.create_bucket(Bucket="storm")
        for k in range(keepers):
            cloud.s3.create_bucket(Bucket=f"storm-{k}")
        self.launchers = [Launcher(cloud, self.calls, f"{seed} launcher {k}", until, most) for k in range(launchers)]
        self.keepers = [Keeper(cloud, self.calls, f"{seed} keeper {k}", until, f"storm-{k}") for k in range(keepers)]
        for client in self.clients():
            client.start()

    def clients(self):
        return [*self.launchers, *self.keepers]

    def rest(self, seconds):
        """True when nothing is open any more."""
        for client in self.clients():
            client.going.clear()
        end = time.monotonic() + seconds
        return all(client.rested.wait(max(0.0, end - time.monotonic())) for client in self.clients())

    def go_on(self):
        for client in self.clients():
            client.rested.clear()
            client.going.set()

    def wished(self):
        return {i: wish for launcher in self.launchers for i, wish in launcher.wished.items()}

    def changed(self):
        """Whom somebody stopped, started or ended, or wished to."""
        return {i for launcher in self.launchers for i in launcher.changed}

    def end(self):
        self.over = True
        for client in self.clients():
            client.join(60)
