# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# The deadline of a lease, held against captures. For tests that source _init.sh first.

# How late a packet that was carried in time may reach a capture, on a busy machine.
LATE_MS=${LATE_MS:-20}

ticks_flow() {
	[ -e "$LAB_DIR/ticks" ] && [ "$(wc -l <"$LAB_DIR/ticks")" -ge 20 ]
}

# Succeeds once the deadline of the table is $1 ms ago.
deadline_past() {
	[ "$(now_ns)" -gt $((deadline_ns + $1 * 1000000)) ]
}

# deadline_captured NAME MACHINE FILTER: what passed went on to the deadline and not past it.
deadline_captured() {
	local name=$1 last

	capture_stop "$name"
	last=$(pcap last "$name")
	assert_ge "$last" $((deadline_ns - 150000000)) "$name: the last packet, before the deadline"
	assert_eq 0 "$(pcap after "$name" $((deadline_ns + LATE_MS * 1000000)))" \
		"$name: packets after the deadline"
	ok "$name: $(pcap count "$name") packets, the last $(((deadline_ns - last) / 1000)) us before the deadline"
}

# deadline_holds NAME DISTURBANCE: an open session of a finished build, in which both ends talk all
# the time, passes traffic up to the deadline of the table and not one packet past it, whatever
# the disturbance (a function) does when the deadline is set.
deadline_holds() {
	local name=$1 disturb=$2 port session

	put_build "$name" 0
	port=$(node_port 0)
	rm -f "$LAB_DIR/ticks"
	capture_start "$name-to-vm" vm0 eth0 -Q in \
		"tcp dst port 22 and src host $LAB_CLIENT_ADDRESS and tcp[tcpflags] & tcp-rst = 0"
	capture_start "$name-to-client" client eth0 -Q in \
		"tcp src port $port and tcp[tcpflags] & tcp-rst = 0"
	ticking_session "$port" 5 &
	session=$!
	wait_until 10 ticks_flow
	api POST "/v1/builds/$name/finish" '{}'
	assert_eq 200 "$STATUS" "status of finish"
	deadline_ns=$(slot "$port" deadline_real_ns)
	"$disturb"
	assert_ge "$deadline_ns" "$(now_ns)" "the deadline, after the disturbance"

	wait_until 15 deadline_past 1500
	wait_until 15 process_gone "$session"
	wait "$session" && fail "the session ended as if nothing had happened"
	deadline_captured "$name-to-vm"
	deadline_captured "$name-to-client"
}
