"""Calls and forms that STYLE bans everywhere (Memory, Naming)."""
import re

CALLS = re.compile(r"\b(strcpy|stpcpy|strcat|sprintf|vsprintf|strncpy|strncat|gets|atoi|atol|atoll|atof|system|popen|strtok|"
                   r"localtime|localtime_r|gmtime|ctime|asctime|time|rand|srand|random|sleep|usleep|alloca|tmpnam|mktemp)"
                   r"\s*\(")
TYPEDEF = re.compile(r"\btypedef\s+(struct|union)\b")
DUNDER = re.compile(r"^(?:static\s+)?(?:struct|enum|union)\s+(__\w+)", re.M)


def check(source):
    if not source.path.endswith((".c", ".h")):
        return []
    found = [source.finding(m.start(), f"{m[1]}() is banned") for m in CALLS.finditer(source.bare)
             if source.bare[m.start() - 1:m.start()] not in (".", ">")]
    found += [source.finding(m.start(), "no typedef for structs") for m in TYPEDEF.finditer(source.bare)]
    found += [source.finding(m.start(), f"{m[1]}: no leading underscores") for m in DUNDER.finditer(source.bare)]
    return found


BAD = [
    ("base/str.c", "strcpy(to, from);\n"),
    ("dos/main.c", 'x = system ("ls");\n'),
    ("tests/unit/a_test.c", "usleep(10);\n"),
    ("proto/http/gate.c", "n = atoi(text);\n"),
    ("base/list.h", "typedef struct list list;\n"),
]
GOOD = [
    ("base/str.c", '// strcpy(a, b)\nx = "system(1)";\nq->time(1);\nself.sleep(2);\nuse_sprintf_not(1);\n'),
]
