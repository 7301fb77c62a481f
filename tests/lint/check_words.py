"""Words that say a thing is unfinished, and paths of somebody's own machine."""
import re

# Put together here, so that this file does not find itself.
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK", "WI" + "P")) + r")\b")
PATHS = re.compile(r"(?<![\w.])(/work|/home/\w+)/")
ENDS = (".c", ".h", ".def", ".py", ".sh", ".md", ".mk", ".am", ".ac", ".ts")


def check(source):
    return [source.finding(m.start(), f"'{m[0]}'") for pattern in (UNFINISHED, PATHS) for m in pattern.finditer(source.text)]


BAD = [
    ("base/str.c", "/* TO" + "DO: later */\n"),
    ("docs/tutorial.md", "cd /wo" + "rk/main\n"),
]
GOOD = [("base/str.c", "/* a framework/main, a hackathon */\n")]
