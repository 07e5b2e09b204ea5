#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Checks of the checks, as TAP: each must pass a clean tree and fail one with a violation."""

import pathlib
import subprocess
import sys
import tempfile

LINT = pathlib.Path(__file__).resolve().parent / "lint.py"
FORMAT = LINT.parents[2] / ".clang-format"
SPDX = "/* SPDX-License-Identifier: BSD-3-Clause */\n"
BOTH = "/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */\n"

CLEAN = {
    "bpf/include/sallyport/wire.h": BOTH + "#pragma once\n\n#include <linux/types.h>\n",
    "control/model/lease.h": SPDX + "#pragma once\n\nint model_lease_begin(void);\n",
    "control/model/lease.c": SPDX + '#include "model/lease.h"\n\nint model_lease_begin(void)\n{\n'
                             "\treturn 0;\n}\n",
    "dataplane/worker.h": SPDX + "#pragma once\n\nint worker_run(void);\n",
    "tests/run.sh": "#!/bin/sh\n# SPDX-License-Identifier: BSD-3-Clause\nexit 0\n",
    "tests/run.py": "# SPDX-License-Identifier: BSD-3-Clause\n",
}


def body(lines):
    return SPDX + "int f(void);\n\nint f(void)\n{\n" + "\tf();\n" * lines + "\treturn 0;\n}\n"


# check, file, contents. Spelled so that this file does not find itself.
VIOLATIONS = [
    ("top_level", "notes.txt", "anything\n"),
    ("spdx", "control/model/lease.c", "int lease;\n"),
    ("spdx", "bpf/include/sallyport/wire.h", SPDX + "#pragma once\n"),
    ("spdx", "bpf/edge.bpf.c", SPDX + "int edge;\n"),
    ("spdx", "tests/tool", "#!/bin/sh\nexit 0\n"),
    ("unfinished", "control/model/lease.c", SPDX + "/* TO" + "DO: the rest */\n"),
    ("unfinished", "docs/guide.md", "This is not " + "implemented.\n"),
    ("conflicts", "docs/guide.md", "<" * 7 + " ours\n"),
    ("words", "docs/guide.md", "See /Us" + "ers/me/tree.\n"),
    ("words", "control/model/lease.c", SPDX + "/* as iss" + "ue 12 asks */\n"),
    ("weak_tests", "tests/run.sh", CLEAN["tests/run.sh"] + "ls |" + "| true\n"),
    ("weak_tests", "tests/run.sh", CLEAN["tests/run.sh"] + "sle" + "ep 1\n"),
    ("weak_tests", "tests/unit/a_test.c", SPDX + "assert_tr" + "ue(1);\n"),
    ("tap_run", "tests/meson.build", "# SPDX-License-Identifier: BSD-3-Clause\n"
     "test('a', a_test, protocol: 'tap')\n"),
    ("tap_run", "tests/meson.build", "# SPDX-License-Identifier: BSD-3-Clause\n"
     "test('a', tap_run, args: a_test)\n"),
    ("whitespace", "docs/guide.md", "blank \n"),
    ("whitespace", "docs/guide.md", "no newline"),
    ("sizes", "control/model/lease.c", body(60)),
    ("sizes", "control/model/lease.c", SPDX + "int lease;\n" * 501),
    ("clang_format", "control/model/lease.c", SPDX + "int  lease;\n"),
    ("pragma_once", "control/model/lease.h", SPDX + "int model_lease_begin(void);\n"),
    ("include_direction", "control/model/lease.c", SPDX + '#include "worker.h"\n'),
    ("include_direction", "control/model/lease.c", SPDX + '#include "../dataplane/worker.h"\n'),
    ("include_direction", "dataplane/worker.c", SPDX + '#include "model/lease.h"\n'),
    ("include_direction", "bpf/edge.c", SPDX + '#include "model/lease.h"\n'),
    ("bpf_includes", "bpf/include/sallyport/wire.h", BOTH + "#pragma once\n#include <stdio.h>\n"),
    ("headers", "control/model/lease.h", SPDX + "#pragma once\n\nuint32_t model_lease_begin(void);\n"),
    ("headers", "bpf/include/sallyport/wire.h", BOTH + "#pragma once\n\n__u32 f(void);\n"),
    ("shellcheck", "tests/run.sh", "#!/bin/sh\n# SPDX-License-Identifier: BSD-3-Clause\ncd $1\n"),
    ("python", "tests/run.py", "def f(:\n"),
    ("names", "control/model/lease.c", SPDX + "int begin(void)\n{\n\treturn 0;\n}\n"),
    ("folders", "control/lease.c", SPDX + "static int lease;\n"),
    ("page", "docs/HACKING.md", "No table.\n"),
]

UP = SPDX + "int journal_build_save(void)\n{\n\treturn edge_begin();\n}\n"
EDGE = SPDX + "int edge_begin(void)\n{\n\treturn 0;\n}\n"

# check, files, what is said of them.
PLANTED = [
    ("rooms", {"control/journal/build.c": UP, "control/edge/edge.c": EDGE},
     "journal may not look at edge: uses edge_begin"),
    ("rooms", {"control/edge/edge.h": SPDX + "#pragma once\n",
               "control/journal/build.c": SPDX + '#include "edge/edge.h"\n'},
     "journal may not look at edge: includes edge.h"),
    ("rooms", {"control/model/port.h": SPDX + '#pragma once\n\n#include "model/pool.h"\n',
               "control/model/pool.h": SPDX + '#pragma once\n\n#include "model/port.h"\n'},
     "a circle of includes: control/model/pool.h control/model/port.h"),
    ("rooms", {"control/model/port.c": SPDX + "int model_port(void)\n{\n\treturn model_pool();\n}\n",
               "control/model/pool.c": SPDX + "int model_pool(void)\n{\n\treturn model_port();\n}\n"},
     "a circle of calls: control/model/pool.c control/model/port.c"),
    ("rooms", {"control/attic/old.c": SPDX + "static int old;\n"}, "attic is no room"),
    ("folders", {f"tests/unit/model/t{i}.c": SPDX for i in range(26)}, "26 source files"),
]


def write(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def lint(files, *checks):
    """Result: the exit status and what was said of a tree of these files."""
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        subprocess.run(["git", "init", "-q", str(root)], check=True)
        write(root, {".clang-format": FORMAT.read_text(encoding="utf-8"), **files})
        result = subprocess.run([str(LINT), "--root", str(root), *checks], capture_output=True,
                                text=True, check=False)
        return result.returncode, result.stdout + result.stderr


def main():
    failed = 0
    status, said = lint(CLEAN)
    cases = [("a clean tree passes", status == 0, said)]
    for number, (check, name, text) in enumerate(VIOLATIONS, 1):
        status, said = lint({**CLEAN, name: text}, check)
        good = status == 1 and f"not ok 1 - lint: {check}" in said and name in said
        cases.append((f"{check} sees violation {number} in {name}", good, said))
    for check, files, expected in PLANTED:
        status, said = lint({**CLEAN, **files}, check)
        cases.append((f"{check} sees: {expected}", status == 1 and expected in said, said))
    for number, (what, good, said) in enumerate(cases, 1):
        print(f"{'ok' if good else 'not ok'} {number} - lint: {what}")
        if not good:
            failed += 1
            print("".join(f"# {line}\n" for line in said.splitlines()), end="")
    print(f"1..{len(cases)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
