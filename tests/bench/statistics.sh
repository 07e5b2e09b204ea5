# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# Figures of a benchmark: always the median and the spread, never a single run.

# spread NAME UNIT VALUE…: prints median, least, most and how many.
spread() {
	local name=$1 unit=$2

	shift 2
	printf '%s\n' "$@" | python3 -c 'import statistics, sys
values = [float(line) for line in sys.stdin]
print(f"{sys.argv[1]}: median {statistics.median(values):.4g} {sys.argv[2]}, "
      f"{min(values):.4g} to {max(values):.4g}, of {len(values)}")' "$name" "$unit"
}

# ratios NAME FILE_A FILE_B: A / B round by round (a value a line), median and spread.
ratios() {
	paste "$2" "$3" | python3 -c 'import statistics, sys
values = [float(a) / float(b) for a, b in (line.split() for line in sys.stdin)]
print(f"{sys.argv[1]}: {statistics.median(values):.2f} x, {min(values):.2f} to {max(values):.2f}")' "$1"
}
