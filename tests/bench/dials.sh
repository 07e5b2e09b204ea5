#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Does a flood of dials at ended and reserved ports slow the API? The same calls at their own
# moments, without a flood and with one, in turn. The dials are real TCP connections from 200
# addresses, through the XDP program and sk_lookup, to the responder in sallyportd.
#
#   DIALS_ROUNDS (5)   DIALS_SECONDS (5) for each half   DIALS_RATE (1000/s)   DIALS_CALLS (100/s)
TEST_TIMEOUT=${TEST_TIMEOUT:-600}
LAB_UNLIMITED=1
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/../e2e/_init.sh"
# shellcheck source=tests/bench/statistics.sh
. "$(dirname "$0")/statistics.sh"
# shellcheck source=tests/lab/dials.sh
. "$LAB_TOOLS/dials.sh"

ROUNDS=${DIALS_ROUNDS:-5}
SECONDS_EACH=${DIALS_SECONDS:-5}
RATE=${DIALS_RATE:-1000}
CALLS=${DIALS_CALLS:-100}

# probe KIND: what the calls of one half took, to the files of its kind.
probe() {
	local line

	line=$("$LAB_TOOLS/api_probe.py" "$LAB_SOCKET" "$CALLS" "$SECONDS_EACH" /v1/builds/live /v1/builds)
	assert_eq 0 "$(jq .failed <<<"$line")" "calls that failed, $1"
	jq ".p50_us / 1000" <<<"$line" >>"$LAB_DIR/$1-p50"
	jq ".p99_us / 1000" <<<"$line" >>"$LAB_DIR/$1-p99"
}

under_flood() {
	local pid

	flood "$RATE" "$SECONDS_EACH" "$LAB_DIR/fates" &
	pid=$!
	probe loaded
	wait "$pid"
	cat "$LAB_DIR/fates" >>"$LAB_DIR/all-fates"
}

report() {
	local kind percentile

	for percentile in p50 p99; do
		for kind in idle loaded; do
			mapfile -t values <"$LAB_DIR/$kind-$percentile"
			spread "API, $percentile, $kind" ms "${values[@]}"
		done
		ratios "loaded : idle, $percentile" "$LAB_DIR/loaded-$percentile" "$LAB_DIR/idle-$percentile"
	done
	mapfile -t values < <(jq '.dialled / .seconds' "$LAB_DIR/all-fates")
	spread "dials" /s "${values[@]}"
	jq -rs '"dials: \(map(.dialled) | add), explained \(map(.explained) | add), refused by the limits \(map(.reset) | add), silent \(map(.silent) | add)"' \
		"$LAB_DIR/all-fates"
}

begin 1
dials_sources
dead_ports 20
put_build live 0
for ((round = 0; round < ROUNDS; round++)); do
	probe idle
	under_flood
done
report
