"""Which folder may include which (ARCHITECTURE 6), and which file may name which library."""
import re

DAEMONS = ("cloud-manager", "cluster-manager", "computer-manager", "dos", "pls")
# Inside a daemon: folder -> folders of the same daemon that it may include. "" is the daemon's top: core, options.
INSIDE = {
    "main": None,  # main may name everything of its own daemon, effect/ too
    "": ("", "api", "ops", "model", "plan", "store"),
    "api": ("", "api", "ops", "model", "store"),
    "ops": ("", "ops", "model", "store"),
    "plan": ("plan", "model"),
    "model": ("model",),
    "store": ("", "store", "model"),
    "effect": ("", "effect", "model"),  # a vtable that it fills may stand at the top
    # computer-manager's helpers are programs of their own; they share the channel and the layout of files
    "hypervisor": ("hypervisor", "model", "effect"),
    "network": ("network", "model", "effect"),
}
ONLY_BASE = ("model", "plan")  # besides their own headers
# ... but a list of states exists once, for the wire and for the rules about it.
SHARED_STATES = "proto/wire/states.h"
# library header -> the files that may include it
LIBRARIES = {
    "sqlite3.h": r"base/(store|wal)\.c|bench/.*",
    "jansson.h": r"proto/wire/.*|cli/.*",
    "libsmartcols.h": r"cli/.*",
    "libxml/": r"cli/.*",
    "uv.h": r"base/(loop\w*|job)\.[ch]|proto/http/.*|\S+/effect/.*|cli/.*",
    "curl/": r"proto/http/.*|computer-manager/effect/.*|cli/.*",
    "microhttpd.h": r"proto/http/.*|bench/.*",
    "libvirt/": r"computer-manager/hypervisor/.*",
    # model/metadata_token.c: a MAC over its arguments is as pure as a sum
    "openssl/": r"proto/(auth|http)/.*|computer-manager/(hypervisor/identity|model/metadata_token)\.c|\S+/effect/.*|cli/.*|bench/.*",
    "seccomp.h": r"computer-manager/(network|effect)/.*|dos/effect/.*",
    "ini.h": r"base/config\.c|cli/.*",
}


def place(path):
    """(top folder, role inside a daemon)"""
    parts = path.split("/")
    top = parts[0]
    if top not in DAEMONS:
        return top, ""
    if len(parts) == 2:
        return top, "main" if re.match(r"main\w*\.", parts[1]) else ""
    return top, "main" if re.match(r"main\w*\.", parts[-1]) and parts[1] in ("hypervisor", "network") else parts[1]


def refused(path, name):
    """Why `path` may not include "name", or None."""
    top, role = place(path)
    to, to_role = place(name)
    if top in ("tests", "bench", "deploy"):
        return None
    if to == "tests" or to == "bench":
        return f"{top}/ includes {to}/"
    if top == "base":
        return None if to == "base" else "base/ stands on nothing else"
    if top in ("proto", "cli"):
        return None if to in ("base", "proto", top) else f"{top}/ includes {to}/"
    if top not in DAEMONS or to == "base":
        return None
    if to in DAEMONS and to != top:
        return f"a daemon includes another daemon's header ({to})"
    if to == "proto":
        if name == SHARED_STATES:
            return None
        return f"{role}/ includes only base/ and its own" if role in ONLY_BASE else None
    if role not in INSIDE:
        return f"the folder {role}/ has no row in tests/lint/check_directions.py"
    allowed = INSIDE[role]
    if allowed is None and to_role in ("hypervisor", "network") and place(path)[0] + "/" + to_role not in path:
        return f"{to_role}/ is a program of its own"
    if allowed is not None and to_role not in allowed:
        return f"{role or 'core'} does not know {to_role or 'core'}"
    return None


def library_refused(path, name):
    for prefix, allowed in LIBRARIES.items():
        if name.startswith(prefix) and not path.startswith("tests/") and not re.fullmatch(allowed, path):
            return f"<{name}> belongs to {allowed}"
    return None


def check(source):
    if not source.path.endswith((".c", ".h")):
        return []
    found = []
    for at, name in source.includes():
        why = refused(source.path, name[1:-1]) if name[0] == '"' else library_refused(source.path, name[1:-1])
        if why:
            found.append(source.finding(at, f"#include {name}: {why}"))
    return found


BAD = [
    ("cloud-manager/model/quota.c", '#include "proto/wire/wire.h"\n'),
    ("cloud-manager/plan/instance.c", '#include "cloud-manager/store/instance.h"\n'),
    ("cloud-manager/core.c", '#include "cloud-manager/effect/mail.h"\n'),
    ("cloud-manager/core.c", '#include "cluster-manager/core.h"\n'),
    ("cloud-manager/ops/image.c", '#include "cloud-manager/api/ec2.h"\n'),
    ("computer-manager/main.c", '#include "computer-manager/hypervisor/spec.h"\n'),
    ("dos/plan/image.c", '#include "dos/core.h"\n'),
    ("proto/sync/child.c", '#include "dos/core.h"\n'),
    ("base/str.c", '#include "proto/wire/wire.h"\n'),
    ("dos/core.c", "#include <sqlite3.h>\n"),
    ("computer-manager/core.c", "#include <libvirt/libvirt.h>\n"),
    ("proto/sync/child.c", "  #  include <jansson.h>\n"),
]
GOOD = [
    ("cloud-manager/main.c", '#include "cloud-manager/effect/mail.h"\n#include "base/loop.h"\n'),
    ("cloud-manager/plan/instance.c", '#include "cloud-manager/model/instance.h"\n'),
    ("computer-manager/hypervisor/main.c", "#include <libvirt/libvirt.h>\n"),
    ("dos/core.c", "/* #include <sqlite3.h> */\n"),
]
