#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A large audit: how long sallyportd takes to start, in order and after a kill -9, each question to be
# answered, other calls without and beside such questions, and what is overdue to go, with the longest
# that another call waits meanwhile.
#
#   ROWS (3000000)   OVERDUE (1000000 of these)   CALLS (200 of each question)
#   AUDIT_CHECK=1: fail beyond what sallyport promises
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lab/lab.sh
. "$top/tests/lab/lab.sh"

ROWS=${ROWS:-3000000}
OVERDUE=${OVERDUE:-1000000}
CALLS=${CALLS:-200}
failed=0

fill() {
	local now

	now=$(date +%s%N)
	sqlite3 "$LAB_DIR/state/audit.db" "PRAGMA synchronous = OFF; BEGIN;
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $ROWS)
		INSERT INTO connections (serial, build, node, forward, client, client_port, opened_wall_ns,
			closed_wall_ns, closed_by, bytes_to_vm, bytes_to_client, slot, generation, opened_ns,
			accepted_ns, seq_to_vm, seq_to_client)
		SELECT 1, 'big', 0, 'ssh', '198.51.' || (i / 250 % 250) || '.' || (i % 250), 1024,
			$now - (CASE WHEN i <= $OVERDUE THEN 7200000000000 ELSE 60000000000 END) + i, $now,
			'closed by the client', 4000, 4000, 1, 1, 1, 1, 1, 1 FROM n; COMMIT" >/dev/null
}

# quantiles NAME [MOST_P99 [MOST]]: of what is read, in ms, and what they may be.
quantiles() {
	sort -n | awk -v name="$1" -v p99="${2:-0}" -v most="${3:-0}" '{ all[NR] = $1 * 1000 }
		END { printf "%-44s p50 %7.1f ms  p99 %7.1f ms  max %7.1f ms\n", name,
			all[int(NR / 2) + 1], all[int(NR * 0.99)], all[NR]
			exit (p99 && all[int(NR * 0.99)] > p99) || (most && all[NR] > most) }' || missed "$1"
}

# missed WHAT: more than is promised.
missed() {
	[ "${AUDIT_CHECK:-0}" = 1 ] || return 0
	echo "$1: more than is promised" >&2
	failed=1
}

# started FROM HOW: prints how long that took.
started() {
	awk -v rows="$ROWS" -v how="$2" -v from="$1" -v to="$EPOCHREALTIME" 'BEGIN {
		printf "start with %d records, %s: %.2f s\n", rows, how, to - from; exit to - from > 5 }' ||
		missed "start"
}

call() {
	curl -sS --unix-socket "$LAB_SOCKET" -o /dev/null -w '%{time_total}\n' "${@:2}" "http://edge$1"
}

# others HOW: calls that ask nothing of the audit.
others() {
	for i in $(seq "$CALLS"); do
		call /v1/version >>"$LAB_DIR/$1.version"
		call "/v1/builds/other$1$i" -X PUT -d '{"nodes":[{"index":0}]}' \
			-H 'Content-Type: application/json' >>"$LAB_DIR/$1.put"
		call "/v1/builds/other$1$i" -X DELETE >>"$LAB_DIR/$1.delete"
	done
	for what in version put delete; do
		quantiles "$what, $1" <"$LAB_DIR/$1.$what"
	done
}

ask_on() {
	while [ -e "$LAB_DIR/asking" ]; do
		for question in "${questions[@]}"; do
			call "$question" >/dev/null
		done
	done
}

lab_begin 1
control_start
lab_api PUT /v1/builds/big "{\"nodes\":[{\"index\":0,\"address\":\"$(lab_vm_address 0)\"}]}" >/dev/null
daemon_stop control
fill
begun=$EPOCHREALTIME
control_start
started "$begun" "ended in order"
daemon_crash control
begun=$EPOCHREALTIME
control_start
started "$begun" "after kill -9"
questions=(/v1/builds/big/diagnose "/v1/builds/big/diagnose?client=198.51.0.7"
	/v1/builds/big/attestation "/v1/connections?build=big&limit=2000"
	"/v1/connections?build=big&open=1" "/v1/audit?build=big" /v1/status /v1/builds
	"/v1/builds/big/connect?view=wait")
for question in "${questions[@]}"; do
	for _ in $(seq "$CALLS"); do
		call "$question"
	done >"$LAB_DIR/answers"
	quantiles "$question" 100 <"$LAB_DIR/answers"
done
others alone
: >"$LAB_DIR/asking"
ask_on &
asker=$!
others beside
rm "$LAB_DIR/asking"
wait "$asker"
daemon_stop control
LAB_EXTRA='audit: { retention = "1h"; };'
config_write >"$LAB_CONFIG"
control_start
begun=$EPOCHREALTIME
while [ "$(sqlite3 -readonly "$LAB_DIR/state/audit.db" \
	"SELECT EXISTS (SELECT 1 FROM connections WHERE number <= $OVERDUE)")" = 1 ]; do
	call /v1/version >>"$LAB_DIR/meanwhile"
done
awk -v rows="$OVERDUE" -v from="$begun" -v to="$EPOCHREALTIME" \
	'BEGIN { printf "retention of %d records: %.1f s\n", rows, to - from; exit to - from > 60 }' ||
	missed "retention"
quantiles "/v1/version meanwhile" 0 50 <"$LAB_DIR/meanwhile"
exit "$failed"
