#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# 20 MB to a VM and back by ssh, with all offloads of client and VMs on (two VMs on a bridge of the
# edge's host: checksums and segmentation are left to NICs that are not there), over the same with
# them off, one after the other in each round, by each engine: medians, and medians of the ratios.
#
#   FIELD_ROUNDS (5)
#   FIELD_CHECK=1: fail where offloads take more than twice the time
TEST_TIMEOUT=${TEST_TIMEOUT:-900}
# shellcheck disable=SC2034
LAB_FAILOVER=1s
# shellcheck disable=SC2034
LAB_UNLIMITED=1
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/../e2e/_init.sh"
# shellcheck source=tests/bench/statistics.sh
. "$(dirname "$0")/statistics.sh"

ROUNDS=${FIELD_ROUNDS:-5}

offloads() {
	local machine

	for machine in client vm0 vm1; do
		lab_in "$machine" ethtool -K eth0 tx "$1" tso "$1" gso "$1" gro on >/dev/null 2>&1 ||
			fail "ethtool of $machine"
	done
}

# copy PORT FILE: adds the ms of one copy there and back to a file.
copy() {
	local begun_ns

	begun_ns=$(date +%s%N)
	ssh_to "$1" 'cat >blob' <"$LAB_DIR/blob"
	ssh_to "$1" 'cat blob' >"$LAB_DIR/back"
	echo $((($(date +%s%N) - begun_ns) / 1000000)) >>"$2"
	cmp "$LAB_DIR/blob" "$LAB_DIR/back" || fail "what came back differs"
}

begin 2
head -c 20000000 /dev/urandom >"$LAB_DIR/blob"
put_build field 0
port=$(node_port 0)
for engine in dpdk xdp; do
	if [ "$engine" = xdp ]; then
		daemon_stop dp
		wait_until 10 ssh_to "$port" true
	fi
	for _ in $(seq "$ROUNDS"); do
		for how in off on; do
			offloads "$how"
			copy "$port" "$LAB_DIR/$engine.$how"
		done
	done
	for how in off on; do
		# shellcheck disable=SC2046
		spread "$engine, offloads $how" ms $(cat "$LAB_DIR/$engine.$how")
	done
	ratios "$engine, on : off" "$LAB_DIR/$engine.on" "$LAB_DIR/$engine.off" | tee "$LAB_DIR/ratio"
	[ -z "${FIELD_CHECK:-}" ] || sed 's/.*: \([0-9.]*\) x.*/\1/' "$LAB_DIR/ratio" |
		awk '{ exit !($1 <= 2) }' || fail "$engine: more than twice the time of the plain lab"
done
ok "20 MB there and back with offloads, by each engine"
