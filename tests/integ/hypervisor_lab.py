#!/usr/bin/env python3
"""computer-hypervisor against a real libvirtd and a real guest.

usage: hypervisor_lab.py --program PATH --guest PATH [--work DIR] [--cache DIR]

--program is tercet-computer-hypervisor, --guest a bootable disk image (qcow2 or raw) of the tiny
guest that writes TERCET-GUEST lines to its serial port. Needs root, libvirtd, qemu. Everything
runs in namespaces of its own (network, mounts, pids, host name) and goes with them. Waits for
conditions with bounds, never for time to pass.
"""
import argparse, contextlib, ctypes as C, os, re, select, shutil, signal, socket, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SLOW = 180  # s; a bound, not an expectation: the machine may be busy


def job_kinds():
    text = open(ROOT + "/computer-manager/model/job.h").read()
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    body = re.search(r"enum host_job_kind \{(.*?)\}", text, re.S).group(1)
    names = [n.split("=")[0].strip() for n in body.split(",") if n.strip()]
    return {name: i + 1 for i, name in enumerate(names)}


def err_names():
    return re.findall(r"^ERR\((\w+)", open(ROOT + "/base/err.def").read(), re.M)


KIND, ERRORS = job_kinds(), err_names()
MESSAGE_MAX, DOMAINS_MAX = 128 * 1024, 1024
OFF, RUNNING, PAUSED, STOPPING = range(4)
NONE, GUEST, CRASH, HOST, UNKNOWN = range(5)


class Head(C.Structure):
    _fields_ = [("job_id", C.c_uint64), ("kind", C.c_uint32), ("size", C.c_uint32),
                ("code", C.c_int32), ("text", C.c_char * 256)]


class Start(C.Structure):
    _fields_ = [("instance", C.c_char * 24), ("pepoch", C.c_int64), ("generation", C.c_int64),
                ("profile", C.c_int64), ("firmware", C.c_int64), ("vcpus", C.c_int64), ("memory_mib", C.c_int64),
                ("volume", C.c_char * 24), ("manifest", C.c_char * 65), ("is_cdrom", C.c_int64), ("tap", C.c_char * 16),
                ("mac", C.c_uint8 * 6), ("mtu", C.c_int64)]


class Target(C.Structure):
    _fields_ = [("instance", C.c_char * 24), ("pepoch", C.c_int64)]


class Domain(C.Structure):
    _fields_ = [("instance", C.c_char * 24), ("pepoch", C.c_int64), ("generation", C.c_int64),
                ("state", C.c_int), ("off_why", C.c_int), ("is_disk_error", C.c_bool), ("profile", C.c_int64)]


class Listing(C.Structure):
    _fields_ = [("service", C.c_char * 64), ("boot", C.c_char * 64), ("idle_permille", C.c_int64), ("len", C.c_int64),
                ("domains", Domain * DOMAINS_MAX)]


class Probe(C.Structure):
    _fields_ = [("accelerator", C.c_char * 8), ("version", C.c_char * 64), ("cpu", C.c_char * 64),
                ("vcpus", C.c_int64), ("memory_mib", C.c_int64)]


class Console(C.Structure):
    _fields_ = [("len", C.c_int64), ("bytes", C.c_char * 65536)]


def until(what, condition, seconds=SLOW):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        select.select([], [], [], 0.1)
    raise AssertionError("not within %d s: %s" % (seconds, what))


class Lab:
    """One libvirtd in namespaces of its own, under an init that reaps and restarts it."""

    def __init__(self, work, cache):
        self.dir = work
        for name in ("run", "lib", "etc/qemu/networks", "log", "state", "images"):
            os.makedirs(work + "/" + name)
        self.cache = cache or work + "/cache"
        os.makedirs(self.cache, exist_ok=True)
        open(work + "/etc/libvirtd.conf", "w").write(
            'host_uuid = "7e6ce700-1ab0-4000-8000-000000000099"\nauth_unix_rw = "none"\n'
            'auth_unix_ro = "none"\nunix_sock_rw_perms = "0700"\nlog_level = 3\n'
            'log_outputs = "3:file:%s/log/libvirtd.log"\n' % work)
        open(work + "/etc/qemu.conf", "w").write(
            'user = "root"\ngroup = "root"\ndynamic_ownership = 0\nremember_owner = 0\n'
            'security_driver = "none"\nnamespaces = []\ncgroup_controllers = []\n'
            'stdio_handler = "file"\nseccomp_sandbox = 0\n')
        self.write_users()
        open(work + "/init", "w").write("""set -e
hostname hv.lab
mount --bind %(d)s/etc/passwd /etc/passwd
mount --bind %(d)s/etc/group /etc/group
ip link set lo up
mount -t tmpfs tmpfs /run
mkdir -p /run/libvirt /var/lib/libvirt /etc/libvirt /var/log/libvirt /var/cache/libvirt
mount --bind %(d)s/run /run/libvirt
mount --bind %(d)s/lib /var/lib/libvirt
mount --bind %(d)s/etc /etc/libvirt
mount --bind %(d)s/log /var/log/libvirt
mount --bind %(c)s /var/cache/libvirt
mount -t tmpfs none /sys/fs/cgroup
set +e
while :; do
  rm -f /run/libvirt/libvirtd.pid
  libvirtd --pid-file /run/libvirt/libvirtd.pid --config /etc/libvirt/libvirtd.conf
done
""" % {"d": work, "c": self.cache})
        self.log = open(work + "/log/stdout", "w")
        self.process = subprocess.Popen(
            ["unshare", "-n", "-m", "-u", "-p", "--fork", "--mount-proc", "--kill-child=SIGKILL",
             "--propagation", "private", "sh", work + "/init"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.socket = work + "/run/libvirt-sock"
        self.uri = "qemu+unix:///system?socket=" + self.socket
        try:
            until("libvirtd answers", self.answers)
        except BaseException:
            sys.stderr.write(open(work + "/log/libvirtd.log").read()[-2000:])
            self.close()
            raise

    def write_users(self):
        """libvirt looks up its own user before it reads that another one is configured; a machine that has
        only the driver's package does not have it."""
        for name, line in (("passwd", "libvirt-qemu:x:64055:64055::/nonexistent:/usr/sbin/nologin"),
                           ("group", "libvirt-qemu:x:64055:"), ("group", "kvm:x:64056:")):
            path = self.dir + "/etc/" + name
            if not os.path.exists(path):
                shutil.copy("/etc/" + name, path)
            text = open(path).read()
            if not re.search("^%s:" % line.split(":")[0], text, re.M):
                open(path, "a").write(line + "\n")

    def answers(self):
        return subprocess.run(["virsh", "-q", "-c", self.uri, "version"], timeout=60,
                              capture_output=True).returncode == 0

    def init_pid(self):
        children = "/proc/%d/task/%d/children" % (self.process.pid, self.process.pid)
        return int(open(children).read().split()[0])

    def inside(self, *argv):
        return subprocess.run(["nsenter", "-t", str(self.init_pid()), "-n", "-m", "-p", "--"] +
                              list(argv), check=True, capture_output=True, text=True).stdout

    def virsh(self, *argv):
        return subprocess.run(["virsh", "-q", "-c", self.uri] + list(argv), check=True,
                              capture_output=True, text=True, timeout=120).stdout

    def kill_inside(self, pid_file):
        self.inside("sh", "-c", "kill -9 $(cat %s)" % pid_file)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.log.close()


class Manager:
    """Stands in for computer-manager at the other end of the channel."""

    def __init__(self, program, lab, *options):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for s in (ours, theirs):
            s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * MESSAGE_MAX)
        self.channel, self.next_id, self.answers, self.events = ours, 1, {}, []

        def child_end():
            os.dup2(theirs.fileno(), 3)
            os.closerange(4, 256)
        self.stderr = open(lab.dir + "/log/hypervisor", "a+")
        self.process = subprocess.Popen(
            [program, "--uri", lab.uri, "--state-dir", lab.dir + "/state", "--images-dir",
             lab.dir + "/images"] + list(options),
            preexec_fn=child_end, close_fds=False, stderr=self.stderr)
        theirs.close()

    def send(self, kind, body=b""):
        job, self.next_id = self.next_id, self.next_id + 1
        body = bytes(body)
        self.channel.send(bytes(Head(job_id=job, kind=KIND[kind], size=len(body))) + body)
        return job

    def read(self, seconds):
        if not select.select([self.channel], [], [], seconds)[0]:
            return False
        data = self.channel.recv(MESSAGE_MAX + 512)
        assert data, "the process ended"
        head = Head.from_buffer_copy(data)
        body = data[C.sizeof(Head):]
        assert head.size == len(body)
        if head.kind == KIND["HOST_HV_EVENT"]:
            self.events.append(body.rstrip(b"\0").decode())
        else:
            self.answers[head.job_id] = (ERRORS[head.code], head.text.decode(), body)
        return True

    def wait(self, job, seconds=SLOW):
        end = time.monotonic() + seconds
        while job not in self.answers:
            left = end - time.monotonic()
            assert left > 0, "job %d was not answered" % job
            self.read(left)
        return self.answers.pop(job)

    def run(self, kind, body=b"", want="OK"):
        code, text, out = self.wait(self.send(kind, body))
        assert code == want, "%s: %s (%s), not %s" % (kind, code, text, want)
        return out

    def list(self):
        out = Listing.from_buffer_copy(self.run("HOST_JOB_HV_LIST"))
        assert -1 <= out.idle_permille <= 1000, out.idle_permille
        return out, {d.instance.decode(): d for d in out.domains[:out.len]}

    def state(self, instance):
        found = self.list()[1].get(instance)
        return found and (found.state, found.off_why)

    def console(self, instance):
        out = Console.from_buffer_copy(self.run("HOST_JOB_HV_CONSOLE",
                                                Target(instance.encode(), 1)))
        return C.string_at(C.addressof(out) + Console.bytes.offset, out.len).decode(
            errors="replace")

    def says(self, instance, text, seconds=SLOW):
        until("%s in the console" % text, lambda: text in self.console(instance), seconds)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.channel.close()
        self.stderr.close()


def start_spec(instance, manifest, **other):
    spec = Start(instance=instance.encode(), pepoch=1, generation=1, profile=1, vcpus=1,
                 memory_mib=128, volume=b"vol-0123456789abcdef0", manifest=manifest.encode(),
                 tap=b"tct-hv-0", mtu=1450)
    spec.mac[:] = [0x02, 0, 0, 0, 0, 0x42]
    for name, value in other.items():
        setattr(spec, name, value)
    return spec


def make_disk(lab, instance, manifest, pepoch=1):
    directory = "%s/state/%s" % (lab.dir, instance)
    os.makedirs(directory, exist_ok=True)
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b",
                    "../../images/%s.raw" % manifest, "%s/root-%d.qcow2" % (directory, pepoch)],
                   check=True)


def make_tap(lab, name):
    lab.inside("ip", "tuntap", "add", name, "mode", "tap")
    lab.inside("ip", "link", "set", name, "mtu", "1450", "up")


GUEST_ID, DEAD_ID = "i-0123456789abcdef0", "i-00000000000000dea"
GOOD, BLANK = "a" * 64, "b" * 64


def life(lab, m):
    """Started, adopted by listing, not started twice; other placements refused."""
    target = Target(GUEST_ID.encode(), 1)
    m.run("HOST_JOB_HV_START", start_spec(GUEST_ID, GOOD))
    m.says(GUEST_ID, "TERCET-GUEST boot=start")
    m.run("HOST_JOB_HV_START", start_spec(GUEST_ID, GOOD))
    m.run("HOST_JOB_HV_START", start_spec(GUEST_ID, GOOD, pepoch=2), want="PRECONDITION")
    m.run("HOST_JOB_HV_SHUTDOWN", Target(GUEST_ID.encode(), 2), want="PRECONDITION")
    listing, domains = m.list()
    d = domains[GUEST_ID]
    assert listing.len == 1 and (d.state, d.pepoch, d.generation) == (RUNNING, 1, 1)
    assert GUEST_ID in m.events
    m.says(GUEST_ID, "TERCET-GUEST boots=1")
    return target


def smbios(lab):
    xml = lab.virsh("dumpxml", GUEST_ID)
    uuid = re.search("<uuid>(.*?)</uuid>", xml).group(1)
    assert uuid.startswith("ec2") and xml.count(uuid) == 3, xml
    assert "<backingStore type='file'" in xml and "autostart" not in xml
    assert lab.virsh("dominfo", GUEST_ID).count("Autostart:      disable") == 1


def adoption(lab, m, program):
    """kill -9 of the process under the guest: the next one finds everything as it is."""
    before = m.list()[0]
    m.kill()
    m = Manager(program, lab, "--accelerator", "tcg", "--reboot-deadline-ms", "60000")
    after, domains = m.list()
    assert (after.service, after.boot) == (before.service, before.boot)
    assert domains[GUEST_ID].state == RUNNING
    return m


def reboot_and_stop(m, target):
    m.says(GUEST_ID, "nic=eth0")
    m.run("HOST_JOB_HV_REBOOT", target)
    m.says(GUEST_ID, "TERCET-GUEST boots=2")
    assert m.state(GUEST_ID) == (RUNNING, NONE)
    m.says(GUEST_ID, "nic=eth0")
    m.run("HOST_JOB_HV_SHUTDOWN", target)
    until("the guest is off", lambda: m.state(GUEST_ID) == (OFF, GUEST))
    assert "halt=poweroff" in m.console(GUEST_ID)
    m.run("HOST_JOB_HV_SHUTDOWN", target)
    m.run("HOST_JOB_HV_REBOOT", target, want="INSTANCE_STATE")


def second_start(lab, m, target):
    """The generation moves on with a start of a domain that is off; an earlier one is refused."""
    m.run("HOST_JOB_HV_START", start_spec(GUEST_ID, GOOD, generation=3))
    m.says(GUEST_ID, "TERCET-GUEST boots=3")
    assert m.list()[1][GUEST_ID].generation == 3
    m.run("HOST_JOB_HV_DESTROY", target)
    m.run("HOST_JOB_HV_DESTROY", target)
    assert m.state(GUEST_ID) == (OFF, HOST)
    m.run("HOST_JOB_HV_START", start_spec(GUEST_ID, GOOD, generation=2), want="PRECONDITION")
    m.run("HOST_JOB_HV_START", start_spec(GUEST_ID, GOOD, generation=3))
    lab.kill_inside("/run/libvirt/qemu/%s.pid" % GUEST_ID)
    until("the crash is seen", lambda: m.state(GUEST_ID) == (OFF, CRASH))


def profiles(lab, m, target):
    """The number asked for is the machine that boots, and the domain says it in every listing."""
    assert m.list()[1][GUEST_ID].profile == 1
    m.run("HOST_JOB_HV_START", start_spec(GUEST_ID, GOOD, generation=3, profile=2))
    m.says(GUEST_ID, "TERCET-GUEST boots=4")
    m.says(GUEST_ID, "nic=eth0")
    xml = lab.virsh("dumpxml", GUEST_ID)
    assert "machine='pc-q35-7.2'" in xml and xml.count("pcie-root-port") >= 24, xml
    assert m.list()[1][GUEST_ID].profile == 2
    m.run("HOST_JOB_HV_DESTROY", target)


@contextlib.contextmanager
def serial(lab, instance):
    """Our end of its serial port, where it listens to a shell."""
    tty = re.search("source path='(/dev/pts/[0-9]+)'", lab.virsh("dumpxml", instance)).group(1)
    fd = os.open("/proc/%d/root%s" % (lab.init_pid(), tty), os.O_RDWR | os.O_NOCTTY)
    try:
        yield fd
    finally:
        os.close(fd)


def long_log(lab, m):
    """A guest that floods its serial port fills a bounded log whose tail is whole."""
    m.run("HOST_JOB_HV_START", start_spec(GUEST_ID, GOOD, generation=4))
    m.says(GUEST_ID, "TERCET-GUEST boots=5")
    m.says(GUEST_ID, "nic=eth0")
    log = "%s/state/%s/console.log" % (lab.dir, GUEST_ID)
    with serial(lab, GUEST_ID) as tty:
        os.write(tty, b"yes 0123456789012345678901234567890123456789 | head -n 35000; echo flood-$((40+2))\n")

        def flooded():
            try:
                while select.select([tty], [], [], 0)[0]:
                    os.read(tty, 65536)
            except OSError:
                pass
            return "flood-42" in m.console(GUEST_ID)
        until("the flood is over", flooded)
    until("the log is cut", lambda: os.stat(log).st_blocks * 512 <= 1024 * 1024 + 65536, 30)
    assert "flood-42" in m.console(GUEST_ID) and "0123456789" in m.console(GUEST_ID)


def full_disk(lab, m, target):
    """A guest whose disk finds no room is paused, goes on in vain while there is none, and loses nothing."""
    disk = "%s/state/%s/root-1.qcow2" % (lab.dir, GUEST_ID)
    m.run("HOST_JOB_HV_DESTROY", target)
    room = os.stat(disk).st_blocks * 512 + (3 << 20)
    lab.inside("sh", "-ec", "mount -t tmpfs -o size=%d tmpfs /mnt; cp --sparse=always %s /mnt/; "
               "mount --bind /mnt/root-1.qcow2 %s" % (room, disk, disk))
    m.run("HOST_JOB_HV_START", start_spec(GUEST_ID, GOOD, generation=5))
    m.says(GUEST_ID, "TERCET-GUEST boots=6")
    m.says(GUEST_ID, "nic=eth0")

    def is_paused():
        d = m.list()[1][GUEST_ID]
        return d.state == PAUSED and d.is_disk_error
    with serial(lab, GUEST_ID) as tty:
        os.write(tty, b"head -c 8000000 /dev/urandom >/data/big && sync && echo wrote-$((40+2))\n")
        until("the guest is paused", is_paused)
        m.run("HOST_JOB_HV_RESUME", target)
        until("it is paused again", is_paused, 10)
        lab.inside("mount", "-o", "remount,size=64M", "/mnt")
        m.run("HOST_JOB_HV_RESUME", target)
        until("it wrote everything", lambda: "wrote-42" in m.console(GUEST_ID))
    lab.virsh("suspend", GUEST_ID)
    m.run("HOST_JOB_HV_RESUME", target)
    assert m.state(GUEST_ID) == (PAUSED, NONE), "what somebody paused by hand is left so"
    lab.virsh("resume", GUEST_ID)


# What an agent says, as far as a stop needs it: it repeats the number of a sync, and obeys. It finds nothing to read until
# libvirt has come, and asks again. One line: each has its own shell.
AGENT = b"""kill $(cat /run/acpid.pid); p=$(ls /dev/vport*p1 | head -n 1); exec 9<>$p; echo agent-$((40+2)); \
while sleep 0.1; do while read -r l <&9; do case $l in *guest-sync*) n=${l##*\\"id\\"}; n=${n#*:}; n=${n%%[!0-9 ]*}; \
echo "{\\"return\\":$n}" >&9;; *guest-shutdown*) poweroff -f;; esac; done; done
"""


SILENT = b"exec 9<>$(ls /dev/vport*p1 | head -n 1); echo silent-$((40+2)); sleep 1000\n"


def agent(lab, m, target):
    """A guest that is deaf to the power button is stopped by its agent; a silent agent keeps nobody waiting."""
    for line, mark, button, boots in ((AGENT, "agent-42", False, 7), (SILENT, "silent-42", True, 8)):
        with serial(lab, GUEST_ID) as tty:
            os.write(tty, line)
            m.says(GUEST_ID, mark)
            until("libvirt sees the agent", lambda: "state='connected'" in lab.virsh("dumpxml", GUEST_ID))
            began = time.monotonic()
            m.run("HOST_JOB_HV_SHUTDOWN", target)
            assert time.monotonic() - began < 2, "the order waits for no agent"
            until("the guest is off", lambda: m.state(GUEST_ID) == (OFF, GUEST))
        heard = "event=powerbutton" in m.console(GUEST_ID).split(mark)[-1]
        assert heard == button, (mark, heard)
        m.run("HOST_JOB_HV_START", start_spec(GUEST_ID, GOOD, generation=6))
        m.says(GUEST_ID, "TERCET-GUEST boots=%d" % boots)
        m.says(GUEST_ID, "nic=eth0")


def unheard_reboot(lab, m):
    """A guest that sits in its firmware hears no power button, and is reset."""
    make_disk(lab, DEAD_ID, BLANK)
    m.run("HOST_JOB_HV_START", start_spec(DEAD_ID, BLANK, tap=b"tct-hv-1"))
    m.run("HOST_JOB_HV_REBOOT", Target(DEAD_ID.encode(), 1))
    log = lab.dir + "/log/hypervisor"
    until("the reset", lambda: "domain.reset instance=%s" % DEAD_ID in open(log).read(), 60)
    assert m.state(DEAD_ID) == (RUNNING, NONE)


def foreign(lab, m):
    """A domain that does not carry our metadata is never listed, started or ended."""
    name = "i-0f0f0f0f0f0f0f0f0"
    path = lab.dir + "/foreign.xml"
    open(path, "w").write("<domain type='qemu'><name>%s</name><memory unit='MiB'>32</memory>"
                          "<os><type machine='pc-i440fx-7.2'>hvm</type></os></domain>" % name)
    lab.virsh("define", path)
    assert name not in m.list()[1]
    for kind in ("HOST_JOB_HV_ERASE", "HOST_JOB_HV_DESTROY"):
        m.run(kind, Target(name.encode(), 9), want="PRECONDITION")
    lab.virsh("undefine", name)


def service_restart(lab, m):
    """Another run of the service has another name; guests live on; an off one loses its why."""
    ignored = re.search(r"SigIgn:\s*(\w+)", open("/proc/%d/status" % m.process.pid).read())[1]
    assert int(ignored, 16) >> (signal.SIGPIPE - 1) & 1, "a service that dies may take it along"
    before = m.list()[0].service
    m.run("HOST_JOB_HV_DESTROY", Target(DEAD_ID.encode(), 1))
    lab.kill_inside("/run/libvirt/libvirtd.pid")

    def renamed():
        code, _, body = m.wait(m.send("HOST_JOB_HV_LIST"))
        assert code in ("OK", "UNAVAILABLE", "TIMEOUT"), code
        return code == "OK" and Listing.from_buffer_copy(body).service != before
    until("the service is back under another name", renamed)
    assert "" in m.events
    assert m.state(GUEST_ID) == (RUNNING, NONE)
    assert m.state(DEAD_ID) == (OFF, UNKNOWN)


def barrier(lab, m, program):
    """R7, as far as one run of the service can show it: a start that was ordered before the
    erase, by a process that was killed meanwhile, brings nothing back."""
    for n in range(6):
        m.send("HOST_JOB_HV_START", start_spec(DEAD_ID, BLANK, tap=b"tct-hv-1", generation=9))
        if n % 2:
            select.select([m.channel], [], [], 0.05 * n)
        m.kill()
        m = Manager(program, lab, "--accelerator", "tcg")
        m.run("HOST_JOB_HV_ERASE", Target(DEAD_ID.encode(), 1))
        assert DEAD_ID not in m.list()[1]
    return m


def erase(lab, m):
    m.run("HOST_JOB_HV_ERASE", Target(GUEST_ID.encode(), 0))
    assert m.state(GUEST_ID) == (RUNNING, NONE), "a later placement is none of an erase's business"
    m.run("HOST_JOB_HV_ERASE", Target(GUEST_ID.encode(), 1))
    m.run("HOST_JOB_HV_ERASE", Target(GUEST_ID.encode(), 1))
    assert m.list()[0].len == 0
    assert lab.virsh("list", "--all", "--name").strip() == ""
    assert "TERCET-GUEST" in m.console(GUEST_ID)


def bad_jobs(m):
    """Whatever is not fit is answered with the field's name, and reaches nobody."""
    for field, value in (("instance", b"../../etc"), ("tap", b"a b"), ("vcpus", 0),
                         ("manifest", b"../x"), ("memory_mib", 1), ("volume", b"vol-<x>"),
                         ("mtu", 1)):
        spec = start_spec(GUEST_ID, GOOD)
        setattr(spec, field, value)
        code, text, _ = m.wait(m.send("HOST_JOB_HV_START", spec))
        assert code == "INVALID_PARAMETER" and field in text, (code, text)
    m.run("HOST_JOB_HV_START", start_spec(GUEST_ID, GOOD, profile=77), want="UNSUPPORTED")
    m.run("HOST_JOB_HV_START", b"short", want="INVALID_PARAMETER")
    m.run("HOST_JOB_NET_LIST", want="UNSUPPORTED")


def test(args, lab):
    subprocess.run(["qemu-img", "convert", "-O", "raw", args.guest,
                    "%s/images/%s.raw" % (lab.dir, GOOD)], check=True)
    with open("%s/images/%s.raw" % (lab.dir, BLANK), "wb") as f:
        f.truncate(1 << 20)
    make_disk(lab, GUEST_ID, GOOD)
    for name in ("tct-hv-0", "tct-hv-1"):
        make_tap(lab, name)
    steps = []

    def done(name):
        steps.append(name)
        print("ok %s (%.1f s)" % (name, time.monotonic() - began), flush=True)
    began = time.monotonic()
    m = Manager(args.program, lab)
    try:
        probe = Probe.from_buffer_copy(m.run("HOST_JOB_HV_PROBE"))
        assert probe.accelerator in (b"tcg", b"kvm") and probe.vcpus >= 1 and probe.memory_mib > 0
        print("probe:", probe.accelerator.decode(), probe.version.decode(), probe.cpu.decode())
        assert m.list()[0].len == 0
        done("probe")
        bad_jobs(m); done("bad jobs")
        m.run("HOST_JOB_HV_START", start_spec(DEAD_ID, BLANK), want="PRECONDITION")
        target = life(lab, m); done("start")
        smbios(lab); done("identity")
        m = adoption(lab, m, args.program); done("adoption")
        reboot_and_stop(m, target); done("reboot, shutdown")
        second_start(lab, m, target); done("second start, destroy, crash")
        profiles(lab, m, target); done("hardware profiles")
        long_log(lab, m); done("bounded log")
        full_disk(lab, m, target); done("full disk")
        agent(lab, m, target); done("guest agent")
        foreign(lab, m); done("foreign domain")
        m.kill()
        m = Manager(args.program, lab, "--accelerator", "tcg", "--reboot-deadline-ms", "2000")
        unheard_reboot(lab, m); done("unheard reboot")
        service_restart(lab, m); done("service restart")
        m = barrier(lab, m, args.program); done("erase is a barrier")
        erase(lab, m); done("erase")
        m.channel.close()
        assert m.process.wait(timeout=10) == 0, "it ends with its manager"
        done("end")
    finally:
        if m.process.poll() is None:
            m.process.kill()
            m.process.wait()
    print("%d passed, 0 failed" % len(steps))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--program", required=True)
    p.add_argument("--guest", required=True)
    p.add_argument("--work")
    p.add_argument("--cache")
    args = p.parse_args()
    work = tempfile.mkdtemp(prefix="tct-hv-", dir=args.work or "/tmp")
    lab = Lab(work, args.cache)
    try:
        test(args, lab)
    except BaseException:
        sys.stderr.write(open(work + "/log/hypervisor").read()[-4000:] if
                         os.path.exists(work + "/log/hypervisor") else "")
        raise
    finally:
        lab.close()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
