#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""docs/PERFORMANCE.md's figures of the pipeline, and their plot, from the JSON of one run.

  report.py [RUN]            writes them; RUN is a file of BENCH_JSON, without it docs/performance.jsonl
  report.py --check          whether PERFORMANCE.md says what docs/performance.jsonl holds

The figures stand between <!-- pipeline --> and <!-- /pipeline -->; all else on the page is written by hand.
The plot is made by gnuplot.
"""

import json
import pathlib
import statistics
import subprocess
import sys

sys.dont_write_bytecode = True
import results

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
KEPT = DOCS / "performance.jsonl"
PAGE = DOCS / "PERFORMANCE.md"
PLOT = DOCS / "images" / "pipeline.svg"
BEGIN, END = "<!-- pipeline -->\n", "<!-- /pipeline -->\n"
RIVALS = ("5tswap", "csum", "beside", "tcp", "searching")


def read(path):
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    machine = next(line for line in lines if line["kind"] == "machine")
    return machine, {(line["kind"], line["name"]): line["values"] for line in lines
                     if line["kind"] != "machine" and line["bench"] == "pipeline"}


def situations(figures):
    return [name.removesuffix(", sallyport") for kind, name in figures
            if kind == "figure" and name.endswith(", sallyport")]


def told(values):
    if not values:
        return "–"
    low, _, high = results.quarters(values)
    return f"{statistics.median(values):.2f} ({low:.2f}–{high:.2f})"


def rivals_of(figures):
    return [name for name in RIVALS if any(key.endswith(f" : {name}") for _, key in figures)]


def table(machine, figures):
    rivals = rivals_of(figures)
    rounds = len(next(iter(figures.values())))
    yield (f"{machine['processor']}, {machine['cores']} cores ({machine['virtual']}), {machine['caches']}; kernel "
           f"{machine['kernel']}, DPDK {machine['dpdk']}; revision {machine['revision']}; load before "
           f"{machine['load']}. Medians of {rounds} rounds, in brackets the middle half.\n\n")
    yield "| situation | Mpps | " + " | ".join(f": {name}" for name in rivals) + " |\n"
    yield "|---|---|" + "---|" * len(rivals) + "\n"
    for name in situations(figures):
        cells = [told(figures[("figure", f"{name}, sallyport")])]
        cells += [told(figures.get(("ratio", f"{name}, sallyport : {rival}"))) for rival in rivals]
        yield f"| {name} | " + " | ".join(cells) + " |\n"
    yield f"\n![sallyport-dp beside testpmd, by situation](images/{PLOT.name})\n"


def with_figures(page, machine, figures):
    before, rest = page.split(BEGIN)
    return before + BEGIN + "".join(table(machine, figures)) + END + rest.split(END)[1]


def plot(figures):
    """Ratios to 5tswap as bars, with the middle half as their whiskers."""
    rows = []
    for name in situations(figures):
        values = figures.get(("ratio", f"{name}, sallyport : 5tswap"))
        if values:
            low, _, high = results.quarters(values)
            rows.append(f"{name} {statistics.median(values)} {low} {high}")
    script = f"""set terminal svg size 760,320 font 'sans-serif,12' background '#ffffff'
set output '{PLOT}'
set title 'packets a second of CPU time, sallyport-dp : testpmd 5tswap'
set style fill solid 0.8 border -1
set boxwidth 0.6
set yrange [0:1]
set grid ytics
set xtics rotate by -20
unset key
$rows << EOD
{chr(10).join(rows)}
EOD
plot $rows using 0:2:xtic(1) with boxes lc rgb '#2b6cb0', $rows using 0:2:3:4 with yerrorbars lc rgb '#1a202c' pt 0 ps 0
"""
    subprocess.run(["gnuplot"], input=script, text=True, check=True)
    lines = PLOT.read_text(encoding="utf-8").splitlines()
    PLOT.write_text("".join(f"{line.rstrip()}\n" for line in lines), encoding="utf-8")


def main(arguments):
    if arguments == ["--check"]:
        page = PAGE.read_text(encoding="utf-8")
        if with_figures(page, *read(KEPT)) != page:
            sys.exit("report.py: docs/PERFORMANCE.md does not say what docs/performance.jsonl holds")
        return
    if arguments:
        KEPT.write_bytes(pathlib.Path(arguments[0]).read_bytes())
    machine, figures = read(KEPT)
    PAGE.write_text(with_figures(PAGE.read_text(encoding="utf-8"), machine, figures), encoding="utf-8")
    plot(figures)


if __name__ == "__main__":
    main(sys.argv[1:])
