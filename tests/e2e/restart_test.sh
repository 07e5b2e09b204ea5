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
