#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A handful of ports, and so of slots and usage records, serves many builds behind two gateways, with
# no quarantine: whatever ended a build, the next one begins with nothing used, and no packet comes
# to another gateway or VM than its own. Under DPDK, across a restart of sallyportd, and under XDP.
#
#   REUSE_COUNT (1000): builds in all
TEST_TIMEOUT=${TEST_TIMEOUT:-600}
# shellcheck disable=SC2034
LAB_QUARANTINE=0s LAB_PORTS=64500-64503 LAB_NETWORKS=', "10.9.0.0/16"'
# shellcheck disable=SC2034
TEST_ALONE=1
LAB_UNLIMITED=1
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"

COUNT=${REUSE_COUNT:-1000}
NEXT=0

# gateway VM PREFIX: behind VM number $1 lie PREFIX.1 to PREFIX.8.
gateway() {
	local host

	lab_in edge ip route add "$2.0/24" via "$(lab_vm_address "$1")" dev builds
	for host in 1 2 3 4 5 6 7 8; do
		lab_in "vm$1" ip addr add "$2.$host/32" dev lo
	done
}

# reuse COUNT WHAT: that many more builds.
reuse() {
	"$LAB_TOOLS/reuse.py" "$LAB_NS-client" "$LAB_PUBLIC_ADDRESS" "$LAB_SOCKET" "$NEXT" "$1" \
		"$LAB_NS-vm0=10.9.10" "$LAB_NS-vm1=10.9.20" >"$LAB_DIR/out" 2>"$LAB_DIR/err" ||
		fail "$2: $(cat "$LAB_DIR/out" "$LAB_DIR/err")"
	assert_match ', 0 astray, 0 used before$' "$LAB_DIR/out" "$2: $(head -n3 "$LAB_DIR/err")"
	assert_match "^$1 builds on [34] ports" "$LAB_DIR/out" "$2: ports that are used again"
	NEXT=$((NEXT + $1))
	ok "$2: $(cat "$LAB_DIR/out")"
}

begin 2
gateway 0 10.9.10
gateway 1 10.9.20
reuse $((COUNT / 4)) "DPDK"

daemon_stop control
control_start
reuse $((COUNT / 4)) "DPDK, after a restart of sallyportd"

daemon_stop dp
reuse $((COUNT / 4)) "XDP"

dp_start
daemon_crash control
control_start
reuse $((COUNT - 3 * (COUNT / 4))) "DPDK again, after a crash of sallyportd"
