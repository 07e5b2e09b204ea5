#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A cancelled or expired session ends for both ends within a second, idle or busy, and other sessions
# go on; once DELETE is answered no packet reaches the VM.
LAB_LINGER=3s LAB_FAILOVER=1s
# shellcheck disable=SC2034
TEST_ALONE=1
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

# How late a packet that was carried in time may reach the VM's capture, on a busy machine.
LATE_MS=20

# An idle session is one whose user types nothing: its input is a pipe nobody writes to.
open_idle() {
	rm -f "$LAB_DIR/idle"
	mkfifo "$LAB_DIR/nothing-$1"
	lab_client ssh "${SSH_OPTIONS[@]}" -o ServerAliveInterval=0 -o TCPKeepAlive=no -p "$1" \
		"ubuntu@$LAB_PUBLIC_ADDRESS" 'echo in; cat' \
		<>"$LAB_DIR/nothing-$1" >"$LAB_DIR/idle" 2>&1 &
	SESSION=$!
	wait_line 10 "$LAB_DIR/idle" '^in$'
}

# ended_within MS SINCE_NS WHAT: the session is over so soon after that moment.
ended_within() {
	wait_until 10 process_gone "$SESSION"
	assert_le $((($(now_ns) - $2) / 1000000)) "$1" "$3: milliseconds until ssh exited"
	wait "$SESSION" && fail "$3: ssh exited as if its user had ended it"
	ok "$3: ssh exited $((($(now_ns) - $2) / 1000000)) ms later"
}

# Both ends of the session were told by a reset.
both_reset() {
	wait_until 2 pcap_has resets-client 1 || fail "$1: no reset at the client"
	wait_until 2 pcap_has resets-vm 1 || fail "$1: no reset at the VM"
	capture_stop resets-client
	capture_stop resets-vm
	ok "$1: both ends saw a reset"
}

capture_resets() {
	capture_start resets-client client eth0 -Q in "tcp[tcpflags] & tcp-rst != 0"
	capture_start resets-vm vm0 eth0 -Q in "tcp[tcpflags] & tcp-rst != 0"
}

cancel_idle() {
	local since

	put_build "idle-$1" 0
	open_idle "$(node_port 0)"
	capture_resets
	since=$(now_ns)
	api DELETE "/v1/builds/idle-$1"
	ended_within 1000 "$since" "idle, cancelled, $1"
	both_reset "idle, cancelled, $1"
}

expire_idle() {
	put_build expire 0
	open_idle "$(node_port 0)"
	capture_resets
	api POST /v1/builds/expire/finish '{}'
	ended_within 1000 "$(slot "$(node_port 0)" deadline_real_ns)" "idle, expired"
	both_reset "idle, expired"
}

busy_counts() {
	[ "$(wc -l <"$LAB_DIR/ticks")" -ge 20 ]
}

cancel_busy() {
	local since after

	put_build "busy-$1" 0
	: >"$LAB_DIR/ticks"
	capture_start busy vm0 eth0 -Q in "src host $LAB_CLIENT_ADDRESS and tcp dst port 22"
	ticking_session "$(node_port 0)" 2 &
	SESSION=$!
	wait_until 10 busy_counts
	since=$(now_ns)
	api DELETE "/v1/builds/busy-$1"
	after=$(now_ns)
	ended_within 1000 "$since" "busy, cancelled, $1"
	capture_stop busy
	assert_eq 0 "$(pcap after busy $((after + LATE_MS * 1000000)))" "packets at the VM after DELETE"
	ok "busy, cancelled, $1: no packet reaches the VM after the answer"
}

begin 2
put_build other 1
open_idle "$(node_port 0)"
other=$SESSION
cancel_idle dpdk
expire_idle
cancel_busy dpdk
dpdk_alone
daemon_stop dp
cancel_idle xdp
cancel_busy xdp
kill -0 "$other" || fail "another build's session ended too"
ok "another build's session goes on"
api GET /v1/status
assert_eq 1 "$(answer .connections.open)" "open connections, by the status"
assert_ge "$(answer .connections.provoked)" 10 "segments sent to the ends of five connections"
ok "the status counts the open connection, and what the ends of the others were sent"
