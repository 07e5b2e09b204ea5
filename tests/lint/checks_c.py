# SPDX-License-Identifier: BSD-3-Clause
"""Checks that run a compiler or another tool. Each takes a tree and returns its problems."""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import tempfile

PACKAGES = ("libbpf", "libconfig", "cmocka", "libmicrohttpd", "jansson", "sqlite3", "libsystemd",
            "libmnl", "libcurl", "libdpdk")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
NEEDS_TABLE = re.compile(r"Include[\s*]+table_host\.h or table_bpf\.h first")
BPF_INCLUDE = ("bpf", "include")
CONTROL, DATAPLANE = "control", "dataplane"


def run(arguments, root):
    return subprocess.run(arguments, cwd=root, capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL)


def first_line(text):
    lines = [line for line in text.splitlines() if "error" in line] or text.splitlines()
    return lines[0] if lines else "failed without a word"


def clang_format(tree):
    """clang-format would change nothing; 14 and 19 agree on this tree."""
    paths = [str(path) for path in tree.files(".c", ".h")]
    if not paths:
        return []
    result = run(["clang-format", "--dry-run", "-Werror", *paths], tree.root)
    first = {}
    for line in result.stderr.splitlines():
        if "error:" in line:
            first.setdefault(line.split(":")[0], line)
    return list(first.values()) or ([first_line(result.stderr)] if result.returncode else [])


def shellcheck(tree):
    """shellcheck finds nothing."""
    paths = [str(path) for path in tree.scripts()]
    if not paths:
        return []
    result = run(["shellcheck", "-x", "-S", "warning", "-f", "gcc", *paths], tree.root)
    return result.stdout.splitlines() or ([first_line(result.stderr)] if result.returncode else [])


def python(tree):
    """Every Python file compiles."""
    problems = []
    for path in tree.files(".py"):
        try:
            compile(tree.text(path), str(path), "exec")
        except SyntaxError as error:
            problems.append(f"{path}:{error.lineno}: {error.msg}")
    return problems


def compile_flags(tree):
    flags = ["-std=gnu2x", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter",
             "-fsyntax-only"]
    found = run(["pkg-config", "--cflags", *PACKAGES], tree.root)
    return flags + (found.stdout.split() if found.returncode == 0 else [])


def include_flags(tree, path):
    """What the owner's meson.build gives: its own part, the shared headers, what is generated."""
    places = [path.parent, path.parent.parent, pathlib.Path(path.parts[0]), "bpf/include", "bpf",
              "tests", "control", "dataplane"]
    if path.parts[0] == CONTROL:
        places.remove(DATAPLANE)
    if path.parts[0] == DATAPLANE:
        places.remove(CONTROL)
    if path.parts[0] == "bpf":
        places = [path.parent, "bpf/include", "bpf"]
    generated = [place for build in ("build", "build-clang") for place in ("bpf", "control")
                 for place in [f"{build}/{place}"] if (tree.root / place).is_dir()]
    return [f"-I{place}" for place in [*places, *generated]]


def arch_include():
    """Where Debian keeps <asm/types.h>, which clang -target bpf does not look in."""
    name = subprocess.run(["gcc", "-print-multiarch"], capture_output=True, text=True,
                          check=True).stdout.strip()
    return f"-I/usr/include/{name}"


def closure(tree, path):
    """Result: a header of bpf/include and all it includes of there."""
    seen, todo = set(), [path]
    while todo:
        path = todo.pop()
        if path not in seen and (tree.root / path).is_file():
            seen.add(path)
            todo += [path.parent / name for _, kind, name in includes(tree, path) if kind == '"']
    return seen


def prelude(tree, path, compiler):
    """What says how the table is reached, before a header that says it needs that."""
    if path.parts[:2] != BPF_INCLUDE or path.name.startswith("table_"):
        return ""
    if not any(NEEDS_TABLE.search(tree.text(header)) for header in closure(tree, path)):
        return ""
    return "#include <table_bpf.h>\n" if "bpf" in compiler else \
        "#include <sallyport/table_host.h>\n"


def compiles_alone(tree, path, compiler, flags):
    with tempfile.NamedTemporaryFile("w", suffix=".c", encoding="utf-8") as unit:
        unit.write(prelude(tree, path, compiler) + f'#include "{path.as_posix()}"\n')
        unit.flush()
        result = run([*compiler, *flags, "-I.", *include_flags(tree, path), unit.name], tree.root)
    if result.returncode == 0:
        return None
    return f"{path}:1: does not compile alone with {' '.join(compiler)}: " + \
        first_line(result.stderr)


def is_bpf_only(path):
    return path.name.endswith("_bpf.h") or (path.parts[0] == "bpf" and len(path.parts) == 2)


def header_jobs(tree):
    """Yields (header, compiler, flags) for each way in which a header must compile alone."""
    host = compile_flags(tree)
    bpf = ["-O2", "-g", "-Wall", "-Werror", "-fsyntax-only", arch_include()]
    for path in tree.files(".h"):
        if not is_bpf_only(path):
            yield path, ["gcc"], host
            yield path, ["clang"], host
        if is_bpf_only(path) or (path.parts[:2] == BPF_INCLUDE and
                                 not path.name.endswith("_host.h")):
            yield path, ["clang", "-target", "bpf"], bpf


def headers(tree):
    """Each header compiles alone with gcc and clang, those that the kernel gets for BPF too."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda job: compiles_alone(tree, *job), header_jobs(tree))
        return [problem for problem in results if problem]


def pragma_once(tree):
    """Each header says #pragma once."""
    return [f"{path}:1: no #pragma once" for path in tree.files(".h")
            if "#pragma once" not in tree.lines(path)]


def includes(tree, path):
    for number, line in enumerate(tree.lines(path), 1):
        found = INCLUDE.match(line)
        if found:
            yield number, found.group(1), found.group(2)


def lands_in(tree, path, name):
    """Result: the part of the tree that a quoted or angled include of path comes from, or None."""
    for place in (path.parent, path.parts[0], "bpf/include", "bpf", CONTROL, DATAPLANE, "."):
        if (tree.root / place / name).is_file():
            resolved = (tree.root / place / name).resolve()
            return resolved.relative_to(tree.root.resolve()).parts[0]
    return None


def include_direction(tree):
    """dataplane and control never include each other; bpf includes neither."""
    forbidden = {DATAPLANE: (CONTROL,), CONTROL: (DATAPLANE,), "bpf": (CONTROL, DATAPLANE)}
    problems = []
    for path in tree.files(".c", ".h"):
        for number, _, name in includes(tree, path):
            part = lands_in(tree, path, name)
            if part in forbidden.get(path.parts[0], ()):
                problems.append(f"{path}:{number}: {path.parts[0]} includes {name} of {part}")
    return problems


def bpf_includes(tree):
    """What is compiled twice includes <linux/types.h> and its own kind only."""
    problems = []
    for path in tree.files(".h"):
        if path.parts[:2] != BPF_INCLUDE or path.name.endswith("_host.h"):
            continue
        for number, kind, name in includes(tree, path):
            own = kind == '"' and (tree.root / path.parent / name).is_file()
            bpf = path.name.endswith("_bpf.h") and name.startswith(("bpf/", "linux/"))
            if not (own or bpf or name == "linux/types.h"):
                problems.append(f"{path}:{number}: compiled twice, includes {name}")
    return problems
