"""Where a file has grown past what reads well, ask which two things it is (STYLE, Sizes)."""
MOST_LINES = 500
MOST_COLUMNS = 140  # of a script; clang-format keeps C in shape


def check(source):
    if not source.path.endswith((".c", ".h", ".py")):
        return []
    lines = source.text.split("\n")
    found = []
    if not source.path.endswith(".py") and len(lines) - 1 > MOST_LINES:
        found.append(source.finding(0, f"{len(lines) - 1} lines, {MOST_LINES} at most"))
    if source.path.endswith(".py"):
        found += [f"{source.path}:{n}: {len(line)} columns, {MOST_COLUMNS} at most"
                  for n, line in enumerate(lines, 1) if len(line) > MOST_COLUMNS]
    return found


BAD = [("base/str.c", "int x;\n" * 501), ("tests/integ/a.py", "x" * 200 + "\n")]
GOOD = [("base/str.c", "int x;\n" * 500)]
