# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# Clients in VLAN 100 and VMs in VLAN 200, of a kernel that has VLANs: on its VLAN interfaces, and with the
# NICs themselves as trunks (public.vlan, builds.vlan), whose tags the kernel's VLAN interfaces share.

vlan_cases() {
	local how engine

	for how in interfaces trunks; do
		for engine in xdp dpdk; do
			echo "vlan/$how/$engine vlan_case $how $engine"
		done
	done
}

# What the client and the VM send and take has the tag of their side, and the wire keeps it in the frame.
vlan_tags() {
	ethtool -K client txvlan off >/dev/null
	ethtool -K vm0 txvlan off >/dev/null
	tag_on client eth0 100 && tag_on vm0 eth0 200
}

vlan_no_tags() {
	tag_off client eth0
	tag_off vm0 eth0
}

vlan_case() {
	vlan_tags || {
		echo "the kernel of this machine has no clsact, or no cls_bpf"
		exit 77
	}
	trap vlan_no_tags EXIT
	edge_config "$2" 0 "$1"
	edge_works_or_says "vlan-$1-$2" 0 "$2"
}
