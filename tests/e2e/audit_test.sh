#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The audit of connections: so many, ended in every way, while sallyport-dp and sallyportd are killed
# with -9 at random moments, give so many records, and the bytes of each are those that a capture at
# the VM shows. Then the ways to ask for them, and how long they are kept.
#
#   AUDIT_NUMBER (150; the full draw is 1000)   AUDIT_RATE (25/s)   AUDIT_SEED (of the clock)
TEST_TIMEOUT=${TEST_TIMEOUT:-300}
LAB_UNLIMITED=1
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

NUMBER=${AUDIT_NUMBER:-150}
RATE=${AUDIT_RATE:-25}
SEED=${AUDIT_SEED:-$EPOCHSECONDS}
SERVED=7000
KILLS=0

moment_past() {
	[ "${EPOCHREALTIME/./}" -ge "$1" ]
}

random_moment() {
	wait_until 5 moment_past $((${EPOCHREALTIME/./} + RANDOM * 20))
}

# What a supervisor does after a crash, until process $1 is gone.
kills_until_gone() {
	local daemons=(dp control) daemon

	until process_gone "$1"; do
		random_moment
		daemon=${daemons[RANDOM % 2]}
		daemon_crash "$daemon"
		KILLS=$((KILLS + 1))
		random_moment
		"${daemon}_start"
	done
}

asked() {
	sqlite3 -readonly -cmd "ATTACH '$LAB_DIR/state/journal.db' AS journal" \
		"$LAB_DIR/state/audit.db" "$@"
}

# records_are NUMBER WHERE: so many records are so.
records_are() {
	[ "$(asked "SELECT count(*) FROM connections WHERE $2")" = "$1" ]
}

shows_records() {
	lab_in vm0 "$LAB_TOOLS/audit.py" serve $SERVED </dev/null >"$LAB_DIR/serve" 2>&1 &
	wait_line 10 "$LAB_DIR/serve" up
	api PUT /v1/builds/audited "{\"actors\":[\"alice\"],\"nodes\":[{\"index\":0,
		\"address\":\"$(lab_vm_address 0)\",\"port\":$SERVED}]}"
	assert_eq 201 "$STATUS" "status of PUT"
	capture_start vm vm0 eth0 tcp port $SERVED and not host "$LAB_BUILDS_ADDRESS"
	echo "seed $SEED, $NUMBER connections"
	RANDOM=$SEED
	lab_in client "$LAB_TOOLS/audit.py" dial "$LAB_PUBLIC_ADDRESS" "$(node_port 0)" "$NUMBER" \
		"$RATE" "$SEED" $LAB_CLIENT_ADDRESS $LAB_STRANGER_ADDRESS >"$LAB_DIR/dialled" &
	dial_pid=$!
	kills_until_gone "$dial_pid"
	wait "$dial_pid" || fail "a connection was cut"
	wait_until 20 records_are "$NUMBER" 'closed_wall_ns IS NOT NULL' || :
	capture_stop vm
	assert_match '^0 packets dropped by kernel' "$LAB_DIR/vm.tcpdump" "what the capture missed"
	asked -json 'SELECT * FROM connections' >"$LAB_DIR/records"
	"$LAB_TOOLS/audit.py" compare "$LAB_DIR/dialled" "$LAB_DIR/records" "$LAB_DIR/vm.pcap" \
		>"$LAB_DIR/compared" || fail "the audit: $(cat "$LAB_DIR/compared")"
	assert_ge "$KILLS" 2 "kills"
	ok "every connection has its record, whole, with $KILLS times kill -9: $(tail -n1 "$LAB_DIR/compared")"
	api GET /v1/status
	assert_ge "$(answer '.engines.xdp.packets')" 1 "packets carried by the XDP engine"
	assert_ge "$(answer '.engines.dpdk.packets')" 1 "packets carried by sallyport-dp"
	ok "both engines have carried them"
}

shows_questions() {
	assert_eq "$NUMBER" "$(sallyport connections --build audited | grep -c 'audited')" \
		"records that the CLI lists"
	assert_eq "$NUMBER" "$(sallyport -o json connections --build audited |
		jq -s 'map(.connections // . | length) | add')" "records that the CLI prints as JSON"
	assert_eq 'audited|0|ssh|alice' "$(asked "SELECT DISTINCT c.build, c.node, c.forward, t.value
		FROM connections c JOIN texts t ON t.serial = c.serial AND t.kind = 'actor'")" \
		"whose connections they are, by sqlite3"
	ok "the CLI and sqlite3 tell who, from where, when, how much and why closed"
}

# Idle ones, which the end of their session cuts: how much went each way is known all the same.
shows_session_end() {
	local held=$((NUMBER / 5))

	lab_in vm1 "$LAB_TOOLS/audit.py" serve $SERVED </dev/null >"$LAB_DIR/serve1" 2>&1 &
	wait_line 10 "$LAB_DIR/serve1" up
	api PUT /v1/builds/cut "{\"nodes\":[{\"index\":0,\"address\":\"$(lab_vm_address 1)\",\"port\":$SERVED}]}"
	capture_start cut vm1 eth0 tcp port $SERVED and not host "$LAB_BUILDS_ADDRESS"
	lab_in client "$LAB_TOOLS/audit.py" hold "$LAB_PUBLIC_ADDRESS" "$(node_port 0)" "$held" "$SEED" \
		$LAB_CLIENT_ADDRESS $LAB_STRANGER_ADDRESS >"$LAB_DIR/holding" &
	hold_pid=$!
	wait_line 60 "$LAB_DIR/holding" held
	wait_until 10 records_are "$held" "build = 'cut' AND accepted_ns IS NOT NULL"
	api DELETE /v1/builds/cut
	wait "$hold_pid" || fail "who held connections: $(tail -n1 "$LAB_DIR/holding")"
	wait_until 10 records_are "$held" "build = 'cut' AND bytes_to_vm IS NOT NULL" || :
	capture_stop cut
	asked -json "SELECT * FROM connections WHERE build = 'cut'" >"$LAB_DIR/records"
	grep -v held "$LAB_DIR/holding" >"$LAB_DIR/dialled"
	"$LAB_TOOLS/audit.py" compare "$LAB_DIR/dialled" "$LAB_DIR/records" "$LAB_DIR/cut.pcap" \
		>"$LAB_DIR/compared" || fail "the audit: $(cat "$LAB_DIR/compared")"
	ok "so has each that the session's end cuts: $(tail -n1 "$LAB_DIR/compared")"
}

shows_retention() {
	local kept=$((NUMBER / 3))

	daemon_stop control
	sqlite3 "$LAB_DIR/state/audit.db" "UPDATE connections
		SET opened_wall_ns = opened_wall_ns - 2 * 3600 * 1000000000 WHERE number > $kept"
	LAB_EXTRA='audit: { retention = "1h"; };'
	config_write >"$LAB_CONFIG"
	control_start
	wait_until 90 records_are "$kept" true
	ok "records older than audit.retention go, the others stay"
}

has_file() {
	[ -s "$LAB_DIR/state/audit.db" ]
}

shows_removal() {
	rm "$LAB_DIR/state/audit.db"
	wait_until 90 has_file
	assert_eq 0 "$(sqlite3 -readonly "$LAB_DIR/state/audit.db" 'SELECT count(*) FROM connections')" \
		"records in the new file"
	ok "an audit that is removed under sallyportd is begun anew"
}

# Whatever is in its place, connections are watched.
shows_memory() {
	daemon_stop control
	sqlite3 "$LAB_DIR/state/audit.db" "PRAGMA user_version = 99"
	control_start
	lab_api GET /metrics >"$LAB_DIR/metrics"
	assert_match '^sallyport_audit_in_memory 1$' "$LAB_DIR/metrics" "the metric"
	sallyport doctor "$LAB_CONFIG" >"$LAB_DIR/doctor" || :
	assert_match 'audit: .*in memory' "$LAB_DIR/doctor" "what doctor says of it"
	assert_eq 99 "$(sqlite3 "$LAB_DIR/state/audit.db" 'PRAGMA user_version')" "the file, left as it is"
	ok "an audit of another version is left alone, and connections are watched"
}

is_in_its_file() {
	lab_api GET /metrics | grep -qx 'sallyport_audit_in_memory 0'
}

shows_return() {
	sqlite3 "$LAB_DIR/state/audit.db" "PRAGMA user_version = 1"
	wait_until 90 is_in_its_file
	assert_match 'is in its file again' "$LAB_DIR/log/control" "the log"
	ok "an audit whose file can be had again is in it, without a restart"
}

begin 2
shows_records
shows_questions
shows_session_end
shows_retention
shows_removal
shows_memory
shows_return
