#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# DPDK drives both ports itself, here by packet sockets on wires that the kernel does not listen to;
# the kernel has its share by the exception interfaces. Sessions over IPv4 and IPv6, and all that
# is the host's own: ping, ARP, NDP, its sshd, the explanation and the reset of an ended port. When
# sallyport-dp dies packets stop, and when it is back a session goes on.
TEST_TIMEOUT=120
LAB_EXTRA_PUBLIC='port = "net_af_packet0,iface=wire0";'
LAB_EXTRA_BUILDS='port = "net_af_packet1,iface=wire1";'
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/lab/anyport.sh
. "$LAB_TOOLS/anyport.sh"
# shellcheck source=tests/lab/field.sh
. "$LAB_TOOLS/field.sh"
# shellcheck source=tests/e2e/_anyport.sh
. "$(dirname "$0")/_anyport.sh"

anyport_needs af_packet
lab_begin 1
anyport_wires
lab_start
wait_until 10 anyport_has_links || fail "sallyport-dp does not carry: $(field_status .warnings)"
anyport_own
assert_eq "$(lab_in edge cat /sys/class/net/wire0/address 2>/dev/null || :)" "" "sysfs is another namespace's"
assert_eq "$(ip -n "$LAB_NS-edge" -j link show wire0 | jq -r '.[0].address')" \
	"$(ip -n "$LAB_NS-client" -j neigh show "$LAB_PUBLIC_ADDRESS" | jq -r '.[0].lladdr')" \
	"the edge's link address as ARP tells the client"
ok "the edge has the link address of its device"
anyport_carries
anyport_session
anyport_crash
anyport_ends
