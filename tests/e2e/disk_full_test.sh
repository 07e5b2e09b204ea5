#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A full disk: changes are refused by 503 and none is half-done, what is there goes on, the log
# raises an alarm; with room again everything works, what became of connections meanwhile is in the
# audit, and a restart finds the last acknowledged state.
LAB_ENGINE=xdp
LAB_UNLIMITED=1
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

# Takes everything that is left of the disk, to its last byte.
fill_disk() {
	assert_fails "writing on and on" dd if=/dev/zero of="$LAB_DIR/state/ballast" bs=4k
	assert_match 'No space left' "$LAB_DIR/refused" "what ended dd"
}

state() {
	lab_api GET /v1/builds | head -n1 | jq -c '[.builds[] | {id, state, deadline, nodes: [.nodes[].public_port]}]'
}

# recorded WHERE: how many records of connections are so.
recorded() {
	sqlite3 -readonly "$LAB_DIR/state/journal.db" "SELECT count(*) FROM connections WHERE $1"
}

records_are() {
	[ "$(recorded "$2")" = "$1" ]
}

connect() {
	assert_eq vm0 "$(ssh_to "$port" hostname)" "ssh on a full disk"
	dialled=$((dialled + 1))
}

# Until the disk refuses a record too: a short one may find room where a longer one did not.
connect_until_not_recorded() {
	for _ in $(seq 100); do
		connect
		! grep -q 'Connections cannot be recorded' "$LAB_DIR/log/control" || return 0
	done
	fail "$dialled connections were recorded on a full disk"
}

# A capture for a second: sets STATUS, the body is in $LAB_DIR/captured.
capture() {
	STATUS=$(curl -sS --max-time 30 --unix-socket "$LAB_SOCKET" -o "$LAB_DIR/captured" -w '%{http_code}' \
		"http://edge/v1/builds/kept/capture?seconds=1")
}

# Until the disk refuses what the audit says of one.
capture_until_refused() {
	for _ in $(seq 20); do
		capture
		[ "$STATUS" = 200 ] || return 0
	done
	fail "all captures were audited on a full disk"
}

unmount() {
	umount "$LAB_DIR/state"
}

need_programs
lab_begin 1
mount -t tmpfs -o size=2m sallyport-test "$LAB_DIR/state"
trap 'code=$?; daemons_kill; unmount; (exit $code); lab_end' EXIT
control_start
put_build kept 0
port=$(node_port 0)
before=$(state)
start_on lab_client held ssh "${SSH_OPTIONS[@]}" -p "$port" "ubuntu@$LAB_PUBLIC_ADDRESS" \
	tail -f /dev/null &
held=$!
wait_until 10 records_are 1 'accepted_ns IS NOT NULL'
fill_disk

refused=0
for i in $(seq 400); do
	api PUT "/v1/builds/full$i" '{"nodes":[{"index":0}]}'
	[ "$STATUS" = 201 ] && continue
	refused=$STATUS
	break
done
assert_eq 503 "$refused" "status of a PUT on a full disk"
assert_eq urn:sallyport:problem:journal-unavailable "$(answer .type)" "the problem"
api GET "/v1/builds/full$i"
assert_eq 404 "$STATUS" "status of GET of the refused build"
api DELETE /v1/builds/kept
assert_eq 503 "$STATUS" "status of DELETE on a full disk"
assert_eq live "$(slot "$port" state)" "the lease after a refused DELETE"
dialled=1
connect_until_not_recorded
capture_until_refused
assert_eq "503 urn:sallyport:problem:journal-unavailable" "$STATUS $(jq -r .type "$LAB_DIR/captured")" \
	"a capture that cannot be audited"
assert_eq 0 "$(slot "$port" capture_until_s)" "its mark in the slot"
missing=$((dialled - $(recorded true)))
for _ in 1 2 3; do
	connect
done
stop_on lab_client held
wait "$held" || :
assert_ge $((dialled - $(recorded true))) $((missing + 3)) "records missing"
assert_eq 1 "$(recorded 'closed_wall_ns IS NULL')" "connections that are open, by the records"
api GET /v1/status
assert_ge "$(answer .connections.records_waiting)" 9 "changes that wait for the journal"
sallyport status >"$LAB_DIR/status"
assert_match '^connections +0 open, .* [1-9][0-9]* changes wait' "$LAB_DIR/status" "the CLI's status"
assert_match 'alert: Changes are refused' "$LAB_DIR/log/control" "the alarm"
ok "a full disk refuses changes by 503, half-does none, and carries on"

during=$(state)
rm "$LAB_DIR/state/ballast"
api PUT /v1/builds/again '{"nodes":[{"index":0}]}'
assert_eq 201 "$STATUS" "status of a PUT with room again"
api DELETE /v1/builds/again
assert_eq 204 "$STATUS" "status of a DELETE with room again"
ok "with room again changes are made again"
wait_until 10 records_are "$dialled" 'accepted_ns IS NOT NULL AND closed_wall_ns IS NOT NULL' ||
	fail "of $dialled connections $(recorded true) are in the audit"
assert_eq 0 "$(recorded 'bytes_to_client IS NULL OR bytes_to_client < 2000')" \
	"records that are not whole"
api GET /v1/status
assert_eq "0 $dialled 0 0 0 0 0 0" "$(answer '.connections | [.open, .opened, .left_out, .untold,
	.notes_lost, .records_waiting, .records_lost, .provoked] | map(tostring) | join(" ")')" "its figures"
api GET /metrics
for row in "connections 0" "connections_opened_total $dialled" "records_waiting 0"; do
	grep -q "^sallyport_$row\$" <<<"$ANSWER" || fail "no metric says $row: $ANSWER"
done
assert_match 'Connections are recorded again' "$LAB_DIR/log/control" "the end of the alarm"
ok "connections of the time when the disk was full are in the audit: $dialled"

daemon_crash control
control_start
assert_eq "$during" "$(state | jq -c '[.[] | select(.id != "again")]')" "the state after a crash"
assert_eq "$(jq -c '.[0]' <<<"$before")" "$(state | jq -c '.[0]')" "the first build"
ok "after a crash the state is the last acknowledged one"
