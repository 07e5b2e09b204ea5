#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Floods of dials at ended and reserved ports: every call of the API is answered meanwhile, sallyportd
# keeps its bounds, a session through another port goes on, and who dials plainly is told why.
# How fast the answers are is a benchmark's affair (tests/bench/dials.sh).
#
#   DIALS_SECONDS (5) for each flood   DIALS_RATE (1000/s)
TEST_TIMEOUT=${TEST_TIMEOUT:-180}
LAB_UNLIMITED=1
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/lab/dials.sh
. "$LAB_TOOLS/dials.sh"

SECONDS_EACH=${DIALS_SECONDS:-5}
RATE=${DIALS_RATE:-1000}
CALLERS_MAX=256  # open at once, see control/explain/callers.c
OTHER_FDS=24     # of the API meanwhile
MEMORY_KIB=16384 # a flood may cost no more

fds() {
	find "/proc/$(daemon_pid control)/fd" -mindepth 1 -maxdepth 1 | wc -l
}

resident_kib() {
	awk '/^VmRSS/ { print $2 }' "/proc/$(daemon_pid control)/status"
}

# Looks at sallyportd until process $1 is gone. Sets MOST_FDS and MOST_KIB.
most_while() {
	local fds_now kib_now

	MOST_FDS=0 MOST_KIB=0
	until process_gone "$1"; do
		fds_now=$(fds) kib_now=$(resident_kib)
		MOST_FDS=$((fds_now > MOST_FDS ? fds_now : MOST_FDS))
		MOST_KIB=$((kib_now > MOST_KIB ? kib_now : MOST_KIB))
		wait_pause
	done
}

fate() {
	jq ".$1" "$LAB_DIR/fates"
}

ticks_past() {
	[ "$(wc -l <"$LAB_DIR/ticks")" -gt "$1" ]
}

# What the responder says it did is what the dials say was done.
answered_all() {
	assert_eq 0 "$(fate odd)" "dials with an odd answer"
	assert_eq 0 "$(fate silent)" "dials without an answer"
	assert_eq "$(fate dialled)" "$(($(fate explained) + $(fate reset)))" "dials told or reset"
	assert_ge "$(fate explained)" 1 "dials that were told"
	assert_eq "$(fate dialled)" "$(($(responder told) + $(responder refused) - $1))" \
		"dials told or refused, by status"
}

# floods [--hold]: a flood, and all that must hold meanwhile.
floods() {
	local probe_pid files kib counted ticks

	files=$(fds) kib=$(resident_kib)
	counted=$(($(responder told) + $(responder refused)))
	flood "$RATE" "$SECONDS_EACH" "$LAB_DIR/fates" ${1:+"$1"} &
	flood_pid=$!
	"$LAB_TOOLS/api_probe.py" "$LAB_SOCKET" 50 "$SECONDS_EACH" /v1/builds/live /v1/status \
		>"$LAB_DIR/calls" &
	probe_pid=$!
	ticks=$(wc -l <"$LAB_DIR/ticks")
	assert_eq vm0 "$(ssh_to "$LIVE_PORT" hostname)" "a new session during the flood"
	most_while "$flood_pid"
	wait "$flood_pid" "$probe_pid"
	assert_eq 0 "$(jq .failed "$LAB_DIR/calls")" "calls of the API that failed"
	answered_all "$counted"
	assert_le "$MOST_FDS" $((files + CALLERS_MAX + OTHER_FDS)) "open files of sallyportd"
	assert_le "$MOST_KIB" $((kib + MEMORY_KIB)) "memory of sallyportd, KiB"
	wait_until 10 ticks_past "$ticks"
	echo "# $(fate dialled) dials in $(fate seconds) s: $(fate explained) told, $(fate reset) refused;" \
		"$(jq .calls "$LAB_DIR/calls") calls answered; $files to $MOST_FDS files," \
		"$kib to $MOST_KIB KiB"
}

# Prints what plain ssh is told at a dead port, from an address that has not dialled.
plain_dial() {
	assert_fails "ssh to a dead port" lab_client ssh "${SSH_OPTIONS[@]}" -p "$1" \
		-b "$LAB_STRANGER_ADDRESS" "ubuntu@$LAB_PUBLIC_ADDRESS" true
	assert_match "Received disconnect.*$2" "$LAB_DIR/refused" "a plain dial, $3"
}

begin 1
dials_sources
dead_ports 8
put_build live 0
LIVE_PORT=$(node_port 0)
ticking_session "$LIVE_PORT" 20 &
wait_until 10 ticks_past 5

fds_before=$(fds)
fds_back() {
	[ "$(fds)" -le $((fds_before + 4)) ]
}
places_taken() {
	[ "$(fds)" -ge $((fds_before + CALLERS_MAX)) ]
}

# Fewer than the limit of each source, more than there are places.
flood $((CALLERS_MAX * 2)) 2 "$LAB_DIR/fates" --hold &
flood_pid=$!
wait_until 10 places_taken
plain_dial "${DEAD_PORTS[0]}" 'not ready yet' "while all places are taken"
wait "$flood_pid"
assert_eq "$(fate dialled)" "$(fate explained)" "dials that were told while all places were taken"
assert_eq 0 "$(responder refused)" "dials that were refused while all places were taken"
ok "who stays on the line keeps nobody else from being told"

floods
ok "a flood of dials: the API answers, sallyportd keeps its bounds, sessions go on"
floods --hold
ok "a flood of dials that stay on the line: the same"
wait_until 20 fds_back
plain_dial "${DEAD_PORTS[0]}" 'not ready yet' "after the floods"
plain_dial "${DEAD_PORTS[1]}" 'ended|cancelled' "after the floods"
ok "after them a plain ssh is told why, and sallyportd has the open files of before"
