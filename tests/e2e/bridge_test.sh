#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The builds interface is a bridge, which takes no packets from a native program, and whose port
# merges packets: both interfaces are in generic mode, merging is off meanwhile, and an upload
# arrives whole, with either engine.
TEST_TIMEOUT=200
LAB_FAILOVER=1s
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/lab/field.sh
. "$LAB_TOOLS/field.sh"

need_programs
lab_begin 1
ip -n "$LAB_NS-edge" -batch - <<-EOT
	link set builds down
	addr flush dev builds
	link set builds name port
	link add builds type bridge
	link set port master builds
	addr add $LAB_BUILDS_ADDRESS/16 dev builds
	link set port up
	link set builds up
EOT
lab_in edge ethtool -K port gro on
lab_start

modes() {
	field_status '[.kernel.interfaces[].mode] | join(" ")'
}

gro() {
	lab_in edge ethtool -k port | sed -n 's/^generic-receive-offload: //p'
}

assert_eq "generic generic" "$(modes)" "modes of a veth and a bridge"
assert_eq off "$(gro)" "GRO of the bridge's port"
ok "both interfaces are in one mode, and nothing is merged below"

head -c 5000000 /dev/urandom >"$LAB_DIR/data"
put_build bridged 0
port=$(node_port 0)
for engine in dpdk xdp; do
	if [ "$engine" = xdp ]; then
		daemon_stop dp
		wait_until 10 field_is .carrying xdp
	fi
	assert_eq "$engine" "$(field_status .carrying)" "who carries"
	assert_eq "$(sha256sum <"$LAB_DIR/data")" "$(ssh_to "$port" sha256sum <"$LAB_DIR/data")" \
		"$engine: an upload over the bridge"
	ok "$engine: an upload over the bridge arrives whole"
done

# A VM that leaves checksums to a NIC: in generic mode they still are when they leave, and what the NIC
# of the edge would make of them is right.
lab_in vm0 ethtool -K eth0 tx on tso off >/dev/null
lab_in client ethtool -K eth0 gro off
lab_in client python3 -B "$LAB_TOOLS/vnet.py" eth0 "$port" 200 >"$LAB_DIR/vnet" 2>&1 &
wait_line 20 "$LAB_DIR/vnet" ready
assert_eq "$(sha256sum <"$LAB_DIR/data")" "$(ssh_to "$port" 'cat' <"$LAB_DIR/data" | sha256sum)" \
	"there and back with checksums left to a NIC"
wait_line 60 "$LAB_DIR/vnet" '^left' || fail "vnet: $(cat "$LAB_DIR/vnet")"
assert_match '^left [1-9][0-9]* whole [0-9]* wrong 0$' "$LAB_DIR/vnet" "what a NIC makes of them"
ok "checksums that a VM leaves to a NIC are left to that of the edge: $(tail -n1 "$LAB_DIR/vnet")"

daemon_stop control
lab_in edge "$(lab_control_path)" -c "$LAB_CONFIG" --detach
assert_eq on "$(gro)" "GRO after --detach"
ok "--detach puts GRO back"
