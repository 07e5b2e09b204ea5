#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A large audit: how long sallyportd takes to start, each question to be answered, and what is overdue
# to go, with the longest that another call waits meanwhile.
#
#   ROWS (3000000)   OVERDUE (1000000 of these)   CALLS (200 of each question)
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lab/lab.sh
. "$top/tests/lab/lab.sh"

ROWS=${ROWS:-3000000}
OVERDUE=${OVERDUE:-1000000}
CALLS=${CALLS:-200}

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

# quantiles NAME: of what is read, in ms.
quantiles() {
	sort -n | awk -v name="$1" '{ all[NR] = $1 * 1000 }
		END { printf "%-44s p50 %7.1f ms  p99 %7.1f ms  max %7.1f ms\n", name,
			all[int(NR / 2) + 1], all[int(NR * 0.99)], all[NR] }'
}

timed() {
	curl -sS --unix-socket "$LAB_SOCKET" -o /dev/null -w '%{time_total}\n' "http://edge$1"
}

lab_begin 1
control_start
lab_api PUT /v1/builds/big "{\"nodes\":[{\"index\":0,\"address\":\"$(lab_vm_address 0)\"}]}" >/dev/null
daemon_stop control
fill
begun=$EPOCHREALTIME
control_start
awk -v rows="$ROWS" -v from="$begun" -v to="$EPOCHREALTIME" \
	'BEGIN { printf "start with %d records: %.2f s\n", rows, to - from }'
for question in /v1/builds/big/diagnose "/v1/builds/big/diagnose?client=198.51.0.7" \
	/v1/builds/big/attestation "/v1/connections?build=big&limit=2000" \
	"/v1/connections?build=big&open=1" "/v1/audit?build=big" /v1/status; do
	for _ in $(seq "$CALLS"); do
		timed "$question"
	done | quantiles "$question"
done
daemon_stop control
LAB_EXTRA='audit: { retention = "1h"; };'
config_write >"$LAB_CONFIG"
begun=$EPOCHREALTIME
control_start
while [ "$(sqlite3 -readonly "$LAB_DIR/state/audit.db" \
	"SELECT EXISTS (SELECT 1 FROM connections WHERE number <= $OVERDUE)")" = 1 ]; do
	timed /v1/version >>"$LAB_DIR/meanwhile"
done
awk -v rows="$OVERDUE" -v from="$begun" -v to="$EPOCHREALTIME" \
	'BEGIN { printf "retention of %d records: %.1f s\n", rows, to - from }'
quantiles "/v1/version meanwhile" <"$LAB_DIR/meanwhile"
