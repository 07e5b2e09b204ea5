#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Checks of the counting behind the totals line, as TAP."""

import sys

from tap import count_output, unexpected_skips

# what, output, exit status, (passed, failed, skipped)
CASES = [
    ("TAP cases count one by one", "1..2\nok 1 - a\nok 2 - b\n", 0, (2, 0, 0)),
    ("a failing case fails", "ok 1 - a\nnot ok 2 - b\n", 1, (1, 1, 0)),
    ("a skipped case is neither", "ok 1 - a # SKIP no NIC\nok 2 - b\n", 0, (1, 0, 1)),
    ("cmocka's way to skip", "not ok 1 # SKIP a\n", 0, (0, 0, 1)),
    ("a crash after passing cases fails", "ok 1 - a\n", -11, (1, 1, 0)),
    ("a plan cut short fails", "1..9\nok 1 - a\n", 0, (1, 1, 0)),
    ("two plans add up", "1..1\nok 1 - a\n1..1\nok 1 - b\n", 0, (2, 0, 0)),
    ("a totals line counts", "words\n3 passed, 0 failed, 1 skipped\n", 0, (3, 0, 1)),
    ("a totals line with failures fails", "2 passed, 4 failed, 0 skipped\n", 1, (2, 4, 0)),
    ("a totals line without failures cannot hide a bad exit",
     "2 passed, 0 failed, 0 skipped\n", 1, (2, 1, 0)),
    ("a totals line must be the last", "1 passed, 0 failed, 0 skipped\nmore\n", 0, (0, 1, 0)),
    ("a silent success is a failure", "", 0, (0, 1, 0)),
    ("a plan alone is a failure", "1..3\n", 0, (0, 1, 0)),
    ("no case planned is a failure", "1..0\n", 0, (0, 1, 0)),
    ("a silent failure is one case", "", 3, (0, 1, 0)),
    ("status 77 is one skipped case", "", 77, (0, 0, 1)),
    ("words that begin with ok are no case", "okay\nok: so\n", 0, (0, 1, 0)),
    ("a totals line goes before TAP", "ok 1 - a\n5 passed, 0 failed, 0 skipped\n", 0, (5, 0, 0)),
    ("a failing case with exit status 0 still fails", "not ok 1 - a\n", 0, (0, 1, 0)),
]


# what, output, exit status, what was skipped and why
SKIPS = [
    ("TAP says why", "ok 1 - a # SKIP no NIC\nok 2 - b\n", 0, ["a: no NIC"]),
    ("cmocka names it only", "not ok 1 # SKIP a\n", 0, ["a: a"]),
    ("a program that skips says why", "1..0 # SKIP no BPF here\n", 77, ["program: no BPF here"]),
    ("a program that skips in a comment", "# skipped: needs root\n", 77, ["program: needs root"]),
    ("a program that skips in silence", "", 77, ["program: no reason given"]),
    ("a runner's totals keep the names", "ok - x, hugepages # skip no memory in one piece\n"
     "3 passed, 0 failed, 1 skipped\n", 0, ["x, hugepages: no memory in one piece"]),
    ("a runner's totals without names", "1 passed, 0 failed, 2 skipped\n", 0,
     ["2 cases, see the log"]),
]


def check_skips():
    """Result: (what, whether it is so) for each of SKIPS, and for which skips are expected."""
    for what, output, status, expected in SKIPS:
        yield f"skips: {what}", count_output("program", output, status).skips == expected
    skips = [skip for *_, expected in SKIPS for skip in expected]
    yield ("skips: only one of them is expected where all may be done",
           len(unexpected_skips(skips)) == len(skips) - 1)


def main():
    failed = 0
    for number, (what, good) in enumerate(check_skips(), len(CASES) + 1):
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - {what}")
    for number, (what, output, status, expected) in enumerate(CASES, 1):
        count = count_output("program", output, status)
        found = (count.passed, count.failed, count.skipped)
        good = found == expected and len(count.failures) >= bool(count.failed)
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - totals: {what}")
        if not good:
            print(f"# expected {expected}, found {found}")
    print(f"1..{len(CASES) + len(SKIPS) + 1}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
