#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Figures of benchmarks: told as median and spread, and kept as lines of JSON.

    results.py machine                    what a reader must know of this machine
    results.py spread NAME UNIT VALUE...  one figure
    results.py ratios NAME FILE FILE      A / B round by round, a value a line

BENCH_JSON is the file that each figure is also appended to, BENCH the benchmark's name in it.
"""

import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys

KEPT = os.environ.get("BENCH_JSON")
BENCH = os.environ.get("BENCH", "")


def keep(kind, **members):
    if KEPT:
        with open(KEPT, "a", encoding="utf-8") as file:
            file.write(json.dumps({"kind": kind, "bench": BENCH, **members}) + "\n")


def quarters(values):
    """The middle half's ends, with the median between."""
    if len(values) == 1:
        return values * 3
    return statistics.quantiles(values, n=4, method="inclusive")


def spread(name, unit, values):
    keep("figure", name=name, unit=unit, values=values)
    print(f"{name}: median {statistics.median(values):.4g} {unit}, "
          f"{min(values):.4g} to {max(values):.4g}, of {len(values)}")


def ratios(name, values):
    keep("ratio", name=name, values=values)
    print(f"{name}: {statistics.median(values):.2f} x, {min(values):.2f} to {max(values):.2f}")


def first(pattern, path, default="unknown"):
    try:
        found = re.search(pattern, pathlib.Path(path).read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        return default
    return found[1] if found else default


def answer(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def machine():
    facts = {
        "processor": first(r"^model name\s*: (.*)$", "/proc/cpuinfo"),
        "clock": f"{first(r'^cpu MHz[^:]*: ([0-9]+)', '/proc/cpuinfo')} MHz",
        "cores": str(os.cpu_count()),
        "caches": ", ".join(f"L{level} {answer('getconf', f'LEVEL{level}_{kind}CACHE_SIZE')}"
                            for level, kind in (("1", "D"), ("2", ""), ("3", ""))),
        "virtual": answer("systemd-detect-virt", "--vm"),
        "kernel": ".".join(platform.release().split(".")[:2]),
        "dpdk": answer("pkg-config", "--modversion", "libdpdk"),
        "load": first(r"^(\S+ \S+ \S+)", "/proc/loadavg"),
        "revision": answer("git", "-C", str(pathlib.Path(__file__).parent), "describe", "--always",
                           "--dirty"),
    }
    keep("machine", **facts)
    for name, value in facts.items():
        print(f"{name}: {value}")


def read_column(path):
    return [float(line) for line in pathlib.Path(path).read_text(encoding="utf-8").split()]


def main(verb, *rest):
    if verb == "machine":
        machine()
    elif verb == "spread":
        spread(rest[0], rest[1], [float(value) for value in rest[2:]])
    elif verb == "ratios":
        ratios(rest[0], [a / b for a, b in zip(read_column(rest[1]), read_column(rest[2]))])
    else:
        sys.exit(f"results.py: no such verb: {verb}")


if __name__ == "__main__":
    main(*sys.argv[1:])
