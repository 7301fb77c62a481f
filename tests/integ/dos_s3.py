#!/usr/bin/python3
"""dos from outside: Debian's boto3 and aws against the real daemon, then bytes by hand where a client would not go.

Defends I10 (nobody reads another account's bytes), I13 (an acknowledged PUT reads back, replaced the old whole), I15,
musts 2 and 20, and the HTTP gate.

usage: new_s3.py DOS JAIL [TEST...]"""
import base64
import datetime
import hashlib
import http.client
import os
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import time

from boto3.s3.transfer import TransferConfig

from dosrig import ACCOUNT, KEYS, MIB, OTHER, PATIENCE_S, call, make_certificates, noise, refused, run, signed, wait


def test_buckets(dos):
    s3, other = dos.client(), dos.client(OTHER)
    s3.create_bucket(Bucket="buckets-one")
    other.create_bucket(Bucket="buckets-two", CreateBucketConfiguration={"LocationConstraint": "us-east-1"})
    assert "buckets-one" in [b["Name"] for b in s3.list_buckets()["Buckets"]]
    assert [b["Name"] for b in other.list_buckets()["Buckets"]] == ["buckets-two"]
    assert s3.get_bucket_location(Bucket="buckets-one")["LocationConstraint"] is None
    s3.head_bucket(Bucket="buckets-one")
    with refused("BucketAlreadyOwnedByYou", 409):
        s3.create_bucket(Bucket="buckets-one")
    with refused("BucketAlreadyExists", 409):
        s3.create_bucket(Bucket="buckets-two")
    with refused("InvalidLocationConstraint", 400):
        s3.create_bucket(Bucket="buckets-far", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert call(dos, "PUT", "/Buckets_Three")[0] == 400 and b"InvalidBucketName" in call(dos, "PUT", "/Buckets_Three")[1]
    with refused("NoSuchBucket", 404):
        s3.list_objects_v2(Bucket="buckets-none")
    s3.put_object(Bucket="buckets-one", Key="k", Body=b"x")
    with refused("BucketNotEmpty", 409):
        s3.delete_bucket(Bucket="buckets-one")
    s3.delete_object(Bucket="buckets-one", Key="k")
    s3.delete_bucket(Bucket="buckets-one")
    other.delete_bucket(Bucket="buckets-two")
    with refused("404"):
        s3.head_bucket(Bucket="buckets-one")


def test_accounts(dos):
    """I10, I15: every call on another account's bucket is denied and changes nothing."""
    s3, other = dos.client(), dos.client(OTHER)
    s3.create_bucket(Bucket="accounts")
    s3.put_object(Bucket="accounts", Key="k", Body=b"mine")
    upload = s3.create_multipart_upload(Bucket="accounts", Key="m")["UploadId"]
    name = {"Bucket": "accounts"}
    key, part = {**name, "Key": "k"}, {**name, "Key": "m", "UploadId": upload}
    calls = [(other.list_objects_v2, name), (other.list_objects, name), (other.delete_bucket, name), (other.get_object, key),
             (other.delete_object, key), (other.put_object, {**key, "Body": b"yours"}),
             (other.put_object, {**key, "Body": noise(MIB)}), (other.get_bucket_location, name),
             (other.delete_objects, {**name, "Delete": {"Objects": [{"Key": "k"}]}}),
             (other.create_multipart_upload, key), (other.upload_part, {**part, "PartNumber": 1, "Body": b"x"}),
             (other.list_parts, part), (other.abort_multipart_upload, part), (other.list_multipart_uploads, name),
             (other.complete_multipart_upload, {**part, "MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": "x"}]}})]
    for function, arguments in calls:
        with refused("AccessDenied", 403):
            function(**arguments)
    with refused("403"):
        other.head_object(**key)
    assert s3.get_object(**key)["Body"].read() == b"mine"
    s3.abort_multipart_upload(**part)
    s3.delete_object(**key)
    s3.delete_bucket(**name)


def test_objects(dos):
    """I13: sizes around each boundary, keys that a path would misread, whole replacement."""
    s3 = dos.client()
    s3.create_bucket(Bucket="objects")
    for size in (0, 1, 4096, 65535, 65536, 65537, 300000, 5 * MIB + 1):
        body = noise(size, size)
        etag = s3.put_object(Bucket="objects", Key="size", Body=body)["ETag"]
        assert etag == f'"{hashlib.md5(body).hexdigest()}"', etag
        answer = s3.get_object(Bucket="objects", Key="size")
        assert answer["Body"].read() == body and answer["ETag"] == etag and answer["ContentLength"] == size
    keys = ["a//b", "a/../b", "./a", "/", "ä€😀", "sp ace+plus%25&amp;<x>\"'", "x" * 1024, "tail/", "a?b=c#d", "new\nline"]
    for key in keys:
        s3.put_object(Bucket="objects", Key=key, Body=key.encode(), ContentType="text/x", CacheControl="no-store",
                      ContentDisposition='attachment; filename="f"', Metadata={"Mixed-Case": "Value  kept"})
    assert sorted(o["Key"] for o in s3.list_objects_v2(Bucket="objects")["Contents"]) == sorted([*keys, "size"], key=str.encode)
    for key in keys:
        answer = s3.get_object(Bucket="objects", Key=key)
        assert answer["Body"].read() == key.encode()
        assert answer["ContentType"] == "text/x" and answer["Metadata"] == {"mixed-case": "Value  kept"}
        assert answer["CacheControl"] == "no-store" and answer["ContentDisposition"] == 'attachment; filename="f"'
        head = s3.head_object(Bucket="objects", Key=key)
        assert head["ContentLength"] == len(key.encode()) and head["ContentType"] == "text/x"
    with refused("KeyTooLongError", 400):
        s3.put_object(Bucket="objects", Key="x" * 1025, Body=b"")
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket="objects", Key="none")
    with refused("404"):
        s3.head_object(Bucket="objects", Key="none")
    with refused("MetadataTooLarge", 400):
        s3.put_object(Bucket="objects", Key="m", Body=b"", Metadata={"a": "x" * 2048})
    answer = s3.get_object(Bucket="objects", Key="a//b", ResponseContentType="image/png", ResponseCacheControl="max-age=1")
    assert answer["ContentType"] == "image/png" and answer["CacheControl"] == "max-age=1"
    done = s3.delete_objects(Bucket="objects", Delete={"Objects": [{"Key": key} for key in [*keys, "size", "none"]]})
    assert len(done["Deleted"]) == len(keys) + 2 and "Errors" not in done
    s3.delete_bucket(Bucket="objects")


def test_ranges_and_conditions(dos):
    s3 = dos.client()
    s3.create_bucket(Bucket="ranges")
    for size in (1000, 200000):
        body = noise(size)
        etag = s3.put_object(Bucket="ranges", Key="k", Body=body)["ETag"]
        for text, wanted in (("bytes=0-0", body[:1]), ("bytes=10-19", body[10:20]), (f"bytes={size - 1}-", body[-1:]),
                             ("bytes=-7", body[-7:]), ("bytes=5-99999999", body[5:])):
            answer = s3.get_object(Bucket="ranges", Key="k", Range=text)
            assert answer["Body"].read() == wanted and answer["ResponseMetadata"]["HTTPStatusCode"] == 206
            assert answer["ContentRange"].endswith(f"/{size}")
        head = s3.head_object(Bucket="ranges", Key="k", Range="bytes=10-19")
        assert head["ContentLength"] == 10
        with refused("InvalidRange", 416):
            s3.get_object(Bucket="ranges", Key="k", Range=f"bytes={size}-")
        s3.get_object(Bucket="ranges", Key="k", IfMatch=etag)
        with refused("PreconditionFailed", 412):
            s3.get_object(Bucket="ranges", Key="k", IfMatch='"other"')
        with refused("304", 304):
            s3.get_object(Bucket="ranges", Key="k", IfNoneMatch=etag)
        modified = s3.head_object(Bucket="ranges", Key="k")["LastModified"]
        with refused("304", 304):
            s3.get_object(Bucket="ranges", Key="k", IfModifiedSince=modified)
        with refused("412", 412):
            s3.head_object(Bucket="ranges", Key="k", IfUnmodifiedSince=modified - datetime.timedelta(seconds=1))
    status, text = call(dos, "PUT", "/ranges/k", b"new", headers={"If-None-Match": "*"})
    assert status == 412 and b"PreconditionFailed" in text
    assert call(dos, "PUT", "/ranges/k2", b"new", headers={"If-None-Match": "*"})[0] == 200
    s3.delete_objects(Bucket="ranges", Delete={"Objects": [{"Key": "k"}, {"Key": "k2"}], "Quiet": True})
    s3.delete_bucket(Bucket="ranges")


def test_listings(dos):
    s3 = dos.client()
    s3.create_bucket(Bucket="listings")
    keys = sorted([f"d{i % 7}/e{i % 3}/{i}" for i in range(120)] + ["top", "ä/1", "a b", "a\tb"], key=str.encode)
    for key in keys:
        s3.put_object(Bucket="listings", Key=key, Body=b"x")
    for size in (1, 7, 1000):
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket="listings", PaginationConfig={"PageSize": size})
        assert [o["Key"] for p in pages for o in p.get("Contents", [])] == keys
        pages = s3.get_paginator("list_objects").paginate(Bucket="listings", PaginationConfig={"PageSize": size})
        assert [o["Key"] for p in pages for o in p.get("Contents", [])] == keys
        for version in ("list_objects_v2", "list_objects"):
            pages = list(s3.get_paginator(version).paginate(Bucket="listings", Delimiter="/", PaginationConfig={"PageSize": size}))
            assert [o["Key"] for p in pages for o in p.get("Contents", [])] == ["a\tb", "a b", "top"], version
            prefixes = [c["Prefix"] for p in pages for c in p.get("CommonPrefixes", [])]
            assert prefixes == [f"d{i}/" for i in range(7)] + ["ä/"], (version, size, prefixes)
    page = s3.list_objects_v2(Bucket="listings", Prefix="d3/", Delimiter="/", StartAfter="d3/e1/", FetchOwner=True)
    assert page["KeyCount"] == len(page["CommonPrefixes"]) and page["Prefix"] == "d3/"
    assert s3.list_objects_v2(Bucket="listings", StartAfter="top")["Contents"][0]["Key"] == "ä/1"
    assert s3.list_objects_v2(Bucket="listings", MaxKeys=0)["KeyCount"] == 0
    with refused("InvalidArgument", 400):
        s3.list_objects_v2(Bucket="listings", ContinuationToken="!!!")
    assert b"<Key>a&#9;b</Key>" in call(dos, "GET", "/listings?list-type=2&prefix=a%09")[1]
    s3.delete_objects(Bucket="listings", Delete={"Objects": [{"Key": key} for key in keys]})
    s3.delete_bucket(Bucket="listings")


def test_multipart(dos):
    s3 = dos.client()
    s3.create_bucket(Bucket="multipart")
    body = noise(21 * MIB + 12345)
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        s3.upload_file(file.name, "multipart", "big", ExtraArgs={"ContentType": "x/y", "Metadata": {"a": "b"}},
                       Config=TransferConfig(multipart_threshold=MIB, multipart_chunksize=8 * MIB))
    head = s3.head_object(Bucket="multipart", Key="big")
    assert head["ETag"].endswith('-3"') and head["ContentType"] == "x/y" and head["Metadata"] == {"a": "b"}
    assert s3.get_object(Bucket="multipart", Key="big")["Body"].read() == body
    for first, last in ((0, 9), (8 * MIB - 5, 8 * MIB + 5), (8 * MIB - 5, 16 * MIB + 5), (16 * MIB, 21 * MIB + 12344)):
        answer = s3.get_object(Bucket="multipart", Key="big", Range=f"bytes={first}-{last}")
        assert answer["Body"].read() == body[first:last + 1]
    answer = call(dos, "GET", "/multipart/big", headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    assert answer == (200, body)
    name = {"Bucket": "multipart", "Key": "m"}
    upload = {**name, "UploadId": s3.create_multipart_upload(**name)["UploadId"]}
    assert [u["UploadId"] for u in s3.list_multipart_uploads(Bucket="multipart")["Uploads"]] == [upload["UploadId"]]
    first, second = noise(5 * MIB, 1), noise(1000, 2)
    tags = {n: s3.upload_part(**upload, PartNumber=n, Body=b)["ETag"] for n, b in ((9, second), (2, first), (5, second))}
    listed = s3.list_parts(**upload)
    assert [(p["PartNumber"], p["Size"], p["ETag"]) for p in listed["Parts"]] == [
        (2, 5 * MIB, tags[2]), (5, 1000, tags[5]), (9, 1000, tags[9])]
    with refused("404"):
        s3.head_object(**name)

    def complete(*numbers, **other):
        parts = [{"PartNumber": n, "ETag": other.get("etag", tags.get(n, '"x"'))} for n in numbers]
        return s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})

    for numbers, code in (((5, 2), "InvalidPartOrder"), ((2, 3), "InvalidPart"), ((5, 9), "EntityTooSmall")):
        with refused(code, 400):
            complete(*numbers)
    with refused("InvalidPart", 400):
        complete(2, etag='"00000000000000000000000000000000"')
    etag = complete(2, 9)["ETag"]
    assert complete(2, 9)["ETag"] == etag  # the answer was lost, the client asks again
    assert s3.get_object(**name)["Body"].read() == first + second
    other = {**name, "UploadId": s3.create_multipart_upload(**name)["UploadId"]}
    s3.upload_part(**other, PartNumber=1, Body=first)
    s3.abort_multipart_upload(**other)
    for function, arguments in ((s3.upload_part, {"PartNumber": 1, "Body": b"x"}), (s3.list_parts, {}),
                                (s3.abort_multipart_upload, {})):
        with refused("NoSuchUpload", 404):
            function(**other, **arguments)
    with refused("NoSuchUpload", 404):
        s3.complete_multipart_upload(**other, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": "x"}]})
    with refused("InvalidArgument", 400):
        s3.upload_part(**upload, PartNumber=10001, Body=b"x")
    s3.delete_objects(Bucket="multipart", Delete={"Objects": [{"Key": "big"}, {"Key": "m"}]})
    s3.delete_bucket(Bucket="multipart")


def test_equal_work(dos):
    """Must 4: a refusal costs the same, whether the key id is nobody's, somebody's, or in use. What it is told differs as S3's clients
    expect; a bucket of another account is told from none, since names of buckets are everybody's."""
    names = ("tercet_hmacs_total", "tercet_hashes_total", "tercet_secrets_opened_total")

    def cost(key, secret, code):
        before = [dos.figure(name) for name in names]
        status, text = call(dos, "GET", "/", keys=(key, secret), region=region)
        assert status == 403 and f"<Code>{code}</Code>".encode() in text, text
        return tuple(dos.figure(name) - figure for name, figure in zip(names, before))

    found = set()
    for region in ("us-east-1", "nowhere-1"):  # where keys are in use, and where none ever was
        for _ in range(12):  # threads keep keys of their own
            found |= {cost(KEYS[account][0], "wrong", "SignatureDoesNotMatch") for account in KEYS}
            found.add(cost("AKIDNOBODY0000000000", "wrong", "InvalidAccessKeyId"))
    assert len(found) == 1 and min(found)[0] == 5, found


def test_signatures(dos):
    s3 = dos.client()
    s3.create_bucket(Bucket="signatures")
    with refused("SignatureDoesNotMatch", 403):
        dos.client(secret="wrong").list_buckets()
    with refused("InvalidAccessKeyId", 403):
        dos.client(key="AKIDNOBODY0000000000").list_buckets()
    now = datetime.datetime.utcnow()
    for minutes, status in ((-20, 403), (20, 403), (-10, 200), (10, 200)):
        have, text = call(dos, "GET", "/", at=now + datetime.timedelta(minutes=minutes))
        assert have == status and (status == 200 or b"<Code>RequestTimeTooSkewed</Code>" in text), (minutes, text)
    anonymous = http.client.HTTPConnection("127.0.0.1", dos.port, timeout=PATIENCE_S)
    anonymous.request("GET", "/signatures/k")
    answer = anonymous.getresponse()
    assert answer.status == 403 and b"<Code>AccessDenied</Code>" in answer.read()
    anonymous.close()

    def put(body, headers, sent=None):
        fields = signed(dos, "PUT", "/signatures/k", body, headers)
        connection = http.client.HTTPConnection("127.0.0.1", dos.port, timeout=PATIENCE_S)
        connection.request("PUT", "/signatures/k", body if sent is None else sent, fields)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, re.findall("<Code>(.*)</Code>", text)

    md5 = base64.b64encode(hashlib.md5(b"body").digest()).decode()
    sha = base64.b64encode(hashlib.sha256(b"body").digest()).decode()
    assert put(b"body", {"Content-MD5": md5, "x-amz-checksum-sha256": sha, "x-amz-checksum-crc32": "a8NnOA=="})[0] in (200, 400)
    rows = [({}, b"evil", "XAmzContentSHA256Mismatch"), ({"Content-MD5": md5[::-1]}, None, "InvalidDigest"),
            ({"Content-MD5": base64.b64encode(b"0" * 16).decode()}, None, "BadDigest"),
            ({"x-amz-checksum-sha256": base64.b64encode(b"0" * 32).decode()}, None, "BadDigest"),
            ({"x-amz-checksum-crc32c": "AAAAAA=="}, None, "BadDigest"), ({"x-amz-checksum-crc32": "AAA"}, None, "InvalidDigest")]
    s3.put_object(Bucket="signatures", Key="k", Body=b"before")
    for headers, sent, code in rows:
        assert put(b"body", headers, sent) == (400, [code]), (headers, code, put(b"body", headers, sent))
        assert s3.get_object(Bucket="signatures", Key="k")["Body"].read() == b"before"
    status, text = call(dos, "PUT", "/signatures/k", b"x", payload="UNSIGNED-PAYLOAD")
    assert status == 403 and b"AccessDenied" in text, "UNSIGNED-PAYLOAD is for TLS"
    status, text = call(dos, "PUT", "/signatures/k", b"x", payload="STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
    assert status == 501 and b"NotImplemented" in text
    s3.delete_object(Bucket="signatures", Key="k")
    s3.delete_bucket(Bucket="signatures")


def test_not_built(dos):
    """Each by its name, none with an effect."""
    s3 = dos.client()
    s3.create_bucket(Bucket="unbuilt")
    s3.put_object(Bucket="unbuilt", Key="k", Body=b"x")
    name, key = {"Bucket": "unbuilt"}, {"Bucket": "unbuilt", "Key": "k"}
    calls = [(s3.put_bucket_versioning, {**name, "VersioningConfiguration": {"Status": "Enabled"}}),
             (s3.get_bucket_acl, name), (s3.get_bucket_policy, name), (s3.get_object_tagging, key), (s3.list_object_versions, name),
             (s3.copy_object, {**key, "CopySource": "unbuilt/k"}), (s3.put_object, {**key, "Body": b"y", "ACL": "public-read"}),
             (s3.put_object, {**key, "Body": b"y", "ServerSideEncryption": "AES256"}),
             (s3.put_object, {**key, "Body": b"y", "StorageClass": "GLACIER"}), (s3.put_object, {**key, "Body": b"y", "Tagging": "a=b"}),
             (s3.get_object, {**key, "PartNumber": 1}), (s3.get_object, {**key, "VersionId": "v1"})]
    for function, arguments in calls:
        with refused("NotImplemented", 501):
            function(**arguments)
    assert s3.get_object(**key)["Body"].read() == b"x"
    presigned = s3.generate_presigned_url("get_object", key)
    connection = http.client.HTTPConnection("127.0.0.1", dos.port, timeout=PATIENCE_S)
    connection.request("GET", presigned.split(str(dos.port), 1)[1])
    assert connection.getresponse().status in (403, 501)
    connection.close()
    s3.put_object(**key, Body=b"z", ACL="private", StorageClass="STANDARD")
    s3.delete_object(**key)
    s3.delete_bucket(**name)


def test_documents(dos):
    """Must 20: no DTD, no entity, no depth, nothing half done."""
    s3 = dos.client()
    s3.create_bucket(Bucket="documents")
    s3.put_object(Bucket="documents", Key="k", Body=b"x")
    deep = "<Delete>" + "<Object>" * 9 + "</Object>" * 9 + "</Delete>"
    many = "<Delete>" + "<Object><Key>k</Key></Object>" * 1001 + "</Delete>"
    laughs = '<!DOCTYPE x [<!ENTITY a "k"><!ENTITY b "&a;&a;">]><Delete><Object><Key>&b;</Key></Object></Delete>'
    for text in ("", "<", "<Delete>", "<Delete></Delete>", "<Delete><Object><Key>k</Key></Object>", deep, many, laughs,
                 '<!DOCTYPE x SYSTEM "file:///etc/passwd"><Delete><Object><Key>k</Key></Object></Delete>',
                 "<Delete><Object><Key>k</Key></Object><Object><Key></Key></Object></Delete>", "<Delete>" + "x" * 5 * MIB):
        status, answer = call(dos, "POST", "/documents?delete", text.encode())
        assert status == 400 and b"MalformedXML" in answer, (text[:80], status, answer)
    assert s3.head_object(Bucket="documents", Key="k")
    status, answer = call(dos, "POST", "/documents?delete",
                          b"<s:Delete xmlns:s='u'><s:Object><s:Key>&#107;</s:Key></s:Object></s:Delete>")
    assert status == 200 and b"<Deleted><Key>k</Key></Deleted>" in answer
    s3.delete_bucket(Bucket="documents")


def test_cut_short(dos):
    """A PUT whose body does not all come leaves nothing: no object, no file."""
    s3 = dos.client()
    s3.create_bucket(Bucket="cut")
    body = noise(3 * MIB)
    before = set(dos.files("objects"))
    for sent in (0, 1, 70000, len(body) - 1):
        fields = signed(dos, "PUT", "/cut/k", body)
        head = "PUT /cut/k HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in fields.items())
        with socket.create_connection(("127.0.0.1", dos.port), PATIENCE_S) as connection:
            connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:sent])
            wait("the body is on its way", lambda: dos.files("tmp"))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wait("the temporary file is gone", lambda: not dos.files("tmp"))
        with refused("404"):
            s3.head_object(Bucket="cut", Key="k")
    assert set(dos.files("objects")) <= before
    fields = "".join(f"{n}: {v}\r\n" for n, v in signed(dos, "PUT", "/cut/k", b"abc").items())
    for lengths in ("Content-Length: 3\r\nContent-Length: 3\r\n", "Content-Length: 3\r\nContent-Length: 4\r\n",
                    "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"):
        with socket.create_connection(("127.0.0.1", dos.port), PATIENCE_S) as connection:
            connection.sendall(f"PUT /cut/k HTTP/1.1\r\n{fields}{lengths}\r\nabc".encode())
            assert connection.recv(4096).startswith(b"HTTP/1.1 400")
    with refused("404"):
        s3.head_object(Bucket="cut", Key="k")
    s3.delete_bucket(Bucket="cut")


def test_refused_before_the_body(dos):
    """Expect: 100-continue: a refusal comes at once, and not a byte of 5 GiB is waited for."""
    s3 = dos.client()
    s3.create_bucket(Bucket="early")
    for target, length, status in (("/early-none/k", 5 << 30, 404), ("/early/k", 6 << 30, 400)):
        fields = signed(dos, "PUT", target, b"x")
        head = f"PUT {target} HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in fields.items())
        with socket.create_connection(("127.0.0.1", dos.port), PATIENCE_S) as connection:
            connection.sendall(f"{head}Expect: 100-continue\r\nContent-Length: {length}\r\n\r\n".encode())
            assert connection.recv(4096).startswith(f"HTTP/1.1 {status}".encode())
    s3.delete_bucket(Bucket="early")


def test_aws_cli(dos):
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": KEYS[ACCOUNT][0], "AWS_SECRET_ACCESS_KEY": KEYS[ACCOUNT][1],
                   "AWS_DEFAULT_REGION": "us-east-1", "AWS_CONFIG_FILE": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1"}

    def aws(*words):
        line = ["/usr/bin/aws", "--endpoint-url", f"http://127.0.0.1:{dos.port}", *words]
        return subprocess.run(line, env=environment, check=True, timeout=PATIENCE_S, capture_output=True, text=True).stdout

    folder = dos.work / "tree"
    (folder / "sub dir").mkdir(parents=True)
    (folder / "small").write_bytes(b"small")
    (folder / "sub dir" / "big").write_bytes(noise(17 * MIB))
    aws("s3", "mb", "s3://cli")
    aws("s3", "sync", str(folder), "s3://cli/tree", "--no-progress")
    assert "PRE sub dir/" in aws("s3", "ls", "s3://cli/tree/")
    aws("s3", "cp", "s3://cli/tree", str(dos.work / "back"), "--recursive", "--no-progress")
    assert (dos.work / "back/sub dir/big").read_bytes() == noise(17 * MIB) and (dos.work / "back/small").read_bytes() == b"small"
    assert aws("s3", "sync", str(folder), "s3://cli/tree", "--no-progress") == ""
    aws("s3", "rb", "s3://cli", "--force")
    assert "cli" not in aws("s3", "ls")


def test_latency(dos):
    """TCP_NODELAY: a small GET is not held back (the 42 ms of others)."""
    s3 = dos.client()
    s3.create_bucket(Bucket="latency")
    s3.put_object(Bucket="latency", Key="k", Body=noise(4096))
    fields = signed(dos, "GET", "/latency/k")
    connection, times = http.client.HTTPConnection("127.0.0.1", dos.port, timeout=PATIENCE_S), []
    for _ in range(201):
        begin = time.monotonic()
        connection.request("GET", "/latency/k", headers=fields)
        assert len(connection.getresponse().read()) == 4096
        times.append(time.monotonic() - begin)
    connection.close()
    median_ms = sorted(times)[100] * 1000
    print(f"     GET 4 KiB, one connection: median {median_ms:.2f} ms")
    assert median_ms < 20, median_ms
    s3.delete_object(Bucket="latency", Key="k")
    s3.delete_bucket(Bucket="latency")


def test_tls(dos):
    """HTTPS with the operator's certificate; there a payload may go unsigned, and SIGHUP brings a new certificate."""
    certificates = dos.work / "certificates"
    make_certificates(certificates)
    for suffix in ("pem", "key"):
        shutil.copy(certificates / f"host-1.{suffix}", certificates / f"served.{suffix}")
    dos.stop()
    dos.settings |= {"s3.tls-address": "127.0.0.1", "s3.tls-tcp-port": 0, "s3.tls-certificate": certificates / "served.pem",
                     "s3.tls-key": certificates / "served.key"}
    dos.start()
    s3 = dos.client(roots=certificates / "ca.pem")
    s3.create_bucket(Bucket="tls")
    for size in (10, MIB):
        s3.put_object(Bucket="tls", Key="k", Body=noise(size))  # boto3 leaves the payload unsigned over https
        assert s3.get_object(Bucket="tls", Key="k")["Body"].read() == noise(size)
    for suffix in ("pem", "key"):
        shutil.copy(certificates / f"host-2.{suffix}", certificates / f"served.{suffix}")
    os.kill(dos.process.pid, signal.SIGHUP)

    new = ssl.PEM_cert_to_DER_cert((certificates / "host-2.pem").read_text())
    wait("the new certificate is shown",
         lambda: ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", dos.tls_port))) == new)
    s3 = dos.client()
    s3.delete_object(Bucket="tls", Key="k")
    s3.delete_bucket(Bucket="tls")


def test_configuration(dos):
    """A config with errors names them; TLS takes unsigned payloads; plain HTTP only on loopback."""
    def fails(*settings):
        line = [dos.program, *[word for text in settings for word in ("--set", text)]]
        done = subprocess.run(line, capture_output=True, text=True, timeout=PATIENCE_S)
        assert done.returncode != 0
        return done.stderr

    assert "s3.tcp-port" in fails("s3.tcp-prot=1")
    assert "number" in fails("s3.tcp-port=many")
    data = f"dos.data={dos.work / 'other'}"
    assert "loopback" in fails(data, "s3.address=0.0.0.0", "s3.tcp-port=0")
    sample = subprocess.run([dos.program, "--sample-config"], capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    assert "#tcp-port = 8774" in sample.stdout


if __name__ == "__main__":
    run([test_configuration, test_buckets, test_accounts, test_objects, test_ranges_and_conditions, test_listings, test_multipart,
         test_signatures, test_equal_work, test_not_built, test_documents, test_cut_short, test_refused_before_the_body, test_aws_cli,
         test_latency, test_tls])
