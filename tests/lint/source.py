"""The tree as the checks see it: files, their code without comments, their string literals, their includes."""
import os
import re

SKIPPED = re.compile(r"^(build.*|var|\.git|autom4te\.cache|build-aux|__pycache__|node_modules)$")
GENERATED = re.compile(r"^(configure~?|aclocal\.m4|Makefile\.in)$")
TOKEN = re.compile(r"""
    (?P<comment> /\*.*?\*/ | //[^\n]* )
  | (?P<string>  "(?:\\.|[^"\\\n])*" )
  | (?P<char>    '(?:\\.|[^'\\\n])*' )""", re.X | re.S)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(<[^>\n]+>|"[^"\n]+")', re.M)


def blank(text):
    """As many lines and columns, nothing on them."""
    return re.sub(r"[^\n]", " ", text)


class Source:
    """One file. `code` is without comments, `bare` without strings too; offsets stay those of `text`."""

    def __init__(self, path, text):
        self.path, self.text = path, text
        self.code = TOKEN.sub(lambda m: blank(m[0]) if m["comment"] else m[0], text)
        self.bare = TOKEN.sub(lambda m: m[0] if INCLUDE.match(self.line_of(m.start())) else blank(m[0]), text)

    def line_of(self, at):
        start = self.text.rfind("\n", 0, at) + 1
        end = self.text.find("\n", at)
        return self.text[start:end if end >= 0 else len(self.text)]

    def finding(self, at, message):
        return f"{self.path}:{self.text.count(chr(10), 0, at) + 1}: {message}"

    def includes(self):
        """(offset, name as written, with its quotes or brackets)"""
        return [(m.start(), m[1]) for m in INCLUDE.finditer(self.code)]


def paths(root, wanted):
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if not SKIPPED.match(f))
        found += [os.path.relpath(os.path.join(folder, n), root) for n in names]
    return sorted(p for p in found if not GENERATED.match(p) and wanted(p))


def is_c(path):
    return path.endswith((".c", ".h", ".def"))


def is_script(root, path):
    with open(os.path.join(root, path), "rb") as file:
        first = file.readline(80)
    return bool(re.match(rb"#!.*\b(ba|da)?sh\b", first)) or b"shellcheck shell=" in first


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
        return Source(path, file.read())
