# SPDX-License-Identifier: BSD-3-Clause
"""Checks that only read text. Each takes a tree and returns its problems."""

import re

FUNCTION_WARN, FUNCTION_FAIL = 40, 60
FILE_WARN, FILE_FAIL = 400, 500

LICENSED = {".c", ".h", ".sh", ".py", ".build", ".in", ".conf", ".service", ".socket", ".scd",
            ".yaml", ".yml", ".js", ".go", ".sql"}
LICENSED_NAMES = {"GNUmakefile", "meson_options.txt", "debian-packages.txt", ".clang-format",
                  ".editorconfig", ".gitignore", ".gitattributes"}
DUAL = "SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only"

# Spelled so that this file does not find itself.
UNFINISHED = re.compile(r"\b(T[O]DO|F[I]XME|H[A]CK|X[X]X)\b|not[ ]implemented|\bst[u]b(bed)?\b")
CONFLICT = re.compile(r"^(<{7}|>{7}|={7}$)")
MACHINE = re.compile(r"(?<![\w./])/(U[s]ers|w[o]rk|workspace)/|\bt[m]p/sp/")
ISSUE = re.compile(r"\b[Ii]ssues? (#|\d)|\b(fixes|closes|resolves) #\d", re.I)
WEAK = re.compile(r"\|\|[ ]true\b|(^|[;&|]\s*|\s)sl[e]ep\s+[\d$]|assert_true\((1|true)\)")

TEST_CALL = re.compile(r"^ *test\((.*)(?:\n.+)*", re.M)


def each_line(tree, paths, pattern, what):
    problems = []
    for path in paths:
        for number, line in enumerate(tree.lines(path), 1):
            found = pattern.search(line)
            if found:
                problems.append(f"{path}:{number}: {what}: {found.group(0).strip()}")
    return problems


def text_files(tree):
    return [path for path in tree.files() if tree.is_text(path) and "corpus" not in path.parts]


def spdx(tree):
    """A licence line among the first five; both licences where the kernel takes the code."""
    problems = []
    for path in text_files(tree):
        head = "\n".join(tree.lines(path)[:5])
        script = head.startswith("#!")
        if not (path.suffix in LICENSED or path.name in LICENSED_NAMES or script):
            continue
        if "SPDX-License-Identifier: BSD-3-Clause" not in head:
            problems.append(f"{path}:1: no SPDX licence line")
        elif is_bpf(path) and DUAL not in head:
            problems.append(f"{path}:1: compiled to BPF, so it needs `{DUAL}`")
    return problems


def is_bpf(path):
    return path.name.endswith(".bpf.c") or path.parts[:2] == ("bpf", "include")


def unfinished(tree):
    """No mark of unfinished work."""
    return each_line(tree, text_files(tree), UNFINISHED, "unfinished")


def conflicts(tree):
    """No leftover of a merge."""
    return each_line(tree, text_files(tree), CONFLICT, "conflict mark")


def words(tree):
    """No path of one person's machine, no number of an issue."""
    paths = text_files(tree)
    return (each_line(tree, paths, MACHINE, "a path of one machine") +
            each_line(tree, paths, ISSUE, "a number of an issue"))


def weak_tests(tree):
    """Nothing in tests that hides a failure, or waits by the clock instead of for an event."""
    paths = [path for path in text_files(tree)
             if path.parts[0] in ("tests", ".ci") and path.suffix in ("", ".sh", ".c", ".py")]
    return each_line(tree, paths, WEAK, "hides a failure or waits by the clock")


def tap_run(tree):
    """Every meson test runs through tests/tap-run, so that `meson test` counts as tests/run does."""
    problems = []
    for path in tree.files(".build"):
        for found in TEST_CALL.finditer(tree.text(path)):
            if "tap_run" not in found.group(1) or "protocol: 'tap'" not in found.group(0):
                line = tree.text(path)[:found.start()].count("\n") + 1
                problems.append(f"{path}:{line}: test(NAME, tap_run, args: …, protocol: 'tap') is our way")
    return problems


def whitespace(tree):
    """No trailing blanks, a newline at the end."""
    problems = each_line(tree, text_files(tree), re.compile(r"[ \t]+$"), "trailing blanks")
    for path in text_files(tree):
        text = tree.text(path)
        if text and not text.endswith("\n"):
            problems.append(f"{path}: no newline at the end")
    return problems


def functions(lines):
    """Result: (line number, lines) of each function: clang-format puts its braces in column 0."""
    opened = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            opened = number
        elif opened and line.startswith("}"):
            yield opened, number - opened - 1
            opened = None


def sizes(tree, warn=None):
    """Functions of at most 60 lines, files of at most 500; warns before that."""
    problems = []
    warn = warn if warn is not None else []
    for path in tree.files(".c", ".h", ".sh", ".py"):
        lines = tree.lines(path)
        over(problems, warn, f"{path}", "file", len(lines), FILE_WARN, FILE_FAIL)
        for number, length in functions(lines):
            over(problems, warn, f"{path}:{number}", "function", length, FUNCTION_WARN,
                 FUNCTION_FAIL)
    return problems


def over(problems, warn, where, what, length, warn_above, fail_above):
    if length > fail_above:
        problems.append(f"{where}: {what} of {length} lines, more than {fail_above}")
    elif length > warn_above:
        warn.append(f"{where}: {what} of {length} lines, more than {warn_above}")


def top_level(tree):
    """Nothing at the top but the parts and the usual papers."""
    allowed = {"bpf", "control", "dataplane", "tests", "configs", "docs", "findings", "README.md", "LICENSE",
               "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "GNUmakefile", "meson.build", "meson_options.txt"}
    names = {path.name for path in tree.root.iterdir()}
    return [f"{name}: does not belong at the top" for name in sorted(names - allowed)
            if not name.startswith(".") and not name.startswith("build")]
