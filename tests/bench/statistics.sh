# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# Figures of a benchmark: always the median and the spread, never a single run.

STATISTICS_HERE=$(dirname "${BASH_SOURCE[0]}")

# spread NAME UNIT VALUE…: prints median, least, most and how many.
spread() {
	"$STATISTICS_HERE/results.py" spread "$@"
}

# ratios NAME FILE_A FILE_B: A / B round by round (a value a line), median and spread.
ratios() {
	"$STATISTICS_HERE/results.py" ratios "$@"
}
