#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The deadline is in the packet path: sallyportd is stopped before it, and an open session passes
# traffic until that moment and none after it, in either engine.
LAB_LINGER=4s
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

# How late a packet that was carried in time may reach the VM's capture, on a busy machine.
LATE_MS=20

ticks_flow() {
	[ "$(wc -l <"$LAB_DIR/ticks")" -ge 20 ]
}

# Succeeds once the deadline of the table is $1 ms ago.
deadline_past() {
	[ "$(now_ns)" -gt $((deadline_ns + $1 * 1000000)) ]
}

deadline_in_engine() {
	local engine=$1 port session last capture

	put_build "cut-$engine" 0
	port=$(node_port 0)
	for capture in vm0 client; do
		capture_start "$engine-$capture" "$capture" eth0 \
			"tcp and ((src host $LAB_CLIENT_ADDRESS and dst port $([ $capture = vm0 ] &&
				echo 22 || echo "$port")) or src port $port)"
	done
	ticking_session "$port" 5 &
	session=$!
	wait_until 10 ticks_flow
	api POST "/v1/builds/cut-$engine/finish" '{}'
	assert_eq 200 "$STATUS" "status of finish"
	deadline_ns=$(slot "$port" deadline_real_ns)
	daemon_signal control STOP
	assert_ge "$deadline_ns" "$(now_ns)" "the deadline, when sallyportd is stopped"

	wait_until 15 deadline_past 1500
	wait "$session" && fail "the session ended as if nothing had happened"
	capture_stop "$engine-vm0"
	capture_stop "$engine-client"

	last=$(pcap last "$engine-vm0")
	assert_ge "$last" $((deadline_ns - 100000000)) "last packet at the VM before the deadline"
	assert_eq 0 "$(pcap after "$engine-vm0" $((deadline_ns + LATE_MS * 1000000)))" \
		"packets from the client at the VM after the deadline"
	ok "$engine: the client's last packet reached the VM $(((deadline_ns - last) / 1000)) us before the deadline"
	ok "$engine: the VM saw $(pcap count "$engine-vm0") packets, none after the deadline"
	daemon_signal control CONT
}

begin 1
deadline_in_engine dpdk
daemon_stop dp
deadline_in_engine xdp
