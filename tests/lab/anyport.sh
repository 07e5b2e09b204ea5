# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# A lab whose edge has its wires in DPDK's hands, and TAPs in the place of its interfaces.

# anyport_mute WIRE: an interface becomes a wire that the kernel neither listens nor speaks to.
anyport_mute() {
	local wire=$1

	lab_in edge sysctl -qw "net.ipv6.conf.$wire.disable_ipv6=1"
	# A packet socket has a frame before the filter: the kernel's own copy ends here.
	lab_in edge nft -f - <<-EOT
		table netdev $wire {
			chain ingress { type filter hook ingress device "$wire" priority -500; policy drop; }
		}
	EOT
	# Nor does a socket want what the kernel merged, or left uncut, before it.
	lab_in edge ethtool -K "$wire" gro off tx off tso off gso off >/dev/null 2>&1
	ip -n "$LAB_NS-edge" link set "$wire" up
}

# anyport_wire SIDE WIRE ADDRESS…: the interface of a side becomes a wire, and a TAP gets its name and
# addresses.
anyport_wire() {
	local side=$1 wire=$2 address

	shift 2
	ip -n "$LAB_NS-edge" link set "$side" down
	ip -n "$LAB_NS-edge" addr flush dev "$side"
	ip -n "$LAB_NS-edge" link set "$side" name "$wire"
	anyport_mute "$wire"
	ip -n "$LAB_NS-edge" tuntap add dev "$side" mode tap
	for address in "$@"; do
		case $address in
		*:*) ip -n "$LAB_NS-edge" addr add "$address" dev "$side" nodad ;;
		*) ip -n "$LAB_NS-edge" addr add "$address" dev "$side" ;;
		esac
	done
	ip -n "$LAB_NS-edge" link set "$side" up
}

anyport_wires() {
	lab_in net ethtool -K edge gro off tx off tso off gso off >/dev/null 2>&1
	anyport_wire public wire0 "$LAB_PUBLIC_ADDRESS/24" "$LAB_PUBLIC_ADDRESS6/64"
	anyport_wire builds wire1 "$LAB_BUILDS_ADDRESS/16" 2001:db8:2::1/64
}

# anyport_patch WIRE TAP: what comes by a wire goes to a TAP that is made here and stays, and back.
anyport_patch() {
	local wire=$1 tap=$2

	ip -n "$LAB_NS-edge" tuntap add dev "$tap" mode tap multi_queue
	lab_in edge sysctl -qw "net.ipv6.conf.$tap.disable_ipv6=1"
	ip -n "$LAB_NS-edge" link set "$tap" up
	lab_in edge nft -f - <<-EOT
		table netdev $wire {
			chain ingress { fwd to "$tap"; }
		}
		table netdev $tap {
			chain ingress { type filter hook ingress device "$tap" priority -500; fwd to "$wire"; }
		}
	EOT
}

# anyport_one_arm: client and VMs are on one network, and the edge has one wire to it.
anyport_one_arm() {
	ip -n "$LAB_NS-edge" link set public netns "$LAB_NS-net" name client
	ip -n "$LAB_NS-net" link set client master br0 up
	lab_in net ethtool -K edge gro off tx off tso off gso off >/dev/null 2>&1
	ip -n "$LAB_NS-edge" link set builds name public
	anyport_wire public wire0 "$LAB_PUBLIC_ADDRESS/24" "$LAB_PUBLIC_ADDRESS6/64" \
		"$LAB_BUILDS_ADDRESS/16" 2001:db8:2::1/64
	sed -i 's/interface = "builds"/interface = "public"/' "$LAB_CONFIG"
}

# anyport_second_wire WIRE: one more wire between the edge and the VMs' network.
anyport_second_wire() {
	ip -n "$LAB_NS-net" link add edge2 type veth peer name "$1" netns "$LAB_NS-edge"
	ip -n "$LAB_NS-net" link set edge2 master br0 up
	lab_in net ethtool -K edge2 gro off tx off tso off gso off >/dev/null 2>&1
	anyport_mute "$1"
}

# anyport_testpmd NAME DEVICE…: another process of DPDK's on the edge, which copies between the first
# device and the second, the third and the fourth. Its pid is $LAB_DIR/NAME.testpmd.
anyport_testpmd() {
	local name=$1 cpus vdevs=() device

	shift
	cpus=0-$(($(nproc) - 1))
	for device in "$@"; do
		vdevs+=(--vdev "$device")
	done
	# It ends at the end of its input.
	mkfifo -m 600 "$LAB_DIR/quiet" 2>/dev/null || :
	setsid nsenter --net="/run/netns/$LAB_NS-edge" stdbuf -oL dpdk-testpmd --no-huge --no-shconf --no-pci --no-telemetry \
		-m 128 --lcores "0@($cpus),1@($cpus)" --file-prefix "$name$LAB_ID" "${vdevs[@]}" \
		-- --disable-link-check --forward-mode io --total-num-mbufs 16384 \
		<>"$LAB_DIR/quiet" >"$LAB_DIR/log/$name" 2>&1 &
	echo $! >"$LAB_DIR/$name.testpmd"
	disown
	wait_line 15 "$LAB_DIR/log/$name" '^Start automatic packet forwarding|packet forwarding - ports='
}
