#!/usr/bin/python3
"""What the documentation tells people to type: the indented blocks of docs/cli.md, docs/rest.md, docs/install.md and docs/tutorial.md,
word for word and in their order, in the folder of a quickstart of its own. Every command must succeed, but those that a comment before
the block says fail: <!-- fails: COMMAND; COMMAND -->. Blocks between ``` are samples and are not run.

Runs in network and mount namespaces of its own, so that the ports and names of the text are free; lines of apt-get run as
they stand, and find what they install."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import medium

SOURCE = pathlib.Path(os.environ["TERCET_SOURCE"])
BUILD = os.environ["TERCET_BUILD"]
PATIENCE_S = 240  # for one document
DOCUMENTS = ["cli.md", "rest.md", "install.md", "tutorial.md"]  # the last one takes the cloud away
FAILS = re.compile(r"<!-- fails: (.*?) -->")
SESSION = r"""
set -E
trap 'printf "%s: %s\n" "$?" "$BASH_COMMAND" >&9' ERR
"""


def blocks(text):
    """[(line number, commands, those that may fail)]"""
    found, lines, may_fail, is_sample = [], [], [], False
    for number, line in enumerate([*text.split("\n"), "the end"], 1):
        is_sample ^= line.startswith("```")
        mark = FAILS.search(line)
        may_fail = mark[1].split("; ") if mark else may_fail
        if not is_sample and (line.startswith("    ") or (lines and not line)):
            lines.append((number, line[4:]))
        elif lines:
            found.append((lines[0][0], "\n".join(line for _, line in lines).rstrip() + "\n", may_fail))
            lines, may_fail = [], []
    return found


def prepared(folder):
    """The folder that the text stands in: what it names is there, what it makes is of this test."""
    for name in ("deploy", "README.md", "docs"):
        (folder / name).symlink_to(SOURCE / name)
    (folder / "build").symlink_to(BUILD)
    medium.make(os.environ["TERCET_GUEST"], str(folder / "installer.iso"))
    return {**os.environ, "HOME": str(folder), "TERCET_BUILD": BUILD, "TERCET_LAB": f"d{os.getpid() % 100000}"}


def environment(folder):
    environ = prepared(folder)
    environ.pop("TERCET_STATE", None)
    return environ


def run(document, folder, environ):
    """What failed and should not have, and what did not and should."""
    steps = blocks((SOURCE / "docs" / document).read_text(encoding="utf-8"))
    assert steps, f"{document} has no block"
    script = SESSION
    for at, (_, commands, _) in enumerate(steps):
        path = folder / f"{document}.{at}"
        path.write_text(commands, encoding="utf-8")
        script += f"printf '== %s\\n' {at} >&9\nprintf '%s\\n' '-- {document}, block {at}'\nsource {path}\n"
    script += "printf '== end\\n' >&9\n"
    with tempfile.TemporaryFile("w+", encoding="utf-8") as report:
        done = subprocess.run(["bash", "--norc", "-c", f"exec 9>&{report.fileno()}\n{script}"], cwd=folder, env=environ, check=False,
                              stdin=subprocess.DEVNULL, timeout=PATIENCE_S, pass_fds=[report.fileno()])
        report.seek(0)
        told = report.read()
    assert told.endswith("== end\n"), f"{document} ended early ({done.returncode}):\n{told}"
    return judged(document, steps, told)


def judged(document, steps, told):
    wrong = []
    for at, (number, _, may_fail) in enumerate(steps):
        part = told.split(f"== {at}\n")[1].split("== ")[0]
        failed = [line.split(": ", 1) for line in part.splitlines() if ": " in line and ": source /" not in line]
        wrong += [f"docs/{document}:{number}: exit status {status} of: {command}" for status, command in failed if command not in may_fail]
        wrong += [f"docs/{document}:{number}: should have failed: {command}" for command in may_fail
                  if command not in [c for _, c in failed]]
    return wrong


def selftest():
    """The runner sees a command that fails, one that should have, and leaves samples alone."""
    text = "a\n\n    one\n    two\n\nb\n```\n    sample\n```\n<!-- fails: three -->\n\n    three\n"
    assert blocks(text) == [(3, "one\ntwo\n", []), (12, "three\n", ["three"])], blocks(text)
    assert judged("x.md", blocks(text), "== 0\n2: one\n== 1\n== end\n") == [
        "docs/x.md:3: exit status 2 of: one", "docs/x.md:12: should have failed: three"]


def main():
    selftest()
    if "inside" not in sys.argv:
        os.execvp("unshare", ["unshare", "--net", "--mount", "--propagation", "private", sys.executable, *sys.argv, "inside"])
    for command in ("ip link set lo up", "mkdir -p /run/netns", "mount -t tmpfs none /run/netns"):
        subprocess.run(command.split(), check=True)
    with tempfile.TemporaryDirectory(prefix="tercet-docs-") as name:
        folder = pathlib.Path(name)
        environ = environment(folder)
        wrong = []
        try:
            subprocess.run(["./deploy/quickstart"], cwd=folder, env=environ, check=True, stdin=subprocess.DEVNULL)
            for document in DOCUMENTS:
                wrong += run(document, folder, environ)
        finally:
            subprocess.run(["./deploy/quickstart", "down"], cwd=folder, env=environ, check=False, stdin=subprocess.DEVNULL)
    print(*wrong, sep="\n")
    sys.exit(1 if wrong else 0)


main()
