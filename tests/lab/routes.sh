# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: BSD-3-Clause
# The two interfaces of an edge whose addresses BIRD and FRR announce. Sourced.

LAB_ANNOUNCE='announce: { interface = "sallyport"; last_resort = "sallyport-last"; hold = "2s"; drain_wait = "2s"; };'

# announce_interfaces MACHINE: dummies, or where the kernel has none, one end of a veth.
announce_interfaces() {
	local name

	for name in sallyport sallyport-last; do
		ip -n "$LAB_NS-$1" link add "$name" type dummy 2>/dev/null || {
			ip -n "$LAB_NS-$1" link add "$name" type veth peer name "${name#sally}-x"
			ip -n "$LAB_NS-$1" link set "${name#sally}-x" up
		}
		lab_in "$1" sysctl -qw "net.ipv6.conf.$name.addr_gen_mode=1"
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
