"""Determinism (STYLE, hard): what the simulator links has no clock, chance, environment, thread or float of its own,
and reads several rows only in a stated order."""
import re

CORES = re.compile(r"(cloud-manager|cluster-manager|computer-manager|dos|pls)/((api|ops|model|plan|store)/.*|(?!main)[^/]*)"
                   r"|proto/(sync|wire)/.*")
HEADERS = re.compile(r"<(time|sys/time|pthread|threads|uv|math|sys/random)\.h>")
CALLS = re.compile(r"\b(clock_gettime|gettimeofday|time|clock|rand|random|srand|drand48|getrandom|arc4random|getenv|"
                   r"secure_getenv|clock_system|rng_system|gethostname|getpid|pthread_\w+|thrd_\w+|uv_\w+)\s*\(")
FLOATS = re.compile(r"\b(float|double)\b")
POINTER = re.compile(r'"[^"\n]*%p[^"\n]*"')
# STORE_EACH(st, q, "..." COLUMNS "...") and query_open(&q, st, "...")
QUERY = re.compile(r'\b(STORE_EACH|query_open)\s*\(([^";{}]*)((?=")(?:"(?:\\.|[^"\\])*"|[A-Z][A-Z_]+|\s)+)', re.S)
WALK = re.compile(r"\bwhile\s*\(\s*query_next\b")


def walks(source, match):
    """Are all rows of this query read? Those of query_open are where a loop asks for the next one."""
    if match[1] == "STORE_EACH":
        return True
    ends = [at for at in (source.bare.find("query_open", match.end()), source.bare.find("\n}", match.end())) if at >= 0]
    return bool(WALK.search(source.bare, match.end(), min(ends, default=len(source.bare))))


def unordered(sql):
    sql = " ".join(sql.replace('"', " ").split())
    # The order of a subquery is not the order of the rows.
    outer = re.sub(r"\([^()]*(?:\([^()]*\)[^()]*)*\)", "()", sql)
    return sql.upper().startswith("SELECT") and " ORDER BY " not in outer.upper()


def check(source):
    if not CORES.fullmatch(source.path) or not source.path.endswith((".c", ".h")):
        return []
    found = [source.finding(at, f"#include {name} in a core") for at, name in source.includes() if HEADERS.match(name)]
    for pattern, what in ((CALLS, "{} in a core"), (FLOATS, "{} in a core: decide in integers")):
        found += [source.finding(m.start(), what.format(m[1])) for m in pattern.finditer(source.bare)]
    found += [source.finding(m.start(), "an address printed: differs from run to run") for m in POINTER.finditer(source.code)]
    for match in QUERY.finditer(source.code):
        if unordered(match[3]) and walks(source, match):
            found.append(source.finding(match.start(), "several rows without ORDER BY"))
    return found


BAD = [
    ("cloud-manager/core.c", "int64_t now = time(NULL);\n"),
    ("cluster-manager/plan/instance.c", "double ratio;\n"),
    ("cloud-manager/ops/key.c", "#include <time.h>\n"),
    ("proto/sync/child.c", 'const char *home = getenv ("HOME");\n'),
    ("dos/store/object.c", 'STORE_EACH(st, q, "SELECT id "\n "FROM object WHERE bucket=?", "s", bucket)\n'),
    ("dos/store/object.c", 'query_open(&q, st, "SELECT id FROM object WHERE size > (SELECT 1 ORDER BY 1)", "");\n'
     "while (query_next(&q)) {"),
    ("dos/store/object.c", 'STORE_EACH(st, q, "SELECT " COLUMNS " FROM object", "")\n'),
    ("computer-manager/model/port.c", "pthread_mutex_lock(&lock);\n"),
    ("proto/wire/wire.c", 'log_info("at %p", node);\n'),
]
GOOD = [
    ("cloud-manager/main.c", "struct clock c = clock_system();\n"),
    ("cloud-manager/core.c", '/* time(NULL) */ log_info("time() of double");\n'),
    ("dos/store/object.c", 'STORE_EACH(st, q, "SELECT id FROM object WHERE bucket=? ORDER BY id", "s", b)\n'),
    ("dos/store/object.c", 'query_open(&q, st, "SELECT size FROM object WHERE id=?", "s", id);\nif (query_next(&q)) {'),
]
