# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# VLANs for machines of the lab, whose kernel may have none: tags by tc. Sourced.

# tag_on MACHINE DEVICE VLAN: what that machine sends by a device is of a VLAN, and so is what it takes.
# Fails where the kernel has no clsact or no cls_bpf.
tag_on() {
	local object=$LAB_DIR/tag$3.o

	[ -e "$object" ] || clang -O2 -g -target bpf -I"/usr/include/$(gcc -print-multiarch)" -DVLAN="$3" \
		-c "$(dirname "${BASH_SOURCE[0]}")/tag.bpf.c" -o "$object" || fail "the tagger is not compiled"
	# The tag is to be in the frame, as on a wire, not beside it.
	lab_in "$1" ethtool -K "$2" txvlan off rxvlan off >/dev/null
	lab_in "$1" tc qdisc add dev "$2" clsact &&
		lab_in "$1" tc filter add dev "$2" egress bpf da obj "$object" sec tc/egress &&
		lab_in "$1" tc filter add dev "$2" ingress bpf da obj "$object" sec tc/ingress
}

# tag_off MACHINE DEVICE: no longer.
tag_off() {
	lab_in "$1" tc qdisc del dev "$2" clsact
}
