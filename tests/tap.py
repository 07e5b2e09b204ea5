# SPDX-License-Identifier: BSD-3-Clause
"""Counting test cases: TAP lines, or the totals line that a runner of ours ends with."""

import dataclasses
import re

PLAN = re.compile(r"^1\.\.(\d+)\b")
CASE = re.compile(r"^(not )?ok(?!\S)[ \t]*\d*[ \t]*(?:- )?(.*)$")
SKIP = re.compile(r"#\s*skip\b[ \t:]*(.*)", re.I)
REASON = re.compile(r"^#\s*skipped: (.*)", re.I | re.M)
# What no privilege can help: memory in one piece.
# What Debian 12 itself does not have, or a machine in use at the time.
MAY_SKIP = re.compile(r"\bhugepages: no memory in one piece\b|\bno sshd of OpenSSH 9\.8 or newer\b"
                      r"|\bno network to the package sources\b")
TOTALS = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$")


@dataclasses.dataclass
class Count:
    """How many cases went which way, the names of those that failed, and why some were skipped."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: list = dataclasses.field(default_factory=list)
    skips: list = dataclasses.field(default_factory=list)

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.failures += other.failures
        self.skips += other.skips

    def fail(self, name):
        self.failed += 1
        self.failures.append(name)

    def skip(self, name, reason=""):
        self.skipped += 1
        self.skips.append(f"{name}: {reason or 'no reason given'}")

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
        skip = SKIP.search(found.group(2))
        if skip:
            count.skip(found.group(2)[:skip.start()].strip() or skip.group(1), skip.group(1))
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
    named = count_cases(text)
    if failed:
        count.failures = named.failures if named else [f"{failed} cases, see above"]
    if skipped:
        count.skips = named.skips if named else [f"{skipped} cases, see the log"]
    return count


def skip_reason(text):
    """Result: why a program skipped, as far as it says."""
    found = REASON.search(text) or SKIP.search(text)
    return found.group(1).strip() if found else ""


def count_output(name, text, status):
    """Result: the count of one program's output. One that fails with no failing case is a failed
    case, and so is one that shows nothing."""
    if status == 77:
        count = Count()
        count.skip(name, skip_reason(text))
        return count
    count = count_totals(text) or count_cases(text)
    if count is None:
        count = Count()
        if status == 0:
            count.fail(f"{name}: not one case")
    if status != 0 and count.failed == 0:
        count.fail(f"{name}: exit status {status}")
    return count


def unexpected_skips(skips):
    """Result: those that a machine with root, BPF and namespaces has no reason for."""
    return [skip for skip in skips if not MAY_SKIP.search(skip)]
