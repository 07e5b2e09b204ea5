# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# The lab's wires. Links are made inside their namespaces, so no name ever shows on the host.

LAB_CLIENT_ADDRESS=192.0.2.2
LAB_STRANGER_ADDRESS=192.0.2.3 # a second address of the client, for allow-lists
LAB_PUBLIC_ADDRESS=192.0.2.1
LAB_PUBLIC_ADDRESS6=2001:db8:1::1
LAB_CLIENT_ADDRESS6=2001:db8:1::2
LAB_BUILDS_ADDRESS=10.0.0.1

lab_vm_address() {
	echo "10.0.3.$((7 + $1))"
}

lab_vm_address6() {
	printf '2001:db8:2::%x\n' $((7 + $1))
}

# Runs a command as root in the network namespace of client, edge, net or vmN.
lab_in() {
	local machine=$1

	shift
	nsenter --net="/run/netns/$LAB_NS-$machine" "$@"
}

network_vm_names() {
	local i vms

	vms=$(cat "$LAB_DIR/vms" 2>/dev/null || echo 0)
	for ((i = 0; i < vms; i++)); do
		echo "vm$i"
	done
}

# One end of a wire that a machine's own stack uses. Partial checksums and segments larger than a
# frame would survive on a veth but on no real wire, so none are made; GRO on makes the kernel
# take what XDP redirects to the other end.
network_end() {
	lab_in "$1" ethtool -K "$2" tx off tso off gso off gro on >/dev/null 2>&1
}

network_namespace() {
	ip netns add "$LAB_NS-$1"
	ip -n "$LAB_NS-$1" link set lo up
	lab_in "$1" sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0 \
		net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0 \
		net.ipv6.conf.default.accept_ra=0
}

network_edge() {
	network_namespace net
	network_namespace edge
	network_namespace client
	ip -n "$LAB_NS-client" link add eth0 type veth peer name public netns "$LAB_NS-edge"
	ip -n "$LAB_NS-net" link add edge type veth peer name builds netns "$LAB_NS-edge"
	ip -n "$LAB_NS-edge" -batch - <<-EOT
		addr add $LAB_PUBLIC_ADDRESS/24 dev public
		addr add $LAB_PUBLIC_ADDRESS6/64 dev public nodad
		addr add $LAB_BUILDS_ADDRESS/16 dev builds
		addr add 2001:db8:2::1/64 dev builds nodad
		link set public up
		link set builds up
	EOT
	ip -n "$LAB_NS-client" -batch - <<-EOT
		addr add $LAB_CLIENT_ADDRESS/24 dev eth0
		addr add $LAB_STRANGER_ADDRESS/24 dev eth0
		addr add $LAB_CLIENT_ADDRESS6/64 dev eth0 nodad
		link set eth0 up
		route add default via $LAB_PUBLIC_ADDRESS
	EOT
	ip -n "$LAB_NS-net" -batch - <<-EOT
		link add br0 type bridge mcast_snooping 0
		link set br0 up
		link set edge master br0 up
	EOT
	network_end edge public
	network_end edge builds
	network_end client eth0
	lab_in net ethtool -K edge gro on >/dev/null 2>&1
}

# LAB_DIRECT=1: the one VM hangs on the edge's own wire, for benchmarks of the carrier alone.
network_direct() {
	network_namespace vm0
	ip -n "$LAB_NS-net" link del edge
	ip -n "$LAB_NS-vm0" link add eth0 type veth peer name builds netns "$LAB_NS-edge"
	ip -n "$LAB_NS-edge" -batch - <<-EOT
		addr add $LAB_BUILDS_ADDRESS/16 dev builds
		addr add 2001:db8:2::1/64 dev builds nodad
		link set builds up
	EOT
	network_end edge builds
}

network_vm() {
	if [ "${LAB_DIRECT:-0}" = 1 ]; then
		network_direct
	else
		network_namespace "vm$1"
		ip -n "$LAB_NS-vm$1" link add eth0 type veth peer name "vm$1" netns "$LAB_NS-net"
		ip -n "$LAB_NS-net" link set "vm$1" master br0 up
	fi
	ip -n "$LAB_NS-vm$1" -batch - <<-EOT
		addr add $(lab_vm_address "$1")/16 dev eth0
		addr add $(lab_vm_address6 "$1")/64 dev eth0 nodad
		link set eth0 up
		route add default via $LAB_BUILDS_ADDRESS
	EOT
	ip -n "$LAB_NS-vm$1" -6 route add default via 2001:db8:2::1
	network_end "vm$1" eth0
}

network_up() {
	local i

	network_edge
	for ((i = 0; i < $1; i++)); do
		network_vm "$i"
	done
}

# Prints the rx or tx packets ($3) of link $2 of machine $1.
lab_packets() {
	lab_in "$1" ip -s -j link show dev "$2" | jq ".[0].stats64.$3.packets"
}
