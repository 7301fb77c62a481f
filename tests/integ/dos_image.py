#!/usr/bin/python3
"""Images in dos: what is taken and what is refused by name, the converter in its jail, chunks that make up the image; and
hosts that fetch them by their grants.

Defends I24 (no image names a host's file), I17, musts 1 and 7.

usage: dos_image.py DOS JAIL [TEST...]"""
import base64
import contextlib
import gzip
import hashlib
import hmac
import http.client
import json
import os
import sqlite3
import ssl
import subprocess
import time

from boto3.s3.transfer import TransferConfig
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dosrig import ACCOUNT, MIB, OTHER, PATIENCE_S, make_certificates, noise, run, wait


def qemu_img(*words):
    subprocess.run(["qemu-img", *map(str, words)], check=True, timeout=PATIENCE_S, stdout=subprocess.DEVNULL)


def patched(image, to, offset, data):
    raw = bytearray(image.read_bytes())
    raw[offset:offset + len(data)] = data
    to.write_bytes(raw)
    return to


def make_images(work):
    """name -> (file, None = good or a word of the reason)"""
    raw, qcow = work / "raw", work / "qcow2"
    with open(raw, "wb") as file:
        file.write(noise(3 * MIB))
        file.seek(40 * MIB)
        file.write(noise(12345, 3))
        file.truncate(64 * MIB)
    qemu_img("convert", "-f", "raw", "-O", "qcow2", raw, qcow)
    qemu_img("convert", "-c", "-f", "raw", "-O", "qcow2", raw, work / "compressed")
    qemu_img("convert", "-f", "raw", "-O", "qcow2", "-o", "cluster_size=4096,compat=0.10", raw, work / "old")
    qemu_img("create", "-f", "qcow2", "-b", "/etc/passwd", "-F", "raw", work / "backing")
    qemu_img("create", "-f", "qcow2", "-o", f"data_file={work / 'elsewhere'}", work / "data_file", "64M")
    qemu_img("create", "-f", "qcow2", work / "huge", "1T")
    qemu_img("convert", "-f", "raw", "-O", "vmdk", raw, work / "vmdk")
    qemu_img("convert", "-f", "raw", "-O", "vdi", raw, work / "vdi")
    short = patched(raw, work / "short_iso", 32768, b"\1CD001\1")  # a medium of 8 GiB less a block, it says
    patched(patched(short, short, 32768 + 80, b"\xff\xff\x3f\0\0\x3f\xff\xff"), short, 32768 + 128, b"\0\x08\x08\0")
    (work / "gzip").write_bytes(gzip.compress(b"x" * MIB))
    patched(qcow, work / "garbage", 40, os.urandom(30))
    patched(qcow, work / "l1_elsewhere", 40, (1 << 40).to_bytes(8, "big"))
    # A good header over tables of noise: the converter itself must fail, in its jail.
    l1 = int.from_bytes(qcow.read_bytes()[40:48], "big")
    patched(qcow, work / "bad_l1", l1, b"\x80\x00\x00\x00\x00\x05\x02\x00")
    (work / "cut").write_bytes(qcow.read_bytes()[:100])
    (work / "tiny").write_bytes(b"\x7fno image")
    wanted = {"raw": None, "qcow2": None, "compressed": None, "old": None, "backing": "backing file", "data_file": "external",
              "huge": "over the limit", "vmdk": "VMDK", "vdi": "VDI", "gzip": "gzip", "garbage": "qcow2:", "l1_elsewhere": "L1",
              "short_iso": "cut short", "bad_l1": "cannot be converted", "cut": "ends inside", "tiny": "less than one sector"}
    return {name: (work / name, word) for name, word in wanted.items()}


def test_images(dos):
    work = dos.work / "images"
    work.mkdir()
    images, s3 = make_images(work), dos.client()
    s3.create_bucket(Bucket="images")
    dos.client(OTHER).create_bucket(Bucket="images-other")
    config = TransferConfig(multipart_threshold=8 * MIB, multipart_chunksize=8 * MIB)
    for name, (path, _) in images.items():
        s3.upload_file(str(path), "images", name, Config=config)
    dos.stop()
    for name in images:
        dos.verb("import", f"ami-{name}", ACCOUNT, "images", name)
    dos.verb("import", "ami-none", ACCOUNT, "images", "none")
    dos.verb("import", "ami-stolen", ACCOUNT, "images-other", "raw")
    dos.start()
    wait("all imports have ended", lambda: not dos.rows("SELECT 1 FROM import WHERE state=0"), 120)
    rows = {row[0]: row[1:] for row in dos.rows("SELECT id, state, manifest, size, reason FROM import")}
    for name, (_, word) in images.items():
        state, manifest, size, reason = rows[f"ami-{name}"]
        assert (state == 1) == (word is None) and (word or "") in reason, (name, state, reason)
        assert word is not None or size == 64 * MIB
    assert rows["ami-none"][0] == 2 and "does not exist" in rows["ami-none"][3]
    assert rows["ami-stolen"][0] == 2 and "another account" in rows["ami-stolen"][3]
    names = {rows[f"ami-{name}"][1] for name in ("raw", "qcow2", "compressed", "old")}
    assert len(names) == 1, "equal images have equal manifests"
    check_chunks(dos, names.pop(), images["raw"][0].read_bytes())
    assert not dos.files("tmp") and not dos.files("jail"), "an import leaves nothing but chunks"
    assert json.loads(dos.rows("SELECT body FROM said WHERE id='ami-backing'")[0][0])["state"] == "failed"


def test_service(dos):
    """The jail as a service of its own, which a listener of root starts for each connection, as deploy/systemd has it."""
    socket, root = dos.work / "image-jail.sock", dos.work / "root"
    root.mkdir()
    listener = subprocess.Popen(["systemd-socket-activate", "--seqpacket", "-a", "-l", socket, dos.settings["image.jail"], root,
                                 "/usr/bin/qemu-img", "convert", "-f", "qcow2", "-O", "raw", "/input", "/output"],
                                stderr=subprocess.DEVNULL)
    try:
        wait("the jail's service listens", socket.exists)
        dos.stop()
        dos.settings |= {"image.jail": "/nonexistent", "image.jail-socket": socket}
        for name in ("qcow2", "bad_l1"):
            dos.verb("import", f"ami-{name}-service", ACCOUNT, "images", name)
        dos.start()
        wait("both imports have ended", lambda: not dos.rows("SELECT 1 FROM import WHERE state=0"), 120)
    finally:
        listener.kill()
        listener.wait()
    rows = {row[0]: row[1:] for row in dos.rows("SELECT id, manifest, reason FROM import")}
    assert rows["ami-qcow2-service"][0] == rows["ami-qcow2"][0], "whoever converts it, it is the same image"
    assert rows["ami-bad_l1-service"] == rows["ami-bad_l1"], rows["ami-bad_l1-service"]


def check_chunks(dos, name, raw):
    text = bytes(dos.rows(f"SELECT text FROM manifest WHERE hash='{name}'")[0][0])
    assert hashlib.sha256(text).hexdigest() == name
    manifest, whole = json.loads(text), b""
    for chunk in manifest["chunks"]:
        left = min(manifest["chunk_size"], manifest["size"] - len(whole))
        if chunk == "":
            whole += bytes(left)
            continue
        data = (dos.data / "chunks" / chunk[:2] / chunk).read_bytes()
        assert hashlib.sha256(data).hexdigest() == chunk and len(data) == left
        whole += data
    assert whole == raw
    stored = {chunk for chunk in manifest["chunks"] if chunk}
    assert {path.name for path in dos.files("chunks")} == stored and len(stored) < 20


def join(dos, certificates, link_key):
    """As if a cloud-manager had taken it in."""
    identity = dos.data / "identity"
    identity.mkdir(mode=0o700)
    for source, target in (("dos.key", "key.pem"), ("dos.pem", "cert.pem"), ("ca.pem", "ca.pem")):
        (identity / target).write_bytes((certificates / source).read_bytes())
        (identity / target).chmod(0o600)
    (identity / "link.key").write_text(link_key.hex() + "\n")
    (identity / "parent").write_text("cloud region-1 -\n")
    dos.settings |= {"dos.parent": "https://127.0.0.1:9", "tier.address": "127.0.0.1", "tier.tcp-port": 0}


def fetch(dos, certificates, host, target, grant=None):
    context = ssl.create_default_context(cafile=certificates / "ca.pem")
    context.check_hostname = False
    if host:
        context.load_cert_chain(certificates / f"{host}.pem", certificates / f"{host}.key")
    connection = http.client.HTTPSConnection("127.0.0.1", dos.tier_port, timeout=PATIENCE_S, context=context)
    try:
        connection.request("GET", target, headers={"x-tercet-grant": grant} if grant else {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_hosts(dos):
    """I17, must 1: a chunk only over TLS, to the node of the grant, of the granted manifest, in time."""
    certificates, link_key, key = dos.work / "certificates", os.urandom(32), os.urandom(32)
    make_certificates(certificates)
    manifests = [row[0] for row in dos.rows("SELECT hash FROM manifest")]
    dos.stop()
    join(dos, certificates, link_key)
    nonce = os.urandom(12)
    sealed = base64.b64encode(nonce + AESGCM(link_key).encrypt(nonce, key.hex().encode(), b"secret|grant")).decode()
    with contextlib.closing(sqlite3.connect(dos.data / "index.db")) as index:
        index.execute("INSERT OR REPLACE INTO secret VALUES('grant', ?)", (sealed,))
        index.commit()
    dos.start()

    def grant(node, manifest, expiry=None):
        text = f"v1.{node}.{manifest}.{expiry or int(time.time() * 1000) + 60000}"
        return f"{text}.{hmac.new(key, text.encode(), 'sha256').hexdigest()}"

    name = manifests[0]
    status, text = fetch(dos, certificates, "host-1", f"/v1/manifests/{name}", grant("host-1", name))
    assert status == 200 and hashlib.sha256(text).hexdigest() == name
    chunk = next(c for c in json.loads(text)["chunks"] if c)
    status, data = fetch(dos, certificates, "host-1", f"/v1/chunks/{chunk}", grant("host-1", name))
    assert status == 200 and hashlib.sha256(data).hexdigest() == chunk
    zero, past = "0" * 64, int(time.time() * 1000) - 1
    for host, target, text in (("host-1", f"/v1/chunks/{chunk}", None), ("host-2", f"/v1/chunks/{chunk}", grant("host-1", name)),
                               ("host-1", f"/v1/chunks/{chunk}", grant("host-1", zero)),
                               ("host-1", f"/v1/chunks/{zero}", grant("host-1", name)),
                               ("host-1", f"/v1/manifests/{zero}", grant("host-1", name)),
                               ("host-1", f"/v1/chunks/{chunk}", grant("host-1", name, past)),
                               ("host-1", f"/v1/chunks/{chunk}", grant("host-1", name)[:-1] + "x")):
        assert fetch(dos, certificates, host, target, text)[0] == 403, (host, target, text)
    for target in ("/v1/chunks/../index.db", "/v1/chunks/", f"/v1/chunks/{chunk}/", "/", f"/v1/chunks/{chunk}?x"):
        assert fetch(dos, certificates, "host-1", target, grant("host-1", name))[0] == 404, target
    try:
        status = fetch(dos, certificates, None, f"/v1/chunks/{chunk}", grant("host-1", name))[0]
    except (ssl.SSLError, ConnectionError, http.client.RemoteDisconnected):
        status = "refused by TLS"
    assert status == "refused by TLS", status


if __name__ == "__main__":
    run([test_images, test_service, test_hosts], image__bytes=1 << 30)
