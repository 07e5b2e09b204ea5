#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Checks of the source tree, as TAP: one case a check.

    lint.py                 run every check
    lint.py NAME ...        run these
    lint.py --root DIR ...  on another tree
"""

import argparse
import pathlib
import sys

import checks_c
import checks_text
import rooms
import tree as trees

CHECKS = [
    checks_text.top_level, checks_text.spdx, checks_text.unfinished, checks_text.conflicts,
    checks_text.words, checks_text.weak_tests, checks_text.tap_run,
    checks_text.whitespace, checks_text.sizes,
    checks_c.clang_format, checks_c.pragma_once, checks_c.include_direction, checks_c.bpf_includes,
    checks_c.headers, checks_c.shellcheck, checks_c.python, rooms.rooms, rooms.names,
    rooms.folders, rooms.page,
]


def report(number, name, problems):
    print(f"{'not ok' if problems else 'ok'} {number} - {name}", flush=True)
    for problem in problems:
        print(f"# {problem}")


def warnings(tree):
    found = []
    checks_text.sizes(tree, found)
    for line in found:
        print(f"# warning: {line}")


def main():
    parser = argparse.ArgumentParser(description="checks of the source tree")
    parser.add_argument("--root", default=pathlib.Path(__file__).resolve().parents[2])
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    tree = trees.Tree(options.root)
    checks = [check for check in CHECKS if not options.names or check.__name__ in options.names]
    failed = 0
    for number, check in enumerate(checks, 1):
        problems = check(tree)
        failed += bool(problems)
        report(number, f"lint: {check.__name__}", problems)
    warnings(tree)
    print(f"1..{len(checks)}")
    return 1 if failed or not checks else 0


if __name__ == "__main__":
    sys.exit(main())
