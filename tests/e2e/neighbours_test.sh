#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A VM's root answers people who never asked, at addresses on link where nobody is: each that the kernel
# looks for is an entry in a table that the whole host shares. A lease has few of them, and a client on
# link whom the kernel does not know either logs in all the same. In both engines.
TEST_TIMEOUT=${TEST_TIMEOUT:-120}
LAB_FAILOVER=1s
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

SECONDS_EACH=3
PER_SECOND=4 # SEEKS_PER_LEASE, for as long as SEEKS_NS

# answers_nobody: segments of the VM's connections to 240 addresses, over and over.
answers_nobody() {
	lab_in vm0 python3 -c 'import sys, time
sys.path.insert(0, sys.argv[1])
import send, socket
frame = bytes.fromhex((send.neighbour_mac("eth0", sys.argv[2]) + ":" + send.own_mac("eth0")).replace(":", ""))
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind(("eth0", 0))
limit = time.monotonic() + float(sys.argv[4])
while time.monotonic() < limit:
    for host in range(10, 250):
        packet = send.datagram("tcp", (sys.argv[3], 22), (f"192.0.2.{host}", 40000), "PA", 64)
        out.send(frame + b"\x08\x00" + packet)
    time.sleep(0.01)' "$LAB_TOOLS" "$LAB_BUILDS_ADDRESS" "$(lab_vm_address 0)" "$SECONDS_EACH"
}

# looked_for: how many addresses the kernel was made to look for, on the public side.
looked_for() {
	lab_in edge ip -4 neigh show nud all dev public | grep -cE 'INCOMPLETE|FAILED' || :
}

bounded() {
	local vm

	lab_in edge ip neigh flush dev public nud all
	answers_nobody &
	vm=$!
	wait_until 10 some_are_looked_for || fail "$1: nobody is looked for"
	assert_eq vm1 "$(lab_client ssh -b "$LAB_STRANGER_ADDRESS" "${SSH_OPTIONS[@]}" -p "$calm" \
		"ubuntu@$LAB_PUBLIC_ADDRESS" hostname)" "$1: a login of a client who is not known yet"
	wait "$vm"
	assert_le "$(looked_for)" $((PER_SECOND * (SECONDS_EACH + 2))) "$1: neighbours that one VM asks for"
	assert_ge "$(looked_for)" $PER_SECOND "$1: neighbours that one VM asks for"
	ok "$1: of 240 addresses a VM has $(looked_for) looked for, and a client of another VM logs in"
}

some_are_looked_for() {
	[ "$(looked_for)" -ge 1 ]
}

begin 2
put_build loud 0
put_build calm 1
calm=$(node_port 0)
bounded dpdk
dpdk_alone
daemon_stop dp
bounded xdp
