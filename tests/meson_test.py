#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Checks, as TAP, that `meson test` by hand and tests/run agree about what a test did.

A meson project is made of programs that do all that a test can do wrong, each run by tests/tap-run.
"""

import importlib.machinery
import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent

# name, program, what meson says, (passed, failed, skipped) of tests/run
CASES = [
    ("good", "echo 1..2; echo ok 1 - a; echo ok 2 - b", "OK", (2, 0, 0)),
    ("bad", "echo ok 1 - a; echo not ok 2 - b; exit 1", "ERROR", (1, 1, 0)),
    ("bad_with_a_good_exit", "echo not ok 1 - a", "ERROR", (0, 1, 0)),
    ("two_groups", "echo 1..1; echo ok 1 - a; echo 1..1; echo ok 1 - b", "OK", (2, 0, 0)),
    ("words_between", "echo words; echo ok 1 - a; echo '---'", "OK", (1, 0, 0)),
    ("cmocka_skips_one", "echo 1..2; echo '# skipped: no NIC'; echo 'not ok 1 # SKIP a'; "
     "echo ok 2 - b", "OK", (1, 0, 1)),
    ("cmocka_skips_all", "echo 1..2; echo 'not ok 1 # SKIP a'; echo 'not ok 2 # SKIP b'", "SKIP",
     (0, 0, 2)),
    ("skips_itself", "echo '1..0 # SKIP no BPF here'", "SKIP", (0, 0, 1)),
    ("skips_by_77", "echo '# skipped: needs root'; exit 77", "SKIP", (0, 0, 1)),
    ("cases_and_77", "echo ok 1 - a; exit 77", "ERROR", (1, 1, 0)),
    ("nothing", "exit 0", "ERROR", (0, 1, 0)),
    ("words_alone", "echo all is well", "ERROR", (0, 1, 0)),
    ("plan_alone", "echo 1..3", "ERROR", (0, 1, 0)),
    ("no_case_planned", "echo 1..0", "ERROR", (0, 1, 0)),
    ("plan_cut_short", "echo 1..9; echo ok 1 - a", "ERROR", (1, 1, 0)),
    ("dies_before_the_first", "kill -SEGV $$", "ERROR", (0, 1, 0)),
    ("dies_after_its_plan", "echo 1..3; kill -ABRT $$", "ERROR", (0, 1, 0)),
    ("dies_after_all", "echo 1..1; echo ok 1 - a; kill -KILL $$", "ERROR", (1, 1, 0)),
    ("good_cases_and_a_bad_exit", "echo ok 1 - a; exit 3", "ERROR", (1, 1, 0)),
    ("is_not_there", "exec /nonexistent", "ERROR", (0, 1, 0)),
]


def load_runner(logs):
    """Result: tests/run as a module, which logs elsewhere."""
    loader = importlib.machinery.SourceFileLoader("runner", str(HERE / "run"))
    sys.dont_write_bytecode = True
    runner = importlib.util.module_from_spec(importlib.util.spec_from_loader("runner", loader))
    loader.exec_module(runner)
    runner.LOGS = logs
    runner.show_tail = lambda text: None
    return runner


def make_project(directory, cases):
    """Result: the build directory of a meson project with these tests."""
    directory.mkdir()
    lines = ["project('agree')", f"tap_run = find_program('{HERE}/tap-run')"]
    for name, program, *_ in cases:
        (directory / name).write_text(f"#!/bin/sh\n{program}\n", encoding="utf-8")
        (directory / name).chmod(0o755)
        lines.append(f"test('{name}', tap_run, args: files('{name}'), protocol: 'tap')")
    (directory / "meson.build").write_text("\n".join(lines) + "\n", encoding="utf-8")
    subprocess.run(["meson", "setup", str(directory / "build"), str(directory)],
                   check=True, capture_output=True)
    return directory / "build"


def results(build):
    """Result: what meson says and what it has seen of each test, by name."""
    log = build / "meson-logs" / "testlog.json"
    tests = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return {test["name"]: test for test in tests}


def check_each(runner, tests):
    for name, _, expected, counts in CASES:
        count = runner.count_meson(tests[name])
        found = (tests[name]["result"], (count.passed, count.failed, count.skipped))
        yield f"{name}: {expected}, {counts}", found == (expected, counts), found


def check_reasons(runner, tests):
    for name, expected in (("cmocka_skips_one", "a: no NIC"), ("skips_by_77", "skips_by_77: needs root"),
                           ("skips_itself", "skips_itself: no BPF here")):
        found = runner.count_meson(tests[name]).skips
        yield f"{name}: both say why", found == [expected], found


def check_totals(runner, scratch):
    """A run by meson is red where tests/run is, and green where it is."""
    for name, cases, red in (("green", [case for case in CASES if not case[3][1]], False),
                             ("red", [case for case in CASES if case[3][1]][:1], True),
                             ("silent", [case for case in CASES if case[0] == "nothing"], True)):
        build = make_project(scratch / name, cases)
        status = subprocess.run(["meson", "test", "-C", str(build)], check=False,
                                capture_output=True).returncode
        count = runner.meson_tests("agree", (build, "", []))
        yield f"a {name} run is so to both", (status != 0, count.failed > 0) == (red, red), status
    count = runner.meson_tests("agree", (make_project(scratch / "empty", []), "", []))
    yield "a run of no test is red", (count.passed, count.failed) == (0, 1), count


def checks():
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        runner = load_runner(scratch / "logs")
        runner.meson_tests("agree", (make_project(scratch / "all", CASES), "", []))
        tests = results(scratch / "all" / "build")
        yield from check_each(runner, tests)
        yield from check_reasons(runner, tests)
        yield from check_totals(runner, scratch)


def main():
    failed = number = 0
    for number, (what, good, found) in enumerate(checks(), 1):
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - {what}")
        if not good:
            print(f"# found {found}")
    print(f"1..{number}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
