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

daemon_stop control
lab_in edge "$(lab_control_path)" -c "$LAB_CONFIG" --detach
assert_eq on "$(gro)" "GRO after --detach"
ok "--detach puts GRO back"
