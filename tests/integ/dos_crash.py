#!/usr/bin/python3
"""dos is killed, or its disk fails, at every call that changes a file or speaks on a socket, one after the other, in a PUT, a
multipart upload's end, a delete, and a start with an image to import (failpoint.c counts them).

Defends I5 and I13: what was acknowledged is there with the same bytes; what was not is old or new and never torn; nothing
is left when all has settled; the same request succeeds afterwards. A sync that failed is never taken for one that succeeded.

usage: dos_crash.py DOS JAIL [--whole [--way N]] [--only SCENARIO]"""
import argparse
import collections
import contextlib
import errno
import hashlib
import itertools
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import botocore.exceptions

from dosrig import ACCOUNT, KEYS, MIB, Dos, noise, wait
from failpoint import FAIL_ON, FAIL_ONCE, KILL, KILL_HALF, NAMES, NEVER, Failpoint

BUCKET, OLD_AGE_S = "crash", 3 * 86400
FAILED = (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError)


# --- what is done -----------------------------------------------------------------------------------------------------
def attempt(call, *args, **kw):
    """(was it acknowledged, status of the refusal or None)"""
    try:
        call(*args, **kw)
        return True, None
    except botocore.exceptions.ClientError as error:
        return False, error.response["ResponseMetadata"]["HTTPStatusCode"]
    except botocore.exceptions.BotoCoreError:
        return False, None


def body(s3, key):
    try:
        return s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return None


class Put:
    """An object is replaced: small ones lie in the index, others in a file."""
    begins_again = False

    def __init__(self, dos, size):
        self.dos, self.size = dos, size
        self.seeds = itertools.count(1)

    def prepare(self):
        self.old, self.new = noise(self.size, next(self.seeds)), noise(self.size + 1, next(self.seeds))
        self.dos.client().put_object(Bucket=BUCKET, Key="k", Body=self.old)

    def act(self, s3):
        return attempt(s3.put_object, Bucket=BUCKET, Key="k", Body=self.new)

    def check(self, s3, sure):
        got = body(s3, "k")
        assert got == self.new or (not sure and got == self.old), f"{len(got or b'')} bytes that are neither old nor new"

    def again(self, s3):
        s3.put_object(Bucket=BUCKET, Key="k", Body=self.new)
        self.check(s3, True)


class Complete(Put):
    """The last part of a multipart upload, and its end, over an object that is there."""

    def prepare(self):
        super().prepare()
        s3 = self.dos.client()
        self.upload = {"Bucket": BUCKET, "Key": "k"}
        self.upload["UploadId"] = s3.create_multipart_upload(**self.upload)["UploadId"]

    def act(self, s3):
        sure, status = attempt(s3.upload_part, **self.upload, PartNumber=1, Body=self.new)
        return (sure, status) if not sure else attempt(self.complete, s3)

    def complete(self, s3):
        parts = [{"PartNumber": 1, "ETag": hashlib.md5(self.new).hexdigest()}]
        s3.complete_multipart_upload(**self.upload, MultipartUpload={"Parts": parts})

    def again(self, s3):
        if body(s3, "k") != self.new:
            s3.upload_part(**self.upload, PartNumber=1, Body=self.new)
        self.complete(s3)
        self.check(s3, True)


class Delete(Put):
    """An object goes, and then its file."""

    def act(self, s3):
        sure, status = attempt(s3.delete_object, Bucket=BUCKET, Key="k")
        if sure:
            end = time.monotonic() + 10  # the file goes by itself; the daemon may be killed at that
            while self.dos.process.poll() is None and self.dos.rows("SELECT 1 FROM garbage") and time.monotonic() < end:
                time.sleep(0.02)
        return sure, status

    def check(self, s3, sure):
        got = body(s3, "k")
        assert got is None or (not sure and got == self.old), "it is there, or another one is"

    def again(self, s3):
        s3.delete_object(Bucket=BUCKET, Key="k")
        self.check(s3, True)


class Import:
    """dos starts with an image to import, and imports it; what failed is begun again from its first byte."""
    begins_again = True

    def __init__(self, dos, _):
        self.dos, self.numbers, self.image = dos, itertools.count(1), None
        self.is_full = lambda: False

    def prepare(self):
        s3 = self.dos.client()
        if self.image is None:
            self.image = noise(MIB // 2, 9) + bytes(MIB // 2) + noise(5120, 8)
            s3.put_object(Bucket=BUCKET, Key="image", Body=self.image)
        self.name = f"ami-{next(self.numbers)}"
        self.dos.stop()
        self.dos.rows_write("DELETE FROM import; DELETE FROM manifest_chunk; DELETE FROM manifest;")
        for chunk in self.dos.files("chunks"):
            chunk.unlink()
        self.dos.verb("import", self.name, ACCOUNT, BUCKET, "image")

    def act(self, _):
        try:
            self.dos.start()
        except AssertionError:
            return False, None
        # On a disk that stays full it cannot even be told that it failed: it is tried again for some time, and then there is room.
        with contextlib.suppress(AssertionError):
            wait("the import has ended", lambda: self.state() or self.dos.process.poll() is not None or self.is_full(), patience_s=40)
        if self.is_full():
            time.sleep(FULL_S)
        return self.state() == 1, None if self.dos.process.poll() is not None else 503

    def state(self):
        rows = self.dos.rows(f"SELECT state FROM import WHERE id='{self.name}'")
        return rows[0][0] if rows else 0

    def check(self, _, sure):
        if sure:
            self.whole()

    def again(self, _):
        """What failed for good is wished once more; the rest goes on by itself."""
        if self.state() == 2:
            self.prepare()
            self.dos.start()
        wait("the image is there", lambda: self.state() == 1)
        self.whole()

    def whole(self):
        chunks = [hash.hex() for hash, in self.dos.rows("SELECT hash FROM chunk")]
        for name in chunks:
            data = (self.dos.data / "chunks" / name[:2] / name).read_bytes()
            assert hashlib.sha256(data).hexdigest() == name, f"chunk {name} is torn"
        assert {hashlib.sha256(self.image[i:i + 262144]).hexdigest() for i in (0, 262144)} <= set(chunks)


# --- what must hold ---------------------------------------------------------------------------------------------------
# What it says when it ends by itself: of a commit with an I/O error, and where it cannot start.
ENDS = ("turn.unknown", "loop.start_lost", "tercet-dos: data folder: ")
BROKEN = {
    "a body without an object": "SELECT id FROM inline_body WHERE id NOT IN (SELECT inline_id FROM object)",
    "an object without its body": "SELECT key FROM object WHERE kind=0 AND inline_id NOT IN (SELECT id FROM inline_body)",
    "a part of nothing": "SELECT ref FROM part WHERE upload NOT IN (SELECT id FROM upload UNION SELECT ref FROM object)",
}
NAMED = "SELECT ref FROM object WHERE kind=1 UNION SELECT ref FROM part UNION SELECT lower(hex(hash)) FROM chunk"


def nothing_left(dos):
    """Once settled: each file has its row, each row its file."""
    for path in [path for folder in ("objects", "chunks", "tmp") for path in dos.files(folder)]:
        with contextlib.suppress(FileNotFoundError):
            os.utime(path, (time.time() - OLD_AGE_S,) * 2)  # so that the sweep may take what has no row
    wait("what has no row is gone", lambda: not (strays(dos) or dos.rows("SELECT 1 FROM garbage")), 30)
    missing = wanted(dos) - {path.name for path in dos.files("objects") + dos.files("chunks")}
    assert not missing, f"rows without a file: {missing}"
    for what, sql in BROKEN.items():
        assert not dos.rows(sql), (what, dos.rows(sql))
    assert dos.rows("PRAGMA integrity_check") == [("ok",)]


def wanted(dos):
    return {name for name, in dos.rows(NAMED)}


def strays(dos):
    return {path.name for path in dos.files("objects") + dos.files("chunks")} - wanted(dos) | {p.name for p in dos.files("tmp")}


def is_unsynced(what, mode):
    """Did a sync fail on which an answer stands? (Not that of a checkpoint: the log has it all. sqlite syncs its folder when it
    makes its log, and goes on without.)"""
    return mode not in (KILL, KILL_HALF) and what.startswith(("fsync", "fdatasync")) and not what.endswith(("index.db", "/data"))


class Round:
    """One call is hit."""

    def __init__(self, dos, failpoint, scenario, tally):
        self.dos, self.failpoint, self.scenario, self.tally = dos, failpoint, scenario, tally

    def run(self, mode, at, error):
        """The call that was hit, "" when the operation ended before it."""
        dos, scenario = self.dos, self.scenario
        scenario.prepare()
        scenario.is_full = lambda: mode == FAIL_ON and self.failpoint.hit()
        s3 = dos.client(connect_timeout=5, read_timeout=20)
        self.failpoint.arm(mode, at, error)
        sure, status = scenario.act(s3)
        count, what = self.failpoint.disarm()
        died = self.settle(mode, error, what, is_silent=not sure and status is None)
        try:
            if not died and not sure and status is not None:
                assert status in (500, 503, 507), f"it answers {status}"
            assert died or not sure or scenario.begins_again or not is_unsynced(what, mode), "a sync failed, and it says that all is well"
            scenario.check(dos.client(), sure)
            scenario.again(dos.client())
            nothing_left(dos)
        except (AssertionError, *FAILED) as error_:
            way, told = f"{NAMES[mode]} {errno.errorcode.get(error, '')}", "acknowledged" if sure else "not"
            raise AssertionError(f"{way} at call {at} ({what}), {told}: {error_}") from error_
        self.tally[(NAMES[mode], error)].update(hit=count >= at, died=died, sure=sure)
        return what

    def settle(self, mode, error, what, is_silent):
        """Did it end, as it must of a kill, and may of an error? Then it is started again. By itself it ends when a commit failed,
        whose outcome nobody knows, or the index cannot be opened, and of nothing else."""
        process, is_kill, is_index = self.dos.process, mode in (KILL, KILL_HALF), "index.db" in what
        if what and (is_kill or is_silent or (is_index and error == errno.EIO)):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20 if is_kill or is_silent else 1)
        if process.poll() is None:
            assert not (is_kill and what), "it lives"
            return False
        may = is_index or any(words in self.log() for words in ENDS)
        assert is_kill or (process.returncode in (1, -signal.SIGABRT) and may), (process.returncode, what, self.log())
        self.dos.start()
        return True

    def log(self):
        return (self.dos.work / "log").read_text(errors="replace")[-1500:]


WAYS = [(KILL, 0), (FAIL_ONCE, errno.EIO), (KILL_HALF, 0), (FAIL_ONCE, errno.ENOSPC), (FAIL_ON, errno.ENOSPC)]
FULL_S = 2       # some turns are lost, some are tried again
FOLDERS_STEP = 8  # an import syncs 256 folders, one like the other
PATIENT_STEP = 5  # one that failed is begun again after 10 s and 20 s
# what, bytes, and the short form's step from call to call
SCENARIOS = {"put small": (Put, 1000, 1), "put file": (Put, 200000, 3), "complete": (Complete, 100000, 3), "delete": (Delete, 200000, 3),
             "import": (Import, 0, 60)}


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("dos")
    options.add_argument("jail")
    options.add_argument("--whole", action="store_true", help="every call of everything, every way")
    options.add_argument("--only", choices=SCENARIOS)
    options.add_argument("--way", type=int, choices=range(len(WAYS)), help="with --whole: only this one")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="tct-crash-") as folder:
        work = pathlib.Path(folder)
        failpoint = Failpoint(work)
        os.environ |= failpoint.environment
        dos = Dos(os.path.abspath(given.dos), os.path.abspath(given.jail), work, limits__scan_ms=1, status__tcp_port=-1)
        for account, (key, secret) in KEYS.items():
            dos.verb("add-key", key, account, stdin=secret + "\n")
        dos.start()
        dos.client().create_bucket(Bucket=BUCKET)
        try:
            for name, (kind, size, step) in SCENARIOS.items():
                if given.only in (None, name):
                    one = Round(dos, failpoint, kind(dos, size), collections.defaultdict(collections.Counter))
                    ways = WAYS if given.whole else WAYS[:1] if step > 1 else WAYS[:2]
                    scenario(name, one, ways if given.way is None else [WAYS[given.way]], 1 if given.whole else step)
        except Exception:
            print((dos.work / "log").read_text(errors="replace")[-3000:])
            raise
        finally:
            failpoint.disarm()
            dos.process.kill()


def scenario(name, one, ways, step):
    one.run(KILL, NEVER, 0)
    for mode, error in ways:
        begin, at = time.monotonic(), 1
        if one.scenario.begins_again and mode in (FAIL_ONCE, FAIL_ON):
            step = max(step, PATIENT_STEP)
        while what := one.run(mode, at, error):
            at += max(step, FOLDERS_STEP if what.startswith("fsync") and "/chunks/" in what else 1)
        tally = one.tally[(NAMES[mode], error)]
        print(f"ok   {name}: {NAMES[mode]}{f' {errno.errorcode[error]}' if error else ''}: {tally['hit']} calls, {tally['died']} times it "
              f"died, {tally['sure']} times it was acknowledged  {time.monotonic() - begin:.1f}s", flush=True)


main()
