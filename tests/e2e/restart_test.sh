#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A killed daemon is started again at once, as a supervisor does, while its last threads still end.
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

# said DAEMON LINE TIMES: its log has this line more often than that.
said() {
	[ "$(grep -c -- "$2" "$LAB_DIR/log/$1")" -gt "$3" ]
}

# killed_and_started DAEMON LINE: killed and started with nothing between, it says LINE once more.
killed_and_started() {
	local times

	times=$(grep -c -- "$2" "$LAB_DIR/log/$1")
	daemon_signal "$1" KILL
	daemon_spawn "$1"
	wait_until 20 daemon_up "$1" said "$1" "$2" "$times"
	daemon_survives "$1"
}

begin 1
put_build one 0
port=$(node_port 0)
for _ in {1..10}; do
	killed_and_started dp 'The workers carry packets'
done
wait_until 20 daemon_up dp dp_ready
assert_eq vm0 "$(ssh_to "$port" hostname)" "ssh after the restarts of sallyport-dp"
ok "sallyport-dp, killed, is started again ten times without a pause"

for _ in {1..5}; do
	killed_and_started control 'Ready\.'
done
assert_eq vm0 "$(ssh_to "$port" hostname)" "ssh after the restarts of sallyportd"
ok "and sallyportd five times"

# What a reboot takes with it, and what a boot does first. The client goes on sending all the time; if the
# host itself answered, its reset would end the session.
reboot() {
	daemon_stop dp
	daemon_stop control
	ip -n "$LAB_NS-edge" -4 addr flush dev public
	lab_in edge "$(lab_control_path)" -c "$LAB_CONFIG" --detach 2>>"$LAB_DIR/log/control"
	lab_in edge "$(lab_control_path)" -c "$LAB_CONFIG" --hold 2>>"$LAB_DIR/log/control"
	capture_start held edge public "tcp dst port $port"
	ip -n "$LAB_NS-edge" addr add "$LAB_PUBLIC_ADDRESS/24" dev public
	wait_until 30 pcap_has held 2
	lab_start
	capture_stop held
}

ticks() {
	wc -l <"$LAB_DIR/ticks"
}

ticked_on() {
	[ "$(ticks)" -gt "$1" ]
}

ticking_session "$port" 50 &
wait_until 20 ticked_on 0
reboot
wait_until 30 ticked_on "$(ticks)"
assert_match 'Packets waited for sallyportd' "$LAB_DIR/log/control" "the log"
lab_api GET /metrics >"$LAB_DIR/metrics"
assert_match '^sallyport_held_total [1-9]' "$LAB_DIR/metrics" "the metric"
assert_eq vm0 "$(ssh_to "$port" hostname)" "ssh after the reboot"
ok "and a session that is open outlives a reboot"

# --- another host takes over from a backup: nothing of the first is left but the file
sqlite3 "$LAB_DIR/state/journal.db" ".backup $LAB_DIR/backup.db"
api PUT /v1/builds/after '{"nodes":[{"index":0}]}'
lab_stop
lab_in edge "$(lab_control_path)" -c "$LAB_CONFIG" --detach 2>>"$LAB_DIR/log/control"
rm -rf "$LAB_DIR/state"
install -D -m 644 "$LAB_DIR/backup.db" "$LAB_DIR/state/journal.db"
lab_start
assert_match 'A file was open to others: it no longer is.* file=journal.db' "$LAB_DIR/log/control" "the log"
assert_eq "" "$(find "$LAB_DIR/state" -name '*.db*' -perm /7)" "files of the state that others may read"
api GET /v1/builds/one
assert_eq "$port" "$(node_port 0)" "the port after a restore"
assert_eq vm0 "$(ssh_to "$port" hostname)" "ssh after a restore"
api GET /v1/builds/after
assert_eq 404 "$STATUS" "a build that came after the backup"
ok "a backup of journal.db, restored where nothing else is left, has each build at its port, and is closed to others"
