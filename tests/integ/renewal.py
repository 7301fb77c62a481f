#!/usr/bin/env python3
"""A host's certificate lives 15 seconds here: the real daemons renew it, and go on.

usage: renewal.py BUILD

PROTOCOL 10: renewed at a third of its life, by the same key; serial and expiry are checked at every sync, so a host that
did not renew would be refused after its first certificate ends; one that slept past the end may still renew.
"""
import os, re, shutil, signal, socket, subprocess, sys, tempfile, time

build = os.path.abspath(sys.argv[1])
work = tempfile.mkdtemp(prefix="tercet-renewal-")
running = []
failed = 0


def check(what, fine, detail=""):
    global failed
    failed += not fine
    print(("ok    " if fine else "FAILED ") + what + ("" if fine else f": {detail}"), flush=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def command(program, *words):
    return [f"{build}/tercet-{program}", "--config", f"{work}/{program}.ini", *words]


def run(program, *words):
    return subprocess.run(command(program, *words), check=True, capture_output=True, text=True).stdout.strip()


def start(program):
    log = open(f"{work}/{program}.log", "a")
    process = subprocess.Popen(command(program), stdout=log, stderr=log)
    running.append(process)
    return process


def log_of(program):
    with open(f"{work}/{program}.log") as f:
        return f.read()


def wait_for(seconds, condition):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    return condition()


def write(program, text):
    with open(f"{work}/{program}.ini", "w") as f:
        f.write(text)


def serial():
    pem = f"{work}/computer/identity/cert.pem"
    return subprocess.run(["openssl", "x509", "-noout", "-serial", "-in", pem], check=True, capture_output=True,
                          text=True).stdout.strip()


def syncs_after(mark):
    """How often the cluster refused the host since that place of its log."""
    return [line for line in log_of("cluster-manager")[mark:].splitlines() if "event.failed" in line]


def main():
    cloud, cluster, public = free_port(), free_port(), free_port()
    write("cloud-manager", f"[cloud]\ndata = {work}/cloud\n[public]\ntcp-port = {public}\n"
                           f"[tier]\naddress = 127.0.0.1\ntcp-port = {cloud}\n")
    write("cluster-manager", f"[cluster]\ndata = {work}/cluster\nparent = https://127.0.0.1:{cloud}\n"
                             f"[listen]\naddress = 127.0.0.1\ntcp-port = {cluster}\ncertificate-s = 15\n")
    # No helper programs: this host can do nothing but speak.
    write("computer-manager", f"[computer]\ndata = {work}/computer\nparent = https://127.0.0.1:{cluster}\n"
                              f"helpers = {work}/none\n")
    run("cloud-manager", "init")
    start("cloud-manager")
    wait_for(20, lambda: "cloud.ready" in log_of("cloud-manager"))
    run("cluster-manager", "join", run("cloud-manager", "token", "--kind", "cluster", "--name", "zone-a"))
    start("cluster-manager")
    wait_for(20, lambda: "cluster.ready" in log_of("cluster-manager"))
    run("computer-manager", "join", run("cluster-manager", "token", "h1"))
    first = serial()
    host = start("computer-manager")
    check("the host renews at a third of the life", wait_for(12, lambda: "certificate.renewed" in log_of("computer-manager")),
          log_of("computer-manager")[-400:])
    check("the certificate is another one", serial() != first)
    check("the cluster admitted it", wait_for(5, lambda: len(re.findall("node.admitted", log_of("cluster-manager"))) >= 2))
    mark = len(log_of("cluster-manager"))
    second = serial()
    check("it renews again and again", wait_for(15, lambda: serial() != second))
    check("no sync was refused over three lives", not syncs_after(mark), syncs_after(mark))
    host.send_signal(signal.SIGTERM)
    host.wait(10)
    running.remove(host)
    asleep = time.monotonic()
    wait_for(20, lambda: time.monotonic() - asleep > 16)  # the life of its last certificate, measured by the clock itself
    last = serial()
    start("computer-manager")
    check("after its certificate has ended it may still renew", wait_for(12, lambda: serial() != last),
          log_of("computer-manager")[-400:])
    mark = len(log_of("cluster-manager"))
    settled = time.monotonic()
    wait_for(5, lambda: time.monotonic() - settled > 4)
    check("and is heard again", not syncs_after(mark), syncs_after(mark))


try:
    main()
finally:
    for process in running:
        process.kill()
        process.wait()
    if failed == 0:
        shutil.rmtree(work)
    else:
        print(f"kept {work}")
print(f"{'FAILED' if failed else 'passed'}")
sys.exit(1 if failed else 0)
