#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The port towards the VMs is a bond of DPDK's, active-backup, over two wires. That the backup loses its
# link is no matter. The change to it cannot be shown here: of DPDK's virtual devices that can be in
# a bond, none tells it of a link (net_af_packet, net_tap), and a memif takes no link address.
TEST_TIMEOUT=120
LAB_EXTRA_PUBLIC='port = "net_af_packet9,iface=wire0";'
# shellcheck source=tests/e2e/_init.sh
. "$(dirname "$0")/_init.sh"
# shellcheck source=tests/lab/anyport.sh
. "$LAB_TOOLS/anyport.sh"
# shellcheck source=tests/lab/field.sh
. "$LAB_TOOLS/field.sh"
# shellcheck source=tests/e2e/_anyport.sh
. "$(dirname "$0")/_anyport.sh"

anyport_needs af_packet bond
word=slave
[ "$(pkg-config --modversion libdpdk | cut -d. -f1)" -lt 23 ] || word=member
lab_begin 1
LAB_EXTRA_BUILDS="port = \"net_bonding0,mode=1,$word=net_af_packet0,$word=net_af_packet1\";"
members='"--vdev=net_af_packet0,iface=wire1", "--vdev=net_af_packet1,iface=wire2"'
config_write | sed "s/driver = \"af_xdp\";/& eal = [ $members ];/" >"$LAB_CONFIG"
anyport_wires
anyport_second_wire wire2
lab_start
wait_until 10 anyport_has_links || fail "sallyport-dp does not carry: $(field_status .warnings)"
anyport_own
anyport_carries
anyport_session
ip -n "$LAB_NS-net" link set edge2 down
anyport_goes_on "the backup has lost its link"
anyport_crash
anyport_ends
