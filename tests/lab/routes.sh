# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: BSD-3-Clause
# The two interfaces of an edge whose addresses BIRD and FRR announce. Sourced.

LAB_ANNOUNCE='announce: { interface = "sallyport"; last_resort = "sallyport-last"; hold = "2s"; drain_wait = "2s"; };'

# announce_interface MACHINE NAME: a dummy, or where the kernel has none, one end of a veth.
announce_interface() {
	local other=${2#sally}-x

	if ! command ip -n "$LAB_NS-$1" link add "$2" type dummy 2>/dev/null; then
		command ip -n "$LAB_NS-$1" link add "$2" type veth peer name "$other"
		command ip -n "$LAB_NS-$1" link set "$other" up
	fi
	lab_in "$1" sysctl -qw "net.ipv6.conf.$2.addr_gen_mode=1"
}

announce_interfaces() {
	local name

	for name in sallyport sallyport-last; do
		announce_interface "$1" "$name"
		ip -n "$LAB_NS-$1" link set "$name" up
	done
}

# announces MACHINE INTERFACE ADDRESS: it is there.
announces() {
	[ -n "$(ip -n "$LAB_NS-$1" -o addr show dev "$2" to "$3")" ]
}

# announces_not MACHINE ADDRESS: on neither.
announces_not() {
	! announces "$1" sallyport "$2" && ! announces "$1" sallyport-last "$2"
}
