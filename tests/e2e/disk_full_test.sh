#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A full disk: changes are refused by 503 and none is half-done, what is there goes on, the log
# raises an alarm; with room again everything works, what became of connections meanwhile is in the
# audit, and a restart finds the last acknowledged state. Sessions end all the same, by DELETE,
# finish, supersede and their deadlines, and none of them comes back by a crash on the full disk.
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
	sqlite3 -readonly "$LAB_DIR/state/audit.db" "SELECT count(*) FROM connections WHERE $1"
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

# put_until_refused NAME: reserves builds NAME1 and on, until the disk refuses NAME$i.
put_until_refused() {
	local refused=0

	for i in $(seq 400); do
		api PUT "/v1/builds/$1$i" '{"nodes":[{"index":0}]}'
		[ "$STATUS" = 201 ] && continue
		refused=$STATUS
		break
	done
	assert_eq 503 "$refused" "status of a PUT on a full disk"
}

# put_short NAME N: a build at an address that no VM has. "over" lingers for a second.
put_short() {
	api PUT "/v1/builds/$1" "{\"linger_s\":$([ "$1" = over ] && echo 1 || echo 1800),
		\"nodes\":[{\"index\":0,\"address\":\"10.0.9.$2\"}]}"
	assert_eq 201 "$STATUS" "status of the PUT of $1"
	ports[$1]=$(node_port 0)
}

# end_by METHOD PATH STATUS: one that ends a session; its answer says what is owed.
end_by() {
	local got

	got=$(curl -sS --max-time 10 --unix-socket "$LAB_SOCKET" -D "$LAB_DIR/headers" -o /dev/null \
		-w '%{http_code}' -X "$1" "http://edge$2")
	assert_eq "$3" "$got" "status of $1 $2 on a full disk"
	assert_match '^Sallyport-Owed: journal.?$' "$LAB_DIR/headers" "what is owed"
}

build_is() {
	[ "$(lab_api GET "/v1/builds/$1" | head -n1 | jq -r '"\(.state) \(.reason)"')" = "$2" ]
}

check_build() {
	build_is "$1" "$2" || fail "build $1 is not $2: $(lab_api GET "/v1/builds/$1" | head -n1)"
}

check_cuts() {
	check_build cut "ended cancelled"
	check_build older "ended superseded"
	check_build over "ended expired"
	check_build lingers "finished null"
	for name in cut older over; do
		assert_eq ended "$(slot "${ports[$name]}" state)" "the lease of $name"
	done
	assert_eq live "$(slot "${ports[lingers]}" state)" "the lease of a build that lingers"
	# A time of another boot would be some seconds off; one of this is the same but for rounding.
	assert_eq "${lingers:0:16}" "$(deadline_of lingers | cut -c1-16)" "its deadline"
	assert_eq live "$(slot "$port" state)" "the lease of a build that nobody ended"
}

deadline_of() {
	lab_api GET "/v1/builds/$1" | head -n1 | jq -r .deadline
}

nothing_is_owed() {
	api GET /v1/status
	[ "$(answer .cuts.owed)" = 0 ]
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

put_until_refused full
assert_eq urn:sallyport:problem:journal-unavailable "$(answer .type)" "the problem"
api GET "/v1/builds/full$i"
assert_eq 404 "$STATUS" "status of GET of the refused build"
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
assert_match '^connections +[0-9]+ open, .* [1-9][0-9]* changes wait' "$LAB_DIR/status" "the CLI's status"
assert_match 'alert: Changes are refused' "$LAB_DIR/log/control" "the alarm"
assert_match '^journal +cannot be written since .*: changes are refused$' "$LAB_DIR/status" "the CLI's status"
[[ $(answer .journal_failing_since) == 20*Z ]] || fail "the API does not say since when: $(answer .journal_failing_since)"
! sallyport enable full-too --node - 2>"$LAB_DIR/refused" || fail "the CLI declares a build on a full disk"
assert_match '^sallyport: The journal cannot be written .No space left on device.: nothing was changed\.$' \
	"$LAB_DIR/refused" "the CLI"
lab_in edge "$(lab_cli_path)" -s "$LAB_SOCKET" doctor "$LAB_CONFIG" >"$LAB_DIR/doctor" || :
assert_match '^failure +journal: The journal cannot be written since 20' "$LAB_DIR/doctor" "doctor"
! grep -q 'changes are accepted' "$LAB_DIR/log/control" || fail "the alarm was ended on a full disk"
ok "a full disk refuses changes by 503, half-does none, and carries on"

during=$(state)
rm "$LAB_DIR/state/ballast"
wait_line 20 "$LAB_DIR/log/control" 'notice: The journal is written again: changes are accepted. failed_s='
assert_eq 1 "$(grep -c 'changes are accepted' "$LAB_DIR/log/control")" "ends of the alarm"
api GET /v1/status
assert_eq null "$(answer .journal_failing_since)" "since when the journal fails, with room again"
sallyport status >"$LAB_DIR/status"
! grep -q '^journal ' "$LAB_DIR/status" || fail "the CLI's status still has it: $(cat "$LAB_DIR/status")"
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

declare -A ports
number=0
for name in cut older over lingers; do
	number=$((number + 1))
	put_short "$name" "$number"
done
fill_disk
put_until_refused again
end_by DELETE /v1/builds/cut 204
assert_eq ended "$(slot "${ports[cut]}" state)" "the lease of a build deleted on a full disk"
end_by DELETE /v1/builds/cut 204
end_by POST /v1/builds/lingers/finish 200
lingers=$(deadline_of lingers)
end_by POST /v1/builds/over/finish 200
wait_until 10 build_is over "ended expired"
api PUT /v1/builds/newer '{"supersede":true,"nodes":[{"index":0,"address":"10.0.9.2"}]}'
assert_eq 503 "$STATUS" "status of a PUT that supersedes"
[[ $ANSWER == *"1 sessions that were to end have ended"* ]] || fail "it says: $ANSWER"
check_cuts
api GET /v1/status
assert_eq "5 5 0" "$(answer '.cuts | "\(.made) \(.owed) \(.unrecorded)"')" "cuts, by the status"
ok "on a full disk DELETE, finish, supersede and deadlines end sessions at once"

daemon_crash control
control_start
check_cuts
daemon_crash control
nsenter --net="/run/netns/$LAB_NS-edge" "$(lab_control_path)" -c "$LAB_CONFIG" --detach >"$LAB_DIR/detach" 2>&1 ||
	fail "--detach: $(cat "$LAB_DIR/detach")"
control_start
check_cuts
ok "a crash on a full disk, and a table made anew, bring none of them back"

rm "$LAB_DIR/state/ballast"
wait_until 10 nothing_is_owed
for name in cut older over; do
	assert_eq 1 "$(sqlite3 -readonly "$LAB_DIR/state/journal.db" \
		"SELECT count(*) FROM events WHERE type = 'build.ended' AND build = '$name'")" "events of the end of $name"
done
assert_eq 1 "$(sqlite3 -readonly "$LAB_DIR/state/journal.db" \
	"SELECT count(*) FROM audit WHERE what = 'cancel' AND build = 'cut'")" "the audit of the DELETE"
ok "with room again the journal has it all: rows, events, audit"
