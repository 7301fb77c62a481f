#!/usr/bin/python3
"""dos is killed with -9 in the middle of PUTs, runs out of disk, and leaves nothing behind.

Defends I5 and I13: an acknowledged PUT reads back with the same bytes, replaced the old whole, and was never visible in
part.

usage: dos_durability.py DOS JAIL [TEST...]"""
import concurrent.futures
import os
import random
import threading

import botocore.exceptions

from dosrig import ACCOUNT, MIB, noise, refused, run, wait


def storm(dos, attempts, stop):
    """PUTs of one thread's keys until the daemon dies."""
    s3, chance, name = dos.client(connect_timeout=5, read_timeout=20), random.Random(), threading.get_ident()
    while not stop.is_set():
        key, size = f"{name}-{chance.randrange(4)}", chance.choice([10, 4096, 65536, 65537, 400000])
        attempt = {"body": chance.randbytes(size), "sure": False}
        attempts.setdefault(key, []).append(attempt)
        try:
            s3.put_object(Bucket="kill", Key=key, Body=attempt["body"])
            attempt["sure"] = True
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
            return


def read_back(s3, key, attempts):
    """The bytes of the last acknowledged PUT, or of one after it; None where nothing was ever acknowledged."""
    last = max((i for i, attempt in enumerate(attempts) if attempt["sure"]), default=-1)
    try:
        body = s3.get_object(Bucket="kill", Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        assert last < 0, f"{key} was acknowledged and is gone"
        return None
    assert body in [attempt["body"] for attempt in attempts[max(last, 0):]], f"{key}: {len(body)} bytes that are none of its PUTs"
    return body


def test_kill(dos):
    """I5, I13: kill -9 in the middle of PUTs, four times over the same keys."""
    dos.client().create_bucket(Bucket="kill")
    attempts = {}
    for _ in range(4):
        stop = threading.Event()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            running = [pool.submit(storm, dos, attempts, stop) for _ in range(8)]
            before = sum(a["sure"] for one in list(attempts.values()) for a in list(one))
            wait("60 more are acknowledged", lambda n=before: sum(a["sure"] for o in list(attempts.values()) for a in list(o)) > n + 60)
            dos.kill()
            stop.set()
            for one in running:
                one.result()
        dos.start()
        s3 = dos.client()
        bodies = {key: read_back(s3, key, attempts[key]) for key in attempts}
        attempts = {key: [{"body": body, "sure": True}] for key, body in bodies.items() if body is not None}
        assert attempts
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket="kill"):
        s3.delete_objects(Bucket="kill", Delete={"Objects": [{"Key": o["Key"]} for o in page["Contents"]]})
    s3.delete_bucket(Bucket="kill")


def test_nothing_left(dos):
    """Replaced and deleted objects, aborted uploads leave no file and no row."""
    s3 = dos.client()
    s3.create_bucket(Bucket="left")
    before = set(dos.files("objects"))
    for i in range(20):
        s3.put_object(Bucket="left", Key=str(i % 5), Body=noise(70000, i))
        s3.put_object(Bucket="left", Key=f"small-{i % 5}", Body=noise(70, i))
    upload = {"Bucket": "left", "Key": "m", "UploadId": s3.create_multipart_upload(Bucket="left", Key="m")["UploadId"]}
    s3.upload_part(**upload, PartNumber=1, Body=noise(70000))
    s3.abort_multipart_upload(**upload)
    keys = [{"Key": o["Key"]} for o in s3.list_objects_v2(Bucket="left")["Contents"]]
    s3.delete_objects(Bucket="left", Delete={"Objects": keys})
    s3.delete_bucket(Bucket="left")
    wait("the garbage is gone", lambda: not dos.rows("SELECT 1 FROM garbage"))
    assert set(dos.files("objects")) == before and not dos.files("tmp")
    for table in ("object", "inline_body", "part", "upload", "bucket"):
        assert not dos.rows(f"SELECT 1 FROM {table}"), table


def test_disk_full(dos):
    """507 before the body is read; reads, listings and deletes go on."""
    s3 = dos.client()
    s3.create_bucket(Bucket="full")
    s3.put_object(Bucket="full", Key="k", Body=b"x")
    s3.put_object(Bucket="full", Key="image", Body=noise(MIB))
    dos.stop()
    dos.verb("import", "ami-1", ACCOUNT, "full", "image")
    free = os.statvfs(dos.data)
    dos.settings["limits.reserve-bytes"] = min(free.f_bavail * free.f_frsize + (1 << 30), 1 << 40)
    dos.start()
    s3 = dos.client()
    for body in (b"x", noise(MIB)):
        with refused("InsufficientStorage", 507):
            s3.put_object(Bucket="full", Key="new", Body=body)
    assert s3.get_object(Bucket="full", Key="k")["Body"].read() == b"x"
    assert s3.list_objects_v2(Bucket="full")["KeyCount"] == 2
    wait("an image that is larger than the disk is refused", lambda: dos.rows("SELECT 1 FROM import WHERE state=2"))
    assert "no room for a disk of 1048576 bytes" in dos.rows("SELECT reason FROM import")[0][0]
    s3.delete_objects(Bucket="full", Delete={"Objects": [{"Key": "k"}, {"Key": "image"}]})
    s3.delete_bucket(Bucket="full")
    dos.stop()
    del dos.settings["limits.reserve-bytes"]
    dos.start()


if __name__ == "__main__":
    run([test_nothing_left, test_disk_full, test_kill])
