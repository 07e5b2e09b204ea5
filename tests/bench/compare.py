#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Two commits in turns: what a packet costs in the worker and in the XDP program of each.

  compare.py [--rounds N] [--seconds S] REVISION [REVISION]     the second is HEAD if not given

Both are built from clean clones that are gone afterwards. Then the pipeline's situations that both know
and the packets of `packet-cost` that both know, one build after the other in each round; and both XDP
programs with 40,000 leases, by the second's `packet-cost`, in 15 rounds. Printed is the second to the
first: above 1 it has become faster. Needs root, as those two do.
"""

import argparse
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import pipeline
import results

TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = "bpf/xdp.bpf.o"
TARGETS = {"tests/bench/pipeline_bench", "tests/packet/packet_cost", PROGRAM}
ROUNDS_OF_MANY = 15
COST_ROW = re.compile(r"^(\S.*?|  \S.*?) {2,}([0-9]+) +[0-9.]+ +")


def command(*words, where=None):
    done = subprocess.run(words, cwd=where, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"compare.py: {' '.join(map(str, words))}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def build(revision, scratch):
    """Returns the build directory of a revision."""
    tree = pathlib.Path(scratch) / revision
    command("git", "clone", "-q", "--shared", "--no-checkout", TOP, tree)
    command("git", "-C", tree, "checkout", "-q", "--detach", revision)
    command("meson", "setup", "-Ddocs=false", tree / "build", tree)
    told = command("ninja", "-C", tree / "build", "-t", "targets", "all")
    there = sorted(target for target in TARGETS if f"\n{target}: " in told)
    command("ninja", "-C", tree / "build", *there)
    return tree / "build"


def cost_of(build_dir):
    """Returns the nanoseconds of each kind of packet in the XDP program."""
    program = build_dir / "tests" / "packet" / "packet_cost"
    if not program.exists():
        return {}
    out = subprocess.run([program], env={**os.environ, "COST_ROUNDS": "1"}, check=True,
                         capture_output=True, text=True).stdout
    rows, above = {}, ""
    for line in out.split("\n40000 leases")[0].splitlines()[1:]:
        found = COST_ROW.match(line)
        if found:
            above = above if line.startswith(" ") else found[1]
            rows[above + ("," + found[1][1:] if line.startswith(" ") else "")] = float(found[2])
    return rows


def compare_cost(builds, rounds):
    taken = [[cost_of(directory) for directory in builds] for _ in range(rounds)]
    for name in [name for name in taken[0][1] if name in taken[0][0]]:
        ratio = [before[name] / max(after[name], 1) for before, after in taken]
        results.keep("ratio", name=f"XDP, {name}", values=ratio)
        nanoseconds = " to ".join(f"{statistics.median(turn[i][name] for turn in taken):.0f}" for i in (0, 1))
        print(f"{'XDP, ' + name:40}{pipeline.describe(ratio)}   {nanoseconds} ns")


def compare_many(builds):
    """The one that does not know the other is the reference, whose table is filled by its own description."""
    program, reference = builds[1] / "tests" / "packet" / "packet_cost", builds[0] / PROGRAM
    if program.exists():
        print(subprocess.run([program, reference], env={**os.environ, "COST_ROUNDS": str(ROUNDS_OF_MANY)},
                             check=True, stdout=subprocess.PIPE, text=True).stdout, end="")


def compare_pipeline(builds, arguments, scratch):
    before, after = (pipeline.situations_of(directory) or ["tcp"] for directory in builds)
    with pipeline.eal_memory() as memory:
        for situation in [name for name in after if name in before]:
            pcap = os.path.join(scratch, "packets")
            pipeline.make_packets(builds[1], situation, pcap)
            ratio = [pipeline.measure_ours(builds[1], situation, pcap, arguments.seconds, memory)
                     / first for _ in range(arguments.rounds) for first in
                     [pipeline.measure_ours(builds[0], situation, pcap, arguments.seconds, memory)]]
            results.keep("ratio", name=f"pipeline, {situation}", values=ratio)
            print(f"{'pipeline, ' + situation:40}{pipeline.describe(ratio)}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("revision", nargs="+")
    arguments = parser.parse_args()
    names = [command("git", "-C", TOP, "rev-parse", "--verify", "--short", f"{name}^{{commit}}").strip()
             for name in (arguments.revision + ["HEAD"])[:2]]
    with tempfile.TemporaryDirectory(dir="/dev/shm") as scratch:
        builds = [build(name, scratch) if i == 0 or name != names[0] else None
                  for i, name in enumerate(names)]
        builds[1] = builds[1] or builds[0]
        print(f"{names[1]} : {names[0]}, above 1 is faster")
        compare_pipeline(builds, arguments, scratch)
        compare_cost(builds, arguments.rounds)
        compare_many(builds)


if __name__ == "__main__":
    main()
