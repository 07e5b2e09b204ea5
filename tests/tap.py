# SPDX-License-Identifier: BSD-3-Clause
"""Counting test cases: TAP lines, or the totals line that a runner of ours ends with."""

import dataclasses
import re

PLAN = re.compile(r"^1\.\.(\d+)\b")
CASE = re.compile(r"^(not )?ok(?!\S)[ \t]*\d*[ \t]*(?:- )?(.*)$")
SKIP = re.compile(r"#\s*skip\b", re.I)
TOTALS = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$")


@dataclasses.dataclass
class Count:
    """How many cases went which way, and the names of those that failed."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: list = dataclasses.field(default_factory=list)

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.failures += other.failures

    def fail(self, name):
        self.failed += 1
        self.failures.append(name)

    @property
    def total(self):
        return self.passed + self.failed + self.skipped

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def count_cases(text):
    """Result: the count of the TAP cases in text, None if there is not one."""
    count = Count()
    planned = 0
    for line in text.splitlines():
        plan = PLAN.match(line)
        planned += int(plan.group(1)) if plan else 0
        found = CASE.match(line)
        if not found:
            continue
        if SKIP.search(found.group(2)):
            count.skipped += 1
        elif found.group(1):
            count.fail(found.group(2).strip())
        else:
            count.passed += 1
    if planned > count.total:
        count.fail(f"{planned} cases planned, {count.total} run")
    return count if count.total else None


def count_totals(text):
    """Result: the count on the last line of text, None if it is not a totals line."""
    lines = text.strip().splitlines()
    found = TOTALS.match(lines[-1]) if lines else None
    if not found:
        return None
    passed, failed, skipped = (int(number) for number in found.groups())
    count = Count(passed, failed, skipped)
    if failed:
        named = count_cases(text)
        count.failures = named.failures if named else [f"{failed} cases, see above"]
    return count


def count_output(name, text, status):
    """Result: the count of one program's output. One that fails with no failing case is a case."""
    if status == 77:
        return Count(skipped=1)
    count = count_totals(text) or count_cases(text)
    if count is None:
        count = Count(passed=int(status == 0))
    if status != 0 and count.failed == 0:
        count.fail(f"{name}: exit status {status}")
    return count
