#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Both interfaces are trunks: clients come by VLAN 100, VMs by VLAN 200. Both engines carry sessions,
# and the kernel answers an ended port by the VLAN it was asked by. Tags are made by tc, so this needs
# no VLANs of the kernel; tests/packet/trunk_test.c has the frames that are nobody's.
TEST_TIMEOUT=120
LAB_EXTRA_PUBLIC="vlan = 100;"
LAB_EXTRA_BUILDS="vlan = 200;"
LAB_FAILOVER=1s
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/lab/field.sh
. "$LAB_TOOLS/field.sh"
# shellcheck source=tests/lab/tag.sh
. "$LAB_TOOLS/tag.sh"

works() {
	assert_eq "$(sha256sum <"$LAB_DIR/data")" "$(ssh_to "$port" sha256sum <"$LAB_DIR/data")" "$1: upload"
	ssh_to "$port" "cat >/tmp/data" <"$LAB_DIR/data"
	assert_eq "$(sha256sum <"$LAB_DIR/data")" "$(ssh_to "$port" cat /tmp/data | sha256sum)" "$1: download"
	ok "$1: 2 MB each way"
}

need_programs
lab_begin 1
for device in edge vm0; do
	lab_in net ethtool -K "$device" txvlan off >/dev/null
done
tag_on client eth0 100 || skip "this kernel has no clsact, or no cls_bpf"
tag_on edge public 100 || skip "this kernel has no clsact, or no cls_bpf"
tag_on edge builds 200 || skip "this kernel has no clsact, or no cls_bpf"
tag_on vm0 eth0 200 || skip "this kernel has no clsact, or no cls_bpf"
lab_in edge "$(lab_control_path)" --check --host "$LAB_CONFIG" >"$LAB_DIR/check" 2>&1 || :
assert_match '^silent +vlan: The kernel has no interface of VLAN 200 on builds' "$LAB_DIR/check" "the check"
assert_match 'cure: ip link add link public name public.100 up type vlan id 100' "$LAB_DIR/check" "the cure"

head -c 2000000 /dev/urandom >"$LAB_DIR/data"
lab_start
put_build trunk 0
port=$(node_port 0)
xdp=$(field_status .engines.xdp.packets)
works "engine dpdk"
assert_ge "$(field_status .engines.dpdk.packets)" 300 "packets carried by sallyport-dp"
assert_eq "$xdp" "$(field_status .engines.xdp.packets)" "packets carried by XDP meanwhile"
daemon_stop dp
works "XDP alone"
assert_ge "$(field_status .engines.xdp.packets)" "$((xdp + 300))" "packets carried by XDP"

# The end: the kernel's own reset and sentence come by the VLAN that was asked.
api DELETE /v1/builds/trunk
assert_eq 204 "$STATUS" "DELETE"
ssh_to "$port" true >"$LAB_DIR/refused" 2>&1 && fail "an ended port still leads to the VM"
assert_match 'SSH for build trunk .* ended' "$LAB_DIR/refused" "what ssh prints"
ok "an ended port says so on its VLAN"

sed -E 's/vlan = 200/vlan = 4095/' "$LAB_CONFIG" >"$LAB_DIR/bad.conf"
assert_fails "VLAN 4095" "$(lab_control_path)" --check "$LAB_DIR/bad.conf"
assert_match 'bad.conf:[0-9]+: builds.vlan: ' "$LAB_DIR/refused" "VLAN 4095"
sed -E 's/interface = "builds"/interface = "public"/' "$LAB_CONFIG" >"$LAB_DIR/bad.conf"
assert_fails "two VLANs on one interface" "$(lab_control_path)" --check "$LAB_DIR/bad.conf"
assert_match 'bad.conf:[0-9]+: builds.vlan: both sides are public' "$LAB_DIR/refused" "two VLANs"
ok "what cannot be is refused"
