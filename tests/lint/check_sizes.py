"""Where a file has grown past what reads well, ask which two things it is (STYLE, Sizes)."""
MOST_LINES = 500
MOST_TEST_LINES = 700  # a test file is a list of stories, read one at a time
MOST_COLUMNS = 140  # of a script; clang-format keeps C in shape


def check(source):
    if not source.path.endswith((".c", ".h", ".py")):
        return []
    lines = source.text.split("\n")
    found = []
    most = MOST_TEST_LINES if source.path.startswith("tests/") else MOST_LINES
    if not source.path.endswith(".py") and len(lines) - 1 > most:
        found.append(source.finding(0, f"{len(lines) - 1} lines, {most} at most"))
    if source.path.endswith(".py"):
        found += [f"{source.path}:{n}: {len(line)} columns, {MOST_COLUMNS} at most"
                  for n, line in enumerate(lines, 1) if len(line) > MOST_COLUMNS]
    return found


BAD = [("base/str.c", "int x;\n" * 501), ("tests/unit/str_test.c", "int x;\n" * 701), ("tests/integ/a.py", "x" * 200 + "\n")]
GOOD = [("base/str.c", "int x;\n" * 500), ("tests/unit/str_test.c", "int x;\n" * 700)]
