#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What sallyport-dp and `--check --host` say of a port that is not to be had, of an interface beside it
# that cannot be its face, and of one that is well: nothing.
TEST_TIMEOUT=60
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/lab/anyport.sh
. "$LAB_TOOLS/anyport.sh"
# shellcheck source=tests/lab/field.sh
. "$LAB_TOOLS/field.sh"
# shellcheck source=tests/e2e/_anyport.sh
. "$(dirname "$0")/_anyport.sh"

# configure PUBLIC BUILDS: the ports, as configuration.
configure() {
	LAB_EXTRA_PUBLIC=$1 LAB_EXTRA_BUILDS=$2 config_write >"$LAB_CONFIG"
}

check() {
	lab_in edge "$(lab_control_path)" --check --host "$LAB_CONFIG" >"$LAB_DIR/check" 2>&1 || :
}

# refused PATTERN: sallyport-dp ends at its start, and says why.
refused() {
	: >"$LAB_DIR/log/dp"
	daemon_child dp
	wait_gone 10 "$(daemon_pid dp)" || fail "sallyport-dp starts all the same"
	assert_match "$1" "$LAB_DIR/log/dp" "what sallyport-dp says"
}

anyport_needs af_packet
lab_begin 0
public='port = "net_af_packet0,iface=wire0";' builds='port = "net_af_packet1,iface=wire1";'
configure "$public" "$builds"
anyport_wires
control_start

configure 'port = "ffff:ff:1f.7";' "$builds"
refused 'There is no such PCI device.*setting=public.port port=ffff:ff:1f.7'
check
assert_match '^refuse +port: public.port: there is no PCI device ffff:ff:1f.7 here' "$LAB_DIR/check" "the check"
ok "a PCI device that is not there is named"

configure 'port = "net_nobody0";' "$builds"
refused 'DPDK does not take the device: its driver is not installed.*setting=public.port port=net_nobody0'
ok "so is a device of which there is no driver"

configure "$public" "$builds"
check
for misleading in checksums mode 'long frames' port; do
	grep -E "^[a-z]+ +$misleading: " "$LAB_DIR/check" && fail "$misleading is said of an exception interface"
done
assert_match '^silent +link: public has no carrier: sallyport-dp is not there, or the port net_af_packet0' \
	"$LAB_DIR/check" "the check without sallyport-dp"
ok "of an exception interface it is said who gives it a carrier, and nothing of VMs"
dp_start
check
grep -E '^silent +link:' "$LAB_DIR/check" && fail "a carrier is missed"
daemon_stop dp

ip -n "$LAB_NS-edge" link del public
ip -n "$LAB_NS-edge" link add public type veth peer name far
ip -n "$LAB_NS-edge" link set public up
check
assert_match '^refuse +port: public.interface: public is no TAP' "$LAB_DIR/check" "the check of a veth"
ok "an interface that is no TAP is refused"
