#!/usr/bin/python3
"""What tercet prints, byte for byte, into a pipe and onto a terminal (tests/golden/cli/session.*), and how it behaves when
answers are lost, late or bad. Talks to a cloud of canned answers on loopback.

usage: cli_golden.py TERCET [--write]     --write: takes what is printed for right; then read the difference"""
import base64
import http.server
import json
import os
import pathlib
import pty
import queue
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

import clicloud
from clicloud import IDS, error, instance, reservations, tag

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden" / "cli"
SECRET = "a/secret+that/nobody/may/see"
PATIENCE_S = 30


class Session:
    def __init__(self, program, home):
        self.program, self.cloud = os.path.abspath(program), clicloud.Cloud()
        keep = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
        self.environ = {**keep, "PATH": "/usr/bin:/bin", "HOME": home, "LC_ALL": "C.UTF-8", "TERM": "xterm", "COLUMNS": "100",
                        "TERCET_ENDPOINT": self.cloud.url, "TERCET_S3_ENDPOINT": self.cloud.url, "TERCET_STATUS": "127.0.0.1:9",
                        "TERCET_ACCESS_KEY": "AKIDTEST", "TERCET_SECRET_KEY": SECRET}

    def run(self, words, **environ):
        """(status, stdout, stderr)"""
        self.cloud.asked.clear()
        done = subprocess.run([self.program, *shlex.split(words)], capture_output=True, text=True, timeout=PATIENCE_S, check=False,
                              env={**self.environ, **environ}, stdin=subprocess.DEVNULL)
        assert SECRET not in done.stdout + done.stderr or words.startswith("env"), "the secret was printed"
        return done.returncode, done.stdout, done.stderr

    def run_on_terminal(self, words, said="", **environ):
        """(status, what the terminal got); `said` is typed a line at a time, when it is asked for"""
        self.cloud.asked.clear()
        pid, fd = pty.fork()
        if pid == 0:
            os.execve(self.program, [self.program, *shlex.split(words)], {**self.environ, **environ})
        text, end, said = b"", time.monotonic() + PATIENCE_S, said.splitlines(keepends=True)
        while time.monotonic() < end:
            if not select.select([fd], [], [], 1)[0]:
                continue
            try:
                piece = os.read(fd, 65536)
            except OSError:
                break
            if not piece:
                break
            text += piece
            if said and text.rstrip(b" ").endswith((b":", b"[y/N]", b"\x1b[J")):
                os.write(fd, said.pop(0).encode())
        os.close(fd)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), text.decode().replace("\r\n", "\n")


# --- transcripts -----------------------------------------------------------------------------------------------------
PIPE = ["zone list", "zone list -o json", "zone list -o yaml", "zone list -o csv", "host list -o wide",
        "instance list --filter state=stopped", "instance list --filter 'name!=t*' --jq '.[].instanceId'",
        "instance list --jq '.['", "instance list -o xml", "host list --filter colour=red", "instance stop web --watch",
        "instance list", "instance list --no-header --columns id,state", "instance get db -o json",
        "host list", "host list -o json", "describe-availability-zones --output json",
        "instance create --image ami-0ddddddddddddddd1 --wait",
        "instance stop web --wait", "instance delete web", "instance console web", "keypair delete a", "keypair delete a -o json",
        "instance get twin", "instance get i-0a", "instance get i-0b --columns name", "instance get nobody",
        "instance reboot i-0ffffffffffffffff",
        "instance list --columns id,stat", "instance lst", "instance create", "run-instances --image x", "version",
        "instance delete web db --yes", "tag set tiny --tag a=b", "tag set twin --tag a=b", "tag set nothing --tag a=b",
        "group list", "group get front -o wide", "group create back --description b", "group allow-out front --protocol tcp",
        "group delete nobody", "rule list", "group allow front --protocol icmp --port 8 --from front --description ping",
        "group allow-out --help", "instance groups web",
        "explain web", "explain tiny", "explain web -o json", "top", "doctor", "doctor -o csv", "completion tcsh", "ssh db", "shh web",
        f"instance get {IDS['web']}", "flags", "--help", "keypair --help",
        "keypair create --help", "create-key-pair --help", "instance ssh --help"]
TTY = ["zone list", "instance list", "instance get web -o json", "instance create --image ami-0ddddddddddddddd1 --wait", "host list",
       "instance get nobody", f"instance get {IDS['web']}"]
STEP = "fetching its image, 40 %"
WIDTHS = ["instance list", "host list"]  # on terminals of several widths


def script_for(words):
    """Answers that differ from the canned ones."""
    if words.startswith("instance create") and "--wait" in words:
        return {"DescribeInstances": [reservations(instance("web", "pending", STEP)), reservations(instance("web"))]}
    if words == f"instance get {IDS['web']}":
        return {"DescribeInstances": [reservations(instance("web", "pending", STEP), instance("db", "stopped", "It broke"))]}
    if words.startswith("instance stop"):
        return {"DescribeInstances": [reservations(instance("web")), reservations(instance("web", "stopping")),
                                      reservations(instance("web", "stopped"))]}
    if words.startswith("instance reboot"):
        return {"RebootInstances": [error("InvalidInstanceID.NotFound", "The instance ID 'i-0ffffffffffffffff' does not exist")]}
    return {}


def transcript(session, commands, on_terminal, **environ):
    text = ""
    for words in commands:
        session.cloud.script = script_for(words)
        if on_terminal:
            status, out = session.run_on_terminal(words, **environ)
        else:
            status, out, err = session.run(words)
            out += err
        out = out.replace("\x1b", "\\e").replace("\r", "\\r")
        out = re.sub(r"  \d+s\\r", r"  Ns\\r", out)
        out = re.sub(r"\d+[smhd] ago", "N ago", out)
        out = re.sub(r"in \d+ ms", "in N ms", out).replace(session.cloud.url, "http://127.0.0.1:PORT")
        text += f"$ tercet {words}\n{out}" + ("" if out.endswith("\n") or not out else "\\\n") + (f"[{status}]\n" if status else "")
    return text


def same(session, name, commands, on_terminal, **environ):
    path = GOLDEN / name
    have = transcript(session, commands, on_terminal, **environ)
    if "--write" in sys.argv:
        path.write_text(have, encoding="utf-8")
    want = path.read_text(encoding="utf-8")
    assert have == want, f"{path} says otherwise:\n{have}"


def what_a_pipe_gets(session):
    same(session, "session.pipe", PIPE, False)


def what_a_terminal_gets(session):
    same(session, "session.tty", TTY, True)


def what_a_narrow_and_a_wide_terminal_get(session):
    for columns in ("60", "80", "140"):
        same(session, f"session.{columns}", WIDTHS, True, COLUMNS=columns, NO_COLOR="1")


def destruction_is_asked_for(session):
    """On a terminal; a pipe is not asked."""
    for answer, status, calls in (("n", 130, 0), ("", 130, 0), ("yes", 0, 1), ("Y", 0, 1)):
        have, text = session.run_on_terminal("instance delete web", said=answer + "\n")
        made = [action for action, _ in session.cloud.asked if action == "TerminateInstances"]
        assert (have, len(made)) == (status, calls), (answer, have, text)
        assert f"root disks: web ({IDS['web']})" in text, text
    have, text = session.run_on_terminal(f"terminate-instances --instance-ids {IDS['web']}", said="n\n")
    assert have == 130 and "nothing was done" in text, text
    for words in ("instance delete web --yes", "instance delete web --dry-run", "keypair delete a --yes"):
        have, text = session.run_on_terminal(words)
        assert have == 0 and "[y/N]" not in text, (words, have, text)


def groups_are_asked_for_as_the_api_spells_them(session):
    """Each spelling, the action that it becomes, and what that is told, but for what every request says."""
    g, r, e, i = clicloud.GROUP_ID, clicloud.RULE_ID, "eni-0aaaaaaaaaaaaaaa1", IDS["web"]
    p = "IpPermissions.1."
    https = {p + "IpProtocol": "tcp", p + "FromPort": "443", p + "ToPort": "443"}
    to_group = {**https, p + "Groups.1.GroupId": g}
    cases = (
        ("group create back --description b --tag a=b", "CreateSecurityGroup",
         {"GroupName": "back", "GroupDescription": "b", "TagSpecification.1.ResourceType": "security-group",
          "TagSpecification.1.Tag.1.Key": "a", "TagSpecification.1.Tag.1.Value": "b"}),
        ("create-security-group --group-name back --description b --vpc-id vpc-0aaaaaaaaaaaaaaa1", "CreateSecurityGroup",
         {"GroupName": "back", "GroupDescription": "b", "VpcId": "vpc-0aaaaaaaaaaaaaaa1"}),
        ("group delete front", "DeleteSecurityGroup", {"GroupId": g}),
        ("delete-security-group --group-name back", "DeleteSecurityGroup", {"GroupName": "back"}),
        ("group allow front --protocol tcp --port 443 --cidr 10.0.0.0/8 --description office", "AuthorizeSecurityGroupIngress",
         {"GroupId": g, **https, p + "IpRanges.1.CidrIp": "10.0.0.0/8", p + "IpRanges.1.Description": "office"}),
        ("group allow-out front --protocol tcp --port 443 --to front", "AuthorizeSecurityGroupEgress", {"GroupId": g, **to_group}),
        (f"authorize-security-group-egress --group-id {g} --protocol tcp --port 443 --source-group {g}",
         "AuthorizeSecurityGroupEgress", {"GroupId": g, **to_group}),
        ("group revoke-out front --protocol -1 --cidr 0.0.0.0/0", "RevokeSecurityGroupEgress",
         {"GroupId": g, p + "IpProtocol": "-1", p + "IpRanges.1.CidrIp": "0.0.0.0/0"}),
        (f"group revoke-out front --rule {r}", "RevokeSecurityGroupEgress", {"GroupId": g, "SecurityGroupRuleId.1": r}),
        ("rule list --group front", "DescribeSecurityGroupRules", {"Filter.1.Name": "group-id", "Filter.1.Value.1": g}),
        (f"describe-security-group-rules --security-group-rule-ids {r}", "DescribeSecurityGroupRules", {"SecurityGroupRuleId.1": r}),
        (f"rule set front --rule SecurityGroupRuleId={r},SecurityGroupRule={{IpProtocol=-1,CidrIpv4=10.0.0.0/8}}",
         "ModifySecurityGroupRules", {"GroupId": g, "SecurityGroupRule.1.SecurityGroupRuleId": r,
                                      "SecurityGroupRule.1.SecurityGroupRule.IpProtocol": "-1",
                                      "SecurityGroupRule.1.SecurityGroupRule.CidrIpv4": "10.0.0.0/8"}),
        (f"rule describe-out front --rule SecurityGroupRuleId={r},Description=d", "UpdateSecurityGroupRuleDescriptionsEgress",
         {"GroupId": g, "SecurityGroupRuleDescription.1.SecurityGroupRuleId": r, "SecurityGroupRuleDescription.1.Description": "d"}),
        ("instance groups web --group front", "ModifyInstanceAttribute", {"InstanceId": i, "GroupId.1": g}),
        (f"modify-instance-attribute --instance-id {i} --groups {g} front", "ModifyInstanceAttribute",
         {"InstanceId": i, "GroupId.1": g, "GroupId.2": g}),
        (f"interface set {e} --group front", "ModifyNetworkInterfaceAttribute", {"NetworkInterfaceId": e, "SecurityGroupId.1": g}),
    )
    for words, action, wanted in cases:
        status, _, err = session.run(words)
        asked = [query for name, query in session.cloud.asked if name == action]
        told = [{key: value for key, value in query.items() if key not in ("Action", "Version", "signature")} for query in asked]
        assert status == 0 and told == [wanted], (words, status, err, told)


def login_keeps_what_it_has_tested(session):
    with tempfile.TemporaryDirectory() as home:
        environ = {"HOME": home, "TERCET_ENDPOINT": "", "TERCET_S3_ENDPOINT": "", "TERCET_ACCESS_KEY": "", "TERCET_SECRET_KEY": ""}
        path = pathlib.Path(home, ".config", "tercet", "config.ini")
        said = f"{session.cloud.url}\n{session.cloud.url}/\nAKIDTEST\n{SECRET}\n"
        session.cloud.script = {"GetCallerIdentity": [error("InvalidClientTokenId", "who?")]}
        status, text = session.run_on_terminal("login", said=said, **environ)
        assert status == 4 and not path.exists(), (status, text)
        status, text = session.run_on_terminal("login", said=said, **environ)
        assert status == 0 and "account 000000000001" in text and SECRET not in text, (status, text)
        assert path.stat().st_mode & 0o777 == 0o600 and os.listdir(path.parent) == ["config.ini"], os.listdir(path.parent)
        assert session.run("zone list", **environ)[0] == 0
        path.write_text("# mine\n" + path.read_text() + "identity = /id\n", encoding="utf-8")
        status, text = session.run_on_terminal("login --profile lab", said=said, **environ)
        status, text = session.run_on_terminal(f"login --endpoint {session.cloud.url} --key-id AKIDTEST", said="\nsecond\n", **environ)
        kept = path.read_text(encoding="utf-8")
        assert status == 0 and kept.startswith("# mine\n") and "identity = /id" in kept, (text, kept)
        assert kept.count("secret_key = second") == kept.count(SECRET) == kept.count("[profile default]") == 1, kept
        status, out, _ = session.run("profile list --columns name --no-header", **environ)
        assert out.split() == ["default", "lab"], out
        assert SECRET not in session.run("profile list -o json", **environ)[1]
        assert session.run("zone list --profile lab", **environ)[0] == 0
        assert session.run("profile delete lab", **environ)[0] == 0 and session.run("zone list --profile lab", **environ)[0] == 2
        assert session.run("profile delete lab", **environ)[0] == 3
        before = path.read_text(encoding="utf-8")
        for bad in ("http://no where\n", f"{session.cloud.url}\n\nAK;ID\n", f"{session.cloud.url}\n\nAKIDTEST\n\x03"):
            status, text = session.run_on_terminal("login", said=bad, **environ)
            assert status in (2, 130) and path.read_text(encoding="utf-8") == before, (bad, status, text)


def completion_knows_the_table_and_the_cloud(session):
    def complete(*words):
        done = subprocess.run([session.program, "__complete", "--", *words], capture_output=True, text=True, env=session.environ,
                              check=False)
        return [line.split("\t")[0] for line in done.stdout.splitlines()]

    assert complete("inst") == ["instance"] and "run-instances" in complete("run")
    assert sorted(complete("instance", "st")) == ["start", "status", "stop"]
    assert complete("instance", "start", "") == ["web", "db", "twin"] and complete("ssh", "w") == ["web"]
    assert complete("instance", "start", "i-0aaaaaaaaaaaaaaa") == [IDS["web"], IDS["db"]]
    assert complete("start-instances", "--instance-ids", "web", "t") == ["twin"]
    assert complete("instance", "create", "--key", "") == ["me"] and complete("instance", "create", "--image", "") == ["tiny"]
    assert complete("instance", "list", "--state", "s") == ["stopping", "stopped", "shutting-down"]
    assert complete("instance", "list", "--columns", "id,na") == ["id,name"] and complete("host", "list", "--filter", "zo") == ["zone="]
    assert complete("zone", "list", "-o", "") == ["table", "wide", "json", "yaml", "csv"]
    assert complete("image", "upload", "") == [":files"] and complete("object", "list", "b") == ["backups/"]
    assert "--wait" in complete("instance", "start", "web", "--") and "--wait" not in complete("instance", "start", "--wait", "--")
    assert complete("nonsense", "") == complete("version", "x") == []
    session.cloud.script = {"DescribeInstances": [reservations(instance("web").replace("<value>web<", "<value>$(reboot) \x85<"))]}
    assert complete("instance", "start", "") == []
    dead = {**session.environ, "TERCET_ENDPOINT": "http://127.0.0.1:9"}
    assert subprocess.run([session.program, "__complete", "--", "ssh", ""], env=dead, check=False, capture_output=True).stdout == b""


def bash_completes(session):
    script = session.run("completion bash")[1]
    lines = (("tercet instance start w", "web"), ("tercet zone list --filter sta", "state="),
             ("tercet zone list --columns name,st", "name,state"),
             ("tercet inst", "instance"))
    for line, want in lines:
        ask = (f'{script}\ncompopt() {{ :; }}\nCOMP_LINE={shlex.quote(line)} COMP_POINT={len(line)}\n'
               f'COMP_WORDS=({line}) COMP_CWORD={len(line.split()) - 1}\n_tercet\nprintf "%s\\n" "${{COMPREPLY[@]}}"')
        folder = os.path.dirname(session.program)
        done = subprocess.run(["bash", "--norc", "-c", ask], capture_output=True, text=True, check=False,
                              env={**session.environ, "PATH": f"{folder}:/usr/bin:/bin"})
        assert done.stdout.split() == [want], (line, done.stdout, done.stderr)
    for shell in ("bash", "zsh", "fish"):
        script = session.run(f"completion {shell}")[1]
        if shutil.which(shell):
            subprocess.run([shell, "-n"], input=script, text=True, check=True)


def a_console_cannot_command_the_terminal(session):
    packed = base64.b64encode(b"\x1b]0;mine\a\x1b[31mred\x1b[0m\r\n\xc2\x9b5nx\n").decode()
    for words, want in (("console web", "red\nx\n"), ("console web --raw", "\x1b]0;mine\a\x1b[31mred\x1b[0m\r\n\x9b5nx\n")):
        session.cloud.script = {"GetConsoleOutput": [tag("instanceId", IDS["web"]) + tag("output", packed)]}
        done = subprocess.run([session.program, *words.split()], env=session.environ, capture_output=True, check=False)
        assert done.stdout.decode() == want, (words, done)


def a_password_is_opened_with_its_key(session):
    with tempfile.TemporaryDirectory() as folder:
        for name in ("key", "other"):
            subprocess.run(["openssl", "genrsa", "-traditional", "-out", f"{folder}/{name}", "2048"], check=True, capture_output=True)
        subprocess.run(["openssl", "rsa", "-in", f"{folder}/key", "-pubout", "-out", f"{folder}/public"], check=True, capture_output=True)
        told = subprocess.run(["openssl", "pkeyutl", "-encrypt", "-pubin", "-inkey", f"{folder}/public"], check=True,
                              input=b"open\x1b[31m sesame", capture_output=True).stdout
        answer = tag("instanceId", IDS["web"]) + tag("passwordData", base64.b64encode(told).decode())
        session.cloud.script = {"GetPasswordData": [answer] * 4}
        runs = [session.run(f"instance password web --identity {folder}/{name}") for name in ("key", "other", "public")]
        stock = session.run(f"get-password-data --instance-id {IDS['web']} --priv-launch-key {folder}/key -o json")
        session.cloud.script = {"GetPasswordData": [tag("instanceId", IDS["web"]) + tag("passwordData")] * 2}
        none = session.run("instance password web"), session.run(f"get-password-data --instance-id {IDS['web']} -o json")
    assert [status for status, _, _ in runs] == [0, 1, 2], runs
    assert "\x1b" not in runs[0][1] and runs[0][1].endswith(" sesame\n"), runs
    assert stock[0] == 0 and json.loads(stock[1])["passwordData"].endswith(" sesame"), stock
    assert none[0][0] == 3 and none[1][0] == 0 and json.loads(none[1][1])["passwordData"] == "", none


def scp_is_given_the_address(session):
    with tempfile.TemporaryDirectory() as folder:
        fake = pathlib.Path(folder, "scp")
        fake.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
        fake.chmod(0o755)
        status, out, _ = session.run("scp ./a:b web:/tmp/ --identity key -- -r", PATH=f"{folder}:/usr/bin:/bin")
        evil = instance("web").replace("172.31.0.10", "-oProxyCommand=reboot")
        session.cloud.script = {"DescribeInstances": [reservations(instance("web")), reservations(evil)]}
        refused = session.run("scp a web:", PATH=f"{folder}:/usr/bin:/bin")
    assert status == 0 and out.split("\n")[:-1] == [
        "-o", f"HostKeyAlias={IDS['web']}", "-o", "StrictHostKeyChecking=accept-new", "-i", "key", "-r", "--", "./a:b",
        "root@172.31.0.10:/tmp/"], out
    assert refused[0] == 5 and not refused[1], refused
    assert session.run("scp a b")[0] == 2 and session.run("scp web:a db:b")[0] == 2


def top_and_watch_give_the_terminal_back(session):
    for words in ("top", "instance list --watch"):
        status, text = session.run_on_terminal(words, said="q")
        assert status == 0 and text.startswith("\x1b[?1049h") and text.rstrip().endswith("\x1b[?1049l") and "web" in text, repr(text)
        status, text = session.run_on_terminal(words, said="\x03")
        assert text.rstrip().endswith("\x1b[?1049l") and status in (0, 130), (status, repr(text))


class Daemon(http.server.BaseHTTPRequestHandler):
    """What a daemon says of itself: one that is well, then one that is not, then one whose certificate ends."""
    checks, ends_s = "ok store\n", 0

    def do_GET(self):
        body = {"/version": '{"daemon":"tercet-dos","version":"0.1.0","protocol":1}\n', "/readyz": self.checks,
                "/metrics": f"# TYPE a gauge\na 1\ntercet_certificate_expires_seconds {self.ends_s}\n"}[self.path].encode()
        self.send_response(503 if "no " in self.checks and self.path == "/readyz" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def doctor_asks_the_daemons_of_this_machine(session):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Daemon) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        place = f"127.0.0.1:{server.server_address[1]}"

        def says(word, *texts):
            out = session.run("doctor", TERCET_STATUS=f"127.0.0.1:9 {place}", COLUMNS="300")[1]
            assert out.count("daemon ") == 1 and f"{word:5} daemon" in out and all(t in out for t in texts), out
        says("ok", f"tercet-dos 0.1.0 at {place} is ready")
        Daemon.checks = "ok store\nno parent: it was not heard\x1b[2J\nno room: full\n"
        says("fail", "is not ready: parent: it was not heard\\x1b[2J; room: full", f"http://{place}/readyz")
        Daemon.checks, Daemon.ends_s = "ok store\n", int(time.time()) + 3 * 86400 + 60
        says("warn", "its certificate ends in 3 days", "tercet-dos renew")
        server.shutdown()


def doctor_says_what_to_do(session):
    with tempfile.TemporaryDirectory() as folder:
        key = pathlib.Path(folder, "id")
        key.write_text("private")
        key.chmod(0o644)
        environ = {"TERCET_IDENTITY": str(key)}
        assert f"chmod 600 {key}" in session.run("doctor", **environ)[1]
        key.chmod(0o600)
        pathlib.Path(f"{key}.pub").write_text(clicloud.PUBLIC_KEY + " me@here\n")
        assert "is the key pair 'me'" in session.run("doctor", **environ)[1]
        pathlib.Path(f"{key}.pub").write_text(clicloud.PUBLIC_KEY + "Other\n")
        assert "tercet keypair import me" in session.run("doctor", **environ)[1]
    status, out, err = session.run("doctor", TERCET_ENDPOINT="http://127.0.0.1:9")
    assert status == 1 and out.startswith("fail  endpoint") and "not all is well" in err, (out, err)
    session.cloud.script = {"GetCallerIdentity": [error("SignatureDoesNotMatch", "no", 403)],
                            "DescribeHosts": [error("UnauthorizedOperation", "no", 403)]}
    status, out, _ = session.run("doctor")
    assert status == 1 and "fail  credentials" in out and "check secret_key" in out, out
    session.cloud.skew_s = -900
    status, out, _ = session.run("doctor")
    session.cloud.skew_s = 0
    assert "ahead of the cloud's" in out and "timedatectl" in out and "skip  hosts" in out, out


def manuals_are_whole(session):
    with tempfile.TemporaryDirectory() as folder:
        assert session.run(f"__man {folder}")[0] == 0
        pages = sorted(os.listdir(folder))
        assert "tercet.1" in pages and "tercet-instance.1" in pages and len(pages) > 15, pages
        for page in pages:
            text = pathlib.Path(folder, page).read_text(encoding="utf-8")
            assert text.startswith(".TH ") and ".SH NAME" in text, page
        if shutil.which("mandoc"):
            done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *pages], cwd=folder, capture_output=True, text=True,
                                  check=False)
            found = [line for line in done.stdout.splitlines() if "missing date" not in line]
            assert not found, found


def the_documentation_says_what_the_tables_say(session):
    docs = pathlib.Path(__file__).resolve().parent.parent.parent / "docs"
    path = docs / "cli.md"
    text = path.read_text(encoding="utf-8")
    head, mark, _ = text.partition("<!-- from the tables: tercet __reference -->\n")
    want = head + mark + "\n" + session.run("__reference")[1]
    if "--write" in sys.argv:
        path.write_text(want, encoding="utf-8")
    assert mark and path.read_text(encoding="utf-8") == want, "docs/cli.md: run cli_golden.py with --write"
    errors = session.run("__errors")[1]
    if "--write" in sys.argv:
        (docs / "errors.md").write_text(errors, encoding="utf-8")
    assert (docs / "errors.md").read_text(encoding="utf-8") == errors, "docs/errors.md: run cli_golden.py with --write"


def an_error_is_explained_to_anybody(session):
    status, text = session.run("explain InvalidInstanceID.NotFound", TERCET_ACCESS_KEY="", TERCET_SECRET_KEY="")[:2]
    assert status == 0 and "no instance of that id" in text and "tercet instance list" in text, (status, text)
    status, text = session.run("explain SlowDown -o json")[:2]
    assert status == 0 and json.loads(text)[0]["exit"] == "7", (status, text)


def help_fits_a_screen(session):
    for words in ("--help", "instance --help", "instance start --help", "instance list --help", "instance create --help"):
        out = session.run(words)[1]
        assert len(out.splitlines()) <= (40 if "create" in words else 24) and max(map(len, out.splitlines())) <= 100, (words, out)


def no_color_is_honoured(session):
    text = session.run_on_terminal("zone list", NO_COLOR="1")[1]
    assert "\x1b" not in text, repr(text)
    text = session.run_on_terminal("instance lst", NO_COLOR="1")[1]
    assert text.startswith("error: ") and "\x1b" not in text, repr(text)


def nothing_of_others_reaches_the_terminal_raw(session):
    evil = "\x9b31m\x85\u202e"  # what XML lets through of what a terminal obeys
    bad = instance("web").replace("<value>web</value>", f"<value>{evil}</value>")
    for words in ("instance list", "instance list -o json", "instance list -o yaml", "instance list -o csv", "instance list -o wide",
                  "instance list --jq .", "instance list --jq '.[].tagSet[].value'", "instance list --columns name"):
        session.cloud.script = {"DescribeInstances": [reservations(bad)]}
        status, text = session.run_on_terminal(words)
        assert status == 0 and "31m" in text and not set(text) & set(evil[0] + evil[-1] + evil[4]), (words, repr(text))
    session.cloud.script = {"DescribeInstances": [error("Internal" + evil, evil)]}
    text = session.run_on_terminal("instance list")[1]
    assert "31m" in text and not set(text) & set(evil[0] + evil[-1] + evil[4]), repr(text)


def watching_a_pipe_prints_what_changes(session):
    session.cloud.script = {"DescribeInstances": [reservations(instance("web", "pending")), error("Unavailable", "away", 503),
                                                  reservations(instance("web", "pending")), reservations(instance("web"))]}
    process = subprocess.Popen([session.program, "instance", "list", "--watch", "--columns", "id,state"], env=session.environ, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    lines = [process.stdout.readline().split() for _ in range(3)]
    process.send_signal(signal.SIGINT)
    rest, err = process.communicate(timeout=PATIENCE_S)
    assert lines == [["ID", "STATE"], [IDS["web"], "pending"], [IDS["web"], "running"]], (lines, rest, err)
    assert (process.returncode, err) == (0, ""), (process.returncode, err)


def who_is_told_looks_at_once(session):
    """What the cloud tells is looked at long before it would be time; and where it tells nothing any more, time goes on."""
    session.cloud.events = queue.Queue()
    session.cloud.script = {"DescribeInstances": [reservations(instance("web", "pending"))] * 2}
    process = subprocess.Popen([session.program, "instance", "list", "--watch", "--columns", "id,state"], env=session.environ, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    lines = [process.stdout.readline().split() for _ in range(2)]
    end = time.monotonic() + 20
    while session.cloud.script["DescribeInstances"]:  # once at first, and once when it is told
        assert time.monotonic() < end, "it does not look"
        time.sleep(0.01)
    session.cloud.script = {"DescribeInstances": [reservations(instance("web"))]}
    begin = time.monotonic()
    session.cloud.events.put("change")
    lines.append(process.stdout.readline().split())
    told = time.monotonic() - begin
    session.cloud.script = {"DescribeInstances": [reservations(instance("web", "stopped"))]}
    session.cloud.events.put(None)
    lines.append(process.stdout.readline().split())
    process.send_signal(signal.SIGINT)
    err, session.cloud.events = process.communicate(timeout=PATIENCE_S)[1], None
    assert [line[1] for line in lines] == ["STATE", "pending", "running", "stopped"], (lines, err)
    assert told < 1.9, told  # by time it is ten seconds, or two
    assert (process.returncode, err) == (0, ""), (process.returncode, err)


# --- when things go wrong --------------------------------------------------------------------------------------------
def a_lost_answer_is_asked_for_again_with_the_same_token(session):
    session.cloud.script = {"RunInstances": [None, None]}
    status, out, err = session.run("instance create --image ami-0ddddddddddddddd1 -o json")
    tokens = [query["ClientToken"] for action, query in session.cloud.asked if action == "RunInstances"]
    assert (status, len(tokens), len(set(tokens))) == (0, 3, 1), (status, tokens, err)
    assert IDS["web"] in out


def what_is_sent_again_is_the_same_request(session):
    """The cloud knows a request that it has answered by its signature; an equal one of another run is another."""
    seen = []
    for _ in range(2):
        session.cloud.script = {"RebootInstances": [None, tag("return", "true")]}
        status, _, err = session.run(f"instance reboot {IDS['web']}")
        assert (status, len(session.cloud.asked)) == (0, 2), (status, session.cloud.asked, err)
        seen += [query["signature"] for _, query in session.cloud.asked]
    assert seen[0] == seen[1] != seen[2] == seen[3], seen


def two_creates_have_two_tokens(session):
    tokens = set()
    for _ in range(2):
        session.run("instance create --image ami-0ddddddddddddddd1")
        tokens |= {query["ClientToken"] for action, query in session.cloud.asked if action == "RunInstances"}
    assert len(tokens) == 2, tokens


def what_is_put_off_is_asked_for_again(session):
    session.cloud.script = {"DescribeAvailabilityZones": [error("RequestLimitExceeded", "slow down", 503)]}
    status, out, _ = session.run("zone list")
    assert status == 0 and "locala" in out


def a_failure_ends_the_wait_at_once(session):
    session.cloud.script = {"DescribeInstances": [reservations(instance("web", "pending")),
                                                  reservations(instance("web", "terminated", "no host has the image"))]}
    begin = time.monotonic()
    status, out, err = session.run("instance create --image ami-0ddddddddddddddd1 --wait -o json")
    assert status == 1 and time.monotonic() - begin < 10, (status, err)
    assert "is terminated, not running" in err and "no host has the image" in err and IDS["web"] in out, (out, err)


def a_wait_outlives_a_cloud_that_is_away(session):
    session.cloud.script = {"DescribeInstances": [error("Unavailable", "restarting", 503)] * 3}
    status, _, err = session.run("instance create --image ami-0ddddddddddddddd1 --wait")
    assert status == 0, err


def a_wait_that_takes_too_long(session):
    session.cloud.script = {"DescribeInstances": [reservations(instance("web", "pending"))] * 20}
    status, out, err = session.run("instance create --image ami-0ddddddddddddddd1 --wait --timeout 1s")
    assert status == 7 and f"try: tercet instance get {IDS['web']}" in err and IDS["web"] in out, (status, err)


def what_is_gone_is_terminated(session):
    session.cloud.script = {"DescribeInstances": [reservations(instance("web")), reservations()]}
    status, _, err = session.run("instance delete web --wait")
    assert status == 0, err


def pages_are_joined(session):
    session.cloud.script = {"DescribeInstances": [reservations(instance("web"), token="a b/+"), reservations(instance("db"))]}
    _, out, _ = session.run("instance list --no-header --columns id")
    assert out.split() == [IDS["web"], IDS["db"]], out
    assert session.cloud.asked[1][1]["NextToken"] == "a b/+", session.cloud.asked


def several_of_which_some_fail(session):
    session.cloud.script = {"DeleteKeyPair": [tag("return", "true"), error("InvalidKeyPair.NotFound", "no b")]}
    status, _, err = session.run("keypair delete a b c")
    assert status == 8 and "1 of 3 failed" in err and err.startswith("b: error:"), (status, err)
    assert len(session.cloud.asked) == 3


def answers_that_are_none(session):
    for bad in ("<html>", "<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>", "", "\x00"):
        session.cloud.script = {"DescribeAvailabilityZones": [(200, bad)]}
        status, out, err = session.run("zone list -o json")
        assert (status, out) == (1, "") and "root:" not in err, (bad, status, out, err)
    session.cloud.script = {"DescribeAvailabilityZones": [(404, "<html>nothing</html>")]}
    assert session.run("zone list")[0] == 3


def exit_statuses(session):
    for code, status in (("InvalidAMIID.NotFound", 3), ("AuthFailure", 4), ("UnauthorizedOperation", 4), ("IncorrectInstanceState", 5),
                         ("InsufficientInstanceCapacity", 6), ("VcpuLimitExceeded", 6), ("InternalError", 1)):
        session.cloud.script = {"RunInstances": [error(code, "why")]}
        have, _, err = session.run("instance create --image ami-0ddddddddddddddd1")
        assert have == status and "cause: why" in err and "request-id: req-1" in err, (code, have, err)
    assert session.run("zone list", TERCET_ENDPOINT="http://127.0.0.1:9")[0] == 7
    assert session.run("zone list", TERCET_SECRET_KEY="")[0] == 4
    assert session.run("zone list", TERCET_OUTPUT="xml")[0] == 2


def a_wrong_command_line_asks_nothing(session):
    for words in ("instance create --image x --columns stat", "instance create --image x --wait --timeout soon",
                  "instance create --image ami-0ddddddddddddddd1 --count none",
                  "group allow sg-0eeeeeeeeeeeeeee5 --protocol tcp --cidr 0.0.0.0/0"):
        status, _, err = session.run(words)
        assert status == 2 and not [a for a, _ in session.cloud.asked if not a.startswith("Describe")], (words, status, err)


def env_is_what_a_shell_takes(session):
    status, out, _ = session.run("env", TERCET_SECRET_KEY="it's a $(secret)")
    got = subprocess.run(["sh", "-c", f"{out}\nprintf %s \"$AWS_SECRET_ACCESS_KEY\""], capture_output=True, text=True, check=True).stdout
    assert (status, got) == (0, "it's a $(secret)"), out


def ssh_is_given_the_address_and_the_identity(session):
    with tempfile.TemporaryDirectory() as folder:
        fake = pathlib.Path(folder, "ssh")
        fake.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\nexit 5\n')
        fake.chmod(0o755)
        status, out, _ = session.run("instance ssh web --user admin --identity key -- echo 'a b'", PATH=f"{folder}:/usr/bin:/bin")
    assert status == 5 and out.split("\n")[:-1] == [
        "-o", f"HostKeyAlias={IDS['web']}", "-o", "StrictHostKeyChecking=accept-new", "-i", "key", "-l", "admin", "--",
        "172.31.0.10", "echo", "a b"], out
    with tempfile.TemporaryDirectory() as folder:
        fake = pathlib.Path(folder, "ssh")
        fake.write_text(f'#!/bin/sh\n[ -e {folder}/up ] || {{ touch {folder}/up; exit 255; }}\ncase "$*" in *true) ;; *) echo in ;; esac\n')
        fake.chmod(0o755)
        status, out, _ = session.run("ssh web --wait -- uptime", PATH=f"{folder}:/usr/bin:/bin")
        assert (status, out) == (0, "in\n"), (status, out)
    status, _, err = session.run("instance ssh db")
    assert status == 5 and "is stopped" in err, err


def a_certificate_must_be_trusted_and_of_that_host(session):
    with tempfile.TemporaryDirectory() as folder:
        for name, host in (("good", "IP:127.0.0.1"), ("other", "DNS:other.example")):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
                            "-subj", f"/CN={name}", "-addext", f"subjectAltName={host}", "-keyout", f"{folder}/{name}.key", "-out",
                            f"{folder}/{name}.crt"], check=True, capture_output=True)
            pem = pathlib.Path(folder, f"{name}.pem")
            pem.write_bytes(b"".join(pathlib.Path(folder, f"{name}.{end}").read_bytes() for end in ("key", "crt")))
        good, other = (clicloud.Cloud(f"{folder}/{name}.pem") for name in ("good", "other"))
        status, out, err = session.run(f"zone list --ca {folder}/good.crt", TERCET_ENDPOINT=good.url)
        assert status == 0 and "locala" in out, err
        for endpoint, ca in ((good.url, "other"), (other.url, "other")):
            status, _, err = session.run(f"zone list --ca {folder}/{ca}.crt", TERCET_ENDPOINT=endpoint)
            assert status == 1 and "try: --ca FILE" in err, (endpoint, status, err)
        status, _, err = session.run("zone list", TERCET_ENDPOINT=good.url)
        assert status == 1 and "try: --ca FILE" in err, (status, err)
        assert not good.asked[1:] and not other.asked, "something was asked of a cloud that is not trusted"


def following_a_console_prints_what_is_new(session):
    def console(text):
        packed = base64.b64encode(text.encode()).decode()
        return tag("instanceId", IDS["web"]) + tag("timestamp", clicloud.WHEN) + tag("output", packed)

    session.cloud.script = {"GetConsoleOutput": [console("one\n"), console("one\ntwo\n"), error("Unavailable", "away", 503),
                                                 console("two\nthree\n")]}
    process = subprocess.Popen([session.program, "instance", "console", IDS["web"], "--follow"], env=session.environ, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    lines = [process.stdout.readline() for _ in range(3)]
    process.send_signal(signal.SIGINT)
    rest, err = process.communicate(timeout=PATIENCE_S)
    assert (lines, rest, process.returncode) == (["one\n", "two\n", "three\n"], "", 0), (lines, rest, err)


TESTS = [destruction_is_asked_for, groups_are_asked_for_as_the_api_spells_them, login_keeps_what_it_has_tested,
         completion_knows_the_table_and_the_cloud, bash_completes,
         a_console_cannot_command_the_terminal, a_password_is_opened_with_its_key,
         scp_is_given_the_address, top_and_watch_give_the_terminal_back, doctor_says_what_to_do,
         doctor_asks_the_daemons_of_this_machine,
         manuals_are_whole, the_documentation_says_what_the_tables_say, an_error_is_explained_to_anybody, help_fits_a_screen,
         what_a_pipe_gets, what_a_terminal_gets, what_a_narrow_and_a_wide_terminal_get,
         nothing_of_others_reaches_the_terminal_raw, watching_a_pipe_prints_what_changes, who_is_told_looks_at_once,
         no_color_is_honoured, a_lost_answer_is_asked_for_again_with_the_same_token,
         what_is_sent_again_is_the_same_request, two_creates_have_two_tokens, what_is_put_off_is_asked_for_again,
         a_failure_ends_the_wait_at_once,
         a_wait_outlives_a_cloud_that_is_away, a_wait_that_takes_too_long, what_is_gone_is_terminated, pages_are_joined,
         several_of_which_some_fail, answers_that_are_none, exit_statuses, a_wrong_command_line_asks_nothing, env_is_what_a_shell_takes,
         ssh_is_given_the_address_and_the_identity, following_a_console_prints_what_is_new,
         a_certificate_must_be_trusted_and_of_that_host]


def main():
    failed = 0
    with tempfile.TemporaryDirectory(prefix="tct-cli-") as home:
        session = Session(sys.argv[1], home)
        for test in TESTS:
            session.cloud.script = {}
            try:
                test(session)
                print(f"ok   {test.__name__}")
            except AssertionError as why:
                failed += 1
                print(f"FAIL {test.__name__}: line {traceback.extract_tb(why.__traceback__)[-1].lineno}: {why}")
    sys.exit(1 if failed else 0)


main()
