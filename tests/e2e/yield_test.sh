#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# dataplane.idle = "yield": while packets are few the workers sleep and the XDP program carries; when
# they are many the workers do. One ssh session lives through all of it, a kill among it, and what
# has ended is ended, whoever sleeps.
TEST_TIMEOUT=180
LAB_IDLE=yield
# A login and a session that ticks are few, a copy is many.
LAB_EXTRA_DATAPLANE='yield_below = 4000;'
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/lab/field.sh
. "$LAB_TOOLS/field.sh"

sleeps() {
	field_is '"\(.workers_yield) \(.carrying)"' 'true xdp'
}

awake() {
	field_is '"\(.workers_yield) \(.carrying)"' 'false dpdk'
}

ticks_past() {
	[ "$(wc -l <"$LAB_DIR/ticks")" -gt "$1" ]
}

# The session has gone on by some lines.
goes_on() {
	wait_until 10 ticks_past $(($(wc -l <"$LAB_DIR/ticks") + 5)) || fail "$1: the session stands still"
}

copy_until_awake() {
	local tries

	for ((tries = 0; tries < 20; tries++)); do
		ssh_to "$port" "cat >/tmp/data" <"$LAB_DIR/data"
		! awake || return 0
	done
	return 1
}

cli() {
	lab_in edge "$(lab_cli_path)" -s "$LAB_SOCKET" "$@"
}

begin 1
head -c 8000000 /dev/urandom >"$LAB_DIR/data"
put_build yield 0
port=$(node_port 0)
wait_until 20 sleeps || fail "the workers do not sleep: $(field_status '"\(.workers_yield) \(.carrying)"')"
told=$(field_events engine.switched)
assert_eq 1 "$(field_metric sallyport_workers_yield)" "sallyport_workers_yield"
assert_eq 1 "$(field_status '.workers | map(select(.alive)) | length')" "workers that are there"
cli status >"$LAB_DIR/status"
assert_match '^workers +asleep, for packets are few' "$LAB_DIR/status" "status"
cli doctor "$LAB_CONFIG" >"$LAB_DIR/doctor" 2>&1 || :
assert_match 'xdp carries while packets are few' "$LAB_DIR/doctor" "doctor"
ok "without packets the workers sleep; status, doctor and metrics say so"

ticking_session "$port" 100 &
session=$!
wait_line 10 "$LAB_DIR/ticks" .
goes_on "asleep"
sleeps || fail "a few packets wake the workers"
assert_eq 0 "$(field_status .engines.dpdk.packets)" "packets carried by DPDK"
ok "a session of few packets is the XDP program's"

copy_until_awake || fail "a copy does not wake the workers"
ssh_to "$port" "cat >/tmp/data" <"$LAB_DIR/data"
assert_ge "$(field_status .engines.dpdk.packets)" 1000 "packets carried by DPDK"
goes_on "awake"
wait_until 20 sleeps || fail "the workers stay awake"
goes_on "asleep again"
ok "a copy is DPDK's; then the workers sleep again, and the session goes on"

assert_eq "$told" "$(field_events engine.switched)" "switches that were told"
ok "going to sleep and waking is not told as a switch of engines"

daemon_crash dp
goes_on "sallyport-dp dead"
wait_until 10 field_told engine.switched $(($(wc -l <<<"$told") + 1))
field_is .workers_yield false || fail "the dead yield"
dp_start
wait_until 20 sleeps || fail "a new sallyport-dp does not sleep"
goes_on "a new sallyport-dp"
ok "killed asleep: that is told, and the session goes on"

api DELETE /v1/builds/yield
assert_eq 204 "$STATUS" "DELETE while the workers sleep"
wait "$session" && fail "the session ends as if all were well"
ok "a removal is confirmed while the workers sleep"
