#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Every benchmark, or those named: run.sh [audit] [dials] [engines] [field] [fleet] [flood] [idle]
# [latency_start] [pipeline] [scale] [top]. Figures of one run on one machine: read the ratios, not the numbers.
# BENCH_JSON is a file that they are kept in, a line of JSON each (results.py).
set -euo pipefail
cd "$(dirname "$0")"

SALLYPORT_BUILD=${SALLYPORT_BUILD:-$(cd ../.. && pwd)/build}
export SALLYPORT_BUILD
BENCH=run ./results.py machine
for path in ./*.sh; do
	name=$(basename "$path" .sh)
	case $name in
	run | statistics | load) continue ;;
	esac
	if [ $# -gt 0 ] && [[ " $* " != *" $name "* ]]; then
		continue
	fi
	echo "== $name"
	BENCH=$name "$path"
done
