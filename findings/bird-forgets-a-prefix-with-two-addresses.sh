#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# bird2 2.0.12-7. Protocol direct makes a route for each network that an interface is connected to (BIRD
# User's Guide, Direct). Two IPv6 addresses of one /64 are on an interface, and one of them is removed.
# One would guess: the route stays while there is an address of that network, as it does in the kernel.
# BIRD withdraws the network with the first of the addresses that goes, and does not look for another. It
# stays away until the protocol is restarted, or an address of the network comes anew. Seen:
#
#   two addresses: 2001:db8::/64; one removed: nothing, while the kernel has address and route;
#   another network comes: it alone; after the restart: 2001:db8::/64
set -eu
dir=$(mktemp -d)
bird=
trap 'kill $bird 2>/dev/null && wait; rm -rf "$dir"' EXIT
if [ "${1-}" = inside ]; then
	root=$2
	cd "$dir"
	birdc() {
		"$root/usr/sbin/birdc" -s "$dir/ctl" "$@"
	}
	# has PREFIX YES: waits for at most 10 s until the route is there, or is not there.
	has() {
		tries=0
		while [ $tries -lt 100 ]; do
			there=no
			birdc show route 2>&1 | grep -q "^$1 " && there=yes
			[ $there = "$2" ] && return
			tries=$((tries + 1))
			sleep 0.1
		done
		echo "it is different now: the route to $1 is there: $there"
		birdc show route
		exit 1
	}
	ip link add v0 type veth peer name v1
	ip link set v0 up
	ip link set v1 up
	cat >conf <<-'C'
		router id 192.0.2.1;
		log "log" all;
		protocol device { scan time 1; }
		protocol direct { ipv6; interface "v0"; }
	C
	"$root/usr/sbin/bird" -f -c conf -s ctl -P pid &
	bird=$!
	ip addr add 2001:db8::1/64 dev v0 nodad
	ip addr add 2001:db8::2/64 dev v0 nodad
	has 2001:db8::/64 yes
	ip addr del 2001:db8::2/64 dev v0
	has 2001:db8::/64 no
	ip addr add 2001:db8:1::1/64 dev v0 nodad
	has 2001:db8:1::/64 yes
	has 2001:db8::/64 no
	ip -6 addr show dev v0 | grep -q 2001:db8::1/64
	ip -6 route show dev v0 | grep -q '^2001:db8::/64 '
	birdc restart direct1 >/dev/null
	has 2001:db8::/64 yes
	exit 0
fi
(
	cd "$dir"
	apt-get download -qq -o APT::Sandbox::User=root bird2=2.0.12-7 \
		libssh-gcrypt-4=0.10.6-0+deb12u3 >/dev/null
	for package in ./*.deb; do dpkg -x "$package" root; done
)
LD_LIBRARY_PATH=$dir/root/usr/lib/x86_64-linux-gnu unshare -n sh "$0" inside "$dir/root"
