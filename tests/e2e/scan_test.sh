#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# SYNs from everywhere, which the VM answers and nobody confirms, are no connections: they leave no
# record, tell nobody that the build was connected to, and hide nobody who is.
#
#   SCAN_NUMBER (20000; the full draw is 100000)   SCAN_RATE (5000/s)
TEST_TIMEOUT=${TEST_TIMEOUT:-240}
LAB_ENGINE=xdp
# The shield would keep nearly all of them from the VM.
LAB_UNLIMITED=1
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

NUMBER=${SCAN_NUMBER:-20000}
RATE=${SCAN_RATE:-5000}
LOGINS=10

# scan PORT COUNT: so many SYNs.
scan() {
	lab_in client "$LAB_TOOLS/syns.py" eth0 "$LAB_PUBLIC_ADDRESS" "$LAB_PUBLIC_ADDRESS:$1" "$2" "$RATE"
}

recorded() {
	sqlite3 -readonly "$LAB_DIR/state/audit.db" "SELECT count(*) FROM connections WHERE $1"
}

records_are() {
	[ "$(recorded "$2")" = "$1" ]
}

# log_in PORT HOST: so many times.
log_in() {
	for _ in $(seq $LOGINS); do
		assert_eq "$2" "$(ssh_to "$1" hostname)" "ssh to $2"
	done
}

attempts_are_known() {
	api GET /v1/status
	[ "$(answer .connections.attempts)" -ge "$1" ]
}

has_ended() {
	api GET "/v1/builds/$1"
	[ "$(answer '"\(.state) \(.reason) \(.connected_at)"')" = "ended unused null" ]
}

begin 2
# Who answers them is somebody that is not there.
lab_in edge ip route add 198.18.0.0/15 via "$LAB_CLIENT_ADDRESS"

api PUT /v1/builds/unused "{\"connect_within_s\":20,\"nodes\":[{\"index\":0,
	\"address\":\"$(lab_vm_address 1)\",\"port\":22}]}"
scan "$(node_port 0)" 200
wait_until 40 has_ended unused || fail "a scanned build that nobody used: $ANSWER"
assert_eq 0 "$(recorded "build = 'unused'")" "records of a scan"
api GET /v1/builds/unused/attestation
assert_eq "false 0" "$(answer '"\(.touched) \(.clients | length)"')" "attestation of a scanned build"
ok "a scan is no use of a build: connect_within ends it"

api PUT /v1/builds/other "{\"user\":\"ubuntu\",\"nodes\":[{\"index\":0,
	\"address\":\"$(lab_vm_address 1)\",\"port\":22}]}"
other=$(node_port 0)
api PUT /v1/builds/flooded "{\"user\":\"ubuntu\",\"nodes\":[{\"index\":0,
	\"address\":\"$(lab_vm_address 0)\",\"port\":22}]}"
flooded=$(node_port 0)
scan "$flooded" "$NUMBER" &
scan_pid=$!
log_in "$other" vm1
wait "$scan_pid" || fail "the scan"
wait_until 10 attempts_are_known 200 || fail "attempts: $ANSWER"
assert_ge 16448 "$(answer .connections.half_open)" "attempts that are kept"
assert_eq 0 "$(recorded "build = 'flooded'")" "records of $NUMBER SYNs"
api GET /v1/builds/flooded
assert_eq null "$(answer .connected_at)" "when a flooded build was connected to"
api GET "/v1/builds/flooded/diagnose?client=$LAB_STRANGER_ADDRESS"
assert_eq not_known "$(answer '.nodes[0].case')" "what is known of one who has not tried"
ok "$NUMBER SYNs leave no record, and nobody has connected"

log_in "$flooded" vm0
wait_until 10 records_are $LOGINS "build = 'flooded' AND bytes_to_vm > 3000 AND bytes_to_client > 3000" ||
	fail "records: $(recorded "build = 'flooded'") of $LOGINS"
api GET "/v1/builds/flooded/diagnose?client=$LAB_CLIENT_ADDRESS"
assert_eq login "$(answer '.nodes[0].case')" "what is known of one who has logged in"
api GET /v1/builds/flooded/attestation
assert_eq "true $LOGINS" "$(answer '"\(.touched) \(.clients[0].connections)"')" "the attestation"
ok "every login after it is recorded, with its bytes"

wait_until 10 records_are $LOGINS "build = 'other' AND bytes_to_vm > 3000" ||
	fail "records of another lease: $(recorded "build = 'other'") of $LOGINS"
ok "so is every login at another lease meanwhile"

lab_api GET /metrics >"$LAB_DIR/metrics"
assert_match "^sallyport_connections_opened_total $((2 * LOGINS))$" "$LAB_DIR/metrics" "connections"
assert_match '^sallyport_audit_sampled_out_total 0$' "$LAB_DIR/metrics" "those without a record"
ok "the metrics count what connected, and nothing else"
