#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# SYNs from everywhere, which the VM answers and nobody confirms, are no connections: they leave no
# record, tell nobody that the build was connected to, and hide nobody who is. In both engines.
#
#   SCAN_NUMBER (20000 in each engine; the full draw is 100000)   SCAN_RATE (5000/s)
TEST_TIMEOUT=${TEST_TIMEOUT:-240}
# A worker that a busy machine keeps waiting is not stood in for.
LAB_FAILOVER=1s
# The shield would keep nearly all of them from the VM.
LAB_UNLIMITED=1
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

NUMBER=${SCAN_NUMBER:-20000}
RATE=${SCAN_RATE:-5000}
LOGINS=10 # where the SYNs went
OTHERS=5  # beside them, at another lease

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

# log_in PORT HOST TIMES
log_in() {
	for _ in $(seq "$3"); do
		assert_eq "$2" "$(ssh_to "$1" hostname)" "ssh to $2"
	done
}

# status WHAT: a number of it.
status() {
	api GET /v1/status
	answer ".$1"
}

attempts_are_known() {
	[ "$(status connections.attempts)" -ge "$1" ]
}

# put ID VM [MORE]: declares a build of one node, with MORE members; sets PORT.
put() {
	api PUT "/v1/builds/$1" "{\"user\":\"ubuntu\",${3:-}\"nodes\":[{\"index\":0,
		\"address\":\"$(lab_vm_address "$2")\",\"port\":22}]}"
	assert_eq 201 "$STATUS" "PUT of build $1"
	PORT=$(node_port 0)
}

has_ended() {
	api GET "/v1/builds/$1"
	[ "$(answer '"\(.state) \(.reason) \(.connected_at)"')" = "ended unused null" ]
}

# scanned ENGINE: SYNs at a build that nobody uses, whose time runs out meanwhile.
scanned() {
	put "unused-$1" 2 '"connect_within_s":10,'
	scan "$PORT" 200
}

# ended_unused ENGINE: connect_within has ended that build.
ended_unused() {
	wait_until 40 has_ended "unused-$1" || fail "a scanned build that nobody used: $ANSWER"
	assert_eq 0 "$(recorded "build = 'unused-$1'")" "records of a scan"
	api GET "/v1/builds/unused-$1/attestation"
	assert_eq "false 0" "$(answer '"\(.touched) \(.clients | length)"')" "attestation of a scanned build"
	ok "$1: a scan is no use of a build: connect_within ends it"
}

# flooded ENGINE: the SYNs at one lease, logins at another beside them, whose port is $2.
flooded() {
	local attempts scan_pid

	attempts=$(status connections.attempts)
	scan "$PORT" "$NUMBER" &
	scan_pid=$!
	log_in "$2" vm1 $OTHERS
	wait "$scan_pid" || fail "the scan"
	wait_until 10 attempts_are_known $((attempts + 200)) || fail "attempts: $(status connections)"
	assert_ge 16448 "$(status connections.half_open)" "attempts that are kept"
	assert_eq 0 "$(recorded "build = 'flooded-$1'")" "records of $NUMBER SYNs"
	api GET "/v1/builds/flooded-$1"
	assert_eq null "$(answer .connected_at)" "when a flooded build was connected to"
	api GET "/v1/builds/flooded-$1/diagnose?client=$LAB_STRANGER_ADDRESS"
	assert_eq not_known "$(answer '.nodes[0].case')" "what is known of one who has not tried"
	ok "$1: $NUMBER SYNs leave no record, and nobody has connected"
}

# used ENGINE: logins where the SYNs went.
used() {
	log_in "$PORT" vm0 $LOGINS
	wait_until 10 records_are $LOGINS "build = 'flooded-$1' AND bytes_to_vm > 3000 AND bytes_to_client > 3000" ||
		fail "records: $(recorded "build = 'flooded-$1'") of $LOGINS"
	api GET "/v1/builds/flooded-$1/diagnose?client=$LAB_CLIENT_ADDRESS"
	assert_eq login "$(answer '.nodes[0].case')" "what is known of one who has logged in"
	api GET "/v1/builds/flooded-$1/attestation"
	assert_eq "true $LOGINS" "$(answer '"\(.touched) \(.clients[0].connections)"')" "the attestation"
	ok "$1: every login after it is recorded, with its bytes"
	wait_until 10 records_are $OTHERS "build = 'other-$1' AND bytes_to_vm > 3000" ||
		fail "records of another lease: $(recorded "build = 'other-$1'") of $OTHERS"
	ok "$1: so is every login at another lease meanwhile"
}

# counted CONNECTIONS: what the metrics say of all engines so far.
counted() {
	lab_api GET /metrics >"$LAB_DIR/metrics"
	assert_match "^sallyport_connections_opened_total $1$" "$LAB_DIR/metrics" "connections"
	assert_match '^sallyport_audit_sampled_out_total 0$' "$LAB_DIR/metrics" "those without a record"
	assert_match '^sallyport_notes_lost_total 0$' "$LAB_DIR/metrics" "notes that were lost"
	ok "the metrics count what connected, and nothing else"
}

# all ENGINE: in which it is shown.
all() {
	local other

	put "other-$1" 1
	other=$PORT
	scanned "$1"
	put "flooded-$1" 0
	flooded "$1" "$other"
	used "$1"
	ended_unused "$1"
	api DELETE "/v1/builds/other-$1"
	api DELETE "/v1/builds/flooded-$1"
}

begin 3
# Who answers them is somebody that is not there.
lab_in edge ip route add 198.18.0.0/15 via "$LAB_CLIENT_ADDRESS"

all dpdk
dpdk_alone
counted $((LOGINS + OTHERS))
daemon_stop dp
before=$(status engines.dpdk.packets)
all xdp
assert_eq "$before" "$(status engines.dpdk.packets)" "packets carried by DPDK once it is gone"
assert_ge "$(status engines.xdp.packets)" "$NUMBER" "packets carried by the XDP program"
counted $((2 * (LOGINS + OTHERS)))
